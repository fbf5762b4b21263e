"""How well reviews are read: precision, recall and F1 against gold rows, by hand, language, chain, measure and kind.

Run: python -m bench reading, or python bench/bench_reading.py [FOLDER …] [--errors N] [--ablation] [--heads]
A folder is one hand of a corpus: documents, docs.csv, gold.csv and traps.csv. Chain, publication and reviewed
month are given to the reader as docs.csv says them; `--heads` asks instead that the reader finds them itself.
"""

import argparse
import csv
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measure import Result, hold, show
from contracts.errors import TronaError
from contracts.readings import Document, Reading
from tasks.extraction import read_review

ROOT = Path(__file__).parents[1]
SMALL = None  # a measure of quality: read-bench
KEY = ("segment", "product", "metric", "period", "kind", "measure")
Row = tuple[object, ...]


@dataclass
class Hand:
    """One folder of documents with what must be read from them."""

    name: str
    docs: dict[str, dict[str, str]]
    files: dict[str, Path]
    gold: dict[str, set[Row]]
    evidence: dict[tuple[str, Row], str]
    traps: dict[str, list[str]]
    readings: dict[str, Reading] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def load_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file; none where it is not there."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reduce_row(row: dict[str, object]) -> Row:
    """What a row is right by: its key and its value, or both ends of a bound or range."""
    ends = ("lower", "upper") if row["qualifier"] in {"bound", "range"} else ("value",)
    numbers = (None if row[end] in (None, "") else round(float(str(row[end])), 6) for end in ends)
    return (*(str(row[name] or "") for name in KEY), *numbers)


def load_hand(folder: Path) -> Hand:
    """Documents and gold of a folder; directions are left out where `docs.csv` stands in neither of two layouts."""
    docs = {row["doc"]: row for row in load_rows(folder / "docs.csv")}
    files = {path.stem: path for path in folder.iterdir() if path.suffix in {".txt", ".md", ".html"}}
    gold: dict[str, set[Row]] = defaultdict(set)
    evidence = {}
    for row in load_rows(folder / "gold.csv"):
        reduced = reduce_row(dict(row))
        gold[row["doc"]].add(reduced)
        evidence[row["doc"], reduced] = row["evidence"]
    traps: dict[str, list[str]] = defaultdict(list)
    for row in load_rows(folder / "traps.csv"):
        traps[row["doc"]].append(row["text"])
    return Hand(folder.name, docs, {d: files[d] for d in docs if d in files}, gold, evidence, traps)


def read_hand(hand: Hand, *, find_heads: bool) -> float:
    """Read every document of a hand; seconds it took."""
    start = time.process_time()
    for doc, path in hand.files.items():
        row = hand.docs[doc]
        given = {} if find_heads else {
            "chain": row["chain"],
            "published": datetime.fromisoformat(row["published"][:10]).replace(tzinfo=UTC),
            "review_month": row["review_month"],
        }  # fmt: skip
        try:
            hand.readings[doc] = read_review(Document(path.name, path.read_bytes()), source="bench", **given)
        except TronaError as error:
            hand.errors[doc] = error.what
    return time.process_time() - start


def is_number(row: Row) -> bool:
    """Whether a row is a number and no direction."""
    return row[5] != "direction"


def tally(gold: set[object], read: set[object]) -> str:
    """Precision, recall, F1 and counts of two sets."""
    right = len(gold & read)
    precision = right / len(read) if read else 1.0
    recall = right / len(gold) if gold else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return f"P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  gold {len(gold):4d}  read {len(read):4d}"


def list_sets(hands: Iterable[Hand], keep: Callable[[Hand, str, Row], bool]) -> tuple[set[object], set[object]]:
    """Gold and read rows of all hands that a question keeps."""
    gold, read = set(), set()
    for hand in hands:
        for doc in hand.docs:
            gold |= {(hand.name, doc, row) for row in hand.gold[doc] if keep(hand, doc, row)}
            reading = hand.readings.get(doc)
            if reading is not None:
                rows = map(reduce_row, reading.figures.to_dicts())
                read |= {(hand.name, doc, row) for row in rows if keep(hand, doc, row)}
    return gold, read


def print_groups(hands: list[Hand]) -> None:
    """A line per hand, language, chain, measure and kind, and for directions."""
    rows = [(hand, doc) for hand in hands for doc in hand.docs]
    groups: dict[str, Callable[[Hand, str, Row], bool]] = {"all numbers": lambda _h, _d, r: is_number(r)}
    groups["directions"] = lambda _h, _d, r: not is_number(r)
    for hand in hands:
        groups[f"hand {hand.name}"] = lambda h, _d, r, n=hand.name: h.name == n and is_number(r)
    for column in ("language", "chain"):
        for value in sorted({hand.docs[doc][column].lower() for hand, doc in rows}):
            groups[f"{column} {value}"] = lambda h, d, r, c=column, v=value: h.docs[d][c].lower() == v and is_number(r)
    for place, title in ((5, "measure"), (4, "kind")):
        for value in sorted({str(r[place]) for hand, doc in rows for r in hand.gold[doc]}):
            groups[f"{title} {value}"] = lambda _h, _d, r, p=place, v=value: r[p] == v and (p == 5 or is_number(r))
    for name, keep in groups.items():
        print(f"{name:28} {tally(*list_sets(hands, keep))}")


