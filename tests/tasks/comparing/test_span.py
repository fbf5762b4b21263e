"""What a month's scores say does not depend on the span that is asked for."""

from datetime import date, datetime

import pytest

from contracts.chain import load_chain
from contracts.period import add_months, format_month
from contracts.scores import SCORES
from data_lake.lake import Lake, open_lake
from tasks.comparing.refresh import derive_months, refresh_derived
from tests.builders import day, head, record


@pytest.fixture
def late_lake(tmp_path) -> Lake:
    """Forecasts and outcomes of two years; November 2024 comes out in March, after December, January and February."""
    lake = open_lake(str(tmp_path))
    for i in range(24):
        month = add_months(date(2023, 6, 1), i)
        published = datetime.combine(add_months(month, 1), datetime.min.time(), day("2026-01-01").tzinfo).replace(day=5)
        outcome = {"period": format_month(month), "value": 5.0 + (3, -2, 7, 1)[i % 4]}
        forecast = {"period": format_month(add_months(month, 1)), "kind": "forecast", "value": 5.0}
        late = month == date(2024, 11, 1)
        at = {"review_month": format_month(month), "published_at": published, "document": f"{i:064d}"}
        record(lake, head(**at), *([forecast] if late else [outcome, forecast]))
        if late:
            record(lake, head(**at | {"published_at": day("2025-03-20"), "document": "e" * 64}), outcome)
    return lake


def test_scores_do_not_depend_on_the_last_month_asked_for(late_lake):
    chains = {"sodium_ion": load_chain("sodium_ion")}
    month = date(2024, 11, 1)
    asked = [
        derive_months(late_lake, chains, months=(first, last), as_of=None).scores.filter(month=month)
        for first, last in (
            (month, month),
            (month, date(2024, 12, 1)),
            (date(2023, 6, 1), date(2025, 6, 1)),
            (date(2024, 2, 1), month),
        )
    ]
    assert all(one.equals(asked[0]) for one in asked)
    # known before 20 March 2025: July 2023 to October 2024, and December to February
    assert (asked[0]["z_n"].item(), asked[0]["z"].is_not_null().item()) == (19, True)


def test_a_quarter_is_marked_when_its_last_month_comes_in(tmp_path):
    """The stored score stands under July, though what changes is September."""
    lake = open_lake(str(tmp_path))
    chains = {"sodium_ion": load_chain("sodium_ion")}
    flow = {"measure": "level", "unit": "t"}
    said = {**flow, "period": "2025-Q3", "kind": "forecast", "value": 400.0}
    record(lake, head(review_month="2025-06", published_at=day("2025-07-05"), document="0" * 64), said)
    refresh_derived(lake, chains, as_of=day("2025-07-05"))
    for number, value in ((7, 100.0), (8, 120.0), (9, 140.0)):
        month = f"2025-{number:02d}"
        published = day(f"2025-{number + 1:02d}-05")
        outcome = {**flow, "period": month, "value": value}
        record(lake, head(review_month=month, published_at=published, document=f"{number:064d}"), outcome)
        refresh_derived(lake, chains, as_of=published)
        stored = lake.table(SCORES).scan().filter(period="2025-Q3").collect()
        assert stored["actual"].to_list() == ([360] if number == 9 else [None])
