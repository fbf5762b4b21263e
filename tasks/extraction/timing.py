"""Which period a number is about, and which base a named month or quarter is for it."""

from datetime import date
from typing import Any

from contracts.period import add_months, format_month, last_month
from tasks.extraction.clauses import Clause
from tasks.extraction.periods import PeriodName, resolve_period
from tasks.extraction.sentence import MONTHLY, QUARTERLY, is_prior, periods_of
from tasks.extraction.subjects import SubjectFinder
from tasks.extraction.tokens import Number, Token

_MONTH_ONLY = {"mom_pct", "mom_abs", "mom_pp", "share_mom_pp", "direction"}


_RATES = {"%", "pp", "times"}


class PeriodFinder(SubjectFinder):
    """Finds the period of a number: named in its clause, carried, of the paragraph, or the reviewed month."""

    def _period_name(self, clause: Clause, left: list[Token], wanted: set[str] | None = None) -> PeriodName | None:
        """The period named nearest to a number: in its clause, before it, or after it in a clause that goes on."""
        own = periods_of(clause.tokens, wanted) if clause.opener != "open" or not clause.has("basis") else []
        if own:
            near = periods_of(left, wanted)
            return near[-1] if near else own[0]
        for name in (self.state.period, self.state.month):
            if name is not None and (wanted is None or name.kind in wanted):
                return name
        for clause_after in self.clauses[self.index + 1 :]:
            if clause_after.opener in {"semicolon", "clause"} or clause_after.has("modal"):
                break
            if clause_after.has("metric") and any(t.number is not None for t in clause_after.tokens):
                break
            if any(t.number is not None and t.number.unit not in _RATES for t in clause_after.tokens):
                break
            if clause_after.opener == "open":
                continue
            apart = self.references[self.clauses.index(clause_after)]
            kept = [t for i, t in enumerate(clause_after.tokens) if i not in apart]
            first = next((i for i, t in enumerate(kept) if t.number is not None), -1)
            names = periods_of(kept[first + 1 :], wanted)
            if names:
                return names[0]
        return None

    def _period(self, clause: Clause, left: list[Token], measure: str, number: Number) -> str:
        """The period that the number is about; empty where it cannot be named."""
        if "period" in number.labels:
            return resolve_period(number.labels["period"], self.review)
        wanted = MONTHLY if measure in _MONTH_ONLY else QUARTERLY if measure == "qoq_pct" else None
        name = self._period_name(clause, left, wanted)
        review = format_month(self.review)
        if is_prior(clause) and (name is None or name.kind == "last_month"):
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

    def _is_earlier_level(self, left: list[Token]) -> bool:
        """Whether a base of comparison is given its own level: "a year ago the figure was 73 %", 去年同期为73%."""
        return bool(left) and "level" in left[-1].roles and any(isinstance(t.roles.get("basis"), str) for t in left)

    def _shift_period(self, period: str, left: list[Token]) -> str:
        """The period itself, or the one before it or a year before where the level is that of the base."""
        if not self._is_earlier_level(left) or self._is_changed(left) or len(period) != 7 or period[5] in "QH":
            return period
        basis = next(t.roles["basis"] for t in reversed(left) if "basis" in t.roles)
        months = {"mom": -1, "yoy": -12}.get(basis, 0)
        return format_month(add_months(last_month(period), months)) if months else ""

    def _is_period_before(self, clause: Clause) -> bool:
        """Whether the period was carried from an earlier clause, which a modal verb has since left behind."""
        return not clause.has("period") and clause.has("modal")

    def _is_past(self, clause: Clause) -> bool:
        if not self.lexicon.language.is_spaced:
            return not self.has_modal
        return any(
            ("change" in t.roles and t.roles["change"][1] == "past") or t.roles.keys() & {"past", "averages"}
            for t in clause.tokens
        )

    def _is_quarterly(self, clause: Clause) -> bool:
        """Whether a step on the period before is one of quarters: no month is named for it."""
        return not periods_of(clause.tokens, MONTHLY) and self.state.month is None

    def _basis_name(self, basis: Any) -> str | None:
        """mom, yoy or qoq; empty where the base is another month; None where no basis is known."""
        if basis is None or isinstance(basis, str):
            return basis
        if basis.kind in QUARTERLY:
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
        if target is None or target.kind not in QUARTERLY:
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
