"""What running by itself costs: document to alert, a month and a backfill under Prefect, and a server at rest.

    python -m bench.bench_operate [--documents 11] [--months 240] [--series 20 200 2000]

Every figure stands beside the same functions called directly, in the same run. Prints one line per figure: what,
median, the single values.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil

from bench.direct import work_directly
from bench.measure import Result, machine
from contracts.period import add_months, format_month

ROOT = Path(__file__).parents[1]
SMALL = None  # starts servers: minutes
HEAD = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit\n"


def measure_all(options: Sequence[str] = ()) -> list[Result]:
    """Print each figure as it is found."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--documents", type=int, default=11)
    reader.add_argument("--months", type=int, default=240)
    reader.add_argument("--series", type=int, nargs="*", default=[20, 200, 2000])
    reader.add_argument("--port", type=int, default=4399)
    asked = reader.parse_args(options)
    print(f"operate: {machine()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        serve(Path(folder), asked)
    return []


def write_review(month: date, source: str = "bench") -> str:
    """A month of two segments, far from what the month before it forecast: each but the first raises alerts."""
    sign = 1 if month.month % 2 else -1
    head = f"{source},sodium_ion,{format_month(month)},{format_month(add_months(month, 1))}-05"
    lines = [
        f"{head},{segment},,production,{format_month(add_months(month, ahead))},{kind},mom_pct,{20 * sign},%"
        for ahead, kind in ((0, "actual"), (1, "forecast"))
        for segment in ("cathode", "cell")
    ]
    return HEAD + "\n".join(lines) + "\n"


def last_months(count: int) -> list[date]:
    """So many months up to the one before last, whose review is out."""
    last = add_months(datetime.now(UTC).date().replace(day=1), -2)
    return [add_months(last, -back) for back in reversed(range(count))]


def serve(folder: Path, asked: argparse.Namespace) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
    hook = Hook()
    (folder / "receivers.toml").write_text(
        '[[receiver]]\nname = "hook"\nkind = "webhook"\nurl = { env = "BENCH_HOOK" }\n'
    )
    os.environ["BENCH_HOOK"] = hook.url
    api = f"http://127.0.0.1:{asked.port}/api"
    begun = time.perf_counter()
    with (folder / "out").open("w") as out, (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from flows.cli import main; main()", "up", "--port", str(asked.port)],
            cwd=folder,
            env=clean | {"PYTHONPATH": str(ROOT), "BENCH_HOOK": hook.url},
            stdout=out,
            stderr=log,
        )
    try:
        wait_for(lambda: "ready" in (folder / "out").read_text())
        os.environ["PREFECT_API_AUTH_STRING"] = (folder / ".trona" / "password").read_text().strip()
        print(f"  trona up to ready, new database             {time.perf_counter() - begun:6.1f} s")
        measure_rest(process.pid)
        measure_arrivals(folder, asked.documents, api, hook)
        measure_month(folder, asked.series, api)
        measure_backfill(folder, asked.months, api)
        begun = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        process.wait()
        print(f"  stop                                        {time.perf_counter() - begun:6.1f} s")
    finally:
        process.kill()


class Hook:
    """A webhook on loopback that notes when a message came."""

    def __init__(self) -> None:
        came: list[float] = []
        self.came = came

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                came.append(time.time())
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}/hook"


def measure_rest(root: int, seconds: float = 10.0) -> None:
    """Share of one core that all processes take when nothing happens."""
    time.sleep(10)  # what the start leaves to do

    def used() -> float:
        tree = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
        return sum(sum(process.cpu_times()[:2]) for process in tree)

    before = used()
    time.sleep(seconds)
    print(f"  at rest, share of one core                  {100 * (used() - before) / seconds:6.1f} %")


