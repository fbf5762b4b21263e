"""Ingesting a document: keep it by hash, read it, check it, record each release it states.

Reading and checking touch no table; recording is one call per release (`data_lake.releases`). What is
refused is kept too: the document by its hash, the rows and the reason in quarantine.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from contracts.chain import load_chain
from contracts.checks import ReleaseDoubtful, check_reading
from contracts.errors import ContractBroken, SourceUnavailable, TronaError, UsageError
from contracts.figures import READ_FIGURES
from contracts.readings import REFUSED, Document, DocumentHints, Reading, ReleaseHead, Settlement
from contracts.releases import DOUBTFUL_RULE, QUARANTINE, UNRESOLVED_RULE
from contracts.settlements import OUTCOMES
from contracts.text import fill_text, print_name
from data_lake.delta import ClaimTaken
from data_lake.lake import Lake
from data_lake.releases import record_release, recorded_documents, withdrawn_releases
from tasks.intake.clashes import describe_clashes, find_rivals, record_after
from tasks.intake.documents import load_document, read_guarded
from tasks.intake.figure_rows import build_figures, build_release, build_settlements, short_hash
from tasks.intake.past_of_series import hold_against_past
from tasks.intake.review_sheets import find_base, find_reviewed, open_review_sheet, read_sheet, state_hints
from tasks.intake.usual_set import count_usual_figures, describe_few
from tasks.tables import find_mapping, is_table

MOST_TOLD = 10
_CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True)
class IngestOutcome:
    """What became of one release of a document. `settled` says of a review sheet by whom, and what was changed.

    `few` says so where a review has far fewer figures than those before it (`usual_set`).
    `unplaced` holds what was seen but could not be placed, and `refusals` what was refused, a line each, the first
    `MOST_TOLD` of them; `clashes` the figures of which another value is recorded for the same day, a line each.
    `recorded`; `known` (nothing new); `withdrawn` (it was retracted); `refused`; `skipped` (outside the months asked
    for); `readable` (dry run).
    """

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
    doubtful: int = 0
    settled: str = ""
    few: str = ""
    unplaced: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    clashes: tuple[str, ...] = ()
    error: TronaError | None = field(default=None, repr=False)


def check_as_ingest(
    reading: Reading, chains_folder: Path | None
) -> tuple[pl.DataFrame, pl.DataFrame, ContractBroken | None]:
    """Figures that would be recorded, refused rows, and the error where the release would be refused whole."""
    try:
        return *check_reading(reading, chain=load_chain(reading.head.chain, chains_folder)), None
    except ContractBroken as error:
        refused = error.refused if isinstance(error, ReleaseDoubtful) else reading.refused
        return READ_FIGURES.empty(), refused, error


def later(now: datetime, number: int) -> datetime:
    """When the so-many-th document of a command is recorded, counted from 1: a microsecond after the one before it.

    Documents are read several at a time, yet of two vintages of one instant the one recorded last is the later.
    """
    return now + timedelta(microseconds=number - 1)


def ingest_file(
    lake: Lake, path: Path, hints: DocumentHints, *, now: datetime, run_id: str, dry_run: bool = False
) -> list[IngestOutcome]:
    """Ingest the document in a file, with the mapping that lies beside it where none is named."""
    mapping = hints.mapping or (find_mapping(path) if is_table(path.name) else None)
    hints = replace(hints, mapping=mapping, beside=path.parent)
    try:
        document = load_document(path)
    except ContractBroken as error:
        return [IngestOutcome(print_name(path.name), "refused", error=error)]
    return ingest_document(lake, document, hints, now=now, run_id=run_id, dry_run=dry_run)


def ingest_document(
    lake: Lake, document: Document, hints: DocumentHints, *, now: datetime, run_id: str, dry_run: bool = False
) -> list[IngestOutcome]:
    """Keep the document, read it, and record every release that it states and that is new.

    A review sheet states what a person settled; the document that it is about, beside it (`hints.beside`) or kept in
    the lake, is ingested first where it was not.
    A release that breaks a contract as a whole is refused with its error in the outcome, the others go on.
    A dry run writes nothing. Errors of the lake itself are raised.
    """
    if not dry_run:
        lake.keep_document(document.sha256, document.content)
    before: list[IngestOutcome] = []
    try:
        sheet = open_review_sheet(document)
        if sheet is None:
            readings = [hold_against_past(lake, reading, hints) for reading in read_guarded(document, hints)]
        else:
            reviewed = find_reviewed(lake, sheet, document, hints.beside)
            if find_base(lake, sheet) is None:
                stated = state_hints(sheet, document, hints)
                before = ingest_document(lake, reviewed, stated, now=now, run_id=run_id, dry_run=dry_run)
            readings = [read_sheet(sheet, document, reviewed, find_base(lake, sheet), hints)]
    except (ContractBroken, UsageError, SourceUnavailable) as error:
        if not dry_run:
            _quarantine_whole(lake, document, None, error, now=now, run_id=run_id)
        return [IngestOutcome(document.name, "refused", error=error)]
    known, withdrawn = recorded_documents(lake), frozenset(withdrawn_releases(lake))
    outcomes = [outcome for outcome in before if outcome.status == "recorded"]
    for reading in readings:
        outcome = _Intake(lake, document, known, hints, now, run_id, dry_run, withdrawn).take(reading)
        outcomes.append(outcome)
        if outcome.status == "recorded" and len(readings) > 1:
            known = recorded_documents(lake)
    return outcomes


@dataclass(frozen=True)
class _Intake:
    """One document on its way into the lake."""

    lake: Lake
    document: Document
    known: pl.DataFrame
    hints: DocumentHints
    now: datetime
    run_id: str
    dry_run: bool
    withdrawn: frozenset[str]

    def take(self, reading: Reading) -> IngestOutcome:
        head = reading.head
        outcome = IngestOutcome(
            document=self.document.name,
            status="known",
            release_id=head.release_id,
            source=head.source,
            chain=head.chain,
            review_month=head.review_month,
            published_at=head.published_at,
            unresolved=reading.unresolved.height,
            doubtful=reading.doubtful.height,
            settled=describe_settlement(reading.settled) if reading.settled else "",
            unplaced=_list_unplaced(reading.unresolved),
        )
        if not self.hints.wants(head.review_month):
            return replace(outcome, status="skipped")
        if head.release_id in self.known["release_id"]:
            return outcome
        if head.release_id in self.withdrawn:
            return replace(outcome, status="withdrawn")
        try:
            _check_publication(head, self.known, self.now, is_settled=reading.settled is not None)
            chain = load_chain(head.chain, self.hints.chains_folder)
            good, refused = check_reading(reading.as_published(), chain=chain)
        except (ContractBroken, UsageError) as error:
            if not self.dry_run:
                _quarantine_whole(self.lake, self.document, head, error, now=self.now, run_id=self.run_id)
            return replace(outcome, status="refused", error=error)
        rivals = find_rivals(self.lake, self.known, head, good, zone=chain.calendar.time_zone)
        clashes = describe_clashes(rivals)
        outcome = replace(outcome, figures=good.height, quarantined=refused["row"].n_unique())
        outcome = replace(outcome, clashes=clashes, refusals=list_refusals(refused))
        if reading.confidence:  # read from prose
            usual = count_usual_figures(self.lake, head)
            outcome = replace(outcome, few=describe_few(good.height, usual, self.document.name))
        if self.dry_run:
            return replace(outcome, status="readable")
        kept = pl.concat([refused, refuse_unresolved(reading.unresolved), refuse_doubtful(reading.doubtful)])
        return replace(
            outcome,
            status="recorded" if self.record(outcome, reading, good, kept, record_after(rivals, self.now)) else "known",
        )

    def record(
        self, outcome: IngestOutcome, reading: Reading, good: pl.DataFrame, refused: pl.DataFrame, at: datetime
    ) -> bool:
        head, settled = reading.head, reading.settled
        figures = build_figures(good, head, recorded_at=at, settled=settled)
        quarantine = build_quarantine(refused, head, now=self.now, run_id=self.run_id)
        release = build_release(
            head,
            at=at,
            figures=figures.height,
            quarantined=outcome.quarantined,
            unresolved=outcome.unresolved,
            settled=settled,
        )
        settlements = build_settlements(settled, head, recorded_at=at) if settled else None
        return record_release(self.lake, release, figures, quarantine, settlements)


def _check_publication(head: ReleaseHead, known: pl.DataFrame, now: datetime, *, is_settled: bool) -> None:
    if head.published_at > now + _CLOCK_SLACK:
        raise ContractBroken(
            "the release claims to be published in the future",
            where=f"{head.document_name} · {head.source} {head.review_month}",
            found=f"published {head.published_at:%Y-%m-%d %H:%M} UTC, now is {now:%Y-%m-%d %H:%M} UTC",
            effect="nothing of this release was recorded",
            next="correct the date with --published, or ingest it after that day"
            if not is_settled
            else 'correct the day beside "settled at" on the sheet About',
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


def build_quarantine(refused: pl.DataFrame, head: ReleaseHead, *, now: datetime, run_id: str) -> pl.DataFrame:
    """Rows of `QUARANTINE` from rows of `REFUSED` and the release that states them."""
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


def refuse_doubtful(doubtful: pl.DataFrame) -> pl.DataFrame:
    """Doubtful readings as rows of quarantine, rule `doubtful`: what was read, how sure it is, and the doubt."""
    low, high = pl.col("lower").fill_null(float("-inf")), pl.col("upper").fill_null(float("inf"))
    rows = doubtful.select(
        *("segment", "product", "metric", "measure", "period", "kind"),
        row="place",
        rule=pl.lit(DOUBTFUL_RULE),
        column=pl.lit(""),
        value=pl.coalesce(pl.col("value").cast(pl.String), pl.concat_str(low, pl.lit(" to "), high)),
        message=fill_text("{} (confidence {}): {}", "doubt", "confidence", "evidence"),
    )
    return REFUSED.conform(rows.unique(["row", "rule", "column"], keep="first", maintain_order=True))


def refuse_unresolved(unresolved: pl.DataFrame) -> pl.DataFrame:
    """Statements that could not be placed as rows of quarantine, rule `unresolved`, so that a person sees them."""
    return REFUSED.conform(
        unresolved.select(
            row="place",
            rule=pl.lit(UNRESOLVED_RULE),
            column=pl.lit(""),
            value="text",
            message=pl.concat_str("reason", pl.lit(": "), "sentence"),
        )
    )


def describe_doubt(outcome: IngestOutcome) -> str:
    """What to do about a release's doubtful readings, in a line; empty where it has none."""
    if not outcome.doubtful or outcome.status == "known":
        return ""
    needs = "figure needs" if outcome.doubtful == 1 else "figures need"
    look = f"trona settle {outcome.release_id} --xlsx review.xlsx --write"
    if outcome.settled:
        return f"{outcome.doubtful} {needs} a look still: {look}"
    return f"{outcome.doubtful} {needs} a look: {look}, or take all with --accept-doubtful"


