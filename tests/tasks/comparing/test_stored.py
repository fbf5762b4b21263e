"""A reader gets the same rows from the stored tables as from computing them, and never stored rows that are behind."""

import random
from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.chain import load_chain
from contracts.comparisons import COMPARISONS
from contracts.period import add_months
from contracts.scores import SCORES
from data_lake.derived import read_basis, replace_months
from data_lake.lake import Lake, open_lake
from data_lake.releases import restore_release
from data_lake.selection import Selection
from data_lake.tables import FROM_FIGURES
from tasks.comparing.refresh import derive_months, is_behind, known_span, load_chains, refresh_derived
from tasks.comparing.stored import ORDER, DerivedTables
from tests.builders import day
from tests.tasks.alerts.worlds import START, ingest, make_worlds, retract

DAY = timedelta(days=1)
SOAKED = [pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 6)]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[Lake, list]:
    """Six worlds of nine months in a lake whose tables are stored, and their reviews."""
    lake, worlds = open_lake(tmp_path_factory.mktemp("told")), make_worlds(11, 6, 9)
    ingest(lake, worlds)
    refresh_derived(lake, load_chains(lake), as_of=worlds[-1].at)
    return lake, worlds


def compute(lake, chains, only: Selection = Selection(), **asked) -> dict[str, pl.DataFrame]:  # noqa: B008 - frozen
    """What a reader is to get: computed from all figures, then filtered and put in order."""
    derived = derive_months(lake, chains, months=known_span(lake), **asked)
    return {t.name: only.apply(getattr(derived, t.name).lazy()).sort(ORDER[t.name]).collect() for t in FROM_FIGURES}


def read(lake, chains, only: Selection = Selection(), **asked) -> DerivedTables:  # noqa: B008
    return DerivedTables(lake, chains, known_span(lake), only=only, **asked)


def assert_read_as_computed(lake, chains, as_of, *, is_stored: bool) -> None:
    tables, expected = read(lake, chains, as_of=as_of), compute(lake, chains, as_of=as_of)
    for table in FROM_FIGURES:
        assert tables.is_stored(table) == is_stored
        assert_frame_equal(tables.read(table).collect(), expected[table.name], check_exact=True)


@pytest.mark.parametrize("seed", [0, 1, 2, *SOAKED])
def test_stored_rows_are_those_that_would_be_computed_for_any_filters(told, seed):
    lake, worlds = told
    rng, chains = random.Random(seed), load_chains(lake)
    names = {
        "source": ["", "", "w000", "w003"],
        "chain": ["", "sodium_ion"],
        "segment": ["", "cathode", "cell"],
        "product": [None, "", "nfpp"],
        "metric": ["", "production"],
        "measure": ["", "mom_pct", "yoy_pct", "share_pct"],
        "first": [None, add_months(START, 3)],
        "last": [None, add_months(START, 6)],
    }
    only = Selection(**{name: rng.choice(values) for name, values in names.items()})
    tables = read(lake, chains, only, as_of=worlds[-1].at + seed * DAY)
    expected = compute(lake, chains, only, as_of=worlds[-1].at)
    computed = compute(lake, chains, as_of=worlds[-1].at)
    for table in FROM_FIGURES:
        assert tables.is_stored(table)
        assert_frame_equal(tables.read(table).collect(), expected[table.name], check_exact=True)
        assert computed[table.name].height > 100, "the worlds are too tame to show anything"


def test_an_instant_before_the_last_publication_is_computed(told):
    lake, worlds = told
    assert_read_as_computed(lake, load_chains(lake), worlds[-1].at - 40 * DAY, is_stored=False)


def test_another_definition_or_another_marking_source_is_computed(told):
    lake, worlds = told
    chains = load_chains(lake)
    other = {
        "sodium_ion": load_chain("sodium_ion").__class__(
            **{**vars(chains["sodium_ion"]), "forecasters": {"w001": "w000"}}
        )
    }
    assert not read(lake, other, as_of=worlds[-1].at).is_stored(SCORES)
    assert_read_as_computed(lake, other, worlds[-1].at, is_stored=False)


