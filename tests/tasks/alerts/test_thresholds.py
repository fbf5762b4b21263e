"""Thresholds come from the nearest place of the chain definition, and a wrong name is told."""

import dataclasses
from datetime import date

import polars as pl
import pytest

from contracts.chain import chain_paths, load_chain
from contracts.errors import UsageError
from tasks.alerts.registry import read_rules
from tasks.alerts.scored import MISS_LIMITS
from tasks.alerts.thresholds import check_thresholds, read_thresholds
from tasks.alerts.usual_size import add_usual_size
from tests.tasks.alerts.rows import SODIUM

KNOWN = {name: rule.thresholds for name, rule in read_rules().items()}


def chain_with(chain_part=None, segment_part=None):
    chain = SODIUM["sodium_ion"]
    segments = tuple(
        dataclasses.replace(s, thresholds=segment_part or {}) if s.name == "cell" else s for s in chain.segments
    )
    return {"sodium_ion": dataclasses.replace(chain, thresholds=chain_part or {}, segments=segments)}


def level_pct(chains, segment, measure):
    rows = read_thresholds(chains, "forecast_miss", MISS_LIMITS)
    return rows.filter(segment=segment, measure=measure)["level_pct"].item()


def test_nearest_place_wins():
    own = chain_with(
        {"forecast_miss": {"level_pct": 6.0, "yoy_pct": {"level_pct": 7.0}}},
        {"forecast_miss": {"level_pct": 8.0, "yoy_pct": {"level_pct": 9.0}}},
    )
    assert level_pct(own, "cathode", "mom_pct") == 6.0
    assert level_pct(own, "cathode", "yoy_pct") == 7.0
    assert level_pct(own, "cell", "mom_pct") == 8.0
    assert level_pct(own, "cell", "yoy_pct") == 9.0
    assert level_pct(chain_with(), "cell", "yoy_pct") == MISS_LIMITS["level_pct"].default


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ({"forecast_mis": {}}, "forecast_mis"),
        ({"forecast_miss": {"level_pc": 1}}, "level_pct"),
        ({"forecast_miss": {"level": 1}}, "level_pct"),
        ({"forecast_miss": {"yoy_pct": {"levels": 1}}}, "levels"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(part, name):
    with pytest.raises(UsageError) as caught:
        check_thresholds(chain_with(part), KNOWN)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", sorted(chain_paths()))
def test_shipped_chains_have_known_thresholds(name):
    chain = load_chain(name)
    check_thresholds({name: chain}, KNOWN)
    for rule, thresholds in KNOWN.items():
        assert read_thresholds({name: chain}, rule, thresholds).null_count().sum_horizontal().item() == 0
    assert chain.thresholds


def bands(sizes, month=date(2026, 4, 1)):
    rows = pl.DataFrame({"series": ["a"], "row": [0], "month": [date(2026, 5, 1)]})
    past = pl.DataFrame({"series": ["a"] * len(sizes), "error": sizes, "month": [month] * len(sizes)})
    return add_usual_size(rows, past, by=["series"]).select("n_past", "band_80", "band_90").row(0)


def test_conformal_ranks_by_hand():
    assert bands([1.0, -2.0, 3.0]) == (3, None, None)
    assert bands([1.0, -2.0, 3.0, -4.0]) == (4, 4.0, None)  # rank ⌈5·0.8⌉ = 4
    assert bands([float(i) for i in range(1, 10)]) == (9, 8.0, 9.0)  # ⌈10·0.8⌉ = 8, ⌈10·0.9⌉ = 9
    assert bands([float(i) for i in range(1, 20)]) == (19, 16.0, 18.0)  # ⌈20·0.8⌉ = 16, ⌈20·0.9⌉ = 18


@pytest.mark.parametrize(
    ("month", "n"), [((2026, 5), 0), ((2026, 6), 0), ((2026, 4), 9), ((2025, 5), 9), ((2025, 4), 0)]
)
def test_the_twelve_months_before_make_the_band(month, n):
    assert bands([1.0] * 9, date(*month, 1))[0] == n
