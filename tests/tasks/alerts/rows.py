"""Rows of the tables that the rules read, with sensible values where a test does not care."""

import math
from datetime import UTC, date, datetime, timedelta

import polars as pl

from contracts.alerts import CANDIDATES, SILENCES
from contracts.chain import load_chain
from contracts.comparisons import COMPARISONS
from contracts.figures import FIGURES
from contracts.period import add_months
from contracts.releases import QUARANTINE, RELEASES
from contracts.scores import SCORES
from tasks.alerts import Evaluation, find_alerts

SODIUM = {"sodium_ion": load_chain("sodium_ion")}
# May: no part of the new-year window, so severities are what the rules say.
MAY = date(2026, 5, 1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def published(month: date) -> datetime:
    """Noon of the fifth of the next month."""
    following = add_months(month, 1)
    return datetime(following.year, following.month, 5, 12, tzinfo=UTC)


def score(
    forecast: float, actual: float, *, half: float = 0.5, month: date = MAY, **values: object
) -> dict[str, object]:
    """A forecast of cathode production MoM, both numbers rounded to `half`, marked once and for all."""
    segment = values.get("segment", "cathode")
    growth = 100 * ((100 + actual) / (100 + forecast) - 1) if forecast > -100 else None
    return {
        "source": "smm",
        "chain": "sodium_ion",
        "segment": "cathode",
        "product": "",
        "metric": "production",
        "measure": "mom_pct",
        "month": month,
        "forecast": float(forecast),
        "actual": float(actual),
        "surprise_pp": float(actual - forecast),
        "surprise_lower_pp": actual - forecast - 2 * half,
        "surprise_upper_pp": actual - forecast + 2 * half,
        "level_surprise_pct": growth,
        "verdict": "miss",
        "status": "scored",
        "forecast_id": f"f-{segment}-{month:%Y%m}",
        "actual_id": f"a-{segment}-{month:%Y%m}",
        "reason": "",
        "tolerance_pp": 5.0,
        "tolerance_pct": values.get("tolerance_pp", 5.0),
        "direction": "",
        "issue": "only",
        "lead_months": 1,
        "span_months": 1,
        "forecast_at": published(add_months(month, -1)),
        "actual_at": published(month),
        "band_kind": "static",
        **values,
    }


def scores(*rows: dict[str, object]) -> pl.DataFrame:
    return SCORES.conform(pl.DataFrame(list(rows), infer_schema_length=None)) if rows else SCORES.empty()


def comparison(value: float, *, half: float = 0.5, month: date = MAY, **values: object) -> dict[str, object]:
    return {
        "source": "smm",
        "chain": "sodium_ion",
        "segment": "cathode",
        "product": "",
        "metric": "production",
        "measure": "mom_pct",
        "month": month,
        "basis": "reported",
        "counterpart": "",
        "value": float(value),
        "lower": value - half,
        "upper": value + half,
        "unit": "%",
        "spread_pp": None,
        "published_at": published(month),
        "figure_ids": "c1",
        "reason": "",
        **values,
    }


def gap(value: float, *, spread: float = 20.0, **values: object) -> dict[str, object]:
    """A divergence between cathode and cell, which grew by `down` %; both rounded to half a point."""
    down = float(values.pop("down", 0.0))

    def log_gap(up: float, low: float) -> float | None:
        return 100 * math.log((100 + up) / (100 + low)) if up > -100 and low > -100 else None

    return comparison(
        value,
        **{
            "half": 1.0,
            "basis": "divergence",
            "counterpart": "cell",
            "unit": "pp",
            "spread_pp": spread,
            "log_gap": log_gap(value + down, down),
            "log_gap_lower": log_gap(value + down - 0.5, down + 0.5),
            "log_gap_upper": log_gap(value + down + 0.5, down - 0.5),
            **values,
        },
    )


def comparisons(*rows: dict[str, object]) -> pl.DataFrame:
    schema = COMPARISONS.schema
    return COMPARISONS.conform(pl.DataFrame(list(rows), schema_overrides=schema)) if rows else COMPARISONS.empty()


def figure(value: float, *, month: date = MAY, review: date | None = None, **values: object) -> dict[str, object]:
    """An actual of cathode production MoM, published in the review of its month unless said otherwise."""
    review = review or month
    row = {
        "source": "smm",
        "chain": "sodium_ion",
        "segment": "cathode",
        "product": "",
        "metric": "production",
        "measure": "mom_pct",
        "period": f"{month:%Y-%m}",
        "kind": "actual",
        "value": float(value),
        "unit": "%",
        "qualifier": "exact",
        "published_at": published(review),
        "month": month,
        "is_monthly": True,
        "half_width": 0.5,
        "review_month": f"{review:%Y-%m}",
        "is_published_assumed": False,
        "document": "d" * 64,
        "place": "",
        "evidence": "",
        "rule": "",
        "note": "",
        "source_url": "",
    } | values
    at = row["published_at"]
    name = f"{row['segment']}-{row['period']}-{row['kind']}-{row['review_month']}-{at:%Y%m%d}"
    return {
        "recorded_at": at + timedelta(hours=1),
        "release_id": f"r-{row['review_month']}-{at:%Y%m%d}",
        "figure_id": name,
    } | row


def figures(*rows: dict[str, object]) -> pl.DataFrame:
    return FIGURES.conform(pl.DataFrame(list(rows), schema_overrides=FIGURES.schema)) if rows else FIGURES.empty()


def release(month: date, *, figures: int = 10, source: str = "smm", **values: object) -> dict[str, object]:
    at = published(month)
    return {
        "release_id": f"{source}-{month:%Y-%m}",
        "event": "recorded",
        "source": source,
        "chain": "sodium_ion",
        "review_month": f"{month:%Y-%m}",
        "published_at": at,
        "at": at,
        "figures": figures,
        "quarantined": 0,
        "reason": "",
    } | values


def releases(*rows: dict[str, object]) -> pl.DataFrame:
    return RELEASES.conform(pl.DataFrame(list(rows), schema_overrides=RELEASES.schema)) if rows else RELEASES.empty()


def refused(month: date, row: int, **values: object) -> dict[str, object]:
    return {
        "release_id": f"smm-{month:%Y-%m}",
        "row": f"row {row}",
        "rule": "share_range",
        "column": "value",
        "value": "910",
        "message": "0 to 100",
        "run_id": "r1",
        "source": "smm",
        "chain": "sodium_ion",
        "review_month": f"{month:%Y-%m}",
        "recorded_at": published(month),
        "document_name": "x.csv",
    } | values


def quarantine(*rows: dict[str, object]) -> pl.DataFrame:
    return (
        QUARANTINE.conform(pl.DataFrame(list(rows), schema_overrides=QUARANTINE.schema)) if rows else QUARANTINE.empty()
    )


def find(
    *, months: tuple[date, date] = (MAY, MAY), as_of: datetime | None = None, **tables: pl.DataFrame
) -> pl.DataFrame:
    """All rules on the given tables, empty where not given."""
    return find_alerts(Evaluation(chains=SODIUM, months=months, as_of=as_of or published(months[1]), **tables))


def candidate(**values: object) -> dict[str, object]:
    return {
        "kind": "event",
        "rule": "forecast_miss",
        "severity": "warning",
        "source": "smm",
        "chain": "sodium_ion",
        "segment": "cathode",
        "product": "",
        "metric": "production",
        "measure": "mom_pct",
        "month": MAY,
        "title": "Cathode materials output beat the forecast: −60 % against −70 % MoM; level 33 % higher",
        "detail": '{"forecast":-70.0,"actual":-60.0,"unit":"%","surprise":10.0,"level_surprise_pct":33.3333,"band":5.0}',
        "figure_ids": "f1 a1",
    } | values


def candidates(*rows: dict[str, object]) -> pl.DataFrame:
    return CANDIDATES.conform(pl.DataFrame(list(rows))) if rows else CANDIDATES.empty()


def silence(**values: object) -> dict[str, object]:
    blank = dict.fromkeys(("rule", "source", "chain", "segment", "product", "metric", "measure", "month"), "")
    return {
        "silence_id": "s1",
        "event": "added",
        **blank,
        "starts_at": instant("2026-01-01"),
        "ends_at": instant("2027-01-01"),
        "author": "desk",
        "reason": "known",
        "at": instant("2026-01-01"),
    } | values


def silences(*rows: dict[str, object]) -> pl.DataFrame:
    return SILENCES.conform(pl.DataFrame(list(rows))) if rows else SILENCES.empty()
