"""Documents that are wrong: a clear error or quarantine, the documented exit code, and nothing lost beside them."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from tests.flows.command import Command

HEADER = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit\n"
GOOD = "smm,sodium_ion,2026-01,2026-02-05,cell,,production,2026-01,actual,mom_pct,-41,%\n"


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


def row(**parts: str) -> str:
    usual = dict(zip(HEADER.strip().split(","), GOOD.strip().split(","), strict=True))
    return ",".join((usual | {"segment": "cathode", "value": "2"} | parts).values()) + "\n"


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (row(value="two"), "number"),
        (row(measure="share_pct", product="nfpp", value="910"), "share"),
        (row(value="-140"), "growth"),
        (row(value="NaN"), ""),
        (row(value="inf"), ""),
        (row(period="2026-13"), "period"),
        (row(segment="cathod"), "segment"),
        (row(product="nfp", measure="share_pct", value="60"), "product"),
        (row(value="2") + row(value="3"), "one_value_per_key"),
        (row(unit="t"), "unit"),
    ],
)
def test_a_bad_row_goes_to_quarantine_and_the_good_one_beside_it_is_kept(trona, tmp_path, bad, rule):
    document = tmp_path / "january.csv"
    document.write_text(HEADER + GOOD + row(segment="electrolyte", value="-5") + bad, encoding="utf-8")
    called = trona("ingest", document, code=3)
    assert "trona quarantine --run" in called.err
    kept = json.loads(trona("figures", "--json").out)
    assert {r["segment"] for r in kept} == {"cell", "electrolyte"}
    refused = json.loads(trona("quarantine", "--json").out)
    assert len(refused) >= 1
    assert all(rule in r["rule"] for r in refused), [r["rule"] for r in refused]
    assert all(r["message"] and r["row"] and r["run_id"] for r in refused)
    again = trona("ingest", document, code=0)
    assert "nothing new" in again.err


def test_the_same_row_twice_is_one_row(trona, tmp_path):
    document = tmp_path / "january.csv"
    document.write_text(HEADER + GOOD + GOOD, encoding="utf-8")
    trona("ingest", document, code=None)
    assert len(json.loads(trona("figures", "--json").out)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        (HEADER, ""),
        ("source,chain,segmnt,perod,measur,valu\nsmm,sodium_ion,cathode,2026-01,mom_pct,2\n", "segment"),
        (
            HEADER
            + "".join(
                row(segment=s, value=v)
                for s, v in (("cathode", "0.02"), ("cell", "-0.41"), ("electrolyte", "-0.05"), ("cathode", "0.06"))
            ),
            "fraction",
        ),
        (HEADER + GOOD + row(chain="lithium_ion", segment="lfp"), "chain"),
        (HEADER + row(chain="potassium_ion"), "chain"),
        (HEADER + row(published="2999-02-05"), "future"),
    ],
)
def test_a_document_that_cannot_be_trusted_is_refused_whole(trona, tmp_path, content, said):
    document = tmp_path / "january.csv"
    document.write_text(content, encoding="utf-8")
    called = trona("ingest", document, code=None)
    assert called.code in {2, 3}, called.err
    assert said in called.err.lower()
    assert "next" in called.err
    assert json.loads(trona("figures", "--json").out) == []
    assert json.loads(trona("quarantine", "--json").out)[0]["rule"] == "release_refused"
    assert list((Path(trona.lake) / "documents").rglob("*"))


def test_mixed_line_ends_and_a_byte_order_mark_are_read(trona, tmp_path):
    document = tmp_path / "january.csv"
    document.write_bytes(
        b"\xef\xbb\xbf" + HEADER.strip().encode() + b"\r\n" + GOOD.encode() + row().strip().encode() + b"\r\n"
    )
    trona("ingest", document)
    assert len(json.loads(trona("figures", "--json").out)) == 2


def test_a_truncated_parquet_is_refused_and_the_others_are_taken_in(trona, tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.csv").write_text(HEADER + GOOD, encoding="utf-8")
    whole = pl.read_csv(folder / "a.csv").with_columns(segment=pl.lit("cathode"))
    whole.write_parquet(folder / "b.parquet")
    content = (folder / "b.parquet").read_bytes()
    (folder / "b.parquet").write_bytes(content[: len(content) // 2])
    called = trona("ingest", folder, code=3)
    assert "b.parquet" in called.err
    assert len(json.loads(trona("figures", "--json").out)) == 1


def test_a_file_without_permission_is_told_and_the_others_are_taken_in(trona, tmp_path, monkeypatch):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.csv").write_text(HEADER + GOOD, encoding="utf-8")
    (folder / "b.csv").write_text(HEADER + row(), encoding="utf-8")
    if os.geteuid() == 0:  # root may read everything: let the system refuse in its place
        real = Path.read_bytes

        def refuse(path):
            if path.name == "b.csv":
                raise PermissionError(13, "Permission denied")
            return real(path)

        monkeypatch.setattr(Path, "read_bytes", refuse)
    else:
        (folder / "b.csv").chmod(0)
    called = trona("ingest", folder, code=4)
    assert "Permission denied" in called.err
    assert len(json.loads(trona("figures", "--json").out)) == 1


def test_a_path_that_is_not_there_and_a_kind_nobody_reads(trona, tmp_path):
    assert "no such file" in trona("ingest", tmp_path / "none.csv", code=4).err
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert "unsupported file type '.png'" in trona("ingest", tmp_path / "picture.png", code=2).err
    assert "nothing to ingest" in trona("ingest", code=2).err


def test_a_full_disk_is_told_and_the_next_run_finishes(trona, tmp_path, monkeypatch):
    document = tmp_path / "january.csv"
    document.write_text(HEADER + GOOD, encoding="utf-8")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        called = trona("ingest", document, code=4)
    assert "No space left" in called.err
    trona("ingest", document)
    assert len(json.loads(trona("figures", "--json").out)) == 1


def test_stopped_by_hand_in_the_middle_keeps_what_was_recorded(trona, tmp_path, monkeypatch):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.csv").write_text(HEADER + GOOD, encoding="utf-8")
    (folder / "b.csv").write_text(HEADER + row(), encoding="utf-8")
    real = Path.read_bytes

    def stop(path):
        if path.name == "b.csv":
            raise KeyboardInterrupt
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", stop)
        called = trona("ingest", folder, code=130)
    assert "Recorded data is intact" in called.err
    assert len(json.loads(trona("figures", "--json").out)) == 1
    trona("ingest", folder)
    assert len(json.loads(trona("figures", "--json").out)) == 2


def test_a_wrong_publication_date_is_corrected_by_retracting(trona, tmp_path):
    document = tmp_path / "january.csv"
    document.write_text((HEADER + GOOD).replace("2026-02-05", ""), encoding="utf-8")
    trona("ingest", document, "--published", "2026-02-03")
    called = trona("ingest", document, "--published", "2026-02-06", code=3)
    assert "another publication date" in called.err
    release = json.loads(trona("releases", "--json").out)[0]["release_id"]
    trona("retract", release, "--reason", "wrong day")
    trona("ingest", document, "--published", "2026-02-06")
    figures = json.loads(trona("figures", "--json").out)
    assert [f["published_at"] for f in figures] == ["2026-02-05T16:00:00Z"]
