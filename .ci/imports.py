"""Imports run flows → tasks → data_lake → contracts, never back; Prefect is imported in flows alone."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ORDER = ("contracts", "data_lake", "tasks", "flows")


def imported(path: Path) -> list[tuple[int, str]]:
    """Line and top-level name of every import in a module, also those inside functions."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.split(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.lineno, node.module.split(".")[0]))
    return found


def wrong_imports(root: Path = ROOT) -> list[str]:
    """Imports against the direction, as `file:line imports name`."""
    wrong = []
    for layer, package in enumerate(ORDER):
        forbidden = set(ORDER[layer + 1 :]) | ({"prefect"} if package != "flows" else set())
        for path in sorted((root / package).rglob("*.py")):
            wrong += [
                f"{path.relative_to(root)}:{line} imports {name}" for line, name in imported(path) if name in forbidden
            ]
    return wrong


if __name__ == "__main__":
    sys.exit("\n".join(wrong_imports()) or 0)
