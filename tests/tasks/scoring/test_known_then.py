"""z, bands and naive forecasts against a plain reading of the standard, row by row, on random histories."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from contracts.period import add_months, first_month
from tasks.scoring import score_forecasts
from tasks.scoring.expanding_quantiles import expand_past


def random_history(seed: int, months: int = 36) -> list[dict]:
    """Forecasts at leads 1 to 3 of two segments, actuals with vintages, late and missing months."""
    rng = np.random.default_rng(seed)
    rows = []
    for segment in ("cathode", "cell"):
        for i in range(months):
            month = add_months(first_month("2022-01"), i)
            noon = datetime.combine(add_months(month, 1), datetime.min.time(), UTC)
            for lead in (1, 2, 3):
                if rng.random() < 0.85:
                    at = datetime.combine(add_months(month, 1 - lead), datetime.min.time(), UTC) + timedelta(days=4)
                    rows.append(
                        {
                            "segment": segment,
                            "kind": "forecast",
                            "period": f"{month:%Y-%m}",
                            "value": float(round(rng.normal(5, 20))),
                            "review_month": f"{add_months(month, -lead):%Y-%m}",
                            "at": at,
                        }
                    )
            if rng.random() < 0.9:
                at = noon + timedelta(days=4 + (40 if rng.random() < 0.2 else 0))
                rows.append(
                    {"segment": segment, "period": f"{month:%Y-%m}", "value": float(round(rng.normal(5, 20))), "at": at}
                )
                if rng.random() < 0.3:
                    later = at + timedelta(days=int(rng.integers(5, 200)))
                    rows.append(
                        {
                            "segment": segment,
                            "period": f"{month:%Y-%m}",
                            "value": float(round(rng.normal(5, 20))),
                            "at": later,
                        }
                    )
    return rows


def conformal(sizes: list[float], level_tenths: int) -> float | None:
    rank = -(-(len(sizes) + 1) * level_tenths // 10)
    return sorted(sizes)[rank - 1] if rank <= len(sizes) else None


@pytest.mark.parametrize("seed", range(3))
def test_z_and_bands_by_a_plain_reading_of_the_standard(figures, chains, seed):
    marked = score_forecasts(figures(*random_history(seed)), chains=chains).to_dicts()
    kinds = set()
    for row in marked:
        own = [
            r
            for r in marked
            if r["status"] == "scored" and (r["segment"], r["lead_months"]) == (row["segment"], row["lead_months"])
        ]
        at_issue = [abs(r["log_surprise"]) for r in own if r["actual_at"] <= row["forecast_at"]]
        q80, q90 = conformal(at_issue, 8), conformal(at_issue, 9)
        assert (q80 is not None) == (len(at_issue) >= 4)
        assert (q90 is not None) == (len(at_issue) >= 9)
        growth = 1 + row["forecast"] / 100
        # the tolerance of sodium_ion is 5 % of level: past errors of the pool count in units of ln 1.05
        limit = 100 * math.log(1.05)
        pool = [
            abs(r["log_surprise"]) / limit
            for r in marked
            if r["status"] == "scored"
            and r["lead_months"] == row["lead_months"]
            and r["actual_at"] <= row["forecast_at"]
        ]
        p80, p90 = ((q and q * limit) for q in (conformal(pool, 8), conformal(pool, 9)))
        # one kind per row, with its own n
        kind, n, s80, s90 = (
            ("conformal", len(at_issue), q80, q90) if q80 is not None else ("pooled", len(pool), p80, p90)
        )
        for name, size in (("band_80_pp", s80), ("band_90_pp", s90)):
            assert row[name] == (size and pytest.approx(100 * growth * math.sinh(size / 100)))
        size = s90 or s80 or limit
        expected = (
            (f"{kind}_90" if s90 else f"{kind}_80") if s80 else "static",
            100 * growth * (math.exp(size / 100) - 1),
            n if s80 else 0,
        )
        kinds.add(expected[0])
        assert (row["band_kind"], row["band_upper_pp"], row["band_n"]) == (
            expected[0],
            pytest.approx(expected[1]),
            expected[2],
        )
        assert row["band_90_pp"] is None or row["band_90_pp"] >= row["band_80_pp"]
        if row["status"] == "scored":
            before = [abs(r["surprise_pp"]) for r in own if r["actual_at"] < row["actual_at"]]
            assert row["z_n"] == len(before)
            if len(before) < 8:
                assert row["z"] is None
            else:
                scale = max(1.4826 * float(np.median(before)), 0.5 * math.sqrt(2 / 3))
                assert row["z_scale"] == pytest.approx(scale)
                assert row["z"] == pytest.approx(row["surprise_pp"] / scale)
    assert {"conformal_90", "conformal_80", "static"} <= kinds


@pytest.mark.parametrize("seed", range(3))
def test_naive_forecasts_by_a_plain_reading_of_the_standard(figures, chains, seed):
    history = random_history(seed)
    frame = figures(*history)
    actuals = frame.filter(kind="actual").to_dicts()

    def known(segment, month, at):
        seen = [a for a in actuals if (a["segment"], a["month"]) == (segment, month) and a["published_at"] <= at]
        return max(seen, key=lambda a: a["published_at"])["value"] if seen else None

    for row in score_forecasts(frame, chains=chains).to_dicts():
        months = [
            a["month"]
            for a in actuals
            if a["segment"] == row["segment"] and a["published_at"] <= row["forecast_at"] and a["value"] is not None
        ]
        last = min(max(months, default=None) or row["month"], add_months(row["month"], -1))
        assert row["naive_same_growth"] == known(row["segment"], last, row["forecast_at"])
        assert row["naive_seasonal"] == known(row["segment"], add_months(row["month"], -12), row["forecast_at"])


@pytest.mark.parametrize("seed", range(3))
def test_scores_as_of_an_instant_never_change_later(figures, chains, seed):
    """Look-ahead: what was known at T gives the same marks as the whole history read up to T."""
    frame = figures(*random_history(seed))
    cut = datetime(2024, 1, 6, tzinfo=UTC)
    then = score_forecasts(frame.filter(pl.col("published_at") <= cut), chains=chains)
    now = score_forecasts(frame, chains=chains).filter(pl.col("forecast_id").is_in(then["forecast_id"].implode()))
    fixed = ["forecast_id", "naive_same_growth", "naive_seasonal", "band_pp", "band_kind", "band_n", "forecast"]
    assert then.select(fixed).equals(now.select(fixed))
    scored = then.filter(status="scored")
    later = now.filter(pl.col("forecast_id").is_in(scored["forecast_id"].implode()))
    marks = ["forecast_id", "actual", "surprise_pp", "z", "z_n", "verdict", "actual_id", "direction"]
    assert scored.select(marks).equals(later.select(marks))


def test_the_rank_of_split_conformal_for_every_short_past():
    for n in range(1, 200):
        errors = pl.DataFrame({"group": [1] * n, "at": list(range(n)), "size": [float(i + 1) for i in range(n)]})
        last = expand_past(errors, {"q80": 0.8, "q90": 0.9}, median="m").row(-1, named=True)
        for name, tenths in (("q80", 8), ("q90", 9)):
            rank = -(-(n + 1) * tenths // 10)
            assert last[name] == (rank if rank <= n else None)
        assert (last["n"], last["m"]) == (n, (n + 1) / 2)


def test_groups_of_very_different_length_keep_their_own_past():
    rng = np.random.default_rng(0)
    lengths = [1, 3, 8, 9, 70, 600]
    parts = [
        pl.DataFrame({"group": [g] * n, "at": np.arange(n), "size": rng.exponential(1, n)})
        for g, n in enumerate(lengths)
    ]
    found = expand_past(pl.concat(parts).sample(fraction=1, shuffle=True, seed=1), {"q80": 0.8}, median="m")
    for g, part in enumerate(parts):
        own = found.filter(group=g)
        sizes = part["size"].to_list()
        assert own["m"].to_list() == pytest.approx([float(np.median(sizes[: i + 1])) for i in range(len(sizes))])
        assert own["q80"].to_list() == [conformal(sizes[: i + 1], 8) for i in range(len(sizes))]
