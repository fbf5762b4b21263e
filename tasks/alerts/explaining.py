"""Why an alert fired, in words: its numbers, the sentences behind them, who was told and who took note."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from tasks.alerts.registry import read_rules

_LABELS = {
    "holiday_weight_pct": "part of the new-year window in this month, %",
    "base_holiday_weight_pct": "and in the month it is compared with, %",
    "severity_without_holiday": "severity without the holiday",
}
_ELSEWHERE = {"sentences", "holiday", "unit"}


def explain_alerts(rows: pl.DataFrame) -> str:
    """A paragraph per alert of `read_alerts(…, full=True)`; the text of documents is as it was published."""
    return "\n".join("\n".join(_explain(row)) + "\n" for row in rows.to_dicts())


def _explain(row: Mapping[str, Any]) -> Iterable[str]:
    detail = json.loads(row["detail"] or "{}")
    yield f"{row['severity']} {row['state']}: {row['title']}"
    yield f"  alert     {row['alert_id']} · {row['rule']} · {row['source']} {row['chain']} {row['month']:%Y-%m}"
    rule = read_rules().get(row["rule"])
    labels = {**_LABELS, **(rule.labels if rule else {})}
    numbers = [
        f"{labels.get(name, name.replace('_', ' '))} {value}"
        for name, value in detail.items()
        if name not in _ELSEWHERE and value not in (None, "")
    ]
    yield f"  why       {'; '.join(numbers)}"
    if row["figure_ids"]:
        yield f"  figures   {row['figure_ids']}"
    for sentence in detail.get("sentences", ()):
        yield f"  sentence  “{sentence}”"
    yield f"  since     {row['first_at']:%Y-%m-%d %H:%M} UTC, last change {row['updated_at']:%Y-%m-%d %H:%M} UTC"
    yield f"  told      {row['told'] or _say_untold(row)}"
    if row["acknowledged"]:
        yield f"  noted     {row['acknowledged']}"


def _say_untold(row: Mapping[str, Any]) -> str:
    if row["inhibited_by"]:
        return f"nobody: held back by {row['inhibited_by']}"
    if row["silence_id"]:
        return f"nobody: silence {row['silence_id']}"
    return "nobody yet" if row["announced_severity"] else "nobody: entered by a backfill, or no receiver hears of it"
