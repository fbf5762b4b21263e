"""Commands about how good forecasts were: the track record, the surprise index, and a table without a lake."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from contracts.chain import load_chain
from contracts.errors import Exit
from contracts.scores import SCORES
from contracts.settings import load_settings
from contracts.track_record import RECORD_KEY
from contracts.vocabulary import MEASURES
from flows.cli.options import Filters, Format, LakeOption, Shape
from flows.cli.output import print_frame, print_message
from flows.cli.query import open_derived, open_store, print_filtered

_NO_FILTERS = Filters()
_DEFAULT_LAKE = LakeOption()


def record(
    *,
    filters: Filters = _NO_FILTERS,
    group_by: str = "",
    min_n: int = 1,
    latest: Annotated[bool, Parameter(name="--latest", negative="--first")] = False,
    actuals: str = "",
    show: Literal["record", "comparison", "rolling"] = "record",
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """The track record: how good forecasts were, against naive ones, with the uncertainty of the verdict.

    Parameters
    ----------
    group_by
        Columns of a group, separated by commas; else source, chain, segment, product, metric, measure, span_months,
        lead_months.
    min_n
        Only groups with at least so many scored forecasts; 0 shows those that are all pending.
    latest
        Score against the latest published actual instead of the first.
    actuals
        The source whose actuals mark the forecasts of all others; else each source's own, or as the settings say.
    show
        record; comparison: each pair of sources, and "no change", on the targets that both forecast; or rolling: the
        mean surprise over windows of 12 months, and whether it changed.
    """
    from tasks.scoring import RECORD_NEEDS, build_record, compare_sources, roll_bias  # noqa: PLC0415 - not for --help

    filters.require(SCORES.schema)
    settings, store = open_store(lake)
    scores = open_derived(store, settings, filters, SCORES, actuals=actuals).read(SCORES)
    if show == "comparison":
        return print_filtered(
            compare_sources(scores.collect()), filters, "no two forecast the same", "source_comparison"
        )
    if show == "rolling":
        return print_filtered(roll_bias(scores.collect()), filters, "no series has 12 scored months", "rolling_bias")
    groups = [name.strip() for name in group_by.split(",")] if group_by else RECORD_KEY
    needed = scores.select(*RECORD_NEEDS, *{*groups} & {*SCORES.schema} - {*RECORD_NEEDS}).collect()
    rows = build_record(needed, group_by=groups, actual="latest" if latest else "first", min_n=min_n)
    return print_filtered(rows, filters, f"no scored forecasts in {settings.lake} for these filters", "record")


def surprise_index(*, filters: Filters = _NO_FILTERS, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """The chain's monthly surprise: the mean standardised surprise of its segments, with n and components."""
    from tasks.scoring import surprise_index as build_index  # noqa: PLC0415 - not needed for --help

    filters.require(SCORES.schema)
    settings, store = open_store(lake)
    scores = open_derived(store, settings, filters, SCORES).read(SCORES).collect()
    rows = build_index(scores)
    nothing = f"no scored forecasts in {settings.lake} for these filters"
    return print_filtered(rows, filters, nothing, "surprise_index")


def score(
    file: Path,
    *,
    show: Literal["record", "scores", "comparison", "calibration", "murphy"] = "record",
    as_stated: bool = False,
    chain: str = "sodium_ion",
    format: Format = "table",  # noqa: A002 - the option's name
    safe: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Score anyone's forecasts against anyone's actuals from a table; no lake is needed.

    The table (.csv, .xlsx or .parquet, as `trona ingest` reads them) has forecaster, series, month, issued_at,
    measure, forecast, actual, and q_0.05 … for quantiles. Forecasters are compared on the months that all of them
    forecast.

    Parameters
    ----------
    file
        The table.
    show
        record, scores (one row per forecast), comparison (each pair of forecasters), calibration (outcomes below each
        quantile) or murphy (data of Murphy diagrams).
    as_stated
        Numbers that look like fractions, or like another unit, are meant as they stand.
    chain
        The chain whose tolerances and time zone hold.
    format
        How to print: table, csv, csv-excel, json, parquet or xlsx.
    safe
        With --format csv: ' before a text that a spreadsheet would take for a formula.
    """
    from tasks.intake.documents import load_document  # noqa: PLC0415 - not needed for --help
    from tasks.scoring import compare_forecasters, draw_murphy, score_table, tabulate_calibration  # noqa: PLC0415
    from tasks.scoring.table_file import read_score_file  # noqa: PLC0415

    definition = load_chain(chain, load_settings().chains_folder)
    limits = {name: definition.tolerance("", "", name) for name in MEASURES}
    table = read_score_file(load_document(file))
    scores, found = score_table(
        table.frame,
        tolerances={name: limit for name, limit in limits.items() if limit is not None},
        as_stated=as_stated,
        zone=definition.calendar.time_zone,
        decimal=table.decimal,
    )
    from flows.cli.views import VIEWS  # noqa: PLC0415 - not needed for --help

    computed = {"comparison": compare_forecasters, "calibration": tabulate_calibration, "murphy": draw_murphy}
    frame = computed[show](scores) if show in computed else scores if show == "scores" else found
    view = VIEWS["forecasters"] if show == "record" else None
    print_frame(frame, Shape(format, is_safe=safe), nothing="nothing could be scored", view=view)
    if show == "record":
        print_message(f"{scores.height} forecasts; each of them: trona score {file} --show scores")
    return Exit.DONE
