"""Commands about what the figures say together: implied changes and the index."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

import polars as pl
from cyclopts import Parameter

from contracts.errors import Exit, UsageError
from contracts.period import format_month, parse_month
from contracts.reconciled import FINDING_RULES, INDEX
from data_lake.selection import Selection
from flows.cli.filter_names import refuse_unknown
from flows.cli.options import Filters, LakeOption
from flows.cli.output import print_told
from flows.cli.query import find_instants, open_store, print_filtered

if TYPE_CHECKING:
    from contracts.chain import Chain
    from tasks.reconciling.implied import Reconciled
    from tasks.reconciling.series_names import NamedSeries

_NO_FILTERS = Filters()
_DEFAULT_LAKE = LakeOption()
_PRODUCTION = "production"
Series = Annotated[str, Parameter(help="A segment or product, as `cathode`, `nfpp` or `cathode/nfpp`.")]
WithForecasts = Annotated[bool, Parameter(negative="", help="Let forecasts join for periods that have no actual yet.")]


def implied(
    series: Series,
    from_month: str,
    to_month: str,
    *,
    with_forecasts: WithForecasts = False,
    filters: Filters = _NO_FILTERS,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """The tightest interval for the change between two months, and the figures it follows from.

    Parameters
    ----------
    from_month
        The base month, YYYY-MM.
    to_month
        The month compared with it, YYYY-MM.
    """
    from tasks.reconciling.implied import imply_changes  # noqa: PLC0415 - not needed for --help

    first, last = parse_month(from_month), parse_month(to_month)
    named, known = _reconcile(series, filters, lake, with_forecasts=with_forecasts)
    rows = imply_changes(known, named.products, first=first, last=last)
    return print_filtered(rows, filters, f"no figures about {series} link two months", "implied")


def index(
    series: Series,
    *,
    base: str,
    with_forecasts: WithForecasts = False,
    filters: Filters = _NO_FILTERS,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """A series as an index against a base month (= 100), always with the envelope that rounding leaves.

    Parameters
    ----------
    base
        The month that is 100, YYYY-MM.
    """
    from tasks.reconciling.difference_system import link_series  # noqa: PLC0415 - not needed for --help
    from tasks.reconciling.level_index import index_months  # noqa: PLC0415

    month = parse_month(base)
    named, known = _reconcile(series, filters, lake, with_forecasts=with_forecasts)
    linked = list(link_series(known.constraints))
    sources = known.constraints["source"].unique().sort().to_list()
    if len(sources) > 1:
        raise UsageError(f"several sources have figures about {series}", next=f"--source {' or '.join(sources)}")
    rows = INDEX.empty()
    for product in named.products:
        if linked and (product, format_month(month)) in linked[0].node_numbers:
            rows = index_months(linked[0], 0, product, base=month)
            break
    else:
        rows = index_months(linked[0], 0, named.products[0], base=month) if linked else rows
    return print_filtered(rows, filters, f"no figures about {series} can make an index", "index")


def findings(
    *,
    filters: Filters = _NO_FILTERS,
    rule: str = "",
    severity: str = "",
    why: Annotated[bool, Parameter(negative="")] = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """What does not fit in what a source published, each with its proof.

    Parameters
    ----------
    rule
        Only this rule; docs/findings.md has them all.
    severity
        At least this severe: info, warning, error, critical.
    why
        Show each finding's figures with release, date and sentence or cell, instead of a table.
    """
    from contracts.alerts import SEVERITIES  # noqa: PLC0415 - not needed for --help
    from data_lake.figures import read_vintages  # noqa: PLC0415
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415
    from tasks.reconciling.findings import find_findings  # noqa: PLC0415

    check_choice("rule", rule, FINDING_RULES)
    check_choice("severity", severity, SEVERITIES)
    settings, store = open_store(lake)
    as_of, as_recorded = find_instants(store, settings, filters)
    wanted = Selection(source=filters.source, chain=filters.chain, metric=filters.metric)
    vintages = read_vintages(store, wanted, as_of=as_of, as_recorded=as_recorded).collect()
    chains = load_chains(store, settings.chains_folder)
    found = find_findings(vintages, chains)
    rows = filters.selection().apply(found.lazy()).collect()
    rows = rows.filter(rule=rule) if rule else rows
    rows = rows.filter(pl.col("severity").is_in(SEVERITIES[SEVERITIES.index(severity) :])) if severity else rows
    nothing = f"no findings in {settings.lake} for these filters"
    return (
        _print_proofs(rows, vintages, chains, filters, nothing)
        if why
        else print_filtered(rows, filters, nothing, "findings")
    )


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raise `UsageError` where a value was given that is none of the choices."""
    refuse_unknown(name, value, list(choices))


def _print_proofs(
    rows: pl.DataFrame, vintages: pl.DataFrame, chains: "Mapping[str, Chain]", filters: Filters, nothing: str
) -> int:
    from flows.cli.views import VIEWS  # noqa: PLC0415 - only --why pays for them
    from tasks.reconciling.proofs import explain_findings  # noqa: PLC0415

    tell = partial(explain_findings, vintages=vintages, chains=chains)
    print_told(rows, filters.shape(), VIEWS["findings"], tell, nothing=nothing)
    return Exit.DONE


def _reconcile(
    series: str, filters: Filters, lake: LakeOption, *, with_forecasts: bool
) -> "tuple[NamedSeries, Reconciled]":
    """The series that is meant, and its segment's figures as of the asked instant as constraints."""
    from data_lake.figures import read_figures  # noqa: PLC0415 - not needed for --help
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415
    from tasks.reconciling.implied import reconcile, select_known  # noqa: PLC0415
    from tasks.reconciling.series_names import find_series  # noqa: PLC0415

    settings, store = open_store(lake)
    chains = load_chains(store, settings.chains_folder)
    if filters.chain:
        chains = {name: chain for name, chain in chains.items() if name == filters.chain}
    named = find_series(chains, series, filters.product)
    wanted = Selection(
        source=filters.source, chain=named.chain, segment=named.segment, metric=filters.metric or _PRODUCTION
    )
    as_of, as_recorded = find_instants(store, settings, filters)
    figures = read_figures(store, wanted, as_of=as_of, as_recorded=as_recorded)
    return named, reconcile(select_known(figures, with_forecasts=with_forecasts), chains)
