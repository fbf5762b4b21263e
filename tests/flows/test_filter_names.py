"""Filters take the names that tables take, and refuse what names nothing with the nearest names."""

import pytest

from contracts.errors import UsageError
from data_lake.selection import Selection
from flows.cli.alerts import add
from flows.cli.filter_names import name_selection
from flows.cli.options import Filters


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"chain": "sodium_ion", "segment": "Battery cells"}, {"chain": "sodium_ion", "segment": "cell"}),
        ({"chain": "Sodium-ion batteries"}, {"chain": "sodium_ion"}),
        ({"segment": "正极材料", "product": "Layered oxide"}, {"segment": "cathode", "product": "layered_oxide"}),
        ({"product": ""}, {"product": ""}),
        (
            {"metric": "Output", "measure": "MoM", "kind": "Forecast"},
            {"metric": "production", "measure": "mom_pct", "kind": "forecast"},
        ),
        ({"measure": "同比"}, {"measure": "yoy_pct"}),
        ({"segment": "cathode"}, {"segment": "cathode"}),  # an alias of copper in another chain
        ({}, {}),
    ],
)
def test_names_of_filters(given, named):
    assert name_selection(Selection(**given), None) == Selection(**named)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"chain": "sodium_iom"}, "did you mean sodium_ion?"),
        ({"segment": "cathod"}, "did you mean cathode?"),
        ({"segment": "cathode", "product": "nfp"}, "did you mean nfpp"),
        ({"metric": "produktion"}, "did you mean production?"),
        ({"measure": "mom_pc"}, "did you mean mom_pct"),
        ({"kind": "forcast"}, "did you mean forecast?"),
    ],
)
def test_what_names_nothing_is_refused_with_near_names(given, message):
    with pytest.raises(UsageError) as caught:
        name_selection(Selection(**given), None)
    assert message in caught.value.next


def test_a_definition_that_cannot_be_read_does_not_stop_the_filters(tmp_path):
    (tmp_path / "mine.toml").write_text("[names")
    assert name_selection(Selection(segment="cathode"), tmp_path) == Selection(segment="cathode")


def test_months_of_filters():
    selection = Filters(from_month="Jan-26", to_month="2026年2月").selection()
    assert (f"{selection.first:%Y-%m}", f"{selection.last:%Y-%m}") == ("2026-01", "2026-02")


def test_a_silence_for_a_misspelt_rule_is_refused(tmp_path):
    with pytest.raises(UsageError) as caught:
        add(reason="holiday", days=1, rule="chain_divergance")
    assert caught.value.next == "did you mean chain_divergence?"
