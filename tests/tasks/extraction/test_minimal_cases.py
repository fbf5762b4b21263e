"""Inputs of each kind of error seen in real reviews, each with exactly the rows it states."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.readings import Document
from tasks.extraction import read_review

HERE = Path(__file__).parent


def load_cases() -> list[dict[str, str]]:
    cases = []
    for name in ("minimal_cases.csv", "minimal_relatives.csv"):
        with (HERE / name).open(encoding="utf-8", newline="") as file:
            cases += list(csv.DictReader(file))
    return cases


def say(row) -> str:
    if row["value"] is not None:
        value = write(row["value"])
    elif row["lower"] is not None and row["upper"] is not None:
        value = f"{write(row['lower'])}..{write(row['upper'])}"
    else:
        value = f">{write(row['lower'])}" if row["upper"] is None else f"<{write(row['upper'])}"
    return f"{row['segment']}/{row['product']} {row['metric']} {row['period']} {row['kind']} {row['measure']} {value}"


def write(number: float) -> str:
    return str(int(number)) if abs(number) >= 1e6 else f"{number:g}"


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case['id']}-{case['class'][:40]}")
def test_case_states_exactly(case):
    reading = read_review(
        Document("case.txt", case["text"].encode()),
        source="test",
        chain=case["chain"],
        published=datetime.fromisoformat(case["published"]).replace(tzinfo=UTC),
        review_month=case["month"] or None,
    )
    wanted = sorted(part.strip() for part in case["expected"].split(";") if part.strip())
    assert sorted(map(say, reading.figures.to_dicts())) == wanted
