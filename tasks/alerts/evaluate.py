"""What the rules find in a lake: the tables of some months as of an instant, given to every rule."""

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from contracts.chain import Chain
from contracts.releases import NO_BREACH, QUARANTINE
from data_lake.lake import Lake
from data_lake.ledger import read_deliveries
from data_lake.releases import read_events, visible_releases
from tasks.alerts.candidates import find_alerts
from tasks.alerts.evaluation import Evaluation
from tasks.comparing.refresh import derive_months

MEMORY_YEARS = 1
"""Rules look back to January of the year before a month: for misses in a row, gaps of late, and how far shares usually
move. The rule depends on the month alone, so that a month is judged alike whichever span is asked for."""


def evaluate_months(
    lake: Lake, chains: Mapping[str, Chain], *, first: date, last: date, as_of: datetime
) -> pl.DataFrame:
    """What the rules find in the months from `first` to `last` with the knowledge of `as_of`: `CANDIDATES`.

    Writes nothing, so steps can be evaluated at the same time.
    """
    memory = date(first.year - MEMORY_YEARS, 1, 1)
    derived = derive_months(lake, chains, months=(memory, last), as_of=as_of)
    return find_alerts(
        Evaluation(
            scores=derived.scores,
            comparisons=derived.comparisons,
            figures=derived.vintages,
            releases=visible_releases(lake, as_of=as_of).collect(),
            quarantine=_read_quarantine(lake, as_of),
            deliveries=read_deliveries(lake).filter(pl.col("at") <= as_of),
            chains=chains,
            months=(first, last),
            as_of=as_of,
        )
    )


def _read_quarantine(lake: Lake, as_of: datetime) -> pl.DataFrame:
    """Refused rows as of an instant: those of releases public then; of what was refused whole, by when that was."""
    rows = lake.table(QUARANTINE).summarise("breaches", _find_breaches)
    known = read_events(lake).select("release_id").unique()
    public = visible_releases(lake, as_of=as_of).select("release_id").collect()
    whole = rows.join(known, on="release_id", how="anti").filter(pl.col("recorded_at") <= as_of)
    return pl.concat([rows.join(public, on="release_id", how="semi"), whole])


def _find_breaches(quarantine: pl.LazyFrame) -> pl.LazyFrame:
    return quarantine.filter(~pl.col("rule").is_in(NO_BREACH))
