"""The gaps of a month across links, in sentences: how far, for how long, what they add up to, what is next."""

from collections.abc import Iterator, Mapping, Sequence
from math import log1p
from typing import Any

import polars as pl

from contracts.period import add_months
from tasks.month_summary.reading import METRIC, STOCK_MONTHS, MonthReading
from tasks.reconciling.language import Language, write_plain

_FAR, _SLIGHT = 30.0, 5.0
"""A gap of so many percent is far; one below the other is slight."""
_UNDONE = 0.5
"""A forecast undoes a month's gap where it leaves less than this part of it, or turns it round."""
_ENDS = ("value_pct", "lower_pct", "upper_pct")
_REVERSED = ("reversed_pct", "reversed_lower_pct", "reversed_upper_pct")
Rows = Sequence[Mapping[str, Any]]


def tell_gaps(reading: MonthReading, language: Language) -> Iterator[str]:
    """One sentence for each segment that is fed, not one for each link; then what belongs to it.

    That is for how long it went so, what it is to be held against, what it adds up to, what the forecasts make of it,
    and which of the two moves first.
    """
    for (downstream,), gaps in reading.gaps.group_by("downstream", maintain_order=True):
        rows = gaps.sort(pl.col("value_pct").abs(), descending=True).to_dicts()
        teller = _GapTeller(reading, language, str(downstream), is_named=len(rows) > 1)
        for kind, of_kind in _part_by_sign(rows).items():
            yield teller.tell(kind, of_kind)
            yield from teller.tell_persistence(of_kind)
        clear = [row for row in rows if row["lower_pct"] > 0 or row["upper_pct"] < 0]
        yield from teller.tell_reversal(clear)
        yield from teller.tell_usual(clear)
        yield from teller.tell_stocks(rows)
        yield from teller.tell_next(clear)
        yield from teller.tell_leads()


