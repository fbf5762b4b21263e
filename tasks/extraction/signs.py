"""Up or down, and against what: the sign and the base of comparison of a number."""

from typing import Any

from tasks.extraction.sentence import is_prior
from tasks.extraction.statements import PARTICLES
from tasks.extraction.timing import PeriodFinder
from tasks.extraction.tokens import Number, Token


class SignFinder(PeriodFinder):
    """Finds the base and the sign of a change, own, shared with its neighbour, or carried."""

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
        if is_prior(self.clauses[self.index]) and self.state.bases:
            return self.state.bases[0]
        following = self.clauses[self.index + 1] if self.index + 1 < len(self.clauses) else None
        if (
            following is not None
            and following.opener == "open"
            and following.tokens
            and all("basis" in t.roles for t in following.tokens)
        ):
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

    def _sign(self, left: list[Token], right: list[Token], number: Number) -> int | None:
        """+1 or -1 by the nearest word of change; None where the text shows no sign."""
        if number.sign:
            return number.sign
        if number.form == "multiple" or (number.unit == "times" and not self._is_changed(left)):
            return 1
        rate = self._sign_of_rate(left)
        if rate:
            return rate
        is_quoted = is_prior(self.clauses[self.index])
        for token in () if is_quoted else reversed(left):
            sign = self._sign_of(token)
            if sign:
                if right and self._is_noun_of_change(right) and token.roles.get("change", (0, ""))[1] not in PARTICLES:
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
