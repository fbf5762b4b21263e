"""Rules between the rows of one release: repeats, shares that contradict one another, fractions, doubt."""

import polars as pl
import pytest
from pandera.config import CONFIG

from contracts.checks import check_figures, check_reading, check_table
from contracts.comparisons import COMPARISONS
from contracts.errors import ContractBroken, Exit
from contracts.figures import READ_FIGURES
from contracts.readings import REFUSED, Reading
from contracts.rules.rule import suggest_names
from tests.contracts.frames import PADDING, SODIUM, figures_of, head_of


def check(*rows):
    return check_figures(figures_of(*PADDING, *rows), chain=SODIUM, head=head_of())


def share(product, value, **more):
    return {"measure": "share_pct", "product": product, "value": float(value), **more}


def change(product, value, **more):
    return {"measure": "share_mom_pp", "unit": "pp", "product": product, "value": float(value), **more}


AHEAD = {"kind": "forecast", "period": "2026-02"}


def broken(refused, rule):
    return refused.filter(pl.col("rule") == rule)["row"].to_list()


def test_same_value_twice_is_one_row_and_said():
    good, refused = check({"value": 2.0}, {"value": 2.0}, {"value": 2.0})
    assert good.height == len(PADDING) + 1
    assert broken(refused, "stated_once") == ["row 19", "row 20"]
    assert refused["message"].unique().to_list() == ["the same as row 18, which is kept"]


def test_different_values_for_one_key_are_all_refused():
    good, refused = check({"value": 2.0}, {"value": 3.0}, {"value": 3.0})
    assert good.height == len(PADDING)
    assert broken(refused, "one_value_per_key") == ["row 18", "row 19"]
    assert broken(refused, "stated_once") == ["row 20"]
    assert "it states 2: 2.0 - - % exact; 3.0 - - % exact" in refused.filter(rule="one_value_per_key")["message"][0]


def test_two_kinds_of_one_month_are_two_keys():
    assert check({"value": 2.0}, {"value": 3.0, "kind": "forecast"})[1].is_empty()


@pytest.mark.parametrize(
    ("shares", "rule", "rows"),
    [
        # 91.5 + 6.5 ≥ 97 and polyanion ≥ nfpp: the real review of January 2026
        ([share("polyanion", 91), share("nfpp", 81), share("layered_oxide", 6)], None, []),
        # child 92 - 0.5 > parent 91 + 0.5 does not hold: 91.5 = 91.5, rounding allows it
        ([share("polyanion", 91), share("nfpp", 92)], None, []),
        ([share("polyanion", 91), share("nfpp", 93)], "child_within_parent", ["row 18", "row 19"]),
        # 59.5 + 32.5 + 6.5 = 98.5 ≤ 100
        ([share("polyanion", 60), share("layered_oxide", 33), share("prussian_blue", 7)], None, []),
        # 60 + 34 + 7 = 101; 59.5 + 33.5 + 6.5 = 99.5 ≤ 100: rounding alone
        ([share("polyanion", 60), share("layered_oxide", 34), share("prussian_blue", 7)], None, []),
        # 59.5 + 35.5 + 6.5 = 101.5 > 100
        (
            [share("polyanion", 60), share("layered_oxide", 36), share("prussian_blue", 7)],
            "siblings_within_parent",
            ["row 18", "row 19", "row 20"],
        ),
        # nfpp + nfs = 69.5 + 29.5 = 99 > polyanion 91.5
        (
            [share("polyanion", 91), share("nfpp", 70), share("nfs", 30)],
            "siblings_within_parent",
            ["row 18", "row 19", "row 20"],
        ),
        # polyanion is not stated, its kind is: 69.5 + 39.5 > 100
        ([share("nfpp", 70), share("layered_oxide", 40)], "siblings_within_parent", ["row 18", "row 19"]),
        # a bound counts with its bound: at least 70, and 40
        (
            [share("nfpp", 0) | {"value": None, "lower": 70.0, "qualifier": "bound"}, share("layered_oxide", 40)],
            "siblings_within_parent",
            ["row 18", "row 19"],
        ),
        # two months are two trees
        ([share("nfpp", 70), share("layered_oxide", 40, period="2025-12")], None, []),
        # one of the actual, one of the forecast
        ([share("nfpp", 70), share("layered_oxide", 40, kind="forecast")], None, []),
    ],
)
def test_shares_of_a_tree(shares, rule, rows):
    good, refused = check(*shares)
    assert broken(refused, rule) == rows if rule else refused.is_empty()
    assert good.height == len(PADDING) + len(shares) - len(rows)


