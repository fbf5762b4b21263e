"""Documents in any order, in one batch or one by one, some of them twice: the same lake, row for row."""

import random
from pathlib import Path

import pytest

from contracts.comparisons import COMPARISONS
from contracts.scores import SCORES
from data_lake.lake import open_lake
from tasks.comparing.refresh import load_chains, refresh_derived
from tests.tasks.interrupted import NOW, take_in_all
from tests.tasks.test_interruptions import assert_same, contents

EXAMPLES = Path(__file__).parents[2] / "examples" / "figures" / "smm"


@pytest.fixture(scope="module")
def paths() -> list[str]:
    found = sorted(str(path) for path in EXAMPLES.rglob("*.csv"))
    return [path for path in found if "ternary" in path or "sodium" in path]


@pytest.fixture(scope="module")
def in_order(tmp_path_factory, paths):
    """What a lake holds that took each document once, in order, and the bytes of its computed tables."""
    uri = str(tmp_path_factory.mktemp("in_order") / "lake")
    take_in_all(uri, paths)
    return contents(uri), computed_files(uri)


def computed_files(uri: str) -> list[object]:
    """Names of the files of the computed tables, which are hashes of their bytes."""
    lake = open_lake(uri)
    refresh_derived(lake, load_chains(lake), as_of=NOW)
    return [lake.table(table).files() for table in (COMPARISONS, SCORES)]


SOAKED = [pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 6)]


@pytest.mark.parametrize("seed", [0, 1, *SOAKED])
def test_any_order_and_any_repetition_gives_the_same_lake(tmp_path, paths, in_order, seed):
    chosen = random.Random(seed)
    shuffled = [*paths, *chosen.sample(paths, 4)]
    chosen.shuffle(shuffled)
    cut = chosen.randrange(1, len(shuffled))
    other = str(tmp_path / "other")
    take_in_all(other, shuffled[:cut])
    take_in_all(other, shuffled[cut:])
    rows, files = in_order
    assert_same(rows, contents(other))
    assert files == computed_files(other), "computed tables differ in their bytes"
