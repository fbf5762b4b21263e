"""Contracts against the same predicates in raw polars: rules of rows, and a whole release with its group rules.

The raw side computes the very expressions of the rules in one query, finds duplicate keys with the same expression,
and filters; it names no rule and makes no quarantine.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
import polars as pl

from bench.measure import Result, hold, measure, measure_in_turn, show
from contracts.chain import load_chain
from contracts.checks import check_figures, list_figure_rules
from contracts.errors import ContractBroken
from contracts.figures import READ_FIGURES
from contracts.readings import ReleaseHead
from contracts.rules.engine import find_breaches
from contracts.rules.keys import find_repeats
from contracts.rules.shares import find_share_contradictions

SEED = 20260205
SMALL = ["20"]
CHAIN = load_chain("sodium_ion")
HEAD = ReleaseHead("made", "sodium_ion", "2026-01", datetime(2999, 12, 31, tzinfo=UTC), "0" * 64, "made.csv")
_MEASURES = ("mom_pct", "yoy_pct", "ytd_yoy_pct", "share_pct", "level")
_METRICS = ("production", "shipments", "inventory", "capacity")
# Above this the frames of four processes at once would not fit into the memory of a small machine.
_IN_TURN = 2_000_000
_frames: dict[tuple[int, float], pl.DataFrame] = {}


def make_figures(rows: int, bad: float) -> pl.DataFrame:
    """Figures of one made release, every key once; a part `bad` of them claims a change of −140 %."""
    if (rows, bad) in _frames:
        return _frames[rows, bad]
    random = np.random.default_rng(SEED)
    nodes = [
        (s.name, p, bool(p and s.parents[p]))
        for s in CHAIN.segments
        for p in ("", *s.parents)
        if "t" in s.units.values()
    ]
    number = pl.int_range(rows, eager=True)
    sizes = (len(nodes), len(_MEASURES), len(_METRICS), 12)
    steps = [int(np.prod(sizes[:i])) for i in range(len(sizes) + 1)]
    pick = [(number // step) % size for step, size in zip(steps, sizes, strict=False)]
    measure = pl.Series(_MEASURES).gather(pick[1])
    # Shares that can all be true beside one another: 5 % of a kind of a product, 20 % of a product.
    share = pl.Series([5.0 if nested else 20.0 for *_, nested in nodes]).gather(pick[0])
    noise = pl.Series(random.normal(2, 12, rows).round(1)).clip(-99, None)
    is_bad = pl.Series(random.random(rows) < bad)
    frame = pl.DataFrame(
        {
            "segment": pl.Series([n for n, *_ in nodes]).gather(pick[0]),
            "product": pl.Series([p for _, p, _ in nodes]).gather(pick[0]),
            "metric": pl.Series(_METRICS).gather(pick[2]),
            "measure": measure,
            "period": (1000 + number // steps[4]).cast(pl.String) + "-" + (pick[3] + 1).cast(pl.String).str.zfill(2),
            "value": pl.select(
                pl.when(is_bad & measure.is_in(_MEASURES[:3]))
                .then(-140.0)
                .when(measure == "share_pct")
                .then(share)
                .otherwise(noise.abs())
            ).to_series(),
            "unit": pl.select(pl.when(measure == "level").then(pl.lit("t")).otherwise(pl.lit("%"))).to_series(),
            "place": "row " + number.cast(pl.String),
        }
    ).with_columns(
        kind=pl.lit("actual"),
        qualifier=pl.lit("exact"),
        half_width=pl.lit(0.05),
        evidence=pl.lit("a cell"),
        rule=pl.lit("long_table"),
        note=pl.lit(""),
        source_url=pl.lit(""),
    )
    _frames[rows, bad] = READ_FIGURES.conform(frame)
    return _frames[rows, bad]


def check_rows(rows: int, bad: float) -> int:
    """Rules of rows through the contract."""
    return find_breaches(make_figures(rows, bad), table=READ_FIGURES, rules=list_figure_rules(CHAIN, HEAD)).height


def filter_rows(rows: int, bad: float) -> int:
    """The same rules as one filter in raw polars, and the rows it drops."""
    frame = make_figures(rows, bad)
    return rows - _filter(frame).height


def check_release(rows: int, bad: float) -> int:
    """The whole contract of a release."""
    try:
        return check_figures(make_figures(rows, bad), chain=CHAIN, head=HEAD)[1].height
    except ContractBroken:
        return -1


def filter_release(rows: int, bad: float) -> int:
    """The whole contract's predicates in raw polars."""
    good = _filter(make_figures(rows, bad))
    broken = find_repeats(good, READ_FIGURES.key).height + find_share_contradictions(good, CHAIN).height
    return rows - good.height + broken


def _filter(frame: pl.DataFrame) -> pl.DataFrame:
    rules = list_figure_rules(CHAIN, HEAD)
    verdicts = frame.lazy().select(r.passes.fill_null(value=True).alias(r.key) for r in rules).collect()
    return frame.filter(verdicts.select(pl.all_horizontal(pl.all())).to_series())


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """Each number of rows, without and with 1 % of bad ones."""
    for rows in map(int, options or ("20", "2000", "1000000")):
        rounds = 9 if rows < 100_000 else 5 if rows <= 1_000_000 else 3
        for bad in (0.0, 0.01):
            works = {
                "raw rules": (filter_rows, (rows, bad)),
                "contract rules": (check_rows, (rows, bad)),
                "raw release": (filter_release, (rows, bad)),
                "contract release": (check_release, (rows, bad)),
            }
            if rows <= _IN_TURN:
                found = measure_in_turn(works, rounds=rounds)
            else:
                found = {name: measure(work, *args, runs=rounds) for name, (work, args) in works.items()}
            for what in ("rules", "release"):
                title = {"rules": "rules of rows", "release": "whole release"}[what] + f", {bad:.0%} bad"
                raw = found[f"raw {what}"]
                yield hold(f"{title}, raw polars", rows, "rows", raw)
                ours = found[f"contract {what}"]
                yield hold(title, rows, "rows", ours, against=("raw polars", raw), target="≤ 1.5×")


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
