"""The site: it opens from disk, says what the lake says, and keeps hostile text as text."""

import base64
import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import openpyxl
import polars as pl
import pytest

from contracts.chain import load_chain
from contracts.errors import UsageError
from data_lake.figures import read_figures, read_vintages
from data_lake.lake import open_lake
from data_lake.selection import Selection
from tasks.month_summary.reading import prepare_months
from tasks.pages import SiteOptions, build_site, write_single_file
from tasks.pages.catalogue import find_chart, list_charts
from tasks.pages.charts import draw_chain_map, draw_heat, drawing
from tasks.pages.facts import read_facts
from tasks.pages.month import build_month
from tasks.pages.rendering import tie
from tasks.pages.site import STATE, read_past, render_site
from tasks.pages.sources import Grade, build_sources
from tasks.pages.words import load_words
from tests.tasks.pages.conftest import AS_OF, HOSTILE

SODIUM = {"sodium_ion": load_chain("sodium_ion")}


class Reader(HTMLParser):
    """Links, scripts, ids and text of a page."""

    def __init__(self):
        super().__init__()
        self.links, self.tags, self.words, self.depth, self.ids = [], [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids |= {value for name, value in attrs if name == "id"}
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        if tag not in {"meta", "br", "link", "img", "input"}:
            self.depth.append(tag)

    def handle_endtag(self, tag):
        assert self.depth.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert not reader.depth, f"{path}: {reader.depth} left open"
    return reader


def test_every_page_is_well_formed_asks_for_nothing_and_its_links_lead_somewhere(site):
    pages = {page.resolve(): read(page) for page in site.rglob("*.html")}
    assert len(pages) > 100
    for page, reader in pages.items():
        scripts = ["script"] if page.name == "search.html" else []
        assert [tag for tag in reader.tags if tag in {"script", "iframe", "link", "img"}] == scripts, page
        assert "url(" not in page.read_text(encoding="utf-8")
        for link in set(reader.links):
            assert not re.match(r"\w+:|//", link), f"{page}: {link}"
            target, _, place = link.partition("#")
            leads = (page.parent / target).resolve() if target else page
            assert leads.exists(), f"{page}: {link}"
            assert not place or place in pages[leads].ids, f"{page}: {link}"


def test_the_month_says_what_was_published(site):
    text = " ".join(read(site / "sodium_ion" / "2026-01.html").words).replace("\N{NO-BREAK SPACE}", " ")
    assert "Cathode materials: +2 % MoM, +192 % YoY" in text
    assert "Battery cells: −41 % MoM, +132 % YoY" in text
    assert re.search(r"Expected for February 2026.*Cathode materials\s+−70 % MoM, −23 % YoY", text, re.DOTALL)


def test_the_data_to_take_away_are_the_figures_of_the_lake(site, lake):
    rows = list(csv.DictReader(io.StringIO((site / "sodium_ion" / "data" / "figures.csv").read_text(encoding="utf-8"))))
    known = read_figures(lake, Selection(chain="sodium_ion"), as_of=AS_OF)
    assert {row["figure_id"] for row in rows} >= set(known["figure_id"])
    assert {(row["figure_id"], float(row["value"])) for row in rows if row["value"]} >= {
        (figure, value) for figure, value in known.select("figure_id", "value").iter_rows() if value is not None
    }


def test_what_was_not_public_yet_is_not_there(lake, tmp_path):
    files = {file.path for file in render_site(lake, SODIUM, as_of=datetime(2025, 10, 1, tzinfo=UTC))}
    assert "sodium_ion/2025-08.html" in files
    assert "sodium_ion/2026-01.html" not in files


def test_a_page_of_the_past_has_nothing_that_was_published_later(site):
    """On 5 January 2026 December was known; the review of January, and its forecasts for February, were not."""
    then = sorted((site / "sodium_ion" / "asof").iterdir())
    assert [folder.name for folder in then] == ["2025-12-02T160000", "2026-01-05T000000", "2026-02-04T160000"]
    assert sorted(page.name for page in then[1].iterdir()) == ["2025-11.html", "2025-12.html"]
    text = " ".join(read(then[1] / "2025-12.html").words).replace("\N{NO-BREAK SPACE}", " ")
    assert "What could be known on 2026-01-05 08:00 Asia/Shanghai" in text
    assert re.search(r"Battery cells\s+−12 % MoM", text)  # the forecast for January
    assert "−41" not in text  # what January came to
    now = read(site / "sodium_ion" / "2025-12.html")
    assert "../sodium_ion/asof/2026-01-05T000000/2025-12.html" in now.links


def test_the_same_lake_gives_the_same_bytes_and_a_later_look_changes_nothing(site, lake, chains, tmp_path):
    both = SiteOptions(languages=("en", "zh"))
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*") if path.name != STATE}
    assert build_site(lake, chains, site, as_of=AS_OF, options=both) == []
    assert build_site(lake, chains, site, as_of=AS_OF + timedelta(hours=5), options=both) == []
    assert {path: path.stat().st_mtime_ns for path in before} == before
    for file in render_site(lake, SODIUM, as_of=AS_OF):
        if file.path.startswith("sodium_ion/") and "/series/" not in file.path:
            english = (site / file.path).read_bytes()
            assert file.write() == re.sub(rb"<a href=[^>]*hreflang.*?</a>", b"", english), file.path


def test_a_build_writes_what_is_missing_takes_away_what_is_no_more_and_leaves_the_rest(lake, tmp_path):
    lithium = {"lithium_ion": load_chain("lithium_ion")}
    few = SiteOptions(past=0)
    build_site(lake, SODIUM, tmp_path, as_of=AS_OF, options=few)
    (tmp_path / "my notes.txt").write_text("mine")
    lost = tmp_path / "sodium_ion" / "2026-01.html"
    lost.unlink()
    assert build_site(lake, SODIUM, tmp_path, as_of=AS_OF, options=few) == [lost]
    earlier = datetime(2025, 10, 1, tzinfo=UTC)
    build_site(lake, SODIUM, tmp_path, as_of=earlier, options=few)
    assert not lost.exists()
    (tmp_path / STATE).write_text("{ no json")  # of another version, or half written
    changed = build_site(lake, SODIUM, tmp_path, as_of=AS_OF, options=few)
    assert lost in changed
    assert (tmp_path / "my notes.txt").read_text() == "mine"
    assert lithium  # one chain asked for, one chain built
    assert not (tmp_path / "lithium_ion").exists()


def test_without_the_package_the_numbers_stand_in_tables_and_the_page_says_what_is_missing(lake, monkeypatch):
    monkeypatch.setattr(drawing.importlib.util, "find_spec", lambda name: None)
    files = {file.path: file for file in render_site(lake, SODIUM, as_of=AS_OF, options=SiteOptions(past=0))}
    reader = Reader()
    reader.feed(files["sodium_ion/2026-01.html"].write().decode())
    text = " ".join(reader.words)
    assert "svg" not in reader.tags
    assert "vl-convert-python, which is not installed here" in text
    assert "−41" in text


def test_hostile_text_stays_text(site):
    for page in site.rglob("*.html"):
        assert not {"img", "b"} & set(read(page).tags), page
    shown = " ".join(" ".join(read(page).words) for page in (site / "sodium_ion" / "documents").iterdir())
    assert HOSTILE in shown
    assert "<b onclick=harm>review & more.md" in shown


def test_a_document_shows_its_text_with_the_numbers_that_became_figures(site):
    pages = [page for page in (site / "sodium_ion" / "documents").iterdir() if "restocking" not in page.name]
    prose = next(
        page for page in pages if "output of sodium-ion battery cells rose" in page.read_text(encoding="utf-8")
    )
    marked = re.findall(r"<summary[^>]*>([^<]*)</summary>", prose.read_text(encoding="utf-8"))
    assert [text.strip() for text in marked] == ["7%", "90%", "12%"]


def test_an_empty_lake_is_a_page_that_says_so(tmp_path):
    build_site(open_lake(tmp_path / "lake"), SODIUM, tmp_path / "site", as_of=AS_OF)
    assert "no figures yet" in " ".join(read(tmp_path / "site" / "index.html").words)


def test_one_file_has_every_page_and_its_links_lead_to_its_own_sections(lake, tmp_path):
    path = tmp_path / "one.html"
    size = write_single_file(lake, SODIUM, path, as_of=AS_OF)
    assert path.stat().st_size == size
    reader = read(path)
    sections = {name for name in reader.ids if "--" not in name}
    assert {"index", "sodium_ion.2026-01", "sodium_ion.record", "sodium_ion.data"} <= sections
    for link in reader.links:
        assert link.startswith("data:text/csv;") or link[1:] in reader.ids, link
    csvs = [base64.b64decode(link.split(",")[1]) for link in reader.links if link.startswith("data:")]
    rows = list(csv.DictReader(io.StringIO(csvs[0].decode())))
    assert {row["figure_id"] for row in rows} == set(read_figures_of(lake))


def read_figures_of(lake):
    return read_vintages(lake, Selection(chain="sodium_ion"), as_of=AS_OF).collect()["figure_id"]


def test_the_data_come_in_three_forms_that_say_the_same(site):
    folder = site / "lithium_ion" / "data"
    parquet = pl.read_parquet(folder / "figures.parquet")
    rows = csv.DictReader(io.StringIO((folder / "figures.csv").read_text(encoding="utf-8")))
    assert parquet.height == len(list(rows))
    sheet = openpyxl.load_workbook(folder / "figures.xlsx")["Figures"]
    assert sum(1 for _ in sheet.iter_rows()) - 1 == parquet.height


def test_each_language_has_every_phrase_with_the_same_places():
    def flatten(node, path=""):
        if isinstance(node, str):
            places = {name for _, name, *_ in Formatter().parse(node) if name}
            yield path, {"of" if name == "forecasts" else name for name in places}  # English counts its noun
        else:
            for name, child in node.items():
                yield from flatten(child, f"{path}.{name}")

    english, chinese = (dict(flatten(load_words(code).phrases["page"])) for code in ("en", "zh"))
    assert english == chinese


def test_a_chart_is_a_picture_that_says_its_finding(lake, tmp_path):
    names = list(list_charts(lake, SODIUM, as_of=AS_OF))
    assert "sodium_ion/2026-01/chain" in names
    chart = find_chart(lake, SODIUM, "sodium_ion/2026-01/chain", as_of=AS_OF)
    assert "Battery cells −41 %" in chart.alternative
    drawing.write_picture(tmp_path / "a.svg", chart.spec, f"{chart.heading}. {chart.note}", chart.alternative)
    drawing.write_picture(tmp_path / "a.png", chart.spec, f"{chart.heading}. {chart.note}", chart.alternative)
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "the ratio moved by +72.9 %" in svg
    assert 'role="img"' in svg
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match="there is no chart"):
        find_chart(lake, SODIUM, "sodium_ion/2026-01/heart", as_of=AS_OF)