def test_contradicting_shares_name_one_another():
    _, refused = check(share("polyanion", 91), share("nfpp", 95))
    assert refused["message"].unique().to_list() == [
        "shares of cathode 2026-01: nfpp 95.0 exceeds polyanion 91.0, rounding allowed for"
    ]


def test_a_bad_share_does_not_draw_its_siblings_down():
    good, refused = check(share("polyanion", 910), share("layered_oxide", 6))
    assert refused["rule"].to_list() == ["share_within_0_and_100"]
    assert good.height == len(PADDING) + 1


@pytest.mark.parametrize(
    ("rows", "refused_rows"),
    [
        # 67 - 69 = -2: NFPP, August 2025
        ([share("nfpp", 69, period="2025-12"), share("nfpp", 67), change("nfpp", -2)], []),
        # -3.5 … -2.5 against 66.5 - 69.5 = -3 … 67.5 - 68.5 = -1: rounding allows it
        ([share("nfpp", 69, period="2025-12"), share("nfpp", 67), change("nfpp", -3)], []),
        ([share("nfpp", 69, period="2025-12"), share("nfpp", 67), change("nfpp", 2)], ["row 18", "row 19", "row 20"]),
        # without last month's share only the impossible is refused: 5 % after a gain of 10 pp
        ([share("nfpp", 67), change("nfpp", 2)], []),
        ([share("nfpp", 5), change("nfpp", 10)], ["row 18", "row 19"]),
        # a forecast change is held against the forecast share and the actual one before
        (
            [share("nfpp", 69), share("nfpp", 67, **AHEAD), change("nfpp", 2, **AHEAD)],
            ["row 18", "row 19", "row 20"],
        ),
    ],
)
def test_share_changes(rows, refused_rows):
    _, refused = check(*rows)
    assert broken(refused, "share_change_fits") == refused_rows
    assert refused.height == len(refused_rows)


def test_january_against_december_is_one_month():
    yoy = change("nfpp", 5) | {"measure": "share_yoy_pp"}
    assert check(share("nfpp", 67), share("nfpp", 62, period="2025-01"), yoy)[1].is_empty()
    assert check(share("nfpp", 67), share("nfpp", 72, period="2025-01"), yoy)[1].height == 3


def test_one_fraction_among_whole_percents_is_refused():
    good, refused = check({"value": 0.06, "half_width": 0.005})
    assert broken(refused, "percent_not_fraction") == ["row 18"]
    assert "6.0 or 0.06?" in refused["message"][0]
    assert good.height == len(PADDING)


def test_a_small_percent_among_percents_with_decimals_is_kept():
    rows = ({"value": 0.93, "half_width": 0.005}, {"segment": "cell", "value": 3.52, "half_width": 0.005})
    assert check(*rows)[1].is_empty()


def test_a_column_of_fractions_is_refused_whole():
    rows = [{"segment": s, "value": v, "half_width": 0.005} for s, v in SEGMENT_FRACTIONS]
    with pytest.raises(ContractBroken) as caught:
        check(*rows)
    assert caught.value.exit_code == Exit.CONTRACT
    assert str(caught.value).splitlines() == [
        "the percents of release smm sodium_ion 2026-01 look like fractions: 0.06 where 6 is meant",
        "  where   january.csv",
        "  found   production mom_pct: 4 values such as 0.06, -0.05, -0.14",
        "  effect  no rows were loaded",
        "  next    write percents as 6, not 0.06; of a table whose percents are fractions say scale = 100 in its mapping",
    ]


SEGMENT_FRACTIONS = (("cathode", 0.06), ("anode", -0.14), ("electrolyte", -0.05), ("cell", -0.41))


def test_small_monthly_changes_of_prices_are_no_fractions():
    rows = [{"metric": "price", "segment": s, "value": v, "half_width": 0.005} for s, v in SEGMENT_FRACTIONS]
    good, refused = check_figures(figures_of(*rows), chain=SODIUM, head=head_of())
    assert good.height == 4
    assert refused.is_empty()


def test_a_third_broken_makes_the_rest_doubtful():
    # 3 of 8 rows: more than a third
    rows = [
        *PADDING[:5],
        *({"segment": "cell", "value": -140.0, "period": p} for p in ("2026-01", "2025-12", "2025-11")),
    ]
    with pytest.raises(
        ContractBroken, match="3 of 8 rows of release smm sodium_ion 2026-01 break the contract"
    ) as caught:
        check_figures(figures_of(*rows), chain=SODIUM, head=head_of())
    assert "january.csv · row 7, row 8, row 9" in str(caught.value)
    # 3 of 9 rows: a third exactly
    assert check_figures(figures_of(PADDING[5], *rows), chain=SODIUM, head=head_of())[0].height == 6


