"""Figures for scoring tests: short rows filled up to the contract, and the real published ones."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from contracts.chain import load_chain
from contracts.figures import FIGURES
from contracts.period import add_months, first_month, last_month
from contracts.vocabulary import MEASURES

_REAL = Path(__file__).parents[3] / ".." / "shared" / "data" / "figures"
_DEFAULTS = {
    "source": "smm",
    "chain": "sodium_ion",
    "segment": "cathode",
    "product": "",
    "metric": "production",
    "measure": "mom_pct",
    "kind": "actual",
    "value": None,
    "lower": None,
    "upper": None,
    "qualifier": "exact",
    "half_width": 0.5,
    "is_published_assumed": False,
    "document": "d",
    "place": "",
    "evidence": "",
    "span_start": None,
    "span_end": None,
    "rule": "",
    "note": "",
    "source_url": "",
}


def complete(row: dict) -> dict:
    """A figure of the contract from what a test cares about; `at` is the publication, as text or instant."""
    full = {**_DEFAULTS, **row}
    at = full.pop("at", None)
    review = full.get("review_month")
    if review is None:
        month = first_month(full["period"])
        review = f"{add_months(month, -1 if full['kind'] == 'forecast' else 0):%Y-%m}"
    if at is None:
        at = datetime.combine(add_months(last_month(review), 1), datetime.min.time(), UTC).replace(day=5)
    if isinstance(at, str):
        at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    full["review_month"] = review
    full["published_at"] = full["recorded_at"] = at
    unit = MEASURES[full["measure"]].unit
    full.setdefault("unit", "t" if unit == "level" else unit)
    full["month"] = first_month(full["period"])
    full["is_monthly"] = first_month(full["period"]) == last_month(full["period"])
    full.setdefault("release_id", f"{full['source']}-{review}-{at:%Y%m%d%H%M}")
    full.setdefault("figure_id", "")
    return full


@pytest.fixture
def figures() -> Callable[..., pl.DataFrame]:
    """A function from short rows to a frame of `FIGURES`."""

    def build(*rows: dict) -> pl.DataFrame:
        full = [complete(row) for row in rows]
        for index, row in enumerate(full):
            row["figure_id"] = row["figure_id"] or f"f{index:04d}"
        return pl.DataFrame(full, schema=FIGURES.schema, orient="row") if full else FIGURES.empty()

    return build


@pytest.fixture
def chains() -> dict:
    return {name: load_chain(name) for name in ("sodium_ion", "lithium_ion")}


@pytest.fixture
def real_figures(figures) -> Callable[[str], pl.DataFrame]:
    """The real figures of a chain, read straight from the file of published facts."""

    def read(name: str) -> pl.DataFrame:
        path = _REAL / f"{name}.csv"
        if not path.exists():
            pytest.skip("the file of real figures is not beside this checkout")
        with path.open(encoding="utf-8") as file:
            return figures(*(_read_row(row, number) for number, row in enumerate(csv.DictReader(file))))

    return read


def _read_row(row: dict, number: int) -> dict:
    numbers = {k: float(row[k]) if row[k] else None for k in ("value", "lower", "upper")}
    digits = max((-int(Decimal(row[k]).as_tuple().exponent) for k in numbers if row[k]), default=0)
    words = ("source", "chain", "segment", "product", "metric", "measure", "period", "kind", "unit", "qualifier")
    assumed = not row["published"]
    day = (
        date.fromisoformat(row["published"])
        if row["published"]
        else add_months(last_month(row["review_month"]), 1).replace(day=5)
    )
    return {
        **{w: row[w] for w in words},
        **numbers,
        "half_width": 0.0 if row["unit"] == "sign" else 0.5 * 10.0**-digits,
        "review_month": row["review_month"],
        "at": datetime.combine(day, datetime.min.time(), ZoneInfo("Asia/Shanghai")).astimezone(UTC),
        "is_published_assumed": assumed,
        "release_id": f"{row['chain']}-{row['review_month']}-{row['source_url']}",
        "figure_id": f"{row['chain']}-{number:03d}",
    }
