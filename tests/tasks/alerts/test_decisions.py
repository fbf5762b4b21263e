"""The ledger's decisions: what is news, what changed, what is gone, what is held back, and who is to be told."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import ALERTS
from tasks.alerts import Entry, Scope, decide, read_current
from tests.tasks.alerts.rows import MAY, candidate, candidates, instant, published, silence, silences

NOON = published(MAY)
LATER = NOON + timedelta(days=30)


class Ledger:
    """A ledger in memory that decides and appends, as the lake does."""

    def __init__(self) -> None:
        self.rows = ALERTS.empty()

    def enter(self, *found: dict, as_of: datetime = NOON, quiet: bool = False, **options) -> list[tuple]:
        silenced = options.pop("silenced", silences())
        recorded_at = options.pop("recorded_at", as_of)
        new = decide(
            candidates(*found),
            self.rows,
            silenced,
            Entry(as_of, recorded_at, "r", quiet=quiet),
            Scope(**options),
        )
        self.rows = pl.concat([self.rows, new])
        return sorted(zip(new["rule"], new["state"], new["notify"], strict=True))

    @property
    def states(self) -> dict[str, str]:
        current = read_current(self.rows)
        return dict(zip(current["rule"], current["state"], strict=True))


def missing(**values):
    return (
        candidate(kind="state", rule="release_missing", severity="critical", segment="", metric="", measure="") | values
    )


def test_the_same_run_twice_records_nothing_the_second_time():
    ledger = Ledger()
    assert ledger.enter(candidate()) == [("forecast_miss", "fired", "first")]
    assert ledger.enter(candidate()) == []
    assert ledger.enter(candidate(), as_of=LATER) == []


def test_values_severity_and_figures_are_not_identity():
    ledger = Ledger()
    ledger.enter(candidate())
    assert ledger.enter(candidate(title="other numbers", severity="info")) == [("forecast_miss", "amended", "")]
    assert ledger.enter(candidate(title="other numbers", severity="info", figure_ids="f9")) == []
    assert ledger.rows["alert_id"].n_unique() == 1


@pytest.mark.parametrize("name", ["rule", "source", "chain", "segment", "product", "metric", "measure", "month"])
def test_each_part_of_the_identity_makes_another_alert(name):
    ledger = Ledger()
    other = date(2026, 6, 1) if name == "month" else "repeated_miss" if name == "rule" else "other"
    ledger.enter(candidate(), candidate(**{name: other}))
    assert ledger.rows["alert_id"].n_unique() == 2


def test_people_are_told_when_it_gets_worse_and_not_when_it_gets_better():
    ledger = Ledger()
    ledger.enter(candidate(severity="info"))
    assert ledger.enter(candidate(severity="warning")) == [("forecast_miss", "amended", "severity_up")]
    assert ledger.enter(candidate(severity="info")) == [("forecast_miss", "amended", "")]
    assert ledger.enter(candidate(severity="warning")) == [("forecast_miss", "amended", "")]
    assert ledger.enter(candidate(severity="error")) == [("forecast_miss", "amended", "severity_up")]


def test_revise_amend_retract_and_return():
    ledger = Ledger()
    ledger.enter(candidate())
    assert ledger.enter(candidate(title="revised")) == [("forecast_miss", "amended", "")]
    assert ledger.enter() == [("forecast_miss", "retracted", "retracted")]
    assert ledger.enter() == []
    assert ledger.enter(candidate(title="revised")) == [("forecast_miss", "fired", "returned")]
    assert ledger.rows["change"].to_list() == [1, 2, 3, 4]
    assert ledger.rows["first_at"].unique().to_list() == [NOON]


def test_events_never_time_out():
    ledger = Ledger()
    ledger.enter(candidate())
    assert ledger.enter(candidate(), as_of=NOON + timedelta(days=4000)) == []


def test_a_state_resolves_and_tells_only_who_was_told():
    ledger = Ledger()
    ledger.enter(missing())
    assert ledger.enter() == [("release_missing", "resolved", "resolved")]
    silent = Ledger()
    silent.enter(missing(), quiet=True)
    assert silent.enter() == [("release_missing", "resolved", "")]


def test_a_gap_first_seen_long_after_its_month_is_recorded_and_no_news():
    """The review of May: first missed in August is news, in September (May is four months back) it is history."""
    august, september = instant("2026-08-20"), instant("2026-09-01")
    assert Ledger().enter(missing(), as_of=august) == [("release_missing", "fired", "first")]
    ledger = Ledger()
    assert ledger.enter(missing(), as_of=september) == [("release_missing", "fired", "")]
    assert ledger.enter(as_of=september + timedelta(days=1)) == [("release_missing", "resolved", "")]
    told = Ledger()
    told.enter(missing(), as_of=august)
    assert told.enter(as_of=september) == [("release_missing", "resolved", "resolved")]


def test_resolved_is_told_when_the_last_state_of_the_group_is_over():
    ledger = Ledger()
    broken = missing(rule="contract_broken", severity="error", segment="cell")
    disagree = missing(rule="reviews_disagree", severity="error", segment="anode")
    ledger.enter(broken, disagree)
    assert ledger.enter(disagree) == [("contract_broken", "resolved", "")]
    assert ledger.enter() == [("reviews_disagree", "resolved", "resolved")]


def test_an_inhibited_alert_is_recorded_and_fires_when_the_inhibitor_clears():
    ledger = Ledger()
    assert ledger.enter(missing(), candidate()) == [
        ("forecast_miss", "inhibited", ""),
        ("release_missing", "fired", "first"),
    ]
    assert ledger.enter(missing(), candidate()) == []
    assert ledger.enter(candidate()) == [
        ("forecast_miss", "fired", "first"),
        ("release_missing", "resolved", "resolved"),
    ]


def test_an_inhibitor_that_arrives_late_and_clears_announces_nothing_twice():
    ledger = Ledger()
    ledger.enter(candidate())
    assert ledger.enter(missing(), candidate()) == [
        ("forecast_miss", "inhibited", ""),
        ("release_missing", "fired", "first"),
    ]
    assert ledger.enter(candidate()) == [("forecast_miss", "fired", ""), ("release_missing", "resolved", "resolved")]
    assert ledger.enter(candidate()) == []


def test_an_inhibited_alert_that_was_told_is_retracted_aloud():
    ledger = Ledger()
    ledger.enter(candidate())
    ledger.enter(missing(), candidate())
    assert ("forecast_miss", "retracted", "retracted") in ledger.enter(missing())


ORDER = ["release_missing", "contract_broken", "reviews_disagree", "forecast_miss", "chain_divergence"]


@pytest.mark.parametrize("stronger", range(4))
def test_inhibition_follows_its_order(stronger):
    for weaker in range(stronger + 1, 5):
        ledger = Ledger()
        pair = [candidate(rule=ORDER[i], severity="error", segment="cathode") for i in (stronger, weaker)]
        ledger.enter(*pair)
        assert ledger.states == {ORDER[stronger]: "fired", ORDER[weaker]: "inhibited"}


@pytest.mark.parametrize(
    "other", [{"source": "other"}, {"chain": "lithium_ion"}, {"month": date(2026, 4, 1)}, {"segment": "cell"}]
)
def test_inhibition_stays_within_source_chain_month_and_segment(other):
    ledger = Ledger()
    ledger.enter(candidate(rule="contract_broken", severity="error") | other, candidate())
    assert ledger.states["forecast_miss"] == "fired"


def test_an_info_holds_back_no_warning():
    ledger = Ledger()
    ledger.enter(missing(rule="contract_broken", severity="info"), candidate())
    assert ledger.states["forecast_miss"] == "fired"


def test_a_silence_keeps_quiet_and_expires():
    ledger = Ledger()
    quiet = silences(silence(rule="release_missing", chain="sodium_ion", ends_at=NOON + timedelta(days=1)))
    assert ledger.enter(missing(), silenced=quiet) == [("release_missing", "fired", "")]
    assert ledger.enter(missing(), silenced=quiet) == []
    assert ledger.enter(missing(), silenced=quiet, as_of=LATER) == [("release_missing", "fired", "silence_ended")]
    assert ledger.enter(missing(), silenced=quiet, as_of=LATER) == []


def test_a_silenced_event_stays_untold_unless_it_gets_worse():
    ledger = Ledger()
    quiet = silences(silence(segment="cathode", ends_at=NOON + timedelta(days=1)))
    ledger.enter(candidate(), silenced=quiet)
    assert ledger.enter(candidate(), as_of=LATER) == []
    assert ledger.enter(candidate(severity="error"), as_of=LATER) == [("forecast_miss", "amended", "severity_up")]


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ({}, ""),
        ({"segment": "cell"}, "first"),
        ({"month": "2026-05"}, ""),
        ({"month": "2026-04"}, "first"),
        ({"starts_at": instant("2026-06-06")}, "first"),
        ({"ends_at": NOON}, "first"),
        ({"rule": "forecast_miss", "metric": "production", "measure": "mom_pct"}, ""),
    ],
)
def test_a_silence_matches_what_it_names(values, fires):
    assert Ledger().enter(candidate(), silenced=silences(silence(**values))) == [("forecast_miss", "fired", fires)]


def test_a_silence_ended_by_hand_is_over():
    ended = silences(silence(), silence(event="ended", at=instant("2026-02-01")))
    assert Ledger().enter(candidate(), silenced=ended) == [("forecast_miss", "fired", "first")]


def test_a_backfill_tells_nobody_and_the_first_live_run_floods_nobody():
    ledger = Ledger()
    found = [candidate(segment=s) for s in ("cathode", "anode", "cell")]
    assert {row[2] for row in ledger.enter(*found, quiet=True)} == {""}
    assert ledger.enter(*found) == []
    assert ledger.enter(candidate(severity="error"), *found[1:]) == [("forecast_miss", "amended", "severity_up")]


def test_a_clock_that_moved_back_tells_nothing_twice():
    ledger = Ledger()
    ledger.enter(candidate(), as_of=LATER)
    assert ledger.enter(as_of=NOON) == []
    assert ledger.enter(candidate(), as_of=NOON) == [("forecast_miss", "fired", "")]
    assert ledger.enter(candidate(), as_of=LATER) == []
    assert ledger.states == {"forecast_miss": "fired"}


def test_what_a_late_document_changes_about_the_past_goes_before_what_was_written_of_it():
    """Found on LATER, then a document published at NOON shows that it held since NOON, and other numbers by LATER."""
    ledger = Ledger()
    ledger.enter(candidate(), as_of=LATER)
    assert ledger.enter(candidate(title="since noon"), as_of=NOON) == [("forecast_miss", "fired", "")]
    assert ledger.enter(candidate(title="by later"), as_of=LATER) == [("forecast_miss", "amended", "")]
    (now,) = read_current(ledger.rows).to_dicts()
    assert (now["title"], now["first_at"], now["change"]) == ("by later", NOON, 3)
    (then,) = read_current(ledger.rows.filter(pl.col("updated_at") <= NOON)).to_dicts()
    assert (then["title"], then["first_at"]) == ("since noon", NOON)


def test_an_alert_stands_since_it_was_last_none():
    ledger = Ledger()
    ledger.enter(candidate())
    ledger.enter(as_of=NOON + timedelta(hours=1))
    ledger.enter(candidate(), as_of=LATER)
    assert ledger.rows["first_at"].to_list() == [NOON, NOON, LATER]


def test_what_is_outside_the_scope_is_left_alone():
    ledger = Ledger()
    ledger.enter(candidate())
    assert ledger.enter(chains=["lithium_ion"]) == []
    assert ledger.enter(months=(date(2026, 6, 1), date(2026, 6, 1))) == []
    assert ledger.enter(rules={"delivery_broken"}) == []
    assert ledger.enter(chains=["sodium_ion"]) == [("forecast_miss", "retracted", "retracted")]


EVENTS = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["info", "warning", "error"]), st.booleans(), st.booleans()), max_size=8
)


@given(EVENTS)
def test_whatever_happens_deciding_twice_is_deciding_once_and_changes_are_counted(events):
    ledger = Ledger()
    for step, (is_there, severity, is_inhibited, is_silenced) in enumerate(events):
        found = [candidate(severity=severity)] if is_there else []
        found += [missing()] if is_inhibited else []
        options = {
            "as_of": NOON + timedelta(hours=step),
            "silenced": silences(silence()) if is_silenced else silences(),
        }
        ledger.enter(*found, **options)
        assert ledger.enter(*found, **options) == []
    for _, rows in ledger.rows.group_by("alert_id"):
        assert rows["change"].to_list() == list(range(1, rows.height + 1))
        told = [n for n in rows["notify"] if n]
        assert not told or told[0] in {"first", "severity_up", "silence_ended"}
        # Nobody hears twice in a row that it is over, or that it is back.
        assert all(a != b or a == "severity_up" for a, b in pairwise(told))


def test_a_row_says_when_it_was_known_when_it_was_written_and_by_which_run():
    written = LATER + timedelta(hours=1)
    ledger = Ledger()
    ledger.enter(candidate())
    ledger.enter(candidate(title="revised"), as_of=LATER, recorded_at=written)
    times = ledger.rows.select("change", "first_at", "updated_at", "recorded_at", "run_id").rows()
    assert times == [(1, NOON, NOON, NOON, "r"), (2, NOON, LATER, written, "r")]


def test_the_order_in_which_the_ledger_is_read_decides_nothing():
    ledger = Ledger()
    for found in ([candidate()], [], [candidate()], []):  # first, retracted, returned, retracted
        ledger.enter(*found)
    assert ledger.rows["notify"].to_list() == ["first", "retracted", "returned", "retracted"]
    ledger.rows = ledger.rows[[3, 1, 0, 2]]
    # people heard last that it is over
    assert ledger.enter(candidate()) == [("forecast_miss", "fired", "returned")]
