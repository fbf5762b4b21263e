"""One lake that breaks each rule and one that keeps it; sentences whose every number is a figure's or the size."""

import re
from datetime import UTC, datetime

import polars as pl
import pytest

from contracts.reconciled import FINDING_RULES, FINDINGS
from contracts.vocabulary import MEASURES, METRICS
from tasks.reconciling.findings import find_findings, list_found
from tasks.reconciling.found import tell_finding
from tasks.reconciling.language import load_language
from tasks.reconciling.proofs import explain_findings
from tests.tasks.reconciling.published import CHAINS, figures, real_figures


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def build(*rows: dict[str, object]) -> pl.DataFrame:
    """Figures with ids, releases and days: each row is of release r1 of 5 February 2026 where not said otherwise."""
    usual = {
        "release_id": "r1",
        "published_at": on("2026-02-05"),
        "is_published_assumed": False,
        "review_month": "2026-01",
        "place": "row 2",
    }
    filled = [usual | {"kind": "actual", "product": "", "measure": "mom_pct"} | row for row in rows]
    named = [
        row | {"figure_id": f"{row['product']}:{row['measure']}:{row['period']}:{row['kind']}:{row['release_id']}"}
        for row in filled
    ]
    return figures(*named)


def yoy(period: str, value: float, **more: object) -> dict[str, object]:
    return {"measure": "yoy_pct", "period": period, "value": value} | more


def mom(period: str, value: float, **more: object) -> dict[str, object]:
    return {"period": period, "value": value} | more


def share(product: str, value: float, **more: object) -> dict[str, object]:
    return {"measure": "share_pct", "product": product, "period": "2026-01", "value": value} | more


def level(period: str, value: float, **more: object) -> dict[str, object]:
    return {"measure": "level", "unit": "t", "period": period, "value": value} | more


SQUARE = (yoy("2025-01", 10.0), yoy("2025-02", 10.0), mom("2024-02", 5.0))
YEAR = [mom(f"2025-{m:02}", 2.0) for m in range(2, 13)] + [mom("2026-01", 2.0)]
FORECAST = {"kind": "forecast", "release_id": "r0", "published_at": on("2026-01-05"), "review_month": "2025-12"}
LATER = {"release_id": "r2", "published_at": on("2026-03-05"), "review_month": "2026-02"}
SENTENCE = "Output in {} is expected to rise further on firm orders"

