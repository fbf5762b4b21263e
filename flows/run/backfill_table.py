"""The table at the end of a backfill: month by month, what was ingested and what came of it."""

import polars as pl

from flows.run.request import RunResult

_HEAD = ("month", "releases", "figures", "quarantined", "refused", "alerts")


def format_backfill_table(result: RunResult) -> str:
    """Months as rows, counts as columns, as aligned text; empty where nothing is new."""
    rows: dict[str, list[int]] = {}
    for outcome in result.ingested.outcomes:
        if outcome.status not in {"recorded", "refused"}:
            continue
        counts = rows.setdefault(outcome.review_month or "unknown", [0, 0, 0, 0, 0])
        counts[0] += outcome.status == "recorded"
        counts[1] += outcome.figures if outcome.status == "recorded" else 0
        counts[2] += outcome.quarantined
        counts[3] += outcome.status == "refused"
    fired = result.alerts.filter(pl.col("state") == "fired").with_columns(pl.col("month").dt.strftime("%Y-%m"))
    for month, count in fired.group_by("month").len().iter_rows():
        rows.setdefault(month, [0, 0, 0, 0, 0])[4] += count
    if not rows:
        return ""
    total = [sum(column) for column in zip(*rows.values(), strict=True)]
    body = [(month, *map(str, counts)) for month, counts in [*sorted(rows.items()), ("total", total)]]
    widths = [max(len(line[i]) for line in (_HEAD, *body)) for i in range(len(_HEAD))]
    return "\n".join(_align(line, widths) for line in (_HEAD, *body))


def _align(line: tuple[str, ...], widths: list[int]) -> str:
    first, *rest = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])
