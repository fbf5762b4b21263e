"""Every error of the readers says what, where, found, effect and next."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = [
    *sorted((ROOT / "tasks" / "tables").glob("*.py")),
    *sorted((ROOT / "contracts" / "rules").glob("*.py")),
    ROOT / "contracts" / "checks.py",
]
PARTS = {"where", "found", "effect", "next"}


def errors_of(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"ContractBroken", "UsageError"}:
            yield node.lineno, {keyword.arg for keyword in node.keywords}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_errors_have_all_five_parts(path):
    missing = {line: PARTS - parts for line, parts in errors_of(path) if parts != PARTS}
    assert not missing


def test_errors_are_found_at_all():
    assert sum(len(list(errors_of(path))) for path in SOURCES) >= 15
