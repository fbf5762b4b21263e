"""How unusual a surprise is for this forecaster: z, and tolerance bands from past surprises as known then.

- z = e/s with s = 1.4826·median|past e|, n ≥ 8, floored at √((h_f²+h_a²)/3), which is h·√(2/3) where
  both half-widths are h: the spread that rounding alone gives.
- Band: split conformal on past |ε|, the ⌈(n+1)(1-α)⌉-th smallest, from n ≥ 4 for 80 % and n ≥ 9 for
  90 % (below that the rank exceeds n). Growth and levels use log surprises, which keep their meaning
  far from zero, and give an uneven band in pp; all else uses the surprise itself.
- While the own past is too short, residuals in units of the static tolerance are pooled over the
  segments of a source, chain, metric, measure and lead; else the static tolerance holds.

Past surprises of a group: one per month (the last issued in time), same series and lead. For a band
those known when the forecast was issued, for z those known before its actual was published.
"""

import polars as pl

from tasks.scoring.past import expand_past, look_up_past

_ROBUST = 1.4826
_LEAST_Z = 8
_LEADS = 65536  # room for any lead, before or after the review
_LEVELS = {"q80": 0.8, "q90": 0.9}


def add_bands(frame: pl.DataFrame, *, pool: tuple[str, ...]) -> pl.DataFrame:
    """Add z and the bands.

    `frame` has a row per forecast with `status`, `voice`, `lead_months`, `month_no`, `family`,
    `in_points`, `forecast`, surprises, half-widths, `tolerance_pp`, `forecast_at`, `actual_at`; `pool`
    names the columns over which residuals are pooled. Adds `z`, `z_n`, `z_scale`, `band_pp`,
    `band_kind`, `band_lower_pp`, `band_upper_pp`, `band_80_pp`, `band_90_pp`, `band_n`.
    """
    frame = frame.with_columns(
        (pl.col("voice").cast(pl.Int64) * _LEADS + pl.col("lead_months") + _LEADS // 2).alias("group"),
        _standardised_error().alias("_error"),
        _scored_size().alias("_size"),
    )
    past = _select_past(frame)
    frame = _add_z(frame, past)
    frame = _add_quantiles(frame, past, pool)
    return _add_band_ends(frame).drop("group", "_error", "_size", "q80", "q90", "n_own", "p80", "p90", "n_pool")


def _standardised_error() -> pl.Expr:
    """The surprise that z is about: in pp, of levels in percent, else in the unit."""
    percent = pl.when(pl.col("family") == "level", ~pl.col("in_points")).then("level_surprise_pct")
    return pl.when((pl.col("family") == "level") & ~pl.col("in_points")).then(percent).otherwise("surprise")


def _scored_size() -> pl.Expr:
    """|ε| of growth and of levels in a unit, |e| of shares, points and rates."""
    by_log = (pl.col("family") == "growth") | ((pl.col("family") == "level") & ~pl.col("in_points"))
    return pl.when(by_log).then(pl.col("log_surprise").abs()).otherwise(pl.col("surprise").abs())


def _select_past(frame: pl.DataFrame) -> pl.DataFrame:
    """One past error per group and month: that of the last forecast issued in time."""
    scored = frame.filter(pl.col("status") == "scored", pl.col("_error").is_not_null())
    month = pl.struct("group", "month_no").is_duplicated() if scored.height else pl.lit(value=False)
    scored = scored.with_columns(month.alias("_several"))
    last = (
        scored.filter("_several")
        .sort("forecast_at", "forecast_id")
        .unique(["group", "month_no"], keep="last", maintain_order=True)
    )
    return pl.concat([scored.filter(~pl.col("_several")), last])


def _add_z(frame: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    errors = past.select("group", pl.col("actual_at").alias("at"), pl.col("_error").abs().alias("size"))
    state = expand_past(errors, {}, median="median")
    scored = pl.when(pl.col("status") == "scored").then("actual_at")
    found = look_up_past(frame.select("group", scored.alias("at")), state, strictly_before=True)
    percent = (
        pl.when((pl.col("family") == "level") & ~pl.col("in_points")).then(100 / pl.col("forecast")).otherwise(1.0)
    )
    floor = ((pl.col("forecast_half_width") ** 2 + pl.col("actual_half_width") ** 2) / 3).sqrt() * percent
    scale = pl.max_horizontal(_ROBUST * pl.col("median"), floor)
    frame = frame.with_columns(found["n"].fill_null(0).alias("z_n"), found["median"])
    frame = frame.with_columns(pl.when(pl.col("z_n") >= _LEAST_Z, scale > 0).then(scale).alias("z_scale"))
    return frame.with_columns((pl.col("_error") / pl.col("z_scale")).alias("z")).drop("median")


def _add_quantiles(frame: pl.DataFrame, past: pl.DataFrame, pool: tuple[str, ...]) -> pl.DataFrame:
    sizes = past.filter(pl.col("_size").is_not_null())
    own = expand_past(sizes.select("group", pl.col("actual_at").alias("at"), pl.col("_size").alias("size")), _LEVELS)
    found = look_up_past(frame.select("group", pl.col("forecast_at").alias("at")), own, strictly_before=False)
    frame = frame.with_columns(found["q80"], found["q90"], found["n"].fill_null(0).alias("n_own"))
    return _add_pooled(frame, past, pool)


def _add_pooled(frame: pl.DataFrame, past: pl.DataFrame, pool: tuple[str, ...]) -> pl.DataFrame:
    """Quantiles of |e|/tolerance over all segments of a pool, for the rows whose own past has no 90 % band."""
    short = frame.with_row_index("_row").filter(
        pl.col("q90").is_null(), pl.col("tolerance_pp") > 0, pl.col("lead_months").is_not_null()
    )
    keys = [*pool, "lead_months"]
    groups = short.select(keys).unique().sort(keys).with_row_index("pool").with_columns(pl.col("pool").cast(pl.Int64))
    ratios = (
        past.filter(pl.col("tolerance_pp") > 0)
        .join(groups, on=keys)
        .select(
            pl.col("pool").alias("group"),
            pl.col("actual_at").alias("at"),
            (pl.col("surprise").abs() / pl.col("tolerance_pp")).alias("size"),
        )
    )
    asked = short.join(groups, on=keys, how="left", maintain_order="left")
    found = look_up_past(
        asked.select(pl.col("pool").alias("group"), pl.col("forecast_at").alias("at")),
        expand_past(ratios, _LEVELS),
        strictly_before=False,
    )
    pooled = pl.DataFrame(
        [
            asked["_row"],
            (found["q80"] * asked["tolerance_pp"]).alias("p80"),
            (found["q90"] * asked["tolerance_pp"]).alias("p90"),
            found["n"].alias("n_pool"),
        ]
    )
    return (
        frame.with_row_index("_row")
        .join(pooled, on="_row", how="left", maintain_order="left")
        .with_columns(pl.col("n_pool").fill_null(0))
        .drop("_row")
    )


def _add_band_ends(frame: pl.DataFrame) -> pl.DataFrame:
    """Choose the band: the own past's highest level, then the pool's where the own past has none, then static."""
    kind = (
        pl.when(pl.col("family") == "direction")
        .then(pl.lit(""))
        .when(pl.col("q90").is_not_null() & _factor().is_not_null())
        .then(pl.lit("conformal_90"))
        .when(pl.col("q80").is_not_null() & _factor().is_not_null())
        .then(pl.lit("conformal_80"))
        .when(pl.col("p90").is_not_null())
        .then(pl.lit("pooled_90"))
        .when(pl.col("p80").is_not_null())
        .then(pl.lit("pooled_80"))
        .when(pl.col("tolerance_pp").is_not_null())
        .then(pl.lit("static"))
        .otherwise(pl.lit(""))
    )
    frame = frame.with_columns(kind.alias("band_kind"))
    half = (
        pl.when(pl.col("band_kind") == "pooled_90")
        .then("p90")
        .when(pl.col("band_kind") == "pooled_80")
        .then("p80")
        .when(pl.col("band_kind") == "static")
        .then("tolerance_pp")
    )
    own = (
        pl.when(pl.col("band_kind") == "conformal_90")
        .then("q90")
        .when(pl.col("band_kind") == "conformal_80")
        .then("q80")
    )
    return frame.with_columns(
        pl.coalesce(_end(own, 1), half).alias("band_upper_pp"),
        pl.coalesce(_end(own, -1), -half).alias("band_lower_pp"),
        pl.coalesce(_half_width(pl.col("q80")), "p80").alias("band_80_pp"),
        pl.coalesce(_half_width(pl.col("q90")), "p90").alias("band_90_pp"),
        pl.when(pl.col("band_kind").str.starts_with("conformal"))
        .then("n_own")
        .when(pl.col("band_kind").str.starts_with("pooled"))
        .then("n_pool")
        .otherwise(0)
        .cast(pl.Int32)
        .alias("band_n"),
    ).with_columns(((pl.col("band_upper_pp") - pl.col("band_lower_pp")) / 2).alias("band_pp"))


def _by_log() -> pl.Expr:
    return (pl.col("family") == "growth") | ((pl.col("family") == "level") & ~pl.col("in_points"))


def _factor() -> pl.Expr:
    """The forecast's growth factor, to turn a log surprise into pp; 1 for levels; null where there is none."""
    growth = pl.when(pl.col("forecast") > -100).then(1 + pl.col("forecast") / 100)
    level = pl.when(pl.col("forecast") > 0).then(1.0)
    by_log = pl.when(pl.col("family") == "growth").then(growth).otherwise(level)
    return pl.when(_by_log()).then(by_log).otherwise(1.0)


def _end(size: pl.Expr, sign: int) -> pl.Expr:
    """Distance in pp (of levels in percent) of the band's end: 100·g·(exp(±q/100) - 1)."""
    by_log = 100 * _factor() * ((sign * size / 100).exp() - 1)
    return pl.when(_by_log()).then(by_log).otherwise(sign * size)


def _half_width(size: pl.Expr) -> pl.Expr:
    return (_end(size, 1) - _end(size, -1)) / 2