def _part_by_sign(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Gaps above zero, below zero, and those whose interval holds zero, in this order; kinds without any are absent."""
    kinds: dict[str, list[Mapping[str, Any]]] = {"ahead": [], "behind": [], "level": []}
    for row in rows:
        kinds["ahead" if row["lower_pct"] > 0 else "behind" if row["upper_pct"] < 0 else "level"].append(row)
    return {kind: members for kind, members in kinds.items() if members}


def _name_size(size: float) -> str:
    return "far" if size >= _FAR else "slightly" if size < _SLIGHT else "plain"


class _GapTeller:
    """The sentences about what feeds one segment; a link is named where there are several (`is_named`)."""

    def __init__(self, reading: MonthReading, language: Language, downstream: str, *, is_named: bool) -> None:
        self.reading, self.language, self.downstream, self.is_named = reading, language, downstream, is_named

    def tell(self, kind: str, rows: Rows) -> str:
        """How far the upstream segments moved ahead or behind."""
        first, *others = (self._series(row["upstream"]) for row in rows)
        smallest = min(abs(row["value_pct"]) for row in rows)
        return self._say(
            kind,
            upstream=self.language.list([first, *(self.language.inside(name) for name in others)]),
            downstream=self.language.inside(self._series(self.downstream)),
            month=self.language.month(self.reading.month),
            size=self._say(f"size.{_name_size(smallest)}"),
            list=self._list(rows),
        )

    def tell_persistence(self, rows: Rows) -> Iterator[str]:
        """In how many of the last months a gap went the same way; said where there are at least three months."""
        for row in self._persistence(rows, pl.col("n_months") >= 3, pl.col("same_sign") * 2 > pl.col("n_months")):
            series = self.language.inside(self._series(row["upstream"]))
            yield self._say("held", series=series, k=row["same_sign"], n=row["n_months"])

    def tell_reversal(self, rows: Rows) -> Iterator[str]:
        """The gaps of the month before that this month's turn round."""
        if turned := self._persistence(rows, pl.col("reversed_pct").is_not_null()):
            last_month = self.language.month(add_months(self.reading.month, -1))
            yield self._say("reversed", last_month=last_month, list=self._list(turned, _REVERSED))

    def tell_usual(self, rows: Rows) -> Iterator[str]:
        """The measured spread of each link or the definition's limit, named as what it is; once where all are alike."""
        known = self._persistence(rows)
        said = {row["upstream"]: self._say_spread(row) for row in known}
        if len(set(said.values())) == 1:
            yield self._say("usual", list=next(iter(said.values())))
        elif said:
            yield self._say("usual", list=self.language.list([self._item(name, text) for name, text in said.items()]))

    def _say_spread(self, row: Mapping[str, Any]) -> str:
        return self._say(row["spread_from"], spread=write_plain(row["spread"], 1), n=row["n_spread"])

    def tell_stocks(self, rows: Rows) -> Iterator[str]:
        """What the gaps add up to over some months, where all are known and one is clear."""
        for months in STOCK_MONTHS:
            start = add_months(self.reading.month, -months)
            known = {_link(row): row for row in self.reading.stock_gaps.filter(from_month=start).to_dicts()}
            summed = [known[_link(row)] for row in rows if _link(row) in known]
            clear = [row for row in summed if row["lower_pct"] > 0 or row["upper_pct"] < 0]
            if clear:
                yield self._say("stocks", base_month=self.language.month(start), n=months, list=self._list(clear))

    def tell_next(self, rows: Rows) -> Iterator[str]:
        """What the next month's forecasts do to each gap: undo it, or keep most of it."""
        following = {_link(row): row for row in self.reading.next_gaps.to_dicts()}
        net = {_link(row): row for row in self.reading.net_gaps.to_dicts()}
        kinds: dict[str, list[tuple[str, str]]] = {"undone": [], "carried": []}
        for row in rows:
            if _link(row) in following and _link(row) in net:
                left = _log(net[_link(row)]["value_pct"]) / (_log(row["value_pct"]) or 1.0)
                kinds["undone" if left < _UNDONE else "carried"].append(_link(row))
        for kind, links in kinds.items():
            if links:
                yield self._say(
                    kind,
                    next_month=self.language.month(add_months(self.reading.month, 1)),
                    base_month=self.language.month(add_months(self.reading.month, -1)),
                    list=self._list([following[link] for link in links]),
                    net=self._list([net[link] for link in links], is_named=len(links) > 1),
                )

    def tell_leads(self) -> Iterator[str]:
        """Which end of a link moves first, where history tells one."""
        for row in self.reading.leads.filter(downstream=self.downstream).to_dicts():
            yield self._say(
                "lead",
                upstream=self.language.inside(self._series(row["upstream"])),
                downstream=self.language.inside(self._series(self.downstream)),
                lead=row["lead_months"],
                lower=row["lead_lower"],
                upper=row["lead_upper"],
                n=row["n_pairs"],
                r=write_plain(row["correlation"], 2),
                r_lower=write_plain(row["correlation_lower"], 2),
                r_upper=write_plain(row["correlation_upper"], 2),
            )

    def _persistence(self, rows: Rows, *conditions: pl.Expr) -> list[dict[str, Any]]:
        upstream = pl.col("upstream").is_in([row["upstream"] for row in rows])
        return self.reading.persistence.filter(upstream, *conditions, downstream=self.downstream).to_dicts()

    def _list(self, rows: Rows, ends: tuple[str, str, str] = _ENDS, *, is_named: bool = True) -> str:
        said = {row["upstream"]: self.language.interval(*(row[end] for end in ends)) for row in rows}
        return self.language.list([self._item(name, text) if is_named else text for name, text in said.items()])

    def _item(self, upstream: str, said: str) -> str:
        if not self.is_named:
            return said
        return self._say("item", series=self.language.inside(self._series(upstream)), change=said)

    def _series(self, segment: str) -> str:
        product = self.reading.chain.segment(segment).default_product
        return self.language.series(self.reading.chain, segment, product, METRIC)

    def _say(self, phrase: str, **parts: object) -> str:
        return self.language.say(f"month_page.{phrase}", **parts)


def _link(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["upstream"], row["downstream"]


def _log(percent: float) -> float:
    return log1p(percent / 100.0)
