"""Rows of figures for the tests of contracts."""

from datetime import UTC, datetime

import polars as pl

from contracts.chain import load_chain
from contracts.figures import READ_FIGURES
from contracts.readings import ReleaseHead

SODIUM = load_chain("sodium_ion")

GOOD = {
    "segment": "cathode",
    "product": "",
    "metric": "production",
    "measure": "mom_pct",
    "period": "2026-01",
    "kind": "actual",
    "value": 2.0,
    "lower": None,
    "upper": None,
    "unit": "%",
    "qualifier": "exact",
    "half_width": 0.5,
    "place": "row 2",
    "evidence": "cathode | production | 2",
    "span_start": None,
    "span_end": None,
    "rule": "long_table",
    "note": "",
    "source_url": "",
}


def head_of(published=datetime(2026, 2, 4, 16, tzinfo=UTC), chain="sodium_ion", review_month="2026-01"):
    return ReleaseHead("smm", chain, review_month, published, "0" * 64, "january.csv")


def figures_of(*rows):
    """Figures with the values of GOOD where a row says nothing; places count from row 2."""
    filled = [{**GOOD, "place": f"row {i}", **row} for i, row in enumerate(rows, start=2)]
    return pl.DataFrame(filled, schema=READ_FIGURES.schema)


PADDING = tuple(
    {"segment": segment, "product": product, "measure": "yoy_pct", "period": period, "value": 20.0}
    for segment, product in (("cathode", ""), ("anode", "hard_carbon"), ("electrolyte", ""), ("cell", ""))
    for period in ("2025-10", "2025-11", "2025-12", "2026-01")
)
"""Sixteen rows that break nothing, so that a few broken ones are no third of the release."""
