"""The site in a real browser: it opens from disk, asks for nothing, can be read, searched and walked through."""

import re
import shutil
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from data_lake.selection import Selection
from tasks.comparing.refresh import derive_months
from tests.tasks.pages.conftest import AS_OF

pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium: `make browser` installs one")
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A tab that remembers what went wrong in it, and every address that was asked for."""

    def __init__(self, context):
        self.tab = context.new_page()
        self.wrong, self.asked = [], []
        self.tab.on("console", lambda message: message.type in {"error", "warning"} and self.wrong.append(message.text))
        self.tab.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))

    def open(self, page: Path):
        self.tab.goto(page.as_uri())
        return self.tab


@pytest.fixture(params=[(width, scheme) for width in WIDTHS for scheme in SCHEMES], ids=lambda p: f"{p[0]}-{p[1]}")
def look(request, browser):
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    yield Watched(context)
    context.close()


@pytest.fixture
def watched(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    yield Watched(context)
    context.close()


def list_kinds(site: Path) -> list[Path]:
    """A page of each kind in each language."""
    names = (
        *("index.html", "search.html", "sodium_ion/index.html", "sodium_ion/2026-01.html", "sodium_ion/2025-07.html"),
        *("lithium_ion/2025-11.html", "lithium_ion/series/cell-production.html", "lithium_ion/record.html"),
        *("sodium_ion/findings.html", "lithium_ion/sources.html", "lithium_ion/data.html", "sodium_ion/record.html"),
        "sodium_ion/asof/2026-01-05T000000/2025-12.html",
    )
    documents = sorted((site / "sodium_ion" / "documents").iterdir())
    return [*(site / name for name in names), *(site / "zh" / name for name in names), documents[0]]


def test_each_page_opens_without_error_or_request_and_fits_the_screen(look, site):
    for page in list_kinds(site):
        tab = look.open(page)
        assert look.wrong == [], page
        assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"], page
        assert tab.evaluate("window.harm") is None, page
    assert all(url.startswith("file://") for url in look.asked)
    assert len(look.asked) == len(list_kinds(site))


def test_axe_finds_nothing_that_keeps_a_reader_out(look, site):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python")
    for name in ("sodium_ion/2026-01.html", "lithium_ion/record.html", "search.html", "lithium_ion/sources.html"):
        found = axe.Axe().run(look.open(site / name), options={"runOnly": ["wcag2a", "wcag2aa", "best-practice"]})
        serious = [v for v in found.response["violations"] if v["impact"] in {"serious", "critical"}]
        assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == [], name


def test_the_marks_are_as_many_as_the_numbers_of_the_lake(watched, lake, chains, site):
    """A series' picture has a solid mark per reported month and a hollow one per forecast."""
    span = (pl.date(2024, 12, 1), pl.date(2026, 1, 1))
    months = tuple(pl.select(day).item() for day in span)
    derived = derive_months(lake, chains, months=months, as_of=AS_OF, only=Selection(chain="lithium_ion"))
    is_cell = (pl.col("segment") == "cell") & (pl.col("measure") == "mom_pct")
    reported = derived.comparisons.filter(is_cell, pl.col("basis") == "reported")
    made = derived.scores.filter(is_cell)
    tab = watched.open(site / "lithium_ion" / "series" / "cell-production.html")
    marks = tab.locator("#mom svg .mark-symbol > path")
    fills = Counter(mark.get_attribute("fill") for mark in marks.all())
    assert fills == {"#2b6cb0": reported.height, "var(--paper)": made.height}
    tab.locator("#mom summary").click()
    cells = tab.locator("#mom details tbody tr")
    shown = {row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in cells.all()}
    assert {month: text for month, text in shown.items() if text} == {
        f"{month:%Y-%m}": f"{'−' if value < 0 else '+'}{abs(value):g}\xa0%\xa0MoM"
        for month, value in reported.select("month", "value").iter_rows()
    }


