"""Imports run flows → tasks → data_lake → contracts, never back or in a circle; Prefect is imported in flows alone."""

import ast
import sys
from collections import Counter, defaultdict
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


def count_arrows(root: Path) -> Counter[tuple[str, str]]:
    """How often a module of one room (folder) imports from another; a package's own `__init__` may gather its parts."""
    modules = list_modules(root)
    arrows: Counter[tuple[str, str]] = Counter()
    for name, path in modules.items():
        here = _find_room(name, path)
        for target in set(_list_own(name, path, modules)):
            there = _find_room(target, modules[target])
            if here != there:
                arrows[here, there] += 1
    return arrows


def find_circles(root: Path) -> Iterator[str]:
    """A circle of modules that import one another, and one of rooms, each as a line."""
    modules = list_modules(root)
    yield from _find_circle({name: set(_list_own(name, path, modules)) for name, path in modules.items()}, "modules")
    rooms: dict[str, set[str]] = defaultdict(set)
    for here, there in count_arrows(root):
        if not here.startswith(f"{there}."):  # what lies inside a package may use it
            rooms[here].add(there)
    yield from _find_circle(rooms, "rooms")


def _find_circle(graph: Mapping[str, set[str]], of_what: str) -> Iterator[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"a circle of {of_what}: " + " → ".join(reversed(error.args[1]))


def _find_room(module: str, path: Path) -> str:
    return module if path.name == "__init__.py" else module.rpartition(".")[0]


def _list_own(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    for _, target in list_imports(path):
        if target in modules and target != name and not name.startswith(f"{target}."):
            yield target


if __name__ == "__main__":
    sys.exit("\n".join([*find_wrong_imports(ROOT), *find_circles(ROOT)]) or 0)
