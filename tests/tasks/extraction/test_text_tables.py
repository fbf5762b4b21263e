"""Tables drawn in plain text: rules above the header, columns of plain change, units in the caption, unknown rows."""

import pytest

from contracts.readings import Document
from tasks.extraction import read_review

FRAME = "Sodium-ion battery review, April 2025\nPublished: 2025-05-08\n\n{}\n"


def read(table: str) -> set[tuple[object, ...]]:
    document = Document("review.txt", FRAME.format(table).encode())
    figures = read_review(document, source="test", chain="sodium_ion").figures
    return set(figures.select("segment", "product", "measure", "period", "value").iter_rows())


# 1.2 kt is 1,200 t; the two columns of change say of which months by what stands left of them
TABLE = """Table 1: Output of materials (in kt)
{rule}
Material        Apr 2025   {base}   % change
{rule}
Cathode            1.2        1.0      +20.0
Electrolyte        0.8        1.0      -20.0
{rule}
"""


@pytest.mark.parametrize("rule", ["-" * 50, "=" * 50])
@pytest.mark.parametrize(
    ("base", "period", "measure"), [("Apr 2024", "2024-04", "yoy_pct"), ("Mar 2025", "2025-03", "mom_pct")]
)
def test_change_is_between_the_periods_left_of_it(rule, base, period, measure):
    assert read(TABLE.format(rule=rule, base=base)) == {
        ("cathode", "", "level", "2025-04", 1200.0),
        ("cathode", "", "level", period, 1000.0),
        ("cathode", "", measure, "2025-04", 20.0),
        ("electrolyte", "", "level", "2025-04", 800.0),
        ("electrolyte", "", "level", period, 1000.0),
        ("electrolyte", "", measure, "2025-04", -20.0),
    }


def test_change_between_two_periods_that_no_base_lies_between_is_no_figure():
    figures = read(TABLE.format(rule="-" * 50, base="Jan 2025"))
    assert {row[2] for row in figures} == {"level"}


def test_row_of_an_unknown_name_is_not_its_sections():
    table = "Cathode output (t)\n\nKind        Apr 2025   Mar 2025\nNFPP        700        650\nWolframite  300        250\n"
    assert read(table) == {
        ("cathode", "nfpp", "level", "2025-04", 700.0),
        ("cathode", "nfpp", "level", "2025-03", 650.0),
    }


def test_unit_of_a_caption_may_be_hedged():
    table = "Output at a glance (kt unless noted)\nMaterial | Apr | m/m\nCathode | 1.2 | +4%\nElectrolyte | 0.8 | -3%\n"
    assert {row[4] for row in read(table)} == {1200.0, 4.0, 800.0, -3.0}


def test_lettered_heading_in_capitals_opens_a_section():
    text = "B. CUMULATIVE, JANUARY-APRIL\n\nCathode output was 4,100 tonnes, an increase of 52%.\n"
    assert read(text) == {("cathode", "", "ytd_yoy_pct", "2025-04", 52.0)}


def test_header_without_a_word_over_the_names_stands_over_its_columns():
    table = "Output of the year\n\n              2024 (t)   2023 (t)   % change\nCathode          1,200      1,000      +20.0\nElectrolyte        800      1,000      -20.0\n"
    assert read(table) == {
        ("cathode", "", "level", "2024", 1200.0),
        ("cathode", "", "level", "2023", 1000.0),
        ("cathode", "", "yoy_pct", "2024", 20.0),
        ("electrolyte", "", "level", "2024", 800.0),
        ("electrolyte", "", "level", "2023", 1000.0),
        ("electrolyte", "", "yoy_pct", "2024", -20.0),
    }


def test_base_in_a_caption_is_that_of_its_percentages():
    table = "Output by material (t; % over the corresponding month)\n\nCathode          1,200      +20.0\nElectrolyte        800      -20.0\n"
    assert read(table) == {
        ("cathode", "", "level", "2025-04", 1200.0),
        ("cathode", "", "yoy_pct", "2025-04", 20.0),
        ("electrolyte", "", "level", "2025-04", 800.0),
        ("electrolyte", "", "yoy_pct", "2025-04", -20.0),
    }
