"""Random histories of reviews, and runs over them: what the flows do, without Prefect."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import polars as pl

from contracts.figures import FIGURES
from contracts.period import add_months
from contracts.releases import RELEASES
from data_lake.lake import Lake
from data_lake.ledger import read_ledger
from data_lake.releases import retract_release
from tasks.alerts import Entry, Scope, record_candidates
from tasks.alerts.evaluate import evaluate_months
from tasks.alerts.steps import list_steps, plan_steps, record_evaluated
from tasks.comparing.refresh import load_chains, refresh_derived
from tasks.intake.figure_rows import build_figures, build_release
from tests.builders import head, read_rows
from tests.tasks.alerts.rows import published

START = date(2025, 1, 1)
SEGMENTS = {
    "sodium_ion": ("cathode", "cell"),
    "lithium_ion": ("cell", "lithium_carbonate"),
    "solar": ("wafer", "module"),
}
PRODUCTS = {"sodium_ion": "nfpp", "lithium_ion": "lfp", "solar": "n_type"}
"""A product of the first segment."""
GROWTH = (-60.0, -12.0, -3.0, 2.0, 8.0, 15.0, 40.0)


@dataclass(frozen=True)
class Review:
    """One release of a world's source: the month it reviews, when it was published, and its rows."""

    source: str
    month: date
    at: datetime
    rows: tuple[dict[str, object], ...]
    chain: str = "sodium_ion"

    @cached_property
    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The release and its figures, as recorded at their publication."""
        name = hashlib.sha256(f"{self.source}{self.month}{self.at}".encode()).hexdigest()
        release = head(
            source=self.source,
            chain=self.chain,
            review_month=f"{self.month:%Y-%m}",
            published_at=self.at,
            document=name,
        )
        rows = read_rows(*({**row, "place": f"row {i}"} for i, row in enumerate(self.rows)))
        figures = build_figures(rows, release, recorded_at=self.at)
        return build_release(release, at=self.at, figures=figures.height), figures

    @property
    def release_id(self) -> str:
        return self.frames[0]["release_id"].item()


def make_worlds(seed: int, count: int, months: int = 6) -> list[Review]:
    """So many worlds, each a source of its own in one lake, in order of publication."""
    worlds = [make_world(random.Random(1000 * seed + i), f"w{i:03}", months) for i in range(count)]
    return sorted((review for world in worlds for review in world), key=lambda r: (r.at, r.source))


def make_chains(seed: int, months: int) -> list[Review]:
    """A world in each of some chains, which publish on days of their own, some after the deadlines of others."""
    worlds = [
        make_world(random.Random(100 * seed + i), f"c{i}", months, chain, timedelta(days=5 * i))
        for i, chain in enumerate(SEGMENTS)
    ]
    return sorted((review for world in worlds for review in world), key=lambda r: (r.at, r.source))


def make_world(
    rng: random.Random, source: str, months: int, chain: str = "sodium_ion", later: timedelta = timedelta(0)
) -> list[Review]:
    """Reviews of some months: with restatements, corrections, shares, repeated forecasts, and months without one."""
    reviews, segments = [], SEGMENTS[chain]
    for i in range(months):
        month = add_months(START, i)
        if i and rng.random() < 0.1:
            continue
        rows = [row for segment in segments for row in _state_segment(rng, segment, month)]
        rows.append(
            _row(
                month,
                "actual",
                float(rng.choice([20, 24, 38, 50])),
                measure="share_pct",
                product=PRODUCTS[chain],
                segment=segments[0],
            )
        )
        if rng.random() < 0.4:  # levels of two months and the change between them seldom agree
            rows.append(_row(month, "actual", rng.choice([90.0, 100.0, 140.0]), measure="level", unit="t"))
        if i > 1 and rng.random() < 0.4:
            old = add_months(month, -rng.randint(1, i))
            rows.append(_row(old, "actual", rng.choice(GROWTH), segment=rng.choice(segments)))
        reviews.append(Review(source, month, published(month) + later, tuple(rows), chain))
        if rng.random() < 0.2:
            twin = _row(month, "actual", rng.choice(GROWTH), segment=rng.choice(segments))
            reviews.append(Review(source, month, published(month) + later + timedelta(days=9), (twin,), chain))
    return reviews


def _state_segment(rng: random.Random, segment: str, month: date) -> list[dict[str, object]]:
    rows = [_row(month, "actual", rng.choice(GROWTH), segment=segment)]
    rows += [_row(add_months(month, 1), "forecast", rng.choice(GROWTH), segment=segment)] if rng.random() < 0.8 else []
    if rng.random() < 0.4:
        rows.append(_row(month, "actual", rng.choice([30.0, 90.0, 139.0]), segment=segment, measure="yoy_pct"))
    if rng.random() < 0.5:
        forecast = rng.choice([30.0, 139.0])
        rows.append(_row(add_months(month, 1), "forecast", forecast, segment=segment, measure="yoy_pct"))
    return rows


def _row(month: date, kind: str, value: float, **values: object) -> dict[str, object]:
    return {"period": f"{month:%Y-%m}", "kind": kind, "value": value, **values}


def ingest(lake: Lake, reviews: Sequence[Review]) -> None:
    """Record the releases, all in one commit a table."""
    if reviews:
        lake.table(FIGURES).append(pl.concat([review.frames[1] for review in reviews]))
        lake.table(RELEASES).append(pl.concat([review.frames[0] for review in reviews]))


def run(
    lake: Lake, now: datetime, *, is_live: bool = True, until: datetime | None = None, is_narrow: bool = True
) -> pl.DataFrame:
    """One run at `now` over what the lake holds; the changes it made to the ledger.

    Where it is not narrow, every instant after a change that waits is judged again for all chains.
    """
    chains = load_chains(lake)
    plan = plan_steps(lake, until=until or now, chains=chains)
    if not is_narrow and plan.steps:
        plan = plan._replace(steps=list_steps(lake, since=plan.steps[0].as_of, until=until or now))
    entered = []
    for step in [*plan.steps, *([plan.today] if is_live and plan.today else [])]:
        judged = step.choose(chains)
        found = evaluate_months(lake, judged, first=step.first, last=step.last, as_of=step.as_of)
        rows = record_candidates(
            lake,
            found,
            Scope((step.first, step.last), tuple(judged)),
            Entry(step.as_of, now, "run", quiet=not is_live),
        )
        entered.append(rows)
    if plan.steps:
        refresh_derived(lake, chains, as_of=now)
    record_evaluated(lake, plan.pending, until=until or now, at=now, run_id="run")
    return pl.concat(entered) if entered else pl.DataFrame()


def retract(lake: Lake, review: Review, at: datetime) -> None:
    retract_release(lake, review.release_id, reason="wrong", at=at)


def read_history(lake: Lake) -> pl.DataFrame:
    """Every change of the ledger but who wrote it when."""
    columns = [c for c in read_ledger(lake).columns if c not in {"run_id", "recorded_at"}]
    return read_ledger(lake).select(columns).sort("alert_id", "change")
