"""From recorded releases to the message: figures in a lake, judged, entered, told; amended and retracted by a restatement."""

from datetime import date, timedelta

import pytest

from contracts.period import add_months
from contracts.secret import Secret
from data_lake.ledger import read_alerts, read_deliveries
from tasks.alerts import Entry, Scope, record_candidates
from tasks.alerts.evaluate import evaluate_months
from tasks.delivery import Hands, OutboxWorker, deliver, start_clock
from tasks.delivery.channels.console import ConsoleReceiver
from tasks.month_summary.opening import open_months
from tasks.month_summary.reading import read_month
from tasks.month_summary.writing import tell_chain
from tasks.reconciling.language import load_language
from tests.builders import head, record
from tests.tasks.alerts.rows import MAY, SODIUM, published


def review(lake, month: date, actual: float, forecast: float, *, restated: float | None = None) -> None:
    """The review of a month: its actual, the next month's forecast, and where given another value for the month before."""
    rows = [
        {"period": f"{month:%Y-%m}", "value": float(actual), "place": "row 2"},
        {"period": f"{add_months(month, 1):%Y-%m}", "kind": "forecast", "value": float(forecast), "place": "row 3"},
    ]
    if restated is not None:
        rows.append({"period": f"{add_months(month, -1):%Y-%m}", "value": float(restated), "place": "row 4"})
    record(
        lake, head(review_month=f"{month:%Y-%m}", published_at=published(month), document=f"{month:%Y%m}" * 10), *rows
    )


def live(lake, month: date, told: list[str], language: str = "en") -> None:
    """A live run after the review of this month."""
    now = published(month) + timedelta(hours=2)
    span = (add_months(month, -1), add_months(month, 1))
    found = evaluate_months(lake, SODIUM, first=span[0], last=span[1], as_of=now)
    record_candidates(lake, found, Scope(span, SODIUM), Entry(now, now, "live"))
    desk = ConsoleReceiver(
        name="desk",
        language=language,
    )
    post = OutboxWorker(lake, [desk], lambda _: Secret(), "live", told.append, Hands(start_clock(now)))
    deliver(post, SODIUM, now)


def test_three_misses_in_a_row_are_told_as_they_come_and_a_restatement_takes_one_back(lake):
    told: list[str] = []
    review(lake, add_months(MAY, -1), 1, 0)
    for back in range(3):
        review(lake, add_months(MAY, back), 12, 0)
        live(lake, add_months(MAY, back), told)
        live(lake, add_months(MAY, back), told)
    assert len(told) == 3
    assert "beat the forecast: +12 % against 0 % MoM; level 12 % higher" in told[0]
    july = add_months(MAY, 2)
    assert told[2].startswith(
        "◆ Error: Cathode materials output: 3 forecasts in a row too low, by 12 pp on average MoM"
    )
    states = read_alerts(lake).filter(month=july)
    assert sorted(states["rule"]) == ["forecast_miss", "repeated_miss"]

    review(lake, add_months(MAY, 3), 0, 0, restated=1)
    live(lake, add_months(MAY, 3), told)
    assert len(told) == 4
    assert "restated: +12 % first, now +1 % MoM" in told[3]
    assert "retracted" in told[3]
    by_rule = dict(read_alerts(lake).filter(month=july).select("rule", "state").iter_rows())
    assert by_rule == {"forecast_miss": "retracted", "repeated_miss": "retracted", "restatement": "fired"}
    assert read_deliveries(lake).filter(event="sent").height == 4


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Cathode materials in May 2026: +12 % MoM."), ("zh", "2026年5月正极材料：环比+12 %。")],
)
def test_a_message_opens_with_the_sentences_of_its_month(lake, language, sentence):
    told: list[str] = []
    review(lake, add_months(MAY, -1), 1, 0)
    review(lake, MAY, 12, 0)
    live(lake, MAY, told, language)
    (message,) = told
    assert message.split("\n\n")[2] == sentence  # after headline and context
    reading = read_month(lake, SODIUM["sodium_ion"], MAY, as_of=published(MAY), source="smm")
    assert [sentence] == tell_chain(reading, load_language(language))


def test_a_message_about_a_month_that_nothing_is_known_of_has_no_opening(lake):
    review(lake, MAY, 1, 0)
    tell = open_months(lake, SODIUM)
    group = {"source": "smm", "chain": "sodium_ion", "month": add_months(MAY, 5)}
    assert tell(group, published(MAY), "en") == ()
    assert tell(group, published(add_months(MAY, -3)), "en") == ()
    assert tell({**group, "chain": "unknown"}, published(MAY), "en") == ()
