"""A document that comes late: ten years of several chains are evaluated, then a review of long ago is taken in.

python -m bench.bench_late [--chains 4] [--series 30] [--later 5 61 473]
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.bench_month import HEAD
from bench.made_lake import make_releases, record_made
from bench.measure import Result, hold, measure, show
from contracts.readings import ReleaseHead
from data_lake.lake import Lake, open_lake
from tasks.alerts import Entry, Scope, record_candidates
from tasks.alerts.evaluate import evaluate_months
from tasks.alerts.steps import pending_changes, plan_steps, record_evaluated
from tasks.comparing.refresh import load_chains

MONTHS = 120
SMALL = ["--chains", "1", "--series", "2", "--later", "2"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """A lake for each number of later instants; the late document is taken in by a process of its own."""
    asked = _parse(options)
    for later, target in zip(asked.later, ("≤ 1 s", "≤ 5 s", "≤ 10 s"), strict=False):
        with tempfile.TemporaryDirectory() as folder:
            month = MONTHS - 1 - later // asked.chains
            make_lake(Path(folder), asked.chains, asked.series, month)
            found = measure(judge_late, folder, asked.series, month, runs=1, warmup=0)
            yield hold(f"a late document, {found.result} instants judged", later, "instants", found, target=target)


def _parse(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--series", type=int, default=30)
    parser.add_argument("--later", type=int, nargs="+", default=[5, 61, 473])
    return parser.parse_args(options)


def make_lake(root: Path, chains: int, series: int, left_out: int) -> None:
    """Reviews of all chains, a day apart, but of the first chain not that of one month; noted as evaluated."""
    (root / "chains").mkdir()
    segments = "".join(
        f'[[segment]]\nname = "s{i:05}"\ntitle = "s{i:05}"\nnames = {{en = ["s{i:05}"]}}\nunits = {{production = "t"}}\n'
        for i in range(series)
    )
    lake = open_lake(root / "lake")
    for place in range(chains):
        (root / "chains" / f"made{place}.toml").write_text(HEAD + segments, encoding="utf-8")
        for number, (head, rows) in enumerate(make_releases(series=series, months=MONTHS)):
            if place or number != left_out:
                record_made(lake, name_chain(head, place), rows)
    record_evaluated(lake, pending_changes(lake)["release_id"].to_list(), until=NOW, at=NOW, run_id="made")


def name_chain(head: ReleaseHead, place: int) -> ReleaseHead:
    """The same release of another chain, published some days later."""
    parts = {name: getattr(head, name) for name in head.__dataclass_fields__}
    at = head.published_at + timedelta(days=place)
    return ReleaseHead(
        **parts | {"chain": f"made{place}", "document": f"{place}{head.document[1:]}", "published_at": at}
    )


def judge_late(folder: str, series: int, month: int) -> int:
    """Take the review in and evaluate what follows; how many steps."""
    root = Path(folder)
    lake = open_lake(root / "lake")
    head, rows = list(make_releases(series=series, months=month + 1))[-1]
    record_made(lake, name_chain(head, 0), rows)
    return evaluate_all(lake, root / "chains")


def evaluate_all(lake: Lake, folder: Path) -> int:
    """Every step that waits, oldest first."""
    chains = load_chains(lake, folder)
    plan = plan_steps(lake, until=NOW, chains=chains)
    for step in plan.steps:
        judged = step.choose(chains)
        found = evaluate_months(lake, judged, first=step.first, last=step.last, as_of=step.as_of)
        scope = Scope((step.first, step.last), tuple(judged))
        record_candidates(lake, found, scope, Entry(step.as_of, NOW, "late", quiet=True))
    return len(plan.steps)


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