def print_misses(hands: list[Hand], most: int) -> None:
    """How each missed number was missed, and the first wrong and missed rows of each document."""
    how: Counter[str] = Counter()
    for hand in hands:
        for doc in hand.docs:
            reading = hand.readings.get(doc)
            frame = [] if reading is None else reading.figures.to_dicts()
            read = {reduce_row(row): row for row in frame}
            gold = hand.gold[doc]
            missed = sorted((r for r in gold - set(read)), key=str)
            for row in missed:
                how[_tell_miss(row, hand.evidence[doc, row], reading)] += 1
            if most:
                for row in missed[:most]:
                    print(f"- {hand.name}/{doc} {say(row)}   «{hand.evidence[doc, row][:150]}»")
                for row in sorted((set(read) - gold), key=str)[:most]:
                    print(f"+ {hand.name}/{doc} {say(row)}  [{read[row]['rule']}] «{read[row]['evidence'][:170]}»")
            if doc in hand.errors:
                print(f"! {hand.name}/{doc} {hand.errors[doc]}")
    print("missed rows:", dict(how))
    traps = sum(len(t) for hand in hands for t in hand.traps.values())
    taken = sum(
        any(t in row["evidence"] and _holds(row, t) for row in hand.readings[doc].figures.to_dicts()
            if reduce_row(row) not in hand.gold[doc])
        for hand in hands for doc in hand.readings for t in hand.traps[doc]
    )  # fmt: skip
    print(f"traps taken: {taken} of {traps}")


def _holds(row: dict[str, object], trap: str) -> bool:
    """Whether a wrong row's number stands inside the trap's text."""
    number = str(row["evidence"])
    return bool(number) and trap in number


def _tell_miss(row: Row, evidence: str, reading: Reading | None) -> str:
    if reading is None:
        return "document refused"
    if not is_number(row):
        return "direction"
    for status, frame in (("doubtful", getattr(reading, "doubtful", None)), ("unresolved", reading.unresolved)):
        if frame is None:
            continue
        for other in frame.to_dicts():
            text = str(other.get("evidence") or other.get("sentence") or "")
            if (evidence[:40] in text or text[:60] in evidence) and _has_value(row, other):
                return status
    return "silent or read as another"


def _has_value(row: Row, other: dict[str, object]) -> bool:
    text = str(other.get("text") or "")
    wanted = [n for n in row[6:] if isinstance(n, float)]
    if text:
        return any(f"{abs(n):g}" in text.replace(",", "") for n in wanted) or not any(c.isdigit() for c in text)
    return any(other.get(end) in wanted for end in ("value", "lower", "upper"))


def say(row: Row) -> str:
    """A row in one line."""
    return f"{row[0]}/{row[1]} {row[2]} {row[3]} {row[4]} {row[5]} {' '.join(str(n) for n in row[6:])}"


def find_folders() -> list[Path]:
    """The hands of the project's own corpus, and of the shared one where it is present."""
    own = ROOT / "tests" / "corpus" / "hands"
    shared = ROOT / ".." / "shared" / "data" / "corpus"
    folders = [*(sorted(own.iterdir()) if own.is_dir() else []), shared / "dev", shared / "field"]
    return [folder for folder in folders if (folder / "docs.csv").is_file()]


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """Read every hand and print the account; how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--errors", type=int, default=0, help="wrong and missed rows to show of each document")
    parser.add_argument("--heads", action="store_true", help="let the reader find chain, publication and month")
    asked = parser.parse_args(options)
    hands = [load_hand(folder) for folder in (asked.folders or find_folders())]
    seconds = sum(read_hand(hand, find_heads=asked.heads) for hand in hands)
    print_groups(hands)
    print_misses(hands, asked.errors)
    if asked.heads:
        print_heads(hands)
    yield hold("read every document", sum(len(h.readings) for h in hands), "documents", seconds)


def print_heads(hands: list[Hand]) -> None:
    """How many chains, months and days of publication were found as docs.csv says them."""
    right: Counter[str] = Counter()
    for hand in hands:
        for doc, reading in hand.readings.items():
            row, head = hand.docs[doc], reading.head
            right["read"] += 1
            right["chain"] += head.chain == row["chain"]
            right["month"] += head.review_month == row["review_month"]
            local = head.published_at.timestamp() + 8 * 3600
            right["published"] += datetime.fromtimestamp(local, UTC).strftime("%Y-%m-%d") == row["published"][:10]
    print("heads:", dict(right), "of", sum(len(h.docs) for h in hands))


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
