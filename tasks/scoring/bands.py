"""How unusual a surprise is for this forecaster: z, and tolerance bands from past surprises as known then.

- z = e/s with s = 1.4826·median|past e|, n ≥ 8, floored at √((h_f²+h_a²)/3), which is h·√(2/3) where
  both half-widths are h: the spread that rounding alone gives.
- Band: split conformal on past |ε|, the ⌈(n+1)(1-α)⌉-th smallest, from n ≥ 4 for 80 % and n ≥ 9 for
  90 % (below that the rank exceeds n). Growth and levels use log surprises, which keep their meaning
  far from zero, and give an uneven band in pp; all else uses the surprise itself.
- While the own past has no band, residuals in units of the chain's tolerance are pooled over the
  segments of a source, chain, metric, measure and lead; else the tolerance itself is shown.
- A row has bands of one kind, own or pooled, with the n of that kind: the 90 % band then holds the 80 % one.

Past surprises of a group: one per month (the last issued in time), same series and lead. For a band
those known when the forecast was issued, for z those known before its actual was published.
"""

import polars as pl

from tasks.scoring.expanding_quantiles import expand_past, look_before, look_up_past

_ROBUST = 1.4826
_LEAST_Z = 8
_LEAST_USUAL = 8
_LEVELS = {"q80": 0.8, "q90": 0.9}


def add_bands(frame: pl.DataFrame, needed: pl.Series | None = None) -> pl.DataFrame:
    """Add `z`, `z_n`, `z_scale`, `band_pp`, `band_kind`, `band_{lower,upper,80,90}_pp`, `band_n` and tolerances.

    `frame` has a row per forecast, ordered by `group` (series, forecaster and lead), `month_no` and
    `forecast_at`, with `pool` (integer, the groups whose residuals are pooled), `status`, `family`,
    `in_points`, `forecast`, surprises, half-widths, `tolerance` (percent of level, or points),
    `forecast_at` and `actual_at`. Adds `limit` as well, the tolerance on the scale of |ε| or |e|, and on
    that scale, from eight past errors on, `usual_size` (80 %) and `own_size` (90 %, else 80 %) of the own band.
    `needed` says which rows to keep: all of them are the past.
    """
    frame = frame.with_columns(
        _standardised_error().alias("_error"), _scored_size().alias("_size"), _find_limit().alias("limit")
    )
    past = expand_past(_select_past(frame), _LEVELS, median="median")
    if needed is not None:
        frame, past = frame.filter(needed), _place_anew(past, needed)
    frame = _add_z(frame, past)
    found = look_up_past(
        frame.select("group", pl.col("forecast_at").alias("at")),
        past.select("group", "at", "q80", "q90", "n_size"),
        strictly_before=False,
    )
    frame = frame.with_columns(found["q80"], found["q90"], found["n_size"].fill_null(0).alias("_n_own"))
    frame = _add_pooled(frame, past)
    return _add_tolerances(_add_band_ends(frame)).drop(
        "_error", "_size", "q80", "q90", "_n_own", "_p80", "_p90", "_n_pool"
    )


def _is_unit_level() -> pl.Expr:
    return (pl.col("family") == "level") & ~pl.col("in_points")


def is_by_log() -> pl.Expr:
    """Whether errors are judged on the log ratio of outcome to forecast: growth, and levels in a unit."""
    return (pl.col("family") == "growth") | _is_unit_level()


def _find_limit() -> pl.Expr:
    """The chain's tolerance on the scale of the errors it judges: t % of level is 100 ln(1 + t/100)."""
    tolerance = pl.col("tolerance")
    return pl.when(is_by_log()).then(100 * (tolerance / 100).log1p()).otherwise(tolerance)


def _standardised_error() -> pl.Expr:
    """The surprise that z is about: in pp, of levels in percent, else in the unit."""
    return pl.when(_is_unit_level()).then("level_surprise_pct").otherwise("surprise")


def _scored_size() -> pl.Expr:
    """|ε| of growth and of levels in a unit, |e| of shares, points and rates."""
    return pl.when(is_by_log()).then(pl.col("log_surprise").abs()).otherwise(pl.col("surprise").abs())


