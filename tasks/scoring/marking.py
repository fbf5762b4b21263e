"""Marking: every forecast in the figures gets a row, with the surprise where its outcome is known.

The standard: first published actual as the headline, the latest beside it; a forecast counts only where
it was published before the first actual; nothing is dropped. Everything is computed from the figures
given, so that figures as of T give scores as of T.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from contracts.chain import Chain
from contracts.errors import ContractBroken
from contracts.figures import SERIES
from contracts.scores import SCORES
from tasks.scoring.actuals import collect_actuals
from tasks.scoring.bands import add_bands
from tasks.scoring.keys import code_words, describe_series
from tasks.scoring.naive import add_naive, month_number, series_month
from tasks.scoring.surprise import (
    add_surprises,
    classify_direction,
    is_bounded,
    judge,
    judge_range,
    mark_direction,
)
from tasks.scoring.vintages import is_repetition, resolve_actuals
from tasks.scoring.wedge import add_routes

_NEEDED = (
    *SERIES,
    *("period", "month", "is_monthly", "kind", "value", "lower", "upper", "half_width", "unit", "qualifier"),
    *("published_at", "is_published_assumed", "review_month", "release_id", "figure_id"),
)
_CUMULATIVE = ("ytd_yoy_pct", "qoq_pct")
_POOL = ("source", "chain", "metric", "measure")
_NAIVE = ("no_change", "same_growth", "seasonal")


def mark_forecasts(
    figures: pl.DataFrame | pl.LazyFrame,
    *,
    chains: Mapping[str, Chain],
    months: tuple[date, date] | None = None,
) -> pl.DataFrame:
    """Mark every forecast among the figures against the first actual of its month.

    Parameters: `figures` holds all vintages that were public (columns of `FIGURES`); `chains` gives
    static tolerances by chain name; `months` keeps the forecasts for months from .. to, after all of
    the past has been used. Returns `SCORES`, ordered by series, month, publication and id.

    Raises `ContractBroken` for NaN or infinite numbers, and for null key columns.
    """
    read = figures.lazy().select(_NEEDED).collect()
    _refuse_infinite(read)
    read = _code(read, chains)
    forecasts, others = _split_forecasts(read)
    asked = forecasts.select("series", "base", "measure").unique("series").sort("series")
    actuals = read.filter(pl.col("kind") == "actual", "is_scorable")
    vintages = collect_actuals(actuals.rename({"published_at": "at", "is_published_assumed": "assumed"}), asked)
    marked = mark_pairs(_prepare(forecasts), vintages, pool=_POOL)
    return _finish(pl.concat([marked, _prepare(others)], how="diagonal"), months)


def mark_pairs(forecasts: pl.DataFrame, vintages: pl.DataFrame, *, pool: tuple[str, ...]) -> pl.DataFrame:
    """Mark prepared forecasts against actual vintages; the part that tables without a lake share.

    `forecasts` has a row per forecast with the columns that `SCORES` calls forecast_*, plus `series`
    (whose actuals it is about), `voice` (series and forecaster), `base`, `month_no`, `key`, `family`,
    `unit`, `tolerance_pp`, `release_id`, `reason`, and `status` (empty where still open). `vintages` are
    folded actuals; `pool` names the columns over which residuals are pooled. Order of rows is kept.
    """
    frame = forecasts.join(resolve_actuals(vintages), on="key", how="left", maintain_order="left")
    frame = _set_status(frame)
    frame = add_naive(add_surprises(_blank_unscored(frame)), vintages)
    frame = frame.with_columns(
        classify_direction("forecast").alias("forecast_direction"), _classify_actual().alias("actual_direction")
    )
    frame = add_bands(frame, pool=pool)
    frame = add_routes(_explain_verdict(_judge(frame)))
    return _add_issue(_add_repeats(frame))


def _refuse_infinite(figures: pl.DataFrame) -> None:
    numbers = ("value", "lower", "upper", "half_width")
    bad = figures.filter(pl.any_horizontal(~pl.col(c).is_finite() for c in numbers))
    if not bad.is_empty():
        raise ContractBroken(
            f"{bad.height} of {figures.height} figures hold NaN or infinity",
            found=[f"{row['figure_id']} value={row['value']}" for row in bad.head(5).iter_rows(named=True)],
            effect="nothing is scored",
            next="a number that is not known is null, never NaN",
        )


def _code(figures: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    coded, table = code_words(figures, SERIES)
    described = describe_series(table, chains).select("code", "series", "base", "family", "tolerance_pp")
    coded = coded.join(described, on="code", how="left", maintain_order="left").with_columns(
        month_number(pl.col("month")).alias("month_no"),
        (pl.col("is_monthly") & ~pl.col("measure").is_in(_CUMULATIVE)).alias("is_scorable"),
    )
    return coded.with_columns(
        series_month(pl.col("month_no")).alias("key"), pl.col("series").alias("voice"), _lead().alias("lead_months")
    )


def _lead() -> pl.Expr:
    """Months from the last month reviewed to the month forecast; the review month's own name decides, no clock."""
    text = pl.col("review_month")
    year, end = text.str.slice(0, 4).cast(pl.Int64), text.str.slice(5, 1)
    number = text.str.slice(6, 1).cast(pl.Int64, strict=False)
    last = (
        pl.when(end == "Q")
        .then(number * 3)
        .when(end == "H")
        .then(number * 6)
        .when(end == "")
        .then(12)
        .otherwise(text.str.slice(5, 2).cast(pl.Int64, strict=False))
    )
    return (pl.col("month_no") - (year * 12 + last - 1)).cast(pl.Int32)


