"""Each rule of a figure: rows that keep it, rows that break it, and what the breach says."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from contracts.checks import check_figures, list_figure_rules
from contracts.errors import ContractBroken
from contracts.readings import REFUSED
from contracts.rules.rule import suggest_names
from tests.contracts.frames import PADDING, SODIUM, figures_of, head_of

# rule, rows that keep it, rows that break it, part of the message
RULES = [
    ("known_metric", {"metric": "shipments"}, {"metric": "shipment"}, "did you mean shipments?"),
    ("known_measure", {"measure": "qoq_pct"}, {"measure": "yoy_pc"}, "did you mean yoy_pct"),
    ("known_kind", {"kind": "forecast"}, {"kind": "guess"}, "known: actual, forecast"),
    ("known_qualifier", {"qualifier": "about"}, {"qualifier": "abut"}, "did you mean about?"),
    ("period_form", {"period": "2025-Q3"}, {"period": "2025-13"}, "a month 2026-01 (01 to 12)"),
    ("period_form", {"period": "2025"}, {"period": "2025-00"}, "a month 2026-01 (01 to 12)"),
    ("known_segment", {"segment": "cell"}, {"segment": "cathod"}, "did you mean cathode?"),
    ("known_segment", {"segment": "napf6"}, {"segment": "硬碳材料"}, "known: cathode, anode"),
    ("known_product", {"product": "nfpp"}, {"product": "nfp"}, "did you mean nfpp"),
    (
        "known_product",
        {"segment": "anode", "product": "hard_carbon"},
        {"segment": "electrolyte", "product": "nfpp"},
        "no product of electrolyte: the chain tells none apart",
    ),
    (
        "unit_of_measure",
        {"measure": "share_mom_pp", "unit": "pp"},
        {"measure": "share_mom_pp", "unit": "%"},
        "share_mom_pp is stated in pp",
    ),
    (
        "unit_of_chain",
        {"measure": "level", "unit": "t"},
        {"measure": "level", "unit": "GWh"},
        "counted in t by the chain sodium_ion",
    ),
    ("unit_of_chain", {"measure": "level", "metric": "demand", "unit": "GWh"}, None, ""),
    ("growth_from_minus_100", {"value": -100.0}, {"value": -140.0}, "a change is -100 % or more"),
    (
        "growth_from_minus_100",
        {"value": None, "lower": -100.0, "qualifier": "bound"},
        {"value": None, "upper": -101.0, "qualifier": "bound"},
        "a change is -100 % or more",
    ),
    (
        "share_within_0_and_100",
        {"measure": "share_pct", "product": "nfpp", "value": 91.0},
        {"measure": "share_pct", "product": "nfpp", "value": 910.0},
        "a share is within 0 and 100 %",
    ),
    (
        "share_within_0_and_100",
        {"measure": "share_pct", "product": "nfpp", "value": 0.0},
        {"measure": "share_pct", "product": "nfpp", "value": -6.0},
        "a share is within 0 and 100 %",
    ),
    (
        "points_within_100",
        {"measure": "share_mom_pp", "unit": "pp", "product": "nfpp", "value": 10.0},
        {"measure": "share_mom_pp", "unit": "pp", "product": "nfpp", "value": 101.0},
        "within ±100 pp",
    ),
    (
        "level_from_0",
        {"measure": "level", "unit": "t", "value": 0.0},
        {"measure": "level", "unit": "t", "value": -1.0},
        "a level is 0 or more",
    ),
    (
        "direction_sign",
        {"measure": "direction", "unit": "sign", "value": -1.0},
        {"measure": "direction", "unit": "sign", "value": 0.5},
        "1 (up), 0 (flat) or -1 (down)",
    ),
    ("finite", {"value": 1e300}, {"value": float("nan")}, "value is a finite number"),
    ("finite", {"value": 0.0}, {"value": float("inf")}, "value is a finite number"),
    ("finite", {"half_width": 0.005}, {"half_width": float("nan")}, "half_width is a finite number"),
    ("half_width_from_0", {"half_width": 0.0}, {"half_width": -0.5}, "0 or more"),
    ("value_or_bounds", {"qualifier": "about"}, {"value": None}, "exact and about have a value"),
    (
        "value_or_bounds",
        {"value": None, "lower": 1.0, "upper": 2.0, "qualifier": "range"},
        {"value": None, "lower": 2.0, "upper": 1.0, "qualifier": "range"},
        "a range lower < upper",
    ),
    (
        "value_or_bounds",
        {"value": None, "upper": -25.0, "qualifier": "bound"},
        {"value": None, "lower": 1.0, "upper": 2.0, "qualifier": "bound"},
        "a bound one of lower and upper",
    ),
    ("value_or_bounds", {}, {"lower": 1.0}, "a value and no bounds"),
    ("actual_has_begun", {"period": "2026-02"}, {"period": "2026-03"}, "had begun when it was published (2026-02-05)"),
    ("actual_has_begun", {"period": "2026-Q1"}, {"period": "2026-Q2"}, "had begun"),
    ("actual_has_begun", {"period": "2026"}, {"period": "2026-H2"}, "had begun"),
    ("actual_has_begun", {"period": "2026-03", "kind": "forecast"}, None, ""),
    ("given", {}, {"segment": None}, "segment is always given"),
    # what a remark may hold is tested by itself: this test marks its rows by their note
    ("plain_text", {"source_url": "https://example.org/a?b=c"}, {"source_url": "https://e.org/\x1b[2J"}, "no control"),
    ("plain_text", {"source_url": "https://example.org"}, {"source_url": "https://e.org/\nx"}, "no control"),
    ("text_length", {"source_url": "u" * 2000}, {"source_url": "u" * 2001}, "at most 2,000 characters"),
]


@pytest.mark.parametrize(("rule", "keeps", "breaks", "message"), RULES)
def test_rule_passes_one_row_and_refuses_the_other(rule, keeps, breaks, message):
    rows = [*PADDING, {**keeps, "note": "keeps"}]
    rows += [] if breaks is None else [{**breaks, "note": "breaks", "source_url": breaks.get("source_url", "second")}]
    good, refused = check_figures(figures_of(*rows), chain=SODIUM, head=head_of())
    assert good.filter(pl.col("note") == "keeps").height == 1
    assert good.filter(pl.col("note") == "breaks").is_empty()
    if breaks is None:
        assert refused.is_empty()
        return
    told = refused.filter(pl.col("rule") == rule)
    assert told["row"].to_list() == [f"row {len(rows) + 1}"]
    assert message in told["message"][0]


def test_rules_have_names_of_their_own():
    keys = [rule.key for rule in list_figure_rules(SODIUM, head_of())]
    assert len(keys) == len(set(keys))


def test_every_rule_of_a_row_is_tested():
    tested = {rule for rule, *_ in RULES}
    assert {rule.name for rule in list_figure_rules(SODIUM, head_of())} <= tested


def test_good_release_is_left_as_it_is():
    figures = figures_of(*PADDING)
    good, refused = check_figures(figures, chain=SODIUM, head=head_of())
    assert good.equals(figures)
    assert refused.schema == REFUSED.schema
    assert refused.is_empty()


def test_refused_row_says_where_what_and_about_which_figure():
    rows = (*PADDING, {"product": "nfpp", "measure": "share_pct", "value": 910.0, "place": "Sheet1!C14"})
    _, refused = check_figures(figures_of(*rows), chain=SODIUM, head=head_of())
    assert refused.rows(named=True) == [
        {
            "row": "Sheet1!C14",
            "rule": "share_within_0_and_100",
            "column": "value",
            "value": "share_pct=910.0",
            "message": "a share is within 0 and 100 %",
            "segment": "cathode",
            "product": "nfpp",
            "metric": "production",
            "measure": "share_pct",
            "period": "2026-01",
            "kind": "actual",
        }
    ]


def test_a_row_that_breaks_two_rules_is_told_twice():
    rows = (*PADDING, {"segment": "cathod", "value": -140.0})
    good, refused = check_figures(figures_of(*rows), chain=SODIUM, head=head_of())
    assert good.height == len(PADDING)
    assert refused["rule"].to_list() == ["growth_from_minus_100", "known_segment"]


def test_begun_is_judged_in_the_time_zone_of_the_chain():
    # 2026-02-28 17:00 UTC is 1 March, 01:00 in Shanghai: March has begun there.
    rows = (*PADDING, {"period": "2026-03"})
    late = datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert check_figures(figures_of(*rows), chain=SODIUM, head=head_of(late))[1].is_empty()
    early = datetime(2026, 2, 28, 15, tzinfo=UTC)
    assert check_figures(figures_of(*rows), chain=SODIUM, head=head_of(early))[1]["rule"].to_list() == [
        "actual_has_begun"
    ]


@pytest.mark.parametrize(
    ("note", "rule"),
    [
        ("one line\nand\tanother\r\n", None),
        ("=SUM(A1) stays as it is: only what is printed for a spreadsheet is quoted", None),
        ("停产检修，料紧 · 5 %", None),
        ("n" * 2000, None),
        ("n" * 2001, "text_length"),
        ("\x1b]0;title\x07", "plain_text"),
        ("nul\x00", "plain_text"),
        ("c1 \x9b2J", "plain_text"),
        ("turned \u202egnp.exe", "plain_text"),
    ],
)
def test_a_note_has_lines_and_no_control_characters(note, rule):
    good, refused = check_figures(figures_of(*PADDING, {"note": note}), chain=SODIUM, head=head_of())
    assert refused["rule"].to_list() == ([rule] if rule else [])
    assert good.height == len(PADDING) + (rule is None)
    assert not any(c in "".join(refused["value"].fill_null("")) for c in "\x1b\x00\x9b\u202e")


@pytest.mark.parametrize(
    ("source", "is_name"),
    [("smm", True), ("上海有色网", True), ("s" * 100, True), ("s" * 101, False), ("a\nb", False), ("a\x1b[2J", False)],
)
def test_a_source_is_a_name(source, is_name):
    head = replace(head_of(), source=source)
    if is_name:
        assert check_figures(figures_of(*PADDING), chain=SODIUM, head=head)[0].height == len(PADDING)
        return
    with pytest.raises(ContractBroken, match="rule source_name") as told:
        check_figures(figures_of(*PADDING), chain=SODIUM, head=head)
    assert "\x1b" not in str(told.value)


def test_names_much_further_away_than_the_nearest_are_not_suggested():
    # 8 of the 8 and 9 letters of shipments are those of shipment, in order: 16/17; of shipping 5 at most: 10/16
    assert suggest_names("Shipment ", ["shipping", "shipments"]) == "did you mean shipments?"
    assert suggest_names("shipx", ["ships", "shipy"]) in {"did you mean shipy, ships?", "did you mean ships, shipy?"}
    assert suggest_names("出货", ["shipments"], {"出货": "shipments"}) == "did you mean shipments?"
    assert suggest_names("zzz", ["ships", "price"]) == "known: ships, price"