def describe_settlement(settled: Settlement) -> str:
    """`settled by Ann: 20 confirmed, 2 corrected, 1 added, 1 rejected`: by whom, and how many numbers of each."""
    counts = dict(settled.numbers.filter(pl.col("outcome") != "open").group_by("outcome").len().rows())
    told = ", ".join(f"{counts[word]} {word}" for word in OUTCOMES if word in counts)
    return f"settled by {settled.by}: {told or 'nothing was decided'}"


def list_refusals(refused: pl.DataFrame) -> tuple[str, ...]:
    """The first refused rows, a line each: place, rule, what was found, what was expected."""
    lines = refused.head(MOST_TOLD).select(fill_text("{} · {} · {}: {}", "row", "rule", "value", "message")).to_series()
    more = refused.height - MOST_TOLD
    return (*lines, *([f"and {more} more"] if more > 0 else []))


def _list_unplaced(unresolved: pl.DataFrame) -> tuple[str, ...]:
    first = unresolved.head(MOST_TOLD)
    return tuple(f"{row['text']} ({row['reason']}): {row['sentence']}" for row in first.to_dicts())


def _quarantine_whole(
    lake: Lake, document: Document, head: ReleaseHead | None, error: TronaError, *, now: datetime, run_id: str
) -> None:
    """Keep the refusal of a whole document or release as one row, once."""
    head = head or ReleaseHead("", "", "", now, document.sha256, document.name)
    release_id = head.release_id if head.chain else f"document-{document.sha256[:12]}"
    # Its rows as well, where they are known: a row is looked for under its own place and value.
    single = error.refused if isinstance(error, ReleaseDoubtful) else REFUSED.empty()
    whole = {"row": "whole", "rule": "release_refused", "column": "", "value": error.found, "message": error.what}
    row = pl.DataFrame([whole], schema_overrides=REFUSED.schema)
    rows = build_quarantine(pl.concat([REFUSED.conform(row), single]), head, now=now, run_id=run_id)
    rows = rows.with_columns(
        release_id=pl.lit(release_id),
        review_month=pl.when(pl.col("review_month") == "").then(pl.lit("unknown")).otherwise("review_month"),
    )
    try:
        lake.table(QUARANTINE).append(rows, claim=f"refused:{release_id}:{short_hash(error.what)}")
    except ClaimTaken:
        return  # refused before, for the same reason
