"""Write docs/errors.md from the code, or (`--check`) say whether it is what the code says.

Read from the source without running it: each call of a `TronaError` or of a class below it, with the text of its first
argument and of `next`. What is filled in when it happens stands as `…`; a module is named without lines, so that the
page changes only where the words of an error do.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "errors.md"
ERRORS = ROOT / "contracts" / "errors.py"
FOLDERS = ("contracts", "data_lake", "tasks", "flows")
OPEN = "…"
HEAD = """# Exit codes and messages

What a command exits with, and every message it can end with. Made from the code by `.ci/errors.py`;
`…` is filled in when it happens. Each message has up to five parts: what happened, `where`, what was `found`, the
`effect`, and what to do `next`. What is wrong with a single row stands in `trona quarantine`, and what is wrong with an
installation in `trona doctor`.

"""


@dataclass(frozen=True, order=True)
class Message:
    """A message as the code has it: its exit code, the module that raises it, its first and its last part."""

    code: int
    module: str
    what: str
    next: str


def read_exits() -> dict[str, tuple[int, str]]:
    """Name → number and meaning of each exit code, from the members of `Exit` and the text under each."""
    tree = ast.parse(ERRORS.read_text(encoding="utf-8"))
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Exit")
    exits = {}
    for member, meaning in pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name):
            if not (isinstance(meaning, ast.Expr) and isinstance(meaning.value, ast.Constant)):
                sys.exit(f"{ERRORS}: Exit.{member.targets[0].id} has no text under it that says what it means")
            exits[member.targets[0].id] = (ast.literal_eval(member.value), str(meaning.value.value))
    return exits


def find_kinds(trees: dict[str, ast.Module], exits: dict[str, tuple[int, str]]) -> dict[str, int]:
    """Class of error → its exit code; a class without one of its own has that of its base."""
    classes = [n for tree in trees.values() for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    kinds: dict[str, int] = {}
    found = -1
    while found != len(kinds):
        found = len(kinds)
        for kind in classes:
            bases = [kinds[b.id] for b in kind.bases if isinstance(b, ast.Name) and b.id in kinds]
            if kind.name == "TronaError" or bases:
                own = [
                    exits[n.value.attr][0]
                    for n in kind.body
                    if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "exit_code"
                    if isinstance(n.value, ast.Attribute)
                ]
                kinds[kind.name] = (own or bases)[0]
    return kinds


def print_texts(node: ast.expr | None, names: dict[str, list[ast.expr]]) -> list[str]:  # noqa: PLR0911 - one per form
    """The texts that an expression can be, with `…` for what only the moment knows."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(str(p.value) if isinstance(p, ast.Constant) else OPEN for p in parts)]
        case ast.IfExp(body=one, orelse=other):
            return [*print_texts(one, names), *print_texts(other, names)]
        case ast.BoolOp(op=ast.Or(), values=values):
            return [text for value in values for text in print_texts(value, names)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in print_texts(left, names) for b in print_texts(right, names)]
        case ast.Name(id=name) if name in names:
            within = {k: v for k, v in names.items() if k != name}
            return [text for value in names[name] for text in print_texts(value, within)]
        case None:
            return [""]
        case _:
            return [OPEN]


def list_names(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """Name → what the assignments among the nodes give it."""
    names: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names.setdefault(node.targets[0].id, []).append(node.value)
    return names


def find_messages(module: str, tree: ast.Module, kinds: dict[str, int]) -> Iterator[Message]:
    """Each message that a module can raise."""
    top = list_names([n for n in tree.body if isinstance(n, ast.Assign)])
    seen: set[int] = set()
    for around in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
        names = top | list_names(ast.walk(around))
        for call in ast.walk(around):
            if id(call) in seen or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id in kinds and call.args:
                seen.add(id(call))
                after = next((k.value for k in call.keywords if k.arg == "next"), None)
                steps = " / ".join(dict.fromkeys(filter(None, print_texts(after, names))))
                for what in print_texts(call.args[0], names):
                    if what.strip(f"{OPEN} :"):
                        yield Message(kinds[call.func.id], module, what, steps)


def escape(text: str) -> str:
    """A text as a cell of a Markdown table."""
    for mark in "\\|*_<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def write_page() -> str:
    """The page as the code has it."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    trees = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    exits = read_exits()
    kinds = find_kinds(trees, exits)
    messages = sorted({m for module, tree in trees.items() for m in find_messages(module, tree, kinds)})
    lines = [
        "| code | meaning |",
        "|---|---|",
        *(f"| {code} | {escape(meaning)} |" for code, meaning in exits.values()),
    ]
    lines.append("| 130 | Stopped by hand (Ctrl-C). What is recorded is intact; the same command again resumes. |")
    for code, meaning in exits.values():
        if here := [m for m in messages if m.code == code]:
            lines += ["", f"## {code}: {meaning.split('.')[0]}", "", "| message | next | raised in |", "|---|---|---|"]
            lines += [f"| {escape(m.what)} | {escape(m.next)} | `{m.module}` |" for m in here]
    return HEAD + "\n".join(lines) + "\n"


def main() -> None:
    """Write or check the page."""
    page = write_page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            sys.exit("docs/errors.md is not what the code says: run `make docs`")
    else:
        PAGE.write_text(page, encoding="utf-8")


main()
