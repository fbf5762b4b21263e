"""Rule forecast_miss: an outcome outside what the tolerance and the forecast's record allow, or of the other sign.

One fact is one finding: MoM, YoY, level and direction of one segment or product and month are told together, with the
range of their levels.
"""

import polars as pl

from contracts.text import fill_text
from contracts.wording import measure_words, name_quantity, write_rough, write_value
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.scored import LEAST_USUAL, MISS_LIMITS

NAME = "forecast_miss"
# In which order the measures of one fact are told.
_ORDER = ("mom_pct", "level", "yoy_pct", "direction")
_FACT = ("source", "chain", "segment", "product", "metric", "fact", "month")


def find_forecast_misses(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates among scored forecasts (see `prepare_scored`), all distances taken beyond rounding.

    - info: the size above the static tolerance and, once known, above the 80 % band; or a reversal: a rise was
      forecast and it fell, or the other way round
    - warning: moreover above the 90 % band, and the level at least `level_pct` from its forecast (a share or rate:
      `points_pp` from it); or a reversal with the level that far from its forecast

    While the record is too short for a band the static tolerance stands in for it. Growth, levels, changes and
    directions of one series are one finding, with an empty measure; shares and rates are another fact.
    """
    misses = grade_misses(evaluation.scored.filter(pl.col("month").is_between(*evaluation.months)))
    place = pl.col("measure").replace_strict({m: i for i, m in enumerate(_ORDER)}, default=len(_ORDER))
    facts = (
        misses.with_columns(place.alias("place"), _name_fact().alias("fact"), _describe().alias("mark"))
        .with_columns(_say_numbers().alias("numbers"))
        .sort(*_FACT, "place", "measure")
        .group_by(_FACT, maintain_order=True)
        .agg(
            pl.col("rank").max(),
            pl.first("subject", "family", "outcome", "aim", "numbers", "mark"),
            (pl.col("numbers").is_not_null() & (pl.col("place") > 0)).sum().alias("others"),
            pl.col("numbers").drop_nulls().str.join(", ").alias("all_numbers"),
            pl.col("level_surprise").filter(pl.col("family").is_in(["growth", "level"])).min().alias("level_low"),
            pl.col("level_surprise").filter(pl.col("family").is_in(["growth", "level"])).max().alias("level_high"),
            pl.col("is_reversed").any(),
            pl.col("mark").alias("marks"),
            pl.concat_str("forecast_id", "used_id", separator=" ", ignore_nulls=True).str.join(" ").alias("figure_ids"),
        )
    )
    return facts.select(
        pl.col("rank").replace_strict({0: "info", 1: "warning"}, return_dtype=pl.String).alias("severity"),
        *("source", "chain", "segment", "product", "metric", "month"),
        pl.col("fact").alias("measure"),
        _write_title().alias("title"),
        _write_detail().alias("detail"),
        "figure_ids",
    )


def grade_misses(scored: pl.DataFrame) -> pl.DataFrame:
    """The scored forecasts that were missed or reversed, with `rank` 0 for info and 1 for warning."""
    far = (pl.col("level_near") >= pl.col("level_pct")).fill_null(False)
    practical = pl.when("is_by_log").then(far).otherwise(pl.col("near") >= pl.col("points_pp"))
    outside_80 = (pl.col("size") > pl.col("usual_80") + 1e-9).fill_null(True)
    outside_90 = (pl.col("size") > pl.col("usual_90") + 1e-9).fill_null(True)
    is_miss = pl.col("is_missed") & outside_80
    is_severe = (is_miss & outside_90 & practical) | (pl.col("is_reversed") & far)
    return scored.filter(is_miss | pl.col("is_reversed")).with_columns(is_severe.cast(pl.Int8).alias("rank"))


def _name_fact() -> pl.Expr:
    """Empty for what is about one level (growth, levels, changes, directions); else the measure."""
    is_own = pl.col("family").is_in(["share", "points"]) | ((pl.col("family") == "level") & ~pl.col("is_level"))
    return pl.when(is_own).then("measure").otherwise(pl.lit(""))


def _describe() -> pl.Expr:
    """The numbers behind one forecast, rounded so that the same inputs give the same text."""
    factor = pl.when(pl.col("family") == "growth").then(100 + pl.col("aim")).otherwise(100.0)
    # of two bands the one that the outcome lies outside of
    has_90 = (pl.col("size") > pl.col("usual_90") + 1e-9).fill_null(False) | pl.col("usual_80").is_null()
    usual = pl.coalesce(pl.when(has_90).then("usual_90"), "usual_80", "limit")
    lower, upper = (
        pl.when("is_by_log").then(factor * ((sign * usual / 100).exp() - 1)).otherwise(sign * usual)
        for sign in (-1.0, 1.0)
    )
    is_own = pl.coalesce("usual_90", "usual_80").is_not_null()
    return pl.struct(
        "measure",
        pl.col("aim").alias("forecast"),
        "forecast_lower",
        "forecast_upper",
        pl.col("outcome").alias("actual"),
        "actual_is",
        "first_actual",
        "unit",
        pl.when("is_level").then(pl.lit("%")).otherwise(pl.lit("pp")).alias("gap_unit"),
        pl.col("error").round(4).alias("surprise"),
        pl.col("near").round(4).alias("surprise_beyond_rounding"),
        pl.col("level_surprise").round(4).alias("level_surprise_pct"),
        ((upper - lower) / 2).round(4).alias("band"),
        lower.round(4).alias("band_lower"),
        upper.round(4).alias("band_upper"),
        pl.when(is_own & (pl.col("band_n") >= LEAST_USUAL) & has_90)
        .then(pl.lit("usual error, 9 of 10"))
        .when(is_own & (pl.col("band_n") >= LEAST_USUAL))
        .then(pl.lit("usual error, 4 of 5"))
        .when(is_own)
        .then(pl.lit("past errors, too few to call usual"))
        .otherwise(pl.lit("limit of the chain"))
        .alias("band_kind"),
        "band_n",
        "is_reversed",
    )


def _write_detail() -> pl.Expr:
    """The numbers of the first measure, and beside them those of every measure that missed, as JSON."""
    several = pl.when(pl.col("marks").list.len() > 1).then("marks")
    return pl.col("mark").struct.with_fields(several.alias("marks")).struct.json_encode()


def write_forecast() -> pl.Expr:
    """The forecast as it was made: `−70 %`, `3 % to 5 %`, `more than 25 %`."""
    lower, upper = (
        write_value(pl.col(name), pl.col("measure"), pl.col("unit")) for name in ("forecast_lower", "forecast_upper")
    )
    return pl.coalesce(
        write_value(pl.col("forecast"), pl.col("measure"), pl.col("unit")),
        fill_text("{} to {}", lower, upper),
        pl.lit("more than ") + lower,
        pl.lit("less than ") + upper,
    )


def _say_numbers() -> pl.Expr:
    """`−60 % against −70 % MoM`, and which outcome it is where a later one was published; null for a direction."""
    measure = pl.col("measure")
    later = pl.when(pl.col("actual_is") == "latest").then(
        fill_text(" (restated, first {})", write_value(pl.col("first_actual"), measure, pl.col("unit")))
    )
    numbers = fill_text(
        "{}{} against {}{}",
        write_value(pl.col("outcome"), measure, pl.col("unit")),
        later.fill_null(""),
        write_forecast(),
        measure_words(measure),
    )
    return pl.when(pl.col("family") != "direction").then(numbers)


def _write_title() -> pl.Expr:
    above = pl.col("outcome") > pl.col("aim")
    is_amount = pl.col("metric").is_in(["production", "shipments", "demand"]) & (pl.col("family") != "share")
    verb = (
        pl.when(pl.col("is_reversed") & above)
        .then(pl.lit("rose although a fall was forecast"))
        .when(pl.col("is_reversed"))
        .then(pl.lit("fell although a rise was forecast"))
        .when(is_amount & above)
        .then(pl.lit("beat the forecast"))
        .when(is_amount)
        .then(pl.lit("fell short of the forecast"))
        .when(above)
        .then(pl.lit("came in above the forecast"))
        .otherwise(pl.lit("came in below the forecast"))
    )
    return fill_text(
        "{} {} {}{}{}",
        "subject",
        name_quantity(pl.col("metric"), pl.col("fact")),
        verb,
        pl.when(pl.col("all_numbers") != "").then(pl.lit(": ") + pl.col("all_numbers")).otherwise(pl.lit("")),
        say_level_range(pl.col("level_low"), pl.col("level_high"), pl.col("family")),
    )


def say_level_range(low: pl.Expr, high: pl.Expr, family: pl.Expr) -> pl.Expr:
    """`; level 33 % higher`, or by two routes `; level 15 to 26 % higher`; empty where there is none to tell."""
    small, large = pl.min_horizontal(low.abs(), high.abs()), pl.max_horizontal(low.abs(), high.abs())
    one = write_rough(large)
    both = fill_text("{} to {}", write_rough(small), write_rough(large))
    is_level = (family == "level") & (low == high)
    words = (
        pl.when(large.is_null() | is_level | (large < 0.05))
        .then(pl.lit(""))
        .when(low.sign() * high.sign() < 0)
        .then(fill_text("; level {} % lower by one route, {} % higher by another", write_rough(low), write_rough(high)))
        .otherwise(
            fill_text(
                "; level {} % {}",
                pl.when(write_rough(small) == one).then(one).otherwise(both),
                pl.when(high > 0).then(pl.lit("higher")).otherwise(pl.lit("lower")),
            )
        )
    )
    return words.fill_null("")


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info", "warning"),
        says="the outcome lies outside the tolerance and the past errors, or a rise was forecast and it fell",
        find=find_forecast_misses,
        thresholds=MISS_LIMITS,
        rank=4,
        holds_back="segment",
        labels={
            "forecast": "forecast",
            "forecast_lower": "forecast at least",
            "forecast_upper": "forecast at most",
            "actual": "outcome",
            "actual_is": "outcome as published",
            "first_actual": "first published outcome",
            "surprise": "surprise",
            "surprise_beyond_rounding": "surprise that rounding cannot explain",
            "level_surprise_pct": "level against its forecast, %",
            "band": "allowed on average",
            "band_lower": "allowed below the forecast",
            "band_upper": "allowed above the forecast",
            "band_kind": "which is the",
            "band_n": "past forecasts behind it",
            "is_reversed": "of the other sign",
        },
    )
)
