"""Random worlds of the tests are the same at every run: whatever draws them is made from a seed."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
SHARED = re.compile(r"(np\.)?random\.\w+")
MAKERS = {"default_rng", "Random", "RandomState", "SeedSequence"}


def list_unseeded(text: str) -> list[str]:
    """Calls that make a generator without a seed, or draw from the one that the whole process shares."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    named = [(ast.unparse(call.func), call) for call in calls]
    shared = [name for name, _ in named if SHARED.fullmatch(name) and name.split(".")[-1] not in MAKERS]
    makers = [name for name, call in named if name.split(".")[-1] in MAKERS and not (call.args or call.keywords)]
    return [*shared, *makers]


def test_every_generator_has_a_seed():
    found = {path.name: list_unseeded(path.read_text(encoding="utf-8")) for path in HERE.rglob("*.py")}
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_what_has_no_seed_is_found():
    text = "random.random()\nnp.random.normal(0, 1)\nnp.random.default_rng()\nRandom(1)\nnp.random.default_rng(seed)\n"
    assert sorted(list_unseeded(text)) == ["np.random.default_rng", "np.random.normal", "random.random"]
