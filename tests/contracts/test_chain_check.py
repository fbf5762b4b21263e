"""The check of a chain's definition: each typical mistake, its place, its line and the right word beside it."""

import pytest

from contracts.chain import chain_paths, load_chain, load_chains
from contracts.chain_check import check_chain
from contracts.errors import UsageError
from tasks.alerts.registry import read_rules

RULES = {name: rule.thresholds for name, rule in read_rules().items()}

RIGHT = """title = "Salt"

[names]
en = ["salt industry"]

[calendar]
time_zone = "Asia/Shanghai"
publication_day = 5
grace_business_days = 3
days_off = [2026-02-16]

[tolerance_pct]
mom_pct = 5.0

[thresholds.forecast_miss]
level_pct = 5.0

[forecasters]
broker = "agency"

[[segment]]
name = "brine"
title = "Brine"
default_product = "raw"
units = { production = "t", price = "CNY/t" }
names = { en = ["brine"], zh = ["卤水"] }

[[segment.product]]
name = "raw"
title = "Raw brine"
names = { en = ["raw"] }

[[segment.product]]
name = "deep"
title = "Deep"
parent = "raw"
names = { en = ["deep"] }

[[segment]]
name = "table_salt"
title = "Table salt"
role = "stage"
names = { en = ["table salt"] }

[[link]]
upstream = "brine"
downstream = "table_salt"
spread_pp = 10.0
"""

