"""Tables for the tests of the readers."""

import io
from pathlib import Path

import polars as pl
import xlsxwriter

from contracts.chain import load_chain
from contracts.checks import check_reading
from contracts.readings import Document, DocumentHints
from tasks.tables import read_table

HEADER = (
    "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,lower,upper,unit,qualifier"
)
LINE = "smm,sodium_ion,2026-01,2026-02-05,{segment},{product},production,{period},actual,{measure},{value},,,,"


def line(value, segment="cathode", product="", measure="mom_pct", period="2026-01"):
    return LINE.format(segment=segment, product=product, measure=measure, value=value, period=period)


GOOD_LINES = tuple(
    line(20 + i, segment=segment, measure="yoy_pct", period=period)
    for i, (segment, period) in enumerate(
        (segment, period)
        for segment in ("cathode", "electrolyte", "cell")
        for period in ("2025-09", "2025-10", "2025-11", "2025-12", "2026-01")
    )
)
"""Fifteen lines that break nothing."""


def csv(*lines, header=HEADER, name="january.csv", encoding="utf-8", newline="\n"):
    return Document(name, newline.join([header, *lines, ""]).encode(encoding))


def read(document, *, mapping=None, **said):
    if isinstance(mapping, Path):
        return read_table(document, DocumentHints(mapping=mapping, **said))
    return read_table(document, DocumentHints(**said), mapping)


def take(document, **options):
    """The one reading of a document through the contracts: good figures and refused rows."""
    (reading,) = read(document, **options)
    return check_reading(reading, chain=load_chain(reading.head.chain, options.get("chains_folder")))


def broken(refused, rule):
    return refused.filter(pl.col("rule") == rule)["row"].to_list()


def workbook(fill, name="january.xlsx"):
    """A spreadsheet that `fill(book)` writes with xlsxwriter."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    fill(book)
    book.close()
    return Document(name, content.getvalue())
