"""Documents under every name that a file can have, and of every size."""

import os
from datetime import UTC, datetime

import pytest

from contracts.readings import DocumentHints
from contracts.releases import RELEASES
from contracts.text import fit_name, print_name
from data_lake.lake import open_lake
from tasks.intake import documents
from tasks.intake.ingest import ingest_file

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HINTS = DocumentHints(source="desk", chain="sodium_ion", review_month="2026-01")
TABLE = b"segment,period,measure,value\ncathode,2026-01,mom_pct,3\n"


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        (b"\xce\xf7\xb0\xb2.csv", "\\xce\\xf7\\xb0\\xb2.csv"),
        (b"a\nb\t.csv", "a\\nb\\t.csv"),
        (b"n" * 251 + b".csv", "n" * 251 + ".csv"),
        ("钠电 100% #1 {x}.csv".encode(), "钠电 100% #1 {x}.csv"),
        (b"a\\b.csv", "a\\b.csv"),
    ],
)
def test_every_name_is_ingested(tmp_path, name, printed):
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(TABLE)
    lake = open_lake(tmp_path / "lake")
    (outcome,) = ingest_file(lake, path, HINTS, now=NOW, run_id="1")
    assert (outcome.status, outcome.document, outcome.figures) == ("recorded", printed, 1)
    assert lake.table(RELEASES).scan().collect()["document_name"].to_list() == [printed]


def test_a_document_larger_than_any_review_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "MOST_BYTES", 10)
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE)
    (outcome,) = ingest_file(open_lake(tmp_path / "lake"), path, HINTS, now=NOW, run_id="1")
    assert outcome.status == "refused"
    assert outcome.error is not None
    assert outcome.error.found == f"{len(TABLE)} bytes"


@pytest.mark.parametrize("name", ["a.csv", "n" * 300 + ".csv", "钠" * 200 + ".xlsx", "n" * 300, "." + "n" * 300])
def test_names_that_fit_keep_their_suffix(name):
    fitted = fit_name(name, beside=".reason.txt")
    assert len((fitted + ".reason.txt").encode()) <= 255
    is_suffixed = name.endswith((".csv", ".xlsx"))
    assert fitted == name or ("~" in fitted and (fitted.endswith(name[-4:]) or not is_suffixed))
    assert print_name(fitted) == fitted
