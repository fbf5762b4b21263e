"""How a finding is put into words and numbers: signs, units, subjects and what is measured."""

from collections.abc import Mapping

import polars as pl

from contracts.alerts import SEVERITIES
from contracts.chain import Chain
from contracts.text import fill_text
from contracts.vocabulary import MEASURES

METRIC_WORDS = {
    "production": "output",
    "price": "price",
    "shipments": "shipments",
    "inventory": "stocks",
    "operating_rate": "operating rate",
    "capacity": "capacity",
    "demand": "demand",
}
MEASURE_WORDS = {
    "mom_pct": " MoM",
    "yoy_pct": " YoY",
    "qoq_pct": " QoQ",
    "ytd_yoy_pct": " YoY, year to date",
    "share_mom_pp": " MoM",
    "share_yoy_pp": " YoY",
    "mom_pp": " MoM",
    "yoy_pp": " YoY",
    "mom_abs": " MoM",
    "yoy_abs": " YoY",
    "contribution_mom_pp": " of the segment's growth MoM",
    "contribution_yoy_pp": " of the segment's growth YoY",
    "jan_feb_yoy_pct": " YoY, January and February",
}
FAMILIES = {name: measure.family for name, measure in MEASURES.items()}
SEVERITY_RANK = {name: rank for rank, name in enumerate(SEVERITIES)}


def rank_severity(severity: pl.Expr) -> pl.Expr:
    """0 for info … 3 for critical."""
    return severity.replace_strict(SEVERITY_RANK, default=None, return_dtype=pl.Int8)


def name_severity(rank: pl.Expr) -> pl.Expr:
    """The word of a severity's rank."""
    return rank.replace_strict(dict(enumerate(SEVERITIES)), default=None, return_dtype=pl.String)


def write_number(value: pl.Expr) -> pl.Expr:
    """A number without sign, at most two decimals, thousands marked from 10,000 on: `3.07`, `91,050`."""
    size = value.abs().round(2)
    whole = size.round(0).cast(pl.Int64, strict=False)
    rest = (whole % 1000).cast(pl.String).str.zfill(3)
    middle = (whole // 1000 % 1000).cast(pl.String)
    large = (
        pl.when(whole < 1_000_000)
        .then(fill_text("{},{}", middle, rest))
        .otherwise(fill_text("{},{},{}", whole // 1_000_000, middle.str.zfill(3), rest))
    )
    return pl.when(size >= 10_000).then(large).otherwise(size.cast(pl.String).str.strip_suffix(".0"))


def write_signed(value: pl.Expr) -> pl.Expr:
    """A number with its sign, `−70` or `+2`; the minus is typographic so that it never breaks off."""
    sign = (
        pl.when(value.round(2) < 0).then(pl.lit("−")).when(value.round(2) > 0).then(pl.lit("+")).otherwise(pl.lit(""))
    )
    return sign + write_number(value)


def write_rough(value: pl.Expr) -> pl.Expr:
    """A computed size without sign: whole from 10 on, one decimal below, since more would pretend precision."""
    return write_number(pl.when(value.abs() >= 10).then(value.round(0)).otherwise(value.round(1)))


def write_value(value: pl.Expr, measure: pl.Expr, unit: pl.Expr) -> pl.Expr:
    """A figure as people write it: `−70 %`, `+10 pp`, `91 %` for a share, `91,050 t` for a level."""
    unsigned = measure.replace_strict(FAMILIES, default="").is_in(["level", "share"])
    return pl.when(unsigned).then(write_number(value)).otherwise(write_signed(value)) + pl.lit(" ") + unit


def unit_of_measure(measure: pl.Expr) -> pl.Expr:
    """`%` or `pp` by measure; null for a level, whose unit only the figure knows."""
    units = {name: m.unit for name, m in MEASURES.items() if m.unit in {"%", "pp"}}
    return measure.replace_strict(units, default=None, return_dtype=pl.String)


def measure_words(measure: pl.Expr) -> pl.Expr:
    """` MoM`, ` YoY` …, empty where the number speaks for itself."""
    return measure.replace_strict(MEASURE_WORDS, default="")


def name_subjects(chains: Mapping[str, Chain]) -> pl.DataFrame:
    """The readable name of every node: columns chain, segment, product, subject.

    `Cathode materials` for a segment's total, `NFPP (cathode materials)` for a product in it.
    """
    rows = [
        (chain.name, segment.name, product, f"{title} ({lower_title(segment.title)})" if product else segment.title)
        for chain in chains.values()
        for segment in chain.segments
        for product, title in (("", ""), *((p.name, p.title) for p in segment.products))
    ]
    columns = ("chain", "segment", "product", "subject")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def lower_title(title: str) -> str:
    """A title inside a sentence: `battery cells`, but `LFP cathode` and `NaPF6` as they are."""
    first = title.split(" ", 1)[0]
    return title if any(c.isupper() for c in first[1:]) else title[:1].lower() + title[1:]


def name_quantity(metric: pl.Expr, measure: pl.Expr) -> pl.Expr:
    """`output`, `price`, `share of output` …: what the number is about."""
    word = metric.replace_strict(METRIC_WORDS, default=metric)
    return (
        pl.when(measure.replace_strict(FAMILIES, default="").is_in(["share", "points"]) & (metric != "operating_rate"))
        .then(pl.lit("share of ") + word)
        .otherwise(word)
    )
