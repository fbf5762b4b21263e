"""What a group's own past surprises were at an instant: order statistics of all that was known then.

The past grows row by row, so each statistic is an expanding one. polars gives a rolling quantile in
n·log n; with a window as long as the group it expands. Two sentinels, one below and one above all
values, turn its `higher` rank ⌈(n+1)q⌉ into the rank that split conformal prediction asks for, and an
upper sentinel as the result says that n is still too short.
"""

from collections.abc import Mapping

import polars as pl

_BELOW, _ABOVE = -1.0, 1e300
_NUDGE = 1e-12  # keeps (n+1)·q below the whole number it stands for, whatever the rounding of q
_BUCKET = 8


def expand_past(errors: pl.DataFrame, quantiles: Mapping[str, float], *, median: str = "") -> pl.DataFrame:
    """Expanding statistics by `group`, in the order in which the errors became known.

    Parameters: `errors` has `group` (integer), `at` (when the error became known), `size` (≥ 0) and,
    where the median is asked for, `error` (≥ 0, not null; else `size` serves); `quantiles` names a column
    by conformal level: the ⌈(n+1)q⌉-th smallest of the n sizes that are not null, null where that rank
    exceeds n; `median` names the column of the median. Gives `group`, `at`, `n` (errors so far), `n_size`
    (sizes so far) and those columns, one row per error, ordered by group and instant; further columns of
    `errors` are kept.
    """
    errors = sort_by_group(errors)
    if errors.is_empty():
        empty = [*quantiles, *([median] if median else [])]
        counts = [pl.lit(0, pl.Int32).alias(c) for c in ("n", "n_size")]
        return errors.with_columns(*counts, *(pl.lit(None, pl.Float64).alias(name) for name in empty))
    parts = [_expand_bucket(part, length, quantiles, median) for part, length in _bucket_by_length(errors)]
    return parts[0] if len(parts) == 1 else sort_by_group(pl.concat(parts))


def sort_by_group(frame: pl.DataFrame) -> pl.DataFrame:
    """Order by `group` and `at`, unless it is so already."""
    return frame if is_sorted_by_group(frame) else frame.sort("group", "at", maintain_order=True)


def is_sorted_by_group(frame: pl.DataFrame) -> bool:
    """Whether rows are ordered by `group` and, within it, by `at`."""
    step = pl.col("group").diff()
    back = (step < 0) | ((step == 0) & (pl.col("at") < pl.col("at").shift()))
    return not frame.select(back.any()).item()


def _bucket_by_length(errors: pl.DataFrame) -> list[tuple[pl.DataFrame, int]]:
    """Split groups by length, so that a long window is not laid out for each of many short groups."""
    lengths = errors.group_by("group").agg(pl.len().alias("length"))
    longest, shortest = int(lengths["length"].max() or 1), int(lengths["length"].min() or 1)  # type: ignore[arg-type]
    if longest <= _BUCKET * shortest:
        return [(errors, longest)]
    parts, low, high = [], 0, _BUCKET
    while low < longest:
        chosen = lengths.filter(pl.col("length").is_between(low + 1, high))
        if not chosen.is_empty():
            kept = errors.join(chosen.select("group"), on="group", how="semi", maintain_order="left")
            parts.append((kept, min(high, longest)))
        low, high = high, high * _BUCKET
    return parts


def _expand_bucket(errors: pl.DataFrame, length: int, quantiles: Mapping[str, float], median: str) -> pl.DataFrame:
    window = length + 2
    counts = [
        (pl.int_range(pl.len(), dtype=pl.Int32).over("group") + 1).alias("n"),
        pl.col("size").is_not_null().cast(pl.Int32).cum_sum().over("group").alias("n_size"),
    ]
    middle = []
    if median:
        error = "error" if "error" in errors.columns else "size"
        rolled = pl.col(error).rolling_median(window_size=window, min_samples=1)
        middle.append(rolled.over("group").alias(median))
    found = errors.with_columns(*counts, *middle)
    return found.with_columns(_roll_quantiles(errors, window, quantiles).get_columns()) if quantiles else found


def _roll_quantiles(errors: pl.DataFrame, window: int, quantiles: Mapping[str, float]) -> pl.DataFrame:
    """The quantile columns, in the order of `errors`, which is sorted by group."""
    start = (pl.col("group") != pl.col("group").shift()).fill_null(value=True)
    placed = errors.select(
        "group", "size", (pl.int_range(pl.len()) + 2 * start.cast(pl.Int64).cum_sum()).alias("place")
    )
    firsts = placed.group_by("group").agg(pl.col("place").min())
    sentinels = [
        firsts.select("group", pl.lit(value).alias("size"), (pl.col("place") - back).alias("place"))
        for value, back in ((_BELOW, 2), (_ABOVE, 1))
    ]
    rows = pl.concat([placed, *sentinels]).sort("place")
    rolled = rows.select(
        (pl.int_range(pl.len()).over("group") >= 2).alias("real"),
        *(
            pl.col("size")
            .rolling_quantile(q - _NUDGE, interpolation="higher", window_size=window, min_samples=1)
            .over("group")
            .alias(name)
            for name, q in quantiles.items()
        ),
    )
    return rolled.filter("real").select(pl.when(pl.col(q) < _ABOVE).then(q).alias(q) for q in quantiles)


def look_up_past(asked: pl.DataFrame, past: pl.DataFrame, *, strictly_before: bool) -> pl.DataFrame:
    """The state of `past` as known at `at` (or just before it), per row of `asked` and in its order.

    `asked` has `group` and `at`, neither null. Rows whose group has no past by then get nulls.
    """
    statistics = [c for c in past.columns if c not in {"group", "at"}]
    rows = asked.select("group", "at")
    ordered = is_sorted_by_group(rows)
    if not ordered:
        rows = rows.with_row_index("_row").sort("group", "at")
    found = rows.join_asof(past, on="at", by="group", allow_exact_matches=not strictly_before, check_sortedness=False)
    return (found if ordered else found.sort("_row")).select(statistics)


def look_before(past: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """The state of each group just before each row's instant: that of the last row with an earlier one.

    `past` is ordered by group and instant. Null where the row is the group's first, in time.
    """
    same = pl.col("group") == pl.col("group").shift()
    tied = (same & (pl.col("at") == pl.col("at").shift())).fill_null(value=False)
    before = pl.int_range(pl.len(), dtype=pl.Int64) - 1
    rows = past.select(
        pl.when(~tied).then(pl.when(same).then(before).otherwise(-1)).forward_fill().alias("before")
    ).with_columns(pl.when(pl.col("before") >= 0).then("before").alias("before"))
    return past.select(pl.col(c).gather(rows["before"].cast(pl.UInt32)) for c in columns)
