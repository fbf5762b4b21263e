"""What each table shows a person: about eight columns in words, the most important row first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from contracts.chain import Chain, chain_paths, load_chain
from contracts.local_time import show_local
from contracts.text import fill_text
from contracts.text_table import TextColumn
from contracts.wording import measure_words, name_quantity, rank_severity, write_number, write_signed
from tasks.messages.figure_words import add_series_label, write_stated

ID_LENGTH = 8
"""Characters of an id that are shown; every command takes a prefix."""


@dataclass(frozen=True)
class ViewColumn:
    """A column of a view: the text it shows and how it stands."""

    column: TextColumn
    text: pl.Expr


@dataclass(frozen=True)
class View:
    """How a table is shown: its columns, and the order of its rows (expressions, all descending)."""

    columns: Sequence[ViewColumn]
    order: Sequence[pl.Expr] = ()
    needs_series: bool = True


def show_rows(frame: pl.DataFrame, view: View, chains_folder: Path | None, limit: int) -> pl.DataFrame:
    """The first rows of the view as texts, one column per column of the view; `limit` 0 shows all."""
    rows = frame.sort(view.order, descending=True, nulls_last=True, maintain_order=True) if view.order else frame
    rows = rows.head(limit) if limit else rows
    chains = _load_chains(rows, chains_folder) if "chain" in rows.columns else {}
    rows = add_series_label(rows, chains) if view.needs_series else rows
    return _to_local_time(rows, chains).select(shown.text.alias(str(place)) for place, shown in enumerate(view.columns))


def _load_chains(frame: pl.DataFrame, folder: Path | None) -> dict[str, Chain]:
    """Definitions of the chains of these rows; one that is not there is shown by its ids."""
    if "chain" not in frame.columns:
        return {}
    known = chain_paths(folder)
    return {name: load_chain(name, folder) for name in frame["chain"].unique() if name in known}


def _to_local_time(frame: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """Instants as a clock on the wall of the chain's time zone shows them; UTC where the chain is not known."""
    instants = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(show_local(pl.col(name), chains) for name in instants)


def _column(
    heading: str,
    text: pl.Expr | str,
    priority: int,
    *,
    align: Literal["left", "right"] = "left",
    may_cut: bool = False,
    least: int = 10,
) -> ViewColumn:
    expression = pl.col(text) if isinstance(text, str) else text
    return ViewColumn(TextColumn(heading, priority, align, may_cut, least), expression)


def _month(name: str) -> pl.Expr:
    return pl.col(name).dt.strftime("%Y-%m")


def _day(name: str) -> pl.Expr:
    return pl.col(name).dt.strftime("%Y-%m-%d")


def _minute(name: str) -> pl.Expr:
    return pl.col(name).dt.strftime("%Y-%m-%d %H:%M")


def _id(name: str) -> pl.Expr:
    return pl.col(name).str.slice(0, ID_LENGTH)


def _points(name: str) -> pl.Expr:
    return write_signed(pl.col(name).round(1)) + pl.lit(" pp")


def _percent(name: str) -> pl.Expr:
    return write_signed(pl.col(name).round(1)) + pl.lit(" %")


def _fine(name: str) -> pl.Expr:
    """One decimal, or two where the interval is narrower than one unit."""
    is_narrow = pl.col("upper") - pl.col("lower") < 1.0
    return pl.when(is_narrow.fill_null(value=False)).then(pl.col(name).round(2)).otherwise(pl.col(name).round(1))


def _end(name: str) -> pl.Expr:
    return pl.coalesce(write_signed(_fine(name)), pl.lit("open"))


def _short_ids(name: str) -> pl.Expr:
    return pl.col(name).str.replace_all(r"(\w{8})\w*", "$1")


def _number(name: str) -> pl.Expr:
    return write_number(pl.col(name).round(2))


def _signed(name: str) -> pl.Expr:
    return write_signed(pl.col(name).round(2))


def _share(name: str) -> pl.Expr:
    return write_number((100 * pl.col(name)).round(0)) + pl.lit(" %")


def _count(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String)


_CHAIN = _column("chain", "chain", 8)
_SOURCE = _column("source", "source", 6)
_SERIES = _column("series", "series", 1, may_cut=True, least=24)
_MEASURE = (name_quantity(pl.col("metric"), pl.col("measure")) + measure_words(pl.col("measure"))).str.strip_chars()

