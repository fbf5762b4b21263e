"""The site: it opens from disk, says what the lake says, and keeps hostile text as text."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from contracts.chain import load_chain
from data_lake.figures import read_figures
from data_lake.lake import open_lake
from tasks.pages import build_site, charts
from tasks.pages.site import tie
from tests.tasks.interrupted import take_in_all

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples" / "figures" / "smm" / "sodium_ion").glob("*.csv"))
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
SODIUM = {"sodium_ion": load_chain("sodium_ion")}


class Reader(HTMLParser):
    """Links, scripts, ids and text of a page."""

    def __init__(self):
        super().__init__()
        self.links, self.tags, self.words, self.depth = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        if tag not in {"meta", "br", "link", "img"}:
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


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "lake"
    take_in_all(str(folder), [str(path) for path in EXAMPLES])
    return open_lake(folder)


@pytest.fixture(scope="module")
def site(lake, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    build_site(lake, SODIUM, folder, as_of=AS_OF)
    return folder


def test_every_page_is_well_formed_without_script_or_request_and_its_links_lead_somewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        reader = read(page)
        assert not {"script", "iframe", "link", "img"} & set(reader.tags), page
        assert "url(" not in page.read_text(encoding="utf-8")
        for link in reader.links:
            assert not re.match(r"\w+:|//", link), f"{page}: {link}"
            assert (page.parent / link.split("#")[0]).exists(), f"{page}: {link}"


def test_the_month_says_what_was_published(site):
    text = " ".join(read(site / "sodium_ion" / "2026-01.html").words).replace("\N{NO-BREAK SPACE}", " ")
    assert "Cathode materials: +2 % MoM, +192 % YoY" in text
    assert "Battery cells: −41 % MoM, +132 % YoY" in text
    assert re.search(r"Expected for 2026-02.*Cathode materials\s+−70 % MoM, −23 % YoY", text, re.DOTALL)


def test_the_data_to_take_away_are_the_figures_of_the_lake(site, lake):
    rows = list(csv.DictReader(io.StringIO((site / "sodium_ion" / "data" / "figures.csv").read_text(encoding="utf-8"))))
    known = read_figures(lake, as_of=AS_OF)
    assert {row["figure_id"] for row in rows} >= set(known["figure_id"])
    assert {(row["figure_id"], float(row["value"])) for row in rows if row["value"]} >= {
        (figure, value) for figure, value in known.select("figure_id", "value").iter_rows() if value is not None
    }


def test_what_was_not_public_yet_is_not_there(lake, tmp_path):
    build_site(lake, SODIUM, tmp_path, as_of=datetime(2025, 10, 1, tzinfo=UTC))
    assert (tmp_path / "sodium_ion" / "2025-08.html").exists()
    assert not (tmp_path / "sodium_ion" / "2026-01.html").exists()


def test_the_same_lake_gives_the_same_bytes_and_a_later_look_changes_nothing(site, lake):
    assert build_site(lake, SODIUM, site, as_of=AS_OF) == []
    assert build_site(lake, SODIUM, site, as_of=AS_OF + timedelta(hours=5)) == []


def test_without_the_extra_the_numbers_stand_in_tables_and_the_page_says_what_is_missing(lake, tmp_path, monkeypatch):
    monkeypatch.setattr(charts.importlib.util, "find_spec", lambda name: None)
    build_site(lake, SODIUM, tmp_path, as_of=AS_OF)
    page = tmp_path / "sodium_ion" / "2026-01.html"
    assert "svg" not in read(page).tags
    text = " ".join(read(page).words)
    assert "trona[charts]" in text
    assert "−41" in text


def test_hostile_text_stays_text(tmp_path):
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    head = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit,qualifier,note\n"
    quoted = hostile.replace('"', '""')
    row = f'"{quoted}",sodium_ion,2026-01,2026-02-05,cathode,,production,2026-01,actual,mom_pct,2,%,exact,"{quoted}"\n'
    (tmp_path / "bad.csv").write_text(head + row, encoding="utf-8")
    take_in_all(str(tmp_path / "lake"), [str(tmp_path / "bad.csv")])
    build_site(open_lake(tmp_path / "lake"), SODIUM, tmp_path / "site", as_of=AS_OF)
    for page in (tmp_path / "site").rglob("*.html"):
        assert not {"script", "img"} & set(read(page).tags), page


def test_an_empty_lake_is_a_page_that_says_so(tmp_path):
    build_site(open_lake(tmp_path / "lake"), SODIUM, tmp_path / "site", as_of=AS_OF)
    assert "no figures yet" in " ".join(read(tmp_path / "site" / "index.html").words)


def test_numbers_keep_their_units_on_one_line():
    assert tie("+2 % MoM and 5 pp of it") == "+2\xa0%\xa0MoM and 5\xa0pp of it"
