"""The outbox on a real lake: once, in order, side by side, retried, given up, and never a secret outside."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from contracts.alerts import DELIVERIES
from contracts.errors import UsageError
from contracts.secret import Secret
from data_lake.ledger import read_alerts, read_deliveries, read_ledger
from tasks.alerts import Entry, Scope, record_candidates
from tasks.delivery import Planning, SecretName, deliver, plan_untold, resolve_environment
from tasks.delivery.channel import find_channels
from tasks.delivery.channels.console import ConsoleReceiver
from tasks.delivery.channels.file import FileReceiver
from tasks.delivery.channels.mail import MailReceiver
from tasks.delivery.channels.slack import SlackReceiver
from tasks.delivery.channels.webhook import WebhookReceiver
from tasks.delivery.claim import LEASE, Hands, start_clock
from tasks.delivery.outbox import plan_deliveries
from tasks.delivery.outbox_state import find_current
from tasks.delivery.requeue import list_dead, requeue
from tasks.delivery.senders import Refused, Sent, Unavailable
from tasks.delivery.sending import MOST_ATTEMPTS, OutboxWorker, pause_after, send_due
from tasks.messages.neutral import Message
from tests.tasks.alerts.rows import MAY, SODIUM, candidate, candidates, published
from tests.tasks.delivery.servers import HANG
from tests.tasks.messages.samples import HOSTILE

NOON = published(MAY)
MONTHS = (MAY, MAY)
DESK = ConsoleReceiver(
    name="desk",
)
FILE = FileReceiver(
    name="file",
)


class Channel:
    """A channel that answers as told, then takes everything."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.got: list = []

    def __call__(self, request):
        self.got.append(request)
        answer = self.answers.pop(0) if self.answers else Sent("ok")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def messages(self) -> list[Message]:
        return [request.message for request in self.got]


class Crash(BaseException):
    """The process dies here."""


def enter(lake, *found, at=NOON, quiet=False):
    scope = Scope(MONTHS, SODIUM, {"forecast_miss"})
    return record_candidates(lake, candidates(*found), scope, Entry(at, at, "r1", quiet=quiet))


def run(lake, senders, *receivers, at=NOON, resolve=lambda _: Secret("secret-value"), hands=None, **options):
    hands = hands or Hands(lambda: at, wait=lambda _: None)
    post = OutboxWorker(lake, receivers or (DESK,), resolve, "r1", print, hands, senders=senders)
    return deliver(post, SODIUM, at, **options)


def segments(count: int) -> list[dict]:
    return [candidate(segment=f"s{i}", title=f"Segment {i} fell short") for i in range(count)]


def test_the_same_run_twice_sends_nothing_the_second_time(lake):
    channel = Channel()
    for _ in range(2):
        enter(lake, candidate())
        run(lake, {"console": channel})
    assert len(channel.got) == 1
    assert run(lake, {"console": channel}, at=NOON + timedelta(days=400)).sent == 0


def test_sixty_segments_give_one_digest_with_at_most_twenty_rows_and_a_count(lake):
    channel = Channel()
    enter(lake, *segments(60))
    run(lake, {"console": channel})
    (message,) = channel.messages
    assert (len(message.findings), message.more) == (20, 40)
    assert message.headline.endswith("(+59 more)")
    covers = read_deliveries(lake).filter(event="planned")["covers"].item().split(" ")
    assert len(covers) == 60


def test_a_contradiction_says_how_much_it_holds_back(lake):
    channel = Channel()
    cause = candidate(rule="figures_contradict", kind="state", severity="error", measure="", detail="{}")
    found = [cause, candidate(), candidate(measure="yoy_pct")]
    record_candidates(lake, candidates(*found), Scope(MONTHS, SODIUM), Entry(NOON, NOON, "r1"))
    run(lake, {"console": channel})
    (message,) = channel.messages
    assert [(f.rule, f.note) for f in message.findings] == [("figures_contradict", "Held back while this stands: 2.")]


