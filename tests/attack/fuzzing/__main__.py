"""`make fuzz`: so many executions of every target, or of one; what is found is kept in `crashers/` and fails the tests."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.attack.fuzzing.targets import HERE, ROOT, TARGETS
from tests.attack.fuzzing.words import write_dictionary

SHARES = {
    "settings": 200,
    "receivers": 200,
    "chain": 120,
    "mapping": 70,
    "csv": 150,
    "tsv": 60,
    "xlsx": 60,
    "parquet": 20,
    "txt": 35,
    "md": 25,
    "html": 30,
    "pdf": 40,
    "docx": 10,
}
"""Thousandths of all executions: what is read quickly is tried more often, and prose takes the most time."""
_MOST_SECONDS = 300
"""By the clock, for an execution that hangs; what it costs is measured in seconds of the processor (`one.py`)."""
_MOST_BYTES = 4096


@dataclass(frozen=True)
class Tried:
    """What became of a target: how often it was executed, for how long, what was reached and found."""

    name: str
    executions: int
    seconds: float
    edges: int
    kept: int
    finds: int

    def describe(self) -> str:
        return (
            f"{self.name:<10} {self.executions:>9,} executions {self.seconds:>6.0f} s "
            f"{self.edges:>6,} edges {self.kept:>5,} inputs kept {self.finds:>3} finds"
        )


def main() -> None:
    """Fuzz and print a line for each target; leave with 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions of all targets together")
    parser.add_argument("--target", choices=sorted(TARGETS), action="append", help="this one alone; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most-seconds", type=int, default=1800, help="of one target")
    asked = parser.parse_args()
    chosen = asked.target or list(SHARES)
    whole = sum(SHARES[name] for name in chosen)
    tried = []
    for name in chosen:
        tried.append(fuzz(name, asked.runs * SHARES[name] // whole, asked.seed, asked.most_seconds))
        _say(tried[-1].describe())
    _say(f"{sum(t.executions for t in tried):,} executions, {sum(t.finds for t in tried)} finds")
    sys.exit(1 if any(t.finds for t in tried) else 0)


def fuzz(name: str, runs: int, seed: int, most_seconds: int) -> Tried:
    """Execute a target so often, from its seeds; a process that dies is a find, and another one goes on."""
    begun, before, done, edges = time.monotonic(), _crashers(name), 0, 0
    with tempfile.TemporaryDirectory(prefix="trona-fuzz-") as place:
        folder = Path(place)
        _lay_out(folder, name)
        while done < runs and (left := most_seconds - (time.monotonic() - begun)) > 1:
            told = _run(folder, name, runs - done, seed + done, int(left))
            counts = [int(found) for found in re.findall(r"^#(\d+)\s", told, flags=re.MULTILINE)]
            done += max(counts, default=0) or 1
            edges = max([edges, *(int(found) for found in re.findall(r" cov: (\d+) ", told))])
            _take_broken(folder, name, told)
        kept = len(list((folder / "kept").iterdir()))
        _keep_small(folder, name)
    return Tried(name, done, time.monotonic() - begun, edges, kept, len(_crashers(name) - before))


def _lay_out(folder: Path, name: str) -> None:
    for each in ("kept", "seeds", "broken"):
        (folder / each).mkdir()
    (folder / "words").write_text(write_dictionary(), encoding="ascii")
    for place, seed in enumerate(TARGETS[name].seeds()):
        (folder / "seeds" / str(place)).write_bytes(seed)
    if (HERE / "seeds" / name).is_dir():
        shutil.copytree(HERE / "seeds" / name, folder / "seeds", dirs_exist_ok=True)


def _run(folder: Path, name: str, runs: int, seed: int, seconds: int) -> str:
    flags = [
        *(f"-runs={runs}", f"-seed={seed % 2**31 or 1}", f"-max_total_time={seconds}", f"-max_len={_MOST_BYTES}"),
        *(f"-timeout={_MOST_SECONDS}", "-rss_limit_mb=6144", "-report_slow_units=3600", f"-dict={folder / 'words'}"),
        f"-artifact_prefix={folder / 'broken'}/",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.attack.fuzzing.one", name, *flags, str(folder / "kept"), str(folder / "seeds")],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("TRONA_")},
        check=False,
    )
    for found in re.findall(r"^found .*", ended.stderr, flags=re.MULTILINE):
        _say(found)
    return ended.stderr


def _take_broken(folder: Path, name: str, told: str) -> None:
    """What ended the whole process (a crash of native code, a time-out) is a crasher like the others."""
    for path in (folder / "broken").iterdir():
        target = HERE / "crashers" / name / path.name.partition("-")[0]
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            _say(f"found {target.relative_to(ROOT)}\n{told[-2000:]}")
        path.unlink()


def _keep_small(folder: Path, name: str) -> None:
    """Of the inputs that reached something new, the small ones become seeds of the next time."""
    target = HERE / "seeds" / name
    if target.is_dir():
        return  # they are chosen once; to choose them anew, remove the folder
    target.mkdir(parents=True)
    found = sorted((path.stat().st_size, path) for path in (folder / "kept").iterdir())
    for size, path in found[:: max(1, len(found) // _SEEDS)][:_SEEDS]:
        if size:
            shutil.copy(path, target / path.name[:12])


_SEEDS = 25


def _crashers(name: str) -> set[str]:
    folder = HERE / "crashers" / name
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
