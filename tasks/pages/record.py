"""The page about forecasters: how good forecasts were against naive ones and each other, and how they err."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from contracts.text import fill_text
from contracts.wording import write_number, write_signed
from tasks.pages.charts import draw_intervals, draw_verdicts
from tasks.pages.facts import ChainFacts
from tasks.pages.parts import Chart, sign
from tasks.scoring import build_record
from tasks.scoring.pairwise import compare_sources
from tasks.scoring.proportions import bound_share

_VERDICTS = {"hit": 0, "within_rounding": 0, "vague": 1, "indeterminate": 1, "miss": 2}
MOST_ROWS = 40
"""Rows of a chart of intervals: those with the longest record; the table has all."""


@dataclass(frozen=True)
class RecordPage:
    """All that the page of the track record shows."""

    charts: Sequence[Chart]
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    path = "record.html"


def build_record_page(facts: ChainFacts) -> RecordPage:
    """Each series' forecasts against what happened: pictures, then the record, the longest first."""
    words = facts.words
    record = build_record(facts.scores.drop("series", "text"), min_n=1).sort(
        "n", "mae", "source", "segment", "product", "measure", descending=[True, True, *[False] * 4]
    )
    named = _name_rows(facts, record)
    charts = (
        _draw_skill(facts, named),
        _draw_bias(facts, named),
        _compare_sources(facts),
        _draw_misses(facts),
        _draw_calibration(facts),
    )
    rows = named.select(
        "source",
        "label",
        pl.col("lead_months").cast(pl.String),
        pl.col("n").cast(pl.String),
        bias=write_signed(pl.col("mean_surprise").round(1)) + pl.lit(" ") + pl.col("unit"),
        mae=write_number(pl.col("mae").round(1)),
        within=write_number((100 * pl.col("within_5")).round(0)) + pl.lit(" %"),
        skill=write_signed((100 * pl.col("skill_no_change")).round(0)) + pl.lit(" %"),
        misses=pl.col("verdict_miss").cast(pl.String),
    )
    columns = ("source", "series", "lead", "n", "bias", "mae", "within", "skill", "misses")
    return RecordPage(
        [chart for chart in charts if chart],
        [words.say(f"page.head.{name}") for name in columns],
        [tuple(cell or "" for cell in row) for row in rows.rows()],
    )


def _name_rows(facts: ChainFacts, record: pl.DataFrame) -> pl.DataFrame:
    """The record with `label`, the series and how it is stated: `Battery cells, MoM`."""
    key = ["segment", "product", "metric"]
    series = facts.figures.select(*key, "series").unique(key, keep="first", maintain_order=True)
    words = {m: facts.words.say(f"page.measure.{m}") for m in record["measure"].unique()}
    measure = pl.col("measure").replace_strict(words, return_dtype=pl.String)
    return record.join(series, on=key, how="left", maintain_order="left").with_columns(
        pl.concat_str("series", measure, separator=", ").alias("label")
    )


def _label_rows(named: pl.DataFrame) -> pl.Expr:
    """A row's name: the source where there are several, the lead where there are several."""
    source = pl.lit("") if named["source"].n_unique() < 2 else pl.col("source") + pl.lit(": ")
    lead = pl.lit("") if named["lead_months"].n_unique() < 2 else fill_text(" (+{})", "lead_months")
    return source + pl.col("label") + lead


def _draw_skill(facts: ChainFacts, named: pl.DataFrame) -> Chart | None:
    """Mean absolute error minus that of the forecast of no change, with its 95 % interval."""
    words = facts.words
    rows = named.filter(pl.col("dm_n") > 0, pl.col("dm_diff").is_not_null(), pl.col("unit").is_in(["%", "pp"]))
    if rows.is_empty():
        return None
    better = rows.filter(pl.col("dm_upper") < 0).height
    worse = rows.filter(pl.col("dm_lower") > 0).height
    heading = words.say("page.record.skill", better=better, worse=worse, of=rows.height)
    if rows["dm_upper"].is_null().all():
        heading = words.say("page.record.too_short")
    columns = ("dm_n", "dm_diff", "dm_lower", "dm_upper")
    return _draw(facts, "skill", heading, rows.select(_label_rows(named).alias("name"), *columns))


