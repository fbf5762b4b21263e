"""All benchmarks, one after another: `python -m bench [NAME …] [its options]`."""

import importlib
import sys
from pathlib import Path

NAMES = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> None:
    """Run those named, or all."""
    named = [word for word in sys.argv[1:] if not word.startswith("-") and not word.isdigit()]
    options, names = [word for word in sys.argv[1:] if word not in named], named or NAMES
    unknown = set(names) - set(NAMES)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    for name in names:
        sys.argv = [name, *options]
        importlib.import_module(f"bench.bench_{name}").main()  # as itself: its functions travel to other processes


if __name__ == "__main__":  # those processes import this module too
    main()
