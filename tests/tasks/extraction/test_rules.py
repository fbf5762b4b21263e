"""Every rule's example is its test; every rule of a slot is asked in the order of its file."""

from datetime import date

import pytest

from tasks.extraction.doubts import part_doubtful
from tasks.extraction.figures import merge_statements
from tasks.extraction.language import load_languages
from tasks.extraction.mentions.lexicon import build_lexicon
from tasks.extraction.mentions.periods import Calendar
from tasks.extraction.review import read_text
from tasks.extraction.rules import SLOTS

CALENDAR = Calendar("2025-09", date(2025, 9, 1), date(2025, 10, 1))


def list_examples():
    for language in load_languages():
        for slot in SLOTS:
            for rule in language.rules[slot]:
                if rule.example:
                    yield pytest.param(language, rule, id=f"{language.code}-{rule.id}")


def describe(s) -> str:
    value = f"{s.value:g}" if s.value is not None else f"{s.lower}..{s.upper}"
    kind = " forecast" if s.kind == "forecast" and s.period <= "2025-09" else ""
    return f"{s.node[0]}/{s.node[1]} {s.metric} {s.measure} {s.period}{kind} {value}"


@pytest.mark.parametrize(("language", "rule"), list(list_examples()))
def test_example_states_what_it_says(language, rule):
    text = "Review\n\nCathode materials\n\n" + rule.example
    account = read_text(text, build_lexicon("sodium_ion", language), CALENDAR)
    sure, _ = part_doubtful(account.stated)
    stated = [describe(item.statement) for item in merge_statements(sure, ())]
    assert sorted(stated) == sorted(rule.expected)


def test_every_language_has_rules_for_the_slots_of_a_figure():
    for language in load_languages():
        for slot in ("basis", "sign", "subject", "metric", "period", "share"):
            assert language.rules[slot], (language.code, slot)
            ids = [rule.id for rule in language.rules[slot]]
            assert len(ids) == len(set(ids))
