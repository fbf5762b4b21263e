"""Every number of a document ends as a figure, doubtful, unresolved or passed over; and the page that shows it."""

import csv
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.readings import Document
from tasks.extraction import document_text, list_reading, read_review, write_marked_page

TEXT = """Sodium-ion battery review, May 2025
Published: 2025-06-05

Cathode materials
Cathode output fell 3% MoM in May, on a base of 2,300 mt. This week, cathode output was 210 mt.
A 20,000 mt/yr cathode project was approved. Cathode output moved by 4% in the month.
Zebra batteries gained 12% MoM. <script>alert(1)</script> Exports of hard carbon rose 5% YoY.
"""


def read(text: str = TEXT):
    document = Document("review.txt", text.encode())
    return document, read_review(document, source="test", chain="sodium_ion")


def test_no_number_is_silent():
    document, reading = read()
    text = document_text(document)
    spans = [(row["span_start"], row["span_end"]) for row in reading.figures.to_dicts()]
    spans += [(row["span_start"], row["span_end"]) for row in reading.doubtful.to_dicts()]
    spans += [tuple(map(int, place.split("-"))) for place in reading.numbers["place"]]
    body = text.index("Cathode output")
    for match in re.finditer(r"\d[\d,.]*\d|\d", text[body:]):
        start = body + match.start()
        assert any(a <= start < b for a, b in spans), match.group()


HANDS = sorted((Path(__file__).parents[2] / "corpus" / "hands").iterdir())
PIECES = (
    *(
        "Cathode output ",
        "hard carbon ",
        "NFPP ",
        "碳酸锂产量",
        "环比",
        "同比",
        "增长",
        " fell ",
        " to ",
        " from ",
        "占比",
    ),
    *(
        "5%",
        "1,200 mt",
        "3-5%",
        "-2.1%",
        "12.5",
        "0",
        "2025",
        "９８吨",
        "7月",
        "Q3",
        "15 pp",
        "1 234 567 t",
        "三成",
        "%",
    ),
    *(
        ". ",
        "; ",
        ", ",
        "。",
        "，",
        "\n\n",
        "\n- ",
        "\n1. ",
        "\n## ",
        " | ",
        "\t",
        "(",
        ")",
        "【",
        "】",
        "in May ",
        "of ",
        "->",
    ),
)


def count_silent(document, reading):
    """Numbers in digits, found by no word of the reader, that are in no account of it."""
    text = document_text(document)
    rows = [*reading.figures.to_dicts(), *reading.doubtful.to_dicts()]
    told = {place for row in rows for place in range(row["span_start"], row["span_end"])}
    for place in reading.numbers["place"]:
        start, end = map(int, place.split("-"))
        told |= set(range(start, end))
    return [m.group() for m in re.finditer(r"\d[\d.,]*", text) if m.start() not in told]


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.name)
def test_no_number_of_a_review_is_silent(hand):
    rows = list(csv.DictReader((hand / "docs.csv").read_text(encoding="utf-8").splitlines()))[:2]
    for row in rows:
        path = next(p for p in hand.iterdir() if p.stem == row["doc"] and p.suffix in {".txt", ".md", ".html"})
        document = Document(path.name, path.read_bytes())
        published = datetime.fromisoformat(row["published"][:10]).replace(tzinfo=UTC)
        reading = read_review(
            document, source="test", chain=row["chain"], published=published, review_month=row["review_month"]
        )
        assert count_silent(document, reading) == []


@given(st.lists(st.sampled_from(PIECES), min_size=3, max_size=60))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_number_of_any_text_is_silent(pieces):
    document = Document("review.txt", ("Sodium-ion review\n\n" + "".join(pieces)).encode())
    reading = read_review(
        document, source="test", chain="sodium_ion", published=datetime(2025, 6, 5, tzinfo=UTC), review_month="2025-05"
    )
    assert count_silent(document, reading) == []


def test_reasons_are_told():
    _, reading = read()
    reasons = dict(reading.numbers.select("text", "reason").rows())
    assert reasons["210 mt"] == "a week's figure"
    assert reasons["20,000 mt/yr"] == "a plant's or project's size"
    assert reasons["5%"] == "exports"
    assert dict(reading.unresolved.select("text", "reason").rows())["4%"] == "measure"


def test_doubtful_is_no_figure_and_can_be_accepted():
    text = TEXT + "\nCathode output rose 9% MoM in May.\n"
    _, reading = read(text)
    rows = reading.doubtful.filter(reading.doubtful["measure"] == "mom_pct")
    # -3 and +9 cannot both be the month's growth: neither is a fact
    assert {-3.0, 9.0} <= set(rows["value"])
    assert "mom_pct" not in reading.figures["measure"].to_list()
    accepted = reading.accept_doubtful().figures
    growth = accepted.filter(accepted["measure"] == "mom_pct")
    assert growth.height == 1
    assert growth["note"][0].startswith("accepted though doubtful")


def test_listing_has_status_and_confidence():
    _, reading = read()
    table = list_reading(reading, reading.figures, with_all=True)
    assert set(table["status"]) >= {"figure", "unresolved", "passed over"}
    figures = table.filter(table["status"] == "figure")
    assert figures["confidence"].is_between(0.5, 1).all()


class Collect(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_page_is_self_contained_and_hostile_text_stays_text():
    document, reading = read()
    page = write_marked_page(document, reading)
    parsed = Collect()
    parsed.feed(page)
    assert "script" not in parsed.tags
    assert "link" not in parsed.tags
    assert "img" not in parsed.tags
    assert "&lt;script&gt;alert(" in page
    # readable without colour: each status has its own sign
    for sign in ("✓", "✗", "–"):
        assert f"data-sign='{sign}'" in page


def test_a_page_says_its_publication():
    for mark in (
        '<meta property="article:published_time" content="2025-06-05T09:30:00+08:00">',
        '<script type="application/ld+json">{"@graph": [{"datePublished": "2025-06-05T09:30:00+08:00"}]}</script>',
        '<time datetime="2025-06-05T09:30:00+08:00">5 June</time>',
    ):
        body = "<p>Sodium-ion: cathode output fell 3% MoM in May 2025. NFPP took 69% of cathode output.</p>"
        page = f"<html><head><title>Review</title>{mark}</head><body><article>{body}</article></body></html>"
        reading = read_review(Document("a.html", page.encode()), source="test", chain="sodium_ion")
        assert reading.head.published_at == datetime(2025, 6, 5, 1, 30, tzinfo=UTC)
        assert reading.head.review_month == "2025-05"
