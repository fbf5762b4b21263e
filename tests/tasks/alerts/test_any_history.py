"""However history is loaded, the ledger is the same: cut into any runs, in any order, with releases withdrawn.

Many random worlds live in one lake, each a source of its own, since the rules keep sources apart.
"""

import random
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.period import add_months
from data_lake.lake import open_lake
from data_lake.ledger import read_alerts
from data_lake.releases import restore_release
from tasks.alerts.evaluate import evaluate_months
from tasks.alerts.steps import pending_changes, plan_steps
from tasks.comparing.refresh import load_chains
from tasks.history.replay import compare_lakes, find_settled, rebuild
from tests.tasks.alerts.worlds import START, ingest, make_chains, make_worlds, read_history, retract, run

HOUR = timedelta(hours=1)
SEEDS = range(50, 56)
SOAKED = [pytest.param(seed, marks=pytest.mark.soak) for seed in SEEDS]
COMMANDS = ["ingest", "retract", "restore", "run", "run as of", "backfill"]
_FACTS = ("alert_id", "rule", "severity", "state", "title", "first_at", "detail", "inhibited_by")
_TOLD = ("notify", "announced_severity")


def lakes(tmp_path):
    """Fresh lakes, as many as are asked for."""
    count = 0
    while True:
        count += 1
        yield open_lake(tmp_path / f"lake{count}")


def instants(worlds) -> list[datetime]:
    return sorted({review.at for review in worlds})


def load_in_cuts(lake, worlds, cuts: list[datetime], *, is_live: bool = True) -> None:
    """Run at each of the instants, each time with what was published since the run before."""
    done = datetime.min.replace(tzinfo=cuts[0].tzinfo)
    for cut in cuts:
        ingest(lake, [review for review in worlds if done < review.at <= cut])
        run(lake, cut, is_live=is_live)
        done = cut


def read_standing(lake, as_of: datetime | None = None) -> pl.DataFrame:
    """What stands as of an instant; states are about the day they were looked at, so events alone."""
    alerts = read_alerts(lake, as_of=as_of, full=True)
    stands = alerts.filter(pl.col("kind") == "event", ~pl.col("state").is_in(["retracted", "resolved"]))
    # whether numbers were amended is about what was written before, not about what holds
    state = pl.col("state").replace("amended", "fired")
    is_told = (pl.col("announced_severity") != "").alias("is_told")
    return stands.with_columns(state).select(*_FACTS, is_told).sort("alert_id")


def find_differences(lake, fresh, as_of: datetime) -> pl.DataFrame:
    """What `trona replay` would say."""
    rebuild(lake, fresh, load_chains(lake), as_of=as_of)
    return compare_lakes(lake, fresh, find_settled(lake, as_of))


