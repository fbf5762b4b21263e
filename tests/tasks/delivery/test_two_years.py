"""Two years of sixty segments, live month by month, with a hundred crashes between any two steps.

By default the first three months of eight segments with twenty crashes, under soak all of it. Planted: misses, restatements that take some of them back, months whose review comes after its deadline. Whatever
crashes and wherever, every planted event is announced exactly once to every receiver, and nothing else is.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from contracts.alerts import CANDIDATES
from contracts.chain import Calendar, Chain, Segment
from contracts.period import add_months
from contracts.secret import Secret
from data_lake.delta import DeltaLog
from data_lake.ledger import read_deliveries, read_ledger
from tasks.alerts import Entry, Evaluation, Scope, find_alerts, read_current, record_candidates
from tasks.delivery import OutboxWorker, SecretName, deliver
from tasks.delivery.channel import find_channels
from tasks.delivery.channels.file import FileReceiver
from tasks.delivery.channels.mail import MailReceiver
from tasks.delivery.channels.slack import SlackReceiver
from tasks.delivery.channels.webhook import WebhookReceiver
from tasks.delivery.claim import LEASE, Hands
from tasks.delivery.outbox_state import find_current
from tasks.messages.neutral import Message
from tests.tasks.alerts.rows import figure, figures, published, release, releases, score, scores
from tests.tasks.delivery.servers import MailServer

FIRST, MONTHS, SEGMENTS, CRASHES = date(2024, 1, 1), 24, 60, 100
FIRST_MONTHS, FEW_SEGMENTS, FEW_CRASHES = 3, 8, 20
NAMES = [f"segment{i:02}" for i in range(SEGMENTS)]
CALENDAR = Calendar(time_zone="Europe/Berlin", publication_day=5, grace_business_days=5)
CHAINS = {
    "test_chain": Chain(
        name="test_chain",
        title="Test chain",
        names={"en": ("test",)},
        calendar=CALENDAR,
        segments=tuple(Segment(n, n.capitalize(), {"en": (n,)}, {"production": "t"}, ()) for n in NAMES),
        links=(),
        tolerance_pp={"mom_pct": 5.0},
    )
}
LATE = {2, 13, 20}  # months whose review comes three weeks late


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Dice:
    """Throws a crash now and then, until all are thrown."""

    rng: random.Random
    left: int
    chance: float = 0.12
    armed: bool = False
    places: Counter = field(default_factory=Counter)

    def roll(self, place: str) -> None:
        if self.armed and self.left and self.rng.random() < self.chance:
            self.left -= 1
            self.places[place] += 1
            raise Crash(place)


@dataclass
class World:
    """What is true: misses by (segment, month), and which of them the next review takes back."""

    names: list[str]
    months: int
    misses: dict[tuple[str, int], float]
    taken_back: set[tuple[str, int]]

    @property
    def late(self) -> list[int]:
        return [i for i in range(self.months) if i in LATE]

    def month(self, index: int) -> date:
        return add_months(FIRST, index)

    def arrives(self, index: int) -> datetime:
        return published(self.month(index)) + timedelta(days=21 if index in LATE else 0)

    def tables(self, as_of: datetime) -> dict[str, pl.DataFrame]:
        """Scores, figures and releases as they were known at `as_of`."""
        known = [i for i in range(self.months) if self.arrives(i) <= as_of]
        marks, stated = [], []
        for i in known:
            for name in self.names:
                error = self.misses.get((name, i), 1.0)
                base = {"chain": "test_chain", "segment": name}
                mark = score(0, error, month=self.month(i), **base)
                stated.append(figure(error, month=self.month(i), published_at=self.arrives(i), **base))
                if (name, i) in self.taken_back and i + 1 in known:
                    mark |= {"latest_actual": 0.0, "latest_actual_id": "later"}
                    review = {"review": self.month(i + 1), "published_at": self.arrives(i + 1)}
                    stated.append(figure(0, month=self.month(i), **review, **base))
                marks.append(mark)
        before = [release(add_months(FIRST, -1), chain="test_chain")]
        rows = [release(self.month(i), chain="test_chain", published_at=self.arrives(i)) for i in known]
        return {"scores": scores(*marks), "figures": figures(*stated), "releases": releases(*before, *rows)}

    def expected(self) -> set[tuple[str, str, date, str]]:
        """Rule, segment, month and news of every announcement."""
        rows = {("forecast_miss", name, self.month(i), "new") for name, i in self.misses}
        rows |= {("forecast_miss", name, self.month(i), "retracted") for name, i in self.taken_back}
        rows |= {("restatement", name, self.month(i), "new") for name, i in self.taken_back}
        rows |= {("release_missing", "", self.month(i), news) for i in self.late for news in ("new", "resolved")}
        return rows


def plant(rng: random.Random, names: list[str], months: int) -> World:
    """Two to four misses a month, no segment twice within three months, a third of them taken back a month later."""
    misses: dict[tuple[str, int], float] = {}
    for i in range(months):
        recent = {name for name, j in misses if i - j < 3}
        free = [n for n in names if n not in recent]
        for name in rng.sample(free, min(len(free), rng.randint(2, 4))):
            misses[name, i] = rng.choice([-20.0, 20.0])
    keys = [key for key in misses if key[1] < months - 1]
    return World(names, months, misses, set(rng.sample(keys, len(keys) // 3)))


def live_once(lake, world: World, receivers, senders, month: date, now: datetime) -> None:
    """One live run: judge this month and the one before, enter, deliver. Dies wherever the dice say."""
    span = (add_months(month, -1), month)
    found = find_alerts(Evaluation(**world.tables(now), chains=CHAINS, months=span, as_of=now))
    assert found.schema == CANDIDATES.schema
    record_candidates(lake, found, Scope(span, CHAINS), Entry(now, now, "live"))
    hands = Hands(lambda: now, wait=lambda _: None)
    post = OutboxWorker(lake, receivers, lambda name: Secret(name.env), "live", print, hands, senders=senders)
    deliver(post, CHAINS, now)


def test_three_months_with_twenty_crashes(lake, http, slack_api, tmp_path, monkeypatch):
    dice = Dice(random.Random(20260605), FEW_CRASHES, chance=0.25)
    world = plant(random.Random(7), NAMES[:FEW_SEGMENTS], FIRST_MONTHS)
    live_through(world, dice, lake, http, slack_api, tmp_path, monkeypatch)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_years_with_a_hundred_crashes(lake, http, slack_api, tmp_path, monkeypatch):
    dice = Dice(random.Random(20260605), CRASHES)
    live_through(plant(random.Random(7), NAMES, MONTHS), dice, lake, http, slack_api, tmp_path, monkeypatch)


def live_through(world: World, dice: Dice, lake, http, slack_api, tmp_path, monkeypatch) -> None:
    """Live through the world's months, crashing as the dice say; every event told once to every receiver."""
    mail = MailServer(tmp_path, security="none")
    hook = f"{http.url}/hook-address"
    receivers = [
        SlackReceiver(name="bot", token=SecretName("xoxb-token"), channel="C123", api_url=f"{slack_api.url}/api/"),
        WebhookReceiver(name="hook", url=SecretName(hook)),
        MailReceiver(
            name="mail",
            host="127.0.0.1",
            port=mail.port,
            security="none",
            sender="trona@example.com",
            to=("desk@example.com",),
        ),
        FileReceiver(
            name="file",
        ),
    ]
    _crash_around_commits(monkeypatch, dice)
    senders = {kind: _crash_around(channel.send, dice, kind) for kind, channel in find_channels().items()}
    for index in range(world.months):
        month = world.month(index)
        for day in (
            [published(month) + timedelta(days=17), world.arrives(index)] if index in LATE else [published(month)]
        ):
            _live_until_done(lake, world, receivers, senders, dice, month, day)
    mail.close()
    assert dice.left == 0, dice.places
    assert len(dice.places) >= 10  # before and after commits of each kind, and around each channel

    deliveries, ledger = read_deliveries(lake), read_ledger(lake)
    current = find_current(deliveries)
    assert set(current["event"]) == {"sent"}
    seen = {
        "bot": [post["metadata"]["event_payload"]["marker"] for post in slack_api.posts],
        "hook": list({r["headers"]["Idempotency-Key"] for r in http.requests}),
        "mail": list({str(m["Message-ID"]).strip("<>").split("@")[0] for m in mail.box.messages}),
        "file": [path.stem for path in (lake.storage.local / "messages").iterdir()],
    }
    names = {row["alert_id"]: (row["rule"], row["segment"], row["month"]) for row in read_current(ledger).to_dicts()}
    for receiver, markers in seen.items():
        planned = deliveries.filter(receiver=receiver, event="planned")
        # The last state of the bot's first message carries the marker of the newest update, so its own is looked for apart.
        if receiver != "bot":
            assert sorted(markers) == sorted(planned["delivery_id"])
        told = Counter(
            (*names[finding.alert_id], finding.news)
            for row in planned["message"]
            for finding in Message.from_json(row).findings
            if finding.news
        )
        assert set(told) == world.expected()
        assert set(told.values()) == {1}
    groups = deliveries.filter(receiver="bot", event="planned").group_by("month").len()
    assert len(slack_api.posts) == groups["len"].sum()  # a post per digest: roots once, replies once
    _ledger_and_outbox_agree(ledger, deliveries, [r.name for r in receivers])


