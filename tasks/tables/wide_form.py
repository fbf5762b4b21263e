"""The wide form: segments across or down, months the other way, one number per cell."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from contracts.chain import Chain
from contracts.errors import ContractBroken
from contracts.readings import REFUSED
from contracts.text import fill_text
from tasks.tables.grid import SheetGrid, number_column
from tasks.tables.labels import UnknownLabel, find_segment, read_label, read_parts
from tasks.tables.long_form import COLUMNS
from tasks.tables.mapping import ROLES, TableMapping
from tasks.tables.month_labels import read_month_label
from tasks.tables.not_stated import NOT_STATED

_LOOKED_AT = 50
_LABELS = ("above", "label", "segment", "product")
_SAID = ("metric", "measure", "unit", "kind")


def is_wide_form(grid: SheetGrid) -> bool:
    """Whether a header has months and columns that say segment (or label) and measure: no mapping is needed then."""
    layout = _find_layout(grid, TableMapping())
    return layout is not None and "measure" in layout.roles and bool({"segment", "label"} & set(layout.roles))


def read_wide_rows(
    grid: SheetGrid, mapping: TableMapping, chain: Chain, *, is_review_month_known: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Printed rows as `read_long_rows` gives them, one per filled cell, and refused cells of unknown labels.

    A column marked as forecast (`2026-02 (F)`, or named in `forecast_columns`) is a forecast. Others are what
    `kind` says; without it, actuals up to the review month and forecasts after it. Dashes and `n/a` mean that
    nothing was stated. Raises `ContractBroken` where no months or no labels are found.
    """
    cells = (
        _spread_across(grid, mapping, chain) if mapping.orientation == "months_across" else _spread_down(grid, mapping)
    )
    stated = cells.filter(pl.col("value") != "", ~pl.col("value").str.to_lowercase().is_in(NOT_STATED))
    about = _read_labels(stated.select(_LABELS).unique(maintain_order=True), mapping, chain)
    months = _read_months(stated["month_text"].unique(maintain_order=True).to_list(), mapping)
    read = stated.join(about, on=_LABELS, how="left", nulls_equal=True, maintain_order="left", suffix="/said").join(
        months, on="month_text", maintain_order="left"
    )
    rows = _name_rows(grid, read, mapping, chain, is_review_month_known=is_review_month_known)
    return rows.filter(pl.col("error").is_null()).drop("error"), _refuse_labels(rows)


@dataclass(frozen=True)
class _Layout:
    """Where the header stands, which grid columns are months, and which say what (by role)."""

    row: int
    months: Mapping[str, str]
    roles: Mapping[str, str]
    others: Mapping[str, str]


def _find_layout(grid: SheetGrid, mapping: TableMapping) -> _Layout | None:
    """The header row: the one named, else the one with most months among the first rows."""
    best: _Layout | None = None
    for line in grid.cells.head(_LOOKED_AT).iter_rows(named=True):
        row = line.pop("row")
        header = {column: text.strip() for column, text in line.items() if text and text.strip()}
        if mapping.header_row not in (0, row):
            continue
        months = {c: t for c, t in header.items() if read_month_label(t, mapping.month_format) is not None}
        if months and (best is None or len(months) > len(best.months)):
            roles = _find_roles(grid, mapping, header, months)
            others = {c: t for c, t in header.items() if c not in {*months, *roles.values()}}
            best = _Layout(row, months, roles, others)
    return best


def _find_roles(
    grid: SheetGrid, mapping: TableMapping, header: Mapping[str, str], months: Mapping[str, str]
) -> dict[str, str]:
    named = {role: _find_column(grid, header, name) for role, name in mapping.label_columns.items()}
    if named:
        return {role: column for role, column in named.items() if column is not None}
    spelled = {text.casefold(): column for column, text in header.items() if column not in months}
    roles = {role: spelled[role] for role in ROLES if role in spelled}
    if not {"label", "segment"} & set(roles):
        first = min(map(int, months))
        taken = set(roles.values())
        free = [c for c in grid.cells.columns[1:] if int(c) < first and c not in taken]
        roles |= {"label": free[0]} if free else {}
    return roles


def _find_column(grid: SheetGrid, header: Mapping[str, str], name: str) -> str | None:
    for column, text in header.items():
        if text.casefold() == name.strip().casefold():
            return column
    column = (
        str(number_column(name) - grid.first_column) if name.isascii() and name.isalpha() and len(name) <= 3 else ""
    )
    return column if column in grid.cells.columns else None


