"""Write docs/tables.md from the contracts, or (`--check`) say whether it is what they say."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from contracts import (  # noqa: E402
    alerts,
    comparisons,
    figures,
    reconciled,
    releases,
    restatements,
    runs,
    scores,
    settlements,
    track_record,
)
from contracts.table import Table  # noqa: E402

PAGE = ROOT / "docs" / "tables.md"
TABLES = [
    figures.FIGURES,
    releases.RELEASES,
    releases.QUARANTINE,
    settlements.SETTLEMENTS,
    settlements.READING_RECORD,
    comparisons.COMPARISONS,
    reconciled.IMPLIED,
    reconciled.INDEX,
    reconciled.FINDINGS,
    scores.SCORES,
    track_record.RECORD,
    track_record.SURPRISE_INDEX,
    restatements.RESTATEMENTS,
    alerts.ALERTS,
    alerts.DELIVERIES,
    alerts.ACKNOWLEDGEMENTS,
    alerts.SILENCES,
    runs.RUNS,
]
HEAD = """# Tables

Columns in the order in which CSV, JSON and Parquet have them. Made from `contracts/` by `.ci/tables.py`.

JSON is a list of objects, one per row. Months are `YYYY-MM-DD` (the first day), instants ISO 8601 in UTC with `Z`,
absent values null. In CSV an absent value and an empty text are both empty. New columns may follow; those listed keep
their names, order and meaning.
"""


def describe(table: Table) -> str:
    """A table as Markdown."""
    lines = [f"## {table.name}", "", table.meaning, "", "| column | type | null | meaning |", "|---|---|---|---|"]
    for column in table.columns:
        allowed = f" ({', '.join(a or '(empty)' for a in column.allowed)})" if column.allowed else ""
        null = "yes" if column.nullable else ""
        lines.append(f"| `{column.name}` | {column.dtype} | {null} | {column.meaning}{allowed} |".replace("|x|", "x"))
    lines += ["", f"Key: {', '.join(f'`{name}`' for name in table.key)}.", ""]
    return "\n".join(lines)


def main() -> None:
    """Write or check the page."""
    page = HEAD + "\n" + "\n".join(describe(table) for table in TABLES)
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            sys.exit("docs/tables.md is not what the contracts say: run `make docs`")
    else:
        PAGE.write_text(page, encoding="utf-8")


main()
