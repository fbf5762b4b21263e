"""What follows about last year: the implied base, and where it cannot be what it seems.

    B_t = (1 + m_t)(1 + y_{t−1}) / (1 + y_t) = level(t − 12) / level(t − 13)

is a past fact. It may not change from one publication to the next, nor leap and fall back beyond belief, nor differ
between the segments of a chain by more than one season explains.
"""

from collections.abc import Iterator, Mapping
from math import log
from typing import Any

import polars as pl

from contracts.chain import Chain
from contracts.holidays import weigh_holiday
from contracts.period import add_months
from tasks.reconciling.constraints import add_interval
from tasks.reconciling.found import SERIES, Found, Part
from tasks.reconciling.implied import to_percent

LEAP = log(1.1)
"""A change of the implied base that counts as a leap; not in the months around the new year."""
SWING = log(1.4)
"""A leap and the fall after it, together, beyond belief."""
APART = log(1.3)
"""How far the segments' implied bases may lie apart beyond rounding."""
_LARGE_PCT = 10.0
_CHAIN_MONTH = ("source", "chain", "metric", "month")
_NODE_MONTH = [*SERIES, "month"]


def imply_bases(figures: pl.DataFrame) -> pl.DataFrame:
    """B of every series and month that has MoM, YoY and the YoY of the month before: one row per series and month.

    Columns `SERIES`, `month` (t), `lower`, `upper`, `point` (log scale), `figure_ids` (a list). `figures` has one row
    per key.
    """
    growth = _log_growth(figures)
    mom, yoy = growth.filter(measure="mom_pct"), growth.filter(measure="yoy_pct")
    before = yoy.with_columns(pl.col("month").dt.offset_by("1mo"))
    joined = mom.join(yoy, on=_NODE_MONTH, suffix="_yoy").join(before, on=_NODE_MONTH, suffix="_before")
    return joined.select(
        *_NODE_MONTH,
        lower=pl.col("lower") + pl.col("lower_before") - pl.col("upper_yoy"),
        upper=pl.col("upper") + pl.col("upper_before") - pl.col("lower_yoy"),
        point=pl.col("point") + pl.col("point_before") - pl.col("point_yoy"),
        figure_ids=pl.concat_list("figure_id", "figure_id_before", "figure_id_yoy"),
        kinds=pl.concat_list("kind", "kind_before", "kind_yoy"),
    ).sort(*_NODE_MONTH)


def _log_growth(figures: pl.DataFrame) -> pl.DataFrame:
    """MoM and YoY of single months with a number, on the log scale."""
    rows = add_interval(
        figures.filter(pl.col("measure").is_in(["mom_pct", "yoy_pct"]), pl.col("is_monthly"), pl.col("value") > -100.0)
    ).filter(pl.col("low") > -100.0)
    return rows.select(
        *_NODE_MONTH,
        *("measure", "kind", "figure_id", "release_id", "published_at", "value"),
        lower=(pl.col("low") / 100.0).log1p(),
        upper=(pl.col("high") / 100.0).log1p(),
        point=(pl.col("value") / 100.0).log1p(),
    )


def find_base_conflicts(vintages: pl.DataFrame) -> Iterator[Found]:
    """Pairs of MoM and YoY for one month, from two publications, that rest on different bases.

    (1 + m)/(1 + y) = level(t − 12)/level(t − 1) for every publication, forecast or outcome. Where the intervals of two
    that follow one another lie apart, one of the two levels was revised. `vintages` are all rows of `FIGURES`.
    """
    growth = _log_growth(vintages).unique([*_NODE_MONTH, "measure", "kind", "release_id"], keep="any")
    key = [*_NODE_MONTH, "kind", "release_id"]
    pairs = (
        growth.filter(measure="mom_pct")
        .join(growth.filter(measure="yoy_pct"), on=key, suffix="_yoy")
        .with_columns(
            low=pl.col("lower") - pl.col("upper_yoy"),
            high=pl.col("upper") - pl.col("lower_yoy"),
            ids=pl.concat_list("figure_id", "figure_id_yoy"),
        )
        .sort(*_NODE_MONTH, "published_at", pl.col("kind") == "actual", "release_id")
    )
    previous = ("low", "high", "ids", "published_at", "kind")
    gap = pl.max_horizontal(pl.col("low") - pl.col("high_before"), pl.col("low_before") - pl.col("high"))
    apart = pairs.with_columns(
        pl.col(name).shift(1).over(_NODE_MONTH, order_by=None).alias(f"{name}_before") for name in previous
    ).with_columns(gap=gap)
    for row in apart.filter(pl.col("gap") > 1e-9).to_dicts():
        size = to_percent(row["gap"])
        yield Found(
            "base_conflict",
            "warning" if (size or 0) >= _LARGE_PCT else "info",
            {name: row[name] for name in SERIES},
            row["month"],
            (*row["ids_before"], *row["ids"]),
            size,
            {
                "before": Part("of month", row["ids_before"]),
                "after": Part("of month", row["ids"]),
                "before_kind": Part("kind", row["kind_before"]),
                "kind": Part("kind", row["kind"]),
                "before_day": Part("day", row["published_at_before"]),
                "day": Part("day", row["published_at"]),
            },
        )