BROKEN_AND_KEPT = {
    # 1.05·1.10/1.10 = 1.05 against +25 %; against +5 %
    "contradiction": ([*SQUARE, mom("2025-02", 25.0)], [*SQUARE, mom("2025-02", 5.0)]),
    # 100 → 120 t is +20 %
    "levels_do_not_reconcile": (
        [level("2025-12", 100.0), level("2026-01", 120.0), mom("2026-01", 23.0)],
        [level("2025-12", 100.0), level("2026-01", 120.0), mom("2026-01", 20.0)],
    ),
    # 1.02^12 = 1.268; by rounding 1.015^12 = 1.196 … 1.025^12 = 1.345
    "wedge": ([*YEAR, yoy("2026-01", 36.0)], [*YEAR, yoy("2026-01", 34.0)]),
    # at most 30.5 % is no less than 31.5 %
    "child_above_parent": (
        [share("polyanion", 30.0), share("nfpp", 32.0, **LATER)],
        [share("polyanion", 30.0), share("nfpp", 31.0, **LATER)],
    ),
    # 59.5 + 41.5 > 100; 59.5 + 40.5 = 100
    "shares_exceed_total": (
        [share("polyanion", 60.0), share("layered_oxide", 42.0, **LATER)],
        [share("polyanion", 60.0), share("layered_oxide", 41.0, **LATER)],
    ),
    # (1 + m)/(1 + y): 1.10/1.20 = .917 forecast; 1.30/1.20 = 1.083, and 1.20/1.31 = .916 outcome
    "base_conflict": (
        [
            mom("2026-01", 10.0, **FORECAST),
            yoy("2026-01", 20.0, **FORECAST),
            mom("2026-01", 30.0),
            yoy("2026-01", 20.0),
        ],
        [
            mom("2026-01", 10.0, **FORECAST),
            yoy("2026-01", 20.0, **FORECAST),
            mom("2026-01", 20.0),
            yoy("2026-01", 31.0),
        ],
    ),
    # July 2024: 1.0·1.5/1.0 = +50 %, August 2024: 1.0·1.0/1.4 = −29 %; +5 % and −5 %
    "implausible_base": (
        [yoy("2025-06", 50.0), mom("2025-07", 0.0), yoy("2025-07", 0.0), mom("2025-08", 0.0), yoy("2025-08", 40.0)],
        [yoy("2025-06", 5.0), mom("2025-07", 0.0), yoy("2025-07", 0.0), mom("2025-08", 0.0), yoy("2025-08", 5.0)],
    ),
    # February 2025: cathode 1.0·1.5/1.0 = +50 %, cells 1.0·1.0/1.0 = 0; cathode +10 %
    "bases_apart": (
        [yoy("2026-01", 50.0), mom("2026-02", 0.0, **LATER), yoy("2026-02", 0.0, **LATER)]
        + [
            row | {"segment": "cell"}
            for row in (yoy("2026-01", 0.0), mom("2026-02", 0.0, **LATER), yoy("2026-02", 0.0, **LATER))
        ],
        [yoy("2026-01", 10.0), mom("2026-02", 0.0, **LATER), yoy("2026-02", 0.0, **LATER)]
        + [
            row | {"segment": "cell"}
            for row in (yoy("2026-01", 0.0), mom("2026-02", 0.0, **LATER), yoy("2026-02", 0.0, **LATER))
        ],
    ),
    # 2 ± .5 and 4 ± .5 lie apart; 2 ± .5 and 2.6 ± .5 do not
    "reviews_differ": (
        [mom("2026-01", 2.0), mom("2026-01", 4.0, **LATER)],
        [mom("2026-01", 2.0), mom("2026-01", 2.6, **LATER)],
    ),
    "forecast_repeated": (
        [
            mom("2026-01", 10.0, **FORECAST, evidence=SENTENCE.format("January")),
            mom("2026-02", 10.0, kind="forecast", evidence=SENTENCE.format("February")),
        ],
        [
            mom("2026-01", 10.0, **FORECAST, evidence=SENTENCE.format("January")),
            mom("2026-02", 10.0, kind="forecast", evidence="Holidays may well weigh on output in February"),
        ],
    ),
}


def test_every_rule_has_a_broken_and_a_kept_case():
    assert set(BROKEN_AND_KEPT) == set(FINDING_RULES)
    for code in ("en", "zh"):
        assert set(load_language(code).phrases["finding"]) == set(FINDING_RULES)


@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_measure_and_metric_has_its_words(code):
    language = load_language(code)
    for name in MEASURES:
        row = {"measure": name, "value": 1.0, "lower": None, "upper": None, "unit": "t", "half_width": 0.5}
        assert "{" not in language.figure(row)
        ends = row | {"value": None, "lower": 1.0}
        assert name == "direction" or "1" in language.figure(ends)
    assert set(language.phrases["metric"]) == set(METRICS)


def test_directions_that_differ_are_told_in_words():
    up = {"measure": "direction", "period": "2026-01", "value": 1.0, "unit": "sign", "half_width": 0.0}
    found = find_findings(build(up, up | LATER | {"value": -1.0}), CHAINS)
    assert found["sentence"].to_list() == [
        "Cathode materials, January 2026: up on 5 February 2026, down on 5 March 2026 (restated)."
    ]


@pytest.mark.parametrize("rule", FINDING_RULES)
def test_a_rule_finds_what_breaks_it_and_nothing_else(rule):
    broken, kept = (build(*rows) for rows in BROKEN_AND_KEPT[rule])
    found = find_findings(broken, CHAINS)
    assert found.schema == FINDINGS.schema
    assert rule in found["rule"].to_list()
    assert rule not in find_findings(kept, CHAINS)["rule"].to_list()
    ids = found.filter(rule=rule)["figure_ids"][0].split()
    assert set(ids) <= set(broken["figure_id"])


