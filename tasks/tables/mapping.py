"""The small file beside a table that says what its rows, columns and numbers mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from contracts.errors import UsageError
from contracts.rules.rule import suggest_names
from contracts.toml_text import TomlBroken, read_toml

SUFFIX = ".mapping.toml"
ROLES = ("label", "segment", "product", "metric", "measure", "unit", "kind")
"""What a column of labels can say about the numbers of its rows."""

_ORIENTATIONS = ("months_across", "months_down")
_FORMS = ("wide", "long")


@dataclass(frozen=True)
class TableMapping:
    """What a table does not say itself. Empty = as the table says, or the usual.

    `header_row` is the number of the row with the months (or, months down, the last row of labels), 0 = found by
    itself; `header_rows` is how many rows of labels stand above one another. `label_columns` names, by role, the
    columns that say what a row is about: a header text or a spreadsheet letter. `labels` says what a label means
    where the chain's names do not: segment, product, metric, measure, unit. `scale` multiplies every number printed
    without a percent sign; in the long form only percents and points. `month_format` is a `strptime` format.
    """

    form: str = "wide"
    source: str = ""
    chain: str = ""
    review_month: str = ""
    published: str = ""
    source_url: str = ""
    sheet: str = ""
    orientation: str = "months_across"
    header_row: int = 0
    header_rows: int = 1
    month_column: str = ""
    month_format: str = ""
    metric: str = ""
    measure: str = ""
    kind: str = ""
    unit: str = ""
    scale: float = 1.0
    forecast_columns: tuple[str, ...] = ()
    label_columns: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def find_mapping(table: Path) -> Path | None:
    """The mapping beside a table: `january.mapping.toml` beside `january.xlsx`; None where there is none."""
    beside = table.with_name(table.stem + SUFFIX)
    try:
        return beside if beside.is_file() else None
    except OSError:  # a name so long that none can stand beside it
        return None


def read_mapping(path: Path) -> TableMapping:
    """A mapping file. Raises `UsageError` for unknown keys and values, with the nearest known ones."""
    try:
        return build_mapping(read_toml(path), str(path))
    except (OSError, TomlBroken) as error:
        raise UsageError(
            "the mapping file cannot be read",
            where=str(path),
            found=str(error),
            effect="nothing was taken in",
            next="start from the one that `trona template --form wide` writes",
        ) from error


def build_mapping(data: Mapping[str, Any], where: str) -> TableMapping:
    """A mapping from what its file holds. Raises `UsageError` as `read_mapping` does."""
    known = {f.name: f for f in fields(TableMapping)}
    defaults = TableMapping()
    for key, value in data.items():
        if key not in known:
            raise _wrong(where, f"no such key {key!r}", suggest_names(key, list(known)))
        wanted = type(getattr(defaults, key))
        if not isinstance(value, _ACCEPTED[wanted]):
            raise _wrong(where, f"{key} = {value!r}", f"{key} is a {_TYPES[wanted]}")
    mapping = TableMapping(**{**data, "forecast_columns": tuple(data.get("forecast_columns", ()))})
    _refuse_unknown(where, "form", mapping.form, _FORMS)
    _refuse_unknown(where, "orientation", mapping.orientation, _ORIENTATIONS)
    for role in mapping.label_columns:
        _refuse_unknown(where, "label_columns", role, ROLES)
    for said in mapping.labels.values():
        for role in said:
            _refuse_unknown(where, "labels", role, ROLES[1:])
    return mapping


_ACCEPTED: dict[type, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    tuple: (list, tuple),
    dict: (dict,),
}
_TYPES = {str: "text", int: "whole number", float: "number", tuple: "list of texts", dict: "table"}


def _refuse_unknown(where: str, key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise _wrong(where, f"{key}: {value!r}", suggest_names(value, known))


def _wrong(where: str, found: str, hint: str) -> UsageError:
    return UsageError(
        "the mapping file cannot be understood", where=where, found=found, effect="nothing was taken in", next=hint
    )
