"""A chain that the code never names is read from its definition alone, in both languages."""

from pathlib import Path

from contracts.readings import Document
from tasks.extraction import read_review

CORPUS = Path(__file__).parents[2] / "corpus"
CODE = Path(__file__).parents[3] / "tasks" / "extraction"


def read_one(name: str):
    path = CORPUS / "documents" / name
    return read_review(Document(name, path.read_bytes()), source="test", chains_folder=CORPUS / "chains")


def test_new_chain_is_recognised_and_read():
    english, chinese = read_one("e07.txt"), read_one("z06.txt")
    assert english.head.chain == chinese.head.chain == "cement"
    keys = ("segment", "product", "metric", "measure", "period", "kind", "value")
    wanted = ("clinker", "shaft_kiln", "production", "share_pct", "2025-06", "actual", 4.0)
    for reading in (english, chinese):
        assert wanted in reading.figures.select(keys).rows()
        assert not reading.figures["evidence"].str.contains("Gypsum|石膏").any() or 9.0 not in reading.figures["value"]


def test_no_segment_or_product_stands_in_the_code():
    text = "\n".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py")).lower()
    words = "\n".join(path.read_text(encoding="utf-8") for path in (CODE / "languages").rglob("*.toml")).lower()
    for name in ("cathode", "hard carbon", "hard_carbon", "napf6", "nickel", "clinker"):
        assert f'"{name}"' not in text
        assert f'"{name}"' not in words
