"""A lake lies wherever people keep things: in folders and object keys with spaces, signs and letters of any script."""

import pytest

from contracts.errors import UsageError
from contracts.releases import QUARANTINE
from data_lake.figures import read_figures
from data_lake.lake import open_lake
from data_lake.opening import forget_open_tables
from data_lake.runs import compare_figures, see_figures
from tests.builders import head, record
from tests.data_lake.test_delta import row

NAMES = (
    *("My Documents", "100%", "50% off", "a#b", "{month}", "[a-z]", "数据湖", "données", "данные"),
    *("a?b", "a*b", "month=2026-01", "source=smm", "a&b;c", "'quoted\"", " blanks ", "ü b%#{}[]?*=+"),
)
IMPOSSIBLE = ("back\\slash", "a%20b", "two\nlines", "\udcff\udcfe")


@pytest.mark.parametrize("name", NAMES)
def test_a_lake_in_a_folder_of_any_name_reads_back_what_was_recorded(tmp_path, name):
    check_lake(str(tmp_path / name / "lake"), {})
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_a_lake_below_object_keys_of_any_name_reads_back_what_was_recorded(object_store, name):
    check_lake(f"s3://bucket/places/{name}/lake", object_store)
    listed = open_lake(f"s3://bucket/places/{name}", object_store).storage.list("lake")
    assert f"lake/documents/dd/{'d' * 64}" in listed
    assert "lake/figures/_delta_log/00000000000000000000.json" in listed


def check_lake(uri: str, options: dict[str, str]) -> None:
    """Record, read, read as another process would, replace; values by hand."""
    lake = open_lake(uri, options)
    lake.keep_document("d" * 64, b"as it came")
    assert record(lake, head(), {"value": 1.0})
    assert not record(lake, head(), {"value": 1.0})
    record(lake, head(review_month="2026-02"), {"value": 2.0, "period": "2026-02"})
    lake.table(QUARANTINE).append(row("a", "2026-01"))
    lake.table(QUARANTINE).append(row("b", "2026-02"))
    forget_open_tables()
    again = open_lake(uri, options)
    assert read_figures(again).select("period", "source", "value").rows() == [
        ("2026-01", "smm", 1.0),
        ("2026-02", "smm", 2.0),
    ]
    assert again.table(QUARANTINE).scan().filter(review_month="2026-02").collect()["value"].to_list() == ["b"]
    assert again.read_document("d" * 64) == b"as it came"
    seen = see_figures(again)
    assert compare_figures(again, seen).removed == 0


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_name_that_the_delta_library_reads_as_another_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(UsageError, match="a lake cannot lie below a name that holds"):
        open_lake(tmp_path / name / "lake")
    assert not list(tmp_path.iterdir())


def test_a_lake_is_a_folder_by_its_path_or_its_file_address(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    addresses = (tmp_path / "lake", f"{tmp_path}/lake", f"file://{tmp_path}/lake", "~/lake", "lake")
    assert {open_lake(address).storage.local for address in addresses} == {tmp_path / "lake"}
