"""The year to date from percentages: January to a month against the same months of the year before, with exact ends.

With r_i = 1 + m_i/100 for the MoM of February on and g_j = 1 + y_j/100 for each YoY, the levels relative to January are
w_j = r_2 … r_j, and

    year to date = Σ w_j / Σ (w_j / g_j) − 1        j = 1 … k

It rises with every g_j. In each r_i alone it is a ratio of straight lines, so each r_i is at one of its ends where the
ratio is largest; which one is found by Dinkelbach's method: for a guess λ of the ratio Σ w_j (1 − λ/g_j) is made
largest from the last month backwards, r_i at its upper end where what follows adds, and the ratio reached is the next
guess. It ends after a few steps, exactly.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

NODE = ("source", "chain", "segment", "product", "metric")
FLOWS = ("production", "shipments")
LEAST_MONTHS = 3
"""January with February has a measure of its own (`jan_feb_yoy_pct`)."""
_ENDS = ("value", "lower", "upper")
_MONTHS, _FRACTION_DIGITS, _MOST_STEPS = 12, 10, 50
Floats = npt.NDArray[np.float64]


def derive_year_to_date(reported: pl.DataFrame) -> pl.DataFrame:
    """`ytd_pct`, `ytd_lower_pct`, `ytd_upper_pct` of series of production and shipments, from March on.

    `reported` has rows `mom_pct` and `yoy_pct` with `value`, `lower`, `upper`, one per series and month. Where a MoM or
    a YoY of the year so far is not known there is no row; an end is null where one of theirs is open. Columns `NODE`,
    `month` and the three.
    """
    rows = reported.filter(
        pl.col("metric").is_in(FLOWS), pl.col("measure").is_in(["mom_pct", "yoy_pct"]), pl.col("value").is_not_null()
    ).with_columns(year=pl.col("month").dt.year(), place=pl.col("month").dt.month() - 1)
    years = rows.select(*NODE, "year").unique(maintain_order=True).with_row_index("row")
    placed = rows.join(years, on=[*NODE, "year"])
    factors = {measure: _spread(placed.filter(measure=f"{measure}_pct"), years.height) for measure in ("mom", "yoy")}
    found = _measure(factors["mom"], factors["yoy"])
    row, place = np.nonzero(np.isfinite(found["value"]))
    at = pl.DataFrame({"row": row.astype(np.uint32), "place": place})
    numbers = [
        pl.Series(name, ends[row, place]).fill_nan(None).round(_FRACTION_DIGITS)
        for name, ends in zip(("ytd_pct", "ytd_lower_pct", "ytd_upper_pct"), found.values(), strict=True)
    ]
    dated = at.with_columns(*numbers).join(years, on="row", maintain_order="left")
    return dated.select(
        *NODE, pl.date("year", pl.col("place") + 1, 1).alias("month"), "ytd_pct", "ytd_lower_pct", "ytd_upper_pct"
    )


def _spread(rows: pl.DataFrame, years: int) -> dict[str, Floats]:
    """Growth factors by year and month; NaN where nothing is known or the factor is not above zero."""
    row, place = rows["row"].to_numpy(), rows["place"].to_numpy()
    factors = {end: np.full((years, _MONTHS), np.nan) for end in _ENDS}
    for end, factor in factors.items():
        stated = 1.0 + rows[end].cast(pl.Float64).fill_null(np.nan).to_numpy() / 100.0
        factor[row, place] = np.where(stated > 0, stated, np.nan)
    return factors


def _measure(mom: dict[str, Floats], yoy: dict[str, Floats]) -> dict[str, Floats]:
    """The three numbers in % by year and month, NaN where they are not known."""
    found = {end: np.full(mom["value"].shape, np.nan) for end in _ENDS}
    for last in range(LEAST_MONTHS - 1, _MONTHS):
        until = slice(0, last + 1)
        middle = _take_ratio(_relative_levels(mom["value"][:, 1 : last + 1]), yoy["value"][:, until])
        found["value"][:, last] = middle
        for end, sign in (("lower", -1.0), ("upper", 1.0)):
            ends = mom["lower"][:, 1 : last + 1], mom["upper"][:, 1 : last + 1]
            found[end][:, last] = _find_end(ends, yoy[end][:, until], middle, sign)
    return {end: 100.0 * (ratio - 1.0) for end, ratio in found.items()}


def _relative_levels(factors: Floats) -> Floats:
    """Levels from January on, January being 1."""
    levels = np.ones((factors.shape[0], factors.shape[1] + 1))
    np.cumprod(factors, axis=1, out=levels[:, 1:])
    return levels


def _take_ratio(levels: Floats, growth: Floats) -> Floats:
    ratio: Floats = levels.sum(axis=1) / (levels / growth).sum(axis=1)
    return ratio


def _find_end(mom: tuple[Floats, Floats], growth: Floats, guess: Floats, sign: float) -> Floats:
    """The largest (`sign` 1) or smallest (−1) ratio over all MoM between their ends."""
    lower, upper = mom
    for _ in range(_MOST_STEPS):
        gain = sign * (1.0 - guess[:, None] / growth)
        factors = np.empty_like(lower)
        follows = gain[:, -1]
        for place in range(lower.shape[1] - 1, -1, -1):
            factors[:, place] = np.where(follows > 0, upper[:, place], lower[:, place])
            follows = gain[:, place] + factors[:, place] * follows
        reached = _take_ratio(_relative_levels(factors), growth)
        if not (sign * (reached - guess) > 1e-14).any():
            return reached
        guess = np.where(np.isfinite(reached), reached, guess)
    return reached
