"""What a number is about: subject, metric, period, sign, measure and kind, from its sentence and its context."""

from dataclasses import replace

from contracts.period import add_months, format_month, last_month
from tasks.extraction.clauses import Clause, Joint
from tasks.extraction.directions import DirectionReader
from tasks.extraction.periods import PeriodName, resolve_period
from tasks.extraction.sentence import MONTHLY, is_prior, periods_of
from tasks.extraction.statements import (
    FOREIGN,
    PARTICLES,
    UNKNOWN,
    Context,
    Findings,
    Nodes,
    Statement,
    grow,
    has_sign,
    signed_values,
    unit_of,
)
from tasks.extraction.tokens import Number, Token


def read_sentence(tokens: list[Token], context: Context) -> Findings:
    """The figures that a sentence states, with what it leaves open."""
    return Reader(tokens, context).read()


_SHARES = frozenset({"share_verb", "share_noun", "whole"})


class Reader(DirectionReader):
    """Reads one sentence from left to right."""

    def read(self) -> Findings:
        """The figures, directions and misses of the sentence."""
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
        value, lower, upper, qualifier = signed_values(number, sign)
        kind = "forecast" if last_month(period) > self.review else "actual"
        self.found.statements.append(
            replace(
                last, period=period, kind=kind, value=value, lower=lower, upper=upper, qualifier=qualifier,
                half_width=number.half_width, token=number_token, rule=f"{last.measure}/reference",
            )
        )  # fmt: skip

    def _reference_period(self, tokens: list[Token], last: Statement) -> str:
        names = periods_of(tokens, None)
        if names:
            return resolve_period(names[-1], self.review)
        basis = next((t.roles["basis"] for t in tokens if "basis" in t.roles), None)
        months = {"mom": -1, "yoy": -12}.get(basis, 0) if isinstance(basis, str) else 0
        if isinstance(basis, PeriodName):
            return resolve_period(basis, self.review)
        if months and len(last.period) == 7 and "Q" not in last.period and "H" not in last.period:
            return format_month(add_months(last_month(last.period), months))
        return ""

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
            state.is_elsewhere = False
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
        if clause.opener in {"start", "semicolon"} and len(tokens) > 1 and "in" in tokens[0].roles:
            state.is_elsewhere = all(t.roles.keys() & {"in", "foreign"} for t in tokens)
        metrics = [t for t in tokens if "metric" in t.roles]
        if metrics:
            state.metric = metrics[0].roles["metric"]
        has_share = any(not _SHARES.isdisjoint(t.roles) for t in tokens)
        if has_share:
            state.is_share = True
        elif (metrics and not any("whole" in t.roles for t in tokens)) or any("change" in t.roles for t in tokens):
            state.is_share = state.is_share and not metrics
        if any("modal" in t.roles for t in tokens) and not any("done" in t.roles for t in tokens):
            state.is_modal = state.is_modal or not is_prior(clause)
        elif subject is not None and metrics and clause.opener in {"clause", "semicolon"}:
            state.is_modal = False
        self._settle_time(clause)

    def _settle_time(self, clause: Clause) -> None:
        """Take over the periods of a clause, and the base and sign of one without a number."""
        state, tokens = self.state, clause.tokens
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
        months = [p for p in periods if p.kind in MONTHLY]
        if months and (
            has_number or state.month is None or clause.opener in {"start", "semicolon"} or clause.has("modal")
        ):
            state.month = months[0]
        if not any(t.number is not None for t in tokens):
            bases = [t.roles["basis"] for t in tokens if "basis" in t.roles]
            if bases:
                state.pending_basis = bases[-1]
            signs = [
                t.roles["change"][0] for t in tokens if "change" in t.roles and t.roles["change"][1] not in PARTICLES
            ]
            if signs:
                state.sign = signs[-1]

    def _close(self, clause: Clause) -> None:
        if clause.has("period") and not clause.has("modal"):
            self.state.is_past_step = False

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
            ahead = self._product_ahead() if self._is_share_here(left, right) and not self._has_sign(left) else None
            subject = ahead if ahead is not None else subject
        measure, reason = self._measure(clause, left, right, number, subject, where)
        if not measure:
            if reason:
                self._miss(token, reason)
                self.state.sign = self._sign(left, right, number) or self.state.sign
            return
        if where == "context" and self.state.subject not in (None, FOREIGN, UNKNOWN):
            subject = self.state.subject
        self._state(clause, token, number, left, right, subject, where, measure)

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
        if period and measure in {"level", "share_pct"}:
            period = self._shift_period(period, left)
        if not period:
            self._miss(token, "period")
            return
        sign = self._sign(left, right, number)
        basis = self._basis(left, right, number, where)
        is_quoted = is_prior(clause) and number.unit == "%"
        kind = "forecast" if is_quoted or last_month(period) > self.review else "actual"
        if metric == "capacity" and kind == "forecast":
            return  # capacity is what stands at a date, not what is planned
        value, lower, upper, qualifier = signed_values(number, sign if has_sign(measure) else 1)
        if number.unit == "times":
            base = 0 if self._is_added(left, number) else 1
            value, lower, upper = (grow(v, base) for v in (value, lower, upper))
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
                unit_of(measure, number.unit),
                qualifier,
                number.half_width * (100 if number.unit == "times" else 1),
                token,
                f"{measure}/{'list' if 'list' in number.labels else where}",
            )
            self.found.statements.append(statement)
            self.state.last = statement
        self.state.subject = subject
        self.state.metric = metric
        self.state.basis = basis
        if has_sign(measure):
            self.state.sign = sign
        if measure.endswith("_pct") and measure != "share_pct" and basis is not None:
            self.state.bases = (*self.state.bases, basis)
        if measure == "mom_abs":
            self.state.pending_basis = "mom"
        if measure.startswith("share") and not measure.endswith("pp"):
            self.state.is_share = True

    def _is_added(self, left: list[Token], number: Number) -> bool:
        """Whether "N times" is added to the base (增长2倍 is +200 %) rather than reached (增至2倍 is +100 %)."""
        if (
            not number.labels.get("times")
            or not left
            or left[-1].roles.keys() & {"to", "moves", "level", "basis", "of"}
        ):
            return False
        return any("change" in t.roles for t in left)
