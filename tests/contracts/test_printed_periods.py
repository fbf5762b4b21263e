"""Periods as people write them: what can be read one way only is read, what could be two things is not."""

import pytest

from contracts.printed_period import read_printed_period


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026-01", "2026-01"),
        ("2026/1", "2026-01"),
        ("2026 . 12", "2026-12"),
        ("2026-13", "2026-13"),  # refused later, by the contract
        ("2026年1月", "2026-01"),
        ("2026年11月份", "2026-11"),
        ("202601", "2026-01"),
        ("2026M03", "2026-03"),
        ("01/2026", "2026-01"),
        ("Jan 2026", "2026-01"),
        ("sept. 2026", "2026-09"),
        ("DECEMBER, 2026", "2026-12"),
        ("Jan-26", "2026-01"),
        ("May'69", "2069-05"),
        ("May'70", "1970-05"),
        ("2026 August", "2026-08"),
        ("2025-Q3", "2025-Q3"),
        ("Q3 2025", "2025-Q3"),
        ("3Q25", "2025-Q3"),
        ("1H 1999", "1999-H1"),
        ("2025年第三季度", "2025-Q3"),
        ("2025年4季度", "2025-Q4"),
        ("2025年上半年", "2025-H1"),
        ("2025年下半年", "2025-H2"),
        ("2025", "2025"),
        ("2025年", "2025"),
        # the first or last day of a month is the month, also as a spreadsheet writes it
        ("2026-01-01", "2026-01"),
        ("2026-01-31 00:00:00", "2026-01"),
        ("2026-02-28", "2026-02"),
        ("2024-02-29T00:00:00Z", "2024-02"),
        ("2026年12月31日", "2026-12"),
        ("20260131", "2026-01"),
        ("31 Jan 2026", "2026-01"),
        ("January 1, 2026", "2026-01"),
        ("01/01/2026", "2026-01"),
        ("31/12/2026", "2026-12"),
        ("12/31/2026", "2026-12"),
        ("  ２０２６－０１  ", "2026-01"),
    ],
)
def test_what_can_be_read_one_way(text, period):
    found = read_printed_period(text)
    assert found is not None
    assert (found.period, found.mark, found.kind) == (period, "", "")


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "26-Jan", "2026-01-15", "2026-01-30", "2024-02-28", "01/02/2026", "13/13/2026", "2026-13-01"),
        *("2026-00-01", "0000-01-01", "2026-01-01 12:00", "production", "2" * 61),
    ],
)
def test_what_could_be_two_things_or_none_is_not_read(text):
    assert read_printed_period(text) is None


@pytest.mark.parametrize(
    ("text", "mark", "kind"),
    [
        ("Jan 2026 F", "forecast", "forecast"),
        ("2026E", "forecast", "forecast"),
        ("2026-01 (est.)", "forecast", "forecast"),
        ("2026年1月预测", "forecast", "forecast"),
        ("Jan 2026 (a)", "actual", "actual"),
        ("Jan 2026 [prelim]", "preliminary", "actual"),
        ("Jan 2026_r", "revised", "actual"),
    ],
)
def test_a_mark_beside_a_period_says_its_kind(text, mark, kind):
    found = read_printed_period(text)
    assert found is not None
    assert (found.mark, found.kind) == (mark, kind)


def test_a_bare_year_may_be_any_number():
    years = {text: read_printed_period(text) for text in ("2026", "2026-01", "2026-Q1")}
    assert {text: found and found.is_year for text, found in years.items()} == {
        "2026": True,
        "2026-01": False,
        "2026-Q1": False,
    }
