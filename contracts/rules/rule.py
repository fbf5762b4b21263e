"""A named rule about the rows of a table, and the shape in which breaches of it are told."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

import polars as pl

_AS_NEAR = 0.1
_EXPLAINED = 200
_LONGEST_NAME, _LONGEST_FOUND = 80, 300

BREACHES = pl.Schema(
    {
        "index": pl.UInt32,
        "rule": pl.String,
        "column": pl.String,
        "value": pl.String,
        "message": pl.String,
    }
)
"""One row per breach: the row of the table, the rule, the column that broke it, what stood there, what was expected."""


@dataclass(frozen=True, eq=False)
class Rule:
    """Rows keep this rule where `passes` is true or null.

    `found` shows what stood there (default: the column as text). `explain` makes a message from what was
    found, for each different finding once; without it `expects` is the message.
    """

    name: str
    column: str
    passes: pl.Expr
    expects: str
    found: pl.Expr | None = None
    explain: Callable[[str], str] | None = None

    @property
    def key(self) -> str:
        """Name that is unique among the rules of a table: a rule may be asked of several columns."""
        return f"{self.name}.{self.column}"

    def describe(self, frame: pl.DataFrame, broken: pl.Series) -> pl.DataFrame:
        """`BREACHES` of the rows of `frame` at which `broken` is true."""
        found = (
            (self.found if self.found is not None else pl.col(self.column).cast(pl.String))
            .fill_null("")
            .str.head(_LONGEST_FOUND)
        )
        rows = (
            frame.lazy().with_row_index("index").filter(pl.lit(broken)).select("index", found.alias("value")).collect()
        )
        told = self._explain_values(rows["value"]) if self.explain else pl.lit(self.expects)
        return report_breaches(rows.with_columns(message=told), rule=self.name, column=self.column)

    def _explain_values(self, values: pl.Series) -> pl.Expr:
        """Messages by value; beyond so many different ones the rule's own words, which cost no search for names."""
        different = values.unique(maintain_order=True).head(_EXPLAINED).to_list()
        told = {value: self.explain(value) for value in different} if self.explain else {}
        return pl.col("value").replace_strict(told, default=self.expects, return_dtype=pl.String)


def report_breaches(rows: pl.DataFrame, *, rule: str, column: str) -> pl.DataFrame:
    """`BREACHES` of one rule from rows of `index`, `value` and `message`."""
    return rows.select(
        pl.col("index").cast(pl.UInt32), pl.lit(rule).alias("rule"), pl.lit(column).alias("column"), "value", "message"
    )


def gather_breaches(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All breaches in the order of the rows they stand in."""
    return pl.concat([BREACHES.to_frame(), *parts]).sort("index", "rule", "column", maintain_order=True)


def suggest_names(name: str, known: Collection[str], also: Mapping[str, str] | None = None) -> str:
    """`did you mean …?` with the nearest of the known names, else all of them.

    `also` gives other spellings and the known name that each stands for.
    """
    spellings = {**{k.casefold(): k for k in known}, **{k.casefold(): v for k, v in (also or {}).items()}}
    near = dict.fromkeys(spellings[k] for k in _nearest(name.strip().casefold()[:_LONGEST_NAME], spellings))
    return f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known)}"


def _nearest(name: str, known: Collection[str]) -> list[str]:
    """Up to three known spellings, none much further away than the nearest."""
    close = get_close_matches(name, known, n=3)
    likeness = [SequenceMatcher(None, spelling, name).ratio() for spelling in close]
    return [spelling for spelling, ratio in zip(close, likeness, strict=True) if ratio >= likeness[0] - _AS_NEAR]
