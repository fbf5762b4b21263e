"""Change the core by machine, a change at a time, and list the changes that no test notices.

    python .ci/mutants.py [ONLY …] [--sample N] [--seed S]

`ONLY` are files or folders (all of `[[tool.trona.mutants]]` in pyproject.toml without); `--sample` tries so many
changes of each file, drawn by the seed, instead of all. mutmut makes the changes in a copy of the project under
`build/mutants/`; each is tried in a process of its own, on the tests that reach the function, of those that the table
in pyproject.toml names for the file. What survives is written to `build/mutants/survivors.txt`, sorted, and held
against `tests/mutants.md`: exit code 1 where a survivor is not explained there.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import chdir
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORK = ROOT / "build" / "mutants"
EXPLAINED = ROOT / "tests" / "mutants.md"
ROOMS = ("contracts", "data_lake", "tasks", "flows")
KILLED = {1, 2, 3}  # a failed test, an error while tests are collected, a crash
# tests that were not found, for their module could not be read or something else is wrong; time over, maybe by load
DOUBTFUL = {255, 36, -24, 24, 152}
LONGEST = 900  # seconds that all tests of a file may take
NOT_REACHED = "could not find any test case"
# imported once, before a process is forked for each change; none of them starts a thread that works before it is used
PRELOADED = ("pytest", "hypothesis", "polars", "pandera.polars", "pyarrow", "deltalake")
IGNORED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # of plugins that are imported beforehand


def main() -> None:
    """Run and report; exit code 1 where a change goes unnoticed that nothing explains."""
    parser = argparse.ArgumentParser()
    parser.add_argument("only", nargs="*")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", default="1")
    asked = parser.parse_args()
    groups = group_by_tests(choose_files(asked.only))
    shutil.rmtree(WORK, ignore_errors=True)
    results: dict[str, dict[str, bool]] = {}
    for number, (tests, files) in enumerate(sorted(groups.items())):
        results |= try_changes(WORK / str(number), files, tests, asked.sample, asked.seed)
    sys.exit(report(results, read_explained(), is_sample=bool(asked.sample)))


def find_tests(name: str) -> tuple[str, ...] | None:
    """The tests that are to notice a change of a file; None where no table of pyproject.toml names it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tables = project["tool"]["trona"]["mutants"]
    return next((tuple(t["tests"]) for t in tables if any(fnmatch(name, pattern) for pattern in t["files"])), None)


