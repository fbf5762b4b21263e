"""Draw the rooms of the code into README.md and docs/architecture.md, or (`--check`) say whether they are drawn afresh.

A room is a folder with modules of ours; its line is the first of its docstring. The picture has an arrow for each pair
of rooms of which one imports the other.
"""

import ast
import sys
from collections.abc import Iterator

from imports import ORDER, ROOT, count_arrows

BEGIN, END = "<!-- begin: {} -->", "<!-- end: {} -->"


def list_rooms() -> dict[str, str]:
    """Rooms by dotted name, in the order of the layers, each with its line."""
    rooms = {}
    for package in ORDER[::-1]:
        for path in sorted((ROOT / package).rglob("__init__.py"), key=lambda p: (len(p.parts), str(p))):
            name = ".".join(path.parent.relative_to(ROOT).parts)
            rooms[name] = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]
    return rooms


def draw_tree() -> str:
    """The layout as a tree with a line each."""
    lines = []
    for name, line in list_rooms().items():
        depth = name.count(".")
        label = "  " * depth + name.rpartition(".")[2] + "/"
        lines.append(f"{label:<16}{line}")
    lines.append(f"{'tests/':<16}mirrors the four")
    return "\n".join(["```", *lines, "```"])


def draw_picture() -> str:
    """The rooms and their imports as a Mermaid flow chart, layers from top to bottom."""
    rooms = list_rooms()
    lines = ["```mermaid", "flowchart TB"]
    for package in ORDER[::-1]:
        lines.append(f"  subgraph {package}")
        lines += [f'    {_name(room)}["{room.partition(".")[2] or room}"]' for room in rooms if _top(room) == package]
        lines.append("  end")
    shown = sorted((a, b) for a, b in count_arrows(ROOT) if _top(b) != "contracts")
    lines += [f"  {_name(a)} --> {_name(b)}" for a, b in shown]
    lines += ["```", "", "Every room imports `contracts`; those arrows are left out."]
    return "\n".join(lines)


def _top(room: str) -> str:
    return room.partition(".")[0]


def _name(room: str) -> str:
    return room.replace(".", "_")


def fill(page: str, blocks: dict[str, str]) -> str:
    """The page with what stands between the marks of each block replaced."""
    for name, content in blocks.items():
        begin, end = BEGIN.format(name), END.format(name)
        if begin in page:
            before, rest = page.split(begin, 1)
            page = f"{before}{begin}\n{content}\n{end}{rest.split(end, 1)[1]}"
    return page


def list_stale(*, write: bool) -> Iterator[str]:
    """Pages that are not drawn afresh; they are written where `write` says so."""
    blocks = {"tree": draw_tree(), "picture": draw_picture()}
    for page in (ROOT / "README.md", ROOT / "docs" / "architecture.md"):
        text = page.read_text(encoding="utf-8")
        fresh = fill(text, blocks)
        if fresh != text:
            yield page.name
            if write:
                page.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    checks = "--check" in sys.argv
    stale = list(list_stale(write=not checks))
    if checks and stale:
        sys.exit(f"{' and '.join(stale)} is not what the code says: run `make docs`")