def find_implausible_bases(figures: pl.DataFrame) -> Iterator[Found]:
    """Implied bases of two months in a row that leap and fall back, or fall and leap, by more than `SWING` together."""
    bases = imply_bases(figures.filter(kind="actual"))
    following = bases.with_columns(pl.col("month").dt.offset_by("-1mo"))
    pairs = bases.join(following, on=_NODE_MONTH, suffix="_next")
    up_down = (pl.col("lower") > LEAP) & (pl.col("upper_next") < -LEAP)
    down_up = (pl.col("upper") < -LEAP) & (pl.col("lower_next") > LEAP)
    beyond = pairs.filter(up_down | down_up, (pl.col("point") - pl.col("point_next")).abs() > SWING)
    for row in beyond.to_dicts():
        past = add_months(row["month"], -12)
        if any(weigh_holiday(add_months(past, step)) for step in (-1, 0, 1)):
            continue
        yield Found(
            "implausible_base",
            "warning",
            {name: row[name] for name in SERIES},
            add_months(row["month"], 1),
            tuple(dict.fromkeys([*row["figure_ids"], *row["figure_ids_next"]])),
            to_percent(abs(row["point"] - row["point_next"])),
            {
                "before_month": Part("month", past),
                "month": Part("month", add_months(past, 1)),
                "before": Part("interval", _percents(row)),
                "after": Part("interval", _percents(row, "_next")),
            },
        )


def find_bases_apart(figures: pl.DataFrame, chains: Mapping[str, Chain]) -> Iterator[Found]:
    """New-year months of last year for which segments imply changes further apart than `APART`, beyond rounding.

    In any other month segments may well part; around the new year a reader would take it for the season. Forecasts
    among the figures take part. A segment is represented by its total, else by what it is filed under.
    """
    heads = pl.DataFrame(
        [
            (chain.name, segment.name, product)
            for chain in chains.values()
            for segment in chain.segments
            if segment.role == "stage"
            for product in {"", segment.default_product}
        ],
        schema=dict.fromkeys(("chain", "segment", "product"), pl.String()),
        orient="row",
    )
    bases = imply_bases(figures).join(heads, on=["chain", "segment", "product"])
    for (source, chain, metric, month), rows in bases.group_by(*_CHAIN_MONTH, maintain_order=True):
        high, low = rows.sort("lower").row(-1, named=True), rows.sort("upper").row(0, named=True)
        gap = high["lower"] - low["upper"]
        past = add_months(month, -12)
        if gap <= APART or not any(weigh_holiday(add_months(past, step)) for step in (-1, 0)):
            continue
        yield Found(
            "bases_apart",
            "info",
            {"source": source, "chain": chain, "segment": "", "product": "", "metric": metric},
            month,
            (*high["figure_ids"], *low["figure_ids"]),
            to_percent(gap),
            {
                "month": Part("month", past),
                "before_month": Part("month", add_months(past, -1)),
                "high_series": Part("series", (high["segment"], high["product"])),
                "low_series": Part("series", (low["segment"], low["product"])),
                "high": Part("interval", _percents(high)),
                "low": Part("interval", _percents(low)),
            },
        )


def _percents(row: Mapping[str, Any], suffix: str = "") -> tuple[float | None, ...]:
    return tuple(to_percent(row[f"{name}{suffix}"]) for name in ("point", "lower", "upper"))
