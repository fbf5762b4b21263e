"""Rules run by pandera, in one pass.

pandera runs each of its checks as a query of its own, at 0.8 ms each and one after the other. All rules of a
table are therefore one pandera check that gives one boolean column per rule, computed side by side; the
columns say afterwards which rule broke where. pandera is imported only when something is checked: it costs
over a second, which reading commands must not pay.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from contracts.errors import ContractBroken
from contracts.rules.rule import Rule, gather_breaches, suggest_names
from contracts.table import Table

if TYPE_CHECKING:
    from pandera.api.polars.types import PolarsData


def find_breaches(frame: pl.DataFrame, *, table: Table, rules: Sequence[Rule]) -> pl.DataFrame:
    """`BREACHES` of the rules in a frame of the table's shape.

    Raises `ContractBroken` where columns are missing, unknown or of another type: then no row can be checked.
    """
    import pandera.polars as pa  # noqa: PLC0415 - see above
    from pandera.config import ValidationDepth, config_context  # noqa: PLC0415

    verdicts: list[pl.DataFrame] = []

    def judge(data: "PolarsData") -> pl.LazyFrame:
        kept = data.lazyframe.select(rule.passes.fill_null(value=True).alias(rule.key) for rule in rules).collect()
        verdicts.append(kept)
        return kept.lazy()

    schema = pa.DataFrameSchema(
        {column.name: pa.Column(column.dtype, nullable=True) for column in table.columns},
        # One failure case is enough for pandera's own report, which it makes row by row in Python.
        checks=[pa.Check(judge, name=table.name, n_failure_cases=1)],
        strict=True,
        ordered=True,
    )
    refuse_other_shape(frame, table)
    try:
        # Whatever the environment says: a check that was switched off must not pass bad rows.
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        if not verdicts or any(getattr(e.check, "name", None) != table.name for e in error.schema_errors):
            raise
    kept = verdicts[0]
    return gather_breaches(rule.describe(frame, ~kept[rule.key]) for rule in rules if not kept[rule.key].all())


def refuse_other_shape(frame: pl.DataFrame, table: Table) -> None:
    """Raise `ContractBroken` where the frame's columns or types are not the table's."""
    expected = table.schema
    missing = [name for name in expected if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in expected]
    typed = [
        f"{name} is {frame.schema[name]}, expected {dtype}"
        for name, dtype in expected.items()
        if name in frame.columns and frame.schema[name] != dtype
    ]
    found = [f"no column {name}" for name in missing]
    found += [f"unknown column {name}, {suggest_names(name, missing or list(expected))}" for name in unknown]
    found += typed
    if not found and frame.columns != expected.names():
        found = [f"columns in the order {', '.join(frame.columns)}"]
    if found:
        raise ContractBroken(
            f"the columns are not those of the contract `{table.name}`",
            where=f"a table of {frame.height} rows",
            found=found,
            effect="no rows were loaded",
            next=f"give it the columns {', '.join(expected)}",
        )
