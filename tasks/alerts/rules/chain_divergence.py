"""Rule chain_divergence: linked stages grow apart by more than they usually do."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.text import fill_text
from contracts.wording import lower_title, measure_words, write_number, write_rough, write_value
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.thresholds import Threshold, read_thresholds

NAME = "chain_divergence"
LIMITS = {
    "months_k": Threshold(1, "fires where the gap holds in so many of the last `months_n` months"),
    "months_n": Threshold(3, "months looked at"),
    "warning_spreads": Threshold(2.0, "a warning from so many limits on"),
    "warning_months": Threshold(2, "or where the gap holds in so many months"),
}
_LINK = ("source", "chain", "segment", "counterpart", "product", "metric", "measure")
_STAGE = ("source", "chain", "segment", "product", "metric", "measure", "month")


def find_chain_divergences(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates from rows with basis `divergence` (segment = upstream, counterpart = downstream).

    A gap counts when its smallest size that rounding allows, as a ratio of levels, exceeds the link's limit. Fires when
    that holds in this month and in at least `months_k` of the last `months_n` calendar months. warning when the gap
    reaches `warning_spreads` limits beyond rounding, or holds in `warning_months` of them; else info. Links that share
    the stage that moved, the end with the larger change of level, are one candidate, filed under that stage.
    """
    chains, months = evaluation.chains, evaluation.months
    limits = read_thresholds(chains, NAME, LIMITS)
    apart = (
        evaluation.comparisons.filter(pl.col("basis") == "divergence", pl.col("chain").is_in(list(chains)))
        .join(limits, on=["chain", "segment", "measure"], how="inner")
        .with_columns(
            pl.max_horizontal(pl.col("log_gap_lower"), -pl.col("log_gap_upper"), pl.lit(0.0)).alias("near"),
            (100 * (pl.col("spread_pp") / 100).log1p()).alias("limit"),
        )
        .filter((pl.col("near") > pl.col("limit") + 1e-9) & (pl.col("month") <= months[1]))
    )
    found = (
        apart.join(_count_months(apart), on=[*_LINK, "month"], how="left")
        .filter(pl.col("month").is_between(*months), pl.col("months_apart") >= pl.col("months_k"))
        .pipe(_add_growth, evaluation.comparisons, chains)
        .pipe(_add_names, evaluation.subjects)
        .with_columns(_is_downstream_moved().alias("is_down"))
    )
    return _write(_join_by_mover(found))


def _is_downstream_moved() -> pl.Expr:
    """Whether the stage downstream changed its level by more; of a bound, whose growth is not known, upstream did."""
    up, down = ((1 + pl.col(f"{end}_pct") / 100).log().abs() for end in ("upstream", "downstream"))
    return (down > up).fill_null(False)


def _join_by_mover(found: pl.DataFrame) -> pl.DataFrame:
    """One row per stage that moved, the widest link first: the numbers of that link, and all others as words."""
    mover, other = _pick("downstream", "upstream"), _pick("upstream", "downstream")
    growth = write_value(_pick("upstream_pct", "downstream_pct"), pl.col("measure"), pl.lit("%"))
    severe = (pl.col("near") >= pl.col("warning_spreads") * pl.col("limit")) | (
        pl.col("months_apart") >= pl.col("warning_months")
    )
    named = found.with_columns(
        mover.alias("mover"),
        write_value(_pick("downstream_pct", "upstream_pct"), pl.col("measure"), pl.lit("%")).alias("moved"),
        pl.coalesce(fill_text("{} {}", _lower(other), growth), _lower(other)).alias("other"),
        pl.when("is_down").then("counterpart").otherwise("segment").alias("stage"),
        pl.when("is_down")
        .then(pl.col("counterpart_product").fill_null(""))
        .otherwise("product")
        .alias("stage_product"),
        (100 * (pl.col("log_gap").abs() / 100).exp() - 100).alias("apart_pct"),
        severe.alias("is_severe"),
    ).with_columns(
        pl.col("stage").alias("segment"),
        pl.col("stage_product").alias("product"),
        pl.col("segment").alias("upstream_segment"),
    )
    return (
        named.sort(*_STAGE, pl.col("near") / pl.col("limit"), "other", descending=[*[False] * 7, True, False])
        .group_by(_STAGE, maintain_order=True)
        .agg(
            pl.first("mover", "moved", "upstream_pct", "downstream_pct", "value", "near", "spread_pp", "months_apart"),
            pl.first("upstream_segment", "counterpart"),
            pl.col("other").str.join(", ").alias("others"),
            pl.col("is_severe").any(),
            pl.col("apart_pct").min().alias("apart_low"),
            pl.col("apart_pct").max().alias("apart_pct"),
            pl.col("value").abs().min().alias("gap_low"),
            pl.col("value").abs().max().alias("gap_high"),
            pl.col("figure_ids").str.split(" ").explode().unique(maintain_order=True).str.join(" "),
        )
    )


def _pick(down: str, up: str) -> pl.Expr:
    return pl.when("is_down").then(down).otherwise(up)


