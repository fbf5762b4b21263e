"""Random bytes, cut and joined documents, endless sentences: no crash, and time in proportion to length."""

import random
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import TronaError
from contracts.readings import Document
from contracts.terminal_text import escape_terminal
from tasks.extraction import document_text, read_review
from tasks.extraction.language import load_languages
from tasks.extraction.mentions.lexicon import build_lexicon
from tasks.extraction.mentions.periods import Calendar
from tasks.extraction.review import read_text
from tasks.extraction.text.characters import normalise

CORPUS = Path(__file__).parents[2] / "corpus" / "documents"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.iterdir())]
DAY = datetime(2025, 6, 5, tzinfo=UTC)
CALENDAR = Calendar("2025-05", date(2025, 5, 1), date(2025, 6, 1))
LANGUAGES = {language.code: language for language in load_languages()}
LEXICONS = {code: build_lexicon("sodium_ion", language) for code, language in LANGUAGES.items()}


def read_any(name: str, content: bytes) -> None:
    """Read a document; an expected error is as good as a reading."""
    document = Document(name, content)
    try:
        reading = read_review(document, source="test", published=DAY, review_month="2025-05")
    except TronaError:
        return
    text = document_text(document)
    for row in reading.figures.to_dicts():
        assert row["evidence"] in text
        assert 0 <= row["span_start"] < row["span_end"] <= len(text)
        assert (row["value"] is None) == (row["qualifier"] in {"bound", "range"})
    key = ["segment", "product", "metric", "measure", "period", "kind"]
    assert reading.figures.select(key).is_duplicated().sum() == 0


@given(st.binary(max_size=3000), st.sampled_from(["a.txt", "a.md", "a.html", "a.pdf", "a.docx"]))
def test_random_bytes(content, name):
    read_any(name, content)


@given(st.text(max_size=2000))
def test_random_text(text):
    read_any("a.txt", text.encode("utf-8", "surrogatepass"))


@given(st.randoms(use_true_random=False))
def test_random_cuts_and_joins_of_documents(rng):
    pieces = []
    for _ in range(rng.randint(1, 6)):
        text = rng.choice(TEXTS)
        start = rng.randrange(len(text))
        pieces.append(text[start : start + rng.randint(1, 900)])
    read_any("a.txt", rng.choice(["", " ", "\n", ", "]).join(pieces).encode())


@given(st.randoms(use_true_random=False))
def test_random_order_of_known_words(rng):
    language = LANGUAGES[rng.choice(["en", "zh"])]
    words = [
        *language.phrases,
        *language.units,
        "7",
        "3%",
        "12.5%",
        "1,200 t",
        "NFPP",
        "cathode",
        "正极",
        ",",
        ";",
        "(",
        ")",
    ]
    joined = (" " if language.is_spaced else "").join(rng.choice(words) for _ in range(rng.randint(1, 120)))
    read_text(joined, LEXICONS[language.code], CALENDAR)


@given(st.text(max_size=400))
def test_normalised_text_keeps_every_place(text):
    assert len(normalise(text)) == len(text)


@given(st.text(max_size=200))
def test_escaped_text_is_printable(text):
    assert all(char.isprintable() or char == " " for char in escape_terminal(text))


def long_sentences() -> dict[str, str]:
    rng = random.Random(7)
    return {
        "numbers": "Cathode output rose " + "3% MoM and " * 40,
        "commas": "cathode, " * 60,
        "bare numbers": "1 2 3 4 5 6 7 8 9 0 " * 30,
        "brackets": "(" * 200 + ")" * 200,
        "digits": "9" * 500,
        "commas in digits": "1,234," * 90,
        "letters": "a" * 500,
        "chinese": "正极材料产量环比增长" * 50,
        "chinese numbers": "环比增长3%、" * 80,
        "from": "from 3% to " * 50,
        "dashes": "3-" * 250,
        "mixed": "".join(rng.choice("a1%,;.-（）三月 ") for _ in range(500)),
    }


@pytest.mark.parametrize("name", long_sentences())
@pytest.mark.parametrize("language", ["en", "zh"])
def test_time_grows_no_faster_than_length(name, language):
    sentence = long_sentences()[name]
    lexicon = LEXICONS[language]

    def seconds(times: int) -> float:
        text = "Review\n\nCathode\n\n" + sentence * times
        best = 9.0
        for _ in range(2):
            start = time.process_time()
            read_text(text, lexicon, CALENDAR)
            best = min(best, time.process_time() - start)
        return best

    seconds(1)
    short, long = seconds(4), seconds(32)
    # eight times the length: linear is 8, a square would be 64; short runs are noisy
    assert long < 20 * max(short, 0.004)
