"""Contracts applied: good rows go on, bad rows are refused with their rule, a doubtful whole is refused whole."""

import polars as pl

from contracts.chain import Chain
from contracts.errors import ContractBroken
from contracts.figures import READ_FIGURES
from contracts.readings import REFUSED, Reading, ReleaseHead
from contracts.rules.engine import find_breaches
from contracts.rules.fractions import find_fraction_columns, find_fractions
from contracts.rules.keys import find_repeats, list_key_rules
from contracts.rules.nodes import list_node_rules
from contracts.rules.numbers import list_number_rules
from contracts.rules.periods import list_period_rules
from contracts.rules.remarks import list_remark_rules, refuse_source
from contracts.rules.rule import Rule
from contracts.rules.shape import list_shape_rules
from contracts.rules.shares import find_share_contradictions
from contracts.rules.statement import list_statement_rules
from contracts.rules.units import list_unit_rules
from contracts.table import Table
from contracts.text import fill_text

_DOUBTFUL_PART = 1 / 3
_DOUBTFUL_ROWS = 3
_SHOWN = 5
_NOT_DOUBTFUL = ("chain", "no_figure", "not_stated", "month", "sheet")
"""Rules of the readers for what states no figure of this release: it says nothing against the rows that do."""


class ReleaseDoubtful(ContractBroken):
    """A release is refused whole because too many of its rows are; `refused` has every one of them."""

    refused: pl.DataFrame = REFUSED.empty()


def check_figures(
    figures: pl.DataFrame, *, chain: Chain, head: ReleaseHead, unread: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Good figures and refused rows of one release.

    `figures` has the columns of `READ_FIGURES`; the refused rows have those of `REFUSED`: one row per row and
    rule broken. `unread` are the rows of `REFUSED` that the reader itself refused; they count towards doubt.

    Raises `ContractBroken` where the release is to be refused whole: columns not those of the contract, another chain,
    a source that is no name, percents written as fractions, or (`ReleaseDoubtful`) more than a third of the rows, and
    at least 3, broken.
    """
    if head.chain != chain.name:
        raise ContractBroken(
            f"a release of chain {head.chain} cannot be checked against chain {chain.name}",
            where=head.document_name,
            found=f"chain {head.chain}",
            effect="no rows were loaded",
            next="name the chain of the document with --chain",
        )
    refuse_source(head)
    breaches = find_breaches(figures, table=READ_FIGURES, rules=list_figure_rules(chain, head))
    refused = _refuse_rows(figures, breaches)
    good = _keep_good(figures, breaches)
    _refuse_fractions(good, head)
    for find in (find_fractions, _find_repeats, lambda rows: find_share_contradictions(rows, chain)):
        found = find(good)
        refused.vstack(_refuse_rows(good, found), in_place=True)
        good = _keep_good(good, found)
    _refuse_doubtful(refused, head, rows=figures.height, unread=unread if unread is not None else REFUSED.empty())
    return good, refused


def check_reading(reading: Reading, *, chain: Chain) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`check_figures` of a reading; the refused rows are the reader's own and then those of the contract.

    Rows of another chain, which the caller chose to leave out, and what states no figure do not count towards doubt.
    """
    unread = reading.refused.filter(~pl.col("rule").is_in(_NOT_DOUBTFUL))
    good, refused = check_figures(reading.figures, chain=chain, head=reading.head, unread=unread)
    return good, pl.concat([reading.refused, refused])


def list_figure_rules(chain: Chain, head: ReleaseHead) -> list[Rule]:
    """The rules that each row of a release keeps by itself."""
    return [
        *list_shape_rules(READ_FIGURES),
        *list_node_rules(chain),
        *list_unit_rules(chain),
        *list_number_rules(),
        *list_statement_rules(),
        *list_period_rules(chain, head.published_at),
        *list_remark_rules(),
    ]


def check_table(table: Table, frame: pl.DataFrame) -> None:
    """Raise `ContractBroken` unless a computed frame keeps its table's contract: columns, words, nulls, key."""
    breaches = find_breaches(frame, table=table, rules=[*list_shape_rules(table), *list_key_rules(table.key)])
    if breaches.is_empty():
        return
    rows = breaches["index"].n_unique()
    raise ContractBroken(
        f"{rows} of {frame.height} rows break contract `{table.name}`: {breaches['message'][0]}",
        where=f"rows {', '.join(map(str, breaches['index'].unique().sort().head(_SHOWN).to_list()))}",
        found=_show(breaches.select("rule", "column", "value")),
        effect="nothing of it was written",
        next="this is an error in the computation: please report it with the line above",
    )


def _find_repeats(figures: pl.DataFrame) -> pl.DataFrame:
    return find_repeats(figures, READ_FIGURES.key)


def _keep_good(figures: pl.DataFrame, breaches: pl.DataFrame) -> pl.DataFrame:
    if breaches.is_empty():
        return figures
    return (
        figures.lazy()
        .with_row_index("index")
        .join(breaches.lazy().select("index").unique(), on="index", how="anti", maintain_order="left")
        .drop("index")
        .collect()
    )


def _refuse_rows(figures: pl.DataFrame, breaches: pl.DataFrame) -> pl.DataFrame:
    """`REFUSED` rows: the breaches with the place and key of the rows they stand in."""
    if breaches.is_empty():
        return REFUSED.empty()
    stated = figures.lazy().with_row_index("index").rename({"rule": "reader"})
    joined = breaches.lazy().join(stated, on="index", how="left", maintain_order="left", suffix="/stated")
    return REFUSED.conform(joined.with_columns(row=pl.col("place").fill_null("")).collect())


def _refuse_fractions(figures: pl.DataFrame, head: ReleaseHead) -> None:
    columns = find_fraction_columns(figures)
    if columns.is_empty():
        return
    told = columns.select(fill_text("{} {}: {} values such as {}", "metric", "measure", "n", "example")).to_series()
    raise ContractBroken(
        f"the percents of release {_name(head)} look like fractions: 0.06 where 6 is meant",
        where=head.document_name,
        found=told.to_list(),
        effect="no rows were loaded",
        next="write percents as 6, not 0.06; of a table whose percents are fractions say scale = 100 in its mapping",
    )


def _refuse_doubtful(refused: pl.DataFrame, head: ReleaseHead, *, rows: int, unread: pl.DataFrame) -> None:
    all_refused = pl.concat([unread, refused.filter(pl.col("rule") != "stated_once")])
    broken, total = all_refused["row"].n_unique(), rows + unread["row"].n_unique()
    if broken < _DOUBTFUL_ROWS or broken <= _DOUBTFUL_PART * total:
        return
    places = all_refused["row"].unique(maintain_order=True).head(_SHOWN).to_list()
    error = ReleaseDoubtful(
        f"{broken} of {total} rows of release {_name(head)} break the contract; the whole release was rejected",
        where=f"{head.document_name} · {', '.join(places)}",
        found=_show(all_refused.select("row", "rule", "value", "message")),
        effect="no rows were loaded",
        next="correct the file and ingest it again",
    )
    error.refused = pl.concat([unread, refused])
    raise error


def _name(head: ReleaseHead) -> str:
    return f"{head.source} {head.chain} {head.review_month}"


def _show(rows: pl.DataFrame) -> list[str]:
    shown = [" ".join(filter(None, row)) for row in rows.head(_SHOWN).rows()]
    return [*shown, f"and {rows.height - _SHOWN} more"] if rows.height > _SHOWN else shown