def test_two_broken_rows_are_never_the_whole():
    rows = [{"value": -140.0}, {"segment": "cell", "value": -140.0}]
    good, refused = check_figures(figures_of(*rows), chain=SODIUM, head=head_of())
    assert good.is_empty()
    assert refused.height == 2


def test_rows_that_the_reader_refused_count_towards_doubt():
    unread = pl.DataFrame(
        [{"row": f"row {i}", "rule": "number", "column": "value", "value": "x", "message": ""} for i in range(9)]
    )
    reading = Reading(head_of(), figures_of(*PADDING), REFUSED.conform(unread))
    with pytest.raises(ContractBroken, match="9 of 25 rows"):
        check_reading(reading, chain=SODIUM)
    few = Reading(head_of(), figures_of(*PADDING), REFUSED.conform(unread.head(2)))
    good, refused = check_reading(few, chain=SODIUM)
    assert (good.height, refused.height) == (16, 2)


def test_another_chain_is_refused():
    with pytest.raises(
        ContractBroken, match="a release of chain lithium_ion cannot be checked against chain sodium_ion"
    ):
        check_figures(figures_of(*PADDING), chain=SODIUM, head=head_of(chain="lithium_ion"))


def test_wrong_columns_are_named_with_the_nearest():
    with pytest.raises(ContractBroken, match="the columns are not those of the contract `read_figures`") as caught:
        check_figures(figures_of(*PADDING).rename({"unit": "units"}), chain=SODIUM, head=head_of())
    assert "no column unit; unknown column units, did you mean unit?" in caught.value.found
    with pytest.raises(ContractBroken, match="read_figures") as caught:
        check_figures(figures_of(*PADDING).cast({"value": pl.String}), chain=SODIUM, head=head_of())
    assert caught.value.found == "value is String, expected Float64"


def test_empty_release_has_nothing_to_refuse():
    good, refused = check_figures(READ_FIGURES.empty(), chain=SODIUM, head=head_of())
    assert good.is_empty()
    assert refused.is_empty()


def test_checks_cannot_be_switched_off_by_the_environment(monkeypatch):
    monkeypatch.setattr(CONFIG, "validation_enabled", False)
    assert check({"value": -140.0})[1]["rule"].to_list() == ["growth_from_minus_100"]


COMPARED = {
    "source": "smm",
    "chain": "sodium_ion",
    "segment": "cathode",
    "product": "",
    "metric": "production",
    "measure": "mom_pct",
    "month": pl.date(2026, 1, 1),
    "basis": "reported",
    "counterpart": "",
    "value": 2.0,
    "unit": "%",
    "figure_ids": "a",
    "flags": "",
    "reason": "",
}


def comparisons(**changes):
    row = {**COMPARED, **changes}
    frame = pl.select(**{k: v if isinstance(v, pl.Expr) else pl.lit(v) for k, v in row.items()})
    return COMPARISONS.conform(frame.with_columns(published_at=pl.datetime(2026, 2, 5, time_zone="UTC")))


def test_computed_table_that_keeps_its_contract_passes():
    check_table(COMPARISONS, comparisons())
    check_table(COMPARISONS, pl.concat([comparisons(), comparisons(basis="derived")]))


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (comparisons(basis="guessed"), "known_basis"),
        (comparisons(value=float("nan")), "finite"),
        (comparisons(segment=None), "given"),
        (pl.concat([comparisons(), comparisons(value=3.0)]), "one_row_per_key"),
    ],
)
def test_computed_table_that_breaks_its_contract_is_refused(frame, rule):
    with pytest.raises(ContractBroken, match="break contract `comparisons`") as caught:
        check_table(COMPARISONS, frame)
    assert rule in caught.value.found


def test_computed_table_without_a_column_is_refused():
    with pytest.raises(ContractBroken, match="the columns are not those of the contract `comparisons`"):
        check_table(COMPARISONS, comparisons().drop("unit"))


def test_many_different_unknown_names_are_told_without_a_search_for_each(monkeypatch):
    asked = []
    monkeypatch.setattr("contracts.rules.nodes.suggest_names", lambda *names: asked.append(names) or "known: …")
    rows = [{"segment": f"segment {i}"} for i in range(1000)]
    good = [{"period": f"{1000 + i // 12}-{i % 12 + 1:02}"} for i in range(2001)]
    _, refused = check(*rows, *good)
    assert refused.height == 1000
    assert len(asked) == 200
    assert refused["message"].n_unique() == 2


def test_a_name_as_long_as_a_page_is_compared_by_its_beginning():
    assert suggest_names("cathode" + "x" * 10**6, ["cathode", "cell"]) == "known: cathode, cell"