def test_numbers_keep_their_units_on_one_line():
    assert tie("+2 % MoM and 5 pp of it") == "+2\xa0%\xa0MoM and 5\xa0pp of it"


def test_the_newest_page_of_the_past_is_the_one_that_reading_the_lake_anew_would_give(lake, chains):
    """It is made from what is known now, which is quicker, and must not differ."""
    for chain in chains.values():
        now = read_facts(lake, chain, AS_OF)
        newest = now.releases["published_at"].max()
        anew = read_facts(lake, chain, newest, recent=True)
        quick = read_past(lake, now, 1)[0].facts
        for known in quick.known.values():
            prepare_months(known, quick.months)  # at once, as the site does it; anew, month by month
        for month in anew.months[:2]:
            assert build_month(quick, month) == build_month(anew, month)


def test_grades_are_counts(lake, chains):
    """The lithium reviews came on the 5th with all seven series; each of 13 × 7 forecasts is one number."""
    cards = build_sources(read_facts(lake, chains["lithium_ion"], AS_OF)).cards
    grades = {grade.quality: (grade.letter, grade.kept, grade.of) for grade in cards[0].grades}
    assert grades["punctuality"] == ("A", 13, 13)
    assert grades["completeness"] == ("A", 91, 91)
    assert grades["sharpness"] == ("A", 91, 91)
    assert grades["constancy"] == ("", 0, 0)  # nothing was published twice
    assert cards[0].usual_day == 5


