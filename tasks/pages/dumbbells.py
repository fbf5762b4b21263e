"""Forecasts of a month against what came out: the rows of one picture, its finding in words, and its numbers.

The page of a month and the mail about it show the same picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from contracts.chain import Chain
from contracts.text import count_noun
from tasks.messages.figure_words import add_series_label, write_stated

HEAD = ("series", "forecast", "outcome", "level against forecast", "verdict")
_MEASURES = {"mom_pct": "month on month", "yoy_pct": "year on year"}


@dataclass(frozen=True)
class Dumbbells:
    """One measure of a month: what the picture says in words, what it draws, and the table of its numbers.

    `rows` has the columns of `charts.draw_dumbbells`: series, forecast, actual, low, high, right, text. `table` has
    those of `HEAD`, row by row the same series.
    """

    heading: str
    note: str
    rows: pl.DataFrame
    table: Sequence[tuple[str, str, str, str, str]]

    @property
    def alternative(self) -> str:
        """The finding with every number, for who cannot see the picture."""
        return f"{self.heading}: " + "; ".join(f"{row[0]} forecast {row[1]}, outcome {row[2]}" for row in self.table)

    def limit(self, most: int) -> "Dumbbells":
        """At most so many series, those furthest from their forecasts; in the same order, and the note says so."""
        if len(self.table) <= most:
            return self
        size = (pl.col("actual") - pl.col("forecast")).abs().rank("ordinal", descending=True)
        kept = self.rows.select((size <= most).alias("kept"))["kept"].to_list()
        note = f"{self.note}; the {most} series furthest from their forecasts of {len(self.table)}"
        table = [row for row, is_kept in zip(self.table, kept, strict=True) if is_kept]
        return Dumbbells(self.heading, note, self.rows.filter(kept), table)


def compare_forecasts(chain: Chain, scores: pl.DataFrame, month: date) -> list[Dumbbells]:
    """Production of `month`, month on month and year on year, where forecasts were marked; those without are left out.

    `scores` has the columns of `SCORES`. Where a series was forecast more than once, the last one counts.
    """
    scored = scores.filter(
        pl.col("month") == month,
        pl.col("forecast").is_not_null(),
        pl.col("actual").is_not_null(),
        pl.col("metric") == "production",
    ).sort("forecast_at", maintain_order=True)
    named = add_series_label(scored, {chain.name: chain}).unique(["series", "measure"], keep="last")
    place = pl.col("series").replace_strict(order_labels(chain), default=len(chain.segments) * 1000)
    ordered = named.sort(place, "series")
    return [
        _describe(rows, words)
        for measure, words in _MEASURES.items()
        if (rows := ordered.filter(measure=measure)).height
    ]


def order_labels(chain: Chain) -> dict[str, int]:
    """Place of each series' label: the order of the chain's definition."""
    names = [(s.title, [p.title for p in s.products]) for s in chain.segments]
    labels = [label for title, products in names for label in (title, *(f"{title} · {p}" for p in products))]
    return {label: place for place, label in enumerate(labels)}


def _describe(scored: pl.DataFrame, words: str) -> Dumbbells:
    texts = scored.select(
        "series",
        write_stated("forecast", "forecast_lower", "forecast_upper").alias("forecast_text"),
        write_stated("actual", "actual_lower", "actual_upper").alias("actual_text"),
        "level_surprise_pct",
        pl.col("verdict").fill_null(""),
    ).rows()
    table = [(series, made, came, write_signed(level), verdict) for series, made, came, level, verdict in texts]
    level = pl.Series("text", [f"level {row[3]}" if row[3] else "" for row in table], dtype=pl.String)
    rows = scored.select(
        "series",
        "forecast",
        "actual",
        _bound(-1).alias("low"),
        _bound(1).alias("high"),
        pl.max_horizontal("forecast", "actual").alias("right"),
    ).with_columns(level)
    misses = sum(row[4] == "miss" for row in table)
    heading = f"{misses} of {count_noun(len(table), 'forecast')} {words} missed"
    return Dumbbells(heading, f"Change of output {words}, %; the band is the chain's tolerance", rows, table)


def _bound(side: int) -> pl.Expr:
    """End of the tolerance around a growth forecast, which is one of levels: 5 % is a factor of 1.05."""
    width = 1 + pl.col("tolerance_pct").fill_null(0) / 100
    factor = 1 + pl.col("forecast") / 100
    return 100 * ((factor * width if side > 0 else factor / width) - 1)


def write_signed(value: float | None, unit: str = " %") -> str:
    """`+2 %`, `−41 %`, `+0.3 %`; empty where there is no number."""
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 or value == round(value) else 1
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{abs(value):.{digits}f}{unit}"
