"""The proof of a finding for a person: each figure with its release, date and sentence or cell."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Chain
from tasks.reconciling.language import load_language


def explain_findings(findings: pl.DataFrame, vintages: pl.DataFrame, chains: Mapping[str, Chain]) -> Iterator[str]:
    """Lines of text: each finding's sentence, and under it a line per figure it rests on.

    `vintages` are rows of `FIGURES` that hold the figures named. Days are those of the chain's time zone.
    """
    english = load_language("en")
    named = findings["figure_ids"].str.split(" ").explode().unique()
    rows = vintages.filter(pl.col("figure_id").is_in(named.to_list())).to_dicts()
    stated = {row["figure_id"]: row for row in rows}
    for finding in findings.to_dicts():
        yield f"{finding['severity']} · {finding['rule']} · {finding['finding_id'][:8]}"
        yield f"  {finding['sentence']}"
        zone = ZoneInfo(chains[finding["chain"]].calendar.time_zone if finding["chain"] in chains else "UTC")
        for name in finding["figure_ids"].split():
            yield f"    {_describe(stated[name], english.figure(stated[name]), zone)}"
        yield ""


def _describe(row: dict[str, Any], said: str, zone: ZoneInfo) -> str:
    name = "/".join(filter(None, (row["segment"], row["product"])))
    proof = f"{row['place']}: {row['evidence']}" if row["evidence"] else row["place"]
    published = (
        f"{row['source']}, published {row['published_at'].astimezone(zone):%Y-%m-%d}, release {row['release_id']}"
    )
    return f"{name} {row['period']} {row['kind']} {said} · {published} · {proof} · {row['figure_id'][:8]}"
