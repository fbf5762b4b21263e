"""The published figures of the examples, through reader, contracts and comparisons."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from contracts.chain import load_chain
from contracts.checks import check_reading, check_table
from contracts.comparisons import COMPARISONS
from contracts.readings import Document, DocumentHints
from tasks.comparing.comparisons import compare_months
from tasks.intake.figure_rows import build_figures
from tasks.tables import read_table

EXAMPLES = Path(__file__).parents[3] / "examples" / "figures"
SHARED = Path(__file__).parents[3] / ".." / "shared" / "data" / "figures"
CHAINS = {name: load_chain(name) for name in ("sodium_ion", "lithium_ion")}


def take(path):
    """Figures of every release in a file; nothing may be refused."""
    taken = []
    for reading in read_table(Document(path.name, path.read_bytes()), DocumentHints()):
        good, refused = check_reading(reading, chain=CHAINS[reading.head.chain])
        assert refused.is_empty(), refused.to_dicts()
        taken.append(build_figures(good, reading.head, recorded_at=datetime(2026, 3, 1, tzinfo=UTC)))
    return taken


@pytest.fixture(scope="module")
def figures():
    return pl.concat([frame for path in sorted(EXAMPLES.rglob("*.csv")) for frame in take(path)])


def test_all_published_figures_keep_the_contract(figures):
    assert figures.height == 217
    assert figures["figure_id"].n_unique() == 217


def test_each_example_is_one_release():
    for path in EXAMPLES.rglob("*.csv"):
        assert len(take(path)) == 1, path


def test_examples_hold_what_was_collected(figures):
    if not SHARED.is_dir():
        pytest.skip("the collected figures are not beside the repository")
    collected = pl.concat([frame for path in sorted(SHARED.glob("*.csv")) for frame in take(path)])
    said = [
        "chain",
        "segment",
        "product",
        "metric",
        "measure",
        "period",
        "kind",
        "value",
        "lower",
        "upper",
        "half_width",
    ]
    assert figures.select(said).sort(said).equals(collected.select(said).sort(said))


def test_printed_digits_of_real_figures(figures):
    widths = figures.filter(segment="ternary_cathode", product="8_series", month=date(2025, 9, 1))["half_width"]
    assert widths.to_list() == [0.05]  # printed 27.8
    assert figures.filter(segment="ternary_cathode", product="6_series")["half_width"].unique().to_list() == [0.005]


def test_bounds_and_ranges_of_real_figures(figures):
    stated = figures.filter(pl.col("value").is_null())
    assert stated.select("qualifier", "lower", "upper").sort("qualifier", "lower", "upper").rows() == [
        ("bound", None, -25.0),
        ("bound", None, -20.0),
        ("bound", 100.0, None),
        ("range", -10.0, -5.0),
        ("range", 1.0, 2.0),
        ("range", 8.0, 10.0),
    ]


def test_comparisons_of_real_figures(figures):
    newest = figures.sort("published_at").unique(
        ["source", "chain", "segment", "product", "metric", "measure", "period", "kind"],
        keep="last",
        maintain_order=True,
    )
    found = compare_months(newest, chains=CHAINS)
    check_table(COMPARISONS, found)
    gap = found.filter(basis="divergence", segment="cathode", month=date(2026, 1, 1))
    assert gap.select("counterpart", "value", "lower", "upper", "spread_pp").rows() == [
        ("cell", 43.0, 42.0, 44.0, 20.0)
    ]
    nfpp = found.filter(basis="derived", product="nfpp", measure="mom_pct", month=date(2025, 8, 1))
    assert nfpp.select(pl.col("value", "lower", "upper").round(1)).rows() == [(-8.7, -10.5, -6.9)]
    lfp = found.filter(basis="derived", segment="lfp", measure="mom_pct", month=date(2023, 12, 1))
    # published: 95,010 t after 114,000 t, -17 %
    assert lfp["value"].round(2).to_list() == [-16.66]
