"""Taking a document in: keep it by hash, read it, check it, record each release it states.

Reading and checking touch no table; recording is one call per release (`data_lake.releases`). What is
refused is kept too: the document by its hash, the rows and the reason in quarantine.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from contracts.chain import load_chain
from contracts.checks import check_figures
from contracts.errors import ContractBroken, SourceUnavailable, TronaError, UsageError
from contracts.readings import REFUSED, Document, Reading, ReleaseHead
from contracts.releases import QUARANTINE, RELEASES
from data_lake.delta import ClaimTaken
from data_lake.lake import Lake
from data_lake.releases import record_release, recorded_documents
from tasks.building import build_figures, short_hash
from tasks.extraction import is_review, read_review
from tasks.tables import is_table, read_table

_CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True)
class Stated:
    """What the person says about a document where the document does not say it, or says it wrongly."""

    source: str = ""
    chain: str = ""
    published: datetime | None = None
    review_month: str = ""
    mapping: Path | None = None
    chains_folder: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one release of a document: `recorded`, `known` (nothing new) or `refused`."""

    document: str
    status: str
    release_id: str = ""
    source: str = ""
    chain: str = ""
    review_month: str = ""
    published_at: datetime | None = None
    figures: int = 0
    quarantined: int = 0
    unresolved: int = 0
    error: TronaError | None = field(default=None, repr=False)


def find_documents(paths: list[Path]) -> list[Path]:
    """Files that can be read among these files and folders, in the order of their names.

    Hidden files and mapping files are passed over. Raises `SourceUnavailable` for a path that is not there
    and `UsageError` for a single file of a kind that no reader knows.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.is_file() and _is_readable(p) and not _is_hidden(p, path))
        elif not path.exists():
            raise SourceUnavailable("there is no such file or folder", where=str(path), next="check the path")
        elif not _is_readable(path):
            raise UsageError(
                f"no reader knows files like {path.name!r}",
                where=str(path),
                next="give a table (.csv .xlsx .parquet) or a review (.txt .md .html .pdf .docx)",
            )
        else:
            found.append(path)
    return found


def load_document(path: Path) -> Document:
    """The file's bytes under its name. Raises `SourceUnavailable` where it cannot be read."""
    try:
        return Document(path.name, path.read_bytes())
    except OSError as error:
        raise SourceUnavailable(
            "the document cannot be read",
            where=str(path),
            found=error.strerror or str(error),
            effect="it was not taken in; other documents were",
            next="check that the file is there and its permissions",
        ) from error


def read_document(document: Document, stated: Stated) -> list[Reading]:
    """Read a document with the reader of its kind; one reading per release that it states."""
    if not document.content:
        raise ContractBroken(
            "the document is empty",
            where=document.name,
            found="0 bytes",
            effect="nothing was recorded",
            next="check whether the file was copied whole",
        )
    if is_table(document.name):
        return read_table(
            document,
            source=stated.source or None,
            chain=stated.chain or None,
            published=stated.published,
            review_month=stated.review_month or None,
            mapping=stated.mapping,
            chains_folder=stated.chains_folder,
        )
    if not stated.source:
        raise UsageError(
            "who published this review is not stated",
            where=document.name,
            next="say so with --source, or set `source` in trona.toml",
        )
    reading = read_review(
        document,
        source=stated.source,
        chain=stated.chain or None,
        published=stated.published,
        review_month=stated.review_month or None,
        chains_folder=stated.chains_folder,
    )
    return [reading]


def take_in(lake: Lake, document: Document, stated: Stated, *, now: datetime, run_id: str) -> list[Outcome]:
    """Keep the document, read it, and record every release that it states and that is new.

    A release that breaks a contract as a whole is refused with its error in the outcome, the others go on.
    Errors of the lake itself are raised.
    """
    lake.keep_document(document.sha256, document.content)
    try:
        readings = read_document(document, stated)
    except (ContractBroken, UsageError, SourceUnavailable) as error:
        _quarantine_whole(lake, document, None, error, now=now, run_id=run_id)
        return [Outcome(document.name, "refused", error=error)]
    known = recorded_documents(lake)
    return [_take_in_release(lake, document, r, known, stated, now=now, run_id=run_id) for r in readings]


