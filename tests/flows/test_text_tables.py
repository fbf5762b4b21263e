"""Tables for people: they fit, keep numbers whole, and put ink on every line."""

import re
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.text_table import TextColumn, render_table
from tests.flows.test_command_line import example_lake, loaded, trona  # noqa: F401 - fixtures

GOLDEN = Path(__file__).parent / "golden"
READING = ("figures", "comparisons", "scores", "record", "surprise-index", "alerts", "restatements", "releases", "runs")


def frame(**columns: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def draw_width(text: str) -> int:
    """Places in a terminal by Unicode's own classes, beside the tables that the code uses."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


SERIES = TextColumn("series", 1, may_cut=True, least=10)
VALUE = TextColumn("value", 1, "right")
NOTE = TextColumn("note", 5, may_cut=True, least=10)


def test_columns_give_way_by_priority_and_texts_are_cut_while_numbers_stay_whole():
    rows = frame(series=["Cathode materials · NFPP", "Cells"], value=["−41 % MoM", "+2 % MoM"], note=["long " * 9, "x"])
    assert render_table(rows, [SERIES, VALUE, NOTE], width=30) == [
        "series                   value",
        "Cathode materials…   −41 % MoM",
        "Cells                 +2 % MoM",
    ]
    # 24 + 2 + 9 = 35 for the first two, 2 for the gap: 13 are left of 50 for the note
    assert (
        render_table(rows, [SERIES, VALUE, NOTE], width=50)[1] == "Cathode materials · NFPP  −41 % MoM  long long lo…"
    )


def test_without_a_limit_everything_stands_whole():
    rows = frame(series=["a" * 90], value=["1"], note=["b" * 90])
    (heading, line) = render_table(rows, [SERIES, VALUE, NOTE], width=None)
    assert line == f"{'a' * 90}  {'1':>5}  {'b' * 90}"
    assert heading.split() == ["series", "value", "note"]


def test_chinese_takes_two_places():
    rows = frame(series=["磷酸铁锂正极材料", "LFP"], value=["1", "22"])
    assert render_table(rows, [SERIES, VALUE], width=None) == [
        "series            value",
        "磷酸铁锂正极材料      1",
        "LFP                  22",
    ]
    cut = render_table(rows, [SERIES, VALUE], width=18)
    assert all(draw_width(line) <= 18 for line in cut)
    assert cut[1].startswith("磷酸铁锂正…")


def test_a_column_without_any_text_is_left_out():
    assert render_table(frame(series=["x"], value=[None]), [SERIES, VALUE], width=80) == ["series", "x"]


def test_only_the_heading_is_bold_and_only_where_colour_is_wanted():
    plain = render_table(frame(series=["x"]), [SERIES], width=80)
    colored = render_table(frame(series=["x"]), [SERIES], width=80, color=True)
    assert colored == ["\x1b[1mseries\x1b[0m", *plain[1:]]


def test_what_a_terminal_would_obey_is_escaped():
    (_, line) = render_table(frame(series=["a\x1b[2Jb\u202ec\nd"]), [SERIES], width=80)
    assert line == r"a\x1b[2Jb\u202ec d"


TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs", "Cc", "Cf")), max_size=40)


@given(
    st.lists(st.tuples(TEXTS, st.integers(-9_999_999, 9_999_999), TEXTS), min_size=1, max_size=8), st.integers(40, 120)
)
def test_whatever_stands_in_it_no_line_is_wider_and_no_number_is_broken(rows, width):
    numbers = [str(number) for _, number, _ in rows]
    table = frame(series=[a for a, _, _ in rows], value=numbers, note=[b for _, _, b in rows])
    lines = render_table(table, [SERIES, VALUE, NOTE], width=width)
    assert len(lines) == len(rows) + 1
    for line, number in zip(lines[1:], numbers, strict=True):
        assert draw_width(line) <= width
        assert re.search(rf"(?<!\d){re.escape(number)}(?!\d)", line)


@pytest.mark.parametrize("name", READING)
def test_every_reading_command_puts_ink_on_each_line_and_fits(loaded, monkeypatch, name):  # noqa: F811
    content = loaded(name, "--format", "csv").out.encode()
    rows = pl.read_csv(content).height if content else 0
    for width in (80, 120, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        printed = loaded(name)
        lines = printed.out.splitlines()
        assert len(lines) == (rows + 1 if rows else 0)
        assert all(line.strip() and draw_width(line) <= width for line in lines)
        if rows:
            assert f"{rows:,} row" in printed.err


@pytest.mark.parametrize("width", [80, 120, 200])
def test_figures_as_a_person_sees_them(loaded, monkeypatch, width):  # noqa: F811
    monkeypatch.setenv("COLUMNS", str(width))
    printed = loaded("figures", "--chain", "sodium_ion", "--from", "2026-01", "--limit", "9")
    golden = GOLDEN / f"figures_{width}.txt"
    assert printed.out == golden.read_text(encoding="utf-8")
    assert "9 of 22 rows; all of them: --limit 0" in printed.err


def test_columns_sort_and_limit_hold_in_every_format(loaded):  # noqa: F811
    asked = (
        "--columns",
        "period,value",
        "--sort",
        "-value",
        "--limit",
        "2",
        "--measure",
        "yoy_pct",
        "--chain",
        "sodium_ion",
    )
    assert loaded("figures", *asked, "--format", "csv").out == "period,value\n2026-01,192.0\n2025-08,146.0\n"
    assert loaded("figures", *asked).out.splitlines()[1].split() == ["2026-01", "192"]
    wrong = loaded("figures", "--columns", "perod", code=2)
    assert "there is no column 'perod'" in wrong.err
    assert "period" in wrong.err
    assert "there is no column" in loaded("figures", "--sort", "size", code=2).err
