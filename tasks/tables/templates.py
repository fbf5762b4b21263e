"""Empty tables to fill in, which read back once they are."""

import csv
import io
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.chain import Chain, load_chain
from contracts.errors import UsageError
from contracts.period import add_months, format_month, parse_month
from contracts.vocabulary import LEVEL, MEASURES
from tasks.tables.long_form import COLUMNS
from tasks.tables.mapping import SUFFIX
from tasks.workbooks import Rows, add_drop_downs, list_words, make_workbook, write_words

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

_SPARE_ROWS = 1_000
_TEXTS = {"source", "review_month", "published", "period", "source_url", "note"}
_WIDTHS = {"segment": 16, "product": 18, "note": 30, "source_url": 24}
_USUAL_WIDTH = 13
_MEASURES = ("mom_pct", "yoy_pct")
_MAPPING = """\
# What {table} means. Remove what does not apply; everything here can also be said to `trona ingest`.
form = "wide"                    # "long" for a table with one row per figure
orientation = "months_across"    # "months_down": a month per row, a label above each column
source = "{source}"
chain = "{chain}"
review_month = "{month}"         # the month that the table reviews; later columns are forecasts
published = ""                   # 2026-02-05, or with time: 2026-02-05T09:30+08:00; empty = the usual day
source_url = ""
metric = "production"            # where a row does not say it itself
measure = ""                     # mom_pct, yoy_pct, share_pct, level …, where a row does not say it itself
unit = ""                        # empty = the measure's, or the one in which the chain counts that segment
kind = ""                        # empty = actual up to the review month, forecast after it
scale = 1.0                      # 100 where percents are written as fractions, 1000 where levels are in thousands
sheet = ""                       # of a spreadsheet; empty = the first visible one
header_row = 0                   # row of the months; 0 = found by itself
month_format = ""                # strptime format such as "%b-%y"; empty = 2026-01, Jan 2026, 2026年1月 …
forecast_columns = []            # headers of columns that are forecasts whatever their month

# Columns that say what a row is about: a header text or a spreadsheet letter.
# Roles: label, segment, product, metric, measure, unit, kind.
[label_columns]
segment = "segment"
product = "product"
metric = "metric"
measure = "measure"
unit = "unit"

# What a label means where the chain's own names and aliases do not say it.
# [labels]
# "Total CAM" = {{ segment = "{segment}", product = "" }}
"""


def template(
    chain: Chain | str,
    form: str = "long",
    *,
    month: str = "2026-01",
    source: str = "",
    folder: Path | None = None,
    file_format: str = "csv",
) -> dict[str, bytes]:
    """Files of an empty table for a chain, by name: the CSV or XLSX, and for the wide form the mapping beside it.

    The wide form has a row per segment, product and usual measure, and columns for the month before, the month
    reviewed and the month forecast; cells left empty say nothing. CSV is UTF-8 with a mark, so that spreadsheet
    programs show Chinese text; XLSX has drop-downs of the chain's words, and months that stay text. Raises
    `UsageError` for another form or a malformed month.
    """
    chain = chain if isinstance(chain, Chain) else load_chain(chain, folder)
    reviewed = parse_month(month)
    write = _write_csv if file_format == "csv" else partial(_write_xlsx, chain)
    if form == "long":
        return {f"{chain.name}_{month}.{file_format}": write([COLUMNS])}
    if form != "wide":
        raise UsageError(
            f"no form {form!r}", where="--form", found=form, effect="nothing was written", next="forms: long, wide"
        )
    name = f"{chain.name}_{month}_wide"
    months = [format_month(add_months(reviewed, step)) for step in (-1, 0, 1)]
    header = ("segment", "product", "metric", "measure", "unit", *months)
    text = _MAPPING.format(
        table=f"{name}.{file_format}", source=source, chain=chain.name, month=month, segment=chain.segments[0].name
    )
    return {
        f"{name}.{file_format}": write([header, *(line for line in _list_lines(chain, len(months)))]),
        f"{name}{SUFFIX}": text.encode(),
    }


def _list_lines(chain: Chain, months: int) -> Iterable[tuple[str, ...]]:
    blank = ("",) * months
    for segment in chain.segments:
        metric = "production" if "production" in segment.units else next(iter(segment.units), "production")
        unit = segment.units.get(metric, "")
        products = [p.name for p in segment.products]
        for product in [segment.default_product, *(p for p in products if p != segment.default_product)]:
            measures = _MEASURES if product == segment.default_product else ("share_pct", "share_mom_pp")
            for measure in (*measures, *(("level",) if unit else ())):
                own = MEASURES[measure].unit
                yield (segment.name, product, metric, measure, unit if own == LEVEL else own, *blank)


def _write_csv(lines: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def _write_xlsx(chain: Chain, lines: Iterable[Iterable[str]]) -> bytes:
    """The lines as a sheet to fill in; what is a month or a name is text, so that a program makes no date of it."""
    header, *filled = [list(line) for line in lines]
    words = list_words(chain) | {"chain": [chain.name]}

    def fill(workbook: "Workbook") -> None:
        page = workbook.add_worksheet("Figures")
        bold = workbook.add_format({"bold": True, "bottom": 2, "num_format": "@"})
        text, open_cell = workbook.add_format({"num_format": "@"}), workbook.add_format({"bg_color": "#FFF8E1"})
        for place, name in enumerate(header):
            is_text = name in _TEXTS or (name in words)
            page.set_column(place, place, _WIDTHS.get(name, _USUAL_WIDTH), text if is_text else open_cell)
            page.write_string(0, place, name, bold)
        for row, line in enumerate(filled, start=1):
            for place, cell in enumerate(line):
                if cell:
                    page.write_string(row, place, cell, text)
        add_drop_downs(page, header, Rows(1, len(filled) + _SPARE_ROWS), words)
        page.freeze_panes(1, 0)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        write_words(workbook, words)

    return bytes(make_workbook(fill))