def test_a_new_alert_makes_an_update_that_shows_the_month_as_a_whole(lake):
    channel = Channel()
    enter(lake, candidate())
    run(lake, {"console": channel})
    enter(lake, candidate(), candidate(segment="cell", title="Cells fell short"))
    run(lake, {"console": channel})
    first, second = channel.messages
    assert (first.is_update, second.is_update) == (False, True)
    assert second.headline == "Cells fell short"
    assert [f.news for f in second.findings] == ["new", ""]
    assert first.thread == second.thread
    assert first.marker != second.marker
    assert channel.got[1].root == "ok"


def test_a_retraction_reaches_those_who_were_told_and_nobody_else(lake):
    warned, informed = Channel(), Channel()
    receivers = (
        ConsoleReceiver(name="a", severity="warning"),
        FileReceiver(
            name="b",
        ),
    )
    senders = {"console": warned, "file": informed}
    enter(lake, candidate(severity="info"))
    run(lake, senders, *receivers)
    enter(lake)
    run(lake, senders, *receivers)
    assert len(warned.got) == 0
    assert [m.headline.split(":")[0] for m in informed.messages] == [
        "Cathode materials output beat the forecast",
        "Retracted",
    ]
    enter(lake, candidate())
    run(lake, senders, *receivers)
    assert [f.news for f in warned.messages[0].findings] == ["back"]


@pytest.mark.parametrize(
    ("receiver", "count"),
    [
        ({"severity": "error"}, 0),
        ({"severity": "warning"}, 1),
        ({"chains": ("lithium_ion",)}, 0),
        ({"chains": ("sodium_ion",)}, 1),
        ({"segments": ("cell",)}, 0),
        ({"segments": ("cathode", "cell")}, 1),
        ({"sources": ("other",)}, 0),
    ],
)
def test_routes(lake, receiver, count):
    channel = Channel()
    enter(lake, candidate())
    run(lake, {"console": channel}, ConsoleReceiver(name="x", **receiver))
    assert len(channel.got) == count


def test_what_nobody_wanted_is_not_sent_to_a_receiver_added_later(lake):
    channel = Channel()
    enter(lake, candidate())
    run(lake, {"console": channel}, ConsoleReceiver(name="x", severity="critical"))
    run(
        lake,
        {"console": channel},
        ConsoleReceiver(
            name="y",
        ),
    )
    assert not channel.got
    assert read_deliveries(lake)["event"].to_list() == ["unwanted"]


def test_a_backfill_sends_nothing_and_the_first_live_run_floods_nobody(lake):
    channel = Channel()
    enter(lake, *segments(5), quiet=True)
    run(lake, {"console": channel})
    enter(lake, *segments(6))
    run(lake, {"console": channel})
    (message,) = channel.messages
    assert [f.title for f in message.findings] == ["Segment 5 fell short"]


def test_one_channels_failure_blocks_no_other(lake):
    broken, other = Channel(RuntimeError("boom")), Channel()
    enter(lake, candidate())
    report = run(lake, {"console": broken, "file": other}, DESK, FILE)
    assert (report.sent, report.failed, report.waiting) == (1, 1, 1)
    assert "boom" in report.lines[0]
    assert len(other.got) == 1


def test_a_failed_delivery_is_tried_again_when_it_is_due_and_not_before(lake):
    channel = Channel(Unavailable("HTTP 429", 90.0))
    enter(lake, candidate())
    run(lake, {"console": channel})
    run(lake, {"console": channel}, at=NOON + timedelta(seconds=89))
    assert len(channel.got) == 1
    report = run(lake, {"console": channel}, at=NOON + timedelta(seconds=90))
    assert (report.sent, len(channel.got)) == (1, 2)
    assert channel.got[0].message.marker == channel.got[1].message.marker


