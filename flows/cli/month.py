"""The month of a chain on one screen."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import polars as pl
from cyclopts import Parameter

from contracts.errors import Exit, UsageError
from contracts.period import parse_month
from flows.cli.options import Format, LakeOption, Shape
from flows.cli.output import find_look, print_frame
from flows.cli.query import open_store

if TYPE_CHECKING:
    from contracts.text_table import Look
    from tasks.month_summary.writing import MonthText

_DEFAULT_LAKE = LakeOption()
_PRIORITIES = (0, 1, 2, 5, 3, 4, 6)
"""How early each column is given up: what is expected next stays longer than what was computed per working day."""


def month(
    chain: str = "",
    month: str = "",
    *,
    as_of: str = "",
    source: str = "",
    language: Literal["en", "zh"] = "en",
    rows: Literal["segments", "gaps", "spreads", "leads", "shares"] = "segments",
    format: Format = "table",  # noqa: A002 - the option's name
    safe: Annotated[bool, Parameter(negative="")] = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """The month on one screen: the chain in a sentence, a line per segment, findings, doubts, what to look at.

    Parameters
    ----------
    chain
        Which chain; without one, the one whose month is the newest.
    month
        Which month, YYYY-MM; without one, the newest with outcomes.
    as_of
        Only what was public then: a date in the chain's time zone, or an instant.
    source
        Which source, where several review the chain.
    language
        en or zh.
    rows
        With another format than text: the segments; gaps across links with what they add up to over 3 and 6 months and
        with the next month's forecasts; spreads (how long a gap held, and its usual size); leads; shares of products.
    format
        As text, or rows as csv, csv-excel, json, parquet or xlsx.
    safe
        With --format csv: ' before a text that a spreadsheet would take for a formula.
    """
    from flows.cli.options import parse_instant  # noqa: PLC0415 - not needed for --help
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415
    from tasks.month_summary.reading import list_rows, newest_chain, read_month  # noqa: PLC0415
    from tasks.month_summary.writing import write_month  # noqa: PLC0415
    from tasks.reconciling.language import load_language  # noqa: PLC0415

    settings, store = open_store(lake)
    chains = load_chains(store, settings.chains_folder)
    now = datetime.now(UTC)
    name = chain or newest_chain(store)
    if name not in chains:
        raise UsageError(f"the lake knows no chain {name!r}", next=f"chains are: {', '.join(chains)}")
    zone = chains[name].calendar.time_zone
    instant = parse_instant(as_of, now=now, zone=zone) if as_of else now
    wanted = parse_month(month) if month else None
    reading = read_month(store, chains[name], wanted, as_of=instant, source=source)
    if format != "table":
        print_frame(list_rows(reading, rows), Shape(format, is_safe=safe), nothing=f"nothing is known about {month}")
        return Exit.DONE
    text = write_month(reading, load_language(language))
    look = find_look()
    width = look.width or shutil.get_terminal_size((100, 40)).columns  # sentences are cut for a file, too
    sys.stdout.write("\n".join(lay_out(text, replace(look, width=width))) + "\n")
    return Exit.DONE


def lay_out(text: "MonthText", look: "Look") -> Iterator[str]:
    """The month's lines, sentences wrapped to the width, headings bold where there is bold."""
    from contracts.terminal_text import escape_terminal  # noqa: PLC0415
    from contracts.text_table import TextColumn, render_table  # noqa: PLC0415

    yield look.head(escape_terminal(f"{text.title} · {text.known}"))
    yield ""
    for sentence in text.chain:
        yield from look.wrap(sentence)
    if text.segments:
        yield ""
        rows = pl.DataFrame(text.segments, schema=[str(i) for i in range(len(text.heading))], orient="row")
        named = enumerate(zip(text.heading, _PRIORITIES, strict=True))
        columns = [TextColumn(name, rank, "left" if i == 0 else "right") for i, (name, rank) in named]
        yield from render_table(rows, columns, width=look.width, color=look.color)
    for heading, lines in text.lists.items():
        if lines:
            yield ""
            yield look.head(heading)
            for line in lines:
                yield from look.wrap(line, "  ")
