"""What every reader of documents gives back, whether it read a table or prose."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from contracts.figures import READ_FIGURES
from contracts.table import Column, Table

UNRESOLVED = Table(
    name="unresolved",
    meaning="What a reader saw but could not place; it never becomes a figure.",
    columns=(
        Column("place", pl.String, "span of characters"),
        Column("text", pl.String, "the number as printed"),
        Column("sentence", pl.String, "the sentence around it"),
        Column("reason", pl.String, "what was missing: subject, period, sign …"),
    ),
    key=("place",),
)

REFUSED = Table(
    name="refused",
    meaning="Rows that a reader or a contract refused, before they carry release and run.",
    columns=(
        Column("row", pl.String, "where it stood"),
        Column("rule", pl.String, "the rule it broke"),
        Column("column", pl.String, "the column that broke it"),
        Column("value", pl.String, "what was found there"),
        Column("message", pl.String, "what was expected"),
        *(
            Column(name, pl.String, f"{name}, as read", nullable=True)
            for name in ("segment", "product", "metric", "measure", "period", "kind")
        ),
    ),
    key=("row", "rule", "column"),
)


@dataclass(frozen=True)
class Document:
    """A document as it came: its name and its bytes."""

    name: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the content, the document's identity."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class ReleaseHead:
    """What identifies a release: who said it, of which chain and month, when, in which document."""

    source: str
    chain: str
    review_month: str
    published_at: datetime
    document: str
    document_name: str
    is_published_assumed: bool = False

    @property
    def release_id(self) -> str:
        """`source-chain-month-` and twelve hex digits over everything that identifies the release."""
        text = "\x1f".join((self.source, self.chain, self.review_month, self.published_at.isoformat(), self.document))
        return f"{self.source}-{self.chain}-{self.review_month}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Reading:
    """One release as read from a document: figures of `READ_FIGURES`, refused rows, unresolved statements."""

    head: ReleaseHead
    figures: pl.DataFrame
    refused: pl.DataFrame = field(default_factory=REFUSED.empty)
    unresolved: pl.DataFrame = field(default_factory=UNRESOLVED.empty)

    def __post_init__(self) -> None:
        if self.figures.schema != READ_FIGURES.schema:
            raise TypeError(f"a reading's figures have the columns of READ_FIGURES, not {self.figures.schema}")
