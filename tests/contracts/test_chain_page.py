"""docs/chains.md describes every key that a definition may hold, and no other."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from contracts.chain import Calendar, Chain, Link, Product, Segment
from contracts.chain_check import check_chain
from contracts.chain_keys import KEYS
from tasks.alerts.registry import read_rules

RULES = {name: rule.thresholds for name, rule in read_rules().items()}
PAGE = (Path(__file__).parents[2] / "docs" / "chains.md").read_text(encoding="utf-8")
TABLES = {"": ("The chain", Chain), "calendar": ("The calendar", Calendar), "segment": ("A segment", Segment),
          "product": ("A product", Product), "link": ("A link", Link)}  # fmt: skip
WHOLE = """title = "Glass"
names = { en = ["glass industry"] }
calendar = { time_zone = "Asia/Shanghai", publication_day = 5, grace_business_days = 5 }
[[segment]]
name = "soda_ash"
title = "Soda ash"
names = { en = ["soda ash"] }
[[segment]]
name = "float"
title = "Float"
names = { en = ["float"] }
[[segment]]
name = "x"
title = "X"
names = { en = ["x"] }
[[segment.product]]
name = "hard_carbon"
title = "Hard carbon"
names = { en = ["hard carbon"] }
[[segment.product]]
name = "polyanion"
title = "Polyanion"
names = { en = ["polyanion"] }
[[segment.product]]
name = "y"
title = "Y"
names = { en = ["y"] }
[[link]]
upstream = "soda_ash"
downstream = "float"
spread_pp = 1.0
"""
"""A definition with a table of every kind; an example takes the place of its key in the last of its kind."""


def read_rows(title: str) -> list[list[str]]:
    part = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    return [[c.strip() for c in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("table", TABLES)
def test_the_page_names_every_key_and_which_are_required(table):
    rows = {row[0].strip("`"): row[1].startswith("required;") for row in read_rows(TABLES[table][0])}
    assert rows == {key.name: key.is_required for key in KEYS[table]}


@pytest.mark.parametrize("table", TABLES)
def test_the_loader_has_a_field_for_every_key(table):
    plural = {"segments": "segment", "links": "link", "products": "product"}
    known = {plural.get(f.name, f.name) for f in fields(TABLES[table][1])}
    assert known - ({"name"} if not table else set()) == {key.name for key in KEYS[table]}


def list_examples():
    for table, (title, _) in TABLES.items():
        for row in read_rows(title):
            code = re.fullmatch(r"`(.+?)`(?: under `(.+?)`)?", row[2])
            yield pytest.param(table, row[0].strip("`"), code[1], code[2] or "", id=f"{title}: {row[0]}")


@pytest.mark.parametrize(("table", "key", "code", "header"), [*list_examples()])
def test_every_example_is_right(table, key, code, header):
    data = tomllib.loads(WHOLE)
    last = data["segment"][-1]
    places = {"": data, "calendar": data["calendar"], "segment": last, "product": last["product"][-1]}
    if code.startswith("["):  # the header of a table that has its own section
        steps = code.strip("[]").split(".")
        assert steps[-1] == key
        assert steps[:-1] == ([table] if table else [])
        return
    example = tomllib.loads(f"{header}\n{code}")
    example = example["segment"] if header.startswith("[segment.") else example
    assert set(example) == {key}
    places.get(table, data["link"][-1]).update(example)
    assert [fault.what for fault in check_chain(write(data), RULES)] == []


def write(data: dict) -> str:
    """The data as TOML: tables inline, which is enough for a definition."""
    return "\n".join(f"{name} = {show(value)}" for name, value in data.items())


def show(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {show(part)}" for name, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(show(part) for part in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
