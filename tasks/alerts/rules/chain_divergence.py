"""Rule chain_divergence: linked stages grow apart by more than they usually do."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.text import fill_text
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.thresholds import Threshold, read_thresholds
from tasks.alerts.wording import lower_title, measure_words, write_number, write_value

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

    A gap counts when its smallest size that rounding allows exceeds the link's `spread_pp`. Fires when that holds in
    this month and in at least `months_k` of the last `months_n` calendar months. warning when the gap reaches
    `warning_spreads` spreads beyond rounding, or holds in `warning_months` of them; else info. One candidate per
    upstream stage: its widest link is the finding, the others are in the detail, since a counterpart is not identity.
    """
    chains, months = evaluation.chains, evaluation.months
    comparisons = evaluation.comparisons
    limits = read_thresholds(chains, NAME, LIMITS)
    apart = (
        comparisons.filter(pl.col("basis") == "divergence", pl.col("chain").is_in(list(chains)))
        .join(limits, on=["chain", "segment", "measure"], how="inner")
        .with_columns(
            pl.max_horizontal(pl.col("lower"), -pl.col("upper"), pl.lit(0.0)).alias("near"),
        )
        .filter((pl.col("near") > pl.col("spread_pp") + 1e-9) & (pl.col("month") <= months[1]))
    )
    repeated = _count_months(apart)
    found = (
        apart.join(repeated, on=[*_LINK, "month"], how="left")
        .filter(pl.col("month").is_between(*months), pl.col("months_apart") >= pl.col("months_k"))
        .pipe(_add_growth, comparisons, chains)
        .pipe(_add_names, evaluation.subjects)
        .sort(*_STAGE, pl.col("near") / pl.col("spread_pp"), "counterpart", descending=[*[False] * 7, True, False])
    )
    others = found.group_by(_STAGE).agg(pl.col("downstream").slice(1).str.join(", ").alias("also"))
    return found.unique(_STAGE, keep="first", maintain_order=True).join(others, on=_STAGE).pipe(_write)


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
        .select(*keys, "value")
    )
    down = growth.rename({"segment": "counterpart", "value": "downstream_pct"})
    return found.join(growth.rename({"value": "upstream_pct"}), on=keys, how="left").join(
        down, on=[k.replace("segment", "counterpart") for k in keys], how="left"
    )


def _add_names(found: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    totals = subjects.filter(pl.col("product") == "").drop("product")
    inner = {title: lower_title(title) for title in totals["subject"]}
    ends = totals.select(
        "chain",
        pl.col("segment").alias("counterpart"),
        pl.col("subject").replace_strict(inner, return_dtype=pl.String).alias("downstream"),
    )
    return (
        found.join(totals.rename({"subject": "upstream"}), on=["chain", "segment"], how="left")
        .join(ends, on=["chain", "counterpart"], how="left")
        .with_columns(pl.col("upstream").fill_null(pl.col("segment")), pl.col("downstream").fill_null("counterpart"))
    )


def _write(found: pl.DataFrame) -> pl.DataFrame:
    far = pl.col("near") >= pl.col("warning_spreads") * pl.col("spread_pp")
    severe = far | (pl.col("months_apart") >= pl.col("warning_months"))
    growth = fill_text(
        "{} {} while {} {}{}: ",
        "upstream",
        write_value(pl.col("upstream_pct"), pl.col("measure"), pl.lit("%")),
        "downstream",
        write_value(pl.col("downstream_pct"), pl.col("measure"), pl.lit("%")),
        measure_words(pl.col("measure")),
    )
    names = fill_text("{} and {}{}: ", "upstream", "downstream", measure_words(pl.col("measure")))
    gap = fill_text(
        "{} pp apart, usually within {}",
        write_number(pl.col("value").round(1)),
        write_number(pl.col("spread_pp")),
    )
    return found.select(
        pl.when(severe).then(pl.lit("warning")).otherwise(pl.lit("info")).alias("severity"),
        *_STAGE,
        (pl.coalesce(growth, names) + gap).alias("title"),
        pl.struct(
            pl.col("counterpart"),
            pl.col("upstream_pct").round(4),
            pl.col("downstream_pct").round(4),
            pl.col("value").round(4).alias("gap_pp"),
            pl.col("near").round(4).alias("gap_beyond_rounding_pp"),
            pl.col("spread_pp"),
            pl.col("months_apart"),
            pl.col("also"),
            _say_meaning().alias("note"),
        )
        .struct.json_encode()
        .alias("detail"),
        "figure_ids",
    )


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
        says="linked stages grow apart by more than they usually do",
        find=find_chain_divergences,
        thresholds=LIMITS,
        rank=4,
        labels={
            "gap_pp": "gap, pp",
            "gap_beyond_rounding_pp": "gap that rounding cannot explain, pp",
            "spread_pp": "usual gap, pp",
            "months_apart": "months apart of late",
        },
    )
)
