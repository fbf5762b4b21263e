"""Forecasts of a month against what came out: the rows of one picture, its finding in words, and its numbers.

The page of a month and the mail about it show the same picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from contracts.chain import Chain
from contracts.text import count_noun
from tasks.pages.parts import sign
from tasks.pages.words import add_words, load_words, write_figures
from tasks.reconciling.language import Language

_MEASURES = ("mom_pct", "yoy_pct")


@dataclass(frozen=True)
class Dumbbells:
    """One measure of a month: what the picture says in words, what it draws, and the table of its numbers.

    `rows` has the columns of `charts.draw_dumbbells`; `table` has series, forecast, outcome, level against forecast and
    verdict, row by row the same series; `axis` is what the picture measures.
    """

    measure: str
    heading: str
    note: str
    axis: str
    rows: pl.DataFrame
    table: Sequence[tuple[str, str, str, str, str]]
    detail: Sequence[str]

    @property
    def alternative(self) -> str:
        """The finding with every number, for who cannot see the picture."""
        return f"{self.heading}: {'; '.join(self.detail)}"

    def limit(self, most: int) -> "Dumbbells":
        """At most so many series, those furthest from their forecasts; in the same order, and the note says so."""
        if len(self.table) <= most:
            return self
        size = (pl.col("actual") - pl.col("forecast")).abs().rank("ordinal", descending=True)
        kept = self.rows.select((size <= most).alias("kept"))["kept"].to_list()
        note = f"{self.note}; the {most} series furthest from their forecasts of {len(self.table)}"
        table = [row for row, is_kept in zip(self.table, kept, strict=True) if is_kept]
        detail = [text for text, is_kept in zip(self.detail, kept, strict=True) if is_kept]
        return replace(self, note=note, rows=self.rows.filter(kept), table=table, detail=detail)


def compare_forecasts(
    chain: Chain, scores: pl.DataFrame, month: date, words: Language | None = None
) -> list[Dumbbells]:
    """Production of `month`, month on month and year on year, where forecasts were marked; those without are left out.

    `scores` has the columns of `SCORES`. Where a source forecast a series more than once, the last one counts. In
    English unless other `words` are given.
    """
    words = words or load_words("en")
    scored = scores.filter(
        pl.col("month") == month,
        pl.col("forecast").is_not_null(),
        pl.col("actual").is_not_null(),
        pl.col("metric") == "production",
    ).sort("forecast_at", maintain_order=True)
    named = add_words(
        scored.drop("series", "text", strict=False), chain, words, ("forecast", "forecast_lower", "forecast_upper")
    ).unique(["source", "series", "measure"], keep="last")
    nodes = {node: place for place, node in enumerate(chain.nodes())}
    places = [nodes.get(node, len(nodes)) for node in named.select("segment", "product").iter_rows()]
    ordered = named.with_columns(pl.Series("place", places, dtype=pl.Int64)).sort("place", "series", "source")
    return [
        _describe(rows, measure.removesuffix("_pct"), words)
        for measure in _MEASURES
        if (rows := ordered.filter(measure=measure)).height
    ]


def _describe(scored: pl.DataFrame, measure: str, words: Language) -> Dumbbells:
    outcome = write_figures(scored, words, ("actual", "actual_lower", "actual_upper")).fill_null("")
    several = scored["source"].n_unique() > 1
    series = pl.when(several).then(pl.concat_str("series", pl.lit(" ("), "source", pl.lit(")"))).otherwise("series")
    texts = scored.select(series, "text", outcome, "level_surprise_pct", pl.col("verdict").fill_null("")).rows()
    table = [
        (name, made, came, sign(level), words.say(f"page.verdict.{verdict}") if verdict else "")
        for name, made, came, level, verdict in texts
    ]
    level = [words.say("page.month.level", size=row[3]) if row[3] else "" for row in table]
    half = pl.col("actual_half_width").fill_null(0.0)
    rows = scored.select(
        series.alias("series"),
        "forecast",
        "actual",
        _bound(-1).alias("low"),
        _bound(1).alias("high"),
        (pl.col("forecast") - pl.col("band_pp")).alias("usual_low"),
        (pl.col("forecast") + pl.col("band_pp")).alias("usual_high"),
        (pl.col("actual") - half).alias("actual_low"),
        (pl.col("actual") + half).alias("actual_high"),
        pl.max_horizontal("forecast", "actual", _bound(1), pl.col("forecast") + pl.col("band_pp")).alias("right"),
        pl.Series("text", level, dtype=pl.String),
    )
    missed = scored.filter(verdict="miss").height
    heading = words.say(
        f"page.month.missed_{measure}", n=missed, of=len(table), forecasts=count_noun(len(table), "forecast")
    )
    detail = [words.say("page.month.pair", series=row[0], forecast=row[1], outcome=row[2]) for row in table]
    note, axis = words.say(f"page.month.missed_note_{measure}"), words.say("page.month.axis_forecasts")
    return Dumbbells(measure, heading, note, axis, rows, table, detail)


def _bound(side: int) -> pl.Expr:
    """End of the tolerance around a growth forecast, which is one of levels: 5 % is a factor of 1.05."""
    width = 1 + pl.col("tolerance_pct").fill_null(0) / 100
    factor = 1 + pl.col("forecast") / 100
    return 100 * ((factor * width if side > 0 else factor / width) - 1)
