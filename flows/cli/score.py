"""Commands about how good forecasts were: the track record, the surprise index, and a table without a lake."""

from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from cyclopts import Parameter

from contracts.chain import load_chain
from contracts.errors import Exit, SourceUnavailable, UsageError
from contracts.settings import load_settings
from contracts.vocabulary import MEASURES
from flows.cli.options import Filters, Format, LakeOption, Shape
from flows.cli.output import print_frame, print_message
from flows.cli.query import derive_filtered, open_store, print_filtered

_NO_FILTERS = Filters()
_DEFAULT_LAKE = LakeOption()


def record(
    *,
    filters: Filters = _NO_FILTERS,
    group_by: str = "",
    min_n: int = 1,
    latest: Annotated[bool, Parameter(name="--latest", negative="--first")] = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """The track record: how good forecasts were, against naive ones, with the uncertainty of the verdict.

    Parameters
    ----------
    group_by
        Columns of a group, separated by commas; else source, chain, segment, product, metric, measure, lead_months.
    min_n
        Only groups with at least so many scored forecasts; 0 shows those that are all pending.
    latest
        Mark against the latest published actual instead of the first.
    """
    from tasks.scoring import build_record  # noqa: PLC0415 - not needed for --help

    settings, store = open_store(lake)
    scores = derive_filtered(store, settings, filters).scores
    grouping = {"group_by": [name.strip() for name in group_by.split(",")]} if group_by else {}
    rows = build_record(scores, actual="latest" if latest else "first", min_n=min_n, **grouping)  # type: ignore[arg-type]
    return print_filtered(rows, filters, f"no scored forecasts in {settings.lake} for these filters", "record")


def surprise_index(*, filters: Filters = _NO_FILTERS, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """The chain's monthly surprise: the mean standardised surprise of its segments, with n and components."""
    from tasks.scoring import surprise_index as build_index  # noqa: PLC0415 - not needed for --help

    settings, store = open_store(lake)
    rows = build_index(derive_filtered(store, settings, filters).scores)
    nothing = f"no scored forecasts in {settings.lake} for these filters"
    return print_filtered(rows, filters, nothing, "surprise_index")


def score(
    file: Path,
    *,
    show: Literal["record", "scores", "comparison"] = "record",
    as_stated: bool = False,
    chain: str = "sodium_ion",
    format: Format = "table",  # noqa: A002 - the option's name
) -> int:
    """Mark anyone's forecasts against anyone's actuals from a table; no lake is needed.

    The table (.csv or .parquet) has forecaster, series, month, issued_at, measure, forecast, actual, and
    q_0.05 … for quantiles. Forecasters are compared on the months that all of them forecast.

    Parameters
    ----------
    file
        The table.
    show
        record, scores (one row per forecast) or comparison (each pair of forecasters).
    as_stated
        Numbers that look like fractions, or like another unit, are meant as they stand.
    chain
        The chain whose tolerances and time zone hold.
    format
        How to print: table, csv, json or parquet.
    """
    from tasks.scoring import compare_forecasters, score_table  # noqa: PLC0415 - not needed for --help

    definition = load_chain(chain, load_settings().chains_folder)
    limits = {name: definition.tolerance("", "", name) for name in MEASURES}
    scores, found = score_table(
        _read(file),
        tolerances={name: limit for name, limit in limits.items() if limit is not None},
        as_stated=as_stated,
        zone=definition.calendar.time_zone,
    )
    frames = {"scores": scores, "record": found}
    frame = frames[show] if show in frames else compare_forecasters(scores)
    print_frame(frame, Shape(format), nothing="nothing could be scored")
    if show == "record":
        print_message(f"{scores.height} forecasts; each of them: trona score {file} --show scores")
    return Exit.DONE


def _read(file: Path) -> pl.DataFrame:
    try:
        if file.suffix.lower() == ".parquet":
            return pl.read_parquet(file)
        return pl.read_csv(file, infer_schema_length=None, try_parse_dates=False)
    except (FileNotFoundError, PermissionError) as error:
        raise SourceUnavailable("the table cannot be read", where=str(file), found=str(error)) from error
    except pl.exceptions.PolarsError as error:
        raise UsageError("the table cannot be understood", where=str(file), found=str(error).split("\n")[0]) from error
