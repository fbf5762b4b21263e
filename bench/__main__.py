"""Benchmarks, one after another: `python -m bench [--small] [--json FILE] [NAME … [its options]]`.

Without names, all but those that take minutes (operate, page) or measure quality (reading).

`--small` takes tiny sizes: a few seconds that show that every benchmark still runs. `--json` keeps the results, from
which docs/performance.md is drawn.
"""

import importlib
import json
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import machine, show

NAMES = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> None:
    """Run those named, or all."""
    words = sys.argv[1:]
    is_small = "--small" in words
    kept = words[words.index("--json") + 1] if "--json" in words else ""
    named = [word for word in words if word in NAMES]
    options = [word for word in words if word not in {*named, "--small", "--json", kept}]
    if unknown := [word for word in options if not word.startswith("-") and not named]:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    found = {}
    for name in named or NAMES:
        module = importlib.import_module(f"bench.bench_{name}")  # as itself: its functions travel to other processes
        if module.SMALL is None and not named:
            continue
        print(f"{name}: {module.__doc__.splitlines()[0]}")
        found[name] = [asdict(result) for result in show(module.measure_all(module.SMALL if is_small else options))]
    if kept:
        Path(kept).write_text(json.dumps(_describe() | {"results": found}, indent=1, ensure_ascii=False) + "\n")


def _describe() -> dict[str, str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    return {"machine": machine(), "day": f"{datetime.now(UTC):%Y-%m-%d}", "commit": commit.strip()}


if __name__ == "__main__":  # those processes import this module too
    main()
