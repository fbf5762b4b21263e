"""The contracts of what is computed from scores: track record, surprise index, restatements, comparisons."""

import polars as pl

from contracts.table import INSTANT, Column, Table

BENCHMARKS = ("no_change", "same_growth", "seasonal")
NO_CHANGE = ("change of 0", "last published change", "last published value", "")
RECORD_KEY = ("source", "chain", "segment", "product", "metric", "measure", "span_months", "lead_months")


def _number(name: str, meaning: str) -> Column:
    return Column(name, pl.Float64, meaning, nullable=True)


def _count(name: str, meaning: str) -> Column:
    return Column(name, pl.Int64, meaning)


def _test_columns(prefix: str, benchmark: str) -> tuple[Column, ...]:
    return (
        _number(f"{prefix}_stat", f"Diebold-Mariano (HLN) against {benchmark}; negative = the forecast is better"),
        _number(f"{prefix}_p", "its two-sided p by Student's t with n-1 degrees of freedom"),
    )


def _interval_columns(prefix: str) -> tuple[Column, ...]:
    return (
        _number(f"{prefix}_diff", "mean of |surprise| minus the naive forecast's"),
        _number(f"{prefix}_lower", "lower end of its 95 % interval"),
        _number(f"{prefix}_upper", "upper end of its 95 % interval"),
        _count(f"{prefix}_n", "months compared"),
    )


