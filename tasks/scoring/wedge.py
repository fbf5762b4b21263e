"""Routes to one level surprise: by MoM, by YoY and by levels; and the wedge between the first two.

Actual over forecast level is the same ratio by either growth, since the base month cancels. A wedge
outside its rounding interval therefore means that a base month was restated between forecast and
outcome without a word.
"""

import polars as pl

_ROUTES = {1: "mom", 2: "yoy", 3: "level"}
_CARRIED = ("level_surprise_pct", "log_surprise", "log_surprise_lower", "log_surprise_upper")


def add_routes(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `level_surprise_{mom,yoy,level}_pct`, `wedge`, its interval and `is_wedge_beyond_rounding`.

    `route` is 1 on MoM rows, 2 on YoY, 3 on levels. Routes are joined over `base` (the series without its
    measure), `month_no` and `release_id` of the forecast. The wedge's interval is the difference of the two
    intervals: its ends are independent roundings. Only scored forecasts take part; the wedge stands on the
    MoM and on the YoY row.
    """
    keys = ["base", "month_no", "release_id"]
    present = set(frame["route"].unique()) & set(_ROUTES)
    for code, route in _ROUTES.items():
        own = (pl.col("route") == code) & (pl.col("status") == "scored")
        if len(present) > 1 and code in present:
            rows = frame.filter(own, pl.col("log_surprise").is_not_null())
            carried = rows.select(*keys, *(pl.col(c).alias(f"_{route}_{c}") for c in _CARRIED))
            carried = carried.unique(keys, keep="any")
            frame = frame.join(carried, on=keys, how="left", maintain_order="left")
        else:
            frame = frame.with_columns(pl.when(own).then(c).alias(f"_{route}_{c}") for c in _CARRIED)
    return _add_wedge(frame)


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
