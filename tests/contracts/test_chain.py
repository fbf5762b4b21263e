"""A chain's definition: found, read, refused with its reason, and asked for nodes, names and tolerances."""

from pathlib import Path

import pytest

from contracts.chain import chain_paths, load_chain
from contracts.errors import UsageError

BRIEF = """
title = "Salt"
{top}
[names]
en = ["salt"]
[calendar]
time_zone = "Asia/Shanghai"
publication_day = 5
grace_business_days = 3
{tables}
[[segment]]
name = "brine"
title = "Brine"
names = {{ en = ["brine", "brines"] }}
{segment}
[[segment.product]]
name = "raw"
title = "Raw brine"
names = {{ en = ["raw"] }}
[[segment.product]]
name = "deep"
title = "Deep"
parent = "raw"
names = {{ en = ["deep"] }}
[[segment]]
name = "table_salt"
title = "Table salt"
names = {{ en = ["table salt"] }}
[[link]]
upstream = "brine"
downstream = "{downstream}"
spread_pp = 10.0
"""


@pytest.fixture
def write(tmp_path):
    """Write a definition of a chain and load it."""

    def write(name="salt", *, top="", tables="", segment="", downstream="table_salt"):
        text = BRIEF.format(top=top, tables=tables, segment=segment, downstream=downstream)
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return load_chain(name, tmp_path)

    return write


def test_a_definition_is_read_whole(write):
    salt = write()
    assert (salt.name, salt.title, salt.names) == ("salt", "Salt", {"en": ("salt",)})
    assert (salt.calendar.time_zone, salt.calendar.publication_day, salt.calendar.grace_business_days) == (
        "Asia/Shanghai",
        5,
        3,
    )
    assert [(link.upstream, link.downstream, link.spread_pp) for link in salt.links] == [("brine", "table_salt", 10.0)]
    brine = salt.segment("brine")
    assert (brine.title, brine.units, brine.default_product, brine.role) == ("Brine", {}, "", "stage")
    assert brine.parents == {"raw": "", "deep": "raw"}
    assert salt.nodes() == [("brine", ""), ("brine", "raw"), ("brine", "deep"), ("table_salt", "")]


def test_what_a_segment_says_of_itself(write):
    brine = write(segment='default_product = "raw"\nrole = "input"\nunits = { price = "CNY/t" }').segment("brine")
    assert (brine.default_product, brine.role, brine.units) == ("raw", "input", {"price": "CNY/t"})


def test_thresholds_and_what_is_not_of_the_chain(write):
    salt = write(tables='[thresholds.share_shift]\ninfo_pp = 5.0\n[not_ours]\nen = ["road salt"]')
    assert (salt.thresholds, salt.not_ours) == ({"share_shift": {"info_pp": 5.0}}, {"en": ("road salt",)})
    bare = write("bare")
    assert (bare.thresholds, bare.not_ours, bare.tolerance_pp, bare.tolerance_pct) == ({}, {}, {}, {})
    assert bare.segment("brine").thresholds == {}


def test_ones_own_definition_comes_before_the_shipped_one(write, tmp_path):
    assert load_chain("sodium_ion").title == "Sodium-ion batteries"
    assert write("sodium_ion").title == "Salt"
    assert set(chain_paths(tmp_path)) == set(chain_paths())
    assert chain_paths(tmp_path)["sodium_ion"] == tmp_path / "sodium_ion.toml"
    assert chain_paths(Path("nowhere")) == chain_paths()


TOLERANCES = """
[tolerance_pct]
mom_pct = 5
level = 10.0
[tolerance_pp]
share_pct = 3.0
mom_pct = 9.0
operating_rate = 2.0
"""
OWN = """
[segment.thresholds.tolerance_pct]
level = 4.0
[segment.thresholds.tolerance_pp]
share_pct = 1.0
yoy_pct = 7.0
price = 6.0
"""


@pytest.mark.parametrize(
    ("segment", "metric", "measure", "tolerance"),
    [
        # a segment's own before the chain's, percent of level before points
        ("brine", "production", "level", 4.0),
        ("table_salt", "production", "level", 10.0),
        ("brine", "production", "share_pct", 1.0),
        ("table_salt", "production", "share_pct", 3.0),
        ("table_salt", "production", "mom_pct", 5.0),
        ("brine", "production", "yoy_pct", 7.0),
        ("table_salt", "production", "yoy_pct", None),
        # a level goes by its metric first; that of a rate by nothing else
        ("brine", "price", "level", 6.0),
        ("table_salt", "operating_rate", "level", 2.0),
        ("table_salt", "operating_rate", "mom_pp", None),
        ("none_such", "production", "mom_pct", 5.0),
    ],
)
def test_tolerances(write, segment, metric, measure, tolerance):
    assert write(tables=TOLERANCES, segment=OWN).tolerance(segment, metric, measure) == tolerance


def test_a_rate_has_no_tolerance_of_levels(write):
    salt = write(tables="[tolerance_pct]\nlevel = 10.0")
    assert salt.tolerance("brine", "operating_rate", "level") is None
    assert isinstance(write("other", tables=TOLERANCES).tolerance("brine", "production", "mom_pct"), float)


def refusal(call, *arguments, **options):
    with pytest.raises(UsageError) as raised:
        call(*arguments, **options)
    return raised.value


def test_an_unknown_segment_or_chain_is_told_with_the_nearest(write):
    salt = write()
    error = refusal(salt.segment, "brines")
    assert (error.what, error.next) == ("chain salt has no segment 'brines'", "did you mean brine?")
    assert refusal(salt.segment, "x").next == "did you mean brine, table_salt?"
    error = refusal(load_chain, "sodium_iom")
    assert error.what == "unknown chain 'sodium_iom'"
    assert error.next.startswith("known chains: sodium_ion")
    assert refusal(load_chain, "x").next == f"known chains: {', '.join(sorted(chain_paths()))}"


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"downstream": "cake"}, 'downstream "cake" is no segment of the chain'),
        ({"segment": 'default_product = "x"'}, 'default_product "x" is no product of the segment'),
        ({"top": "title = 5"}, "the file is not TOML"),
    ],
)
def test_a_definition_that_cannot_be_read_says_why_and_where(write, tmp_path, parts, what):
    error = refusal(write, "cake", **parts)
    assert error.what == f"the chain definition cake.toml cannot be read: {what}"
    assert error.where.startswith(str(tmp_path / "cake.toml"))
    assert error.next.endswith(f"every mistake: trona chain check {tmp_path / 'cake.toml'}")


def test_a_definition_without_a_title_names_what_is_missing(tmp_path):
    (tmp_path / "bare.toml").write_text("[names]\n", encoding="utf-8")
    assert "the chain has no title" in refusal(load_chain, "bare", tmp_path).what
