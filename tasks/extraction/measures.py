"""What a number measures: a growth, a share, points, a level, a change of a level, or nothing of ours."""

from typing import Any

from tasks.extraction.clauses import Clause
from tasks.extraction.sentence import QUARTERLY, is_prior
from tasks.extraction.signs import SignFinder
from tasks.extraction.statements import FOREIGN, PARTICLES, UNKNOWN, Nodes
from tasks.extraction.tokens import Number, Token


class MeasureFinder(SignFinder):
    """Tells metric and measure of a number, and refuses sizes of plants, orders and deals."""

    def _metric(self, left: list[Token], right: list[Token], number: Number) -> str:
        if "metric" in number.labels:
            return str(number.labels["metric"])
        if number.unit == "CNY/t":
            return "price"
        own = [t.roles["metric"] for t in left if "metric" in t.roles]
        if own:
            return str(own[0])
        for i, token in enumerate(right):
            if "metric" in token.roles and any(t.roles.keys() & {"in", "of"} for t in right[:i]):
                return str(token.roles["metric"])
        return self.state.metric

    def _is_surprise(self, clause: Clause, left: list[Token], right: list[Token]) -> bool:
        """A distance from an earlier forecast is no figure: "160 mt above our expectation", "beat it by 21 MWh"."""
        if not is_prior(clause):
            return False
        if right and "compare" in right[0].roles:
            return True
        return bool(left) and (
            "by" in left[-1].roles or ("change" in left[-1].roles and left[-1].roles["change"][1] in PARTICLES)
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
            is_share = self._is_share_here(left, right) and not is_growth
            if is_share and is_product and number.form != "multiple":
                if after_to or not self._is_changed(left):
                    is_earlier = basis is None or after_to or self._is_earlier_level(left)
                    return ("share_pct", "") if is_earlier else ("", "measure")
                return "", "measure"
            return self._measure_growth(clause, basis, change, left)
        if self._is_change_of_level(left, right):
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

    def _measure_growth(self, clause: Clause, basis: Any, change: int | None, left: list[Token]) -> tuple[str, str]:
        name = self._basis_name(basis)
        period = self._period_name(clause, left)
        if period is not None and period.kind == "to_date":
            return ("ytd_yoy_pct", "") if name in {"yoy", "", None} and change is not None else ("", "sign")
        if name is None and period is not None and (period.kind.startswith("half") or period.kind.endswith("year")):
            name = "yoy"
        if name is None:
            return "", "basis"
        if name == "mom" and period is not None and period.kind in QUARTERLY and self._is_quarterly(clause):
            name = "qoq"
        if not name:
            return "", ""
        if change is None:
            return "", "sign"
        return {"mom": "mom_pct", "yoy": "yoy_pct", "qoq": "qoq_pct"}[name], ""

    def _is_share_here(self, left: list[Token], right: list[Token]) -> bool:
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

    def _is_change_of_level(self, left: list[Token], right: list[Token]) -> bool:
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
        if not clause.has("metric") and self._opens_sentence(left, right):
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
        is_bare = all(t.roles.keys() & {"since", "in", "of"} for t in left)
        if left and left[-1].roles.keys() & {"to", "moves"} and last is not None:
            return True
        if (
            last is not None
            and last.measure == "level"
            and last.unit == number.unit
            and is_bare
            and clause.has("period")
        ):
            return True
        if number.bound and left and "modal" in left[-1].roles:
            joined = {"modal"}  # "will exceed 520 MWh": the verb is the bound itself
        if number.unit == "CNY/t":
            if self._opens_sentence(left, right):
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
            is_bare and bool(self.state.metric) and clause.opener in {"colon", "open", "comma", "clause"} and not right
        )

    def _opens_sentence(self, left: list[Token], right: list[Token]) -> bool:
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