STATISTICS = (
    _count("n", "forecasts with an absolute error: points, and ranges by their midpoint"),
    Column("first_month", pl.Date, "first month scored", nullable=True),
    Column("last_month", pl.Date, "last month scored", nullable=True),
    _number("mean_surprise", "mean of actual - forecast; positive = under-forecast"),
    _number("mae", "mean absolute error"),
    _number("mdae", "median absolute error"),
    _number("rmse", "root mean squared surprise of points"),
    _number("within_1", "share within ±1 pp, 0 to 1"),
    _number("within_2", "share within ±2 pp"),
    _number("within_5", "share within ±5 pp"),
    _count("hits", "former name of direction_hits"),
    _number("hit_rate", "former name of direction_hit_rate"),
    _number("hit_p", "former name of direction_hit_p"),
    _number("mase", "MAE over the mean absolute change of the actual against the month before"),
    _number("rmsse", "RMSE over the root mean squared change against the month before"),
    _number("skill_no_change", "1 - MAE/MAE of no change (see no_change_assumes), on identical months"),
    _number("skill_same_growth", "1 - MAE/MAE of the last published growth again, on identical months"),
    _number("skill_seasonal", "1 - MAE/MAE of the same month last year, on identical months"),
    *_test_columns("dm", "no change"),
    _number("mz_intercept", "Mincer-Zarnowitz intercept; 0 where efficient"),
    _number("mz_slope", "Mincer-Zarnowitz slope; 1 where efficient"),
    _number("mz_p", "p of the joint F test of intercept 0 and slope 1"),
    _number("wis", "mean weighted interval score of quantile forecasts"),
    _number("coverage_80", "share of actuals inside the central 80 % interval"),
    _number("coverage_80_lower", "lower end of its Clopper-Pearson 95 % interval"),
    _number("coverage_80_upper", "upper end of its Clopper-Pearson 95 % interval"),
    _number("coverage_50", "share of actuals inside the central 50 % interval"),
    _number("coverage_50_lower", "lower end of its Clopper-Pearson 95 % interval"),
    _number("coverage_50_upper", "upper end of its Clopper-Pearson 95 % interval"),
    _number("coverage_90", "share of actuals inside the central 90 % interval"),
    _number("coverage_90_lower", "lower end of its Clopper-Pearson 95 % interval"),
    _number("coverage_90_upper", "upper end of its Clopper-Pearson 95 % interval"),
    _number("interval_score_50", "mean interval score of the central 50 % interval"),
    _number("interval_score_80", "mean interval score of the central 80 % interval"),
    _number("interval_score_90", "mean interval score of the central 90 % interval"),
    Column("unit", pl.String, "unit of errors"),
    Column("reason", pl.String, "`column: why it is null`, several separated by `; `"),
    _count("n_forecasts", "forecasts of any status"),
    _count("n_pending", "not published yet"),
    _count("n_backcast", "issued after the actual"),
    _count("n_disputed", "contradictory forecasts or first actuals"),
    _count("n_unscorable", "cannot be scored"),
    _count("n_superseded", "scored, but another forecast of the same month and group counts"),
    _count("n_points", "points among n"),
    _count("n_ranges", "ranges among n, with both ends"),
    _count("n_bounds", "forecast bounds, with one end"),
    _number("range_coverage", "share of ranges and bounds that held the actual"),
    _number("range_width", "mean width of ranges"),
    _number("range_score", "mean interval score of ranges, read as central 80 % intervals"),
    _count("n_directions", "forecasts with a direction on both sides"),
    _count("direction_hits", "forecasts of the right direction"),
    _number("direction_hit_rate", "direction_hits of n_directions"),
    _number("direction_hit_p", "one-sided exact binomial p against the better of 50 % and the base rate"),
    _number("direction_hit_rate_lower", "lower end of its Clopper-Pearson 95 % interval"),
    _number("direction_hit_rate_upper", "upper end of its Clopper-Pearson 95 % interval"),
    _number("base_rate", "share of the most frequent actual direction"),
    *(_count(f"{f}_{a}", f"forecast {f}, actual {a}") for f in ("up", "flat", "down") for a in ("up", "flat", "down")),
    _number("mase_12", "MAE over the mean absolute change against the year before"),
    _number("rmsse_12", "RMSE over the root mean squared change against the year before"),
    *(_number(f"mae_{b}", f"MAE of the naive forecast {b}, on identical months") for b in BENCHMARKS),
    *(_count(f"n_{b}", f"months in which {b} was known") for b in BENCHMARKS),
    *_interval_columns("dm"),
    *(column for b in BENCHMARKS[1:] for column in (*_test_columns(f"dm_{b}", b), *_interval_columns(f"dm_{b}"))),
    _number("bias_stat", "t statistic of the mean surprise, by months, corrected for overlapping leads"),
    _number("bias_p", "its two-sided p by Student's t with n-1 degrees of freedom"),
    _number("mean_surprise_lower", "lower end of the 95 % interval of the mean surprise"),
    _number("mean_surprise_upper", "upper end of the 95 % interval of the mean surprise"),
    _count("bias_n", "months that the test of the mean surprise rests on"),
    _number("mz_f_stat", "F statistic with 2 and n-2 degrees of freedom"),
    _number("hedge_rate", "share of vague forecasts: about, bound, range or direction only"),
    _count("repeats", "forecasts that state the number stated for the month forecast before"),
    _count("verdict_hit", "verdicts hit"),
    _count("verdict_within_rounding", "verdicts within_rounding"),
    _count("verdict_miss", "verdicts miss"),
    _count("verdict_indeterminate", "verdicts indeterminate"),
    _count("verdict_vague", "ranges and bounds that held the actual but were wider than the usual error"),
    _count("n_usual", "errors inside the series' own band, where that rests on 8 past errors or more"),
    _count("n_unusual", "errors outside it"),
    _count("n_wis", "forecasts that wis rests on"),
    _number("wis_spread", "part of wis that the width of the intervals is"),
    _number("wis_over", "part of wis from outcomes below the quantiles: over-forecast"),
    _number("wis_under", "part of wis from outcomes above the quantiles: under-forecast"),
    *(_count(f"n_coverage_{p}", f"forecasts that coverage_{p} rests on") for p in (50, 80, 90)),
    Column("no_change_assumes", pl.String, "what the naive forecast no_change repeats", allowed=NO_CHANGE),
)

PLAIN = (
    *("n", "first_month", "last_month", "mean_surprise", "mae", "mdae", "rmse", "within_1", "within_2", "within_5"),
    *("direction_hits", "direction_hit_rate", "direction_hit_p", "direction_hit_rate_lower"),
    *("direction_hit_rate_upper", "base_rate", "n_directions", "unit"),
)
"""Statistics of the plain record: errors, shares and directions, without any comparison."""

