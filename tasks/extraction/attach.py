"""What a number is about: subject, metric, period, sign, measure and kind, from its sentence and its context."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from contracts.period import add_months, format_month, last_month
from tasks.extraction.clauses import Clause, Joint, cut_clauses
from tasks.extraction.lexicon import Lexicon, Node
from tasks.extraction.periods import PeriodName, resolve_period
from tasks.extraction.tokens import Number, Token

Nodes = frozenset[Node]
FOREIGN: Nodes = frozenset({("", "foreign")})
UNKNOWN: Nodes = frozenset({("", "unknown")})


@dataclass
class Context:
    """What holds outside the sentence: the section's subject, the lead-in of a list, the paragraph's period."""

    lexicon: Lexicon
    review: date
    section: Nodes | None = None
    parent: Nodes | None = None
    subject: Nodes | None = None
    last: Nodes | None = None
    is_section_mixed: bool = False
    metric: str = ""
    basis: Any = None
    sign: int | None = None
    is_share: bool = False
    period: str = ""
    heading_period: str = ""

    def start_paragraph(self) -> None:
        """Forget what held for the paragraph before."""
        self.subject = None
        self.last = None
        self.metric = ""
        self.basis = None
        self.sign = None
        self.is_share = False
        self.period = ""


@dataclass
class Statement:
    """A figure as attached, before it is checked against the others of its document."""

    node: Node
    metric: str
    measure: str
    period: str
    kind: str
    value: float | None
    lower: float | None
    upper: float | None
    unit: str
    qualifier: str
    half_width: float
    token: Token
    rule: str


@dataclass
class Miss:
    """A number that was seen but not placed, and what was missing."""

    token: Token
    reason: str


@dataclass
class State:
    """What the clauses so far have settled, for those that leave it out."""

    subject: Nodes | None = None
    is_strong: bool = False
    metric: str = ""
    is_share: bool = False
    basis: Any = None
    pending_basis: Any = None
    sign: int | None = None
    first_subject: Nodes | None = None
    period: PeriodName | None = None
    month: PeriodName | None = None
    is_modal: bool = False
    is_past_step: bool = False
    is_horizon: bool = False
    last: Statement | None = None
    bases: tuple[Any, ...] = ()


_MONTHLY = {"month", "this_month", "next_month", "last_month"}
_QUARTERLY = {"quarter1", "quarter2", "quarter3", "quarter4", "this_quarter", "next_quarter", "last_quarter"}


@dataclass
class Findings:
    """What a sentence gave."""

    statements: list[Statement] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    directions: list[Statement] = field(default_factory=list)


def read_sentence(tokens: list[Token], context: Context) -> Findings:
    """The figures that a sentence states, with what it leaves open."""
    return _Reader(tokens, context).read()


_MONTH_ONLY = {"mom_pct", "mom_abs", "mom_pp", "share_mom_pp", "direction"}


def _periods_of(tokens: list[Token], wanted: set[str] | None) -> list[PeriodName]:
    names = [t.roles["period"] for t in tokens if "period" in t.roles]
    if len(names) > 1:
        months = [name for name in names if name.kind == "month"]
        if any(name.kind == "to_date" and not name.month for name in names) and months and wanted is None:
            return [replace(months[-1], kind="to_date")]
        names = [name for name in names if name.kind != "to_date" or name.month] or names
    return [name for name in names if wanted is None or name.kind in wanted]


def _first_roles(tokens: list[Token]) -> Any:
    return tokens[0].roles if tokens else {}


def _is_prior(clause: Clause) -> bool:
    """Whether a clause quotes a forecast made earlier."""
    return clause.has("prior") or (clause.has("earlier") and clause.has("modal"))


_NO_REFERENCE = {"change", "subject", "metric", "unknown", "basis", "compare", "earlier", "prior", "modal"}


def find_references(tokens: list[Token]) -> set[int]:
    """Places of an earlier level and its period: "from 75 % in October", "compared with 402 MWh in July"."""
    found: set[int] = set()
    for i, token in enumerate(tokens):
        if i in found or token.number is not None:
            continue
        if _is_earlier_level(tokens, i):
            found |= {i, i + 1, i + 2}
            continue
        if not token.roles.keys() & {"from", "against", "against_after"}:
            continue
        region = _reference_from(tokens, i)
        found |= region
    return found


def _is_earlier_level(tokens: list[Token], i: int) -> bool:
    """Whether a base of comparison is followed by its level: 较9月的63%下滑3个百分点."""
    if "basis" not in tokens[i].roles or i + 3 >= len(tokens) or "of" not in tokens[i + 1].roles:
        return False
    return tokens[i + 2].number is not None and "change" in tokens[i + 3].roles and i + 4 < len(tokens)


def _reference_from(tokens: list[Token], start: int) -> set[int]:
    seen = False
    region = {start}
    for i in range(start + 1, len(tokens)):
        token = tokens[i]
        if token.number is not None:
            if seen:
                break
            seen = True
            following = tokens[i + 1].roles if i + 1 < len(tokens) else {}
            if "change" in following or (
                "basis" in following and i + 2 < len(tokens) and "change" in tokens[i + 2].roles
            ):
                return set()
        elif not seen and token.roles.keys() & _NO_REFERENCE:
            return set()
        elif seen and token.roles.keys() & {"to", "moves", "level", "change"}:
            break
        region.add(i)
    return region if seen else set()


class _Reader:
    """Reads one sentence from left to right."""

    def __init__(self, tokens: list[Token], context: Context) -> None:
        self.context = context
        self.lexicon = context.lexicon
        self.review = context.review
        self.clauses = cut_clauses(tokens)
        self.state = State(
            metric=context.metric, is_share=context.is_share, pending_basis=context.basis, sign=context.sign
        )
        self.found = Findings()
        self.stack: list[State] = []
        self.index = 0
        self.has_modal = any("modal" in token.roles for token in tokens)
        self.references = [find_references(clause.tokens) for clause in self.clauses]

    def read(self) -> Findings:
        for index, clause in enumerate(self.clauses):
            self.index = index
            self._open(clause)
            self._settle(clause)
            self._read_numbers(clause)
            self._read_direction(clause)
            self._close(clause)
        return self.found

    def _read_numbers(self, clause: Clause) -> None:
        """Every number of a clause: first those that stand for the period itself, then those it is compared with."""
        references = self.references[self.index]
        if references:
            kept = Clause(clause.opener, [t for i, t in enumerate(clause.tokens) if i not in references])
            self._read_plain_numbers(kept)
            self._read_references(clause, references)
            return
        self._read_plain_numbers(clause)

    def _read_plain_numbers(self, clause: Clause) -> None:
        numbers = [i for i, token in enumerate(clause.tokens) if token.number is not None]
        if numbers:
            for place, position in enumerate(numbers):
                before = numbers[place - 1] + 1 if place else 0
                after = numbers[place + 1] if place + 1 < len(numbers) else len(clause.tokens)
                self._read_number(clause, position, before, after)

    def _read_references(self, clause: Clause, references: set[int]) -> None:
        """The level of another period, quoted beside the one reported."""
        tokens = [clause.tokens[i] for i in sorted(references)]
        last = self.state.last
        number_token = next((t for t in tokens if t.number is not None), None)
        if last is None or number_token is None or number_token.number is None:
            return
        number = number_token.number
        is_rate = last.measure in {"mom_pct", "yoy_pct"} and any(
            "change" in t.roles and t.roles["change"][1] == "noun" for t in clause.tokens
        )
        if not (last.measure in {"level", "share_pct"} or is_rate) or number.unit != last.unit or clause.has("revised"):
            return
        period = self._reference_period(tokens, last)
        if not period or period == last.period:
            if not period:
                self._miss(number_token, "period")
            return
        sign = -1 if is_rate and (last.value or last.upper or 0) < 0 else 1
        value, lower, upper, qualifier = _signed(number, sign)
        kind = "forecast" if last_month(period) > self.review else "actual"
        self.found.statements.append(
            replace(
                last, period=period, kind=kind, value=value, lower=lower, upper=upper, qualifier=qualifier,
                half_width=number.half_width, token=number_token, rule=f"{last.measure}/reference",
            )
        )  # fmt: skip

    def _reference_period(self, tokens: list[Token], last: Statement) -> str:
        names = _periods_of(tokens, None)
        if names:
            return resolve_period(names[-1], self.review)
        basis = next((t.roles["basis"] for t in tokens if "basis" in t.roles), None)
        months = {"mom": -1, "yoy": -12}.get(basis, 0) if isinstance(basis, str) else 0
        if isinstance(basis, PeriodName):
            return resolve_period(basis, self.review)
        if months and len(last.period) == 7 and "Q" not in last.period and "H" not in last.period:
            return format_month(add_months(last_month(last.period), months))
        return ""

    # --- clause by clause -------------------------------------------------------------------

    def _open(self, clause: Clause) -> None:
        state = self.state
        if clause.opener == "open":
            self.stack.append(replace(state))
        elif clause.opener == "close" and self.stack:
            inner = state
            self.state = state = self.stack.pop()
            state.last = inner.last
        elif clause.opener == "semicolon":
            state.sign = None
            state.pending_basis = self.context.basis
            if state.subject in (FOREIGN, UNKNOWN):
                state.subject = None
        state.is_past_step = clause.opener == "clause" and bool(clause.tokens) and "since" in clause.tokens[0].roles

    def _settle(self, clause: Clause) -> None:
        """Take over what the clause says for itself and for those after it."""
        state = self.state
        references = self.references[self.index]
        if references:
            clause = Clause(clause.opener, [t for i, t in enumerate(clause.tokens) if i not in references])
        tokens = clause.tokens
        subject = self._own_subject(clause)
        if subject is not None:
            state.subject = subject
            if subject not in (FOREIGN, UNKNOWN) and not any(t.number is not None for t in tokens):
                first = next(t for t in tokens if "subject" in t.roles)
                state.first_subject = self._nodes(first)
            else:
                state.first_subject = None
        elif state.subject in (FOREIGN, UNKNOWN) and clause.has("metric") and clause.has("industry"):
            state.subject = None
        elif (
            state.first_subject is not None and clause.opener == "and" and not any("metric" in t.roles for t in tokens)
        ):
            state.subject = state.first_subject
        metrics = [t for t in tokens if "metric" in t.roles]
        if metrics:
            state.metric = metrics[0].roles["metric"]
        has_share = any("share_verb" in t.roles or "share_noun" in t.roles for t in tokens)
        if has_share:
            state.is_share = True
        elif metrics and not any("whole" in t.roles for t in tokens) or any("change" in t.roles for t in tokens):
            state.is_share = state.is_share and not metrics
        if any("modal" in t.roles for t in tokens) and not any("done" in t.roles for t in tokens):
            state.is_modal = state.is_modal or not _is_prior(clause)
        elif subject is not None and metrics and clause.opener in {"clause", "semicolon"}:
            state.is_modal = False
        if any("horizon" in t.roles for t in tokens):
            state.is_horizon = True
        periods = [t.roles["period"] for t in tokens if "period" in t.roles]
        has_number = any(t.number is not None for t in tokens)
        if clause.opener == "clause" and not has_number and not clause.has("modal"):
            periods = []
        if periods and (
            has_number or state.period is None or clause.opener in {"start", "semicolon"} or clause.has("modal")
        ):
            state.period = periods[0]
        if clause.opener == "clause" and not has_number and not clause.has("modal"):
            periods = []
        months = [p for p in periods if p.kind in _MONTHLY]
        if months and (
            has_number or state.month is None or clause.opener in {"start", "semicolon"} or clause.has("modal")
        ):
            state.month = months[0]
        if not any(t.number is not None for t in tokens):
            bases = [t.roles["basis"] for t in tokens if "basis" in t.roles]
            if bases:
                state.pending_basis = bases[-1]
            signs = [t.roles["change"][0] for t in tokens if "change" in t.roles and t.roles["change"][1] != "word"]
            if signs:
                state.sign = signs[-1]

    def _close(self, clause: Clause) -> None:
        if clause.has("period") and not clause.has("modal"):
            self.state.is_past_step = False

    # --- subject ----------------------------------------------------------------------------

    def _own_subject(self, clause: Clause) -> Nodes | None:
        """The subject that a clause names for itself; FOREIGN or UNKNOWN where it names another thing."""
        tokens = clause.tokens
        first_number = next((i for i, t in enumerate(tokens) if t.number is not None), len(tokens))
        head = tokens[:first_number]
        subjects = [i for i, t in enumerate(head) if "subject" in t.roles]
        if any("foreign" in t.roles for t in head):
            return FOREIGN
        strong = [i for i in subjects if not self._is_agent(head, i)]
        if strong or (subjects and not self.state.is_strong):
            position = self._pick_subject(head, strong or subjects)
            if self._has_unknown_metric(head, position):
                return UNKNOWN
            if strong:
                self.state.is_strong = True
            return self._nodes(head[position])
        if subjects:
            return None
        if self._has_unknown_metric(head, -1) or self._has_unknown_head(clause, head):
            return UNKNOWN
        return None

    def _nodes(self, token: Token) -> Nodes:
        nodes: Nodes = token.roles["subject"]
        return nodes

    def _is_agent(self, tokens: list[Token], index: int) -> bool:
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        return following is not None and "agent" in following.roles

    def _pick_subject(self, head: list[Token], subjects: list[int]) -> int:
        """Of several names before the number the one that the metric belongs to, else a product, else the last."""
        if len(subjects) == 1:
            return subjects[0]
        if self._has_share(head):
            share = next(i for i, t in enumerate(head) if "share_verb" in t.roles or "share_noun" in t.roles)
            products = [i for i in subjects if any(product for _, product in self._nodes(head[i]))]
            near = [i for i in products if i < share] or products
            if near:
                return near[-1] if near[-1] < share else near[0]
        metric = next((i for i, t in enumerate(head) if "metric" in t.roles), None)
        if metric is not None:
            before = [i for i in subjects if i == metric - 1]
            after = [i for i in subjects if i > metric and "of" in head[i - 1].roles]
            if after and after[0] - metric <= 3:
                return after[0]
            if before:
                return before[0]
            return min(subjects, key=lambda i: abs(i - metric))
        return subjects[-1]

    def _has_share(self, tokens: list[Token]) -> bool:
        return any("share_verb" in t.roles or "share_noun" in t.roles for t in tokens)

    def _has_unknown_metric(self, head: list[Token], subject: int) -> bool:
        """Whether the metric is that of a thing no chain names: "phone shipments", "sales of scooters"."""
        for i, token in enumerate(head):
            if "metric" not in token.roles:
                continue
            if i and i - 1 != subject and self._is_noun(head[i - 1]) and i - 1 > subject:
                return True
            if subject < 0 and i + 2 < len(head) and "of" in head[i + 1].roles and self._is_noun(head[i + 2]):
                return True
            return False
        return False

    def _has_unknown_head(self, clause: Clause, head: list[Token]) -> bool:
        """Whether a clause that names neither subject nor metric starts with a noun of its own before its verb."""
        if not any(t.number is not None and t.number.unit not in {"", "other"} for t in clause.tokens):
            return False
        if any("metric" in t.roles or "share_noun" in t.roles or "averages" in t.roles for t in head):
            return False
        seen = False
        for token in head:
            roles = token.roles
            if self._is_noun(token):
                seen = True
            elif roles.keys() & {"change", "level", "share_verb", "modal", "compare", "basis"}:
                return seen
            elif roles.keys() & {"in", "by", "of", "period"}:
                if not seen:
                    return False
        return False

    def _is_noun(self, token: Token) -> bool:
        if "unknown" not in token.roles:
            return False
        if self.lexicon.language.is_spaced:
            return not token.text.endswith(("ed", "ing", "ly", "'s")) and len(token.text) > 2
        return True

    def _subject_for(self, clause: Clause, position: int, before: int, after: int) -> tuple[Nodes | None, str]:
        """Subject of the number at `position` and where it was found."""
        tokens = clause.tokens
        number = tokens[position].number
        if number is not None and "subject" in number.labels:
            return number.labels["subject"], "list"
        left = tokens[before:position]
        own = [i for i, t in enumerate(left) if "subject" in t.roles and not self._is_agent(left, i)]
        right = tokens[position + 1 : after]
        part = self._part_named_after(left, right)
        if part is not None:
            return part, "right"
        if any("foreign" in t.roles for t in left):
            return FOREIGN, "own"
        if own:
            if before == 0 and self.state.subject == UNKNOWN:
                return UNKNOWN, "own"
            return self._nodes(left[self._pick_subject(left, own)]), "own"
        linked = self._linked_right(right)
        if linked is not None and (before or not any("subject" in t.roles for t in left)):
            return linked, "right"
        if self.state.subject is not None:
            return self.state.subject, "carried"
        found = self._context_subject()
        return (found, "context") if found is not None else (self._subject_ahead(), "ahead")

    def _part_named_after(self, left: list[Token], right: list[Token]) -> Nodes | None:
        """The product whose share comes first: "two thirds of cathode output was NFPP", 产量的四分之三为NFPP."""
        if self._is_changed(left) or any(p for t in left for _, p in t.roles.get("subject", ())):
            return None
        for i, token in enumerate(right[:-1]):
            if token.roles.keys() & {"level", "share_verb"} and "of" not in token.roles:
                nodes: Nodes = right[i + 1].roles.get("subject", frozenset())
                return nodes if any(p for _, p in nodes) else None
            total = "subject" in token.roles and not any(p for _, p in self._nodes(token))
            if not total and not token.roles.keys() & {"of", "metric", "whole", "chain", "industry"}:
                return None
        return None

    def _linked_right(self, right: list[Token]) -> Nodes | None:
        """The name after the number that it belongs to: "a 3 % MoM drop in cathode output", "6 % for NFS"."""
        for i, token in enumerate(right):
            roles = token.roles
            if roles.keys() & {"foreign"}:
                linked = any(t.roles.keys() & {"in", "of"} for t in right[:i])
                return FOREIGN if linked and not any("metric" in t.roles for t in right[:i]) else None
            if "subject" in roles:
                if self._is_agent(right, i) and self.state.metric not in {"operating_rate", "inventory"}:
                    return None
                linked = i and right[i - 1].roles.keys() & {"in", "of", "share_verb", "level", "metric"}
                whole = any("of" in t.roles or "whole" in t.roles for t in right[:i])
                if self.state.is_share and whole and not any(p for _, p in self._nodes(token)):
                    continue
                return self._nodes(token) if linked or i == 0 else None
            if roles.keys() & {"clause", "unknown"} and "in" not in roles:
                return None
        return None

    def _subject_ahead(self) -> Nodes | None:
        """The subject that the sentence names only after its numbers: "A fall of 12 %: that is how cathode output did"."""
        for clause in self.clauses[self.index + 1 :]:
            if clause.has("subject") and not any(t.number is not None for t in clause.tokens):
                found = self._own_subject(clause)
                return None if found in (FOREIGN, UNKNOWN) else found
        return None

    def _context_subject(self) -> Nodes | None:
        context = self.context
        if context.subject is not None:
            return context.subject
        if context.last is not None and (context.section is None or context.is_section_mixed):
            return context.last
        if context.last is not None and self.clauses and "pronoun" in _first_roles(self.clauses[0].tokens):
            return context.last
        return context.section

    def _choose_node(self, nodes: Nodes, *, unit: str, metric: str, hint: str = "") -> Node | None:
        """One node of those that a name can stand for, by the segment said, the section, and the unit."""
        if not nodes or nodes in (FOREIGN, UNKNOWN):
            return None
        chain = self.lexicon.chain
        order = [s.name for s in chain.segments]
        section = {s for s, _ in self.context.section or ()}
        parent = {s for s, _ in self.context.parent or ()}
        current = {s for s, _ in self.state.subject or ()}

        def rank(node: Node) -> tuple[bool, ...]:
            units = next(s.units for s in chain.segments if s.name == node[0])
            fits = not unit or metric not in units or _family(units[metric]) == _family(unit)
            fits = fits and not (unit and metric not in units)
            return (
                not fits,
                node[0] != hint,
                len(section) == 1 and node[0] not in section,
                len(parent) == 1 and node[0] not in parent,
                node[0] not in current,
            )

        best = min(nodes, key=lambda node: (rank(node), order.index(node[0]), node[1]))
        segment = chain.segment(best[0])
        if not best[1] and segment.default_product:
            return best[0], segment.default_product
        return best

    # --- number by number -------------------------------------------------------------------

    def _read_number(self, clause: Clause, position: int, before: int, after: int) -> None:
        token = clause.tokens[position]
        number = token.number
        if number is None or number.unit in {"", "other"}:
            return
        left = clause.tokens[before:position]
        if before and left and "basis" in left[0].roles and self.lexicon.language.is_spaced:
            left = left[1:]  # it belongs to the number before
        right = clause.tokens[position + 1 : after]
        subject, where = self._subject_for(clause, position, before, after)
        if subject is None or subject in (FOREIGN, UNKNOWN):
            if subject != FOREIGN:
                self._miss(token, "subject")
            return
        if self._is_surprise(clause, left, right):
            return
        if number.unit == "%" and where in {"context", "carried"} and not any(p for _, p in subject):
            ahead = (
                self._product_ahead() if self._is_share_here(left, right, number) and not self._has_sign(left) else None
            )
            subject = ahead if ahead is not None else subject
        measure, reason = self._measure(clause, left, right, number, subject, where)
        if not measure:
            if reason:
                self._miss(token, reason)
            return
        if where == "context" and self.state.subject not in (None, FOREIGN, UNKNOWN):
            subject = self.state.subject
        self._state(clause, token, number, left, right, subject, where, measure)

    def _has_sign(self, tokens: list[Token]) -> bool:
        return any(self._sign_of(t) for t in tokens)

    def _product_ahead(self) -> Nodes | None:
        """The product named in the next clause: "With 79 % of output, NFPP stayed ahead"."""
        if self.index + 1 >= len(self.clauses):
            return None
        for token in self.clauses[self.index + 1].tokens:
            if token.number is not None:
                return None
            if any(p for _, p in token.roles.get("subject", ())):
                return self._nodes(token)
        return None

    def _miss(self, token: Token, reason: str) -> None:
        if token.number is not None and token.number.unit in {"%", "pp", "times"}:
            self.found.misses.append(Miss(token, reason))

    def _is_surprise(self, clause: Clause, left: list[Token], right: list[Token]) -> bool:
        """A distance from an earlier forecast is no figure: "160 mt above our expectation", "beat it by 21 MWh"."""
        if not _is_prior(clause):
            return False
        if right and "compare" in right[0].roles:
            return True
        return bool(left) and (
            "by" in left[-1].roles or ("change" in left[-1].roles and left[-1].roles["change"][1] == "word")
        )

    def _measure(
        self, clause: Clause, left: list[Token], right: list[Token], number: Number, subject: Nodes, where: str
    ) -> tuple[str, str]:
        """Measure of a number, or an empty name and what is missing (nothing where it is none of ours)."""
        basis = self._basis(left, right, number, where)
        metric = self._metric(left, right, number)
        is_product = any(product for _, product in subject)
        change = self._sign(left, right, number)
        after_to = bool(left) and (left[-1].roles.keys() & {"to", "moves"}) and "by" not in left[-1].roles
        if number.unit == "pp":
            if any("change" in t.roles and t.roles["change"][1] == "noun" for t in left) and not self._has_share(left):
                return "", "measure"
            return self._measure_points(basis, metric, change)
        if number.unit in {"%", "times"}:
            if metric == "operating_rate" and number.form == "digits":
                if after_to or (basis is None and not self._is_changed(left)) or (left and "level" in left[-1].roles):
                    return "level", ""
                return "", "unit"
            is_growth = basis is not None and change is not None and not after_to
            is_growth = is_growth and not self._has_share([*left, *right])
            is_share = self._is_share_here(left, right, number) and not is_growth
            if is_share and is_product and number.form != "multiple":
                if after_to or not self._is_changed(left):
                    return ("share_pct", "") if basis is None or after_to else ("", "measure")
                return "", "measure"
            return self._measure_growth(clause, basis, change, number, left)
        if self._is_change_of_level(left, right, basis, number):
            if change is None:
                return "", "sign"
            return {"mom": "mom_abs", "yoy": "yoy_abs"}.get(self._basis_name(basis) or "mom", ""), ""
        if self._is_level(clause, left, right, number, metric):
            return "level", ""
        return "", ""

    def _measure_points(self, basis: Any, metric: str, change: int | None) -> tuple[str, str]:
        if change is None:
            return "", "sign"
        name = self._basis_name(basis) or "mom"
        if metric == "operating_rate":
            return {"mom": "mom_pp", "yoy": "yoy_pp"}.get(name, ""), "basis"
        return {"mom": "share_mom_pp", "yoy": "share_yoy_pp"}.get(name, ""), "basis"

    def _measure_growth(
        self, clause: Clause, basis: Any, change: int | None, number: Number, left: list[Token]
    ) -> tuple[str, str]:
        name = self._basis_name(basis)
        period = self._period_name(clause, left)
        if period is not None and period.kind == "to_date":
            return ("ytd_yoy_pct", "") if name in {"yoy", "", None} and change is not None else ("", "sign")
        if name is None and period is not None and (period.kind.startswith("half") or period.kind.endswith("year")):
            name = "yoy"
        if name is None:
            return "", "basis"
        if name == "mom" and period is not None and period.kind in _QUARTERLY and self._is_quarterly(clause):
            name = "qoq"
        if not name:
            return "", ""
        if change is None:
            return "", "sign"
        return {"mom": "mom_pct", "yoy": "yoy_pct", "qoq": "qoq_pct"}[name], ""

    def _is_quarterly(self, clause: Clause) -> bool:
        """Whether a step on the period before is one of quarters: no month is named for it."""
        return not _periods_of(clause.tokens, _MONTHLY) and self.state.month is None

    def _basis_name(self, basis: Any) -> str | None:
        """mom, yoy or qoq; empty where the base is another month; None where no basis is known."""
        if basis is None or isinstance(basis, str):
            return basis
        if basis.kind in _QUARTERLY:
            return self._basis_of_quarter(basis)
        target = self._target_month()
        base = resolve_period(basis, self.review)
        if base == format_month(add_months(target, -1)):
            return "mom"
        if base == format_month(add_months(target, -12)) or (not basis.year and basis.month == target.month):
            return "yoy"
        return ""

    def _basis_of_quarter(self, basis: PeriodName) -> str:
        target = self.state.period
        if target is None or target.kind not in _QUARTERLY:
            return ""
        this = last_month(resolve_period(target, self.review))
        base = last_month(resolve_period(basis, self.review))
        return {3: "qoq", 12: "yoy"}.get((this.year - base.year) * 12 + this.month - base.month, "")

    def _target_month(self) -> date:
        name = self.state.period
        if name is not None and name.kind in {"month", "this_month", "next_month"}:
            text = resolve_period(name, self.review)
            return date(int(text[:4]), int(text[5:7]), 1)
        return self.review

    def _basis(self, left: list[Token], right: list[Token], number: Number, where: str = "") -> Any:
        if "basis" in number.labels:
            return number.labels["basis"]
        if number.labels.get("list"):
            shared = next((t for t in self.clauses[self.index].tokens if "basis" in t.roles), None)
            if shared is not None:
                return shared.roles["basis"]
        after = next((t for t in right if "basis" in t.roles), None)
        before = next((t for t in reversed(left) if "basis" in t.roles), None)
        if after is not None and before is not None and not self.lexicon.language.is_spaced:
            return before.roles["basis"]
        if after is not None:
            return after.roles["basis"]
        if before is not None:
            return before.roles["basis"]
        if _is_prior(self.clauses[self.index]) and self.state.bases:
            return self.state.bases[0]
        following = self.clauses[self.index + 1] if self.index + 1 < len(self.clauses) else None
        if following is not None and following.opener == "open" and following.tokens:
            if all("basis" in t.roles for t in following.tokens):
                return following.tokens[0].roles["basis"]
        if len(set(self.state.bases)) == 1 and self._is_parallel(left, where):
            return self.state.bases[0]
        if self.state.pending_basis is not None and not (left and left[-1].roles.keys() & {"to"}):
            return self.state.pending_basis
        return None

    def _is_parallel(self, left: list[Token], where: str) -> bool:
        """Whether a clause names only another subject and leaves the rest to the clause before it."""
        if not (where == "right" or any("subject" in t.roles for t in left)) or self._has_share(left):
            return False
        return not any("period" in t.roles for t in left)

    def _metric(self, left: list[Token], right: list[Token], number: Number) -> str:
        if "metric" in number.labels:
            return str(number.labels["metric"])
        if number.unit == "CNY/t":
            return "price"
        own = [t.roles["metric"] for t in left if "metric" in t.roles]
        if own:
            return str(own[0] if own[0] != "capacity" else own[0])
        for i, token in enumerate(right):
            if "metric" in token.roles and any(t.roles.keys() & {"in", "of"} for t in right[:i]):
                return str(token.roles["metric"])
        return self.state.metric

    def _sign(self, left: list[Token], right: list[Token], number: Number) -> int | None:
        """+1 or -1 by the nearest word of change; None where the text shows no sign."""
        if number.sign:
            return number.sign
        if number.form == "multiple" or (number.unit == "times" and not self._is_changed(left)):
            return 1
        rate = self._sign_of_rate(left)
        if rate:
            return rate
        is_prior = _is_prior(self.clauses[self.index])
        for token in () if is_prior else reversed(left):
            sign = self._sign_of(token)
            if sign:
                if right and self._is_noun_of_change(right) and not token.roles.get("change", (0, ""))[1] == "word":
                    break
                return sign
        for token in right:
            if "change" in token.roles or "compare" in token.roles:
                sign = self._sign_of(token)
                if sign:
                    return sign
            elif not token.roles.keys() & {"basis", "unknown", "level", "in", "of", "period", "month"}:
                break
        for token in reversed(left):
            sign = self._sign_of(token)
            if sign:
                return sign
        if number.unit == "pp" and any("narrows" in t.roles for t in left):
            return -1
        shared = self._shared_sign()
        return shared if shared is not None else self.state.sign or None

    def _sign_of_rate(self, left: list[Token]) -> int:
        """The sign of a rate of change that itself moved: "growth eased to 3 %" is +3."""
        if not left or not left[-1].roles.keys() & {"to", "moves"}:
            return 0
        nouns = [t.roles["change"][0] for t in left if "change" in t.roles and t.roles["change"][1] == "noun"]
        return int(nouns[0]) if nouns else 0

    def _is_noun_of_change(self, right: list[Token]) -> bool:
        tokens = [t for t in right if "basis" not in t.roles]
        return bool(tokens) and "change" in tokens[0].roles and tokens[0].roles["change"][1] in {"noun", "verb"}

    def _sign_of(self, token: Token) -> int:
        if "change" in token.roles:
            return int(token.roles["change"][0])
        if "moves" in token.roles:
            return int(token.roles["moves"])
        if "compare" in token.roles:
            return int(token.roles["compare"])
        return 0

    def _shared_sign(self) -> int | None:
        """The sign after the next number where both share it: "a 5.2 % MoM and 2.1 % YoY decrease"."""
        clause = self.clauses[self.index]
        if self.index + 1 >= len(self.clauses) or self.clauses[self.index + 1].opener != "and":
            return None
        if any(self._sign_of(t) for t in clause.tokens):
            return None
        following = self.clauses[self.index + 1].tokens
        seen = False
        for token in following:
            if token.number is not None:
                seen = True
            elif self._sign_of(token):
                return self._sign_of(token) if seen else None
        return None

    def _is_changed(self, left: list[Token]) -> bool:
        return any("change" in t.roles for t in left)

    def _is_share_here(self, left: list[Token], right: list[Token], number: Number) -> bool:
        if self._has_share(left) or any("share_noun" in t.roles for t in right):
            return True
        if any("whole" in t.roles for t in (*left, *right)):
            return True
        if any("share_verb" in t.roles for t in right) and not self._is_changed(left):
            return True
        if self._is_part_of(left, right):
            return True
        if self._part_named_after(left, right) is not None:
            return True
        return self.state.is_share

    def _is_part_of(self, left: list[Token], right: list[Token]) -> bool:
        """Whether a percentage is one of a segment's output: "was responsible for 77 % of cathode output"."""
        if not right or "of" not in right[0].roles or self._is_changed(left):
            return False
        near = right[1:4]
        total = any("subject" in t.roles and not any(p for _, p in self._nodes(t)) for t in near)
        return total or any(t.roles.get("metric") in {"production", "shipments"} for t in near)

    def _is_change_of_level(self, left: list[Token], right: list[Token], basis: Any, number: Number) -> bool:
        if left and left[-1].roles.keys() & {"to", "moves"}:
            return False
        if right and "compare" in right[0].roles:
            return True
        if left and "by" in left[-1].roles and (self._is_changed(left[:-1]) or self.state.sign):
            return True
        if left and "change" in left[-1].roles:
            return True
        if len(left) > 1 and "of" in left[-1].roles and "change" in left[-2].roles:
            return True
        own = [t for t in right if "basis" in t.roles]
        return bool(own) and bool(left) and self._is_changed(left) and not left[-1].roles.keys() & {"level", "averages"}

    def _is_level(self, clause: Clause, left: list[Token], right: list[Token], number: Number, metric: str) -> bool:
        """Whether a quantity is the level of its metric, and not the size of a plant, an order or a deal."""
        if any("prior" in t.roles for t in (*left, *right)):
            return False
        if number.unit == "CNY/t" and any("quote" in t.roles for t in (*left, *right)):
            return False
        if right and right[0].roles.keys() & {"agent", "plan", "foreign"}:
            return False
        if any("makes" in t.roles for t in left) and any("agent" in t.roles for t in left):
            named_after = len(right) > 1 and "of" in right[0].roles and "subject" in right[1].roles
            return named_after or any("subject" in t.roles for t in left)
        if not clause.has("metric") and self._opens_sentence(clause, left, right):
            return True
        named = any("metric" in t.roles or "averages" in t.roles for t in left)
        carried = bool(self.state.metric) or self.state.last is not None
        joined = bool(left) and left[-1].roles.keys() & {
            "level",
            "averages",
            "to",
            "moves",
            "metric",
            "period",
            "subject",
            "colon",
        }
        last = self.state.last
        if left and left[-1].roles.keys() & {"to", "moves"} and last is not None:
            return True
        if (
            last is not None
            and last.measure == "level"
            and last.unit == number.unit
            and not left
            and clause.has("period")
        ):
            return True
        if number.unit == "CNY/t":
            if self._opens_sentence(clause, left, right):
                return True
            return bool(joined) or (not left and clause.opener in {"colon", "open", "comma"})
        if metric == "capacity":
            spoken = any("industry" in t.roles for c in self.clauses for t in c.tokens)
            return bool(joined) and spoken and not any(c.has("plan") for c in self.clauses[: self.index + 1])
        if named and joined:
            return not any("plan" in t.roles for t in left)
        if carried and left and "level" in left[-1].roles and clause.opener in {"comma", "and", "start"}:
            return not any("subject" not in t.roles and "plan" in t.roles for t in left)
        return (
            not left and bool(self.state.metric) and clause.opener in {"colon", "open", "comma", "clause"} and not right
        )

    def _opens_sentence(self, clause: Clause, left: list[Token], right: list[Token]) -> bool:
        """Whether the level stands before its subject: "At 412,000 mt, output was 4.6 % higher"."""
        if (
            self.index
            or any(t.roles.keys().isdisjoint({"averages", "in", "against_after"}) for t in right)
            or len(left) != 1
            or "level" not in left[0].roles
            or len(self.clauses) < 2
        ):
            return False
        following = self.clauses[1]
        metric = next((t.roles["metric"] for t in following.tokens if "metric" in t.roles), "")
        if not metric or self._own_subject(following) in (FOREIGN, UNKNOWN):
            return False
        self.state.subject = self._own_subject(following)
        self.state.metric = metric
        return True

    def _period_name(self, clause: Clause, left: list[Token], wanted: set[str] | None = None) -> PeriodName | None:
        """The period named nearest to a number: in its clause, before it, or after it in a clause that goes on."""
        own = _periods_of(clause.tokens, wanted) if clause.opener != "open" or not clause.has("basis") else []
        if own:
            near = _periods_of(left, wanted)
            return near[-1] if near else own[0]
        for name in (self.state.period, self.state.month):
            if name is not None and (wanted is None or name.kind in wanted):
                return name
        for clause_after in self.clauses[self.index + 1 :]:
            if clause_after.opener in {"semicolon", "clause"} or clause_after.has("modal"):
                break
            if clause_after.has("metric") and any(t.number is not None for t in clause_after.tokens):
                break
            if clause_after.opener == "open":
                continue
            apart = self.references[self.clauses.index(clause_after)]
            kept = [t for i, t in enumerate(clause_after.tokens) if i not in apart]
            first = next((i for i, t in enumerate(kept) if t.number is not None), -1)
            names = _periods_of(kept[first + 1 :], wanted)
            if names:
                return names[0]
        return None

    def _period(self, clause: Clause, left: list[Token], measure: str, number: Number) -> str:
        """The period that the number is about; empty where it cannot be named."""
        if "period" in number.labels:
            return resolve_period(number.labels["period"], self.review)
        wanted = _MONTHLY if measure in _MONTH_ONLY else _QUARTERLY if measure == "qoq_pct" else None
        name = self._period_name(clause, left, wanted)
        review = format_month(self.review)
        if _is_prior(clause) and (name is None or name.kind in {"last_month", "month"}):
            return review
        if name is not None:
            period = resolve_period(name, self.review)
            if not (self.state.is_modal and period == review and self._is_period_before(clause)):
                return period
        if self.state.is_horizon:
            return ""
        if self.state.is_past_step and self.state.last is not None and self.state.last.measure == measure:
            return ""
        future = self.context.period or self.context.heading_period
        if self.state.is_modal or (future > review and not self._is_past(clause)):
            if future:
                return future
            if measure.startswith(("mom", "share_mom")) or (
                self.state.last is not None and self.state.last.period > review
            ):
                return format_month(add_months(self.review, 1))
            return ""
        return self.context.heading_period or review

    def _is_period_before(self, clause: Clause) -> bool:
        """Whether the period was carried from an earlier clause, which a modal verb has since left behind."""
        return not clause.has("period") and clause.has("modal")

    def _is_past(self, clause: Clause) -> bool:
        if not self.lexicon.language.is_spaced:
            return not self.has_modal
        return any(
            ("change" in t.roles and t.roles["change"][1] == "past")
            or t.text in {"was", "were"}
            or "averages" in t.roles
            for t in clause.tokens
        )

    # --- statements -------------------------------------------------------------------------

    def _state(
        self,
        clause: Clause,
        token: Token,
        number: Number,
        left: list[Token],
        right: list[Token],
        subject: Nodes,
        where: str,
        measure: str,
    ) -> None:
        metric = self._metric(left, right, number) or self._default_metric(subject)
        unit = number.unit if measure in {"level", "mom_abs", "yoy_abs"} else ""
        if measure.startswith("share"):
            metric = metric if metric == "shipments" else "production"
        hint = next((s for t in right if "subject" in t.roles for s, p in self._nodes(t) if not p), "")
        joint = next((t.roles["joint"] for t in left if "joint" in t.roles), None)
        members = [subject]
        if isinstance(joint, Joint) and where == "own":
            if not clause.has("each"):
                self._miss(token, "subject")
                return
            members = [self._nodes(t) for t in joint.members]
        period = self._period(clause, left, measure, number)
        if not period:
            self._miss(token, "period")
            return
        sign = self._sign(left, right, number)
        basis = self._basis(left, right, number, where)
        is_prior = _is_prior(clause) and number.unit == "%"
        kind = "forecast" if is_prior or last_month(period) > self.review else "actual"
        value, lower, upper, qualifier = _signed(number, sign if MEASURE_HAS_SIGN(measure) else 1)
        if number.unit == "times":
            base = 0 if self._is_added(left, number) else 1
            value, lower, upper = (_grow(v, base) for v in (value, lower, upper))
        for nodes in members:
            node = self._choose_node(nodes, unit=unit, metric=metric, hint=hint if measure.startswith("share") else "")
            if node is None or (measure.startswith("share") and not node[1]):
                self._miss(token, "subject")
                continue
            statement = Statement(
                node,
                metric,
                measure,
                period,
                kind,
                value,
                lower,
                upper,
                _unit_of(measure, number.unit),
                qualifier,
                number.half_width,
                token,
                f"{measure}/{'list' if 'list' in number.labels else where}",
            )
            self.found.statements.append(statement)
            self.state.last = statement
        self.state.subject = subject
        self.state.metric = metric
        self.state.basis = basis
        if MEASURE_HAS_SIGN(measure):
            self.state.sign = sign
        if measure.endswith("_pct") and measure != "share_pct" and basis is not None:
            self.state.bases = (*self.state.bases, basis)
        if measure == "mom_abs":
            self.state.pending_basis = "mom"
        if measure.startswith("share") and not measure.endswith("pp"):
            self.state.is_share = True

    def _is_added(self, left: list[Token], number: Number) -> bool:
        """Whether "N times" is added to the base (增长2倍 is +200 %), rather than the level reached (增至2倍 is +100 %)."""
        if (
            not number.labels.get("times")
            or not left
            or left[-1].roles.keys() & {"to", "moves", "level", "basis", "of"}
        ):
            return False
        return any("change" in t.roles for t in left)

    def _default_metric(self, subject: Nodes) -> str:
        for segment in self.lexicon.chain.segments:
            if any(segment.name == name for name, _ in subject) and len(segment.units) == 1:
                return next(iter(segment.units))
        return "production"

    # --- directions -------------------------------------------------------------------------

    def _read_direction(self, clause: Clause) -> None:
        """A change without a number: "NaFSI prices moved down slightly", "shrinking electrolyte demand"."""
        tokens = clause.tokens
        if any(t.number is not None and t.number.unit not in {"", "other"} for t in tokens):
            return
        if any(t.roles.keys() & _NO_DIRECTION for t in tokens) or self.state.is_horizon:
            return
        bases = [self._basis_name(t.roles["basis"]) for t in tokens if "basis" in t.roles]
        if any(basis != "mom" for basis in bases) or self._basis_name(self.state.pending_basis) == "yoy":
            return
        found = self._find_direction(clause)
        if found is None:
            return
        change, metric, subject = found
        if subject is None or subject in (FOREIGN, UNKNOWN) or metric == "capacity":
            return
        period = self._period(clause, tokens, "direction", Number(0, "", 0))
        if not period or len(period) != 7 or "Q" in period or "H" in period:
            return
        node = self._choose_node(subject, unit="", metric=metric)
        if node is None:
            return
        kind = "forecast" if last_month(period) > self.review else "actual"
        sign = float(change.roles["change"][0])
        self.found.directions.append(
            Statement(
                node, metric, "direction", period, kind, sign, None, None, "sign", "exact", 0.0, change, "direction/own"
            )
        )  # fmt: skip

    def _find_direction(self, clause: Clause) -> tuple[Token, str, Nodes | None] | None:
        """The word of change, the metric it is about, and whose metric that is."""
        tokens = clause.tokens
        changes = [i for i, t in enumerate(tokens) if "change" in t.roles and _is_plain_change(t)]
        metrics = [i for i, t in enumerate(tokens) if "metric" in t.roles]
        if not changes:
            return None
        if not metrics:
            goes_on = clause.opener in {"and", "clause"} and bool(self.state.metric) and clause.has("modal")
            carried = self.state.subject if self.state.subject is not None else self._context_subject()
            return (tokens[changes[-1]], self.state.metric, carried) if goes_on else None
        for i in reversed(changes):
            after = next((m for m in metrics if m > i), None)
            if after is not None and self._is_attribute(tokens, i, after):
                return tokens[i], tokens[after].roles["metric"], self._owner(tokens, after)
        for metric in metrics:
            following = [i for i in changes if i > metric and tokens[i].roles["change"][1] != "noun"]
            if len({tokens[i].roles["change"][0] for i in following}) > 1:
                return None
            if following:
                return tokens[following[-1]], tokens[metric].roles["metric"], self._owner(tokens, metric)
        return None

    def _is_attribute(self, tokens: list[Token], change: int, metric: int) -> bool:
        """Whether a change before a metric is its own: "shrinking electrolyte demand", "the rise in NaFSI prices"."""
        between = tokens[change + 1 : metric]
        form = tokens[change].roles["change"][1]
        named = all(t.roles.keys() & {"subject", "in", "of", "chain", "averages"} for t in between)
        return named and form in {"noun", "verb"} and len(between) <= 4

    def _owner(self, tokens: list[Token], metric: int) -> Nodes | None:
        """The subject of a metric: named right before it, or after "of" or "for", else the clause's."""
        for i in range(metric - 1, -1, -1):
            if "subject" in tokens[i].roles:
                if self._is_agent(tokens, i):
                    continue
                return self._nodes(tokens[i])
            if tokens[i].roles.keys() & {"metric"}:
                break
        for i in range(metric + 1, min(metric + 4, len(tokens))):
            if "subject" in tokens[i].roles and tokens[i - 1].roles.keys() & {"of", "in"}:
                return self._nodes(tokens[i])
        return self.state.subject if self.state.subject is not None else self._context_subject()


