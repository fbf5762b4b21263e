"""What can be done with a forecast: scored, pending, backcast, disputed or unscorable, and why."""

import polars as pl

STATUS = pl.Enum(["scored", "pending", "backcast", "disputed", "unscorable", ""])
_ACTUALS = ("actual", "actual_lower", "actual_upper", "actual_half_width", "latest_actual")


def set_status(frame: pl.DataFrame) -> pl.DataFrame:
    """Set `status` and `reason` of forecasts joined with their actuals; rows decided before keep theirs.

    A disputed or incomparable actual is shown by its id, but its numbers are taken away, so that nothing
    can be computed from it.
    """
    has_actual = pl.col("actual_at").is_not_null()
    late = pl.col("forecast_at") >= pl.col("actual_at")
    units = pl.col("unit") != pl.col("actual_unit")
    impossible = (pl.col("family") == "growth") & (pl.col("actual") < -100)
    cases = (
        (pl.col("status") != "", pl.col("status"), pl.lit("")),
        (~has_actual, pl.lit("pending"), pl.lit("not_published_yet")),
        (late, pl.lit("backcast"), pl.lit("issued_after_actual")),
        (pl.col("actual_disputed"), pl.lit("disputed"), pl.lit("actual_disputed")),
        (units, pl.lit("unscorable"), pl.lit("unit_differs")),
        (impossible, pl.lit("unscorable"), pl.lit("below_minus_100")),
    )
    status, reason = pl.lit("scored"), pl.lit("")
    for condition, state, word in reversed(cases):
        status = pl.when(condition).then(state).otherwise(status)
        reason = pl.when(condition).then(word).otherwise(reason)
    frame = frame.with_columns(
        status.cast(STATUS).alias("status"),
        pl.when(reason == "").then("reason").otherwise(reason).alias("reason"),
        # a number of vintages in doubt is told beside the status's own reason
        pl.when(reason != "").then("reason").otherwise(pl.lit("")).alias("_before"),
    )
    frame = _append_notes(frame)
    blank = (pl.col("status") == "disputed") | (pl.col("status") == "unscorable")
    if frame.select(blank.any()).item():
        frame = frame.with_columns(pl.when(~blank).then(c).alias(c) for c in _ACTUALS)
    return frame


def _append_notes(frame: pl.DataFrame) -> pl.DataFrame:
    has_actual = pl.col("actual_at").is_not_null()
    bounded = pl.col("actual").is_null() & has_actual
    late = pl.col("forecast_at") >= pl.col("actual_at")
    notes = {
        "vintage_order_assumed": pl.col("actual_order_assumed") | (pl.col("_before") == "vintage_order_assumed"),
        "actual_from_months": has_actual & pl.col("actual_from_months"),
        "actual_direction_only": bounded & pl.col("actual_direction_only"),
        "actual_bound": bounded & ~pl.col("actual_direction_only"),
        "latest_disputed": pl.col("latest_disputed") & ~pl.col("actual_disputed"),
        "lock_assumed": late & (pl.col("forecast_assumed") | pl.col("actual_assumed")),
    }
    flags = frame.select(flag.fill_null(value=False).alias(word) for word, flag in notes.items())
    for word in notes:
        if flags[word].any():
            frame = append_reason(frame, flags[word], word)
    return frame.drop("_before")


def append_reason(frame: pl.DataFrame, flag: pl.Series, word: str) -> pl.DataFrame:
    """Add a word to `reason` where the flag is set and the word is not there yet."""
    told = pl.col("reason")
    joined = pl.when(told == "").then(pl.lit(word)).otherwise(told + pl.lit(f"; {word}"))
    return frame.with_columns(pl.when(flag & (told != word)).then(joined).otherwise(told).alias("reason"))
