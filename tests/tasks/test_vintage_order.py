"""Of two vintages of one instant the one recorded last is the later, wherever a vintage is chosen."""

from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from contracts.chain import load_chain
from contracts.readings import DocumentHints
from data_lake.figures import read_figures, read_vintages
from data_lake.lake import open_lake
from tasks.history.vintage_changes import list_restatements
from tasks.intake.ingest import ingest_file, later
from tasks.scoring import score_forecasts
from tests.tasks.interrupted import NOW

HEAD = "source,chain,review_month,published,segment,product,metric,measure,period,kind,value\n"
FORECAST = "alpha,sodium_ion,2025-04,2025-05-05,electrolyte,,production,mom_pct,2025-05,forecast,5\n"
ACTUAL = "alpha,sodium_ion,2025-05,2025-06-05,electrolyte,,production,mom_pct,2025-05,actual,{}\n"
LATER = "alpha,sodium_ion,2025-06,2025-07-05,electrolyte,,production,mom_pct,2025-05,actual,{}\n"


@pytest.fixture
def write(tmp_path):
    def write(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.csv"
        path.write_text(HEAD + text, encoding="utf-8")
        return path

    return write


STILL, FORWARD, BACK = 0, 1, -1
ORDERS = list(permutations([3, 12, 7]))


@pytest.mark.parametrize(
    ("order", "clock"),
    [*((order, STILL) for order in ORDERS), (ORDERS[1], FORWARD), (ORDERS[1], BACK), (ORDERS[4], BACK)],
)
def test_the_one_recorded_last_is_the_later_everywhere(tmp_path, write, order, clock):
    lake = open_lake(str(tmp_path / "lake"))
    paths = [write("forecast", FORECAST), write("first", ACTUAL.format(20))]
    paths += [write(f"later{value}", LATER.format(value)) for value in order]
    told = []
    for number, path in enumerate(paths, start=1):
        now = NOW + timedelta(minutes=clock * number)
        told += [line for o in ingest_file(lake, path, DocumentHints(), now=now, run_id="t") for line in o.clashes]
    assert len(told) == 3  # the second against the first, the third against both
    vintages = read_vintages(lake).collect()
    assert read_figures(lake).filter(kind="actual")["value"].item() == order[-1]
    pairs = list_restatements(vintages, chains={"sodium_ion": load_chain("sodium_ion")})
    assert pairs["value"].to_list() == list(order)
    (row,) = score_forecasts(vintages, chains={"sodium_ion": load_chain("sodium_ion")}).to_dicts()
    assert (row["actual"], row["latest_actual"]) == (20, order[-1])
    assert row["reason"] == "latest_disputed"


def test_documents_of_one_command_are_recorded_one_after_another():
    assert [later(NOW, n) - NOW for n in (1, 2, 3)] == [timedelta(microseconds=n) for n in (0, 1, 2)]


def test_a_number_published_again_on_its_day_is_no_clash(tmp_path, write):
    lake = open_lake(str(tmp_path / "lake"))
    for path in (write("first", ACTUAL.format(20)), write("again", ACTUAL.format("20.0"))):
        outcomes = ingest_file(lake, path, DocumentHints(), now=NOW, run_id="t")
        assert [o.clashes for o in outcomes] == [()]
