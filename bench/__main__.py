"""All benchmarks, one after another: `python -m bench [NAME …]`."""

import runpy
import sys
from pathlib import Path

NAMES = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> None:
    """Run those named, or all."""
    names = sys.argv[1:] or NAMES
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    for name in names:
        sys.argv = [name]
        runpy.run_module(f"bench.bench_{name}", run_name="__main__")


main()