def _count_months(apart: pl.DataFrame) -> pl.DataFrame:
    """Per link and month: in how many of the last `months_n` months, this one included, the gap held."""
    now = apart.select(*_LINK, "month", "months_n")
    then = apart.select(*_LINK, pl.col("month").alias("past"))
    age = (pl.col("month").dt.year() - pl.col("past").dt.year()) * 12 + (
        pl.col("month").dt.month().cast(pl.Int32) - pl.col("past").dt.month().cast(pl.Int32)
    )
    return (
        now.join(then, on=list(_LINK))
        .filter((age >= 0) & (age < pl.col("months_n")))
        .group_by(*_LINK, "month")
        .agg(pl.col("past").n_unique().cast(pl.Int64).alias("months_apart"))
    )


def _add_growth(found: pl.DataFrame, comparisons: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """Growth of both ends: of the total, else of the product that stands for it; as reported, else as derived."""
    keys = ["source", "chain", "segment", "metric", "measure", "month"]
    stands = pl.DataFrame(
        [(c.name, s.name, product) for c in chains.values() for s in c.segments for product in {"", s.default_product}],
        schema={"chain": pl.String, "segment": pl.String, "product": pl.String},
        orient="row",
    )
    growth = (
        comparisons.filter(pl.col("basis").is_in(["reported", "derived"]), pl.col("value").is_not_null())
        .join(stands, on=["chain", "segment", "product"], how="semi")
        .sort(pl.col("product") != "", pl.col("basis") != "reported", *keys)
        .unique(keys, keep="first", maintain_order=True)
        .select(*keys, "product", "value")
    )
    down = growth.rename({"segment": "counterpart", "value": "downstream_pct", "product": "counterpart_product"})
    return found.join(growth.drop("product").rename({"value": "upstream_pct"}), on=keys, how="left").join(
        down, on=[k.replace("segment", "counterpart") for k in keys], how="left"
    )


def _add_names(found: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    totals = subjects.filter(pl.col("product") == "").select("chain", "segment", pl.col("subject").alias("upstream"))
    ends = totals.rename({"segment": "counterpart", "upstream": "downstream"})
    return (
        found.join(totals, on=["chain", "segment"], how="left")
        .join(ends, on=["chain", "counterpart"], how="left")
        .with_columns(pl.col("upstream").fill_null(pl.col("segment")), pl.col("downstream").fill_null("counterpart"))
    )


def _lower(titles: pl.Expr) -> pl.Expr:
    """Titles as they stand inside a sentence."""
    return titles.map_elements(lower_title, return_dtype=pl.String)


def _write(found: pl.DataFrame) -> pl.DataFrame:
    words = measure_words(pl.col("measure"))
    growth = fill_text("{} {} while {}{}: ", "mover", "moved", "others", words)
    names = fill_text("{} and {}{}: ", "mover", "others", words)
    limit = write_number(pl.col("spread_pp"))
    gap = fill_text(
        "{} % apart ({} pp), limit {} %",
        _say_range(pl.col("apart_low"), pl.col("apart_pct")),
        _say_range(pl.col("gap_low"), pl.col("gap_high")),
        limit,
    )
    return found.select(
        pl.when("is_severe").then(pl.lit("warning")).otherwise(pl.lit("info")).alias("severity"),
        *_STAGE,
        (pl.coalesce(growth, names) + pl.coalesce(gap, fill_text("apart by more than the limit of {} %", limit))).alias(
            "title"
        ),
        pl.struct(
            pl.col("upstream_segment").alias("upstream"),
            pl.col("counterpart").alias("downstream"),
            pl.col("upstream_pct").round(4),
            pl.col("downstream_pct").round(4),
            pl.col("value").round(4).alias("gap_pp"),
            pl.col("apart_pct").round(4),
            (100 * (pl.col("near") / 100).exp() - 100).round(4).alias("apart_beyond_rounding_pct"),
            pl.col("spread_pp").alias("limit_pct"),
            pl.col("months_apart"),
            _say_meaning().alias("note"),
        )
        .struct.json_encode()
        .alias("detail"),
        "figure_ids",
    )


def _say_range(low: pl.Expr, high: pl.Expr) -> pl.Expr:
    one, other = write_rough(low), write_rough(high)
    return pl.when(one == other).then(one).otherwise(fill_text("{} to {}", one, other))


def _say_meaning() -> pl.Expr:
    """What such a gap may mean; a reading to check, not a finding."""
    up, down = pl.col("upstream_pct"), pl.col("downstream_pct")
    return (
        pl.when((up > 0) & (down < 0))
        .then(pl.lit("Materials up while the stage they feed falls: may be stock building, or sales to others."))
        .when((up < 0) & (down > 0))
        .then(pl.lit("Materials down while the stage they feed rises: may be stocks drawn down, or other suppliers."))
        .when((pl.col("value") > 0) & (up < 0))
        .then(pl.lit("Materials fall less than the stage they feed: stocks may be building."))
        .when((pl.col("value") < 0) & (down < 0))
        .then(pl.lit("Materials fall more than the stage they feed: stocks may be drawn down."))
        .when(pl.col("value") > 0)
        .then(pl.lit("Materials grow faster than the stage they feed: stocks may be building."))
        .otherwise(pl.lit("Materials grow slower than the stage they feed: stocks may be drawn down."))
    )


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info", "warning"),
        says="linked stages grow apart by more than the limit of their link",
        find=find_chain_divergences,
        thresholds=LIMITS,
        rank=5,
        compares_months=True,
        labels={
            "gap_pp": "gap, pp",
            "apart_pct": "levels apart, %",
            "apart_beyond_rounding_pct": "of it beyond rounding, %",
            "limit_pct": "limit, %",
            "months_apart": "months apart of late",
        },
    )
)