def _draw_bias(facts: ChainFacts, named: pl.DataFrame) -> Chart | None:
    """The usual direction and size of the error: mean surprise with its 95 % interval."""
    words = facts.words
    rows = named.filter(pl.col("mean_surprise").is_not_null(), pl.col("unit").is_in(["%", "pp"]))
    if rows.is_empty():
        return None
    low = rows.filter(pl.col("mean_surprise_lower") > 0).height
    high = rows.filter(pl.col("mean_surprise_upper") < 0).height
    heading = words.say("page.record.bias", low=low, high=high, of=rows.height)
    columns = ("bias_n", "mean_surprise", "mean_surprise_lower", "mean_surprise_upper")
    counted = rows.with_columns(pl.coalesce("bias_n", "n").alias("bias_n"))
    return _draw(facts, "bias", heading, counted.select(_label_rows(named).alias("name"), *columns))


def _compare_sources(facts: ChainFacts) -> Chart | None:
    """Sources against each other on the months that both forecast; None where one source forecasts alone."""
    words = facts.words
    found = compare_sources(facts.scores.drop("series", "text"))
    real = facts.scores["source"].unique().to_list()
    pairs = found.filter(
        pl.col("forecaster").is_in(real),
        pl.col("other").is_in(real),
        pl.col("forecaster") < pl.col("other"),
        pl.col("n") > 0,
    )
    if pairs.is_empty():
        return None
    measures = {m: words.say(f"page.measure.{m}") for m in pairs["measure"].unique()}
    measure = pl.col("measure").replace_strict(measures, return_dtype=pl.String)
    name = fill_text("{} − {}, {}", "forecaster", "other", measure)
    rows = pairs.with_columns(pl.coalesce("dm_diff", pl.col("mae") - pl.col("mae_other")).alias("dm_diff"))
    clear = rows.filter((pl.col("dm_upper") < 0) | (pl.col("dm_lower") > 0)).height
    heading = words.say("page.record.sources", clear=clear, of=rows.height)
    return _draw(facts, "sources", heading, rows.select(name.alias("name"), "n", "dm_diff", "dm_lower", "dm_upper"))


def _draw(facts: ChainFacts, name: str, heading: str, rows: pl.DataFrame) -> Chart:
    """A chart of intervals; columns of `rows`: name, n, value, lower, upper."""
    words = facts.words
    rows = rows.rename(dict(zip(rows.columns, ("name", "n", "value", "lower", "upper"), strict=True)))
    table = [
        (label, str(n), sign(value, " pp"), sign(lower, " pp"), sign(upper, " pp"))
        for label, n, value, lower, upper in rows.iter_rows()
    ]
    shown = rows.head(MOST_ROWS).unique("name", keep="first", maintain_order=True)
    right = pl.max_horizontal("value", "upper").alias("right")
    drawn = shown.with_columns(right, fill_text("n = {}", "n").alias("text"))
    spec = draw_intervals(drawn, axis=words.say(f"page.record.axis_{name}"))
    note = words.say(f"page.record.note_{name}")
    if rows.height > shown.height:
        note += words.say("page.record.some", n=shown.height, of=rows.height)
    head = [words.say(f"page.head.{column}") for column in ("series", "n", "value", "lower", "upper")]
    detail = [words.say("page.record.item", name=row[0], value=row[2], n=row[1]) for row in table[:10]]
    return Chart(name, heading, note, spec, head, table, detail)


