"""Rebuilding everything that is computed, in a fresh folder, and holding it against what the lake has."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

import polars as pl

from contracts.chain import Chain
from contracts.comparisons import COMPARISONS
from contracts.scores import SCORES
from contracts.text import fill_text
from data_lake.lake import Lake
from data_lake.ledger import read_alerts
from tasks.alerts import Entry, Scope, record_candidates
from tasks.alerts.evaluate import evaluate_months
from tasks.alerts.steps import list_changes, list_steps
from tasks.comparing.refresh import derive_months, known_span, split_years

_ALERT = (
    *("alert_id", "rule", "severity", "state", "chain", "segment", "product", "measure", "month"),
    *("title", "first_at"),
)


def rebuild(lake: Lake, fresh: Lake, chains: Mapping[str, Chain], *, as_of: datetime) -> None:
    """Build comparisons, scores and the ledger's events of `lake` as of an instant, into `fresh`."""
    span = known_span(lake)
    if span is None:
        return
    for first, last in split_years(*span):
        derived = derive_months(lake, chains, months=(first, last), as_of=as_of)
        fresh.table(COMPARISONS).replace(derived.comparisons, set())
        fresh.table(SCORES).replace(derived.scores, set())
    for step in list_steps(lake, until=as_of):
        record_candidates(
            fresh,
            evaluate_months(lake, chains, first=step.first, last=step.last, as_of=step.as_of),
            Scope((step.first, step.last), tuple(chains)),
            Entry(step.as_of, step.as_of, "replay", quiet=True),
        )


class Settled(NamedTuple):
    """What of a lake can be held against a rebuilt one: the ledger up to an instant, tables before a month.

    `waiting` are the releases and withdrawals whose consequences are not drawn yet; `before` is None where all months
    are settled.
    """

    until: datetime
    before: date | None
    waiting: int


def find_settled(lake: Lake, as_of: datetime) -> Settled:
    """What is settled as of an instant: what no change rests on that waits for `trona run`, or came after it.

    Stored tables hold the latest knowledge. A month rests on the months before it, and on the rest of its own year and
    the next (see `refresh_derived`).
    """
    changes = list_changes(lake)
    waiting = changes.filter(~pl.col("is_evaluated"))
    unsettled = changes.filter(~pl.col("is_evaluated") | (pl.col("instant") > as_of))
    first = unsettled["first"].min()
    instants = waiting["instant"].to_list()
    return Settled(
        until=min([as_of, *(instant - timedelta(microseconds=1) for instant in instants)]),
        before=date(first.year - 1, 1, 1) if isinstance(first, date) else None,
        waiting=waiting.height,
    )


def compare_lakes(lake: Lake, fresh: Lake, settled: Settled) -> pl.DataFrame:
    """What differs between the stored and the rebuilt tables: `table`, `part`, `difference`; no row = identical.

    Comparisons and scores are compared by the hash of the bytes of each settled month, alerts (events only, since a
    state is about the day it was looked at) by what stands as of the settled instant: what was taken back is none.
    """
    rows = []
    for table in (COMPARISONS, SCORES):
        stored = _digests(lake.table(table).files())
        rebuilt = _digests(fresh.table(table).files())
        rows += [
            (table.name, part, _say_difference(part in stored, part in rebuilt))
            for part in sorted(stored.keys() | rebuilt.keys())
            if stored.get(part) != rebuilt.get(part)
            and (settled.before is None or date.fromisoformat(part) < settled.before)
        ]
    return pl.concat(
        [
            pl.DataFrame(rows, schema=["table", "part", "difference"], schema_overrides=_TEXTS, orient="row"),
            _compare_alerts(lake, fresh, settled.until),
        ]
    )


_TEXTS = {"table": pl.String, "part": pl.String, "difference": pl.String}


def _digests(files: Mapping[str, str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, part in files.items():
        found.setdefault(part, set()).add(name)
    return {part: frozenset(names) for part, names in found.items()}


def _say_difference(is_stored: bool, is_rebuilt: bool) -> str:  # noqa: FBT001 - two facts, both in the name
    if is_stored and is_rebuilt:
        return "the bytes differ"
    return "only in the lake" if is_stored else "only in the rebuilt folder"


def _compare_alerts(lake: Lake, fresh: Lake, as_of: datetime) -> pl.DataFrame:
    stored, rebuilt = (_events(one, as_of) for one in (lake, fresh))
    only_stored = stored.join(rebuilt, on=_ALERT, how="anti").with_columns(difference=pl.lit("only in the lake"))
    only_rebuilt = rebuilt.join(stored, on=_ALERT, how="anti").with_columns(
        difference=pl.lit("only in the rebuilt folder")
    )
    return pl.concat([only_stored, only_rebuilt]).select(
        table=pl.lit("alerts"), part=fill_text("{} {}", "alert_id", "title"), difference="difference"
    )


def _events(lake: Lake, as_of: datetime) -> pl.DataFrame:
    alerts = read_alerts(lake, as_of=as_of)
    stands = ~pl.col("state").is_in(["retracted", "resolved"])
    # that its numbers were amended is about what was written before, not about what holds
    state = pl.col("state").replace("amended", "fired")
    return alerts.filter(pl.col("kind") == "event", stands).with_columns(state).select(_ALERT)
