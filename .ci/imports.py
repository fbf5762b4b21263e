"""Imports run flows → tasks → data_lake → contracts, never back or in a circle; Prefect is imported in flows alone."""

import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
ORDER = ("contracts", "data_lake", "tasks", "flows")


def list_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import in a module, also of those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def list_modules(root: Path) -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    paths = [path for package in ORDER for path in sorted((root / package).rglob("*.py"))]
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def find_wrong_imports(root: Path) -> list[str]:
    """Imports against the direction, as `file:line imports name`."""
    wrong = []
    for name, path in list_modules(root).items():
        package = name.split(".")[0]
        layer = ORDER.index(package)
        forbidden = set(ORDER[layer + 1 :]) | ({"prefect"} if package != "flows" else set())
        found = {(line, target.split(".")[0]) for line, target in list_imports(path)}
        wrong += [f"{path.relative_to(root)}:{line} imports {top}" for line, top in sorted(found) if top in forbidden]
    return wrong


def find_circle(root: Path) -> list[str]:
    """Modules that import one another in a circle, as one line; a package's own `__init__` counts as a module."""
    modules = list_modules(root)
    graph = {name: set(_list_own(name, path, modules)) for name, path in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return ["a circle of imports: " + " → ".join(reversed(error.args[1]))]
    return []


def _list_own(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    for _, target in list_imports(path):
        if target in modules and target != name and not name.startswith(f"{target}."):
            yield target


if __name__ == "__main__":
    sys.exit("\n".join([*find_wrong_imports(ROOT), *find_circle(ROOT)]) or 0)
