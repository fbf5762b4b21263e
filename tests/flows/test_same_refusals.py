"""`extract` and `ingest` of one file report the same refusals, and both leave with 3."""

import pytest

from contracts.errors import Exit, UsageError
from data_lake.figures import read_figures
from data_lake.lake import open_lake
from flows.cli.ingest import extract, ingest
from flows.cli.options import LakeOption

TABLE = """\
segment,period,measure,value
cathode,2026-01,mom_pct,12.3*
cell,2026-01,mom_pct,2
anode,2026-01,mom_pct,-140
electrolyte,2026-01,mom_pct,n/a
napf6,2026-01,mom_pct,3
nafsi,2026-01,mom_pct,4
cathode,2026-01,yoy_pct,5
"""


def test_extract_and_ingest_refuse_the_same(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    said = {"source": "desk", "chain": "sodium_ion", "month": "2026-01", "published": "2026-02-05"}
    told = []
    for run in (lambda: extract(path, **said), lambda: ingest(path, lake=LakeOption(str(tmp_path / "lake")), **said)):
        assert run() == Exit.CONTRACT
        told.append([line for line in capsys.readouterr().err.splitlines() if "refused: row" in line])
    assert told[0] == told[1]
    assert [line.split(" · ")[0] for line in told[0]] == [f"  refused: row {n}" for n in (2, 5, 4)]


def test_a_release_refused_whole_is_refused_by_both(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.csv"
    path.write_text("segment,period,measure,value\n" + "".join(f"cell,2025-0{n},mom_pct,~{n}\n" for n in range(1, 6)))
    said = {"source": "desk", "chain": "sodium_ion", "month": "2026-01", "published": "2026-02-05"}
    for run in (lambda: extract(path, **said), lambda: ingest(path, lake=LakeOption(str(tmp_path / "lake")), **said)):
        with pytest.raises(Exception, match="5 of 5 rows") as caught:
            run()
        assert "row 2 number ~1" in str(caught.value)
    capsys.readouterr()


@pytest.mark.parametrize("month", ["Jan-26", "2026年1月", "202601", "January 2026", "2026-01"])
def test_a_month_is_named_in_any_way_of_writing(tmp_path, monkeypatch, capsys, month):
    """Also where the rows name theirs: the option is no other month than `2026-01`."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.csv"
    path.write_text("review_month,segment,period,measure,value\n2026-01,cathode,2026-01,mom_pct,3\n")
    said = {"source": "desk", "chain": "sodium_ion", "month": month, "published": "2026-02-05"}
    assert ingest(path, lake=LakeOption(str(tmp_path / "lake")), **said) == Exit.DONE
    assert read_figures(open_lake(tmp_path / "lake"))["review_month"].to_list() == ["2026-01"]
    assert extract(path, **said) == Exit.DONE
    assert "2026-01" in capsys.readouterr().err


def test_a_month_that_could_be_two_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(UsageError, match="not a period: '01/02/2026'"):
        ingest(tmp_path / "a.csv", month="01/02/2026", lake=LakeOption(str(tmp_path / "lake")))