def _spread_across(grid: SheetGrid, mapping: TableMapping, chain: Chain) -> pl.DataFrame:
    """One row per cell under a month: `row`, `column`, `value`, `month_text`, labels and what else its row says."""
    layout = _find_layout(grid, mapping)
    if layout is None or not {"label", "segment"} & set(layout.roles):
        raise _no_layout(grid, mapping, layout)
    grid.notes.update({f"column {text}": "no month: the column was not read" for text in layout.others.values()})
    cells = {role: _text(layout.roles[role]) if role in layout.roles else pl.lit(None, pl.String) for role in ROLES}
    body = grid.cells.filter(pl.col("row") > layout.row).select(
        "row",
        *[_text(c).fill_null("").alias(f"month/{c}") for c in layout.months],
        *[e.alias(r) for r, e in cells.items()],
    )
    body = body.with_columns(
        # A segment is often written once above its products, or stands in a merged cell.
        segment=pl.when(pl.col("segment").is_null() & pl.col("product").is_not_null())
        .then(pl.col("segment").forward_fill())
        .otherwise("segment"),
        above=_name_segments(body["label"], chain).forward_fill(),
    )
    spread = body.unpivot(
        on=[f"month/{c}" for c in layout.months],
        index=["row", "above", *ROLES],
        variable_name="column",
        value_name="value",
    )
    spread = spread.with_columns(pl.col("column").str.strip_prefix("month/"))
    texts = pl.DataFrame({"column": list(layout.months), "month_text": list(layout.months.values())})
    return (
        spread.filter(~pl.all_horizontal(pl.col("label", "segment").is_null()))
        .join(texts, on="column", maintain_order="left")
        .with_columns(pl.col("column").cast(pl.Int64))
        .sort("row", "column")
    )


def _spread_down(grid: SheetGrid, mapping: TableMapping) -> pl.DataFrame:
    """As `_spread_across`, of a table with a month per row and a label above each column."""
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
    return (
        spread.join(texts, on="column", maintain_order="left")
        .with_columns(
            pl.col("column").str.strip_prefix("label/").cast(pl.Int64),
            *[pl.lit(None, pl.String).alias(name) for name in ("above", *ROLES[1:])],
        )
        .sort("row", "column")
    )


def _find_month_column(grid: SheetGrid, mapping: TableMapping) -> tuple[str, int]:
    """The column with most months among the first rows, and the row of its first month."""
    found: dict[str, list[int]] = {}
    for line in grid.cells.head(_LOOKED_AT).iter_rows(named=True):
        row = line.pop("row")
        for column, text in line.items():
            if text and row > mapping.header_row and read_month_label(text, mapping.month_format) is not None:
                found.setdefault(column, []).append(row)
    if mapping.month_column:
        header = grid.cells.head(_LOOKED_AT).drop("row").to_dicts()
        named = [_find_column(grid, {c: t for c, t in line.items() if t}, mapping.month_column) for line in header]
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
    named = {label: find_segment(label, chain) for label in labels.drop_nulls().unique().to_list()}
    known = {label: segment.name for label, segment in named.items() if segment is not None}
    return pl.col("label").replace_strict(known, default=None, return_dtype=pl.String)


def _read_labels(different: pl.DataFrame, mapping: TableMapping, chain: Chain) -> pl.DataFrame:
    """Of each different label what it is about, or in `error` why it is about nothing."""
    read = []
    for parts in different.iter_rows(named=True):
        try:
            if parts["segment"]:
                about = read_parts(parts["segment"], parts["product"] or "", chain=chain, labels=mapping.labels)
            else:
                about = read_label(parts["label"], chain=chain, labels=mapping.labels, above=parts["above"] or "")
            read.append({f"{name}/said": about.get(name) for name in ("segment", "product", *_SAID)} | {"error": None})
        except UnknownLabel as error:
            read.append({"error": str(error)})
    columns = [f"{name}/said" for name in ("segment", "product", *_SAID)]
    said = pl.DataFrame(read, schema=dict.fromkeys([*columns, "error"], pl.String))
    return pl.concat([different, said], how="horizontal")


def _read_months(texts: list[str], mapping: TableMapping) -> pl.DataFrame:
    read = [read_month_label(text, mapping.month_format) or (text, False) for text in texts]
    named = {*mapping.forecast_columns}
    return pl.DataFrame(
        {
            "month_text": texts,
            "period": [period for period, _ in read],
            "is_forecast": [
                marked or bool({text, period} & named) for text, (period, marked) in zip(texts, read, strict=True)
            ],
        },
        schema={"month_text": pl.String, "period": pl.String, "is_forecast": pl.Boolean},
    )


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
        pl.when("is_forecast").then(pl.lit("forecast")).otherwise(usual).alias("kind"),
        "period",
        "value",
        pl.concat_str(label, "month_text", "value", separator=" | ").alias("evidence"),
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


def _no_layout(grid: SheetGrid, mapping: TableMapping, layout: _Layout | None) -> ContractBroken:
    first = [t for t in grid.cells.head(1).drop("row").row(0) if t] if grid.cells.height else []
    missing = "months" if layout is None else "a column of labels"
    return ContractBroken(
        f"no {missing} found in a table of {mapping.orientation.replace('_', ' ')}",
        where=grid.where,
        found=f"first row: {', '.join(first[:12])}",
        effect="no rows were loaded",
        next="name header_row, label_columns or month_format in the mapping file",
    )