# what is replaced, by what; what the check says, where (line and place), what it found, what to do next
MISTAKES = [
    ("[names]", 'colour = "white"\n[names]', 'unknown key "colour"', "3: colour", 'colour = "white"', "known: title, names"),
    ("publication_day", "publication_days", 'unknown key "publication_days"', "8: calendar, publication_days", "= 5", "did you mean publication_day?"),
    ('parent = "raw"', 'parents = "raw"', 'unknown key "parents"', "36: segment brine, product deep, parents", '"raw"', "did you mean parent?"),
    ("spread_pp", "spread", 'unknown key "spread"', "48: link 1, spread", "spread = 10.0", "did you mean spread_pp?"),
    ('production = "t"', 'production = "Mt"', 'unknown unit "Mt"', "25: segment brine, units, production", '"Mt"', "did you mean t?"),
    ('production = "t"', 'production = "bushel"', 'unknown unit "bushel"', "25: segment brine, units, production", '"bushel"', "known: t, MWh, GWh, CNY/t, %"),
    ("production = ", "produktion = ", 'unknown metric "produktion"', "25: segment brine, units, produktion", "produktion", "did you mean production?"),
    ("publication_day = 5", "publication_day = 45", "publication_day must be a day from 1 to 28", "8: calendar, publication_day", "45", "1 to 28"),
    ("publication_day = 5", 'publication_day = "5"', "publication_day must be a day from 1 to 28", "8: calendar, publication_day", '"5"', "1 to 28"),
    ("grace_business_days = 3", "grace_business_days = -1", "grace_business_days must be a whole number, 0 or more", "9: calendar, grace_business_days", "-1", "such as 5"),
    ("[2026-02-16]", '["2026-02-16"]', "a day off must be a date", "10: calendar, days_off 1", '"2026-02-16"', "without quotation marks"),
    ("[2026-02-16]", "2026-02-16", "days_off must be a list of days", "10: calendar, days_off", "2026-02-16", "write ["),
    ("Asia/Shanghai", "Asia/Shangai", 'there is no time zone "Asia/Shangai"', "7: calendar, time_zone", '"Asia/Shangai"', "did you mean Asia/Shanghai"),
    ("Asia/Shanghai", "../etc", 'there is no time zone "../etc"', "7: calendar, time_zone", '"../etc"', "Asia/Shanghai"),
    ("level_pct = 5.0", "level_pct = -5.0", "level_pct must not be below 0", "16: thresholds, forecast_miss, level_pct", "-5.0", "without sign"),
    ("level_pct = 5.0", 'level_pct = "5 %"', "level_pct must be a number", "16: thresholds, forecast_miss, level_pct", '"5 %"', "write a number"),
    ("level_pct = 5.0", "level_pct = nan", "level_pct must be a number", "16: thresholds, forecast_miss, level_pct", "nan", "write a number"),
    ("level_pct = 5.0", "level_pct = true", "level_pct must be a number", "16: thresholds, forecast_miss, level_pct", "True", "write a number"),
    ("level_pct = 5.0", "level_pt = 5.0", 'unknown threshold "level_pt"', "16: thresholds, forecast_miss, level_pt", "level_pt = 5.0", "did you mean level_pct"),
    ("level_pct = 5.0", "yoy_pct = 5.0", "yoy_pct is a measure, no threshold", "16: thresholds, forecast_miss, yoy_pct", "5.0", "write [thresholds.forecast_miss.yoy_pct]"),
    ("level_pct = 5.0", "yoy_pct = { level_pt = 5.0 }", 'unknown threshold "level_pt"', "16: thresholds, forecast_miss, yoy_pct, level_pt", "level_pt = 5.0", "did you mean level_pct"),
    ("thresholds.forecast_miss", "thresholds.forecast_mis", 'unknown rule "forecast_mis"', "15: thresholds, forecast_mis", "forecast_mis", "did you mean forecast_miss"),
    ("mom_pct = 5.0", "mom_pc = 5.0", 'unknown measure "mom_pc"', "13: tolerance_pct, mom_pc", "mom_pc = 5.0", "did you mean mom_pct"),
    ("mom_pct = 5.0", "mom_pct = -1", "mom_pct must not be below 0", "13: tolerance_pct, mom_pct", "-1", "without sign"),
    ('parent = "raw"', 'parent = "rav"', 'parent "rav" is no product of the segment', "36: segment brine, product deep, parent", '"rav"', "did you mean raw?"),
    ('parent = "raw"', 'parent = "deep"', "products are each other's parents", "36: segment brine, product deep, parent", "deep → deep", "leave out the parent"),
    ('name = "deep"', 'name = "raw"', 'two products have the name "raw"', "34: segment brine, product raw, name", "the first is number 1, this is number 2", "its own name"),
    ('name = "table_salt"', 'name = "brine"', 'two segments have the name "brine"', "40: segment brine, name", "number 2", "its own name"),
    ('["deep"]', '["deep", "RAW brine"]', 'two products are spelled "raw brine"', "37: segment brine, product deep, names", "raw and deep", "leave it to one of them"),
    ('["table salt"]', '["table salt", "卤水"]', 'two segments are spelled "卤水"', "43: segment table_salt, names", "brine and table_salt", "leave it to one of them"),
    ('["raw"]', '["raw", "Brine"]', 'a product is spelled "brine", as its segment is', "31: segment brine, product raw, names", "product raw", "default_product"),
    ('downstream = "table_salt"', 'downstream = "tabel_salt"', 'downstream "tabel_salt" is no segment of the chain', "47: link 1, downstream", '"tabel_salt"', "did you mean table_salt?"),
    ('downstream = "table_salt"', 'downstream = "brine"', "a link joins a segment to itself", "45: link 1", "brine → brine", "name two segments"),
    ("spread_pp = 10.0", "spread_pp = -10.0", "spread_pp must not be below 0", "48: link 1, spread_pp", "-10.0", "without sign"),
    ('["deep"]', '[""]', "a name is empty", "37: segment brine, product deep, names, en 1", '""', "take it out"),
    ('{ en = ["deep"] }', "{ en = [] }", "there is no name in any language", "37: segment brine, product deep, names", "{'en': []}", "write names"),
    ('["deep"]', '"deep"', "names must be a list", "37: segment brine, product deep, names, en", '"deep"', 'write en = ["…"]'),
    ('["deep"]', "[5]", "a name must be text", "37: segment brine, product deep, names, en 1", "5", "quotation marks"),
    ('{ en = ["deep"] }', '["deep"]', "names must be lists by language", "37: segment brine, product deep, names", "['deep']", "write names"),
    ('en = ["deep"]', 'English = ["deep"]', '"English" is no code of a language', "37: segment brine, product deep, names, English", "['deep']", "such as en or zh"),
    ('title = "Deep"', 'title = ""', "title is empty", "35: segment brine, product deep, title", '""', "write a name"),
    ('title = "Deep"', "title = 5", "title must be text", "35: segment brine, product deep, title", "5", "quotation marks"),
    ('title = "Deep"\n', "", "product has no title", "33: segment brine, product deep", "name, parent, names", "write title"),
    ('default_product = "raw"', 'default_product = "rwa"', 'default_product "rwa" is no product of the segment', "24: segment brine, default_product", '"rwa"', "did you mean raw?"),
    ('role = "stage"', 'role = "inputs"', 'unknown role "inputs"', "42: segment table_salt, role", '"inputs"', "did you mean input?"),
    ("[[link]]", "[link]", "link must be a list of tables", "45: link", "upstream", "write [[link]]"),
    ('{ production = "t", price = "CNY/t" }', '"t"', "units must be given by metric", "25: segment brine, units", '"t"', "write units"),
    ('broker = "agency"', "broker = 5", "broker must be text", "19: forecasters, broker", "5", "quotation marks"),
    ('title = "Salt"', "title = ", "the file is not TOML", "", "line 1", "docs/chains.md"),
]  # fmt: skip


