"""Comparisons and scores of a span of months, computed from figures as of an instant."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from contracts.chain import Chain, load_chain
from contracts.checks import check_table
from contracts.comparisons import COMPARISONS
from contracts.errors import UsageError
from contracts.figures import FIGURES
from contracts.scores import SCORES
from contracts.settings import load_settings
from data_lake.derived import Basis, note_basis, read_basis, replace_months
from data_lake.figures import newest_vintage, read_vintages
from data_lake.lake import Lake
from data_lake.releases import read_events
from data_lake.selection import Selection
from data_lake.tables import FROM_FIGURES
from tasks.comparing.knowledge import hash_knowledge, list_public

MEMORY_YEARS = 3
"""A month's scores look back to January this many years before: enough for every band (they need 9 past
surprises), and the cost of a month does not grow with the lake. They look ahead to the end of the next year too,
since what was known when a late outcome came out includes outcomes of later months. The rule depends on the month
alone, so the same month gives the same bytes whichever span is asked for."""
_YEARS_AT_ONCE = 3
"""Years whose figures are read and coded together: what one instant's rules look at, and no more memory than that."""


def load_chains(lake: Lake, folder: Path | None = None) -> dict[str, Chain]:
    """Definitions of the chains that the lake has releases of; a chain without one is left out.

    Their forecasters are those that the settings declare as well.
    """
    return find_chains(lake, folder)[0]


def find_chains(lake: Lake, folder: Path | None = None) -> tuple[dict[str, Chain], dict[str, UsageError]]:
    """Definitions of the chains that the lake has releases of; and of those that have none that can be read, why."""
    found: dict[str, Chain] = {}
    lost: dict[str, UsageError] = {}
    for name in read_events(lake)["chain"].unique().sort():
        try:
            found[name] = load_chain(name, folder)
        except UsageError as error:
            lost[name] = error
    return declare_forecasters(found, load_settings().marked_by), lost


def declare_forecasters(chains: Mapping[str, Chain], marked_by: Mapping[str, str]) -> dict[str, Chain]:
    """The chains, whose forecasters are those of their definition and these."""
    return {name: replace(chain, forecasters={**chain.forecasters, **marked_by}) for name, chain in chains.items()}


class Derived(NamedTuple):
    """What follows from the figures of some months, and the vintages of those months."""

    comparisons: pl.DataFrame
    scores: pl.DataFrame
    vintages: pl.DataFrame


def derive_months(
    lake: Lake,
    chains: Mapping[str, Chain],
    *,
    months: tuple[date, date],
    as_of: datetime | None,
    as_recorded: datetime | None = None,
    only: Selection | None = None,
) -> Derived:
    """Comparisons and scores of `months`, from the first to the last, as of an instant; writes nothing.

    `only` limits source and chain; of a forecaster the source that marks it is read too. Works year by year, each
    with `MEMORY_YEARS` before it.
    """
    only = only or Selection()
    years = split_years(*months)
    parts = [
        _derive_years(lake, chains, years[at : at + _YEARS_AT_ONCE], (as_of, as_recorded), only)
        for at in range(0, len(years), _YEARS_AT_ONCE)
    ]
    if not parts:
        return Derived(COMPARISONS.empty(), SCORES.empty(), FIGURES.empty())
    return Derived(*(pl.concat(frames) for frames in zip(*parts, strict=True)))


def _derive_years(
    lake: Lake,
    chains: Mapping[str, Chain],
    years: list[tuple[date, date]],
    known: tuple[datetime | None, datetime | None],
    only: Selection,
) -> Derived:
    """The same for a few years that follow one another, whose figures are read and coded once."""
    from tasks.comparing.comparisons import compare_months  # noqa: PLC0415 - who reads stored rows does without
    from tasks.scoring.score_forecasts import code_scorable  # noqa: PLC0415

    is_forecaster = any(only.source in chain.forecasters for chain in chains.values())
    windows = [(date(max(start.year - MEMORY_YEARS, 1), 1, 1), date(start.year + 1, 12, 1)) for start, _ in years]
    chain = only.chain or (next(iter(chains)) if len(chains) == 1 else "")
    window = Selection(
        source="" if is_forecaster else only.source, chain=chain, first=windows[0][0], last=windows[-1][1]
    )
    stated = read_vintages(lake, window, as_of=known[0], as_recorded=known[1])
    vintages = stated.filter(pl.col("chain").is_in(list(chains))).collect()
    newest, coded = newest_vintage(vintages), code_scorable(vintages, chains=chains)
    parts = []
    for (first, last), (start, stop) in zip(windows, years, strict=True):
        past = newest.filter(pl.col("month").is_between(first, stop))
        parts.append(
            (
                compare_months(past, chains=chains, months=(start, stop)),
                coded.within(first, last).score((start, stop)),
                vintages.filter(pl.col("month").is_between(start, stop)),
            )
        )
    derived = Derived(*(pl.concat(frames) for frames in zip(*parts, strict=True)))
    mine = Selection(source=only.source)
    return Derived(*(mine.apply(frame.lazy()).collect() for frame in derived)) if is_forecaster else derived


