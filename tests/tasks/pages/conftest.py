"""One lake and one site, in both languages, for all tests of the pages."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.chain import load_chain
from contracts.readings import DocumentHints
from data_lake.lake import open_lake
from tasks.intake.ingest import ingest_file
from tasks.pages import SiteOptions, build_site
from tests.tasks.interrupted import take_in_all

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples" / "figures" / "smm" / "sodium_ion").glob("*.csv"))
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
_START, _MONTHS = 2024 * 12 + 11, 13
HOSTILE = "<script>window.harm=1</script>\"><img src=x onerror='window.harm=1'>"
REVIEW = (
    "Sodium-ion batteries in December 2025\n\nIn December 2025, output of sodium-ion battery cells rose 7% month-on-month"
    f" and 90% year-on-year. {HOSTILE}\n\nOutput of battery cells in January 2026 is expected to fall 12% month-on-month."
)
"""Prose of a review with text in it that no page may run."""


def write_long_history(folder: Path) -> list[Path]:
    """Over a year of a second chain, each month a review with outcomes and the next month's forecasts; a fixed seed."""
    made = random.Random(7)
    head = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit,qualifier\n"
    paths = []
    segments = ("lithium_carbonate", "ternary_precursor", "ternary_cathode", "lfp", "anode", "electrolyte", "cell")
    for number in range(_MONTHS):
        year, month = divmod(_START + number, 12)
        after, later = divmod(_START + number + 1, 12)
        rows = []
        for segment in segments:
            for period, kind in ((f"{year}-{month + 1:02}", "actual"), (f"{after}-{later + 1:02}", "forecast")):
                start = f"smm,lithium_ion,{year}-{month + 1:02},{after}-{later + 1:02}-05,{segment},,production"
                rows.append(f"{start},{period},{kind},mom_pct,{made.uniform(-12, 14):.1f},%,exact\n")
        path = folder / f"lithium-{year}-{month + 1:02}.csv"
        path.write_text(head + "".join(rows), encoding="utf-8")
        paths.append(path)
    return paths


@pytest.fixture(scope="package")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    take_in_all(str(folder / "lake"), [str(path) for path in (*EXAMPLES, *write_long_history(folder))])
    review = folder / "<b onclick=harm>review & more.md"
    review.write_text(REVIEW, encoding="utf-8")
    hints = DocumentHints(source="smm", chain="sodium_ion", published=datetime(2026, 1, 5, tzinfo=UTC))
    outcomes = ingest_file(open_lake(folder / "lake"), review, hints, now=AS_OF, run_id="test")
    assert sum(outcome.figures for outcome in outcomes) == 3, outcomes
    return open_lake(folder / "lake")


@pytest.fixture(scope="package")
def chains():
    return {name: load_chain(name) for name in ("sodium_ion", "lithium_ion")}


@pytest.fixture(scope="package")
def site(lake, chains, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    build_site(lake, chains, folder, as_of=AS_OF, options=SiteOptions(languages=("en", "zh")))
    return folder
