"""`trona implied`, `trona index` and `trona findings`, as a person types them."""

import csv
import io
from pathlib import Path

import pytest

from contracts.reconciled import IMPLIED, INDEX
from tests.flows.command import Command

EXAMPLES = Path(__file__).parents[2] / "examples" / "figures" / "smm"


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path) -> Command:
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


@pytest.fixture
def loaded(trona) -> Command:
    """A lake with the January 2026 and August 2025 reviews of sodium_ion, and ternary cathode of 2025."""
    for name in ("sodium_ion/2025-08", "sodium_ion/2026-01", "lithium_ion/2025-09_ternary_cathode"):
        trona("ingest", EXAMPLES / f"{name}.csv")
    return trona


def rows(called) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(called.out)))


def test_implied_has_the_fixed_columns_and_the_hand_derived_numbers(loaded):
    words = ("implied", "cathode", "2025-01", "2025-02", "--chain", "sodium_ion", "--with-forecasts")
    found = rows(loaded(*words, "--format", "csv"))
    fixed = ["chain", "segment", "product", "metric", "from_month", "to_month", "value", "lower", "upper", "figure_ids"]
    assert list(found[0])[: len(fixed)] == fixed
    assert list(found[0]) == list(IMPLIED.schema)
    # .30·2.92/.77, .295·2.915/.775, .305·2.925/.765
    assert [round(float(found[0][name]), 1) for name in ("value", "lower", "upper")] == [13.8, 11.0, 16.6]
    assert len(found[0]["figure_ids"].split()) == 3
    assert "+13.8 %" in loaded(*words).out


def test_without_forecasts_nothing_follows_and_the_reason_is_said(loaded):
    found = rows(loaded("implied", "cathode", "2025-01", "2025-02", "--chain", "sodium_ion", "--format", "csv"))
    assert (found[0]["value"], found[0]["reason"]) == ("", "no figures link 2025-01 and 2025-02")


def test_a_segment_stands_for_what_its_figures_are_filed_under(loaded):
    words = ("implied", "anode", "2025-12", "2026-01", "--chain", "sodium_ion", "--format", "csv")
    assert rows(loaded(*words))[0]["product"] == "hard_carbon"


def test_knowledge_of_then_is_used(loaded):
    words = (
        "implied",
        "cathode",
        "2025-01",
        "2026-01",
        "--chain",
        "sodium_ion",
        "--as-of",
        "2025-10-01",
        "--format",
        "csv",
    )
    assert rows(loaded(*words))[0]["value"] == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("implied", "cathod", "2025-01", "2025-02"), "did you mean cathode?"),
        (("implied", "nfpp", "2025-01", "2025-02"), "is the name of several series"),
        (("implied", "cathode", "2025-01", "2025-02", "--chain", "sodium_ion", "--product", "nfp"), "no product 'nfp'"),
        (("implied", "electrolyte", "2025-13", "2025-02", "--chain", "sodium_ion"), "not a month"),
        (("index", "electrolyte", "--base", "2025", "--chain", "sodium_ion"), "not a month"),
    ],
)
def test_what_cannot_be_understood_is_said_with_exit_2(loaded, words, said):
    assert said in loaded(*words, code=2).err


def test_the_index_has_its_envelope_and_says_why_a_month_has_none(loaded):
    found = rows(loaded("index", "cathode", "--base", "2025-12", "--chain", "sodium_ion", "--format", "csv"))
    assert list(found[0]) == list(INDEX.schema)
    by_month = {row["month"][:7]: row for row in found}
    # +2 ± 0.5 % on December
    assert [round(float(by_month["2026-01"][name]), 6) for name in ("lower", "upper")] == [101.5, 102.5]
    # January 2025: 102/2.92 = 34.93; 101.5/2.925 = 34.70 and 102.5/2.915 = 35.16
    assert [round(float(by_month["2025-01"][name]), 2) for name in ("value", "lower", "upper")] == [34.93, 34.7, 35.16]
    assert by_month["2025-08"]["reason"] == "no figures link it to 2025-12"
    assert by_month["2025-08"]["value"] == ""


def test_findings_have_the_fixed_columns_and_show_their_proof(loaded):
    loaded("ingest", EXAMPLES / "lithium_ion/2025-09_ternary_cathode_2.csv")
    found = rows(loaded("findings", "--format", "csv"))
    fixed = ["finding_id", "rule", "severity", "source", "chain", "segment", "product", "metric", "month", "sentence"]
    assert list(found[0])[:11] == [*fixed, "figure_ids"]
    assert {row["rule"] for row in found} == {"bases_apart", "base_conflict", "reviews_differ"}
    proof = loaded("findings", "--rule", "reviews_differ", "--why").out
    assert "published 2025-10-10" in proof
    assert "+13.55 % MoM" in proof
    assert loaded("findings", "--severity", "critical").err.startswith("no findings")
    assert "known: contradiction" in loaded("findings", "--rule", "nonsense", code=2).err


def test_the_month_is_on_one_screen_in_two_languages(loaded):
    shown = loaded("month", "sodium_ion", "2026-01").out
    assert shown.startswith("Sodium-ion batteries, January 2026")
    assert "cathode materials +72.9 % [+70.6, +75.2]" in shown.replace("\n", " ")
    assert max(len(line) for line in shown.splitlines()) <= 100
    assert loaded("month").out == shown
    assert loaded("month", "sodium_ion", "2026-01", "--language", "zh").out.startswith("钠离子电池，2026年1月")
    segments = rows(loaded("month", "sodium_ion", "2026-01", "--format", "csv"))
    assert [row["segment"] for row in segments] == ["cathode", "anode", "electrolyte", "cell"]
    assert "chains are: lithium_ion, sodium_ion" in loaded("month", "sodium", code=2).err
