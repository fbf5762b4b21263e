"""One target under atheris, in a process of its own: whatever gets out of it is kept as a crasher, and it goes on."""

import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")
import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["contracts", "data_lake", "tasks", "tomllib", "pypdf", "docx"]):
    from tests.attack.fuzzing.targets import HERE, ROOT, TARGETS

    NAME = sys.argv[1]
    for seed in TARGETS[NAME].seeds():
        TARGETS[NAME].run(seed)  # modules that are loaded late are instrumented too

MOST_SECONDS = 10.0
"""Of the processor, for some kB under instrumentation, which makes our code three to five times slower."""
MOST_MORE_MIB = 1024
MEMORY_BYTES = 6 << 30


def main() -> None:
    """`python -m tests.attack.fuzzing.one TARGET FLAG… FOLDER…`: the flags and folders are those of libFuzzer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    atheris.Setup([sys.argv[0], *sys.argv[2:]], _watch(TARGETS[NAME].run), internal_libfuzzer=True)
    atheris.Fuzz()


def _watch(run: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def watched(content: bytes) -> None:
        begun, most = time.process_time(), _peak()
        try:
            run(content)
        except BaseException as error:  # panics of libraries are no `Exception`
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            _keep(content, _name_place(error), traceback.format_exc())
        if time.process_time() - begun > MOST_SECONDS:
            _keep(content, "slow", f"{time.process_time() - begun:.1f} s for {len(content):,} bytes")
        if _peak() - most > MOST_MORE_MIB << 10:
            _keep(content, "large", f"{(_peak() - most) >> 10:,} MiB for {len(content):,} bytes")

    return watched


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _name_place(error: BaseException) -> str:
    """The kind of error and the innermost place of ours: one crasher for each."""
    ours = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(ROOT)]
    ours = [f for f in ours if ".venv" not in f.filename] or ours
    return f"{type(error).__name__}-{Path(ours[-1].filename).stem}-{ours[-1].name}"


def _keep(content: bytes, what: str, told: str) -> None:
    """Keep what shows a defect, once for each kind and place; of costs the first, made small by hand where it can be."""
    path = HERE / "crashers" / NAME / what
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sys.stderr.write(f"found {path.relative_to(ROOT)}\n{told}\n")


if __name__ == "__main__":
    main()
