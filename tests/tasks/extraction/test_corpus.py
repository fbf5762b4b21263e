"""The reader against gold rows: the project's own corpus always, the shared one where it is present."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.readings import Document, Reading
from tasks.extraction import document_text, read_review

ROOT = Path(__file__).parents[3]
OWN = ROOT / "tests" / "corpus"
SHARED = ROOT / ".." / "shared" / "data" / "corpus"
SEEDS = ROOT / ".." / "shared" / "seeds"


def load_scoring():
    spec = importlib.util.spec_from_file_location("scoring", OWN / "scoring.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["scoring"] = module
    spec.loader.exec_module(module)
    return module


scoring = load_scoring()


def read_file(path: Path, **options) -> Reading:
    return read_review(Document(path.name, path.read_bytes()), source="test", **options)


def rows_of(name: str, reading: Reading) -> list[dict[str, object]]:
    return [{"doc": name, **row} for row in reading.figures.to_dicts()]


def is_number(row) -> bool:
    return row[6] != "direction"


@pytest.fixture(scope="module")
def own() -> dict[str, Reading]:
    return {p.name: read_file(p, chains_folder=OWN / "chains") for p in sorted((OWN / "documents").iterdir())}


def test_own_corpus_numbers(own):
    gold = scoring.load_rows(OWN / "gold.csv")
    read = [row for name, reading in own.items() for row in rows_of(name, reading)]
    score = scoring.score_rows(gold, read, is_number)
    assert score.gold > 380
    assert score.precision >= 0.98
    assert score.recall >= 0.94


@pytest.mark.parametrize("language", ["e", "z"])
def test_own_corpus_by_language(own, language):
    gold = scoring.load_rows(OWN / "gold.csv")
    read = [row for name, reading in own.items() for row in rows_of(name, reading)]
    score = scoring.score_rows(gold, read, lambda row: is_number(row) and row[0].startswith(language))
    assert score.f1 >= 0.93


def test_own_corpus_directions(own):
    gold = scoring.load_rows(OWN / "gold.csv")
    read = [row for name, reading in own.items() for row in rows_of(name, reading)]
    score = scoring.score_rows(gold, read, lambda row: not is_number(row))
    assert score.f1 >= 0.92


def test_heads_are_read_from_the_documents(own):
    for row in scoring.load_rows(OWN / "documents.csv"):
        head = own[row["doc"]].head
        assert (head.chain, head.review_month) == (row["chain"], row["review_month"])
        # midnight in Shanghai is 16:00 of the day before in UTC
        assert head.published_at == datetime.fromisoformat(f"{row['published']}T16:00:00+00:00")


def test_scorer_counts_a_wrong_value_on_both_sides():
    gold = [
        {"doc": "d", "segment": "s", "measure": "mom_pct", "value": "2"},
        {"doc": "d", "segment": "t", "value": "1"},
    ]
    read = [
        {"doc": "d", "segment": "s", "measure": "mom_pct", "value": 3.0},
        {"doc": "d", "segment": "t", "value": 1.0},
    ]
    score = scoring.score_rows(gold, read)
    assert (score.gold, score.read, score.right) == (2, 2, 1)
    assert score.precision == score.recall == score.f1 == 0.5


def test_scorer_compares_bounds_instead_of_values():
    gold = [{"doc": "d", "qualifier": "bound", "value": "", "lower": "25", "upper": ""}]
    assert scoring.score_rows(gold, [{"doc": "d", "qualifier": "bound", "value": None, "lower": 25.0}]).right == 1
    assert scoring.score_rows(gold, [{"doc": "d", "qualifier": "exact", "value": 25.0, "lower": None}]).right == 0


def test_evidence_and_span_are_in_the_text(own):
    for name, reading in own.items():
        text = document_text(Document(name, (OWN / "documents" / name).read_bytes()))
        for row in reading.figures.to_dicts():
            assert row["evidence"] in text
            number = text[row["span_start"] : row["span_end"]]
            assert number
            assert number in row["evidence"]


needs_corpus = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpus ../shared/data/corpus is not present")
needs_seeds = pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed review ../shared/seeds is not present")


def read_shared() -> list[dict[str, object]]:
    rows = []
    for doc in scoring.load_rows(SHARED / "dev" / "docs.csv"):
        reading = read_file(SHARED / "dev" / f"{doc['doc']}.txt")
        assert (reading.head.chain, reading.head.review_month) == (doc["chain"], doc["review_month"])
        rows += rows_of(doc["doc"], reading)
    return rows


@needs_corpus
def test_shared_corpus():
    gold = scoring.load_rows(SHARED / "dev" / "gold.csv")
    docs = {d["doc"]: (d["chain"], d["language"]) for d in scoring.load_rows(SHARED / "dev" / "docs.csv")}
    read = read_shared()
    for group in sorted(set(docs.values())):
        score = scoring.score_rows(gold, read, lambda row, group=group: is_number(row) and docs[row[0]] == group)
        assert score.precision >= 0.99, group
        assert score.recall >= 0.97, group


@needs_corpus
def test_shared_corpus_takes_no_trap():
    gold = {row[:7] for row in map(scoring.reduce_row, scoring.load_rows(SHARED / "dev" / "gold.csv"))}
    extra = [row for row in read_shared() if scoring.reduce_row(row)[:7] not in gold]
    traps = scoring.load_rows(SHARED / "dev" / "traps.csv")
    taken = [t["text"] for t in traps if any(t["doc"] == r["doc"] and t["text"] in r["evidence"] for r in extra)]
    assert taken == []


@needs_seeds
@needs_corpus
def test_seed_review_whole_and_exact():
    gold = scoring.load_rows(SHARED / "seed_gold.csv")
    (path,) = SEEDS.glob("000_*.txt")
    reading = read_file(path, published=datetime(2026, 2, 5, tzinfo=UTC))
    assert (reading.head.chain, reading.head.review_month) == ("sodium_ion", "2026-01")
    read = rows_of("seed", reading)
    numbers = scoring.score_rows(gold, read, is_number)
    assert (numbers.gold, numbers.read, numbers.right) == (19, 19, 19)
    words = scoring.score_rows(gold, read, lambda row: not is_number(row))
    assert words.right == words.gold == 3