def _draw_misses(facts: ChainFacts) -> Chart | None:
    """Verdicts by month: misses below the line."""
    words = facts.words
    scored = facts.scores.filter(pl.col("verdict").is_in(list(_VERDICTS)), pl.col("issue").is_in(["last", "only"]))
    if scored.is_empty():
        return None
    names = [words.say(f"page.record.{name}") for name in ("met", "undecided", "missed")]
    kind = pl.col("verdict").replace_strict(_VERDICTS, return_dtype=pl.Int64)
    counts = scored.group_by("month", kind.alias("kind")).agg(pl.len().cast(pl.Int64).alias("n")).sort("month", "kind")
    drawn = counts.select(
        "month",
        pl.col("kind").replace_strict(dict(enumerate(names)), return_dtype=pl.String).alias("verdict"),
        pl.when(pl.col("kind") == 2).then(-pl.col("n")).otherwise("n").alias("n"),
    )
    wide = (
        counts.pivot("kind", index="month", values="n", sort_columns=True).fill_null(0).sort("month", descending=True)
    )
    table = [(f"{row['month']:%Y-%m}", *(str(row.get(str(kind), 0)) for kind in range(3))) for row in wide.to_dicts()]
    missed, total = scored.filter(verdict="miss").height, scored.height
    first, last = counts["month"].min(), counts["month"].max()
    heading = words.say("page.record.misses", n=missed, of=total)
    note = words.say("page.record.note_misses", first=words.month(first), last=words.month(last))  # type: ignore[arg-type]
    spec = draw_verdicts(drawn, unit=words.say("page.record.axis_misses"), names=names)
    return Chart("misses", heading, note, spec, [words.say("page.head.month"), *names], table)


def _draw_calibration(facts: ChainFacts) -> Chart | None:
    """How often outcomes fell inside the band that past errors promised, beside how often they should."""
    words = facts.words
    kind = pl.col("band_kind").str.extract(r"_(\d+)$").cast(pl.Int64)
    scored = facts.scores.filter(
        pl.col("status") == "scored",
        pl.col("issue").is_in(["last", "only"]),
        kind.is_not_null(),
        pl.col("surprise").is_not_null(),
        pl.col("band_pp").is_not_null(),
    )
    if scored.is_empty():
        return None
    is_inside = pl.col("surprise").abs() <= pl.col("band_pp")
    rows = (
        scored.group_by("measure", kind.alias("level"))
        .agg(pl.len().cast(pl.Int64).alias("n"), is_inside.sum().cast(pl.Int64).alias("inside"))
        .sort("measure", "level")
    )
    lower, upper = bound_share(rows["inside"], rows["n"])
    rows = rows.with_columns((100 * lower).alias("lower"), (100 * upper).alias("upper"))
    share = 100 * pl.col("inside") / pl.col("n")
    named = {m: words.say(f"page.measure.{m}") for m in rows["measure"].unique()}
    name = fill_text("{}, {} %", pl.col("measure").replace_strict(named, return_dtype=pl.String), "level")
    drawn = rows.select(
        name.alias("name"),
        (share - pl.col("level")).alias("value"),
        (pl.col("lower") - pl.col("level")).alias("lower"),
        (pl.col("upper") - pl.col("level")).alias("upper"),
        fill_text("{} / {}", "inside", "n").alias("text"),
    )
    off = drawn.filter((pl.col("lower") > 0) | (pl.col("upper") < 0)).height
    heading = words.say("page.record.calibration", off=off, of=rows.height)
    table = [
        (n, f"{inside} / {count}", f"{low:.0f} %", f"{high:.0f} %")
        for n, (inside, count, low, high) in zip(
            drawn["name"], rows.select("inside", "n", "lower", "upper").rows(), strict=True
        )
    ]
    spec = draw_intervals(
        drawn.with_columns(pl.max_horizontal("value", "upper").alias("right")),
        axis=words.say("page.record.axis_calibration"),
    )
    head = [words.say(f"page.head.{column}") for column in ("band", "inside", "lower", "upper")]
    return Chart("calibration", heading, words.say("page.record.note_calibration"), spec, head, table)
