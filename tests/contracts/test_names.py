"""Names as people write them: spellings by hand, what stands for nothing, and the first where two share one."""

import pytest

from contracts.chain import load_chain
from contracts.names import (
    match_kind,
    match_measure,
    match_metric,
    match_names,
    match_product,
    match_segment,
    match_unit,
)
from contracts.vocabulary import KINDS, MEASURES, METRICS

SODIUM = load_chain("sodium_ion")


@pytest.mark.parametrize(
    ("match", "text", "name"),
    [
        (match_measure, "MoM", "mom_pct"),
        (match_measure, "Year-on-Year", "yoy_pct"),
        (match_measure, "占比", "share_pct"),
        (match_measure, "MOM_PCT", "mom_pct"),
        (match_metric, "Output", "production"),
        (match_metric, "capacity utilisation", "operating_rate"),
        (match_metric, "Operating Rate", "operating_rate"),
        (match_kind, "Fcst", "forecast"),
        (match_kind, "实际", "actual"),
        (match_unit, "Metric tons", "t"),
        (match_unit, "gwh", "GWh"),
        (match_unit, "元/吨", "CNY/t"),
        # a word of another column stands for nothing
        (match_measure, "output", ""),
        (match_metric, "mom", ""),
        (match_kind, "tonnes", ""),
        (match_unit, "fcst", ""),
        (match_unit, "", ""),
    ],
)
def test_a_word_stands_for_one_name_of_its_column(match, text, name):
    assert match(text) == name


@pytest.mark.parametrize(("match", "names"), [(match_measure, MEASURES), (match_metric, METRICS), (match_kind, KINDS)])
def test_every_name_stands_for_itself(match, names):
    assert [match(name) for name in names] == list(names)


def test_segments_and_products_by_name_title_and_alias():
    anode = SODIUM.segment("anode")
    for text in ("anode", "ANODE"):
        assert match_segment(text, SODIUM) is anode
    for text in ("hard_carbon", "Hard carbon", "硬碳"):
        assert match_product(text, anode) == "hard_carbon"
    assert match_segment("nickel sulphate ", SODIUM) is None
    assert match_product("nfpp", anode) == ""


def test_names_of_a_column_leave_out_what_stands_for_nothing():
    assert match_names(["MoM", "m/m", "price"], "measure") == {"MoM": "mom_pct", "m/m": "mom_pct"}
    assert match_names(["MoM", "Prices"], "metric") == {"Prices": "price"}
    assert match_names(["F", "x"], "kind") == {"F": "forecast"}
    assert match_names(["tonne", "x"], "unit") == {"tonne": "t"}
    assert match_names(["Cathode", "x"], "segment", SODIUM) == {"Cathode": "cathode"}
    assert match_names(["Cathode"], "segment") == {}
