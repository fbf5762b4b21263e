"""The wide form: segments across or down, months the other way, one number per cell."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.errors import ContractBroken
from contracts.names import match_segment
from contracts.printed_period import ACTUAL, FORECAST, PRELIMINARY, REVISED, PrintedPeriod
from contracts.readings import REFUSED
from contracts.text import fill_text
from tasks.tables.grid import SheetGrid
from tasks.tables.labels import About, UnknownLabel, read_label, read_parts
from tasks.tables.long_form import COLUMNS
from tasks.tables.mapping import ROLES, TableMapping
from tasks.tables.month_labels import read_month_label
from tasks.tables.printed_numbers import NOT_STATED
from tasks.tables.wide_layout import LOOKED_AT, WideLayout, find_column, find_layout

_UNNAMED_SHOWN = 5
_LABELS = ("above", "label", "segment", "product")
_SAID = ("metric", "measure", "unit", "kind")


def is_wide_form(grid: SheetGrid) -> bool:
    """Whether a header has months and columns that say segment (or label) and measure: no mapping is needed then."""
    layout = find_layout(grid, TableMapping())
    return layout is not None and "measure" in layout.roles and bool({"segment", "label"} & set(layout.roles))


def read_wide_rows(
    grid: SheetGrid, mapping: TableMapping, chain: Chain, *, is_review_month_known: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Printed rows as `read_long_rows` gives them, one per filled cell, and refused cells of unknown labels.

    A column marked as forecast (`2026-02 (F)`, or named in `forecast_columns`) is a forecast. Others are what
    `kind` says; without it, actuals up to the review month and forecasts after it. Dashes and `n/a` mean that
    nothing was stated. Raises `ContractBroken` where no months or no labels are found.
    """
    spread = _spread_across if mapping.orientation == "months_across" else _spread_down
    cells, unread = spread(grid, mapping, chain)
    filled = cells.filter(pl.col("value") != "")
    stated = filled.filter(~pl.col("value").str.to_lowercase().is_in(NOT_STATED))
    about = _read_labels(stated.select(_LABELS).unique(maintain_order=True), mapping, chain)
    read = stated.join(about, on=_LABELS, how="left", nulls_equal=True, maintain_order="left", suffix="/said")
    rows = _name_rows(grid, read, mapping, chain, is_review_month_known=is_review_month_known)
    return rows.filter(pl.col("error").is_null()).drop("error"), pl.concat([_refuse_labels(rows), unread])