@pytest.mark.parametrize(
    ("kept", "of", "letter"), [(9, 10, "A"), (89, 100, "B"), (6, 10, "B"), (59, 100, "C"), (0, 0, "")]
)
def test_a_letter_stands_for_a_share(kept, of, letter):
    assert Grade("punctuality", kept, of).letter == letter


def test_the_three_blanks_of_the_heat_map_are_told_apart(site):
    """Cathode materials have a number in November 2025, layered oxide a direction; December's review has neither."""
    page = (site / "sodium_ion" / "2026-01.html").read_text(encoding="utf-8")
    heat = page[page.index('id="heat"') :]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', heat[: heat.index("</section>")], re.DOTALL)
    cells = {name: re.findall(r"<td>(.*?)</td>", text) for name, text in rows}
    assert cells["Cathode materials"][-3:] == ["+50", "·", "+2"]
    assert cells["Cathode materials · Layered oxide"][-3:] == ["≈", "·", "·"]
    assert cells["Cathode materials"][0] == "×"  # January 2025: no review is known


def test_hostile_labels_stay_text_in_a_picture():
    """Titles of segments and names of sources come from definitions and documents that others wrote."""
    rows = pl.DataFrame({"series": [HOSTILE], "month": [HOSTILE], "log_ratio": [0.1], "text": [HOSTILE]})
    svg = drawing.to_svg(draw_heat(rows, months=[HOSTILE]), HOSTILE)
    reader = Reader()
    reader.feed(svg)
    assert not {"script", "img"} & set(reader.tags)
    boxes = [{"name": "a", "title": HOSTILE, "text": HOSTILE, "sign": 1}]
    reader.feed(drawing.to_svg(draw_chain_map(boxes, []), HOSTILE))
    assert not {"script", "img"} & set(reader.tags)
