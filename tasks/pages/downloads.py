"""The data to take away: each table of a chain as CSV, Parquet and a workbook, the same bytes for the same rows."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from contracts.comparisons import COMPARISONS
from contracts.figures import FIGURES
from contracts.reconciled import FINDINGS
from contracts.scores import SCORES
from contracts.table import Table
from contracts.text import quote_formulas
from contracts.track_record import RECORD, RECORD_KEY
from tasks.pages.facts import ChainFacts
from tasks.pages.rendering import SiteFile, fingerprint_code, hash_frame, hash_text
from tasks.reconciling.found import gather_findings
from tasks.scoring import build_record
from tasks.workbooks import Sheet, make_tables

_TABLES: Mapping[str, Table] = {
    "figures": FIGURES,
    "comparisons": COMPARISONS,
    "scores": SCORES,
    "record": RECORD,
    "findings": FINDINGS,
}
_AS_WORKBOOK = ("figures", "record", "findings")
MOST_SHEET_ROWS = 20_000
"""Rows up to which these come as a workbook too: it takes seconds to write. `trona export` has every table."""


@dataclass(frozen=True)
class Download:
    """A table on the page of the data: its name, how many rows it has, and in which forms it comes."""

    name: str
    rows: int
    endings: tuple[str, ...]


def list_tables(facts: ChainFacts) -> dict[str, pl.DataFrame]:
    """The tables of a chain, without the words that the pages add."""
    chains = {facts.chain.name: facts.chain}
    found = gather_findings(facts.findings, facts.stated, chains) if facts.findings else FINDINGS.empty()
    return {
        "figures": facts.figures.drop("series", "text", "day"),
        "comparisons": facts.comparisons.drop("series", "text"),
        "scores": facts.scores.drop("series", "text"),
        "record": build_record(facts.scores.drop("series", "text"), min_n=1).sort(*RECORD_KEY, "unit"),
        "findings": found,
    }


def list_downloads(tables: Mapping[str, pl.DataFrame]) -> list[Download]:
    """What the page of the data offers."""
    return [
        Download(name, frame.height, ("csv", "parquet", "xlsx") if _is_workbook(name, frame) else ("csv", "parquet"))
        for name, frame in tables.items()
    ]


def _is_workbook(name: str, frame: pl.DataFrame) -> bool:
    return name in _AS_WORKBOOK and frame.height <= MOST_SHEET_ROWS


def build_downloads(facts: ChainFacts, tables: Mapping[str, pl.DataFrame]) -> Iterator[SiteFile]:
    """The files of the tables."""
    newest = facts.releases["published_at"].max()
    at = newest if isinstance(newest, datetime) else datetime(2000, 1, 1, tzinfo=UTC)
    for download in list_downloads(tables):
        frame = tables[download.name]
        digest = hash_text(f"{hash_frame(frame)}{at}{fingerprint_code()}")
        for ending in download.endings:
            path = f"{facts.chain.name}/data/{download.name}.{ending}"
            yield SiteFile(path, f"{ending}{digest}", _Writer(facts, download.name, frame, ending, at))


@dataclass(frozen=True)
class _Writer:
    """A table in one form."""

    facts: ChainFacts
    name: str
    frame: pl.DataFrame
    ending: str
    at: datetime

    def __call__(self) -> bytes:
        if self.ending == "csv":
            return to_csv(self.frame)
        if self.ending == "parquet":
            file = io.BytesIO()
            self.frame.write_parquet(file, compression="zstd", statistics=False)
            return file.getvalue()
        chain = self.facts.chain
        about = [("chain", chain.title), ("table", self.name), ("published up to", f"{self.at:%Y-%m-%d %H:%M} UTC")]
        sheet = Sheet.of_table(self.name.title(), self.frame, _TABLES[self.name])
        return bytes(make_tables(about, [sheet], created=self.at))


def to_csv(frame: pl.DataFrame) -> bytes:
    """The table as CSV that a spreadsheet may open: instants in UTC, no text that it would take for a formula."""
    instants = [
        pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    ]
    return frame.with_columns(instants).with_columns(quote_formulas(pl.col(pl.String))).write_csv().encode()