def _spread_across(grid: SheetGrid, mapping: TableMapping, chain: Chain) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per cell under a month: `row`, `column`, `value`, its month, labels and what else its row says.

    And refused columns, whose header is empty although they are filled.
    """
    layout = find_layout(grid, mapping)
    if layout is None or not {"label", "segment"} & set(layout.roles):
        raise _no_layout(grid, mapping, layout)
    grid.notes.update({f"column {text}": "no month: the column was not read" for text in layout.others.values()})
    below = grid.cells.filter(pl.col("row") > layout.row)
    spread = _name_rows_of_labels(below, layout, chain).unpivot(
        on=[f"month/{c}" for c in layout.months],
        index=["row", "above", *ROLES],
        variable_name="column",
        value_name="value",
    )
    months = pl.DataFrame(
        [
            (f"month/{c}", layout.texts[c], period.period, _is_forecast(layout.texts[c], period, mapping), period.mark)
            for c, period in layout.months.items()
        ],
        schema={"column": pl.String, **_MONTH_SCHEMA},
        orient="row",
    )
    cells = spread.join(months, on="column", maintain_order="left").with_columns(
        pl.col("column").str.strip_prefix("month/").cast(pl.Int64)
    )
    return cells.sort("row", "column"), _refuse_unnamed(grid, below, layout)


_MONTH_SCHEMA = {"month_text": pl.String, "period": pl.String, "is_forecast": pl.Boolean, "mark": pl.String}


def _name_rows_of_labels(below: pl.DataFrame, layout: WideLayout, chain: Chain) -> pl.DataFrame:
    """Rows under the header with their numbers and labels; a label written once counts for the rows under it.

    A segment is often written once above its products or measures, or stands in a merged cell. Only a row that says
    something of its own, another product or measure, continues the one above.
    """
    cells = {r: _text(layout.roles[r]) if r in layout.roles else pl.lit(None, pl.String) for r in ROLES}
    body = below.select(
        "row",
        *[_text(c).fill_null("").alias(f"month/{c}") for c in layout.months],
        *[e.alias(r) for r, e in cells.items()],
    )
    label = "segment" if "segment" in layout.roles else "label"
    others = [r for r in ("product", "metric", "measure", "unit", "kind") if r in layout.roles]
    says_more = pl.any_horizontal(pl.col(others).is_not_null()) if others else pl.lit(value=False)
    continues = pl.col(label).is_null() & says_more
    is_same_product = continues & pl.col("product").is_null()
    written = pl.when(~continues).then(pl.col("product").fill_null("")).otherwise("product")
    return body.with_columns(
        pl.when(continues).then(pl.col(label).forward_fill()).otherwise(label).alias(label),
        product=pl.when(is_same_product).then(written.forward_fill().replace("", None)).otherwise("product"),
        above=_name_segments(body["label"], chain).forward_fill(),
    )


def _refuse_unnamed(grid: SheetGrid, below: pl.DataFrame, layout: WideLayout) -> pl.DataFrame:
    """`REFUSED` columns that have numbers but no header."""
    rows = []
    for column in layout.unnamed:
        texts = below[column].str.strip_chars()
        filled = texts.filter(texts.is_not_null() & (texts != ""))
        if filled.str.contains("[0-9]").any():
            shown = ", ".join(filled.head(_UNNAMED_SHOWN).str.head(40))
            place = pl.DataFrame({"row": [layout.row]}).select(grid.place(int(column))).item()
            rows.append({"row": place, "rule": "month", "column": "header", "value": shown, "message": _NO_HEADER})
    schema = dict.fromkeys(("row", "rule", "column", "value", "message"), pl.String)
    return REFUSED.conform(pl.DataFrame(rows, schema=schema))


_NO_HEADER = "no header says which month the column is: fill in its header cell, or empty the column"


def _is_forecast(text: str, period: PrintedPeriod, mapping: TableMapping) -> bool:
    return period.kind == FORECAST or bool({text, period.period} & {*mapping.forecast_columns})


def _spread_down(grid: SheetGrid, mapping: TableMapping, chain: Chain) -> tuple[pl.DataFrame, pl.DataFrame]:
    """As `_spread_across`, of a table with a month per row and a label above each column."""
    del chain  # a label above a column names its segment itself
    column, first = _find_month_column(grid, mapping)
    last = mapping.header_row or first - 1
    above = grid.cells.filter(pl.col("row").is_between(last - mapping.header_rows + 1, last)).drop("row", column)
    headers = {name: _join_labels(above[name].to_list()) for name in above.columns}
    named = {name: text for name, text in headers.items() if text}
    if not named:
        raise _no_layout(grid, mapping, None)
    body = grid.cells.filter(pl.col("row") > last).select(
        "row", _text(column).alias("month_text"), *[_text(c).fill_null("").alias(f"label/{c}") for c in named]
    )
    body = body.filter(pl.col("month_text").is_not_null())
    spread = body.unpivot(index=["row", "month_text"], variable_name="column", value_name="value")
    texts = pl.DataFrame({"column": [f"label/{c}" for c in named], "label": list(named.values())})
    months = _read_months(spread["month_text"].unique(maintain_order=True).to_list(), mapping)
    cells = (
        spread.join(texts, on="column", maintain_order="left")
        .join(months, on="month_text", maintain_order="left")
        .with_columns(
            pl.col("column").str.strip_prefix("label/").cast(pl.Int64),
            *[pl.lit(None, pl.String).alias(name) for name in ("above", *ROLES[1:])],
        )
    )
    unnamed = tuple(name for name in headers if name not in named)
    below = grid.cells.filter(pl.col("row") > last)
    return cells.sort("row", "column"), _refuse_unnamed(grid, below, WideLayout(last, {}, {}, {}, {}, unnamed))


def _find_month_column(grid: SheetGrid, mapping: TableMapping) -> tuple[str, int]:
    """The column with most months among the first rows, and the row of its first month."""
    found: dict[str, list[int]] = {}
    for line in grid.cells.head(LOOKED_AT).iter_rows(named=True):
        row = line.pop("row")
        for column, text in line.items():
            if text and row > mapping.header_row and read_month_label(text, mapping.month_format) is not None:
                found.setdefault(column, []).append(row)
    if mapping.month_column:
        header = grid.cells.head(LOOKED_AT).drop("row").to_dicts()
        named = [find_column(grid, {c: t for c, t in line.items() if t}, mapping.month_column) for line in header]
        found = {column: rows for column, rows in found.items() if column in named}
    if not found:
        raise _no_layout(grid, mapping, None)
    column = max(found, key=lambda c: len(found[c]))
    return column, found[column][0]


def _join_labels(texts: list[str | None]) -> str:
    return " / ".join(dict.fromkeys(text.strip() for text in texts if text and text.strip()))


def _text(column: str) -> pl.Expr:
    stripped = pl.col(column).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _name_segments(labels: pl.Series, chain: Chain) -> pl.Expr:
    named = {label: match_segment(label, chain) for label in labels.drop_nulls().unique().to_list()}
    known = {label: segment.name for label, segment in named.items() if segment is not None}
    return pl.col("label").replace_strict(known, default=None, return_dtype=pl.String)


def _read_labels(different: pl.DataFrame, mapping: TableMapping, chain: Chain) -> pl.DataFrame:
    """Of each different label what it is about, or in `error` why it is about nothing."""
    read = []
    for parts in different.iter_rows(named=True):
        try:
            about = _read_about(parts, mapping, chain)
            read.append({f"{name}/said": about.get(name) for name in ("segment", "product", *_SAID)} | {"error": None})
        except UnknownLabel as error:
            read.append({"error": str(error)})
    columns = [f"{name}/said" for name in ("segment", "product", *_SAID)]
    said = pl.DataFrame(read, schema=dict.fromkeys([*columns, "error"], pl.String))
    return pl.concat([different, said], how="horizontal")


def _read_about(parts: Mapping[str, str | None], mapping: TableMapping, chain: Chain) -> About:
    if parts["segment"]:
        return read_parts(parts["segment"], parts["product"] or "", chain=chain, labels=mapping.labels)
    if parts["label"]:
        return read_label(parts["label"], chain=chain, labels=mapping.labels, above=parts["above"] or "")
    raise UnknownLabel("the row has numbers but no label")


def _read_months(texts: list[str], mapping: TableMapping) -> pl.DataFrame:
    read = [(text, read_month_label(text, mapping.month_format) or PrintedPeriod(text)) for text in texts]
    rows = [(text, period.period, _is_forecast(text, period, mapping), period.mark) for text, period in read]
    return pl.DataFrame(rows, schema=_MONTH_SCHEMA, orient="row")


def _name_rows(
    grid: SheetGrid, read: pl.DataFrame, mapping: TableMapping, chain: Chain, *, is_review_month_known: bool
) -> pl.DataFrame:
    """The columns of the long form, from labels, then the row itself, then the mapping."""
    said = {
        name: pl.coalesce(f"{name}/said", pl.col(name), pl.lit(getattr(mapping, name) or None, pl.String))
        for name in _SAID
    }
    usual = said["kind"] if is_review_month_known else said["kind"].fill_null("actual")
    label = pl.coalesce("label", pl.concat_str("segment", "product", separator=" / ", ignore_nulls=True))
    named = read.lazy().select(
        grid.place_cells().alias("place"),
        pl.lit(mapping.source or None, pl.String).alias("source"),
        pl.lit(chain.name).alias("chain"),
        pl.lit(mapping.review_month or None, pl.String).alias("review_month"),
        pl.lit(mapping.published or None, pl.String).alias("published"),
        pl.lit(mapping.source_url or None, pl.String).alias("source_url"),
        pl.col("segment/said").alias("segment"),
        pl.col("product/said").alias("product"),
        said["metric"].alias("metric"),
        said["measure"].alias("measure"),
        said["unit"].alias("unit"),
        pl.when("is_forecast")
        .then(pl.lit(FORECAST))
        .when(pl.col("mark") != "")
        .then(pl.lit(ACTUAL))
        .otherwise(usual)
        .alias("kind"),
        pl.when(pl.col("mark").is_in([PRELIMINARY, REVISED])).then("mark").alias("note"),
        "period",
        "value",
        pl.concat_str(label, "month_text", "value", separator=" | ", ignore_nulls=True).alias("evidence"),
        "error",
    )
    missing = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in named.collect_schema()]
    return named.with_columns(missing).collect()


def _refuse_labels(rows: pl.DataFrame) -> pl.DataFrame:
    """`REFUSED` of every cell whose label names nothing, with the cell as printed."""
    unknown = rows.filter(pl.col("error").is_not_null())
    return REFUSED.conform(
        unknown.select(
            *("metric", "measure", "period", "kind"),
            row=pl.col("place"),
            rule=pl.lit("label"),
            column=pl.lit("label"),
            value=pl.col("evidence"),
            message=fill_text("{}; or say what it is in the mapping's [labels]", "error"),
        )
    )


def _no_layout(grid: SheetGrid, mapping: TableMapping, layout: WideLayout | None) -> ContractBroken:
    first = [t for t in grid.cells.head(1).drop("row").row(0) if t] if grid.cells.height else []
    missing = "months" if layout is None else "a column of labels"
    return ContractBroken(
        f"no {missing} found in a table of {mapping.orientation.replace('_', ' ')}",
        where=grid.where,
        found=f"first row: {', '.join(first[:12])}",
        effect="no rows were loaded",
        next="name header_row, label_columns or month_format in the mapping file",
    )
