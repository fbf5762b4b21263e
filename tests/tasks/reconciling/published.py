"""Reviews made from known levels: rounded, with gaps; and real figures, as rows of `FIGURES`."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from contracts.chain import Chain, Product, Segment, load_chain
from contracts.figures import FIGURES
from contracts.period import add_months, first_month, month_column
from contracts.text import fill_text

EXAMPLES = Path(__file__).parents[3] / "examples" / "figures" / "smm"
CHAINS = {name: load_chain(name) for name in ("sodium_ion", "lithium_ion")}
FIRST = first_month("2024-01")
TREE = {"": None, "a": "", "b": "", "a1": "a", "a2": "a"}
"""A product tree: parent by product; the total is the empty name."""


def figures(*rows: dict[str, object]) -> pl.DataFrame:
    """Rows of `FIGURES`: cathode production of sodium_ion by smm, exact, to whole units, where not said otherwise."""
    usual = {
        "source": "smm",
        "chain": "sodium_ion",
        "segment": "cathode",
        "product": "",
        "metric": "production",
        "measure": "mom_pct",
        "kind": "actual",
        "unit": "%",
        "qualifier": "exact",
        "half_width": 0.5,
        "value": None,
        "lower": None,
        "upper": None,
        "published_at": datetime(2026, 2, 5, tzinfo=UTC),
        "evidence": "",
    }
    frame = pl.DataFrame([usual | row for row in rows], infer_schema_length=None)
    if "figure_id" not in frame.columns:
        names = fill_text("{}:{}:{}", "product", "measure", "period")
        frame = frame.with_columns(figure_id=names)
    return FIGURES.conform(
        frame.with_columns(
            month=month_column(pl.col("period")), is_monthly=pl.col("period").str.contains(r"^\d{4}-\d\d$")
        )
    )


def real_figures(chain: str, *, reviews: tuple[str, ...], kind: str | None = None) -> pl.DataFrame:
    """The real figures of these review files (`2026-01`, `2025-08_ternary_cathode` …)."""
    parts = [pl.read_csv(EXAMPLES / chain / f"{name}.csv", infer_schema=False) for name in reviews]
    rows = pl.concat(parts).with_columns(pl.col("product", "qualifier").fill_null(""))
    decimals = pl.col("value").str.extract(r"\.(\d+)$").str.len_chars().fill_null(0)
    stated = rows.with_columns(
        pl.col("value", "lower", "upper").cast(pl.Float64),
        half_width=0.5 * 10.0 ** -decimals.cast(pl.Float64),
        figure_id=fill_text("{}:{}:{}:{}", "segment", "product", "measure", "period"),
        month=month_column(pl.col("period")),
        is_monthly=pl.col("period").str.contains(r"-\d\d$"),
    )
    return FIGURES.conform(stated.filter(kind=kind) if kind else stated)


def make_chain(segments: list[str]) -> Chain:
    """A chain with these segments, each with the products of `TREE`."""
    products = tuple(Product(name, name, parent or "", {}) for name, parent in TREE.items() if name)
    return replace(
        CHAINS["sodium_ion"],
        segments=tuple(Segment(name, name, {}, {}, products) for name in segments),
        links=(),
    )


def make_levels(rng: np.random.Generator, cases: int, months: int) -> dict[str, np.ndarray]:
    """Levels by product, months × cases: leaves that wander, and sums of them."""
    leaves = {
        name: rng.lognormal(3.0, 1.0, cases) * np.exp(np.cumsum(rng.normal(0, 0.3, (months, cases)), axis=0))
        for name in ("a1", "a2", "b")
    }
    other = rng.lognormal(2.0, 1.0, cases) * np.exp(np.cumsum(rng.normal(0, 0.3, (months, cases)), axis=0))
    middle = leaves["a1"] + leaves["a2"]
    return {**leaves, "a": middle, "": middle + leaves["b"] + other}


def publish(
    rng: np.random.Generator, levels: dict[str, np.ndarray], *, part: float = 0.6, measures: tuple[str, ...] = ()
) -> pl.DataFrame:
    """What a review would print of these levels: a random part of all measures, each with random digits."""
    rows = []
    for product, level in levels.items():
        share = 100 * level / levels[""]
        stated = {
            "level": (level, 0),
            "mom_pct": (100 * (level[1:] / level[:-1] - 1), 1),
            "yoy_pct": (100 * (level[12:] / level[:-12] - 1), 12),
            "share_pct": (share, 0) if product else (share[:0], 0),
            "share_mom_pp": (share[1:] - share[:-1], 1) if product else (share[:0], 1),
        }
        for measure, (values, lag) in stated.items():
            if measures and measure not in measures:
                continue
            digits = rng.integers(0, 3, values.shape)
            printed = np.round(values * 10.0**digits) / 10.0**digits
            month, case = np.nonzero(rng.random(values.shape) < part)
            rows.append(
                pl.DataFrame(
                    {
                        "value": printed[month, case],
                        "half_width": 0.5 * 10.0 ** -digits[month, case].astype(float),
                        "month_no": month + lag,
                        "case": case,
                    }
                ).with_columns(
                    pl.lit(product).alias("product"),
                    pl.lit(measure).alias("measure"),
                    pl.lit("t" if measure == "level" else "%").alias("unit"),
                )
            )
    periods = pl.Series(
        "period", [f"{add_months(FIRST, i):%Y-%m}" for i in range(max(v.shape[0] for v in levels.values()))]
    )
    frame = pl.concat(rows).with_columns(
        pl.lit("smm").alias("source"),
        pl.lit("made").alias("chain"),
        pl.lit("production").alias("metric"),
        pl.lit("actual").alias("kind"),
        pl.lit("exact").alias("qualifier"),
        ("s" + pl.col("case").cast(pl.String).str.zfill(5)).alias("segment"),
        pl.col("month_no").replace_strict(dict(enumerate(periods))).alias("period"),
    )
    frame = frame.with_columns(
        figure_id=fill_text("{}:{}:{}:{}", "segment", "product", "measure", "period"),
        month=month_column(pl.col("period")),
        is_monthly=pl.lit(value=True),
        evidence=pl.lit(""),
    )
    return FIGURES.conform(frame)
