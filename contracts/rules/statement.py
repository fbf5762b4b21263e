"""A figure states a number, a bound or a range, and its qualifier says which."""

import polars as pl

from contracts.rules.rule import Rule
from contracts.text import fill_text


def list_statement_rules() -> list[Rule]:
    """`value_or_bounds`: exact and about have a value alone, a bound one side, a range both with lower < upper."""
    value, lower, upper = (pl.col(c).is_not_null() for c in ("value", "lower", "upper"))
    qualifier = pl.col("qualifier")
    fits = (
        pl.when(qualifier.is_in(["exact", "about"]))
        .then(value & ~lower & ~upper)
        .when(qualifier == "bound")
        .then(~value & (lower ^ upper))
        .when(qualifier == "range")
        .then(~value & lower & upper & (pl.col("lower") < pl.col("upper")))
    )
    stated = [fill_text(f"{name}={{}}", name) for name in ("value", "lower", "upper")]
    return [
        Rule(
            "value_or_bounds",
            "qualifier",
            fits,
            "exact and about have a value and no bounds, a bound one of lower and upper, a range lower < upper",
            found=pl.concat_str(["qualifier", *stated], separator=" ", ignore_nulls=True),
        )
    ]