def measure_arrivals(folder: Path, documents: int, api: str, hook: Hook) -> None:
    """From the rename into the inbox to the start of its run and to the alert at the webhook, and the work itself.

    One document after another; the work is the same documents through the same functions. The first is not counted.
    """
    starts, alerts = [], []
    months = last_months(documents + 1)
    for number, month in enumerate(months):
        name = f"{month}.csv"
        (folder / "inbox" / f".{name}").write_text(write_review(month))
        had, dropped = len(hook.came), time.time()
        (folder / "inbox" / f".{name}").rename(folder / "inbox" / name)
        wait_for(lambda name=name: (folder / "inbox" / "done" / name).exists())
        wait_for(lambda: not ask(api, "/flow_runs/count", {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}))
        (run,) = ask(
            api,
            "/flow_runs/filter",
            {"sort": "START_TIME_DESC", "limit": 1, "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}},
        )
        if number:
            starts.append(datetime.fromisoformat(run["start_time"]).timestamp() - dropped)
            alerts.append(hook.came[had] - dropped)
        time.sleep(1)
    direct = []
    for number, month in enumerate(months):
        path = folder / f"{month}.csv"
        path.write_text(write_review(month))
        had, begun = len(hook.came), time.time()
        work_directly(folder / "straight", [path], receivers=folder / "receivers.toml")
        if number:
            direct.append(hook.came[had] - begun)
    tell("document to the start of its run", starts)
    tell("document to the alert", alerts)
    tell("the work itself, called directly", direct)
    beyond = statistics.median(alerts) - statistics.median(direct)
    print(f"  document to alert beyond the work           {beyond:6.2f} s    target ≤ 5 s")


def measure_month(folder: Path, sizes: list[int], api: str, rounds: int = 3) -> None:
    """A live month as a flow, with the server running, and as the same functions, in turn; after two years of past.

    Without the heartbeat of flows, as the command runs them: it sleeps a second at the end of every flow.
    """
    os.environ["PREFECT_API_URL"] = api
    from flows.service.prefect_server import choose_server

    choose_server()
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from bench.bench_month import follow_month, write_documents
    from flows.monthly import monthly_run
    from flows.run.progress import Reporter, use_reporter

    for series in sizes:
        root = folder / f"series{series}"
        root.mkdir()
        paths = write_documents(root, series, 24 + 2 * rounds, last_months(24 + 2 * rounds)[0])
        for path in paths[:24]:
            follow_month(root, path)
        flow, direct = [], []
        for number in range(rounds):
            begun = time.perf_counter()
            work_directly(
                root / "lake",
                [paths[24 + 2 * number]],
                chains_folder=root / "chains",
                receivers=folder / "receivers.toml",
            )
            direct.append(time.perf_counter() - begun)
            with (
                temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
                use_reporter(Reporter(lambda _: None, lambda _: None)),
            ):
                begun = time.perf_counter()
                monthly_run(
                    str(root / "lake"),
                    [paths[25 + 2 * number]],
                    chains_folder=root / "chains",
                    receivers=str(folder / "receivers.toml"),
                )
                flow.append(time.perf_counter() - begun)
        tell(f"a month of {series:,} series as a flow", flow)
        tell("the same functions called directly", direct)


def measure_backfill(folder: Path, months: int, api: str) -> None:
    """The same months by hand under Prefect, and by the same functions called directly."""
    old = folder / "old"
    old.mkdir()
    for month in last_months(months):
        (old / f"{month}.csv").write_text(write_review(month, "old"))
    (deployment,) = ask(api, "/deployments/filter", {"deployments": {"name": {"any_": ["by-hand"]}}})
    made = ask(api, f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"folder": str(old)}})
    states = {"COMPLETED", "FAILED", "CRASHED"}
    wait_for(lambda: ask(api, f"/flow_runs/{made['id']}")["state_type"] in states, 3600)
    run = ask(api, f"/flow_runs/{made['id']}")
    taken = run["total_run_time"]
    begun = time.perf_counter()
    code = "import sys; from bench.direct import *; work_directly(sys.argv[1], [Path(sys.argv[2])])"
    subprocess.run([sys.executable, "-c", code, str(folder / "direct"), str(old)], cwd=ROOT, check=True)
    direct = time.perf_counter() - begun
    print(f"  backfill of {months} months under Prefect          {taken:6.1f} s    {run['state_type']}")
    print(f"  the same functions called directly          {direct:6.1f} s    with imports; {taken / direct:.2f}×")
    print(f"  more per month                              {(taken - direct) / months:6.3f} s")


def wait_for(is_so: Callable[[], Any], seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "too slow"
        time.sleep(0.05)


def ask(api: str, path: str, body: object = None) -> Any:
    """Post a body, or get; SQLite that is locked for a moment (503) is asked again, as Prefect's client does."""
    content = None if body is None else json.dumps(body).encode()
    password = b64encode(os.environ["PREFECT_API_AUTH_STRING"].encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {password}"}
    request = Request(f"{api}{path}", content, headers)  # noqa: S310
    while True:
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.loads(answer.read())
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            time.sleep(0.5)


def tell(what: str, seconds: list[float]) -> None:
    print(f"  {what:<44}{statistics.median(seconds):6.2f} s    {', '.join(f'{s:.1f}' for s in seconds)}")


if __name__ == "__main__":
    measure_all(sys.argv[1:])