def test_patience_waits_as_long_as_the_channel_asks(lake):
    channel, waited = Channel(Unavailable("HTTP 429", 7.0), Unavailable("HTTP 500")), []
    enter(lake, candidate())
    clock = [NOON]

    def wait(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += timedelta(seconds=seconds)

    report = run(lake, {"console": channel}, patience_seconds=120, hands=Hands(lambda: clock[0], wait=wait))
    assert waited == [7.0, 60.0]  # asked for 7 s; then 30 s doubled for the second attempt
    assert (report.sent, report.failed, report.waiting) == (1, 2, 0)


def test_messages_to_a_receiver_stay_in_order(lake):
    channel = Channel(Unavailable("down"))
    enter(lake, candidate())
    plan_untold(lake, Planning([DESK], SODIUM, NOON, "r1"))
    enter(lake, candidate(), candidate(segment="cell"))
    later = NOON + timedelta(seconds=1)
    run(lake, {"console": channel}, at=later)
    assert len(channel.got) == 1
    run(lake, {"console": channel}, at=later + timedelta(minutes=5))
    assert [m.is_update for m in channel.messages] == [False, False, True]


def test_pauses_grow_to_a_cap_and_respect_what_is_asked():
    assert [pause_after(n, None).total_seconds() for n in (1, 2, 3)] == [30, 60, 120]
    assert pause_after(50, None) == timedelta(hours=6)
    assert pause_after(1, 7.0) == timedelta(seconds=7)
    assert pause_after(1, 1e300) == timedelta(hours=24)


def test_a_permanent_refusal_is_a_dead_letter_and_told_on_the_other_channel(lake):
    broken, other = Channel(Refused("HTTP 404: no_service")), Channel()
    enter(lake, candidate())
    report = run(lake, {"console": broken, "file": other}, DESK, FILE)
    assert (report.dead, report.sent) == (1, 2)
    assert [m.headline.split(" (")[0] for m in other.messages][1] == "Receiver desk"
    assert len(broken.got) == 1  # never told through itself
    state = read_alerts(lake).filter(rule="delivery_broken").to_dicts()
    assert [(a["state"], a["severity"], a["segment"]) for a in state] == [("fired", "error", "desk")]
    enter(lake, candidate(), candidate(segment="cell"))
    run(lake, {"console": broken, "file": other}, DESK, FILE, at=NOON + timedelta(hours=1))
    assert read_alerts(lake).filter(rule="delivery_broken")["state"].item() == "resolved"
    assert other.messages[-1].headline.startswith("Resolved: Receiver desk")


def test_many_failures_end_in_a_dead_letter(lake):
    channel = Channel(*[Unavailable("down")] * 50)
    enter(lake, candidate())
    for hour in range(20):
        run(lake, {"console": channel}, at=NOON + timedelta(hours=12 * hour))
    assert len(channel.got) == MOST_ATTEMPTS
    assert find_current(read_deliveries(lake)).filter(receiver="desk")["event"].to_list() == ["dead"]


def test_a_secret_that_is_not_there_waits_and_says_so(lake, monkeypatch):
    monkeypatch.delenv("TRONA_SLACK_URL", raising=False)
    slack = SlackReceiver(name="slack", url=SecretName(env="TRONA_SLACK_URL"))
    enter(lake, candidate())
    report = run(lake, {"slack": Channel()}, slack, resolve=resolve_environment)
    assert (report.failed, report.waiting) == (1, 1)
    assert "TRONA_SLACK_URL is not set" in report.lines[0]


@pytest.mark.parametrize("point", ["planned", "sending", "sent"])
def test_a_crash_after_any_step_loses_and_doubles_nothing(lake, point, monkeypatch):
    channel = Channel()
    enter(lake, candidate())
    if point == "planned":
        plan_untold(lake, Planning([DESK], SODIUM, NOON, "r1"))
    else:
        broken = Channel(Crash()) if point == "sending" else channel
        if point == "sent":
            monkeypatch.setattr("tasks.delivery.claim.append_receipts", lambda *_: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            run(lake, {"console": broken})
        monkeypatch.undo()
    run(lake, {"console": channel}, at=NOON + timedelta(minutes=1))
    run(lake, {"console": channel}, at=NOON + LEASE)
    run(lake, {"console": channel}, at=NOON + timedelta(days=1))
    assert len({m.marker for m in channel.messages}) == 1
    assert len(channel.got) == (2 if point == "sent" else 1)
    assert channel.got[-1].is_repeat is (point != "planned")
    assert find_current(read_deliveries(lake))["event"].to_list() == ["sent"]


def test_two_workers_at_once_send_it_once(lake):
    channel = Channel()
    enter(lake, *segments(3))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run(lake, {"console": channel}), range(4)))
    assert len(channel.got) == 1
    events = read_deliveries(lake).sort("step")["event"].to_list()
    assert events == ["planned", "sending", "sent"]


