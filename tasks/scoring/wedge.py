"""Routes to one level surprise: by MoM, by YoY and by levels; and the wedge between the first two.

Actual over forecast level is the same ratio by either growth, since the base month cancels. A wedge
outside its rounding interval therefore means that a base month was restated between forecast and
outcome without a word.

Two or more months ahead the base of a MoM forecast is itself still to come, so that its own ratio of growth
factors says nothing of a level, and there is no wedge. Where the same release forecasts every month between, the
compounded path gives a level surprise: Π(1+a/100)/Π(1+f/100) over these months starts from the month reviewed. It
has no wedge either: what sets it apart from the YoY route is, as a rule, that the forecaster's own path and YoY
disagree, and no restatement.
"""

import polars as pl

_ROUTES = {1: "mom", 2: "yoy", 3: "level"}
_LOGS = ("log_surprise", "log_surprise_lower", "log_surprise_upper")
_CARRIED = ("level_surprise_pct", *_LOGS)
_PATH = ("level_surprise_path_pct", "level_surprise_path_lower_pct", "level_surprise_path_upper_pct")


def add_routes(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `level_surprise_{mom,yoy,level}_pct`, those of the path, `wedge`, its interval and whether it is beyond it.

    `route` is 1 on MoM rows, 2 on YoY, 3 on levels. Routes are joined over `base` (the series without its
    measure), `month_no` and `release_id` of the forecast. The wedge's interval is the difference of the two
    intervals: its ends are independent roundings. Only scored forecasts take part; the wedge stands on the
    MoM and on the YoY row, and null on both where MoM is no route to a level.
    """
    frame = _add_path(frame)
    keys = ["base", "month_no", "release_id"]
    present = set(frame["route"].unique()) & set(_ROUTES)
    for code, route in _ROUTES.items():
        own = (pl.col("route") == code) & (pl.col("status") == "scored") & ~pl.col("is_base_forecast")
        if len(present) > 1 and code in present:
            rows = frame.filter(own, pl.col("log_surprise").is_not_null())
            carried = rows.select(*keys, *(pl.col(c).alias(f"_{route}_{c}") for c in _CARRIED))
            carried = carried.unique(keys, keep="any")
            frame = frame.join(carried, on=keys, how="left", maintain_order="left")
        else:
            frame = frame.with_columns(pl.when(own).then(c).alias(f"_{route}_{c}") for c in _CARRIED)
    return _add_wedge(frame)


def _add_path(frame: pl.DataFrame) -> pl.DataFrame:
    """Level surprises of MoM forecasts two and more months ahead, by the path of one release that leads to them."""
    if not frame.select(((pl.col("route") == 1) & pl.col("is_base_forecast")).any()).item():
        return frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in _PATH)
    rows = frame.lazy().with_row_index("_row").filter(pl.col("route") == 1)
    rows = rows.select("_row", "voice", "release_id", "lead_months", "is_base_forecast", "status", *_LOGS)
    steps = (
        rows.filter(pl.col("status") == "scored", pl.col("lead_months") >= 1, pl.col("log_surprise").is_not_null())
        .unique(["voice", "release_id", "lead_months"], keep="none")
        .sort("voice", "release_id", "lead_months")
    )
    start = pl.col("voice").ne(pl.col("voice").shift()) | pl.col("release_id").ne(pl.col("release_id").shift())
    steps = steps.with_columns(start.fill_null(value=True).cum_sum().alias("_path")).with_columns(
        (pl.int_range(pl.len()).over("_path") + 1).alias("_steps"),
        *(pl.col(c).cum_sum().over("_path").alias(f"_sum_{c}") for c in _LOGS),
    )
    whole = steps.filter("is_base_forecast", pl.col("_steps") == pl.col("lead_months"))
    surprises = [
        (100 * ((pl.col(f"_sum_{c}") / 100).exp() - 1)).alias(name) for c, name in zip(_LOGS, _PATH, strict=True)
    ]
    found = whole.select("_row", *surprises).collect()
    return frame.with_row_index("_row").join(found, on="_row", how="left", maintain_order="left").drop("_row")


def _add_wedge(frame: pl.DataFrame) -> pl.DataFrame:
    growth = ((pl.col("route") == 1) | (pl.col("route") == 2)) & (pl.col("status") == "scored")
    frame = frame.with_columns(
        *(pl.col(f"_{r}_level_surprise_pct").alias(f"level_surprise_{r}_pct") for r in _ROUTES.values()),
        pl.when(growth).then(pl.col("_mom_log_surprise") - pl.col("_yoy_log_surprise")).alias("wedge"),
        pl.when(growth)
        .then(pl.col("_mom_log_surprise_lower") - pl.col("_yoy_log_surprise_upper"))
        .alias("wedge_lower"),
        pl.when(growth)
        .then(pl.col("_mom_log_surprise_upper") - pl.col("_yoy_log_surprise_lower"))
        .alias("wedge_upper"),
    ).drop(f"_{r}_{c}" for r in _ROUTES.values() for c in _CARRIED)
    return frame.with_columns(
        ((pl.col("wedge_lower") > 0) | (pl.col("wedge_upper") < 0)).alias("is_wedge_beyond_rounding")
    )