def _select_past(frame: pl.DataFrame) -> pl.DataFrame:
    """One past error per group and month: that of the last forecast issued in time. `_at_row` is its place."""
    ratio = pl.when(pl.col("limit") > 0).then(pl.col("_size") / pl.col("limit"))
    rows = (
        frame.lazy()
        .select(
            "group",
            "month_no",
            "pool",
            pl.col("actual_at").alias("at"),
            pl.col("_error").abs().alias("error"),
            pl.col("_size").alias("size"),
            ratio.alias("ratio"),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("_at_row"),
            (pl.col("status") == "scored").alias("_scored"),
        )
        .filter("_scored", pl.col("error").is_not_null())
        .collect()
    )
    again = (pl.col("group") == pl.col("group").shift(-1)) & (pl.col("month_no") == pl.col("month_no").shift(-1))
    return rows.filter(~again.fill_null(value=False)).drop("_scored", "month_no")


def _place_anew(past: pl.DataFrame, needed: pl.Series) -> pl.DataFrame:
    """The past errors with their places among the rows that are needed; null where theirs is not."""
    places = pl.select(pl.when(needed).then(needed.cast(pl.UInt32).cum_sum() - 1)).to_series()
    return past.with_columns(places.gather(past["_at_row"]).alias("_at_row"))


def _add_z(frame: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    before = look_before(past, ["n", "median"])
    height = frame.height
    mine = before.with_columns(past["_at_row"]).filter(pl.col("_at_row").is_not_null())
    counts = pl.repeat(0, height, dtype=pl.Int32, eager=True).scatter(mine["_at_row"], mine["n"].fill_null(0))
    medians = pl.repeat(None, height, dtype=pl.Float64, eager=True).scatter(mine["_at_row"], mine["median"])
    frame = frame.with_columns(counts.alias("z_n"), medians.alias("_median"))
    frame = _look_up_superseded(frame, past, mine["_at_row"])
    percent = pl.when(_is_unit_level()).then(100 / pl.col("forecast")).otherwise(1.0)
    floor = ((pl.col("forecast_half_width") ** 2 + pl.col("actual_half_width") ** 2) / 3).sqrt() * percent
    scale = pl.max_horizontal(_ROBUST * pl.col("_median"), floor)
    frame = frame.with_columns(pl.when(pl.col("z_n") >= _LEAST_Z, scale > 0).then(scale).alias("z_scale"))
    return frame.with_columns((pl.col("_error") / pl.col("z_scale")).alias("z")).drop("_median")


def _look_up_superseded(frame: pl.DataFrame, past: pl.DataFrame, found_at: pl.Series) -> pl.DataFrame:
    """Give scored forecasts that are no past error themselves (a later one of the month is) their z's past."""
    scored = frame.select(((pl.col("status") == "scored") & pl.col("actual_at").is_not_null()).alias("s"))["s"]
    if scored.sum() == len(found_at):
        return frame
    mine = pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)
    mine = mine.scatter(found_at, pl.repeat(value=True, n=len(found_at), dtype=pl.Boolean, eager=True))
    rows = (scored & ~mine).arg_true()
    asked = frame.select("group", pl.col("actual_at").alias("at"))[rows]
    found = look_up_past(asked, past.select("group", "at", "n", "median"), strictly_before=True)
    return frame.with_columns(
        frame["z_n"].scatter(rows, found["n"].fill_null(0)), frame["_median"].scatter(rows, found["median"])
    )


