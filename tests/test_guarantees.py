"""docs/guarantees.md and docs/situations.md name tests: each of them is there, in the file it is said to be in."""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
SITUATIONS = (ROOT / "docs" / "situations.md").read_text(encoding="utf-8")


def find_tests(text: str) -> list[tuple[Path, str]]:
    """File and name of each test that a text names, a file holding until the next; a file alone has an empty name."""
    files = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
    found, current = [], None
    for name in re.findall(r"`((?:tests/[\w/]*)?test_\w+(?:\.py)?)`", text):
        if name.endswith(".py"):
            current = ROOT / name if "/" in name else files.get(name, ROOT / name)
            found.append((current, ""))
        elif current is not None:
            found.append((current, name))
    return found


@functools.cache
def read_tests(path: Path) -> dict[str, bool]:
    """Names of the tests of a file, and whether they run by default: not where they, or all of the file, are soak."""
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else []
    marks = [ast.unparse(one) for one in body if isinstance(one, ast.Assign) and "pytestmark" in ast.unparse(one)]
    tests = {one.name: one.decorator_list for one in body if isinstance(one, ast.FunctionDef)}
    soak = "pytest.mark.soak"
    return {
        name: not any(soak in mark for mark in marks) and not any(ast.unparse(one) == soak for one in decorators)
        for name, decorators in tests.items()
    }


@pytest.mark.parametrize("page", [PAGE, SITUATIONS], ids=["guarantees", "situations"])
def test_every_test_that_shows_a_promise_is_there(page):
    named = find_tests(page)
    assert len(named) > 40
    assert [
        f"{name} in {path}" for path, name in named if not path.exists() or (name and name not in read_tests(path))
    ] == []


def runs_by_default(path: Path, name: str) -> bool:
    """Whether a test does, or any of its file where no test is named."""
    tests = read_tests(path)
    return tests[name] if name else any(tests.values())


def test_every_promise_has_a_test_that_runs_by_default():
    """What is shown under soak alone would be noticed too late."""
    rows = [
        line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| promise", "| attack |"))
    ]
    assert len(rows) > 40
    late = []
    for row in rows:
        named = find_tests(row)
        with_names = {path for path, name in named if name}
        shown = [(path, name) for path, name in named if name or path not in with_names]
        if not any(runs_by_default(path, name) for path, name in shown):
            late.append(row)
    assert late == []


def test_every_situation_names_its_tracker_and_a_test():
    rows = [line for line in SITUATIONS.splitlines() if line.startswith("| ") and not line.startswith("| elsewhere")]
    assert len(rows) >= 30
    assert [row for row in rows if not re.search(r"\| [\w.-]+/[\w.-]+ \d+.*`test_", row)] == []