def test_a_worker_taken_for_lost_that_comes_back_late_changes_nothing(lake):
    """The first worker hangs beyond its lease, a second one sends, then the first one's channel gives up."""
    second = Channel()

    def slow(request):
        run(lake, {"console": second}, at=NOON + LEASE)
        return Unavailable("gave up waiting")

    enter(lake, candidate())
    run(lake, {"console": slow})
    run(lake, {"console": second}, at=NOON + timedelta(days=1))
    assert len(second.got) == 1
    assert find_current(read_deliveries(lake))["event"].to_list() == ["sent"]


def test_hostile_names_and_sentences_do_no_harm_on_any_channel(lake, http, mail_server):
    server = mail_server(security="none")
    cathode = next(s for s in SODIUM["sodium_ion"].segments if s.name == "cathode")
    evil = replace(SODIUM["sodium_ion"], title=HOSTILE * 300, segments=(replace(cathode, title=HOSTILE * 300),))
    detail = json.dumps(
        {"forecast": 1.0, "actual": 9.0, "unit": HOSTILE, "surprise": 8.0, "sentences": [HOSTILE * 300]}
    )
    enter(lake, candidate(title=HOSTILE * 300, detail=detail))
    receivers = [
        SlackReceiver(name="desk", url=SecretName(env="X")),
        MailReceiver(
            name="mail",
            host="127.0.0.1",
            port=server.port,
            security="none",
            sender="trona@example.com",
            to=("a@example.com",),
        ),
    ]
    post = OutboxWorker(lake, receivers, lambda _: Secret(http.url), HOSTILE, print, Hands(start_clock(NOON)))
    report = deliver(post, {"sodium_ion": evil}, NOON)
    assert (report.sent, report.lines) == (2, ())
    posted = http.requests[0]["body"].decode()
    assert "<!channel>" not in posted
    assert "http://evil" not in posted
    (mail,) = server.box.messages
    assert mail["Bcc"] is None
    assert (mail["To"], len(server.box.raw[0]) < 100_000) == ("a@example.com", True)
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html
    assert 'href="http' not in html


def test_two_workers_deciding_at_once_fire_it_once(lake):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: enter(lake, *segments(3)), range(4)))
    assert read_ledger(lake)["change"].to_list() == [1, 1, 1]


def test_the_clock_moving_back_neither_repeats_nor_stalls(lake):
    channel = Channel(Unavailable("down", 3600.0))
    enter(lake, candidate())
    run(lake, {"console": channel})
    earlier = NOON - timedelta(hours=5)
    run(lake, {"console": channel}, at=earlier)
    assert len(channel.got) == 2
    run(lake, {"console": channel}, at=earlier)
    run(lake, {"console": channel}, at=NOON)
    assert len(channel.got) == 2


def test_planning_is_a_pure_function_of_its_rows(lake):
    enter(lake, *segments(3))
    ledger = read_ledger(lake)
    planning = Planning([DESK, FILE], SODIUM, NOON, "r")
    plans = [plan_deliveries(rows, DELIVERIES.empty(), planning) for rows in (ledger, ledger.reverse())]
    assert plans[0].equals(plans[1])
    assert plans[0]["delivery_id"].is_unique().all()
    assert plan_deliveries(ledger, plans[0], planning).is_empty()


