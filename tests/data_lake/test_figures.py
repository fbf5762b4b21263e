"""What was known when: one row per key as of an instant, vintages kept, releases retracted without erasing."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import UsageError
from contracts.figures import FIGURE_KEY
from data_lake.figures import collapse_republications, newest_vintage, read_figures, read_vintages
from data_lake.releases import restore_release, retract_release, visible_releases, withdrawn_releases
from data_lake.selection import Selection
from tasks.intake.figure_rows import build_figures
from tests.builders import day, head, read_rows, record


def values(frame: pl.DataFrame | pl.LazyFrame) -> list[float]:
    return frame.lazy().collect()["value"].to_list()


@pytest.fixture
def two_reviews(lake):
    """Ternary cathode's September 2025, as published on 30 September and again on 10 October."""
    first = head(review_month="2025-09", published_at=day("2025-09-30T00:00"), document="a" * 64)
    second = head(review_month="2025-09", published_at=day("2025-10-10T00:00"), document="b" * 64)
    record(lake, first, {"period": "2025-09", "value": 2.61})
    record(lake, second, {"period": "2025-09", "value": 13.55})
    return lake, first, second


def test_as_of_an_instant_only_what_was_published_is_known(two_reviews):
    lake, _, _ = two_reviews
    assert values(read_figures(lake, as_of=day("2025-09-29T23:59:59"))) == []
    assert values(read_figures(lake, as_of=day("2025-09-30T00:00"))) == [2.61]
    assert values(read_figures(lake, as_of=day("2025-10-09T23:59:59"))) == [2.61]
    assert values(read_figures(lake, as_of=day("2025-10-10T00:00"))) == [13.55]
    assert sorted(values(read_vintages(lake))) == [2.61, 13.55]


def test_what_the_world_knew_and_what_this_lake_knew_are_different_questions(lake):
    release = head(published_at=day("2025-09-30T00:00"))
    record(lake, release, {"value": 2.61}, recorded_at=day("2026-01-01T00:00"))
    assert values(read_figures(lake, as_of=day("2025-10-01T00:00"))) == [2.61]
    assert values(read_figures(lake, as_of=day("2025-10-01T00:00"), as_recorded=day("2025-12-31T00:00"))) == []
    assert values(read_figures(lake, as_recorded=day("2026-01-01T00:00"))) == [2.61]


def test_the_same_number_published_again_is_nothing_new(lake):
    for at, document in (("2026-02-05T00:00", "a"), ("2026-03-05T00:00", "b")):
        record(lake, head(published_at=day(at), document=document * 64), {"value": 2.0})
    known = read_figures(lake)
    assert known["published_at"].to_list() == [day("2026-02-05T00:00")]
    assert read_vintages(lake).collect().pipe(collapse_republications).height == 1


def test_a_number_that_returns_to_an_earlier_value_is_a_new_vintage(lake):
    for at, document, value in (("2026-02-05", "a", 2.0), ("2026-02-06", "b", 3.0), ("2026-02-07", "c", 2.0)):
        record(lake, head(published_at=day(at), document=document * 64), {"value": value})
    assert read_figures(lake)["published_at"].to_list() == [day("2026-02-07")]
    assert values(read_vintages(lake).collect().pipe(collapse_republications)) == [2.0, 3.0, 2.0]


def test_a_later_publication_is_the_later_vintage_whatever_this_lake_learnt_first(lake):
    second, first = (head(published_at=day(f"2026-02-0{n}T00:00"), document=str(n) * 64) for n in (6, 5))
    record(lake, second, {"value": 3.0}, recorded_at=day("2026-02-07T00:00"))
    record(lake, first, {"value": 2.0}, recorded_at=day("2026-02-08T00:00"))
    assert values(read_figures(lake)) == [3.0]
    assert values(read_vintages(lake).collect().pipe(collapse_republications)) == [2.0, 3.0]


def test_a_retracted_release_still_shows_as_of_before(two_reviews):
    lake, _, second = two_reviews
    retract_release(lake, second.release_id, reason="wrong date keyed in", at=day("2025-11-01T00:00"))
    assert values(read_figures(lake, as_of=day("2025-10-31T23:59"))) == [13.55]
    assert values(read_figures(lake, as_of=day("2025-11-01T00:00"))) == [2.61]
    assert values(read_figures(lake, as_recorded=day("2025-10-31T23:59"))) == [13.55]
    assert values(read_figures(lake, as_recorded=day("2025-11-01T00:00"))) == [2.61]
    assert visible_releases(lake).collect().height == 1
    with pytest.raises(UsageError, match="withdrawn already"):
        retract_release(lake, second.release_id, reason="again", at=day("2025-11-02T00:00"))
    with pytest.raises(UsageError, match="unknown release"):
        retract_release(lake, "smm-none", reason="", at=day("2025-11-02T00:00"))


def test_a_release_recorded_twice_is_recorded_once(lake):
    assert record(lake, head(), {"value": 2.0})
    assert not record(lake, head(), {"value": 2.0})
    assert values(read_vintages(lake)) == [2.0]


