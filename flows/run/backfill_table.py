"""The table at the end of a backfill: month by month, what was ingested and what came of it."""

import polars as pl

from contracts.text_table import Look, TextColumn, render_table
from flows.run.request import RunResult

_COLUMNS = (
    TextColumn("month", 1),
    *(TextColumn(name, 1, "right") for name in ("releases", "figures", "quarantined", "refused", "alerts")),
)


def format_backfill_table(result: RunResult, look: Look = Look()) -> str:  # noqa: B008 - frozen
    """Months as rows, counts as columns, as aligned text; empty where nothing is new.

    A column that counts nothing is left out, as in every table.
    """
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
    body = [(month, *counts) for month, counts in [*sorted(rows.items()), ("total", total)]]
    counted = pl.DataFrame(body, schema=[column.heading for column in _COLUMNS], orient="row")
    shown = [pl.lit("") if not count else pl.col(c.heading) for c, count in zip(_COLUMNS[1:], total, strict=True)]
    texts = counted.select(
        "month", *(c.cast(pl.String).alias(name) for c, name in zip(shown, counted.columns[1:], strict=True))
    )
    return "\n".join(render_table(texts, _COLUMNS, width=look.width, color=look.color))
