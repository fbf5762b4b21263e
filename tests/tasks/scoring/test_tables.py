"""Tables from outside: what is refused, what is asked about, what is read, and the columns that come out."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from contracts.errors import ContractBroken, UsageError
from contracts.period import add_months
from contracts.text import fill_text
from contracts.track_record import FORECASTER_COMPARISON
from tasks.scoring import check_score_table, compare_forecasters, score_table

GOLDEN = Path(__file__).parent / "golden"
RECORD_COLUMNS = [
    "forecaster",
    "measure",
    "n",
    "first_month",
    "last_month",
    "mean_surprise",
    "mae",
    "mdae",
    "rmse",
    "within_1",
    "within_2",
    "within_5",
    "hits",
    "hit_rate",
    "hit_p",
    "mase",
    "rmsse",
    "skill_no_change",
    "skill_same_growth",
    "skill_seasonal",
    "dm_stat",
    "dm_p",
    "mz_intercept",
    "mz_slope",
    "mz_p",
    "wis",
    "coverage_80",
]


def good(n: int = 12, **columns) -> pl.DataFrame:
    months = [add_months(date(2024, 1, 1), i) for i in range(n)]
    frame = pl.DataFrame(
        {
            "forecaster": ["house"] * n,
            "series": ["cathode"] * n,
            "month": [f"{m:%Y-%m}" for m in months],
            "issued_at": [f"{m:%Y-%m}-05" for m in months],
            "measure": ["mom_pct"] * n,
            "forecast": [float(3 + 5 * (i % 4)) for i in range(n)],
            "actual": [float(4 + 5 * (i % 3)) for i in range(n)],
        }
    )
    return frame.with_columns(**{k: v if isinstance(v, pl.Expr) else pl.Series(v) for k, v in columns.items()})


def at_row(column: str, row: int, value) -> pl.Expr:
    return pl.when(pl.int_range(pl.len()) == row).then(pl.lit(value)).otherwise(column)


def test_columns_of_the_record_and_scores():
    scores, record = score_table(good())
    assert record.columns[: len(RECORD_COLUMNS)] == RECORD_COLUMNS
    assert scores.columns[:7] == ["forecaster", "series", "month", "issued_at", "measure", "forecast", "actual"]
    assert "reason" in record.columns
    assert compare_forecasters(scores).schema == FORECASTER_COMPARISON.schema


CASES = {
    "missing_columns": (good().rename({"forecast": "forcast", "issued_at": "Issued At"}), ContractBroken),
    "duplicate_keys": (pl.concat([good(), good(2)]), ContractBroken),
    "odd_months": (good(3, month=["2024-01", "01/02/2024", "2024-H1"]), ContractBroken),
    "odd_dates": (good(3, issued_at=["2024-01-05", "05/02/24", "soon"]), ContractBroken),
    "nan": (good(forecast=at_row("forecast", 2, float("nan"))), ContractBroken),
    "infinity": (good(actual=at_row("actual", 2, float("inf"))), ContractBroken),
    "below_minus_100": (good(forecast=at_row("forecast", 2, -130.0)), ContractBroken),
    "unknown_measure": (good(measure=pl.lit("mom_pc")), ContractBroken),
    "empty_key": (good(series=at_row("series", 1, " ")), ContractBroken),
    "two_actuals": (
        pl.concat([good(), good(actual=pl.col("actual") * 2, forecaster=pl.lit("agency"))]),
        ContractBroken,
    ),
    "percent_signs_mixed": (
        good(3, forecast=["5%", "0.06", "7%"]),
        ContractBroken,
    ),
    "text_for_numbers": (good(3, forecast=["5", "about 6", "1,20"]), ContractBroken),
    "one_fraction": (good(forecast=at_row("forecast", 1, 0.06)), UsageError),
    "all_forecasts_fractions": (good(forecast=pl.col("actual") / 100), UsageError),
    "all_actuals_fractions": (good(actual=pl.col("actual") / 100), UsageError),
    "everything_fractions": (good(actual=pl.col("actual") / 100, forecast=pl.col("forecast") / 100), UsageError),
    "kilotonnes": (
        good(measure=pl.lit("level"), actual=pl.col("actual") * 1000),
        UsageError,
    ),
    "quantile_names": (good(q_5=pl.col("forecast")), ContractBroken),
    "quantiles_cross": (
        good(**{"q_0.1": pl.col("forecast") + 1, "q_0.9": pl.col("forecast") - 1}),
        ContractBroken,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_tables_are_refused_with_a_message(name):
    frame, kind = CASES[name]
    with pytest.raises(kind) as caught:
        score_table(frame)
    expected = GOLDEN / f"table_{name}.txt"
    assert f"{caught.value}\n" == expected.read_text(encoding="utf-8")


def test_a_confirmed_table_is_scored_as_it_stands():
    frame, _ = CASES["one_fraction"]
    scores, _ = score_table(frame, as_stated=True)
    assert scores["forecast"].to_list()[1] == 0.06


@pytest.mark.parametrize(
    "text",
    [
        "2024-03",
        "03/2024",
        "Mar-24",
        "2024-3",
        "2024/03",
        "2024.03",
        "2024-03-31",
        "202403",
        "20240331",
        "Mar 2024",
        "March 2024",
        "mar-2024",
        "2024 March",
        "2024M03",
        "2024年3月",
        " 2024-03 ",
        "2024-03-01 00:00:00",
    ],
)
def test_months_that_can_be_read_one_way_are_read(text):
    frame = good(1, month=[text], issued_at=["2024-03-05"])
    assert check_score_table(frame)["month"].to_list() == [date(2024, 3, 1)]


@pytest.mark.parametrize("text", ["01/02/2024", "24-03", "2024", "2024-13", "2024-00", "2024-Q1", "Foo 2024", ""])
def test_months_that_cannot_be_read_one_way_are_refused(text):
    with pytest.raises(ContractBroken):
        check_score_table(good(1, month=[text]))


def test_types_of_months_and_instants():
    zoned = datetime(2024, 1, 5, 8, tzinfo=UTC)
    frame = good(1).with_columns(pl.lit(date(2024, 1, 31)).alias("month"), pl.lit(zoned).alias("issued_at"))
    checked = check_score_table(frame)
    assert checked["month"].to_list() == [date(2024, 1, 1)]
    assert checked["issued_at"].to_list() == [zoned]
    shanghai = good(1, issued_at=["2024-02-01T00:30:00+08:00"])
    assert check_score_table(shanghai)["issued_at"].to_list() == [datetime(2024, 1, 31, 16, 30, tzinfo=UTC)]


def test_numbers_as_text():
    frame = good(3, forecast=["5%", "6.5 %", "-7%"], actual=["4", "+5", ""])
    checked = check_score_table(frame)
    assert checked["forecast"].to_list() == [5, 6.5, -7]
    assert checked["actual"].to_list() == [4, 5, None]


def test_an_actual_on_one_row_holds_for_the_target():
    other = good(forecaster=pl.lit("agency"), actual=pl.lit(None, pl.Float64))
    scores, record = score_table(pl.concat([good(), other]))
    assert scores["status"].unique().to_list() == ["scored"]
    assert record["n"].to_list() == [12, 12]


def test_pending_late_and_unscorable_rows_are_kept():
    frame = good(
        4,
        actual=[4.0, None, 9.0, 3.0],
        forecast=[3.0, 8.0, 13.0, None],
        issued_at=["2024-02-01", "2024-02-05", "2024-03-05", "2024-04-05"],
    )
    scores, record = score_table(frame)
    assert scores.select("status", "reason").rows() == [
        ("backcast", "issued_after_actual"),
        ("pending", "not_published_yet"),
        ("scored", "no_tolerance"),
        ("unscorable", "no_number"),
    ]
    assert record.select("n", "n_forecasts", "n_backcast", "n_pending", "n_unscorable").row(0) == (1, 4, 1, 1, 1)


def test_actual_at_decides_the_lock():
    frame = good(1, issued_at=["2024-02-03"], actual_at=["2024-02-05"])
    assert score_table(frame)[0]["status"].item() == "scored"
    assert score_table(frame.with_columns(actual_at=pl.lit("2024-02-02")))[0]["status"].item() == "backcast"


def test_a_cumulative_measure_has_rows_and_no_score():
    scores, _ = score_table(good(measure=pl.lit("ytd_yoy_pct")))
    assert set(scores["reason"]) == {"cumulative"}


def test_an_empty_table():
    scores, record = score_table(good(0))
    assert (scores.height, record.height) == (0, 0)
    assert compare_forecasters(scores).height == 0


def test_the_last_forecast_of_a_month_counts_and_the_others_are_counted():
    early = good(issued_at=pl.col("month") + "-01", forecast=pl.col("forecast") + 40)
    scores, record = score_table(pl.concat([good(), early]))
    assert record.select("n", "n_superseded").row(0) == (12, 12)
    assert record["mae"].item() == score_table(good())[1]["mae"].item()
    assert scores["issue"].to_list() == ["first", "last"] * 12


def test_a_median_stands_for_a_missing_point():
    frame = good(
        forecast=pl.lit(None, pl.Float64),
        **{"q_0.1": pl.col("actual") - 9, "q_0.5": pl.col("actual") - 2, "q_0.9": pl.col("actual") + 1},
    )
    scores, record = score_table(frame)
    assert scores["surprise_pp"].to_list() == [2.0] * 12
    assert record["coverage_80"].item() == 1


def test_a_static_tolerance_gives_verdicts():
    scores, _ = score_table(good(), tolerances={"mom_pct": 5.0})
    assert scores["verdict"].ne("").all()


def test_a_million_rows_of_one_series():
    n = 1_000_000
    rng = np.random.default_rng(1)
    months = pl.Series(range(1200)).sample(n, with_replacement=True, seed=1)
    frame = pl.DataFrame({"m": months, "forecast": rng.normal(0, 9, n)}).with_columns(
        pl.date(1990, 1, 1).dt.offset_by(fill_text("{}mo", pl.col("m"))).alias("month"),
        (pl.col("m").cast(pl.Float64) * 7.31 % 23 - 11).alias("actual"),
        pl.lit("house").alias("forecaster"),
        pl.lit("cathode").alias("series"),
        pl.lit("mom_pct").alias("measure"),
    )
    at = pl.col("month").cast(pl.Datetime("us")) - pl.duration(seconds=pl.int_range(pl.len()) + 1)
    scores, record = score_table(frame.with_columns(at.alias("issued_at")).drop("m"))
    assert scores.height == n
    # one forecast counts per month
    assert record["n"].item() == 1200
    assert record["n_superseded"].item() == n - 1200
