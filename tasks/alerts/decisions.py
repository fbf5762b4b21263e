"""What the ledger makes of an evaluation: which findings are news, changed, gone, held back, and who is to be told.

A pure function of candidates, ledger and silences. Deciding twice on the same inputs changes nothing the second time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from contracts.alerts import ALERTS
from contracts.period import add_months
from contracts.wording import name_severity, rank_severity
from tasks.alerts.identity import IDENTITY, add_alert_ids
from tasks.alerts.inhibition import find_inhibited
from tasks.alerts.rules.release_missing import NAME as RELEASE_MISSING
from tasks.alerts.rules.release_missing import WATCHED_MONTHS
from tasks.alerts.silences import find_silenced

ACTIVE = ("fired", "amended")
GROUP = ("source", "chain", "month")
_CARRIED = ("kind", "severity", "title", "detail", "figure_ids")


@dataclass(frozen=True)
class Scope:
    """What was evaluated: its months, chains and rules (None = all). What of it is not found any more is over."""

    months: tuple[date, date] | None = None
    chains: Collection[str] | None = None
    rules: Collection[str] | None = None

    def covers(self) -> pl.Expr:
        """Whether a row of the ledger is inside it."""
        inside = pl.lit(True)
        if self.months is not None:
            inside &= pl.col("month").is_between(*self.months)
        if self.chains is not None:
            inside &= pl.col("chain").is_in(list(self.chains))
        if self.rules is not None:
            inside &= pl.col("rule").is_in(list(self.rules))
        return inside


@dataclass(frozen=True)
class Entry:
    """How an evaluation enters the ledger: with the knowledge of `as_of`, at `recorded_at`, by a run.

    `quiet` (backfill, replay) records everything and tells nobody.
    """

    as_of: datetime
    recorded_at: datetime
    run_id: str
    quiet: bool = False


_EVERYTHING = Scope()


def decide(
    candidates: pl.DataFrame, ledger: pl.DataFrame, silences: pl.DataFrame, entry: Entry, scope: Scope = _EVERYTHING
) -> pl.DataFrame:
    """Rows of `ALERTS` to append; none where nothing changed.

    `ledger` holds every row of the months evaluated. An alert of it that is inside the evaluated `scope` and no
    candidate any more is retracted (event) or resolved (state). Findings are held against the ledger as of
    `entry.as_of`: where a document comes late, the instants after it are evaluated again, and what they add goes before
    what was written of them earlier. `first_at` is the instant since which an alert stands. `notify` says why people
    are told of a change; what they heard is read from all of the ledger:

    - first: it fires, or fires on once its inhibitor has cleared, and nobody was told yet; a gap of long ago that is
      first seen now (old documents taken in live) is only recorded
    - severity_up: it is worse than what people were told; other amendments are recorded in silence
    - retracted: an event that people were told of is none; resolved: no state of its group is left, and people
      were told of this one; returned: what people heard to be over is there again
    - silence_ended: a state still holds when the silence over it ends; a silenced event stays untold

    A quiet entry records everything and tells nobody. Silences are held against `entry.recorded_at`.
    """
    current = read_current(ledger.filter(pl.col("updated_at") <= entry.as_of))
    found = add_alert_ids(candidates)
    found = found.join(find_inhibited(found), on="alert_id", how="left")
    found = found.with_columns(pl.col("inhibited_by").fill_null(""))
    both = _pair(found, current, scope.covers())
    both = both.join(_read_told(ledger), on="alert_id", how="left").with_columns(
        pl.col("last_told", "announced_severity").fill_null(""), pl.col("last_change").fill_null(0)
    )
    both = both.join(find_silenced(both, silences, entry.recorded_at), on="alert_id", how="left")
    both = both.with_columns(pl.col("silence_id").fill_null(""))
    changed = both.with_columns(_next_state().alias("state")).filter(pl.col("state").is_not_null())
    changed = changed.with_columns(_say_why(entry).alias("notify"))
    changed = _hold_partial_resolutions(changed, both)
    return _write_rows(changed, entry)


def read_current(ledger: pl.DataFrame) -> pl.DataFrame:
    """The latest change of every alert in the ledger rows."""
    return ledger.filter(pl.col("change") == pl.col("change").max().over("alert_id"))


def _read_told(ledger: pl.DataFrame) -> pl.DataFrame:
    """What people heard of each alert, last_told and announced_severity, and its last_change so far.

    They may believe what is no longer so.
    """
    told = pl.col("notify") != ""
    return (
        ledger.sort("change")
        .group_by("alert_id")
        .agg(
            pl.col("notify").filter(told).last().alias("last_told"),
            pl.col("announced_severity").last(),
            pl.col("change").max().alias("last_change"),
        )
    )


def _pair(found: pl.DataFrame, current: pl.DataFrame, scope: pl.Expr) -> pl.DataFrame:
    """Finding and current state side by side; of what is gone the last words are kept."""
    old = current.filter(scope).select(
        "alert_id",
        *(pl.col(name).alias(f"old_{name}") for name in (*IDENTITY, *_CARRIED)),
        pl.col("state").alias("old_state"),
        pl.col("silence_id").alias("old_silence_id"),
        "first_at",
    )
    both = found.with_columns(pl.lit(True).alias("is_found")).join(old, on="alert_id", how="full", coalesce=True)
    return both.with_columns(
        pl.col("is_found").fill_null(False),
        pl.col("inhibited_by").fill_null(""),
        pl.col("old_silence_id").fill_null(""),
        *(pl.coalesce(name, f"old_{name}").alias(name) for name in (*IDENTITY, *_CARRIED)),
    ).sort(*IDENTITY)


def _next_state() -> pl.Expr:
    """The state to record; null where nothing is to be recorded."""
    is_held = pl.col("inhibited_by") != ""
    is_same = pl.all_horizontal(pl.col(n) == pl.col(f"old_{n}") for n in ("severity", "title", "detail"))
    was_active = pl.col("old_state").is_in(ACTIVE)
    was_held = pl.col("old_state") == "inhibited"
    is_gone = ~pl.col("is_found") & (was_active | was_held)
    end = pl.when(pl.col("kind") == "event").then(pl.lit("retracted")).otherwise(pl.lit("resolved"))
    return (
        pl.when(is_gone)
        .then(end)
        .when(~pl.col("is_found"))
        .then(None)
        .when(is_held & was_held & is_same)
        .then(None)
        .when(is_held)
        .then(pl.lit("inhibited"))
        .when(was_active & is_same & ~_is_silence_over())
        .then(None)
        .when(was_active & ~is_same)
        .then(pl.lit("amended"))
        .otherwise(pl.lit("fired"))
    )


def _is_silence_over() -> pl.Expr:
    """A state that was kept quiet, was never told, and is silenced no more."""
    return (
        (pl.col("kind") == "state")
        & (pl.col("old_silence_id") != "")
        & (pl.col("silence_id") == "")
        & (pl.col("announced_severity") == "")
    )


def _say_why(entry: Entry) -> pl.Expr:
    if entry.quiet:
        return pl.lit("")
    told = pl.col("announced_severity") != ""
    is_worse = rank_severity(pl.col("severity")) > rank_severity(pl.col("announced_severity"))
    heard_end = pl.col("last_told").is_in(["retracted", "resolved"])
    is_firing = pl.col("state").is_in(ACTIVE)
    is_new = pl.col("old_state").is_null() | pl.col("old_state").is_in(["inhibited", "retracted", "resolved"])
    return (
        pl.when(pl.col("silence_id") != "")
        .then(pl.lit(""))
        .when(is_firing & _is_silence_over() & pl.col("old_state").is_in(ACTIVE))
        .then(pl.lit("silence_ended"))
        .when(is_firing & heard_end)
        .then(pl.lit("returned"))
        .when(is_firing & told & is_worse)
        .then(pl.lit("severity_up"))
        .when(is_firing & ~told & is_new)
        .then(pl.when(_is_history(entry.recorded_at)).then(pl.lit("")).otherwise(pl.lit("first")))
        .when(is_firing & ~told & _rose())
        .then(pl.lit("severity_up"))
        .when(pl.col("state").is_in(["retracted", "resolved"]) & told & ~heard_end)
        .then(pl.col("state"))
        .otherwise(pl.lit(""))
    )


def _is_history(recorded_at: datetime) -> pl.Expr:
    watched = add_months(recorded_at.date().replace(day=1), -WATCHED_MONTHS)
    return (pl.col("rule") == RELEASE_MISSING) & (pl.col("month") < watched)


def _rose() -> pl.Expr:
    """Worse than the ledger had it: news even of an alert that a backfill or a silence kept untold."""
    return (rank_severity(pl.col("severity")) > rank_severity(pl.col("old_severity"))).fill_null(False)


def _hold_partial_resolutions(changed: pl.DataFrame, both: pl.DataFrame) -> pl.DataFrame:
    """A resolved state is told once all states of its group are; until then it is only recorded."""
    still = (
        both.filter(pl.col("is_found"), pl.col("kind") == "state", pl.col("inhibited_by") == "").select(GROUP).unique()
    )
    open_groups = still.with_columns(pl.lit(True).alias("is_open"))
    waits = (pl.col("notify") == "resolved") & pl.col("is_open").fill_null(False)
    return (
        changed.join(open_groups, on=list(GROUP), how="left")
        .with_columns(pl.when(waits).then(pl.lit("")).otherwise(pl.col("notify")).alias("notify"))
        .drop("is_open")
    )


def _write_rows(changed: pl.DataFrame, entry: Entry) -> pl.DataFrame:
    told, now = rank_severity(pl.col("announced_severity")), rank_severity(pl.col("severity"))
    is_told = pl.col("notify").is_in(["first", "severity_up", "returned", "silence_ended"])
    worst = pl.when(is_told).then(name_severity(pl.max_horizontal(told, now))).otherwise(pl.col("announced_severity"))
    return ALERTS.conform(
        changed.with_columns(
            pl.when(pl.col("old_state").is_in(["retracted", "resolved"]) | pl.col("old_state").is_null())
            .then(pl.lit(entry.as_of, ALERTS.schema["first_at"]))
            .otherwise("first_at")
            .alias("first_at"),
            pl.lit(entry.as_of, ALERTS.schema["updated_at"]).alias("updated_at"),
            pl.lit(entry.recorded_at, ALERTS.schema["recorded_at"]).alias("recorded_at"),
            pl.lit(entry.run_id).alias("run_id"),
            (pl.col("last_change") + 1).alias("change"),
            worst.alias("announced_severity"),
        )
    )
