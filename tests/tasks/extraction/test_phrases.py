"""Sentences of every form the language files promise, each with exactly the figures it states."""

from datetime import date
from pathlib import Path

import pytest

from tasks.extraction.doubts import part_doubtful
from tasks.extraction.figures import merge_statements
from tasks.extraction.language import load_languages
from tasks.extraction.mentions.lexicon import build_lexicon
from tasks.extraction.mentions.periods import Calendar
from tasks.extraction.review import read_text

HERE = Path(__file__).parent
SECTIONS = {"en": "Review\n\nCathode materials\n\n", "zh": "回顾\n\n一、正极材料\n\n"}


def load_cases() -> list[tuple[str, str, list[str]]]:
    cases = []
    for path in sorted(HERE.glob("phrases_*.txt")):
        language = path.stem[-2:]
        for part in path.read_text(encoding="utf-8").split("\n\n"):
            lines = [line for line in part.strip().splitlines() if not line.startswith("#")]
            if lines:
                cases.append((language, lines[0].removeprefix("> "), lines[1:]))
    return cases


def describe(statement) -> str:
    segment, product = statement.node
    if statement.value is not None:
        value = f"{statement.value:g}"
    else:
        value = "..".join("" if bound is None else f"{bound:g}" for bound in (statement.lower, statement.upper))
    implied = "forecast" if statement.period in {"2025-10", "2025"} else "actual"
    kind = "" if statement.kind == implied else f"{statement.kind} "
    about = " ~" if statement.qualifier == "about" else ""
    return f"{segment}/{product} {statement.metric} {statement.measure} {statement.period} {kind}{value}{about}"


@pytest.mark.parametrize(
    ("language", "sentence", "expected"), load_cases(), ids=lambda v: v[:60] if isinstance(v, str) else ""
)
def test_sentence_states_exactly(language, sentence, expected):
    words = next(found for found in load_languages() if found.code == language)
    text = SECTIONS[language] + sentence
    calendar = Calendar("2025-09", date(2025, 9, 1), date(2025, 10, 1))
    account = read_text(text, build_lexicon("sodium_ion", words), calendar)
    sure, _ = part_doubtful(account.stated)
    stated = merge_statements(sure, account.directions)
    assert sorted(describe(item.statement) for item in stated) == sorted(expected)
