"""Large files are read in a memory that grows with the file, not with what is computed on the way."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[3]
ROWS = 200_000
_READ = """
import json, resource, sys
import polars as pl
from contracts.readings import Document, DocumentHints
from tasks.tables import read_table

small, large = ([arg, open(arg, "rb").read()] for arg in sys.argv[1:])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
read_table(Document("small.csv", small[1]), DocumentHints())
before = peak()
(reading,) = read_table(Document("large.csv", large[1]), DocumentHints())
print(json.dumps({"rows": reading.figures.height, "refused": reading.refused.height, "grown": peak() - before}))
"""


def test_memory_of_a_large_file(tmp_path):
    number = pl.int_range(ROWS, eager=True)
    frame = pl.select(
        source=pl.lit("smm"),
        chain=pl.lit("sodium_ion"),
        review_month=pl.lit("2026-01"),
        published=pl.lit("2026-02-05"),
        segment=pl.Series(["cathode", "cell", "electrolyte", "anode"]).gather(number % 4),
        period=pl.lit("2026-01"),
        measure=pl.lit("mom_pct"),
        value=((number * 7919 % 20000) / 100 - 99).round(2),
        source_url=pl.lit("https://example.org/reviews/") + number.cast(pl.String),
        note=pl.lit("keyed in by hand from the printed review"),
    )
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    frame.head(10).write_csv(small)
    frame.write_csv(large)
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(small), str(large)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert (told["rows"], told["refused"]) == (ROWS, 0)
    # Cells and figures are about three times the file, beside the file itself; with the rows between them it was nine.
    assert told["grown"] < 5 * large.stat().st_size, told
