"""What every reader of documents is given and gives back, whether it reads a table or prose."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from contracts.figures import READ_FIGURES
from contracts.period import first_month, last_month
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

NUMBERS = Table(
    name="numbers",
    meaning="Every number of a document that is no figure, and what became of it.",
    columns=(
        Column("place", pl.String, "span of characters"),
        Column("text", pl.String, "the number as printed"),
        Column("status", pl.String, "unresolved or passed over", allowed=("unresolved", "passed over")),
        Column("reason", pl.String, "the slot that is open, or why it is none of ours"),
        Column("sentence", pl.String, "the sentence around it"),
    ),
    key=("place",),
)

DOUBTFUL = Table(
    name="doubtful",
    meaning="Readings that are no facts until a person says so: little trusted, or contradicted in their document.",
    columns=(
        *READ_FIGURES.columns,
        Column("confidence", pl.Float64, "estimated chance that the reading is right"),
        Column("doubt", pl.String, "why it is doubted"),
    ),
    key=("place", *READ_FIGURES.key),
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

    @cached_property
    def sha256(self) -> str:
        """Hash of the content, the document's identity."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class DocumentHints:
    """What the person says about a document where the document does not say it; blank = what it says.

    A table that says another source, chain, instant or month is refused; `usual_source` holds where nothing says one.
    With `accept_doubtful` the doubtful readings of a review are figures too, each with its doubt as note.
    `settled_by` says who settled a review sheet; blank = what its cell says; `beside` is the
    folder in which the document lies, where one that it refers to may lie too.
    """

    source: str = ""
    usual_source: str = ""
    chain: str = ""
    published: datetime | None = None
    review_month: str = ""
    mapping: Path | None = None
    chains_folder: Path | None = None
    first_month: date | None = None
    last_month: date | None = None
    accept_doubtful: bool = False
    settled_by: str = ""
    beside: Path | None = None

    def wants(self, review_month: str) -> bool:
        """Whether a release of this month or period lies inside the months asked for."""
        first, last = self.first_month, self.last_month
        return (first is None or last_month(review_month) >= first) and (
            last is None or first_month(review_month) <= last
        )


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
class Settlement:
    """That a release is a document's reading as a person settled it.

    `document` is the hash of the document that was read and `published_at` its publication. `numbers` has the columns
    of `SETTLEMENTS` that follow from the sheet. `since` says by place of a figure since when it is known where that
    is not the instant of the settlement: since the publication, where nothing was changed.
    """

    document: str
    published_at: datetime
    by: str
    numbers: pl.DataFrame = field(repr=False)
    since: Mapping[str, datetime] = field(repr=False)


@dataclass(frozen=True)
class Reading:
    """One release as read from a document: figures of `READ_FIGURES`, refused rows, unresolved statements.

    A reader of prose also gives the confidence of each figure, the doubtful readings, which are no figures, and what
    became of every other number. A table has none of these; its figures are as sure as their cells (confidence 1).
    `settled` is given where it is the reading that a person settled.
    """

    head: ReleaseHead
    figures: pl.DataFrame
    refused: pl.DataFrame = field(default_factory=REFUSED.empty)
    unresolved: pl.DataFrame = field(default_factory=UNRESOLVED.empty)
    doubtful: pl.DataFrame = field(default_factory=DOUBTFUL.empty)
    numbers: pl.DataFrame = field(default_factory=NUMBERS.empty)
    confidence: tuple[float, ...] = ()
    settled: Settlement | None = None

    def __post_init__(self) -> None:
        if self.figures.schema != READ_FIGURES.schema:
            raise TypeError(f"a reading's figures have the columns of READ_FIGURES, not {self.figures.schema}")
        if self.confidence and len(self.confidence) != self.figures.height:
            raise TypeError(f"{self.figures.height} figures have {len(self.confidence)} confidences")

    def as_published(self) -> "Reading":
        """The reading as of the publication of its document, which contracts look at, where it was settled later."""
        if self.settled is None:
            return self
        return replace(self, head=replace(self.head, published_at=self.settled.published_at))

    def accept_doubtful(self) -> "Reading":
        """The reading with its doubtful rows as figures: of one fact the surest, and none that a figure states."""
        key = list(READ_FIGURES.key)
        best = self.doubtful.sort("confidence", descending=True, maintain_order=True).unique(
            key, keep="first", maintain_order=True
        )
        rows = best.join(self.figures, on=key, how="anti")
        noted = rows.select(READ_FIGURES.schema.names()).with_columns(
            note=pl.concat_str(pl.lit("accepted though doubtful: "), rows["doubt"])
        )
        stated = self.confidence or (1.0,) * self.figures.height
        return replace(
            self,
            figures=pl.concat([self.figures, noted]),
            doubtful=self.doubtful.clear(),
            confidence=(*stated, *rows["confidence"].to_list()),
        )