ERRORS = ("n", "first_month", "last_month", "mean_surprise", "mae", "rmse", "mase", "rmsse", "unit")
"""Statistics of errors alone, for a quick look at many series."""

RECORD = Table(
    name="record",
    meaning="The track record: one row per group of forecasts, with n and months beside every number.",
    columns=(
        Column("source", pl.String, "who forecast"),
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain"),
        Column("product", pl.String, "kind within the segment; empty = total"),
        Column("metric", pl.String, "what is measured"),
        Column("measure", pl.String, "how it is stated"),
        Column("span_months", pl.Int32, "months of the periods: 1, and 3, 6 or 12 of longer ones"),
        Column("lead_months", pl.Int32, "months from the review to the month forecast, of a period to its first"),
        *STATISTICS,
    ),
    key=RECORD_KEY,
)

SURPRISE_INDEX = Table(
    name="surprise_index",
    meaning="The chain's monthly surprise: unweighted mean of z over segments.",
    columns=(
        Column("source", pl.String, "who forecast"),
        Column("chain", pl.String, "value chain"),
        Column("metric", pl.String, "what is measured"),
        Column("measure", pl.String, "how it is stated"),
        Column("month", pl.Date, "reference month"),
        _number("surprise_index", "mean z; positive = outcomes above forecasts"),
        _count("n", "segments with a z"),
        _count("n_scored", "segments scored, with or without a z"),
        Column("components", pl.String, "z by segment: `anode/hard_carbon -0.41; cathode +1.20`"),
        Column("known_at", INSTANT, "when the last of its actuals was published"),
        Column("forecast_ids", pl.String, "forecasts it rests on, separated by spaces"),
    ),
    key=("source", "chain", "metric", "measure", "month"),
)

RESTATEMENT_STATS = Table(
    name="restatement_stats",
    meaning="How far later vintages of an actual stray from earlier ones.",
    columns=(
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain"),
        Column("product", pl.String, "kind within the segment; empty = total"),
        Column("metric", pl.String, "what is measured"),
        Column("measure", pl.String, "how it is stated"),
        Column("pair", pl.String, "which vintages", allowed=("first_to_second", "first_to_latest")),
        Column("unit", pl.String, "unit of the restatements"),
        _count("n", "months with two or more differing vintages"),
        _count("n_months", "months with an actual"),
        _number("mean", "mean of later - earlier"),
        _number("mean_absolute", "mean of |later - earlier|"),
        _number("sd", "standard deviation, n-1 in the denominator"),
        _number("sign_changes", "share in which the sign of the figure changed"),
        _number("largest", "the restatement of greatest size, with its sign"),
        Column("largest_month", pl.Date, "the month of the largest", nullable=True),
        _number("months_to_settle", "mean months from the first to the last differing vintage"),
        _number("news_slope", "slope of later - earlier on earlier, over all months; 0 where restatements are news"),
        _number("news_p", "p of the joint F test of intercept 0 and slope 0; small = restatements can be foreseen"),
        _number("noise_slope", "slope of earlier - later on later; 0 where the first number is the last plus noise"),
        _number("noise_p", "p of the joint F test of intercept 0 and slope 0; small = it is more than noise"),
        Column("first_month", pl.Date, "first month restated", nullable=True),
        Column("last_month", pl.Date, "last month restated", nullable=True),
        Column("reason", pl.String, "why a statistic is null, else empty"),
    ),
    key=("source", "chain", "segment", "product", "metric", "measure", "pair"),
)

NO_CHANGE_SOURCE = "(no change)"
"""The naive forecast among sources that are compared."""

