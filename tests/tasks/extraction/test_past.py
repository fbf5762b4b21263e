"""Readings held against the past of their own series, which is handed in; and shares against their parents'."""

from datetime import UTC, datetime

import polars as pl
import pytest

from contracts.readings import Document
from tasks.extraction import doubt_by_past, read_review

REVIEW = """Sodium-ion battery review, May 2025

Cathode materials
Cathode output was {level} mt in May, {growth} MoM.
"""
NODE = {"segment": "cathode", "product": "", "metric": "production", "measure": "level", "kind": "actual", "unit": "t"}


def read(level: str, growth: str):
    document = Document("review.txt", REVIEW.format(level=level, growth=growth).encode())
    published = datetime(2025, 6, 5, tzinfo=UTC)
    return read_review(document, source="test", chain="sodium_ion", published=published, review_month="2025-05")


def make_past(*levels: float, last: int = 4) -> pl.DataFrame:
    """Levels of the months up to `last` of 2025, or of the year before."""
    months = [f"2025-{m:02d}" if m > 0 else f"2024-{12 + m:02d}" for m in range(last - len(levels) + 1, last + 1)]
    rows = [{**NODE, "period": m, "value": float(v), "half_width": 5.0} for m, v in zip(months, levels, strict=True)]
    return pl.DataFrame(rows)


def measures(reading, status):
    return set(getattr(reading, status)["measure"])


def test_level_that_the_last_level_and_growth_rule_out_is_doubtful_and_so_is_the_growth():
    # 1,000 t in April and +3 % make 1,030 t; 1,300 is 26 % above that, far beyond 10 % and rounding
    doubted = doubt_by_past(read("1,300", "up 3%"), make_past(1000))
    assert measures(doubted, "figures") == set()
    assert measures(doubted, "doubtful") == {"level", "mom_pct"}
    assert set(doubted.doubtful["doubt"]) == {"the last level known, 1000.0, grown as stated makes 1030.0"}
    assert doubted.confidence == ()


@pytest.mark.parametrize(
    ("level", "growth", "past"),
    [
        ("1,030", "up 3%", make_past(1000)),  # as it must be
        ("1,130", "up 3%", make_past(1000)),  # 9.7 % above 1,030: a series may be restated so far
        ("1,300", "up 3%", make_past(1000, last=3)),  # March's level says nothing of May's growth
        ("1,300", "up 3%", make_past()),  # no past at all
        ("more than 1,300", "up 3%", make_past(1000)),  # a bound is no level
        ("3,900", "up 290%", make_past(*[1000] * 6)),  # 3.9 times the highest, and as stated
    ],
)
def test_what_the_past_allows_stays(level, growth, past):
    reading = read(level, growth)
    frame = past if past.height else make_past(1000).clear()
    assert doubt_by_past(reading, frame).figures.equals(reading.figures)


def test_level_far_outside_all_past_levels_is_doubtful_where_there_are_enough():
    # 4,500 t is 4.5 times 1,000; +350 % agrees with April's 1,000, so that the words alone raise nothing
    reading = read("4,500", "up 350%")
    doubted = doubt_by_past(reading, make_past(*[1000] * 6))
    assert measures(doubted, "doubtful") == {"level"}
    assert measures(doubted, "figures") == {"mom_pct"}
    assert len(doubted.confidence) == 1
    assert doubt_by_past(reading, make_past(*[1000] * 5)).figures.height == 2


def test_accepted_doubts_are_figures_with_their_doubt_as_note():
    accepted = doubt_by_past(read("1,300", "up 3%"), make_past(1000)).accept_doubtful()
    assert measures(accepted, "figures") == {"level", "mom_pct"}
    assert accepted.figures["note"][0].startswith("accepted though doubtful: the last level known")


def test_share_above_its_parents_is_doubtful():
    text = (
        "Sodium-ion battery review, May 2025\n\nCathode materials\n"
        "Polyanion accounted for 61% of cathode output in May. NFPP accounted for {}% of cathode output in May.\n"
    )

    def doubts(share):
        document = Document("review.txt", text.format(share).encode())
        published = datetime(2025, 6, 5, tzinfo=UTC)
        reading = read_review(document, source="t", chain="sodium_ion", published=published, review_month="2025-05")
        return dict(reading.doubtful.filter(product="nfpp").select("value", "doubt").rows())

    assert doubts(55) == {}
    assert doubts(75) == {75.0: "the share of polyanion, of which it is a part, is 61 %"}