def cut(every: list[datetime], rng: random.Random) -> list[datetime]:
    """Half of the instants, and the last."""
    return sorted({*rng.sample(every, len(every) // 2), every[-1]})


def check_cuts(tmp_path, worlds, cuts: list[list[datetime]]) -> None:
    """One run for all, and the runs of each of the cuts: the same changes in the same order, told alike."""
    every, fresh = instants(worlds), lakes(tmp_path)
    histories = []
    for chosen in [[every[-1]], *cuts]:
        lake = next(fresh)
        load_in_cuts(lake, worlds, chosen)
        histories.append(read_history(lake))
        # a gap first seen long after its month is recorded and told to nobody: that is about the day of the run
        is_gap = pl.col("rule") == "release_missing"
        told = [pl.when(is_gap).then(pl.lit("")).otherwise(name).alias(name) for name in _TOLD]
        assert histories[-1].with_columns(told).equals(histories[0].with_columns(told)), f"cut at {chosen}"
    backfilled = next(fresh)
    load_in_cuts(backfilled, worlds, [every[-1]], is_live=False)
    assert read_history(backfilled).drop(_TOLD).equals(histories[0].drop(_TOLD))
    assert read_history(backfilled)["notify"].unique().to_list() == [""]
    assert find_differences(backfilled, next(fresh), every[-1]).is_empty()
    states = set(histories[0]["state"])
    assert {"fired", "amended", "retracted", "inhibited"} <= states, "the worlds are too tame to show anything"
    assert "figures_contradict" in set(histories[0]["rule"])


def test_any_cut_of_history_into_runs_gives_the_same_ledger(tmp_path):
    worlds = make_worlds(1, 16, 3)
    check_cuts(tmp_path, worlds, [cut(instants(worlds), random.Random(1))])


@pytest.mark.soak
def test_any_cut_gives_the_same_ledger_in_five_hundred_worlds(tmp_path):
    worlds, rng = make_worlds(7, 500, 8), random.Random(7)
    every = instants(worlds)
    check_cuts(tmp_path, worlds, [every, *(cut(every, rng) for _ in range(3))])


@pytest.mark.parametrize("seed", [2, 3])
def test_what_is_said_of_a_month_depends_on_that_month_and_its_past_alone(tmp_path, seed):
    worlds = make_worlds(seed, 30, 8)
    lake, as_of = open_lake(tmp_path / "lake"), instants(worlds)[-1]
    ingest(lake, worlds)
    chains = load_chains(lake)

    def find(first: date, last: date) -> pl.DataFrame:
        found = evaluate_months(lake, chains, first=first, last=last, as_of=as_of)
        return found.filter(pl.col("month").is_between(add_months(START, 4), add_months(START, 5)))

    narrow = find(add_months(START, 4), add_months(START, 5))
    assert narrow.height > 50
    for back, ahead in ((4, 0), (0, 4), (30, 3)):
        assert find(add_months(START, 4 - back), add_months(START, 5 + ahead)).equals(narrow)


@pytest.mark.parametrize("seed", [4, *SOAKED])
def test_documents_that_come_late_leave_the_ledger_as_if_they_had_been_there(tmp_path, seed):
    worlds, rng = make_worlds(seed, 8, 3 if seed in SEEDS else 2), random.Random(seed)
    every = instants(worlds)
    end, fresh = every[-1], lakes(tmp_path)
    at_once, late = next(fresh), next(fresh)
    load_in_cuts(at_once, worlds, [end])
    shuffled = rng.sample(worlds, len(worlds))
    for part in range(3):
        ingest(late, shuffled[part::3])
        run(late, end + part * HOUR)
    for as_of in every:
        then, expected = (read_standing(lake, as_of).drop("is_told") for lake in (late, at_once))
        assert_frame_equal(then, expected)
    for lake in (late, at_once):
        assert read_standing(lake).filter(pl.col("state") == "fired")["is_told"].all()
    assert find_differences(late, next(fresh), end + 2 * HOUR).is_empty()


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 50, 51, 52])
def test_a_late_document_of_one_chain_leaves_the_ledger_as_if_every_instant_were_judged_again(tmp_path, seed):
    """Documents of some chains come late; a second lake judges every later instant again, for all chains."""
    worlds, rng, fresh = make_chains(seed, 8), random.Random(seed), lakes(tmp_path)
    late, now = rng.sample(worlds, 4), instants(worlds)[-1]
    narrow, wide = next(fresh), next(fresh)
    plans = []
    for lake in (narrow, wide):
        ingest(lake, [review for review in worlds if review not in late])
        run(lake, now, is_narrow=lake is narrow)
        for hours, review in enumerate(late, start=1):
            ingest(lake, [review])
            plans.append(plan_steps(lake, until=now + hours * HOUR, chains=load_chains(lake)).steps)
            run(lake, now + hours * HOUR, is_narrow=lake is narrow)
    assert_frame_equal(read_history(narrow), read_history(wide))
    assert find_differences(narrow, next(fresh), now + len(late) * HOUR).is_empty()
    again = [step for plan in plans[: len(late)] for step in plan if step.only]
    later = sum(at > review.at for review in late for at in instants(worlds))
    assert 0 < len(again) < 0.8 * later, "nothing was left out, so nothing is shown"
    assert all(len(step.only) == 1 for step in again)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [6, *SEEDS])
def test_after_any_sequence_of_commands_a_replay_is_clean(tmp_path, seed):
    rng = random.Random(seed)
    check_replays(tmp_path, make_worlds(seed, 6, 3), rng, ["ingest", "run", *rng.choices(COMMANDS, k=5), "run"])


def test_after_each_command_a_replay_is_clean(tmp_path):
    commands = ["ingest", "run", "retract", "run as of", "restore", "backfill"]
    check_replays(tmp_path, make_worlds(6, 4, 2), random.Random(6), commands)


def check_replays(tmp_path, worlds, rng: random.Random, commands: list[str]) -> None:
    """Give the commands one after another; after each of them a replay finds what the ledger says."""
    fresh = lakes(tmp_path)
    lake, now, there, withdrawn = next(fresh), instants(worlds)[-1], [], []
    waiting = rng.sample(worlds, len(worlds))
    for command in commands:
        now += HOUR
        if command == "ingest":
            ingest(lake, waiting[:8])
            there, waiting = there + waiting[:8], waiting[8:]
        elif command == "retract":
            withdrawn.append(there.pop(rng.randrange(len(there))))
            retract(lake, withdrawn[-1], now)
        elif command == "restore":
            if withdrawn:
                there.append(withdrawn.pop())
                restore_release(lake, there[-1].release_id, reason="right after all", at=now)
        else:
            as_of = rng.choice(instants(worlds)) if command == "run as of" else None
            run(lake, now, is_live=command != "backfill", until=as_of)
        differences = find_differences(lake, next(fresh), now)
        assert differences.is_empty(), f"after {command}: {differences.to_dicts()}"
    assert pending_changes(lake).is_empty()