def test_the_search_narrows_the_list_and_leads_to_the_page(watched, site):
    tab = watched.open(site / "search.html")
    everything = tab.locator("#found li:visible").count()
    tab.get_by_role("searchbox").fill("january 2026 sodium")
    tab.wait_for_function("document.querySelectorAll('#found li:not([hidden])').length < 9")
    assert everything > 40
    assert re.match(r"[1-8] shown", tab.locator("output").inner_text())
    tab.locator("#found li:visible a").first.click()
    assert tab.url.endswith("/sodium_ion/2026-01.html")
    assert watched.wrong == []


def test_without_a_script_the_whole_list_is_there(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((site / "search.html").as_uri())
    assert tab.locator("#found li").count() > 40
    assert not tab.get_by_role("searchbox").is_visible()
    context.close()


def test_one_walks_from_the_overview_to_the_sentence_behind_a_number(watched, site):
    tab = watched.open(site / "index.html")
    tab.get_by_role("link", name="Sodium-ion batteries").first.click()
    tab.get_by_role("link", name="December 2025").first.click()
    assert tab.url.endswith("/sodium_ion/2025-12.html")
    tab.get_by_role("link", name="Battery cells", exact=True).click()
    row = tab.locator("tr", has_text="rose 7% month-on-month").first
    row.get_by_role("link").click()
    assert "/documents/" in tab.url
    tab.locator(".document summary", has_text="90%").click()
    assert "+90 % YoY" in tab.locator(".document details[open] span").inner_text()
    tab.get_by_role("link", name="中文").click()
    assert "/zh/sodium_ion/documents/" in tab.url
    assert tab.locator("html").get_attribute("lang") == "zh"


def test_the_switch_leads_to_what_could_be_known_and_back(watched, site):
    tab = watched.open(site / "sodium_ion" / "2025-12.html")
    tab.get_by_text("What could be known on …").click()
    tab.get_by_role("link", name="2026-01-05 08:00 Asia/Shanghai").click()
    assert "/asof/2026-01-05T000000/2025-12.html" in tab.url
    tab.get_by_text("What could be known on …").click()
    tab.get_by_role("link", name="What is known now").click()
    assert tab.url.endswith("/sodium_ion/2025-12.html")


def test_the_tables_can_be_saved(watched, site):
    tab = watched.open(site / "lithium_ion" / "data.html")
    for ending in ("csv", "parquet", "xlsx"):
        with tab.expect_download() as saved:
            tab.get_by_role("link", name=f"figures.{ending}").click()
        assert (
            Path(saved.value.path()).read_bytes() == (site / "lithium_ion" / "data" / f"figures.{ending}").read_bytes()
        )


def test_the_single_file_shows_one_page_at_a_time(watched, lake, chains, tmp_path):
    from tasks.pages import write_single_file

    write_single_file(lake, {"sodium_ion": chains["sodium_ion"]}, tmp_path / "one.html", as_of=AS_OF)
    tab = watched.open(tmp_path / "one.html")
    assert tab.locator("section.page:visible").count() == 1
    tab.get_by_role("link", name="Sodium-ion batteries").first.click()
    tab.locator("section.page:visible").get_by_role("link", name="January 2026").first.click()
    assert tab.locator("section.page:visible h1").inner_text().startswith("Cathode materials against Battery cells")
    assert watched.wrong == []


def test_it_prints_on_a4(watched, site):
    tab = watched.open(site / "sodium_ion" / "2026-01.html")
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 673, "height": 1000})  # A4 less its margins: 178 mm at 96 dots an inch
    assert tab.evaluate("document.documentElement.scrollWidth") <= 673
    assert not tab.get_by_role("navigation").is_visible()
    boxes = [svg.bounding_box() for svg in tab.locator("svg").all()]
    assert boxes
    assert all(box["x"] + box["width"] <= 673 for box in boxes)
