"""`trona chain check`: mistakes with their place on stdout, the count on stderr, exit code 3."""

import json

from contracts.chain import chain_paths
from tests.contracts.test_chain_check import RIGHT
from tests.flows.command import Command


def test_it_says_each_mistake_in_five_parts(capfdbinary, monkeypatch, tmp_path):
    trona = Command(capfdbinary, monkeypatch, tmp_path / "lake")
    file = tmp_path / "salt.toml"
    file.write_text(RIGHT.replace('"t", price', '"Mt", price') + "[thresholds.direction_miss]\n", encoding="utf-8")
    said = trona("chain", "check", file, code=3, on_lake=False)
    assert said.out.splitlines()[:5] == [
        'unknown unit "Mt"',
        f"  where   {file}, line 25: segment brine, units, production",
        '  found   "Mt"',
        "  effect  the chain is not loaded; every other chain is as it was",
        "  next    did you mean t?",
    ]
    assert f"1 mistake in {file}, 1 note" in said.err
    rows = json.loads(trona("chain", "check", file, "--json", code=3, on_lake=False).out)
    assert [row["is_note"] for row in rows] == [False, True]
    assert rows[0]["what"] == 'unknown unit "Mt"'


def test_a_right_one_and_one_that_is_not_there(capfdbinary, monkeypatch, tmp_path):
    trona = Command(capfdbinary, monkeypatch, tmp_path / "lake")
    said = trona("chain", "check", chain_paths()["nickel"], on_lake=False)
    assert (said.out, "the chain can be used" in said.err) == ("", True)
    assert "No such file" in trona("chain", "check", tmp_path / "none.toml", code=2, on_lake=False).err