_NO_DIRECTION = {"negation", "share_noun", "share_verb", "slowing", "prior", "foreign", "plan"}


def _is_plain_change(token: Token) -> bool:
    sign, form = token.roles["change"]
    return form != "word" or sign == 0 or token.text in _PLAIN_WORDS


_PLAIN_WORDS = {"up", "down", "higher", "lower", "flat", "stable", "unchanged", "steady"}


def MEASURE_HAS_SIGN(measure: str) -> bool:  # noqa: N802
    return measure not in {"level", "share_pct"}


def _unit_of(measure: str, unit: str) -> str:
    if measure.endswith("_pp"):
        return "pp"
    if measure.endswith("_pct"):
        return "%"
    return unit


def _family(unit: str) -> str:
    return "energy" if unit in {"MWh", "GWh"} else unit


def _grow(value: float | None, base: int) -> float | None:
    return None if value is None else round((value - base) * 100, 6)


def _signed(number: Number, sign: int | None) -> tuple[float | None, float | None, float | None, str]:
    """Value, lower, upper and qualifier of a number under a sign."""
    factor = -1 if sign is not None and sign < 0 else 1
    value = round(number.value * factor, 6)
    if number.high is not None:
        high_sign = number.labels.get("high_sign", 0)
        high = round(number.high * (high_sign or factor), 6)
        return None, min(value, high), max(value, high), "range"
    if number.bound:
        is_lower = (number.bound == "lower") == (factor > 0)
        return (None, value, None, "bound") if is_lower else (None, None, value, "bound")
    return value, None, None, "about" if number.is_about else "exact"
