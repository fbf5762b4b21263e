"""How long a document takes to become a run under `trona up`, and what Prefect adds to a month and to a backfill.

    python -m bench.bench_operate [--documents 11] [--months 240]

Prints one line per figure: what, median, the single values.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[1]
HEAD = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit\n"


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--documents", type=int, default=11)
    reader.add_argument("--months", type=int, default=240)
    reader.add_argument("--port", type=int, default=4399)
    asked = reader.parse_args()
    print(f"load before: {os.getloadavg()}")
    with tempfile.TemporaryDirectory() as folder:
        serve(Path(folder), asked.documents, asked.months, asked.port)


def write_review(number: int) -> str:
    year, month = 1990 + number // 12, number % 12 + 1
    rows = (f"{segment},,production,{year}-{month:02},actual,mom_pct,{number % 7},%" for segment in ("cathode", "cell"))
    return HEAD + "".join(f"bench,sodium_ion,{year}-{month:02},{year + 1}-01-05,{row}\n" for row in rows)


def serve(folder: Path, documents: int, months: int, port: int) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
    (folder / "receivers.toml").write_text('[[receiver]]\nname = "file"\nkind = "file"\n')
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", "up", "--port", str(port)],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(ROOT)},
        stdout=(folder / "out").open("w"),
        stderr=(folder / "log").open("w"),
    )
    try:
        wait_for(lambda: "ready" in (folder / "out").read_text())
        print(f"trona up to ready, new database: {time.perf_counter() - begun:.1f} s")
        measure_arrivals(folder, documents, f"http://127.0.0.1:{port}/api")
        measure_backfill(folder, months, f"http://127.0.0.1:{port}/api")
        begun = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        process.wait()
        print(f"stop: {time.perf_counter() - begun:.1f} s")
    finally:
        process.kill()


def measure_arrivals(folder: Path, documents: int, api: str) -> None:
    """From the rename into the inbox to the first line of the flow, and to the end of it; the first is not counted."""
    starts, ends = [], []
    for number in range(documents + 1):
        name = f"d{number:03}.csv"
        (folder / "inbox" / f".{name}").write_text(write_review(number))
        dropped = datetime.now(UTC)
        (folder / "inbox" / f".{name}").rename(folder / "inbox" / name)
        wait_for(lambda name=name: (folder / "inbox" / "done" / name).exists())
        wait_for(lambda: not ask(api, "/flow_runs/count", {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}))
        (run,) = ask(
            api,
            "/flow_runs/filter",
            {"sort": "START_TIME_DESC", "limit": 1, "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}},
        )
        if number:
            starts.append((datetime.fromisoformat(run["start_time"]) - dropped).total_seconds())
            ends.append((datetime.fromisoformat(run["end_time"]) - dropped).total_seconds())
        time.sleep(1)
    tell("document to the start of its run", starts)
    tell("document to the end of its run", ends)


def measure_backfill(folder: Path, months: int, api: str) -> None:
    """The same months by hand under Prefect, and by the same functions called directly."""
    old = folder / "old"
    old.mkdir()
    for number in range(months):
        (old / f"b{number:03}.csv").write_text(write_review(number + 120).replace("bench,", "old,"))
    (deployment,) = ask(api, "/deployments/filter", {"deployments": {"name": {"any_": ["by-hand"]}}})
    made = ask(api, f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"folder": str(old)}})
    states = {"COMPLETED", "FAILED", "CRASHED"}
    wait_for(lambda: get(api, f"/flow_runs/{made['id']}")["state_type"] in states, 1800)
    run = get(api, f"/flow_runs/{made['id']}")
    print(f"backfill of {months} months under Prefect: {run['total_run_time']:.1f} s, {run['state_type']}")
    begun = time.perf_counter()
    code = "import sys; from bench.bench_operate import backfill_directly; backfill_directly(*sys.argv[1:])"
    subprocess.run([sys.executable, "-c", code, str(folder / "direct"), str(old)], cwd=ROOT, check=True)
    direct = time.perf_counter() - begun
    print(f"the same, functions called directly: {direct:.1f} s with imports")
    print(f"overhead per month: {(run['total_run_time'] - direct) / months:.3f} s")


def backfill_directly(lake: str, documents: str) -> None:
    """What the flow does, without Prefect."""
    from data_lake.lake import open_lake
    from tasks.alerts import record_candidates
    from tasks.derive import load_chains, refresh_derived
    from tasks.evaluate import judge_months, mark_evaluated, plan_steps
    from tasks.ingest import Stated, find_documents, load_document, take_in

    store, now = open_lake(lake), datetime.now(UTC)
    for path in find_documents([Path(documents)]):
        take_in(store, load_document(path), Stated(), now=now, run_id="direct")
    chains, plan = load_chains(store, None), plan_steps(store)
    for step in plan.steps:
        found = judge_months(store, chains, first=step.first, last=step.last, as_of=step.as_of)
        record_candidates(
            store, found, months=(step.first, step.last), as_of=step.as_of, recorded_at=now, run_id="direct", quiet=True
        )
    refresh_derived(store, chains, first=min(step.first for step in plan.steps), as_of=now)
    mark_evaluated(store, plan.pending, at=now, run_id="direct")


def wait_for(is_so: Callable[[], Any], seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "too slow"
        time.sleep(0.05)


def ask(api: str, path: str, body: object) -> Any:
    request = Request(f"{api}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


def get(api: str, path: str) -> Any:
    with urlopen(f"{api}{path}", timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())


def tell(what: str, seconds: list[float]) -> None:
    print(
        f"{what}: median {statistics.median(seconds):.2f} s of {len(seconds)} ({', '.join(f'{s:.1f}' for s in seconds)})"
    )


if __name__ == "__main__":
    main()
