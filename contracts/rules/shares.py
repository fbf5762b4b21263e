"""Shares that cannot all be true: of a product and its kinds, and of two months and the change between them.

Every printed share is an interval: value ± half a unit of its last digit, or its bounds. Shares contradict one
another only where the intervals leave no way out, so never by rounding alone. Of rows that contradict one
another none can be told to be the right one: all of them are breaches.
"""

from collections.abc import Iterator

import polars as pl

from contracts.chain import Chain, Segment
from contracts.rules.rule import gather_breaches, report_breaches
from contracts.text import fill_text

_GROUP = ("segment", "metric", "period", "kind")
_SLACK = 1e-9
_LAGS = {"share_mom_pp": 1, "share_yoy_pp": 12}


def find_share_contradictions(figures: pl.DataFrame, chain: Chain) -> pl.DataFrame:
    """Breaches of `child_within_parent`, `siblings_within_parent` and `share_change_fits`.

    `figures`: one row per key, of known segments and products.
    """
    shares = figures.lazy().with_row_index("index").filter(pl.col("measure") == "share_pct").select(*_COLUMNS).collect()
    changes = figures.lazy().with_row_index("index").filter(pl.col("measure").is_in(list(_LAGS))).collect()
    parts = [part for segment in chain.segments for part in _check_tree(shares, segment)]
    return gather_breaches([*parts, *_check_changes(shares, changes)])


_COLUMNS = (
    "index",
    *_GROUP,
    "product",
    pl.coalesce("value", fill_text("[{}, {}]", pl.col("lower").fill_null(0.0), pl.col("upper").fill_null(100.0))).alias(
        "said"
    ),
    pl.coalesce("lower", pl.col("value") - pl.col("half_width"), 0.0).alias("low"),
    pl.coalesce("upper", pl.col("value") + pl.col("half_width"), 100.0).alias("high"),
)


def _check_tree(shares: pl.DataFrame, segment: Segment) -> Iterator[pl.DataFrame]:
    """Breaches at every product that has kinds, and at the segment itself, whose kinds make up 100 %."""
    own = shares.filter(pl.col("segment") == segment.name)
    if own.height < 2:  # one share alone contradicts nothing
        return
    products = [p.name for p in segment.products]
    wide = _spread(own, products)
    for parent in ("", *products):
        if children := [p for p in products if segment.parents[p] == parent]:
            yield _check_parent(wide, segment, parent, children)


def _spread(shares: pl.DataFrame, products: list[str]) -> pl.DataFrame:
    """One row per segment, metric, period and kind, with `low/…`, `high/…`, `said/…`, `index/…` of each product."""
    cells = [
        pl.col(column).filter(pl.col("product") == product).first().alias(f"{column}/{product}")
        for product in products
        for column in ("low", "high", "said", "index")
    ]
    return shares.lazy().group_by(_GROUP).agg(cells).collect()


def _floor(segment: Segment, product: str) -> pl.Expr:
    """Smallest share that a product's own statement and those of its kinds allow; 0 where nothing is stated."""
    kinds = [_floor(segment, p.name) for p in segment.products if p.parent == product]
    own = pl.col(f"low/{product}").fill_null(0.0)
    return pl.max_horizontal(own, pl.sum_horizontal(kinds)) if kinds else own


def _nearest_stated(segment: Segment, parent: str) -> dict[str, pl.Expr]:
    """By product below `parent`: whether it is stated and nothing stated stands between the two."""
    found: dict[str, pl.Expr] = {}
    for product in (p.name for p in segment.products):
        above, step = [], segment.parents[product]
        while step not in (parent, ""):
            above.append(step)
            step = segment.parents[step]
        if step == parent:
            hidden = [pl.col(f"said/{name}").is_not_null() for name in above]
            stated = pl.col(f"said/{product}").is_not_null()
            found[product] = stated & ~pl.any_horizontal(hidden) if hidden else stated
    return found


