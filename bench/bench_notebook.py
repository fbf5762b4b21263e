"""`trona record` and its sisters against what a user would write instead: a script with pandas over the same files.

Both are started anew each time, in turn. The script reads the CSV files of examples/figures, takes the newest forecast
before each actual, and prints error, bias and hits by segment; it knows no units, vintages, bands, evidence or doubts.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.direct import work_directly
from bench.measure import Result, hold, measure_in_turn, show

EXAMPLES = Path(__file__).parents[1] / "examples" / "figures"
SMALL = ["1"]
SCRIPT = """
import sys
from pathlib import Path
import pandas as pd

rows = pd.concat(pd.read_csv(path) for path in sorted(Path(sys.argv[1]).rglob("*.csv")))
rows = rows[(rows.measure == "mom_pct") & (rows.metric.fillna("production") == "production")]
key = ["source", "chain", "segment", "product", "period"]
rows[key] = rows[key].fillna("")
actual = rows[rows.kind == "actual"].sort_values("published").groupby(key).value.last()
forecast = rows[rows.kind == "forecast"].sort_values("published").groupby(key).value.last()
pairs = pd.concat({"actual": actual, "forecast": forecast}, axis=1).dropna()
error = pairs.actual - pairs.forecast
by = [error.index.get_level_values("segment")]
print(pd.DataFrame({"n": error.groupby(by).size(), "mae": error.abs().groupby(by).mean(), "bias": error.groupby(by).mean(),
                    "hits": (error.abs() <= 5).groupby(by).mean()}).to_csv())
"""


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """Each command of the example lake against the script, and against the bare import of polars."""
    rounds = int(options[0]) if options else 7
    files = sorted(EXAMPLES.rglob("*.csv"))
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        work_directly(lake, files)
        commands = {
            name: ["-c", "from flows.cli import main; main()", name, "--format", "csv", "--lake", str(lake)]
            for name in NAMES
        }
        works = {"pandas": ["-c", SCRIPT, str(EXAMPLES)], "polars": ["-c", "import polars"], **commands}
        found = measure_in_turn({name: (start, (words,)) for name, words in works.items()}, rounds=rounds)
    yield hold("python -c 'import polars'", len(files), "files", found["polars"])
    yield hold("the script with pandas", len(files), "files", found["pandas"], against=("polars", found["polars"]))
    for name in NAMES:
        title, target = f"trona {name} --format csv", "≤ 2.5×" if name == "figures" else "≤ 3×"
        yield hold(title, len(files), "files", found[name], against=("polars", found["polars"]), target=target)
        yield hold(title, len(files), "files", found[name], against=("the script", found["pandas"]), target="≤ 1.5×")


NAMES = ("figures", "scores", "record")


def start(words: list[str]) -> None:
    """A process of Python with these arguments."""
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