def _split_forecasts(figures: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Forecasts that can be marked once the actual is there, and those that cannot, with the reason."""
    stated = pl.any_horizontal(pl.col(c).is_not_null() for c in ("value", "lower", "upper"))
    ends = ("value", "lower", "upper")
    too_low = (pl.col("family") == "growth") & pl.any_horizontal(
        (pl.col(c) < -100).fill_null(value=False) for c in ends
    )
    reason = (
        pl.when(~pl.col("is_monthly"))
        .then(pl.lit("period_not_monthly"))
        .when(~pl.col("is_scorable"))
        .then(pl.lit("cumulative"))
        .when(~stated)
        .then(pl.lit("no_number"))
        .when(too_low)
        .then(pl.lit("below_minus_100"))
        .otherwise(pl.lit(""))
    )
    forecasts = figures.filter(pl.col("kind") == "forecast").with_columns(reason.alias("reason"))
    forecasts = forecasts.with_columns(
        pl.when(pl.col("reason") != "").then(pl.lit("unscorable")).otherwise(pl.lit("")).alias("status")
    )
    open_ = _mark_duplicates(forecasts.filter(pl.col("status") == ""))
    others = pl.concat([forecasts.filter(pl.col("status") != ""), open_.filter(pl.col("status") == "unscorable")])
    return open_.filter(pl.col("status") != "unscorable"), others


def _mark_duplicates(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Set `republished` (unscorable), `disputed`, and say where assumed days order differing forecasts.

    Forecasts of one series and month, said in reviews of the same month, are vintages of each other.
    """
    keys = ["key", "lead_months"]
    several = pl.struct(keys).is_duplicated()
    forecasts = (
        forecasts.with_columns(several.alias("_several"))
        if forecasts.height
        else forecasts.with_columns(pl.lit(value=False).alias("_several"))
    )
    alone = forecasts.filter(~pl.col("_several"))
    group = forecasts.filter("_several").sort(
        *keys, "published_at", "value", "lower", "upper", "figure_id", nulls_last=True
    )
    repeated = is_repetition() & pl.col("lead_months").eq(pl.col("lead_months").shift())
    group = group.with_columns(repeated.fill_null(value=False).alias("_repeated"))
    fresh = ~pl.col("_repeated")
    clash = (fresh.sum().over(*keys, "published_at") > 1) & fresh
    assumed = pl.col("is_published_assumed").any().over(keys) & (fresh.sum().over(keys) > 1) & fresh
    group = group.with_columns(
        pl.when("_repeated")
        .then(pl.lit("unscorable"))
        .when(clash)
        .then(pl.lit("disputed"))
        .otherwise(pl.lit(""))
        .alias("status"),
        pl.when("_repeated")
        .then(pl.lit("republished"))
        .when(clash)
        .then(pl.lit("forecast_disputed"))
        .when(assumed)
        .then(pl.lit("vintage_order_assumed"))
        .otherwise(pl.lit(""))
        .alias("reason"),
    )
    return pl.concat([alone, group.drop("_repeated")]).drop("_several")


def _prepare(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Name the columns as `SCORES` does and order the rows for good."""
    names = {
        "value": "forecast",
        "lower": "forecast_lower",
        "upper": "forecast_upper",
        "half_width": "forecast_half_width",
        "qualifier": "forecast_qualifier",
        "published_at": "forecast_at",
        "figure_id": "forecast_id",
        "is_published_assumed": "forecast_assumed",
    }
    return (
        forecasts.drop("kind", "code", "is_monthly", "is_scorable")
        .rename(names)
        .sort("key", "forecast_at", "forecast_id")
    )


def _set_status(frame: pl.DataFrame) -> pl.DataFrame:
    has_actual = pl.col("actual_at").is_not_null()
    units = pl.col("unit") != pl.col("actual_unit")
    impossible = (pl.col("family") == "growth") & (pl.col("actual") < -100)
    late = pl.col("forecast_at") >= pl.col("actual_at")
    cases = (
        (pl.col("status") != "", "", ""),
        (~has_actual, "pending", "not_published_yet"),
        (late, "backcast", "issued_after_actual"),
        (pl.col("actual_disputed"), "disputed", "actual_disputed"),
        (units, "unscorable", "unit_differs"),
        (impossible, "unscorable", "below_minus_100"),
    )
    status, reason = pl.lit("scored"), pl.lit("")
    for condition, state, word in reversed(cases):
        kept = pl.col("status") if state == "" else pl.lit(state)
        status = pl.when(condition).then(kept).otherwise(status)
        reason = pl.when(condition).then(pl.lit(word)).otherwise(reason)
    bounded = pl.col("actual").is_null() & has_actual
    lock = pl.col("forecast_assumed") | pl.col("actual_assumed")
    notes = (
        pl.when(reason != "").then(reason),
        pl.when(pl.col("reason") != "").then("reason"),
        pl.when(bounded & pl.col("actual_direction_only")).then(pl.lit("actual_direction_only")),
        pl.when(bounded & ~pl.col("actual_direction_only")).then(pl.lit("actual_bound")),
        pl.when(pl.col("actual_order_assumed")).then(pl.lit("vintage_order_assumed")),
        pl.when(pl.col("latest_disputed") & ~pl.col("actual_disputed")).then(pl.lit("latest_disputed")),
        pl.when(late & lock).then(pl.lit("lock_assumed")),
    )
    return frame.with_columns(
        status.alias("status"), pl.concat_str(*notes, separator="; ", ignore_nulls=True).alias("reason")
    )


def _blank_unscored(frame: pl.DataFrame) -> pl.DataFrame:
    """Show a disputed or incomparable actual by its id, but let no number be computed from it."""
    blank = pl.col("status").is_in(["disputed", "unscorable"])
    return frame.with_columns(
        pl.when(~blank).then(c).alias(c)
        for c in ("actual", "actual_lower", "actual_upper", "actual_half_width", "latest_actual")
    )


def _classify_actual() -> pl.Expr:
    """Direction of the actual; a half-line made from a direction is that direction."""
    made = pl.when(pl.col("actual_lower") == 0).then(1).when(pl.col("actual_upper") == 0).then(-1).otherwise(0)
    return pl.when(pl.col("actual_direction_only")).then(made.cast(pl.Int8)).otherwise(classify_direction("actual"))


def _judge(frame: pl.DataFrame) -> pl.DataFrame:
    """Verdicts; what is not scored keeps its forecast and band but no number of the outcome's surprise."""
    scored = pl.col("status") == "scored"
    is_level = (pl.col("family") == "level") & ~pl.col("in_points")
    low = pl.when(is_level).then("level_surprise_lower_pct").otherwise("surprise_lower")
    high = pl.when(is_level).then("level_surprise_upper_pct").otherwise("surprise_upper")
    frame = frame.with_columns(mark_direction().alias("direction"))
    by_direction = pl.col("direction")
    tolerance = pl.col("tolerance_pp")
    verdicts = {
        "verdict": judge(low, high, pl.col("band_lower_pp"), pl.col("band_upper_pp")),
        "static_verdict": judge(low, high, -tolerance, tolerance),
    }
    point = pl.col("forecast").is_not_null()
    numbers = (
        *("surprise", "surprise_pp", "surprise_lower_pp", "surprise_upper_pp", "abs_error"),
        *("level_surprise_pct", "level_surprise_lower_pct", "level_surprise_upper_pct"),
        *("log_surprise", "log_surprise_lower", "log_surprise_upper", "is_covered", "z", "z_scale"),
    )
    is_direction = pl.col("family") == "direction"
    zero = (
        scored
        & pl.col("family").is_in(["growth", "level"])
        & pl.col("surprise").is_not_null()
        & pl.col("log_surprise").is_null()
    )
    return frame.with_columns(
        *(pl.when(scored).then(c).alias(c) for c in numbers),
        *(
            pl.when(~scored)
            .then(pl.lit(""))
            .when(is_direction)
            .then(by_direction)
            .when(is_bounded())
            .then(judge_range())
            .when(point)
            .then(verdict)
            .otherwise(pl.lit(""))
            .alias(name)
            for name, verdict in verdicts.items()
        ),
        pl.when(scored).then("direction").otherwise(pl.lit("")).alias("direction"),
        _append(zero, "level_zero").alias("reason"),
        *(
            pl.when(scored & pl.col("in_points"))
            .then(pl.col("actual") - pl.col(f"naive_{n}"))
            .alias(f"{n}_surprise_pp")
            for n in _NAIVE
        ),
        (pl.col("latest_actual_id") != pl.col("actual_id")).alias("is_restated"),
    )


def _explain_verdict(frame: pl.DataFrame) -> pl.DataFrame:
    """Say why a scored point has no verdict."""
    silent = (pl.col("status") == "scored") & (pl.col("verdict") == "") & pl.col("surprise").is_not_null()
    return frame.with_columns(_append(silent, "no_tolerance").alias("reason"))


def _append(condition: pl.Expr, word: str) -> pl.Expr:
    """`reason` with one more word where the condition holds."""
    joined = pl.when(pl.col("reason") == "").then(pl.lit(word)).otherwise(pl.col("reason") + pl.lit(f"; {word}"))
    return pl.when(condition).then(joined).otherwise("reason")


def _add_issue(frame: pl.DataFrame) -> pl.DataFrame:
    """Place of each forecast among those issued in time for its month: first, middle, last or only."""
    counts = pl.when(pl.col("status").is_in(["scored", "pending"])).then("forecast_at")
    own = ("voice", "month_no")
    earliest, latest = counts.min().over(own), counts.max().over(own)
    issue = (
        pl.when(~pl.col("status").is_in(["scored", "pending"]))
        .then(pl.lit(""))
        .when(earliest == latest)
        .then(pl.lit("only"))
        .when(pl.col("forecast_at") == earliest)
        .then(pl.lit("first"))
        .when(pl.col("forecast_at") == latest)
        .then(pl.lit("last"))
        .otherwise(pl.lit("middle"))
    )
    return frame.with_columns(issue.alias("issue"))


def _add_repeats(frame: pl.DataFrame) -> pl.DataFrame:
    """Whether a forecast states the number that the series' forecast of that lead stated for the month before it."""
    order = ["voice", "lead_months", "month_no", "forecast_at", "forecast_id"]
    rows = frame.select(*order, "forecast", "family").with_row_index("row").sort(order)
    last = rows.unique(["voice", "lead_months", "month_no"], keep="last", maintain_order=True)
    before = last.with_columns(pl.col("forecast").shift().over("voice", "lead_months").alias("before"))
    rows = rows.join(
        before.select("voice", "lead_months", "month_no", "before"),
        on=["voice", "lead_months", "month_no"],
        how="left",
        maintain_order="left",
    ).sort("row")
    repeat = ((rows["forecast"] == rows["before"]) & (rows["family"] != "direction")).fill_null(value=False)
    return frame.with_columns(repeat.alias("is_repeat"))


def _finish(frame: pl.DataFrame, months: tuple[date, date] | None) -> pl.DataFrame:
    """The columns of `SCORES`, rows ordered by series, month, publication, id."""
    if months is not None:
        frame = frame.filter(pl.col("month").is_between(*months))
    return SCORES.conform(fill_scores(frame.sort("key", "forecast_at", "forecast_id")))


def fill_scores(frame: pl.DataFrame) -> pl.DataFrame:
    """What does not apply to a row: empty words, zero counts, false marks."""
    return frame.with_columns(
        *(
            pl.col(name).fill_null("") if name in frame.columns else pl.lit("").alias(name)
            for name in ("issue", "verdict", "static_verdict", "direction", "band_kind")
        ),
        pl.col("is_repeat").fill_null(value=False),
        *(pl.col(c).fill_null(0) for c in ("band_n", "z_n", "actual_vintages")),
    )