VIEWS: Mapping[str, View] = {
    "figures": View(
        (
            _column("period", "period", 1),
            _SERIES,
            _column("figure", write_stated("value", "lower", "upper"), 1, align="right"),
            _column("kind", "kind", 2),
            _column("published", _day("published_at"), 3),
            _SOURCE,
            _CHAIN,
            _column("id", _id("figure_id"), 4),
            _column("qualifier", pl.col("qualifier").replace("exact", ""), 9),
            _column("evidence", "evidence", 7, may_cut=True),
        ),
        order=(pl.col("published_at"), pl.col("month")),
    ),
    "comparisons": View(
        (
            _column("month", _month("month"), 1),
            _SERIES,
            _column("value", write_stated("value", "lower", "upper"), 1, align="right"),
            _column("basis", "basis", 2),
            _column("between", fill_text("{} … {}", _signed("lower"), _signed("upper")), 6, align="right"),
            _column("against", "counterpart", 4),
            _SOURCE,
            _CHAIN,
            _column("reason", "reason", 5, may_cut=True),
        ),
        order=(pl.col("month"), pl.col("basis") == "reported"),
    ),
    "implied": View(
        (
            _SERIES,
            _column("from", _month("from_month"), 1),
            _column("to", _month("to_month"), 1),
            _column("change", write_signed(_fine("value")) + pl.lit(" %"), 1, align="right"),
            _column("between", fill_text("{} … {}", _end("lower"), _end("upper")), 1, align="right"),
            _SOURCE,
            _CHAIN,
            _column("remark", "reason", 3, may_cut=True),
            _column("follows from", _short_ids("figure_ids"), 4, may_cut=True),
        ),
    ),
    "findings": View(
        (
            _column("severity", "severity", 1),
            _column("month", _month("month"), 1),
            _column("finding", "sentence", 1, may_cut=True, least=34),
            _column("rule", "rule", 3),
            _column("id", _id("finding_id"), 2),
            _SOURCE,
            _CHAIN,
        ),
        order=(rank_severity(pl.col("severity")), pl.col("month")),
        needs_series=False,
    ),
    "index": View(
        (
            _column("month", _month("month"), 1),
            _column("index", write_number(_fine("value")), 1, align="right"),
            _column("from", write_number(_fine("lower")), 1, align="right"),
            _column("to", write_number(_fine("upper")), 1, align="right"),
            _column("reason", "reason", 2, may_cut=True),
        ),
        needs_series=False,
    ),
    "scores": View(
        (
            _column("month", _month("month"), 1),
            _column("series", "series", 1, may_cut=True, least=20),
            _column("forecast", write_stated("forecast", "forecast_lower", "forecast_upper"), 1, align="right"),
            _column("outcome", write_stated("actual", "actual_lower", "actual_upper"), 2, align="right"),
            _column("surprise", _points("surprise_pp"), 5, align="right"),
            _column("level", _percent("level_surprise_pct"), 3, align="right"),
            _column("verdict", pl.coalesce(pl.col("verdict").replace("", None), "status"), 1),
            _column("issued", _day("forecast_at"), 6),
            _SOURCE,
            _column("id", _id("forecast_id"), 7),
        ),
        order=(
            pl.col("status") == "scored",
            pl.coalesce(pl.col("level_surprise_pct"), pl.col("surprise_pp")).abs(),
            pl.col("month"),
        ),
    ),
    "record": View(
        (
            _SERIES,
            _column("measure", _MEASURE, 1),
            _column("n", _count("n"), 1, align="right"),
            _column("mean", _signed("mean_surprise") + pl.lit(" ") + pl.col("unit"), 2, align="right"),
            _column("MAE", _number("mae"), 2, align="right"),
            _column(
                "direction", fill_text("{} of {}", _count("direction_hits"), _count("n_directions")), 3, align="right"
            ),
            _column("within 5", _share("within_5"), 5, align="right"),
            _column("skill", _share("skill_no_change"), 4, align="right"),
            _column("lead", _count("lead_months"), 6, align="right"),
            _column("months", fill_text("{} … {}", _month("first_month"), _month("last_month")), 7),
            _SOURCE,
            _column("reason", "reason", 9, may_cut=True),
        ),
        order=(pl.col("n"), pl.col("mae")),
    ),
    "forecasters": View(
        (
            _column("forecaster", "forecaster", 1, may_cut=True, least=16),
            _column("measure", "measure", 1),
            _column("n", _count("n"), 1, align="right"),
            _column("mean", _signed("mean_surprise"), 2, align="right"),
            _column("MAE", _number("mae"), 1, align="right"),
            _column("within 5", _share("within_5"), 3, align="right"),
            _column(
                "direction", fill_text("{} of {}", _count("direction_hits"), _count("n_directions")), 3, align="right"
            ),
            _column("skill", _share("skill_no_change"), 2, align="right"),
            _column("months", fill_text("{} … {}", _month("first_month"), _month("last_month")), 4),
            _column("reason", "reason", 9, may_cut=True),
        ),
        order=(pl.col("n"), -pl.col("mae")),
        needs_series=False,
    ),
    "surprise_index": View(
        (
            _column("month", _month("month"), 1),
            _column("chain", "chain", 1),
            _column("index", write_signed(pl.col("surprise_index").round(2)), 1, align="right"),
            _column("n", _count("n"), 1, align="right"),
            _column("scored", _count("n_scored"), 3, align="right"),
            _column("measure", _MEASURE, 2),
            _SOURCE,
            _column("components", "components", 4, may_cut=True),
        ),
        order=(pl.col("month"),),
        needs_series=False,
    ),
    "alerts": View(
        (
            _column("severity", "severity", 1),
            _column("month", _month("month"), 1),
            _column("finding", "title", 1, may_cut=True, least=46),
            _column("state", "state", 3),
            _column("id", _id("alert_id"), 2),
            _column("rule", "rule", 5),
            _column("since", _day("first_at"), 6),
            _SOURCE,
            _CHAIN,
        ),
        order=(~pl.col("state").is_in(["retracted", "resolved"]), rank_severity(pl.col("severity")), pl.col("month")),
        needs_series=False,
    ),
    "restatements": View(
        (
            _column("period", "period", 1),
            _SERIES,
            _column("measure", _MEASURE, 3),
            _column("before", _signed("before"), 1, align="right"),
            _column("now", _signed("value"), 1, align="right"),
            _column(
                "change",
                _signed("change") + pl.lit(" ") + pl.col("change_unit"),
                2,
                align="right",
            ),
            _column("class", "class", 4),
            _column("published", _day("published_at"), 5),
            _SOURCE,
            _column("id", _id("figure_id"), 6),
        ),
        order=(pl.col("published_at"), pl.col("change").abs()),
    ),
    "quarantine": View(
        (
            _column("document", "document_name", 2, may_cut=True),
            _column("row", "row", 1),
            _column("rule", "rule", 1),
            _column("found", "value", 2, may_cut=True),
            _column("why", "message", 3, may_cut=True),
            _column("run", "run_id", 4),
            _column("month", "review_month", 5),
            _CHAIN,
        ),
        order=(pl.col("recorded_at"),),
        needs_series=False,
    ),
    "releases": View(
        (
            _column("published", _day("published_at"), 1),
            _column("source", "source", 2),
            _column("chain", "chain", 2),
            _column("month", "review_month", 1),
            _column("event", "event", 1),
            _column("figures", _count("figures"), 3, align="right"),
            _column("refused", _count("quarantined"), 6, align="right"),
            _column("unresolved", _count("unresolved"), 7, align="right"),
            _column("release", "release_id", 8),
            _column("document", "document_name", 4, may_cut=True),
            _column("reason", "reason", 5, may_cut=True),
        ),
        order=(pl.col("published_at"), pl.col("at")),
        needs_series=False,
    ),
    "reading_record": View(
        (
            _SOURCE,
            _CHAIN,
            _column("documents", _count("documents"), 3, align="right"),
            _column("accepted", _count("accepted"), 1, align="right"),
            _column("right", _number("accepted_right_pct") + pl.lit(" %"), 1, align="right"),
            _column(
                "between",
                fill_text("{} … {}", _number("accepted_lower_pct"), _number("accepted_upper_pct")),
                5,
                align="right",
            ),
            _column("doubtful", _count("doubtful"), 2, align="right"),
            _column("of them right", _number("doubtful_right_pct") + pl.lit(" %"), 2, align="right"),
            _column("missed", _count("missed"), 1, align="right"),
            _column("silently", _count("missed_silently"), 4, align="right"),
            _column("recall", _number("recall_pct") + pl.lit(" %"), 3, align="right"),
        ),
        order=(pl.col("documents"),),
        needs_series=False,
    ),
    "runs": View(
        (
            _column("started", _minute("started_at"), 1),
            _column("run", "run_id", 1),
            _column("flow", "flow", 2),
            _column("outcome", "outcome", 1),
            _column("releases", _count("releases"), 3, align="right"),
            _column("figures", _count("figures"), 3, align="right"),
            _column("refused", _count("quarantined"), 5, align="right"),
            _column("alerts", _count("alerts"), 4, align="right"),
            _column("chain", "chain", 6),
            _column("message", "message", 7, may_cut=True),
        ),
        order=(pl.col("started_at"),),
        needs_series=False,
    ),
}