def _check_parent(wide: pl.DataFrame, segment: Segment, parent: str, children: list[str]) -> pl.DataFrame:
    floors = [_floor(segment, child) for child in children]
    ceiling = (pl.col(f"high/{parent}").fill_null(100.0) if parent else pl.lit(100.0)) + _SLACK
    involved = _nearest_stated(segment, parent)
    texts = [pl.when(expr).then(fill_text(f"{name} {{}}", f"said/{name}")) for name, expr in involved.items()]
    whole = fill_text(f"{parent} {{}}", f"said/{parent}") if parent else pl.lit("100")
    broken = wide.filter(pl.sum_horizontal(floors) > ceiling).with_columns(
        rule=pl.when(pl.max_horizontal(floors) > ceiling)
        .then(pl.lit("child_within_parent"))
        .otherwise(pl.lit("siblings_within_parent")),
        message=fill_text(
            "shares of {} {}: {} exceeds {}, rounding allowed for",
            "segment",
            "period",
            pl.concat_str(texts, separator=" + ", ignore_nulls=True),
            whole,
        ),
    )
    if parent:
        involved[parent] = pl.col(f"said/{parent}").is_not_null()
    rows = [
        broken.filter(expr).select(
            "rule", "message", index=pl.col(f"index/{name}"), value=pl.col(f"said/{name}").cast(pl.String)
        )
        for name, expr in involved.items()
    ]
    return _by_rule(pl.concat(rows), column="value")


def _check_changes(shares: pl.DataFrame, changes: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """A change of a share against the shares of its two months, where the release states them."""
    monthly = shares.filter(pl.col("period").str.contains(r"-\d\d$")).with_columns(_month_number())
    node = ["segment", "product", "metric", "month"]
    now = monthly.select(*node, "kind", "said", "low", "high", "index")
    before = monthly.filter(pl.col("kind") == "actual").select(*node, "said", "low", "high", "index")
    for measure, lag in _LAGS.items():
        stated = changes.filter(pl.col("measure") == measure, pl.col("period").str.contains(r"-\d\d$"))
        if stated.is_empty():
            continue
        joined = (
            stated.with_columns(_month_number())
            .select(
                *node,
                *("kind", "index", "period"),
                least=pl.coalesce("lower", pl.col("value") - pl.col("half_width"), -100.0),
                most=pl.coalesce("upper", pl.col("value") + pl.col("half_width"), 100.0),
                change=pl.coalesce("value", "lower", "upper"),
            )
            .join(now, on=[*node, "kind"], how="left", suffix="/now")
            .join(before.with_columns(pl.col("month") + lag), on=node, how="left", suffix="/before")
        )
        low, high, low_before, high_before = (
            pl.col(name).fill_null(edge)
            for name, edge in (("low", 0.0), ("high", 100.0), ("low/before", 0.0), ("high/before", 100.0))
        )
        broken = joined.filter(
            (pl.col("least") > high - low_before + _SLACK) | (pl.col("most") < low - high_before - _SLACK)
        ).with_columns(
            message=fill_text(
                "{} {} {}: a change of {} pp does not fit a share of {} after {}",
                *("segment", "product", "period", "change"),
                pl.col("said").cast(pl.String).fill_null("0 to 100"),
                pl.col("said/before").cast(pl.String).fill_null("0 to 100"),
            )
        )
        for column, value in (("index", "change"), ("index/now", "said"), ("index/before", "said/before")):
            rows = broken.filter(pl.col(column).is_not_null()).select(
                "message", index=pl.col(column), value=pl.col(value).cast(pl.String)
            )
            yield report_breaches(rows.unique("index", maintain_order=True), rule="share_change_fits", column="value")


def _month_number() -> pl.Expr:
    period = pl.col("period")
    return (period.str.slice(0, 4).cast(pl.Int32) * 12 + period.str.slice(5, 2).cast(pl.Int32)).alias("month")


def _by_rule(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    parts = rows.partition_by("rule", as_dict=True)
    return gather_breaches(report_breaches(part, rule=str(name), column=column) for (name,), part in parts.items())
