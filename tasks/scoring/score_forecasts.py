"""Scoring: every forecast in the figures gets a row, with the surprise where its outcome is known.

The standard: first published actual as the headline, the latest beside it; a forecast counts only where
it was published before the first actual; nothing is dropped. Everything is computed from the figures
given, so that figures as of T give scores as of T.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from contracts.chain import Chain
from contracts.figures import SERIES
from contracts.scores import SCORES
from tasks.scoring.actuals import collect_actuals
from tasks.scoring.bands import add_bands
from tasks.scoring.intake import NEEDED, code_figures, refuse_infinite, split_forecasts
from tasks.scoring.keys import is_family
from tasks.scoring.naive import MONTHS, add_naive
from tasks.scoring.status import append_reason, set_status
from tasks.scoring.surprise import add_surprises, classify_direction, compare_directions
from tasks.scoring.verdicts import add_verdicts
from tasks.scoring.vintages import resolve_actuals
from tasks.scoring.wedge import add_routes

_NAIVE = ("no_change", "same_growth", "seasonal")
_LEADS = 2048  # room for any lead, before or after the review
_ORDER = ("voice", "lead_months", "month_no", "forecast_at", "forecast_id")


def score_forecasts(
    figures: pl.DataFrame | pl.LazyFrame,
    *,
    chains: Mapping[str, Chain],
    months: tuple[date, date] | None = None,
) -> pl.DataFrame:
    """Score every forecast among the figures against the first actual of its month.

    Parameters: `figures` holds all vintages that were public (columns of `FIGURES`); `chains` gives
    tolerances and forecasters by chain name; `months` keeps the forecasts for months from .. to, after all of
    the past has been used. Returns `SCORES`, ordered by series, lead, month, publication and id.

    Raises `ContractBroken` for NaN or infinite numbers, and for null key columns.
    """
    return code_scorable(figures, chains=chains).score(months)


@dataclass(frozen=True)
class CodedFigures:
    """Figures whose words are integers: coded once, scored for several spans of months."""

    figures: pl.DataFrame
    series: pl.DataFrame

    def within(self, first: date, last: date) -> "CodedFigures":
        """Those about months from first to last."""
        return replace(self, figures=self.figures.filter(pl.col("month").is_between(first, last)))

    def score(self, months: tuple[date, date] | None = None) -> pl.DataFrame:
        """The forecasts for `months`, scored with all of these figures: see `score_forecasts`."""
        forecasts, others = split_forecasts(self.figures)
        scorable = (pl.col("kind") == "actual") & pl.col("is_scorable")
        names = {"published_at": "at", "is_published_assumed": "assumed"}
        actuals = self.figures.lazy().filter(scorable).rename(names).collect()
        marked = score_pairs(forecasts, collect_actuals(actuals, forecasts, self.series), months=months)
        if not others.is_empty():
            marked = pl.concat([marked, others], how="diagonal_relaxed").sort(*_ORDER)
        if months is not None:
            marked = marked.filter(pl.col("month").is_between(*months))
        words = [self.series[c].gather(marked["voice"]) for c in SERIES]
        return SCORES.conform(fill_scores(marked).with_columns(words))


def code_scorable(figures: pl.DataFrame | pl.LazyFrame, *, chains: Mapping[str, Chain]) -> CodedFigures:
    """All vintages in the form that is scored. Parameters and errors as of `score_forecasts`."""
    read = figures.lazy().select(NEEDED).collect()
    refuse_infinite(read)
    return CodedFigures(*code_figures(read, chains))


def score_pairs(
    forecasts: pl.DataFrame, vintages: pl.DataFrame, *, months: tuple[date, date] | None = None
) -> pl.DataFrame:
    """Score prepared forecasts against actual vintages; the part that tables without a lake share.

    `forecasts` has a row per forecast with the columns that `SCORES` calls forecast_*, plus the integers
    `series` (whose actuals it is about), `voice` (series and forecaster), `base`, `pool`, `route`,
    `month_no` and `key`, and `family`, `is_yearly`, `unit`, `tolerance`, `release_id`, `reason`, and `status`
    (empty where still open). `vintages` are folded actuals. With `months`, all rows serve as the past of bands and z,
    and those of other months come back only where a release of these months needs them. Rows come back ordered by
    voice, lead, month, publication and id.
    """
    frame = _order(forecasts).join(resolve_actuals(vintages), on="key", how="left", maintain_order="left")
    frame = _add_repeats(add_surprises(set_status(frame)))
    frame = add_bands(frame, None if months is None else _find_needed(frame, months))
    frame = add_naive(frame, vintages).with_columns(
        classify_direction("forecast").alias("forecast_direction"), _classify_actual().alias("actual_direction")
    )
    return _add_issue(add_routes(_judge(frame)))


def _find_needed(frame: pl.DataFrame, months: tuple[date, date]) -> pl.Series:
    """Rows of these months, and of the releases whose forecasts for them have a base that was a forecast as well."""
    inside = pl.col("month").is_between(*months)
    paths = frame.filter(inside, pl.col("is_base_forecast"))["release_id"].unique()
    return frame.select((inside | pl.col("release_id").is_in(paths.to_list())).alias("needed"))["needed"]


def _order(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Sort once, by group (series, forecaster, lead), month, publication and id; `pool` takes the lead in."""
    lead = pl.col("lead_months") + _LEADS // 2
    frame = forecasts.with_columns(
        (pl.col("voice").cast(pl.Int64) * _LEADS + lead).alias("group"),
        (pl.col("pool").cast(pl.Int64) * _LEADS + lead).alias("pool"),
    ).with_columns((pl.col("group") * MONTHS + pl.col("month_no")).alias("_place"))
    step = pl.col("_place").diff()
    if frame.select(
        ((step < 0) | ((step == 0) & (pl.col("forecast_at").diff().dt.total_microseconds() < 0))).any()
    ).item():
        frame = frame.sort("_place", "forecast_at", maintain_order=True)
    if frame.select(((step == 0) & (pl.col("forecast_at") == pl.col("forecast_at").shift())).any()).item():
        frame = frame.sort("_place", "forecast_at", "forecast_id")
    return frame


