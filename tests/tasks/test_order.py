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


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_any_repetition_gives_the_same_lake(tmp_path, seed):
    chosen = random.Random(seed)
    paths = [str(p) for p in sorted(EXAMPLES.rglob("*.csv"))]
    few = [p for p in paths if "ternary" in p or "sodium" in p]
    shuffled = [*few, *chosen.sample(few, 4)]
    chosen.shuffle(shuffled)
    cut = chosen.randrange(1, len(shuffled))
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    take_in_all(one, few)
    take_in_all(other, shuffled[:cut])
    take_in_all(other, shuffled[cut:])
    assert_same(contents(one), contents(other))
    files = []
    for uri in (one, other):
        lake = open_lake(uri)
        refresh_derived(lake, load_chains(lake), as_of=NOW)
        files.append([lake.table(table).files() for table in (COMPARISONS, SCORES)])
    assert files[0] == files[1], "computed tables differ in their bytes"
