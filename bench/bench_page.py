"""The page of a long history: from nothing, one more month, and nothing new; and how large its pages are.

Years × chains × series of made releases, each month an outcome and the next month's forecast per series, some links
between the series; fixed seed. `--profile` lists where the time goes.

    python -m bench.bench_page                                  # 1 year, 2 chains, 8 series
    python -m bench.bench_page --years 10 --chains 4 --series 30
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from bench.made_lake import dress_rows, head_made, record_made
from bench.measure import Result, hold, show
from contracts.chain import Chain, Link, Segment, load_chain
from contracts.period import add_months, format_month
from data_lake.lake import Lake, open_lake
from tasks.pages import build_site

SMALL = None  # builds a site three times: minutes
START = date(2016, 1, 1)
NOW = datetime(2036, 1, 1, tzinfo=UTC)


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """Build the lake, then the site three times."""
    asked = _parse(options)
    chains = {f"made{n}": make_chain(f"made{n}", asked.series) for n in range(asked.chains)}
    months = 12 * asked.years
    with tempfile.TemporaryDirectory() as folder:
        lake, site = open_lake(Path(folder) / "lake"), Path(folder) / "site"
        random = np.random.default_rng(7)
        for name in chains:
            for number in range(months):
                record_month(lake, name, asked.series, number, random)
        yield build("from nothing", lake, chains, site, is_profiled=asked.profile)
        record_month(lake, "made0", asked.series, months, random)
        yield build("one month of one chain more", lake, chains, site, is_profiled=asked.profile)
        yield build("nothing new", lake, chains, site, is_profiled=False)
        report_sizes(site)


def _parse(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--series", type=int, default=8)
    parser.add_argument("--profile", action="store_true")
    return parser.parse_args(options)


def make_chain(name: str, series: int) -> Chain:
    """A chain of so many segments, each fifth of which feeds the last."""
    base = load_chain("sodium_ion")
    names = [f"s{number:02}" for number in range(series)]
    segments = tuple(Segment(n, f"Segment {n}", {"en": (n,)}, {}, ()) for n in names)
    links = tuple(Link(n, names[-1], 20.0) for n in names[:-1:5])
    return replace(base, name=name, title=f"Made chain {name}", segments=segments, links=links, thresholds={})


def record_month(lake: Lake, chain: str, series: int, number: int, random: np.random.Generator) -> None:
    """The review of a month: outcome MoM and the next month's forecast of every series."""
    month = add_months(START, number)
    parts = [
        pl.DataFrame(
            {
                "segment": [f"s{n:02}" for n in range(series)],
                "value": random.normal(1, 6.0, series).round(1).clip(-60, None),
                "period": format_month(add_months(month, shift)),
                "kind": kind,
            }
        )
        for shift, kind in ((0, "actual"), (1, "forecast"))
    ]
    head = head_made(month, chain=chain, document=f"{chain}{number}".encode().hex().ljust(64, "0"))
    record_made(lake, head, dress_rows(pl.concat(parts)))


def build(name: str, lake: Lake, chains: Mapping[str, Chain], site: Path, *, is_profiled: bool) -> Result:
    """Build the site; the seconds, and how many files were written."""
    watch, begun = cProfile.Profile(), time.perf_counter()
    if is_profiled:
        watch.enable()
    changed = build_site(lake, chains, site, as_of=NOW)
    watch.disable()
    seconds = time.perf_counter() - begun
    if is_profiled:
        pstats.Stats(watch).sort_stats("cumtime").print_stats(40)
    return hold(name, len(changed), "files", seconds, target="≤ 2 s" if "more" in name else "")


def report_sizes(site: Path) -> None:
    """The largest page, and the site as a whole."""
    pages = {path: path.stat().st_size for path in site.rglob("*.html")}
    largest = max(pages, key=lambda path: pages[path])
    whole = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"{len(pages)} pages; the largest {pages[largest] / 1000:.0f} kB ({largest.relative_to(site)})")
    print(f"pages {sum(pages.values()) / 1e6:.1f} MB, with data {whole / 1e6:.1f} MB")


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