def test_a_hanging_channel_does_not_hold_up_the_others(lake, http):
    http.answers.append(HANG)
    other = Channel()
    hook = WebhookReceiver(name="hook", url=SecretName(env="X"), timeout_seconds=0.5)
    enter(lake, candidate())
    report = run(lake, {"file": other}, hook, FILE, resolve=lambda _: Secret(http.url))
    assert (report.sent, report.failed, len(other.got)) == (1, 1, 1)


SECRET = "T0SECRETTEAM/B0SECRETHOOK/sEcReTsEcReTtoken"


@pytest.mark.parametrize("answer", [(200, {}, "ok"), (404, {}, None), (500, {}, None), HANG], ids=str)
@pytest.mark.parametrize("kind", ["slack", "webhook"])
def test_a_secret_is_never_in_log_ledger_outbox_message_or_report(lake, http, everything_logged, capsys, kind, answer):
    url = f"{http.url}/services/{SECRET}"
    # The other side repeats the address in its answer, as some do.
    http.answers.append(answer if answer == HANG else (answer[0], {}, answer[2] or f"no hook at {url}"))
    receiver = find_channels()[kind].receiver(name="desk", url=SecretName(env="HOOK"), timeout_seconds=0.5)
    enter(lake, candidate())
    report = run(lake, {}, receiver, resolve=lambda _: Secret(url))
    kept = [str(read_deliveries(lake).to_dicts()), str(read_ledger(lake).to_dicts()), str(report), repr(receiver)]
    printed = capsys.readouterr()
    kept += [everything_logged.text, printed.out, printed.err, str([vars(r) for r in everything_logged.records])]
    for text, part in itertools.product(kept, [*SECRET.split("/"), url]):
        assert part not in text
    assert http.requests[0]["path"].endswith(SECRET)


def test_a_mail_password_is_never_outside(lake, mail_server, everything_logged):
    server = mail_server(login=("trona", "right-password"))
    receiver = MailReceiver(
        name="planning",
        host="localhost",
        port=server.port,
        ca_file=server.ca_file,
        sender="trona@example.com",
        to=("a@example.com",),
        username=SecretName(env="U"),
        password=SecretName(env="P"),
    )
    enter(lake, candidate())
    run(lake, {}, receiver, resolve=lambda n: Secret("trona" if n.env == "U" else "wr0ng-passw0rd"))
    rows = read_deliveries(lake)
    assert "dead" in rows["event"].to_list()
    assert "wr0ng-passw0rd" not in str(rows.to_dicts()) + everything_logged.text


def test_every_message_is_kept_in_the_lake(lake):
    enter(lake, candidate())
    run(lake, {}, FILE)
    row = read_deliveries(lake).filter(event="planned").row(0, named=True)
    message = Message.from_json(row["message"])
    assert Message.from_json(message.to_json()) == message
    kept = lake.storage.get(f"messages/{message.marker}.txt").decode()
    assert kept.startswith("▲ Warning: Cathode materials output beat the forecast")
    reference = read_deliveries(lake).filter(event="sent")["reference"].item()
    assert reference.endswith(f"{message.marker}.txt")


def test_alerts_say_who_was_told_when(lake):
    enter(lake, candidate())
    run(lake, {"console": Channel()})
    row = read_alerts(lake, full=True).row(0, named=True)
    assert row["told"] == "desk 2026-06-05 12:00"


def test_a_receiver_that_is_gone_is_left_alone(lake):
    enter(lake, candidate())
    plan_untold(lake, Planning([DESK], SODIUM, NOON, "r1"))
    report = send_due(
        OutboxWorker(
            lake, [FILE], lambda _: Secret(), "r1", print, Hands(start_clock(NOON)), senders={"file": Channel()}
        )
    )
    assert (report.sent, report.waiting) == (0, 1)
    assert isinstance(read_deliveries(lake), pl.DataFrame)


