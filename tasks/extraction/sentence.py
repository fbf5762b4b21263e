"""A sentence on its way to figures: its clauses, the state they leave, and plain questions about tokens."""

from dataclasses import replace
from typing import Any

from tasks.extraction.clauses import Clause, cut_clauses
from tasks.extraction.periods import PeriodName
from tasks.extraction.references import find_references
from tasks.extraction.statements import Context, Findings, Miss, Nodes, State
from tasks.extraction.tokens import Token

MONTHLY = {"month", "this_month", "next_month", "last_month"}
QUARTERLY = {"quarter1", "quarter2", "quarter3", "quarter4", "this_quarter", "next_quarter", "last_quarter"}


def periods_of(tokens: list[Token], wanted: set[str] | None) -> list[PeriodName]:
    """Periods that the tokens name, of the wanted kinds; "to date" beside a month is the months up to it."""
    names = [t.roles["period"] for t in tokens if "period" in t.roles]
    if len(names) > 1:
        months = [name for name in names if name.kind == "month"]
        if any(name.kind == "to_date" and not name.month for name in names) and months and wanted is None:
            return [replace(months[-1], kind="to_date")]
        names = [name for name in names if name.kind != "to_date" or name.month] or names
    return [name for name in names if wanted is None or name.kind in wanted]


def first_roles(tokens: list[Token]) -> Any:
    """Roles of the first token; none where there is none."""
    return tokens[0].roles if tokens else {}


def is_prior(clause: Clause) -> bool:
    """Whether a clause quotes a forecast made earlier."""
    return clause.has("prior") or (clause.has("earlier") and clause.has("modal"))


class Sentence:
    """The clauses of one sentence and what has been settled so far, read from left to right."""

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

    def _nodes(self, token: Token) -> Nodes:
        nodes: Nodes = token.roles["subject"]
        return nodes

    def _is_agent(self, tokens: list[Token], index: int) -> bool:
        """Whether a name only says whose plants or buyers are meant; in a list of shares it is the product itself."""
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if following is None or "agent" not in following.roles:
            return False
        return not (self.state.is_share and any(p for _, p in self._nodes(tokens[index])))

    def _has_share(self, tokens: list[Token]) -> bool:
        return any("share_verb" in t.roles or "share_noun" in t.roles for t in tokens)

    def _is_noun(self, token: Token) -> bool:
        if "unknown" not in token.roles:
            return False
        if self.lexicon.language.is_spaced:
            return not token.text.endswith(("ed", "ing", "ly", "'s")) and len(token.text) > 2
        return True

    def _has_sign(self, tokens: list[Token]) -> bool:
        return any(self._sign_of(t) for t in tokens)

    def _sign_of(self, token: Token) -> int:
        if "change" in token.roles:
            return int(token.roles["change"][0])
        if "moves" in token.roles:
            return int(token.roles["moves"])
        if "compare" in token.roles:
            return int(token.roles["compare"])
        return 0

    def _is_changed(self, left: list[Token]) -> bool:
        return any("change" in t.roles for t in left)

    def _miss(self, token: Token, reason: str) -> None:
        if token.number is not None and token.number.unit in {"%", "pp", "times"}:
            self.found.misses.append(Miss(token, reason))
