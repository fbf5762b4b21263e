"""A review's reading held against what its source had published of the chain before."""

from datetime import datetime, timedelta

from contracts.readings import DocumentHints, Reading
from data_lake.figures import read_figures
from data_lake.lake import Lake
from data_lake.selection import Selection
from tasks.extraction import doubt_by_past

_STEP = timedelta(microseconds=1)


def hold_against_past(
    lake: Lake, reading: Reading, hints: DocumentHints, *, recorded_at: datetime | None = None
) -> Reading:
    """The reading of a review with those figures doubtful that the past of their series rules out; a table's as it is.

    The past is what the same source had published before the document appeared, and of that what this lake knew: all
    of it, or, for a release read again, what it knew when that was recorded (`recorded_at`). With
    `hints.accept_doubtful` the doubtful ones are figures all the same, each with its doubt as note.
    """
    if not reading.confidence:
        return reading
    head = reading.head
    past = read_figures(
        lake,
        Selection(source=head.source, chain=head.chain, kind="actual", measure="level"),
        as_of=head.published_at - _STEP,
        as_recorded=None if recorded_at is None else recorded_at - _STEP,
    )
    doubted = doubt_by_past(reading, past)
    return doubted.accept_doubtful() if hints.accept_doubtful else doubted