def test_a_first_attempt_that_never_connected_is_no_repeat(lake):
    """Only where the channel may have the message is the next attempt one."""
    channel = Channel(Unavailable("refused"), Unavailable("no answer", is_unanswered=True), Unavailable("refused"))
    enter(lake, candidate())
    for hour in range(4):
        run(lake, {"console": channel}, at=NOON + timedelta(hours=hour))
    assert [request.is_repeat for request in channel.got] == [False, False, True, True]


def test_who_has_it_already_is_told_to_the_channel_at_the_next_attempt(lake):
    channel = Channel(Unavailable("450", reached="a@x"), RuntimeError("boom"), Refused("550", reached="a@x b@x"))
    enter(lake, candidate())
    for hour in range(3):
        run(lake, {"console": channel}, at=NOON + timedelta(hours=hour))
    requeue(lake, [], every_dead=True, now=NOON + timedelta(hours=4), run_id="r")
    run(lake, {"console": channel}, at=NOON + timedelta(hours=4))
    assert [request.reached for request in channel.got] == ["", "a@x", "a@x", "a@x b@x"]


def test_a_dead_letter_is_sent_again_when_somebody_asks_and_not_before(lake):
    channel = Channel(Refused("550 unknown"))
    enter(lake, candidate())
    run(lake, {"console": channel})
    later = NOON + timedelta(days=3)
    assert run(lake, {"console": channel}, at=later).sent == 0
    (name,) = list_dead(lake)["delivery_id"]
    assert requeue(lake, [name[:6]], every_dead=False, now=later, run_id="r")["event"].to_list() == ["requeued"]
    assert run(lake, {"console": channel}, at=later).sent == 1
    assert channel.got[0].message.marker == channel.got[1].message.marker
    with pytest.raises(UsageError, match="arrived at"):
        requeue(lake, [name], every_dead=False, now=later, run_id="r")
    assert requeue(lake, [], every_dead=True, now=later, run_id="r").is_empty()


def test_a_message_that_waits_can_be_sent_at_once(lake):
    channel = Channel(Unavailable("429", 3600.0))
    enter(lake, candidate())
    run(lake, {"console": channel})
    (name,) = read_deliveries(lake)["delivery_id"].unique()
    requeue(lake, [name], every_dead=False, now=NOON + timedelta(seconds=1), run_id="r")
    assert run(lake, {"console": channel}, at=NOON + timedelta(seconds=1)).sent == 1


@pytest.mark.parametrize(("text", "says"), [("zzzzzz", "no message begins"), ("a", "at least 4 characters")])
def test_an_id_that_names_nothing(lake, text, says):
    with pytest.raises(UsageError, match=says):
        requeue(lake, [text], every_dead=False, now=NOON, run_id="r")


def test_a_webhook_carries_the_numbers_of_the_ledger_with_ids_and_the_iso_month(lake, http):
    detail = json.dumps({"forecast": -70.0, "actual": -60.0, "surprise": 10.0, "band": 5.0, "unit": "%"})
    enter(lake, candidate(detail=detail))
    hook = WebhookReceiver(name="hook", url=SecretName(env="X"))
    run(lake, {}, hook, resolve=lambda _: Secret(http.url))
    (body,) = http.bodies()
    (facts,) = [finding["facts"] for finding in body["findings"]]
    row = read_ledger(lake).row(0, named=True)
    assert body["findings"][0]["alert_id"] == row["alert_id"]
    assert {n: facts[n] for n in ("source", "chain", "segment", "measure")} == {
        n: row[n] for n in ("source", "chain", "segment", "measure")
    }
    assert (facts["forecast"], facts["actual"], facts["surprise"], facts["month"]) == (-70.0, -60.0, 10.0, "2026-05")
    assert body["about"] == {
        "source": row["source"],
        "chain": row["chain"],
        "month": "2026-05",
        "as_of": "2026-06-05T12:00:00Z",
        "run_id": "r1",
    }