def _live_until_done(lake, world, receivers, senders, dice: Dice, month: date, day: datetime) -> None:
    """Crash and start again, each time after the dead worker's lease, then once more to see that nothing is left."""
    now = day
    dice.armed = True
    for _ in range(60):
        try:
            live_once(lake, world, receivers, senders, month, now)
            break
        except Crash:
            now += LEASE
    dice.armed = False
    for _ in range(2):
        now += LEASE
        live_once(lake, world, receivers, senders, month, now)


def _crash_around_commits(monkeypatch, dice: Dice) -> None:
    append = DeltaLog.append

    def risky(self, frame, **options):
        events = sorted(set(frame["event"])) if "event" in frame.columns and frame.height else ["rows"]
        dice.roll(f"before {self.table.name} {events}")
        version = append(self, frame, **options)
        dice.roll(f"after {self.table.name} {events}")
        return version

    monkeypatch.setattr(DeltaLog, "append", risky)


def _crash_around(send, dice: Dice, kind: str):
    def risky(request):
        dice.roll(f"before {kind}")
        outcome = send(request)
        dice.roll(f"after {kind}")
        return outcome

    return risky


def _ledger_and_outbox_agree(ledger: pl.DataFrame, deliveries: pl.DataFrame, receivers: list[str]) -> None:
    """Every change that people are to be told is covered once per receiver, and nothing else is."""
    due = ledger.filter(pl.col("notify") != "").select(pl.concat_str("alert_id", pl.lit(":"), "change").alias("cover"))
    for receiver in receivers:
        covers = deliveries.filter(pl.col("receiver") == receiver, pl.col("event") == "planned")["covers"]
        covered = [cover for text in covers for cover in text.split(" ")]
        assert sorted(covered) == sorted(due["cover"])
