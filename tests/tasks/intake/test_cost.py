"""Small documents that once cost much: each is read or refused for about what its bytes cost, in little memory."""

import resource
import time
from datetime import UTC, datetime

import pytest

from contracts.errors import ContractBroken, TronaError, UsageError
from contracts.readings import Document, DocumentHints
from tasks.extraction import document_text
from tasks.intake.documents import read_document
from tasks.intake.reading_process import ReadingLimits, call_guarded
from tasks.tables.mapping import read_mapping

HINTS = DocumentHints(
    source="desk", chain="sodium_ion", review_month="2026-01", published=datetime(2026, 2, 4, 16, tzinfo=UTC)
)
LIMITS = ReadingLimits(memory_bytes=3 << 30, cpu_seconds=20)
LONG = b"segment,period,measure,value\ncathode,2026-01,mom_pct,"
WIDE = 32_000


def read_and_measure(document, hints):
    """How a document ends, and what it cost: seconds of processor time, MiB of memory at most."""
    before = time.process_time()
    try:
        end = str(sum(reading.figures.height + reading.refused.height for reading in read_document(document, hints)))
    except TronaError as error:
        end = error.what
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return end, time.process_time() - before, peak


def bars(texts):
    return "|" + "|".join(texts) + "|\n"


@pytest.mark.parametrize(
    ("name", "content", "end"),
    [
        ("commas.csv", b"," * 1_000_000, "the table is larger than a table of figures"),
        ("columns.csv", ",".join(f"segmen{i}" for i in range(8_000)).encode(), "the table is larger"),
        ("names.csv", ",".join(f"segmen{i}" for i in range(1_900)).encode() + b"\n1,2", "the columns are not those"),
        ("cell.csv", LONG + b"x" * 3_900_000 + b"\n", "1"),
        ("title.csv", b"x" * 3_900_000 + b"\n" + LONG + b"3\n", "the file cannot be read as a table"),
        ("name.csv", b"segment,period,measure,value\n" + b"x" * 3_900_000 + b",2026-01,mom_pct,3\n", "1"),
        ("digits.csv", LONG + b"1" * 1_000_000 + b"\n", "1"),
        (
            "wide.md",
            f"# January 2026\n\n{bars(map(str, range(WIDE)))}{bars(['-'] * WIDE)}{bars(['5%'] * WIDE)}".encode(),
            "a table in the review has too many columns",
        ),
        (
            "many.html",
            b"<p " + b" ".join(b'a%d="x"' % i for i in range(WIDE)) + b">Output rose 5% in January.</p>",
            "0",
        ),
    ],
)
def test_a_small_document_costs_little(name, content, end):
    ended, seconds, peak = call_guarded(read_and_measure, Document(name, content), HINTS, document=name, limits=LIMITS)
    assert ended.startswith(end)
    assert seconds < 5
    assert peak < 1_000


def test_a_tag_of_many_attributes_loses_them_alone():
    page = b"<p " + b" ".join(b'a%d="x"' % i for i in range(WIDE)) + b">Cathode output rose 5% in January 2026.</p>"
    assert "Cathode output rose 5% in January 2026." in document_text(Document("a.html", page))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (".".join(["a"] * 100_000) + " = 1\n", "line 1 has more than 2000 dots"),
        ("x = " + "[" * 20_000, "nested deeper than 32"),
        ('source = "' + "x" * 300_000 + '"', "bytes, at most"),
    ],
)
def test_a_mapping_that_would_build_more_than_a_mapping_has(tmp_path, text, found):
    path = tmp_path / "a.mapping.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match="the mapping file cannot be read") as caught:
        read_mapping(path)
    assert found in caught.value.found


def test_an_error_is_no_longer_than_a_person_reads():
    error = ContractBroken("what", found=["x" * 3_900_000, "y"])
    assert len(str(error)) < 5_000
    assert error.found.endswith("… (3,896,003 more characters)")


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("long.csv", lambda n: LONG + b"3\n" + b"cathode,2025-12,mom_pct,3\n" * n),
        ("wide.csv", lambda n: b"segment,measure,2025-12,2026-01\n" + b"Cathode,mom_pct,3,4\n" * n),
        ("review.md", lambda n: b"# Sodium-ion, January 2026\n\n" + b"Cathode output rose 5% in January 2026.\n\n" * n),
    ],
)
def test_cost_grows_with_the_bytes(name, make):
    """Four times the bytes cost less than eight times the time; what grows with their square would cost sixteen."""
    least = {}
    for count in (1_000, 4_000):
        document = Document(name, make(count))
        least[count] = min(read_and_measure(document, HINTS)[1] for _ in range(3))
    assert least[4_000] < 8 * least[1_000] + 0.05
