"""Commands that read: they import neither Prefect nor pandera, and write nothing."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import polars as pl
from cyclopts import Parameter

from contracts.chain import load_chain
from contracts.comparisons import COMPARISONS
from contracts.errors import Exit, SourceUnavailable, UsageError
from contracts.figures import FIGURES
from contracts.local_time import DEFAULT_ZONE, find_zone
from contracts.releases import NO_BREACH, QUARANTINE, RELEASES
from contracts.runs import RUNS
from contracts.scores import SCORES
from contracts.settings import Settings, load_settings
from data_lake.selection import Selection
from flows.cli.options import Filters, LakeOption, parse_instant
from flows.cli.output import print_frame, print_message, print_told

if TYPE_CHECKING:
    from contracts.table import Table
    from data_lake.lake import Lake
    from tasks.comparing.stored import DerivedTables

_NO_FILTERS = Filters()
_DEFAULT_LAKE = LakeOption()


def figures(*, filters: Filters = _NO_FILTERS, vintages: bool = False, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Published numbers, one row per figure as it was known.

    Parameters
    ----------
    vintages
        Every value that was published for a figure, not only the newest.
    """
    from data_lake.figures import PUBLICATION_ORDER, read_figures, read_vintages  # noqa: PLC0415 - not for --help

    settings, store = open_store(lake)
    as_of, as_recorded = find_instants(store, settings, filters)
    read = read_vintages if vintages else read_figures
    found = read(store, filters.selection(), as_of=as_of, as_recorded=as_recorded).lazy()
    rows = found.sort(*FIGURES.key[:-1], *PUBLICATION_ORDER).collect()
    rows = rows.select(*FIGURES.public, pl.exclude(*FIGURES.public))
    return print_filtered(rows, filters, f"no figures in {settings.lake} for these filters", "figures")


