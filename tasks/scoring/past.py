"""What a group's own past surprises were at an instant: order statistics of all that was known then.

The past grows row by row, so each statistic is an expanding one. polars gives a rolling quantile in
n·log n; with a window as long as the group it expands. Two sentinels, one below and one above all
values, turn its `higher` rank ⌈(n+1)q⌉ into the rank that split conformal prediction asks for, and an
upper sentinel as the result says that n is still too short.
"""

import polars as pl

_BELOW, _ABOVE = -1.0, 1e300
_NUDGE = 1e-12  # keeps (n+1)·q below the whole number it stands for, whatever the rounding of q
_BUCKET = 8


def expand_past(errors: pl.DataFrame, quantiles: dict[str, float], *, median: str = "") -> pl.DataFrame:
    """Expanding statistics of `size` by `group`, in the order in which the sizes became known.

    Parameters: `errors` has `group` (integer), `at` (when the error became known), `size` (≥ 0, not
    null); `quantiles` names a column by conformal level: the ⌈(n+1)q⌉-th smallest of the n sizes, null
    where that exceeds n; `median`, where given, names the column of the median. Gives `group`, `at`,
    `n` and those columns, one row per error, ordered by group and instant.
    """
    if errors.is_empty():
        return errors.select("group", "at", pl.lit(0, pl.Int32).alias("n")).with_columns(
            pl.lit(None, pl.Float64).alias(name) for name in [*quantiles, *([median] if median else [])]
        )
    buckets = _bucket_by_length(errors)
    return pl.concat([_expand_bucket(part, length, quantiles, median) for part, length in buckets]).sort("group", "at")


def _bucket_by_length(errors: pl.DataFrame) -> list[tuple[pl.DataFrame, int]]:
    """Split groups by length, so that a long window is not laid out for each of many short groups."""
    lengths = errors.group_by("group").agg(pl.len().alias("length"))
    longest = lengths.item(lengths["length"].arg_max() or 0, "length")
    parts, low, high = [], 0, _BUCKET
    while low < longest:
        chosen = lengths.filter(pl.col("length").is_between(low + 1, high))
        if chosen.height == lengths.height:
            return [(errors, longest)]
        if not chosen.is_empty():
            parts.append((errors.join(chosen, on="group", how="semi"), int(high)))
        low, high = high, high * _BUCKET
    return parts


def _expand_bucket(errors: pl.DataFrame, length: int, quantiles: dict[str, float], median: str) -> pl.DataFrame:
    groups = errors.select("group").unique()
    sentinels = [
        groups.select("group", pl.lit(None, errors.schema["at"]).alias("at"), pl.lit(value).alias("size"))
        for value in (_BELOW, _ABOVE)
    ]
    rows = pl.concat([*sentinels, errors.select("group", "at", "size")]).sort(
        "group", "at", nulls_last=False, maintain_order=True
    )
    window = length + 2
    expanding = [
        pl.col("size")
        .rolling_quantile(q - _NUDGE, interpolation="higher", window_size=window, min_samples=1)
        .over("group")
        .alias(name)
        for name, q in quantiles.items()
    ]
    if median:
        expanding.append(
            pl.when(pl.col("at").is_not_null())
            .then("size")
            .rolling_median(window_size=window, min_samples=1)
            .over("group")
            .alias(median)
        )
    count = pl.int_range(pl.len(), dtype=pl.Int32).over("group") - 1
    return (
        rows.with_columns(count.alias("n"), *expanding)
        .filter(pl.col("at").is_not_null())
        .select(
            "group",
            "at",
            "n",
            *(pl.when(pl.col(q) < _ABOVE).then(q).alias(q) for q in quantiles),
            *([median] if median else []),
        )
    )


def look_up_past(asked: pl.DataFrame, past: pl.DataFrame, *, strictly_before: bool) -> pl.DataFrame:
    """The state of `past` as known at `at` (or just before it), per row of `asked` and in its order.

    `asked` has `group` and `at`. Rows whose group has no past by then, or whose `at` is null, get nulls.
    """
    statistics = [c for c in past.columns if c not in {"group", "at"}]
    rows = asked.select("group", "at").with_row_index("row")
    found = (
        rows.filter(pl.col("at").is_not_null())
        .sort("group", "at")
        .join_asof(past, on="at", by="group", allow_exact_matches=not strictly_before, check_sortedness=False)
    )
    return rows.select("row").join(found, on="row", how="left", maintain_order="left").select(statistics)
