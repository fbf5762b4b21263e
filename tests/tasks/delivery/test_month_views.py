"""What a message shows of its month: the picture of the page, the link to the page, who answers and who is told."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contracts.chain import load_chain
from contracts.readings import DocumentHints
from contracts.secret import Secret
from data_lake.lake import open_lake
from tasks.alerts import Entry, Scope, record_candidates
from tasks.comparing.refresh import refresh_derived
from tasks.delivery import Hands, OutboxWorker, deliver
from tasks.delivery.channels.console import ConsoleReceiver
from tasks.delivery.month_views import read_month_views
from tasks.delivery.outbox import Imprint
from tasks.delivery.senders import Sent
from tasks.delivery.summary import deliver_summary
from tasks.intake import reading_process
from tasks.intake.ingest import ingest_document
from tasks.messages.digest import list_names
from tasks.messages.neutral import Message
from tests.tasks.alerts.rows import candidate, candidates
from tests.tasks.interrupted import take_in_all
from tests.tasks.settling.made_sheets import REVIEW, correct, settle_sheet

FIGURES = Path(__file__).parents[3] / "examples" / "figures" / "smm" / "lithium_ion"
SEPTEMBER, AT = date(2025, 9, 1), datetime(2025, 10, 5, tzinfo=UTC)
LITHIUM = {"lithium_ion": load_chain("lithium_ion")}
DESK, PLANNING = ConsoleReceiver(name="desk"), ConsoleReceiver(name="planning", severity="critical")
SITE = Imprint("data desk", "https://page.example/trona/")


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """August's forecast for September, and September: −1.51 % against +2.61 % month on month."""
    folder = tmp_path_factory.mktemp("views") / "lake"
    take_in_all(str(folder), [str(FIGURES / f"2025-{name}_ternary_cathode.csv") for name in ("08", "09")])
    store = open_lake(folder)
    refresh_derived(store, LITHIUM, as_of=AT)
    return store


def tell(lake, imprint, *receivers, month=SEPTEMBER, run_id="r1", send=deliver) -> list[Message]:
    """The messages that receivers are sent about a finding of the month."""
    found = candidates(candidate(chain="lithium_ion", segment="cathode", product="", month=month, source="smm"))
    entry = Entry(AT, AT, run_id, quiet=send is deliver_summary)
    record_candidates(lake, found, Scope((month, month), LITHIUM, {"forecast_miss"}), entry)
    got = []
    hands = Hands(lambda: AT, wait=lambda _: None)
    senders = {"console": lambda request: got.append(request.message) or Sent("ok")}
    post = OutboxWorker(lake, receivers, lambda _: Secret(""), run_id, print, hands, senders=senders, imprint=imprint)
    send(post, LITHIUM, AT)
    return got


def test_the_picture_of_a_month_is_that_of_its_page(lake):
    views = read_month_views(lake, LITHIUM, (SEPTEMBER, SEPTEMBER))
    picture = views.pictures["smm", "lithium_ion", SEPTEMBER]
    (bar,) = picture.bars
    assert (bar.series, bar.forecast, bar.actual, bar.right) == ("Ternary cathode", -1.51, 2.61, 2.61)
    # the outcome is 102.61 / 98.49 = 1.0418 of what was forecast
    assert bar.text == "level +4.2 %"
    # the tolerance of month-on-month growth is 3 % of the level: 98.49 / 1.03 = 95.62, 98.49 × 1.03 = 101.44
    assert (round(bar.low, 2), round(bar.high, 2)) == (-4.38, 1.44)
    assert picture.text == (
        "1 of 1 forecast month on month missed: Ternary cathode forecast −1.51 % MoM, outcome +2.61 % MoM"
    )


def test_a_month_with_figures_has_a_page_and_any_other_leads_to_the_first_one(lake):
    views = read_month_views(lake, LITHIUM, (SEPTEMBER, date(2025, 12, 1)))
    assert views.name_page("lithium_ion", SEPTEMBER) == "lithium_ion/2025-09.html"
    assert views.name_page("lithium_ion", date(2025, 12, 1)) == "index.html"
    assert views.name_page("sodium_ion", SEPTEMBER) == "index.html"


def test_a_message_links_to_the_month_and_names_owner_and_receivers(lake):
    first, second = tell(lake, SITE, DESK, replace(PLANNING, severity="info"))
    for message in (first, second):
        assert message.links == (("Month page", "https://page.example/trona/lithium_ion/2025-09.html"),)
        assert ("Owner", "data desk") in message.context
        assert ("Told", "desk, planning") in message.context
        assert message.picture is not None
        assert Message.from_json(message.to_json()) == message


def test_who_is_not_told_is_not_named_and_without_address_there_is_no_link(lake):
    (message,) = tell(lake, Imprint(), DESK, PLANNING, month=date(2025, 8, 1))
    assert ("Told", "desk") in message.context
    assert "Owner" not in dict(message.context)
    assert message.links == ()


def test_a_receiver_with_a_page_of_its_own_keeps_it(lake):
    own = replace(DESK, name="own", page_url="https://wiki.example/")
    (message,) = tell(lake, SITE, own, month=date(2025, 7, 1))
    assert message.links == (("Page", "https://wiki.example/"),)


def test_a_summary_of_history_leads_to_the_first_page(lake):
    (message,) = tell(lake, SITE, DESK, month=date(2025, 6, 1), run_id="r9", send=deliver_summary)
    assert message.links == (("Page", "https://page.example/trona/index.html"),)
    assert message.subject.startswith("Warning · Lithium-ion batteries, 2025-06 to 2025-06: ")
    assert ("Told", "desk") in message.context


def test_many_names_are_counted():
    assert list_names(["desk", "planning"]) == "desk, planning"
    many = list_names([f"receiver {i}" for i in range(12)])
    assert many.startswith("receiver 0, receiver 1")
    assert many.endswith(" more")
    assert len(many) <= 60


def test_a_message_says_how_many_figures_of_its_month_need_a_look_until_they_are_settled(tmp_path, monkeypatch):
    monkeypatch.setattr(reading_process, "_is_daemon", lambda: True)  # read in this process
    store, hints = open_lake(tmp_path / "lake"), DocumentHints(source="smm", chain="sodium_ion")
    (read,) = ingest_document(store, REVIEW, hints, now=AT, run_id="r1")
    (message,) = tell_of_may(store, "r1")
    assert "2 figures need a look: no facts until then." in message.notes
    assert message.commands[-1] == f"trona settle {read.release_id} --xlsx review.xlsx --write"
    ingest_document(store, settle_sheet(tmp_path, correct, at="2025-08-20"), hints, now=AT, run_id="r2")
    (message,) = tell_of_may(store, "r2")
    assert not [note for note in message.notes if "look" in note]
    assert len(message.commands) == 1


def tell_of_may(store, run_id) -> list[Message]:
    """The message about a finding of the reviewed month; a finding of its own for each run."""
    may, sodium = date(2025, 5, 1), {"sodium_ion": load_chain("sodium_ion")}
    found = candidates(candidate(segment="cathode", product="" if run_id == "r1" else "nfpp", month=may, source="smm"))
    record_candidates(store, found, Scope((may, may), sodium, {"forecast_miss"}), Entry(AT, AT, run_id))
    got = []
    senders = {"console": lambda request: got.append(request.message) or Sent("ok")}
    hands = Hands(lambda: AT, wait=lambda _: None)
    deliver(OutboxWorker(store, [DESK], lambda _: Secret(""), run_id, print, hands, senders=senders), sodium, AT)
    return got
