"""Every input that a fuzzer ever broke a reader with (`make fuzz`) is read, or refused in our own words."""

import pytest

from tests.attack.fuzzing.targets import HERE, TARGETS
from tests.attack.fuzzing.words import write_dictionary

CRASHERS = sorted(path for path in (HERE / "crashers").glob("*/*") if path.is_file())
SEEDS = [(name, place, seed) for name, target in TARGETS.items() for place, seed in enumerate(target.seeds())]


@pytest.mark.parametrize("path", CRASHERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_broke_a_reader_once_breaks_it_no_more(path):
    TARGETS[path.parent.name].run(path.read_bytes())


def test_every_crasher_belongs_to_a_target():
    assert {path.parent.name for path in CRASHERS} <= TARGETS.keys()


@pytest.mark.soak
@pytest.mark.parametrize(("name", "place", "seed"), SEEDS, ids=[f"{name}-{place}" for name, place, _ in SEEDS])
def test_the_seeds_of_the_fuzzer_are_read(name, place, seed):
    TARGETS[name].run(seed)


def test_the_words_of_the_fuzzer_are_a_dictionary_of_ascii():
    lines = write_dictionary().splitlines()
    assert len(lines) > 100
    assert all(line.startswith('"') and line.endswith('"') and line.isascii() for line in lines)
