"""Two workers, slow channels, clocks that jump: nothing is told twice while a worker lives, nothing is lost when not.

Time is made of one counter that channels move while they send, so each example is exact and takes no time of its own.
"""

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.secret import Secret
from data_lake.lake import open_lake
from data_lake.ledger import read_deliveries
from tasks.alerts import Entry, Scope, record_candidates
from tasks.delivery import Planning, plan_untold
from tasks.delivery.channels.console import ConsoleReceiver
from tasks.delivery.claim import LEASE, OBSERVE_SECONDS, RENEW_SECONDS, Claim, Hands
from tasks.delivery.outbox_state import find_current
from tasks.delivery.senders import Sent, Unavailable
from tasks.delivery.sending import OutboxWorker, send_due
from tests.tasks.alerts.rows import MAY, SODIUM, candidate, candidates, published

NOON = published(MAY)
DESK = ConsoleReceiver(name="desk")
HOUR = 3600.0
few = settings(max_examples=settings().max_examples // 5)  # each is a lake and many commits


@dataclass
class World:
    """True time, the clocks of the workers, and who is renewing a claim."""

    seconds: float = 0.0
    off_by: dict[str, float] = field(default_factory=dict)
    alive: dict[str, Claim] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)

    def advance(self, seconds: float) -> None:
        """Let time pass; whoever is alive and not frozen renews its claim, in long times less often than it would."""
        end = self.seconds + seconds
        while self.seconds < end:
            self.seconds = min(end, self.seconds + max(RENEW_SECONDS, seconds / 3))
            for name, claim in list(self.alive.items()):
                if name not in self.frozen:
                    claim.renew()

    def hands(self, name: str) -> Hands:
        @contextmanager
        def keep(claim):
            self.alive[name] = claim
            yield
            del self.alive[name]

        return Hands(
            clock=lambda: NOON + timedelta(seconds=self.seconds + self.off_by.get(name, 0.0)),
            stopwatch=lambda: self.seconds,
            wait=self.advance,
            keep=keep,
        )

    def worker(self, name: str, lake, channel) -> OutboxWorker:
        senders = {"console": channel}
        return OutboxWorker(lake, [DESK], lambda _: Secret(), "run", print, self.hands(name), senders=senders)


def plan(lake, count: int) -> None:
    """Messages of `count` sources to one receiver."""
    found = candidates(*[candidate(source=f"s{i}") for i in range(count)])
    record_candidates(lake, found, Scope((MAY, MAY), SODIUM, {"forecast_miss"}), Entry(NOON, NOON, "r"))
    plan_untold(lake, Planning([DESK], SODIUM, NOON, "r"))


SENDS = st.lists(
    st.tuples(
        st.floats(0, 1500),  # how long the channel takes
        st.sampled_from([0.0, -3 * HOUR, 700.0, 5 * HOUR]),  # how the second worker's clock is off by then
        st.booleans(),  # whether the second worker comes by while it takes
    ),
    min_size=3,
    max_size=3,
)


@few
@given(SENDS)
def test_while_a_worker_lives_nothing_is_told_twice_however_slow_it_is_and_whatever_the_clocks_say(script):
    with TemporaryDirectory() as folder:
        lake, world, told = open_lake(f"{folder}/lake"), World(), []

        def second(request):
            told.append(request.message.marker)
            world.advance(1.0)
            return Sent("b")

        def first(request):
            told.append(request.message.marker)
            seconds, world.off_by["second"], comes_by = script[min(len(told), len(script)) - 1]
            world.advance(seconds / 2)
            if comes_by:
                send_due(world.worker("second", lake, second))
            world.advance(seconds / 2)
            return Sent("a")

        plan(lake, len(script))
        send_due(world.worker("first", lake, first))
        send_due(world.worker("second", lake, second))
        assert sorted(Counter(told).values()) == [1] * len(script)
        assert set(find_current(read_deliveries(lake))["event"]) == {"sent"}


@few
@given(st.floats(OBSERVE_SECONDS, 2 * HOUR), st.sampled_from([0.0, 5 * HOUR, -5 * HOUR]), st.booleans())
def test_a_worker_that_froze_and_lost_its_claim_stops(seconds, off_by, fails):
    """Whatever another took meanwhile, the first one sends no more of; only what it had in the air can be doubled."""
    with TemporaryDirectory() as folder:
        lake, world, told = open_lake(f"{folder}/lake"), World(off_by={"second": off_by}), []

        def second(request):
            told.append(("second", request.message.marker))
            return Sent("b")

        def first(request):
            told.append(("first", request.message.marker))
            world.frozen.add("first")
            world.advance(seconds)
            send_due(world.worker("second", lake, second))
            world.frozen.clear()
            return Unavailable("gave up") if fails else Sent("a")

        plan(lake, 3)
        send_due(world.worker("first", lake, first))
        world.advance(60)  # what the first one could not send is due again
        send_due(world.worker("second", lake, second))
        was_lost = seconds + abs(off_by) >= LEASE.total_seconds()
        sends = Counter(marker for _, marker in told)
        assert len(sends) == 3
        if was_lost:
            assert [who for who, _ in told] == ["first", "second", "second", "second"]
        elif not fails:
            assert set(sends.values()) == {1}
        assert set(find_current(read_deliveries(lake))["event"]) == {"sent"}


def test_the_instant_of_a_claim_is_its_own_not_that_of_its_run(tmp_path):
    """A run that tells an hour after it began is at it, not lost."""
    lake, world, told = open_lake(tmp_path / "lake"), World(), []

    def second(request):
        told.append("second")
        return Sent("b")

    def first(request):
        told.append("first")
        send_due(world.worker("second", lake, second))
        return Sent("a")

    plan(lake, 1)
    world.advance(HOUR)
    send_due(world.worker("first", lake, first))
    assert told == ["first"]
    (claimed,) = read_deliveries(lake).filter(event="sending")["at"]
    assert claimed == NOON + timedelta(hours=1)


def test_a_claim_that_could_not_be_renewed_is_looked_up_before_the_next_message(tmp_path):
    lake, world = open_lake(tmp_path / "lake"), World()
    plan(lake, 1)
    claim = Claim(lake, None, "r", world.hands("first"))
    other = Claim(lake, None, "r", world.hands("second"))
    claim.take(find_current)
    (name,) = read_deliveries(lake)["delivery_id"].unique()
    other.take(find_current)
    assert claim.holds(name)  # renewed a moment ago, as far as it knows
    world.seconds += 2 * RENEW_SECONDS
    assert not claim.holds(name)
    assert other.holds(name)