FORECASTER_COMPARISON = Table(
    name="forecaster_comparison",
    meaning="Two forecasters on identical targets: relative skill and the test of the difference.",
    columns=(
        Column("measure", pl.String, "how it is stated"),
        Column("forecaster", pl.String, "the one compared"),
        Column("other", pl.String, "the one it is compared with"),
        _count("n", "targets that both forecast"),
        Column("first_month", pl.Date, "first of them", nullable=True),
        Column("last_month", pl.Date, "last of them", nullable=True),
        _number("mae", "MAE of the forecaster on them"),
        _number("mae_other", "MAE of the other on them"),
        _number("mae_ratio", "mae / mae_other; below 1 = the forecaster is better"),
        _number("relative_skill", "geometric mean of its MAE ratios with every forecaster, itself included"),
        _number("dm_stat", "Diebold-Mariano (HLN) of the two; negative = the forecaster is better"),
        _number("dm_p", "its two-sided p"),
        _number("dm_diff", "mean loss difference"),
        _number("dm_lower", "lower end of its 95 % interval"),
        _number("dm_upper", "upper end of its 95 % interval"),
        Column("reason", pl.String, "why a number is null, else empty"),
    ),
    key=("measure", "forecaster", "other"),
)

SOURCE_COMPARISON = Table(
    name="source_comparison",
    meaning="Two sources on identical targets, per chain and metric: relative skill and the test of the difference.",
    columns=(
        Column("chain", pl.String, "value chain"),
        Column("metric", pl.String, "what is measured"),
        Column("unit", pl.String, "unit of the errors"),
        Column("span_months", pl.Int32, "months of the periods: 1, and 3, 6 or 12 of longer ones"),
        *FORECASTER_COMPARISON.columns,
    ),
    key=("chain", "metric", "unit", "span_months", *FORECASTER_COMPARISON.key),
)

CALIBRATION = Table(
    name="calibration",
    meaning="How often outcomes lay at or below each forecast quantile.",
    columns=(
        Column("forecaster", pl.String, "who forecast"),
        Column("measure", pl.String, "how it is stated"),
        Column("level", pl.Float64, "level of the quantile: how often it should hold, 0 to 1"),
        _count("n", "forecasts that state the quantile"),
        Column("first_month", pl.Date, "first month", nullable=True),
        Column("last_month", pl.Date, "last month", nullable=True),
        _count("below", "outcomes at or below it"),
        _number("share", "below of n"),
        _number("lower", "lower end of its Clopper-Pearson 95 % interval"),
        _number("upper", "upper end of its Clopper-Pearson 95 % interval"),
        Column("is_off", pl.Boolean, "the level lies outside the interval"),
    ),
    key=("forecaster", "measure", "level"),
)

MURPHY = Table(
    name="murphy",
    meaning="Murphy diagrams: mean elementary score by threshold; lower is better.",
    columns=(
        Column("forecaster", pl.String, "who forecast"),
        Column("measure", pl.String, "how it is stated"),
        Column("theta", pl.Float64, "the threshold"),
        _count("n", "targets that all forecasters share"),
        _number("score", "mean of |actual - theta|/2 where theta lies between forecast and actual, else 0"),
    ),
    key=("forecaster", "measure", "theta"),
)

ROLLING_BIAS = Table(
    name="rolling_bias",
    meaning="Mean surprise over moving windows, and whether the largest is more than chance.",
    columns=(
        *RECORD.columns[: len(RECORD_KEY)],
        Column("first_month", pl.Date, "first month of the window"),
        Column("last_month", pl.Date, "last month of the window"),
        _count("n", "scored months in the window"),
        _count("n_all", "scored months of the series"),
        Column("unit", pl.String, "unit of errors"),
        _number("mean_surprise", "mean of actual - forecast in the window; positive = under-forecast"),
        _number("mae", "mean absolute error in the window"),
        _number("stat", "mean surprise over its standard error, with the spread of the whole series"),
        Column("is_largest", pl.Boolean, "the window of the largest statistic, up or down"),
        _number("fluctuation_p", "chance of so large a statistic anywhere in the series without any bias"),
        Column("reason", pl.String, "why fluctuation_p is null, else empty"),
    ),
    key=(*RECORD_KEY, "unit", "last_month"),
)