def choose_files(only: list[str]) -> list[str]:
    """Files that a table names; those asked for, else all."""
    files = [path.relative_to(ROOT).as_posix() for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    prefixes = [one.rstrip("/") for one in only] or [""]
    asked = [name for name in files if any(not p or name == p or name.startswith(p + "/") for p in prefixes)]
    chosen = [name for name in asked if find_tests(name) is not None]
    return chosen or sys.exit(f"no file of [[tool.trona.mutants]] is {' or '.join(only)}")


def group_by_tests(files: list[str]) -> dict[tuple[str, ...], list[str]]:
    """Files that share their tests: they are tried together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in files:
        groups.setdefault(find_tests(name) or (), []).append(name)
    return groups


def try_changes(
    folder: Path, files: list[str], tests: tuple[str, ...], sample: int, seed: str
) -> dict[str, dict[str, bool]]:
    """By file: every change tried, in words, and whether a test noticed it."""
    lay_out(folder, files, tests)
    with chdir(folder):
        names = {name: draw(name, sample, seed) for name in files}
        wanted = [change for changes in names.values() for change in changes]
        if not wanted:
            return {}
        command = [
            sys.executable,
            "-c",
            "from mutmut.__main__ import cli; cli()",
            "run",
            "--max-children",
            "1",
            *wanted,
        ]
        with Path("mutmut.log").open("w", encoding="utf-8") as log:
            done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False, env=plain_environment())
        tail = Path("mutmut.log").read_text(encoding="utf-8").replace("\r", "\n").splitlines()[-40:]
        if done.returncode and NOT_REACHED not in "".join(tail):
            sys.exit("\n".join([*tail, f"mutmut did not run: do the tests {' '.join(tests)} pass as they are?"]))
        return {name: read_results(name, changes, tests) for name, changes in names.items()}


def plain_environment() -> dict[str, str]:
    """The environment of the tests: one thread, so that a change costs what it takes and no more."""
    return os.environ | {"POLARS_MAX_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def lay_out(folder: Path, files: list[str], tests: tuple[str, ...]) -> None:
    """A copy of the project as it is now, whose settings name these files and tests."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "build", "__pycache__", "*.egg-info"))
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    changed = sorted({name.split("/", 1)[0] for name in files})
    (folder / "preloaded.txt").write_text("\n".join(PRELOADED), encoding="utf-8")
    settings = {
        "source_paths": changed,
        "only_mutate": files,
        "also_copy": sorted(path.name for path in folder.iterdir() if path.name not in changed),
        "pytest_add_cli_args_test_selection": list(tests),
        "pytest_add_cli_args": ["-p", "no:cacheprovider", *IGNORED],
        "process_isolation": "forkserver",
        "forkserver_warmup": "import",
        "preload_modules_file": "preloaded.txt",
        "timeout_multiplier": 3.0,
        "timeout_constant": 20.0,
        "use_git_change_detection": False,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text("\n".join([project, "[tool.mutmut]", *lines, ""]), encoding="utf-8")


def draw(name: str, sample: int, seed: str) -> list[str]:
    """Names of the changes of a file, all of them or a sample; to be called in the laid-out folder."""
    from mutmut.mutation.file_mutation import mutate_file_contents  # noqa: PLC0415 - it reads its settings here
    from mutmut.utils.format_utils import get_mutant_name  # noqa: PLC0415

    made = mutate_file_contents(name, Path(name).read_text(encoding="utf-8")).mutant_names
    names = [get_mutant_name(Path(name), one) for one in made]
    if not sample or sample >= len(names):
        return names
    return sorted(random.Random(f"{seed} {name}").sample(names, sample))  # noqa: S311 - a draw, not a secret


def read_results(name: str, changes: list[str], tests: tuple[str, ...]) -> dict[str, bool]:
    """Each change of a file in words, and whether it was noticed; to be called in the laid-out folder."""
    codes = json.loads(Path(f"mutants/{name}.meta").read_text(encoding="utf-8"))["exit_code_by_key"]
    seen: dict[str, bool] = {}
    for change in changes:
        is_doubtful = codes[change] in DOUBTFUL or is_called_at_import(change)
        is_noticed = codes[change] in KILLED or (is_doubtful and fails_on_all(change, tests))
        words = describe(name, change)  # two places may read the same: both are to be noticed
        seen[words] = is_noticed and seen.get(words, True)
    return seen


def is_called_at_import(change: str) -> bool:
    """Whether mutmut knows one test of the function: calls made while a module is read count for whichever is first."""
    path = Path("mutants/mutmut-stats.json")
    stats = json.loads(path.read_text(encoding="utf-8"))["tests_by_mangled_function_name"] if path.exists() else {}
    return len(stats.get(change.partition("__mutmut_")[0], ())) == 1


def fails_on_all(change: str, tests: tuple[str, ...]) -> bool:
    """Whether a change makes one of all the tests fail or never end, in a process that reads every module anew."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--rootdir=.", "-p", "no:cacheprovider", *tests]
    environment = plain_environment() | {"MUTANT_UNDER_TEST": change, "PYTHONPATH": "."}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        done = subprocess.run(command, cwd="mutants", check=False, env=environment, timeout=LONGEST, **quiet)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def describe(name: str, change: str) -> str:
    """`file · function · line → line`, which stays the same when other lines move."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant  # noqa: PLC0415
    from mutmut.utils.format_utils import orig_function_and_class_names_from_key  # noqa: PLC0415

    lines = get_diff_for_mutant(change, path=name).splitlines()[2:]
    old = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    new = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    function, _ = orig_function_and_class_names_from_key(change)
    return f"{name} · {function} · {old} → {new}"


def read_explained() -> set[str]:
    """Survivors that `tests/mutants.md` gives a reason for: the code spans of its lists."""
    text = EXPLAINED.read_text(encoding="utf-8") if EXPLAINED.exists() else ""
    return {found.strip() for found in re.findall(r"^- ``(.+)``$", text, flags=re.MULTILINE)}


def report(results: dict[str, dict[str, bool]], explained: set[str], *, is_sample: bool) -> int:
    """Print the rate by file and write the survivors; how many of them nothing explains decides the exit code."""
    survivors = sorted(change for seen in results.values() for change, is_noticed in seen.items() if not is_noticed)
    (WORK / "survivors.txt").write_text("".join(f"{line}\n" for line in survivors), encoding="utf-8")
    for name, seen in sorted(results.items()):
        print(f"{name:<44} {sum(seen.values()):>5} of {len(seen):>5} noticed")  # noqa: T201
    tried = sum(map(len, results.values()))
    print(f"{tried - len(survivors)} of {tried} noticed, {1 - len(survivors) / max(tried, 1):.1%}")  # noqa: T201
    open_ones = [line for line in survivors if line not in explained]
    stale = [] if is_sample else sorted(e for e in explained - set(survivors) if e.split(" · ")[0] in results)
    for title, lines in (("not explained:", open_ones), ("explained, but noticed or gone:", stale)):
        print("\n".join([title, *(f"- ``{line}``" for line in lines)]) if lines else "", end="\n" if lines else "")  # noqa: T201
    return int(bool(open_ones))


if __name__ == "__main__":
    main()
