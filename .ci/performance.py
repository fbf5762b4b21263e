"""Write docs/performance.md from bench/results.json, or (`--check`) say whether it is what that file says."""

import json
import math
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench.measure import say_seconds  # noqa: E402

PAGE, RESULTS = ROOT / "docs" / "performance.md", ROOT / "bench" / "results.json"
HEAD = """# Performance

Measured by `make bench` (`python -m bench`) on {machine}, {day}, commit {commit}; drawn by `.ci/performance.py` from
`bench/results.json`. Each figure is a median; what it is held against was measured in the same run, in turn where both
fit into memory. Ratios are what carries over to another machine. *Slope* is the exponent by which time grows with size
(log–log, smallest to largest): 1 is proportional, 0 is the same whatever the size. `make check` runs the same
benchmarks at tiny sizes, so that they cannot rot.

What is not reached stands in the table like the rest, with its target beside it.
"""
TITLES = {
    "alerts": "Alerts: rules and decisions",
    "contracts": "Contracts",
    "extraction": "Reading reviews",
    "lake": "The lake",
    "month": "A month, and the start of a command",
    "notebook": "Against a script with pandas",
    "operate": "Under Prefect",
    "page": "The page",
    "reading": "Reading the corpus",
    "reconciling": "Proofs, bounds and index",
    "scoring": "Scores and track record",
}


def describe(name: str, results: list[dict[str, Any]]) -> str:
    """A benchmark as a table."""
    lines = [f"## {TITLES.get(name, name)}", "", "| what | size | time | peak | held against | target | slope |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for row in results:
        size = f"{row['size']:,} {row['unit']}"
        peak = f"{row['peak_mb']:,.0f} MB" if row["peak_mb"] else ""
        against = f"{row['ratio']:.3g}× {row['against']}" if row["ratio"] is not None else ""
        cells = (row["what"], size, say_seconds(row["seconds"]), peak, against, row["target"], find_slope(row, results))
        lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("  |", " |"))
    return "\n".join([*lines, ""])


def find_slope(row: dict[str, Any], results: list[dict[str, Any]]) -> str:
    """The exponent of growth over the sizes of one measure, beside the largest of them."""
    alike = {r["size"]: r["seconds"] for r in results if r["what"] == row["what"]}
    least, most = min(alike), max(alike)
    if row["size"] != most or not least or most < 2 * least:
        return ""
    return f"{math.log(alike[most] / alike[least]) / math.log(most / least):.2f}"


def main() -> None:
    """Write or check the page."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    tables = [describe(name, results) for name, results in found["results"].items() if results]
    page = HEAD.format_map(found) + "\n" + "\n".join(tables)
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            sys.exit("docs/performance.md is not what bench/results.json says: run `make docs`")
    else:
        PAGE.write_text(page, encoding="utf-8")


main()
