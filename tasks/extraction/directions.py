"""Changes without a number: "NaFSI prices moved down slightly", "shrinking electrolyte demand"."""

from contracts.period import last_month
from tasks.extraction.clauses import Clause
from tasks.extraction.measures import MeasureFinder
from tasks.extraction.statements import FOREIGN, UNKNOWN, Nodes, Statement
from tasks.extraction.tokens import Number, Token

_NO_DIRECTION = {"negation", "share_noun", "share_verb", "slowing", "prior", "foreign", "plan"}


class DirectionReader(MeasureFinder):
    """Reads the direction of a metric where a clause gives no number for it."""

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


def _is_plain_change(token: Token) -> bool:
    sign, form = token.roles["change"]
    return bool(form != "word" or sign == 0)