def _classify_actual() -> pl.Expr:
    """Direction of the actual; a half-line made from a direction is that direction."""
    made = pl.when(pl.col("actual_lower") == 0).then(1).when(pl.col("actual_upper") == 0).then(-1).otherwise(0)
    return pl.when(pl.col("actual_direction_only")).then(made.cast(pl.Int8)).otherwise(classify_direction("actual"))


def _judge(frame: pl.DataFrame) -> pl.DataFrame:
    """Verdicts; what is not scored keeps its forecast and band but no number of the outcome's surprise."""
    scored = pl.col("status") == "scored"
    frame = add_verdicts(_take_back(frame.with_columns(compare_directions().alias("direction"))))
    frame = frame.with_columns(
        pl.when(scored).then("direction").otherwise(pl.lit("")).alias("direction"),
        *(
            pl.when(scored & pl.col("in_points"))
            .then(pl.col("actual") - pl.col(f"naive_{n}"))
            .alias(f"{n}_surprise_pp")
            for n in _NAIVE
        ),
        (pl.col("latest_actual_id") != pl.col("actual_id")).alias("is_restated"),
    )
    return _explain(frame)


def _take_back(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave no number of the outcome's surprise on a row that is not scored."""
    numbers = (
        *("surprise", "surprise_pp", "surprise_lower", "surprise_upper", "surprise_lower_pp", "surprise_upper_pp"),
        *("level_surprise_pct", "level_surprise_lower_pct", "level_surprise_upper_pct", "abs_error"),
        *("log_surprise", "log_surprise_lower", "log_surprise_upper", "is_covered", "z", "z_scale", "interval_score"),
    )
    late = (pl.col("status") != "scored") & pl.col("actual_at").is_not_null()
    if not frame.select(late.any()).item():
        return frame
    return frame.with_columns(pl.when(pl.col("status") == "scored").then(c).alias(c) for c in numbers)


def _explain(frame: pl.DataFrame) -> pl.DataFrame:
    """Say why a scored point lacks a logarithm or a verdict."""
    point = (pl.col("status") == "scored") & pl.col("surprise").is_not_null()
    flags = frame.select(
        (point & is_family("growth", "level") & pl.col("log_surprise").is_null()).alias("level_zero"),
        (point & pl.col("is_base_forecast")).alias("base_forecast"),
        (point & (pl.col("verdict") == "")).alias("no_tolerance"),
    )
    for word in flags.columns:
        if flags[word].any():
            frame = append_reason(frame, flags[word].fill_null(value=False), word)
    return frame


def _add_issue(frame: pl.DataFrame) -> pl.DataFrame:
    """Place of each forecast among those issued in time for its month: first, middle, last or only."""
    in_time = (pl.col("status") == "scored") | (pl.col("status") == "pending")
    own = pl.col("voice").cast(pl.Int64) * MONTHS + pl.col("month_no")
    frame = frame.with_columns(pl.when(in_time).then("forecast_at").alias("_in_time"), own.alias("_own"))
    earliest, latest = pl.col("_in_time").min().over("_own"), pl.col("_in_time").max().over("_own")
    frame = frame.with_columns(earliest.alias("_earliest"), latest.alias("_latest"))
    issue = (
        pl.when(pl.col("_in_time").is_null())
        .then(pl.lit(""))
        .when(pl.col("_earliest") == pl.col("_latest"))
        .then(pl.lit("only"))
        .when(pl.col("_in_time") == pl.col("_earliest"))
        .then(pl.lit("first"))
        .when(pl.col("_in_time") == pl.col("_latest"))
        .then(pl.lit("last"))
        .otherwise(pl.lit("middle"))
    )
    return frame.with_columns(issue.alias("issue")).drop("_in_time", "_own", "_earliest", "_latest")


def _add_repeats(frame: pl.DataFrame) -> pl.DataFrame:
    """Whether a forecast states the number that its group stated for the month forecast before it.

    Rows are ordered by group and month; of several for one month the last is what was stated.
    """
    same = (pl.col("group") == pl.col("group").shift()).fill_null(value=False)
    new_month = ~same | (pl.col("_place") != pl.col("_place").shift()).fill_null(value=True)
    start = pl.when(new_month).then(pl.int_range(pl.len(), dtype=pl.Int64)).forward_fill()
    first = pl.when(new_month).then(same).forward_fill()
    frame = frame.with_columns((start - 1).clip(0).cast(pl.UInt32).alias("_before"), first.alias("_has_before"))
    repeated = (pl.col("forecast") == pl.col("forecast").gather("_before")) & pl.col("_has_before")
    number = pl.col("family") != "direction"
    return frame.with_columns((repeated & number).fill_null(value=False).alias("is_repeat")).drop(
        "_before", "_has_before"
    )


def fill_scores(frame: pl.DataFrame) -> pl.DataFrame:
    """What does not apply to a row: empty words, zero counts, false marks."""
    return frame.with_columns(
        *(
            pl.col(name).fill_null("") if name in frame.columns else pl.lit("").alias(name)
            for name in ("issue", "verdict", "own_verdict", "direction", "band_kind")
        ),
        pl.col("is_repeat").fill_null(value=False),
        *(pl.col(c).fill_null(0) for c in ("band_n", "z_n", "actual_vintages")),
    )