def comparisons(
    *,
    filters: Filters = _NO_FILTERS,
    with_forecasts: Annotated[bool, Parameter(negative="")] = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Changes and shares per month: reported, derived, allowing for unlike months, and gaps across links.

    Parameters
    ----------
    with_forecasts
        Also January and February together where forecasts take part, with the basis `forecast`.
    """
    filters.require(COMPARISONS.schema)
    settings, store = open_store(lake)
    rows = open_derived(store, settings, filters, COMPARISONS).read(COMPARISONS).collect()
    if with_forecasts:
        rows = pl.concat([rows, _compare_forecasts(store, settings, filters)]).sort(COMPARISONS.key)
    return print_filtered(rows, filters, f"no comparisons in {settings.lake} for these filters", "comparisons")


def _compare_forecasts(store: "Lake", settings: Settings, filters: Filters) -> pl.DataFrame:
    from data_lake.figures import read_figures  # noqa: PLC0415 - not needed for --help
    from tasks.comparing.comparisons import compare_with_forecasts  # noqa: PLC0415
    from tasks.comparing.refresh import known_span, load_chains  # noqa: PLC0415
    from tasks.reconciling.implied import select_known  # noqa: PLC0415

    wanted = filters.selection()
    as_of, as_recorded = find_instants(store, settings, filters)
    only = Selection(source=wanted.source, chain=wanted.chain)
    known = select_known(read_figures(store, only, as_of=as_of, as_recorded=as_recorded), with_forecasts=True)
    chains = load_chains(store, settings.chains_folder)
    months = known_span(store) or (as_of.date(), as_of.date())
    return wanted.apply(compare_with_forecasts(known, chains=chains, months=months).lazy()).collect()


def scores(*, filters: Filters = _NO_FILTERS, actuals: str = "", lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Every forecast, scored against the first published actual; open ones are pending.

    Parameters
    ----------
    actuals
        The source whose actuals mark the forecasts of all others; else each source's own, or as the settings say.
    """
    filters.require(SCORES.schema)
    settings, store = open_store(lake)
    rows = open_derived(store, settings, filters, SCORES, actuals=actuals).read(SCORES).collect()
    return print_filtered(rows, filters, f"no forecasts in {settings.lake} for these filters", "scores")


def quarantine(*, filters: Filters = _NO_FILTERS, run: str = "", lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Refused rows, each with the rule it broke; of settled reviews no doubtful and unresolved ones any more.

    Parameters
    ----------
    run
        Only rows that this run refused; the beginning of its id is enough.
    """
    filters.require(QUARANTINE.schema, asks=("as_recorded",))
    settings, store = open_store(lake)
    rows = filters.selection().apply(store.table(QUARANTINE).scan()).filter(_is_to_look_at(store))
    if run:
        rows = rows.filter(run_id=_find_run(store, run))
    _, as_recorded = find_instants(store, settings, filters)
    if as_recorded:
        rows = rows.filter(pl.col("recorded_at") <= as_recorded)
    found = rows.sort("recorded_at", *QUARANTINE.key).collect()
    return print_filtered(found, filters, f"nothing is in quarantine in {settings.lake}", "quarantine")


def _is_to_look_at(store: "Lake") -> pl.Expr:
    """Whether a row of quarantine needs a look still: one of a reading that somebody settled since does not."""
    from data_lake.releases import standing_releases, superseded_among  # noqa: PLC0415 - not for --help

    settled = superseded_among(standing_releases(store)).collect()["release_id"].to_list()
    return ~(pl.col("rule").is_in(NO_BREACH) & pl.col("release_id").is_in(settled))


def releases(*, filters: Filters = _NO_FILTERS, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Publications and what became of them: recorded, evaluated, retracted, restored, in order."""
    filters.require(RELEASES.schema)
    settings, store = open_store(lake)
    as_of, as_recorded = find_instants(store, settings, filters)
    events = filters.selection().apply(store.table(RELEASES).scan()).filter(pl.col("published_at") <= as_of)
    if as_recorded:
        events = events.filter(pl.col("at") <= as_recorded)
    return print_filtered(
        events.sort("published_at", pl.col("at").min().over("release_id"), "release_id", "at", "event").collect(),
        filters,
        f"no releases in {settings.lake}",
        "releases",
    )


def runs(*, filters: Filters = _NO_FILTERS, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """One summary per run, newest last."""
    filters.require(["chain"], asks=())
    settings, store = open_store(lake)
    rows = store.table(RUNS).scan()
    if filters.chain:
        rows = rows.filter(pl.col("chain").str.split(" ").list.contains(filters.chain))
    found = rows.sort("started_at", "run_id").collect()
    return print_filtered(found, filters, f"no runs in {settings.lake} yet", "runs")


def alerts(
    *,
    filters: Filters = _NO_FILTERS,
    severity: str = "",
    fail_on: str = "",
    why: bool = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """What fired, and in which state it is.

    Parameters
    ----------
    severity
        At least this severe: info, warning, error, critical.
    fail_on
        Exit with 6 where an alert of at least this severity is not retracted or resolved.
    why
        Tell each alert's numbers, sentences, and who was told when, instead of a table.
    """
    from contracts.alerts import ALERTS, SEVERITIES  # noqa: PLC0415 - only this command needs them
    from data_lake.ledger import read_alerts  # noqa: PLC0415

    filters.require(ALERTS.schema)
    settings, store = open_store(lake)
    for value in filter(None, (severity, fail_on)):
        if value not in SEVERITIES:
            raise UsageError(f"no severity {value!r}", next=f"severities are: {', '.join(SEVERITIES)}")
    as_of, as_recorded = find_instants(store, settings, filters)
    is_full = why or filters.json or filters.format != "table"
    rows = read_alerts(store, as_of=as_of, as_recorded=as_recorded, full=is_full)
    found = filters.selection().apply(rows.lazy()).collect()
    if severity:
        found = found.filter(pl.col("severity").is_in(SEVERITIES[SEVERITIES.index(severity) :]))
    nothing = f"no alerts in {settings.lake} for these filters"
    code = _print_reasons(found, filters, nothing) if why else print_filtered(found, filters, nothing, "alerts")
    if fail_on:
        live = found.filter(
            pl.col("severity").is_in(SEVERITIES[SEVERITIES.index(fail_on) :]),
            ~pl.col("state").is_in(["retracted", "resolved", "inhibited"]),
        )
        code = Exit.ALERTS if live.height else code
    return code


def _print_reasons(found: pl.DataFrame, filters: Filters, nothing: str) -> int:
    from flows.cli.views import VIEWS  # noqa: PLC0415 - only --why pays for them
    from tasks.alerts.explaining import explain_alerts  # noqa: PLC0415

    def tell(rows: pl.DataFrame) -> list[str]:
        return explain_alerts(rows).split("\n")

    print_told(found, filters.shape(), VIEWS["alerts"], tell, nothing=nothing)
    return Exit.DONE


def restatements(
    *,
    filters: Filters = _NO_FILTERS,
    between: str = "",
    stats: bool = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Figures that were published differently later, each vintage with its size, age and class.

    Parameters
    ----------
    between
        Compare two versions instead: FIRST..SECOND, two dates or instants; lost rows come first.
    stats
        Statistics of the restatements instead: how often, how large, how fast they settle.
    """
    from data_lake.figures import read_figures, read_vintages  # noqa: PLC0415 - not needed for --help
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415
    from tasks.history.vintage_changes import compare_versions, list_restatements  # noqa: PLC0415

    settings, store = open_store(lake)
    now = datetime.now(UTC)
    as_of, as_recorded = find_instants(store, settings, filters, now)
    selection = filters.selection()
    if between:
        first, separator, second = between.partition("..")
        if not separator:
            raise UsageError(f"not two versions: {between!r}", next="write --between 2025-09-30..2025-10-10")
        versions = [
            read_figures(
                store,
                selection,
                as_of=parse_instant(text, now=now, zone=days_zone(store, settings, filters.chain)),
                as_recorded=as_recorded,
            )
            for text in (first, second)
        ]
        return print_filtered(compare_versions(*versions), filters, f"nothing differs between {first} and {second}")
    vintages = read_vintages(store, selection, as_of=as_of, as_recorded=as_recorded).collect()
    if stats:
        from tasks.scoring import restatement_stats  # noqa: PLC0415

        return print_filtered(restatement_stats(vintages), filters, f"no restatements in {settings.lake}")
    rows = list_restatements(vintages, chains=load_chains(store, settings.chains_folder))
    return print_filtered(rows, filters, f"no restatements in {settings.lake} for these filters", "restatements")


def _find_run(store: "Lake", text: str) -> str:
    from data_lake.ids import find_by_prefix  # noqa: PLC0415 - only --run asks for it

    ids = [store.table(table).scan().select("run_id") for table in (QUARANTINE, RUNS)]
    known = pl.concat(ids).filter(pl.col("run_id") != "").collect()["run_id"]
    return find_by_prefix(text, known, "run", "list the runs with `trona runs`")


def explain(figure_id: str, *, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Show a number's sentence or cell, its document and release, and its other vintages.

    Parameters
    ----------
    figure_id
        As `trona figures` shows it, or `--format csv` in full.
    """
    from tasks.history.provenance import explain_figure  # noqa: PLC0415 - reads documents

    settings, store = open_store(lake)
    print(explain_figure(store, figure_id, settings.chains_folder))
    return Exit.DONE


def open_store(lake: LakeOption) -> "tuple[Settings, Lake]":
    """Settings and lake; raises `SourceUnavailable` where there is no lake yet."""
    from data_lake.lake import open_lake  # noqa: PLC0415 - not needed for --help

    settings = load_settings(lake=lake.lake)
    store = open_lake(settings.lake)
    if store.storage.local and not store.storage.local.exists():
        raise SourceUnavailable(
            "there is no lake here yet",
            where=str(store.storage.local),
            next="ingest documents with `trona ingest PATH`, or name another lake with --lake",
        )
    return settings, store


def days_zone(store: "Lake", settings: Settings, chain: str) -> str:
    """The time zone that a date on the command line is meant in: the chain's, else that of the lake's chains."""
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415 - only a date needs it

    named = {chain: load_chain(chain, settings.chains_folder)} if chain else load_chains(store, settings.chains_folder)
    return find_zone(named)


def find_instants(
    store: "Lake", settings: Settings, filters: Filters, now: datetime | None = None
) -> tuple[datetime, datetime | None]:
    """As-of and as-recorded of the filters; the chains are looked up only where an instant is asked for."""
    asked = filters.as_of or filters.as_recorded
    zone = days_zone(store, settings, filters.chain) if asked else DEFAULT_ZONE
    return filters.instants(now or datetime.now(UTC), zone)


def open_to_write(settings: Settings) -> "Lake":
    """The lake, made where there is none, which is said; `SourceUnavailable` where the settings forbid that."""
    from data_lake.lake import open_lake  # noqa: PLC0415 - not needed for --help

    store = open_lake(settings.lake)
    if settings.lake_must_exist:
        store.require()
    elif not store.is_there():
        store.make()
        print_message(f"new lake  there was none at {store.uri}; it is made now")
    return store


def open_derived(
    store: "Lake", settings: Settings, filters: Filters, *tables: "Table", actuals: str = ""
) -> "DerivedTables":
    """These tables, COMPARISONS or SCORES, as of the asked instant and filtered; says where they are not stored so.

    `actuals` names the source that scores the forecasts of all others.
    """
    from tasks.comparing.refresh import declare_forecasters, find_chains, known_span  # noqa: PLC0415 - not for --help
    from tasks.comparing.stored import DerivedTables  # noqa: PLC0415

    wanted = filters.selection()
    as_of, as_recorded = find_instants(store, settings, filters)
    span = known_span(store) or (as_of.date(), as_of.date())
    chains, lost = find_chains(store, settings.chains_folder)
    for name, error in lost.items():
        print_message(f"chain {name} is left out: {error.what}; {error.next}")
    if actuals:
        chains = declare_forecasters(chains, _mark_all_by(store, actuals))
    months = (max(wanted.first or span[0], span[0]), min(wanted.last or span[1], span[1]))
    derived = DerivedTables(store, chains, months, as_of, as_recorded, wanted)
    is_of_now = not (filters.as_of or filters.as_recorded or actuals)
    behind = [table.name for table in tables if is_of_now and not derived.is_stored(table)]
    if behind:
        print_message(f"stored {' and '.join(behind)} are behind: computed for this answer; `trona run` renews them")
    return derived


def _mark_all_by(store: "Lake", actuals: str) -> dict[str, str]:
    """Every source of the lake but this one, marked by this one. Raises `UsageError` where the lake has it not."""
    sources = store.table(RELEASES).scan().select(pl.col("source").unique()).collect()["source"].sort().to_list()
    if actuals not in sources:
        raise UsageError(f"no source {actuals!r} in this lake", next=f"sources are: {', '.join(sources)}")
    return {source: actuals for source in sources if source != actuals}


def print_filtered(frame: pl.DataFrame, filters: Filters, nothing: str, view: str = "") -> int:
    """Print as the filters ask for; a table for people is the view of this name."""
    from flows.cli.views import VIEWS  # noqa: PLC0415 - not needed for --help

    folder = load_settings().chains_folder
    print_frame(frame, filters.shape(), nothing=nothing, view=VIEWS.get(view), chains_folder=folder)
    return Exit.DONE