@pytest.mark.parametrize("seed", [1, *SOAKED])
def test_after_each_change_the_tables_are_behind_and_a_refresh_of_what_it_reaches_renews_them(tmp_path, seed):
    rng, lake, worlds = random.Random(seed), open_lake(tmp_path), make_worlds(20 + seed, 1, 26)
    chains, waiting, now = {"sodium_ion": load_chain("sodium_ion")}, rng.sample(worlds, len(worlds)), worlds[-1].at
    ingest(lake, waiting[4:])
    refresh_derived(lake, chains, as_of=now)
    for change in ("ingest", "retract", "ingest", "restore"):
        now += DAY
        if change == "ingest":
            ingest(lake, [waiting.pop(0), waiting.pop(0)])
        elif change == "retract":
            retract(lake, waiting[-1], now)
        else:
            restore_release(lake, waiting[-1].release_id, reason="right after all", at=now)
        assert is_behind(lake, chains, as_of=now)
        assert not read(lake, chains, as_of=now).is_stored(SCORES)
        refresh_derived(lake, chains, as_of=now)
        assert not is_behind(lake, chains, as_of=now)
        assert_read_as_computed(lake, chains, now, is_stored=True)


def test_what_is_published_later_counts_from_its_instant_on(tmp_path):
    lake, worlds = open_lake(tmp_path), make_worlds(31, 1, 4)
    chains = {"sodium_ion": load_chain("sodium_ion")}
    ingest(lake, worlds)
    refresh_derived(lake, chains, as_of=worlds[-1].at - DAY)
    assert_read_as_computed(lake, chains, worlds[-1].at - DAY, is_stored=True)
    assert_read_as_computed(lake, chains, worlds[-1].at, is_stored=False)


def test_rows_replaced_by_another_writer_are_not_taken_for_known(told, tmp_path):
    lake, worlds = open_lake(tmp_path), told[1]
    ingest(lake, worlds)
    chains = load_chains(lake)
    refresh_derived(lake, chains, as_of=worlds[-1].at)
    replace_months(lake, SCORES, SCORES.empty(), first=START)
    assert read_basis(lake, SCORES)[1] is None
    assert read_basis(lake, COMPARISONS)[1] is not None
    assert_read_as_computed_scores(lake, chains, worlds[-1].at)
    refresh_derived(lake, chains, as_of=worlds[-1].at)
    assert_read_as_computed(lake, chains, worlds[-1].at, is_stored=True)


def assert_read_as_computed_scores(lake, chains, as_of) -> None:
    found = read(lake, chains, as_of=as_of).read(SCORES).collect()
    assert_frame_equal(found, compute(lake, chains, as_of=as_of)["scores"], check_exact=True)


def test_a_refresh_that_another_one_crosses_notes_nothing(told, tmp_path, monkeypatch):
    """The other one replaces rows between this one's years: whose rows stand is not known then."""
    import tasks.comparing.refresh as refresh

    lake, worlds = open_lake(tmp_path), told[1]
    ingest(lake, worlds)
    chains, real = load_chains(lake), refresh.derive_months

    def crossed(*args, **asked):
        replace_months(lake, SCORES, SCORES.empty(), first=START, last=add_months(START, 1))
        derived = real(*args, **asked)
        monkeypatch.setattr(refresh, "derive_months", real)
        lake.table(SCORES).replace(derived.scores.head(1), set())
        return derived

    monkeypatch.setattr(refresh, "derive_months", crossed)
    refresh_derived(lake, chains, as_of=worlds[-1].at)
    assert read_basis(lake, SCORES)[1] is None
    assert read_basis(lake, COMPARISONS)[1] is not None
    assert not read(lake, chains, as_of=day("2027-01-01")).is_stored(SCORES)