@pytest.mark.parametrize("rule", FINDING_RULES)
@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_number_of_a_sentence_is_a_figures_a_date_or_what_follows(rule, code):
    rows = build(*BROKEN_AND_KEPT[rule][0])
    found, stated = list_found(rows, CHAINS)
    one = next(f for f in found if f.rule == rule)
    said = tell_finding(one, stated, CHAINS, load_language(code))
    known = {abs(round(row["value"], 2)) for row in stated.values()}
    known |= {abs(round(end, 1)) for part in one.parts.values() if part.kind == "interval" for end in part.value}
    known |= set(range(1, 32)) | set(range(2024, 2027))  # days, months and years
    if one.size_pct is not None:
        known |= {round(one.size_pct, digits) for digits in range(3)}
    if len(one.figure_ids) > 6:
        known.add(len(one.figure_ids) - 6)
    numbers = {float(text) for text in re.findall(r"\d+(?:\.\d+)?", said)}
    assert numbers <= known, said
    assert "{" not in said


def test_the_size_of_a_contradiction_is_what_rounding_cannot_explain():
    found = find_findings(build(*BROKEN_AND_KEPT["contradiction"][0]), CHAINS).filter(rule="contradiction")
    # at most 1.055·1.105/1.095 = 1.064635; at least 1.245; 1.245/1.064635 = 1.169415
    assert found["size_pct"].item() == pytest.approx(16.9415, abs=1e-3)
    assert found["sentence"].item() == (
        "Cathode materials: +5 % MoM for February 2024, +10 % YoY for January 2025, +25 % MoM for February 2025 and "
        "+10 % YoY for February 2025 cannot all be true; rounding allowed for, they miss one another by 17 %."
    )


def test_ternary_cathode_of_september_2025_as_published():
    names = (
        "2025-07_ternary_cathode",
        "2025-08_ternary_cathode",
        "2025-09_ternary_cathode",
        "2025-09_ternary_cathode_2",
    )
    parts = []
    for name, day in zip(names, ("2025-08-05", "2025-09-05", "2025-09-30", "2025-10-10"), strict=True):
        rows = real_figures("lithium_ion", reviews=(name,))
        parts.append(
            rows.with_columns(
                pl.lit(name).alias("release_id"),
                pl.lit(on(day)).dt.cast_time_unit("us").alias("published_at"),
                (pl.col("figure_id") + ":" + name).alias("figure_id"),
                pl.lit(value=False).alias("is_published_assumed"),
                pl.lit(name[:7]).alias("review_month"),
            )
        )
    found = find_findings(pl.concat(parts), CHAINS)
    by_rule = dict(found.group_by("rule").agg("sentence").rows())
    # Forecast .9849/.9822, outcome 1.0261/1.3152: their ends are 28.5 % apart, so a base was revised in between.
    assert any("29 % apart" in s for s in by_rule["base_conflict"])
    # August 2024 +31.5 %; September by the second review 1.1355·.9493/1.2344 = .87325
    assert "August 2024 +31.5 % on the month, September 2024 −12.7 %" in by_rule["implausible_base"][0]
    assert by_rule["reviews_differ"] == [
        (
            "Ternary cathode, September 2025: +2.61 % MoM and +31.52 % YoY on 30 September 2025, "
            "+13.55 % MoM and +23.44 % YoY on 10 October 2025 (the first was preliminary)."
        )
    ]
    early = find_findings(pl.concat(parts[:3]), CHAINS)
    assert "September 2024 −25.9 %" in early.filter(rule="implausible_base")["sentence"].item()


def test_january_2026_bases_lie_apart():
    rows = real_figures("sodium_ion", reviews=("2026-01",)).with_columns(
        release_id=pl.lit("r"),
        published_at=pl.lit(on("2026-02-05")).dt.cast_time_unit("us"),
        is_published_assumed=pl.lit(value=False),
    )
    assert find_findings(rows, CHAINS)["sentence"].to_list() == [
        (
            "What follows about February 2025 against January 2025 differs between segments: Battery cells +28.9 % "
            "[+27.0, +30.8], Hard carbon anode −23.4 % [−24.7, −22.1]; not all can be the season, check the base."
        )
    ]


def test_an_empty_lake_has_no_findings():
    assert find_findings(figures({"period": "2026-01"}).clear(), CHAINS).is_empty()


def test_a_proof_names_release_day_and_sentence():
    rows = build(*BROKEN_AND_KEPT["reviews_differ"][0])
    text = "\n".join(explain_findings(find_findings(rows, CHAINS), rows, CHAINS))
    assert "cathode 2026-01 actual +2 % MoM · smm, published 2026-02-05, release r1 · row 2" in text
    assert "+4 % MoM · smm, published 2026-03-05, release r2" in text