def _add_pooled(frame: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """Quantiles of errors in tolerances over all segments of a pool, for the rows whose own past has no band."""
    wanted = pl.col("q80").is_null() & (pl.col("limit") > 0)
    short = frame.select(
        pl.when(wanted.fill_null(value=False)).then(pl.int_range(pl.len(), dtype=pl.UInt32)).alias("_at_row"),
        pl.col("pool").alias("group"),
        pl.col("forecast_at").alias("at"),
        "limit",
    ).filter(pl.col("_at_row").is_not_null())
    until = short.group_by("group").agg(pl.col("at").max().alias("until"))
    ratios = (
        past.lazy()
        .select(pl.col("pool").alias("group"), "at", pl.col("ratio").alias("size"))
        .join(until.lazy(), on="group")
        .filter(pl.col("at") <= pl.col("until"), pl.col("size").is_not_null())
        .drop("until")
        .collect()
    )
    found = look_up_past(short, expand_past(ratios, _LEVELS).drop("size", "n_size"), strictly_before=False)
    rows, nothing = short["_at_row"], pl.repeat(None, frame.height, dtype=pl.Float64, eager=True)
    return frame.with_columns(
        nothing.clone().scatter(rows, found["q80"] * short["limit"]).alias("_p80"),
        nothing.clone().scatter(rows, found["q90"] * short["limit"]).alias("_p90"),
        pl.repeat(0, frame.height, dtype=pl.Int32, eager=True).scatter(rows, found["n"].fill_null(0)).alias("_n_pool"),
    )


def _add_band_ends(frame: pl.DataFrame) -> pl.DataFrame:
    """Choose the kind of band, the own past's, else the pool's, else static, and give its ends around the forecast."""
    has_own, has_pool = pl.col("q80").is_not_null(), pl.col("_p80").is_not_null()
    size_80, size_90 = (pl.when(has_own).then(f"q{k}").otherwise(f"_p{k}") for k in (80, 90))
    kinds = pl.Enum(["static", "conformal_80", "conformal_90", "pooled_80", "pooled_90", ""])
    kind = (
        pl.when(pl.col("family") == "direction")
        .then(pl.lit(""))
        .when(has_own)
        .then(pl.when(pl.col("q90").is_not_null()).then(pl.lit("conformal_90")).otherwise(pl.lit("conformal_80")))
        .when(has_pool)
        .then(pl.when(pl.col("_p90").is_not_null()).then(pl.lit("pooled_90")).otherwise(pl.lit("pooled_80")))
        .when(pl.col("limit").is_not_null())
        .then(pl.lit("static"))
        .otherwise(pl.lit(""))
    )
    stated = pl.col("family") != "direction"
    enough = stated & (pl.col("_n_own") >= _LEAST_USUAL)
    size = pl.when(stated).then(pl.coalesce(size_90, size_80, "limit"))
    frame = frame.with_columns(
        kind.cast(kinds).alias("band_kind"),
        _end(size, 1).alias("band_upper_pp"),
        _end(size, -1).alias("band_lower_pp"),
        _half_width(size_80).alias("band_80_pp"),
        _half_width(size_90).alias("band_90_pp"),
        pl.when(enough).then(pl.coalesce("q90", "q80")).alias("own_size"),
        pl.when(enough).then("q80").alias("usual_size"),
        pl.when(has_own).then("_n_own").when(has_pool).then("_n_pool").otherwise(0).cast(pl.Int32).alias("band_n"),
    )
    return frame.with_columns(((pl.col("band_upper_pp") - pl.col("band_lower_pp")) / 2).alias("band_pp"))


def _add_tolerances(frame: pl.DataFrame) -> pl.DataFrame:
    """The chain's tolerance as shown: percent of level, and around this forecast in pp."""
    points = pl.when(_is_unit_level()).then(None).otherwise(pl.coalesce(_half_width(pl.col("limit")), "tolerance"))
    return frame.with_columns(
        pl.when(is_by_log()).then("tolerance").alias("tolerance_pct"), points.alias("tolerance_pp")
    )


def _factor() -> pl.Expr:
    """The forecast's growth factor, to turn a log surprise into pp; 1 for levels; null where there is none."""
    growth = pl.when(pl.col("forecast") > -100).then(1 + pl.col("forecast") / 100)
    level = pl.when(pl.col("forecast") > 0).then(1.0)
    by_log = pl.when(pl.col("family") == "growth").then(growth).otherwise(level)
    return pl.when(is_by_log()).then(by_log).otherwise(1.0)


def _end(size: pl.Expr, sign: int) -> pl.Expr:
    """Distance in pp (of levels in percent) of the band's end: 100·g·(exp(±q/100) - 1)."""
    by_log = 100 * _factor() * ((sign * size / 100).exp() - 1)
    return pl.when(is_by_log()).then(by_log).otherwise(sign * size)


def _half_width(size: pl.Expr) -> pl.Expr:
    return (_end(size, 1) - _end(size, -1)) / 2
