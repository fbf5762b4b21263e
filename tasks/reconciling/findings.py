"""Everything that does not fit in what a source published, each finding with its proof."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Chain
from contracts.figures import FIGURE_KEY
from contracts.period import add_months, last_month
from contracts.reconciled import FINDINGS
from contracts.rules.shares import find_share_contradictions
from data_lake.figures import collapse_republications, newest_vintage
from tasks.reconciling.bases import find_base_conflicts, find_bases_apart, find_implausible_bases
from tasks.reconciling.constraints import add_interval, build_constraints
from tasks.reconciling.contradictions import find_contradictions
from tasks.reconciling.found import SERIES, Found, Part, Stated, gather_findings
from tasks.reconciling.implied import select_known
from tasks.reconciling.repeated_forecasts import find_repeated_forecasts

_LARGE_PCT = 1.0
"""A contradiction of at least this size is an error; a smaller one may come of a rounding that was not the usual."""


def find_findings(
    vintages: pl.DataFrame, chains: Mapping[str, Chain], *, months: tuple[date, date] | None = None
) -> pl.DataFrame:
    """Every finding as `FINDINGS`, severest and newest first.

    `vintages` are all rows of `FIGURES` that are visible at the asked instant; the proofs take the newest vintage of
    each figure, and only the rules about publications that differ look at older ones. Only actuals prove; forecasts
    take part where a rule is about them. `months` keeps findings of these months; what they rest on may be older.
    """
    found, stated = list_found(vintages, chains)
    wanted = found if months is None else [one for one in found if months[0] <= one.month <= months[1]]
    return gather_findings(wanted, stated, chains) if wanted else FINDINGS.empty()


def list_found(vintages: pl.DataFrame, chains: Mapping[str, Chain]) -> tuple[list[Found], Stated]:
    """The findings before they are put into words, and the figures that they name."""
    newest = newest_vintage(vintages).sort(FIGURE_KEY)
    pending = select_known(newest, with_forecasts=True)
    found = [
        *find_contradicting(newest.filter(kind="actual"), chains),
        *find_base_conflicts(vintages),
        *find_implausible_bases(newest),
        *find_bases_apart(pending, chains),
        *_find_differing_reviews(vintages, chains),
        *find_repeated_forecasts(newest),
    ]
    return found, state_figures(found, vintages)


def state_figures(found: Sequence[Found], figures: pl.DataFrame) -> Stated:
    """The figures that the findings name, by id."""
    named = sorted({name for one in found for name in one.figure_ids})
    rows = figures.filter(pl.col("figure_id").is_in(named)).unique("figure_id", keep="any").to_dicts()
    return {row["figure_id"]: row for row in rows}


def contradict_stored(new: pl.DataFrame, stored: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """What new figures contradict: findings of which one of them is part, as `FINDINGS`; none where all can be true.

    Both have the columns of `FIGURES`; `stored` is what is known of the same chains. A new figure takes the place of a
    stored one of its key where it was published later. Actuals alone: a sign or a month that was misread shows here.
    """
    both = pl.concat([stored, new])
    actuals = newest_vintage(both.filter(kind="actual")).sort(FIGURE_KEY)
    names = set(new["figure_id"])
    found = [one for one in find_contradicting(actuals, chains) if not names.isdisjoint(one.figure_ids)]
    return gather_findings(found, state_figures(found, actuals), chains) if found else FINDINGS.empty()


def find_contradicting(actuals: pl.DataFrame, chains: Mapping[str, Chain]) -> Iterator[Found]:
    """Minimal sets of actuals (one row per key) that cannot all be true, named after what takes part in them.

    A set belongs to the last month that its figures are about, and depends on the figures up to that month alone.
    """
    yield from _find_circles(actuals, chains)
    yield from _find_share_sets(actuals, chains)


def _find_circles(actuals: pl.DataFrame, chains: Mapping[str, Chain]) -> Iterator[Found]:
    for row in find_contradictions(build_constraints(actuals, chains)).to_dicts():
        of_set = actuals.filter(pl.col("figure_id").is_in(row["figure_ids"].split()))
        ids = tuple(of_set.sort("month", "measure", "product")["figure_id"])
        rule = _name_circle(row["routes"].split())
        parts = {"figures": Part("figures", ids), "first": Part("month", of_set["month"].min())}
        severity = "error" if row["miss_pct"] >= _LARGE_PCT else "warning"
        yield Found(rule, severity, {name: row[name] for name in SERIES}, row["month"], ids, row["miss_pct"], parts)


def _name_circle(routes: list[str]) -> str:
    if any(route.startswith("product_of") for route in routes):
        return "child_above_parent"
    if any(route.startswith("level") for route in routes):
        return "levels_do_not_reconcile"
    if routes.count("mom_pct") == 12 and routes.count("yoy_pct") == 1 and len(routes) == 13:
        return "wedge"
    return "contradiction"


def _find_share_sets(actuals: pl.DataFrame, chains: Mapping[str, Chain]) -> Iterator[Found]:
    """Shares of one month, out of whatever releases, that sum to more than the whole or exceed what holds them."""
    rules = {"siblings_within_parent": "shares_exceed_total", "child_within_parent": "child_above_parent"}
    shares = actuals.filter(measure="share_pct")
    for (_, name), rows in shares.group_by("source", "chain", maintain_order=True):
        if name not in chains:
            continue
        breaches = find_share_contradictions(rows, chains[str(name)]).filter(pl.col("rule").is_in(list(rules)))
        for (rule, _), members in breaches.group_by("rule", "message", maintain_order=True):
            of_set = rows[members["index"].unique().sort().to_list()]
            first = of_set.row(0, named=True)
            ids = tuple(of_set["figure_id"])
            series = {n: first[n] for n in SERIES} | {"product": ""}
            parts = {"figures": Part("figures", ids), "first": Part("month", first["month"])}
            excess = _measure_excess(of_set) if rules[str(rule)] == "child_above_parent" else None
            yield Found(rules[str(rule)], "error", series, first["month"], ids, excess, parts)


def _measure_excess(shares: pl.DataFrame) -> float:
    """By how many percent the largest smallest share exceeds the smallest largest one."""
    ends = add_interval(shares)
    return float(100.0 * (ends["low"].max() / ends["high"].min() - 1.0))  # type: ignore[operator]


def _find_differing_reviews(vintages: pl.DataFrame, chains: Mapping[str, Chain]) -> Iterator[Found]:
    """Actuals that were published differently later, by more than both roundings explain, and what kind that is.

    Preliminary: the first came before the month was over. Disputed: both releases review the same month. Else restated.
    """
    rows = add_interval(collapse_republications(vintages.filter(kind="actual")))
    previous = ("low", "high", "value", "figure_id", "published_at", "review_month")
    pairs = rows.with_columns(pl.col(name).shift(1).over(FIGURE_KEY).alias(f"{name}_before") for name in previous)
    apart = pairs.filter((pl.col("low") > pl.col("high_before")) | (pl.col("low_before") > pl.col("high")))
    pair = [*SERIES, "period", "month", "published_at_before", "published_at", "review_month_before", "review_month"]
    pairs = apart.sort("measure").group_by(pair, maintain_order=True).agg("figure_id_before", "figure_id")
    for row in pairs.sort(*SERIES, "month", "published_at").to_dicts():
        kind = _classify(row, chains)
        yield Found(
            "reviews_differ",
            "info" if kind == "preliminary" else "warning",
            {name: row[name] for name in SERIES},
            row["month"],
            (*row["figure_id_before"], *row["figure_id"]),
            None,
            {
                "before": Part("of month", row["figure_id_before"]),
                "after": Part("of month", row["figure_id"]),
                "before_day": Part("day", row["published_at_before"]),
                "day": Part("day", row["published_at"]),
                "class": Part("class", kind),
            },
        )


def _classify(row: Mapping[str, Any], chains: Mapping[str, Chain]) -> str:
    zone = ZoneInfo(chains[row["chain"]].calendar.time_zone if row["chain"] in chains else "UTC")
    after = add_months(last_month(row["period"]), 1)
    if row["published_at_before"] < datetime(after.year, after.month, 1, tzinfo=zone):
        return "preliminary"
    return "disputed" if row["review_month"] == row["review_month_before"] else "restated"