def _take_in_release(
    lake: Lake,
    document: Document,
    reading: Reading,
    known: pl.DataFrame,
    stated: Stated,
    *,
    now: datetime,
    run_id: str,
) -> Outcome:
    head = reading.head
    outcome = {
        "document": document.name,
        "release_id": head.release_id,
        "source": head.source,
        "chain": head.chain,
        "review_month": head.review_month,
        "published_at": head.published_at,
        "unresolved": reading.unresolved.height,
    }
    if head.release_id in known["release_id"]:
        return Outcome(status="known", **outcome)
    try:
        _check_publication(head, known, now)
        chain = load_chain(head.chain, stated.chains_folder)
        good, refused = check_figures(reading.figures, chain=chain, head=head)
    except (ContractBroken, UsageError) as error:
        _quarantine_whole(lake, document, head, error, now=now, run_id=run_id)
        return Outcome(status="refused", error=error, **outcome)
    figures = build_figures(good, head, recorded_at=now)
    refused = pl.concat([reading.refused, refused])
    quarantine = _build_quarantine(refused, head, now=now, run_id=run_id)
    counts = {
        "figures": figures.height,
        "quarantined": refused["row"].n_unique(),
        "unresolved": reading.unresolved.height,
    }
    release = _build_release(head, counts, now=now)
    is_new = record_release(lake, release, figures, quarantine)
    return Outcome(status="recorded" if is_new else "known", **{**outcome, **counts})


def _check_publication(head: ReleaseHead, known: pl.DataFrame, now: datetime) -> None:
    if head.published_at > now + _CLOCK_SLACK:
        raise ContractBroken(
            "the release claims to be published in the future",
            where=f"{head.document_name} · {head.source} {head.review_month}",
            found=f"published {head.published_at:%Y-%m-%d %H:%M} UTC, now is {now:%Y-%m-%d %H:%M} UTC",
            effect="nothing of this release was recorded",
            next="correct the date with --published, or ingest it after that day",
        )
    twin = known.filter(document=head.document, source=head.source, chain=head.chain, review_month=head.review_month)
    if twin.height:
        raise ContractBroken(
            "the same document is recorded with another publication date",
            where=f"{head.document_name} · release {twin['release_id'][0]}",
            found=f"recorded {twin['published_at'][0]:%Y-%m-%d %H:%M}, now stated {head.published_at:%Y-%m-%d %H:%M}",
            effect="the recorded release stands, nothing was added",
            next=f"if the recorded date is wrong: trona retract {twin['release_id'][0]} --reason …, then ingest again",
        )


def _build_release(head: ReleaseHead, counts: dict[str, int], *, now: datetime) -> pl.DataFrame:
    row = {
        "release_id": head.release_id,
        "event": "recorded",
        "source": head.source,
        "chain": head.chain,
        "review_month": head.review_month,
        "published_at": head.published_at,
        "is_published_assumed": head.is_published_assumed,
        "at": now,
        "document": head.document,
        "document_name": head.document_name,
        "reason": "",
        **counts,
    }
    return pl.DataFrame([row], schema=RELEASES.schema)


def _build_quarantine(refused: pl.DataFrame, head: ReleaseHead, *, now: datetime, run_id: str) -> pl.DataFrame:
    rows = refused.with_columns(
        release_id=pl.lit(head.release_id),
        run_id=pl.lit(run_id),
        source=pl.lit(head.source),
        chain=pl.lit(head.chain),
        review_month=pl.lit(head.review_month),
        document=pl.lit(head.document),
        document_name=pl.lit(head.document_name),
        recorded_at=pl.lit(now, pl.Datetime("us", "UTC")),
    )
    return QUARANTINE.conform(rows)


def _quarantine_whole(
    lake: Lake, document: Document, head: ReleaseHead | None, error: TronaError, *, now: datetime, run_id: str
) -> None:
    """Keep the refusal of a whole document or release as one row, once."""
    head = head or ReleaseHead("", "", "", now, document.sha256, document.name)
    release_id = head.release_id if head.chain else f"document-{document.sha256[:12]}"
    whole = {"row": "whole", "rule": "release_refused", "column": "", "value": error.found, "message": error.what}
    row = pl.DataFrame([whole], schema_overrides=REFUSED.schema)
    rows = _build_quarantine(REFUSED.conform(row), head, now=now, run_id=run_id)
    rows = rows.with_columns(
        release_id=pl.lit(release_id),
        review_month=pl.when(pl.col("review_month") == "").then(pl.lit("unknown")).otherwise("review_month"),
    )
    try:
        lake.table(QUARANTINE).append(rows, claim=f"refused:{release_id}:{short_hash(error.what)}")
    except ClaimTaken:
        return  # refused before, for the same reason


def _is_readable(path: Path) -> bool:
    return is_table(path.name) or is_review(path.name)


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