def name_mistake(case):
    return f"{case[1][:40]!r} for {case[0][:30]!r}"


def test_the_right_one_has_none():
    assert check_chain(RIGHT, RULES) == []


@pytest.mark.parametrize("case", MISTAKES, ids=map(name_mistake, MISTAKES))
def test_a_mistake_is_told_with_its_place_and_the_right_word(case):
    right, wrong, what, where, found, next_step = case
    assert RIGHT.count(right) >= 1
    faults = check_chain(RIGHT.replace(right, wrong, 1), RULES)
    (told,) = [error for error in (fault.tell("salt.toml") for fault in faults) if error.what == what]
    assert told.where == (f"salt.toml, line {where}" if where else "salt.toml")
    assert found in told.found
    assert next_step in told.next
    assert told.effect


def test_parents_in_a_ring_are_told_once():
    ring = RIGHT.replace('title = "Raw brine"', 'title = "Raw brine"\nparent = "deep"')
    (fault,) = check_chain(ring, RULES)
    assert (fault.what, fault.found) == ("products are each other's parents", "raw → deep → raw")


def test_a_product_below_a_ring_is_not_in_it():
    product = '[[segment.product]]\nname = "low"\ntitle = "Low"\nparent = "deep"\nnames = { en = ["low"] }\n'
    ring = RIGHT.replace('title = "Raw brine"', 'title = "Raw brine"\nparent = "deep"')
    assert (
        len(check_chain(ring.replace('[[segment]]\nname = "table', f'{product}[[segment]]\nname = "table'), RULES)) == 1
    )


def test_several_mistakes_are_told_together_in_the_order_of_the_file():
    wrong = RIGHT.replace('"t", price', '"Mt", price').replace("mom_pct", "mom_pc").replace("= 5\n", "= 45\n")
    assert [fault.line for fault in check_chain(wrong, RULES)] == [8, 13, 25]


def test_a_former_rule_is_a_note_and_the_chain_is_loaded(tmp_path):
    old = RIGHT + "\n[thresholds.direction_miss]\nmin_pct = 1.0\n"
    (note,) = check_chain(old, RULES)
    assert note.is_note
    assert note.what == "direction_miss is a former rule: forecast_miss does its work"
    assert note.tell("salt.toml").effect == "it is passed over; the rest of the definition holds"
    (tmp_path / "salt.toml").write_text(old, encoding="utf-8")
    assert load_chain("salt", tmp_path).title == "Salt"


def test_names_of_rules_are_left_alone_where_they_are_not_given():
    assert check_chain(RIGHT.replace("forecast_miss", "any_rule")) == []
    assert [f.what for f in check_chain(RIGHT.replace("level_pct = 5.0", 'any = "x"'))] == ["any must be a number"]


@pytest.mark.parametrize("name", sorted(chain_paths()))
def test_shipped_chains_have_no_mistake(name):
    assert check_chain(chain_paths()[name].read_text(encoding="utf-8"), RULES) == []


@pytest.mark.parametrize(
    "content", ["title = ", "names = 1", "\x00", "[[segment]]", "segment = [1]", "link = [[]]", "calendar = []"]
)
def test_any_file_is_checked_without_a_crash(content):
    assert check_chain(content, RULES)


def test_a_broken_own_definition_stops_only_its_chain(tmp_path):
    (tmp_path / "salt.toml").write_text(
        RIGHT.replace('"t", price', '"Mt", price').replace("= 5\n", "= 45\n"), encoding="utf-8"
    )
    (tmp_path / "latin.toml").write_bytes('title = "Café"'.encode("latin-1"))
    with pytest.raises(UsageError) as raised:
        load_chain("salt", tmp_path)
    error = raised.value
    assert (
        error.what
        == "the chain definition salt.toml cannot be read: publication_day must be a day from 1 to 28 and 1 other mistake"
    )
    assert error.where == f"{tmp_path / 'salt.toml'}, line 8: calendar, publication_day"
    assert error.next.endswith(f"trona chain check {tmp_path / 'salt.toml'}")
    found, broken = load_chains(tmp_path)
    assert set(broken) == {"salt", "latin"}
    assert set(found) == set(chain_paths())
    assert "not UTF-8" in broken["latin"].found