def test_a_selection_reads_only_its_rows(lake):
    record(lake, head(), {"value": 2.0}, {"segment": "cell", "value": -41.0}, {"period": "2025-H1", "value": 14.0})
    assert values(read_figures(lake, Selection(segment="cell"))) == [-41.0]
    assert values(read_figures(lake, Selection(first=day("2026-01-01").date()))) == [2.0, -41.0]
    assert values(read_figures(lake, Selection(chain="lithium_ion"))) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["cathode", "cell"]), st.sampled_from([1.0, 2.0, 3.0])),
        min_size=1,
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
def test_one_row_per_key_monotone_in_time_and_independent_of_row_order(published, rng):
    """Against an oracle that walks through the publications one by one."""
    start = day("2026-02-01")
    rows = []
    for index, (days, segment, value) in enumerate(published):
        release = head(published_at=start + timedelta(days=days), document=f"{index:064}")
        rows.append(build_figures(read_rows({"segment": segment, "value": value}), release, recorded_at=start))
    rng.shuffle(rows)
    frame = pl.concat(rows)
    before = pl.DataFrame()
    for days in range(0, 41, 8):
        as_of = start + timedelta(days=days)
        known = newest_vintage(frame.filter(pl.col("published_at") <= as_of))
        assert known.select(FIGURE_KEY).is_duplicated().sum() == 0
        oracle = {}
        for row in frame.filter(pl.col("published_at") <= as_of).sort("published_at", "release_id").to_dicts():
            if oracle.get(row["segment"], (None,))[0] != row["value"]:
                oracle[row["segment"]] = (row["value"], row["published_at"])
        assert {r["segment"]: (r["value"], r["published_at"]) for r in known.to_dicts()} == oracle
        if before.height:
            later = before.join(known, on=FIGURE_KEY, how="inner")
            assert later.height == before.height
            assert (later["published_at_right"] >= later["published_at"]).all()
        before = known


def test_keys_that_do_not_fit_a_number_are_told_apart_all_the_same(monkeypatch):
    rows = [build_figures(read_rows({"segment": s}), head(), recorded_at=day("2026-02-05")) for s in ("a", "b", "a")]
    frame = pl.concat(rows)
    by_number = newest_vintage(frame)
    monkeypatch.setattr("data_lake.figures._NO_KEY", 1)
    assert sorted(newest_vintage(frame)["segment"]) == sorted(by_number["segment"]) == ["a", "b"]


def test_a_restored_release_shows_again_and_not_as_of_the_time_in_between(lake):
    """Withdrawn on 10 March, back on the 20th, withdrawn again on the 30th; each once."""
    record(lake, head(), {"value": 2.0})
    (name,) = visible_releases(lake).collect()["release_id"]
    with pytest.raises(UsageError, match="is not withdrawn") as caught:
        restore_release(lake, name, reason="x", at=day("2026-03-09"))
    assert (caught.value.what, caught.value.next) == (f"release {name} is not withdrawn", "see `trona releases`")
    retract_release(lake, name, reason="wrong", at=day("2026-03-10"))
    with pytest.raises(UsageError, match="is withdrawn already"):
        retract_release(lake, name, reason="wrong", at=day("2026-03-11"))
    restore_release(lake, name, reason="right", at=day("2026-03-20"))
    retract_release(lake, name, reason="wrong after all", at=day("2026-03-30"))
    shown = {text: read_figures(lake, as_of=day(f"2026-03-{text}")).height for text in ("09", "11", "21", "31")}
    assert shown == {"09": 1, "11": 0, "21": 1, "31": 0}
    known = {text: read_figures(lake, as_recorded=day(f"2026-03-{text}")).height for text in ("09", "11", "21", "31")}
    assert known == shown
    assert withdrawn_releases(lake) == [name]


def test_a_withdrawal_holds_from_its_instant_on(lake):
    """To the microsecond: the one before it still shows the figures, and so does the one before the next turn."""
    record(lake, head(), {"value": 2.0})
    (name,) = visible_releases(lake).collect()["release_id"]
    moment, withdrawn, restored = timedelta(microseconds=1), day("2026-03-10T09:30"), day("2026-03-20T09:30")
    for turn, event, at in ((retract_release, "retracted", withdrawn), (restore_release, "restored", restored)):
        row = turn(lake, name, reason="why", at=at)
        assert row.select("event", "at", "reason").row(0) == (event, at, "why")
    for at, is_shown_before in ((withdrawn, True), (restored, False)):
        for limit in ("as_of", "as_recorded"):
            assert read_figures(lake, **{limit: at - moment}).height == is_shown_before
            assert read_figures(lake, **{limit: at}).height == (not is_shown_before)


def test_turns_are_in_the_order_of_their_events_whatever_the_clock_says(lake):
    """A clock that went back: the restoration is the later event all the same."""
    record(lake, head(), {"value": 2.0})
    (name,) = visible_releases(lake).collect()["release_id"]
    retract_release(lake, name, reason="wrong", at=day("2026-03-10"))
    restore_release(lake, name, reason="right", at=day("2026-03-01"))
    assert read_figures(lake).height == 1