def split_years(first: date, last: date) -> list[tuple[date, date]]:
    """The span cut at each turn of the year."""
    years = range(first.year, last.year + 1)
    return [(max(first, date(y, 1, 1)), min(last, date(y, 12, 1))) for y in years]


def known_span(lake: Lake) -> tuple[date, date] | None:
    """First and last month that figures of the lake are about, or None where there are none."""
    months = lake.table(FIGURES).summarise("span", _find_span)
    first, last = months.row(0)
    return (first, last) if first else None


def _find_span(figures: pl.LazyFrame) -> pl.LazyFrame:
    return figures.select(first=pl.col("month").min(), last=pl.col("month").max())


def refresh_derived(lake: Lake, chains: Mapping[str, Chain], *, as_of: datetime) -> None:
    """Bring the stored comparisons and scores to the knowledge of `as_of`, and note that they follow from it.

    Only months are computed that may read differently since the tables were computed last; all, where that is not
    known, or where a definition or the code has changed. A month may rest on a month before it, and on outcomes up to
    the end of the next year that were known when its own came late, so everything from the year before the first
    changed month on is rebuilt; files that would be the same bytes are left as they are, and so are rows of chains that
    are not named. Raises `ContractBroken` before anything is replaced where a computed table breaks its contract, which
    would be a bug.
    """
    span = known_span(lake)
    if span is None:
        return
    follows: dict[str, int | None] = {
        table.name: lake.table(table).count_replaced() for table in FROM_FIGURES
    }  # before anything is read
    newest = read_events(lake).select(pl.col("at").max()).item()
    public = list_public(lake, as_of=as_of)
    basis = Basis(hash_knowledge(public, chains), as_of, newest)
    if not _find_behind(lake, basis.knowledge):
        return
    changed = [_list_changed(lake, chains, public, read_basis(lake, table)[1]) for table in FROM_FIGURES]
    known = [releases for releases in changed if releases is not None]
    first = _find_first(lake, pl.concat(known)) if len(known) == len(changed) else span[0]
    for start, stop in split_years(max(span[0], date(first.year - 1, 1, 1)), span[1]) if first else []:
        _replace_year(lake, chains, (start, stop), as_of, follows)
    for table in FROM_FIGURES:
        note_basis(lake, table, basis, follows=follows[table.name])


def is_behind(lake: Lake, chains: Mapping[str, Chain], *, as_of: datetime) -> bool:
    """Whether the stored comparisons or scores are not what would be computed now."""
    is_empty = known_span(lake) is None
    return not is_empty and _find_behind(lake, hash_knowledge(list_public(lake, as_of=as_of), chains))


def _find_behind(lake: Lake, knowledge: int) -> bool:
    bases = [read_basis(lake, table)[1] for table in FROM_FIGURES]
    return not all(basis and basis.knowledge == knowledge for basis in bases)


def _replace_year(
    lake: Lake, chains: Mapping[str, Chain], months: tuple[date, date], as_of: datetime, follows: dict[str, int | None]
) -> None:
    derived = derive_months(lake, chains, months=months, as_of=as_of)
    for table in FROM_FIGURES:
        check_table(table, getattr(derived, table.name))
    for table in FROM_FIGURES:
        others = (  # of chains whose definition cannot be found just now
            lake.table(table)
            .scan()
            .filter(pl.col("month").is_between(*months), ~pl.col("chain").is_in(list(chains)))
            .collect()
        )
        rows = pl.concat([getattr(derived, table.name), others])
        follows[table.name] = replace_months(
            lake, table, rows, first=months[0], last=months[1], follows=follows[table.name]
        )


def _list_changed(lake: Lake, chains: Mapping[str, Chain], public: pl.Series, known: Basis | None) -> pl.Series | None:
    """Releases that count now and did not for the stored rows, or the other way round; None where that is not known."""
    if known is None:
        return None
    then = list_public(lake, as_of=known.as_of, as_recorded=known.recorded_at)
    if hash_knowledge(then, chains) != known.knowledge:
        return None
    return pl.concat([then, public]).value_counts().filter(pl.col("count") == 1)["release_id"]


def _find_first(lake: Lake, release_ids: pl.Series) -> date | None:
    """The first month that figures of these releases are about, if any."""
    ids = release_ids.unique().to_list()
    reviews = read_events(lake).filter(pl.col("release_id").is_in(ids))["review_month"].unique()
    figures = lake.table(FIGURES).scan(partitions=reviews)
    first = figures.filter(pl.col("release_id").is_in(ids)).select(pl.col("month").min()).collect().item()
    return first if isinstance(first, date) else None
