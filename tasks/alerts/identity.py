"""Who an alert is: the same finding about the same series and month is the same alert, whatever its numbers."""

import hashlib

import polars as pl

IDENTITY = ("rule", "source", "chain", "segment", "product", "metric", "measure", "month")


def add_alert_ids(candidates: pl.DataFrame) -> pl.DataFrame:
    """Candidates with `alert_id`, sixteen hex digits over the identity; values, severity and run are no part of it."""
    texts = candidates.select(
        pl.concat_str(*(pl.col(name).cast(pl.String) for name in IDENTITY), separator="\x1f")
    ).to_series()
    return candidates.with_columns(pl.Series("alert_id", [hash_text(text) for text in texts], dtype=pl.String))


def hash_text(text: str) -> str:
    """Sixteen hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
