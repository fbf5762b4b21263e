"""docs/extend.md, "Adding a chain": the file of the page, put where the page says, is a chain."""

import json
import re
from pathlib import Path

import pytest

from tests.flows.command import Command

PAGE = (Path(__file__).parents[2] / "docs" / "extend.md").read_text(encoding="utf-8")
HEAD = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit,qualifier\n"
ROWS = (
    "test,glass,2026-01,2026-02-05,Float glass,Ultra-clear,production,2026-01,actual,mom_pct,−4,%,exact\n"
    "test,glass,2026-01,2026-02-05,soda_ash,,production,2026-01,actual,mom_pct,21,%,exact\n"
    "test,glass,2026-01,2026-02-05,float,,production,2026-01,actual,mom_pct,-3,%,exact\n"
)


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path):
    (tmp_path / "chains").mkdir()
    (code,) = re.findall(r"This one is `glass\.toml`:\n\n```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "chains" / "glass.toml").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRONA_CHAINS", str(tmp_path / "chains"))
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


def test_tables_of_the_chain_are_ingested_and_shown_by_its_names(trona, tmp_path):
    (tmp_path / "glass.csv").write_text(HEAD + ROWS, encoding="utf-8")
    trona("ingest", "glass.csv")
    rows = json.loads(trona("figures", "--chain", "glass", "--json").out)
    assert {(row["segment"], row["product"], row["value"]) for row in rows} == {
        ("float", "ultra_clear", -4.0),
        ("soda_ash", "", 21.0),
        ("float", "", -3.0),
    }
    assert "Float glass · Ultra-clear" in trona("figures").out
    # the link: 21 − (−3) = 24 pp apart, its spread is 15
    gaps = [r for r in json.loads(trona("comparisons", "--json").out) if r["basis"] == "divergence"]
    assert [(row["segment"], row["counterpart"], row["value"]) for row in gaps] == [("soda_ash", "float", 24.0)]


def test_a_level_in_another_unit_is_refused(trona, tmp_path):
    row = "test,glass,2026-01,2026-02-05,float,,production,2026-01,actual,level,900,GWh,exact\n"
    (tmp_path / "glass.csv").write_text(HEAD + ROWS + row, encoding="utf-8")
    trona("ingest", "glass.csv", code=3)
    (refused,) = json.loads(trona("quarantine", "--json").out)
    assert (refused["segment"], refused["column"], refused["value"]) == ("float", "unit", "float production in GWh")


def test_the_template_knows_it(trona):
    trona("template", "glass", "--form", "wide", "--month", "2026-01", on_lake=False)
    written = "\n".join(path.read_text(encoding="utf-8-sig") for path in sorted(Path().glob("glass*")))
    assert "float,ultra_clear," in written
    assert "soda_ash,," in written
