"""What stands out in a lake: the last month, the most surprising month, the largest misses, what is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from contracts.chain import Chain
from contracts.period import format_month
from contracts.text_table import Look, TextColumn, render_table
from contracts.wording import write_signed
from data_lake.lake import Lake
from data_lake.ledger import read_alerts
from tasks.alerts.decisions import ACTIVE
from tasks.comparing.refresh import Derived, derive_months, known_span
from tasks.messages.figure_words import add_series_label, write_stated

_MOST_ALERTS = 8
_MOST_SCORES = 20
_SERIES = TextColumn("series", 1, may_cut=True, least=22)
_CHANGES = (_SERIES, TextColumn("MoM", 1, "right"), TextColumn("YoY", 1, "right"))
_SCORES = (
    TextColumn("month", 1),
    _SERIES,
    TextColumn("forecast", 1, "right"),
    TextColumn("outcome", 1, "right"),
    TextColumn("surprise", 4, "right"),
    TextColumn("level", 3, "right"),
    TextColumn("verdict", 2),
)
_COUNTS = (TextColumn("month", 1), TextColumn("chain", 1, may_cut=True, least=22), TextColumn("forecasts", 1, "right"))
_EXPECTED = (_SERIES, TextColumn("forecast", 1))


def write_overview(lake: Lake, chains: Mapping[str, Chain], look: Look = Look()) -> str:  # noqa: B008 - frozen
    """The overview as plain text that fits the look, from everything the lake holds now."""
    span = known_span(lake)
    if span is None:
        return "the lake holds no figures yet\n"
    derived = derive_months(lake, chains, months=span, as_of=None)
    alerts = read_alerts(lake)
    scored = derived.scores.filter(pl.col("status") == "scored")
    last, worst = _last_months(derived), _worst(scored)
    parts = [
        *(_Month(derived, alerts, chains[name], month, "").write(look) for name, month in last),
        *(_Month(derived, alerts, chains[name], m, ": the most surprising month").write(look) for name, m in worst),
        _write_largest(scored, chains, look),
        _write_open(derived.scores, chains, look),
        _write_next(lake, span, max((month for _, month in last), default=span[1]), look),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _last_months(derived: Derived) -> list[tuple[str, date]]:
    """Each chain with the last month that it has reported changes for, the newest last."""
    reported = derived.comparisons.filter(pl.col("basis") == "reported", pl.col("value").is_not_null())
    last = reported.group_by("chain").agg(pl.col("month").max()).sort("month", "chain")
    return [(row["chain"], row["month"]) for row in last.to_dicts()]


def _worst(scored: pl.DataFrame) -> list[tuple[str, date]]:
    """The chain and month whose production forecasts were furthest off, by the mean of |log surprise|."""
    means = (
        scored.filter(pl.col("measure").is_in(["mom_pct", "yoy_pct"]), pl.col("log_surprise").is_not_null())
        .group_by("chain", "month")
        .agg(pl.col("log_surprise").abs().mean().alias("size"))
        .sort("size", "month", "chain", descending=[True, True, False])
    )
    return [(row["chain"], row["month"]) for row in means.head(1).to_dicts()]


@dataclass(frozen=True)
class _Month:
    """One month of a chain: its changes and the worst of its alerts."""

    derived: Derived
    alerts: pl.DataFrame
    chain: Chain
    month: date
    why: str

    def write(self, look: Look) -> list[str]:
        is_ours = (pl.col("chain") == self.chain.name) & (pl.col("month") == self.month)
        fired = self.alerts.filter(is_ours, pl.col("state").is_in(ACTIVE))
        shown = fired.head(_MOST_ALERTS)
        said = [f"{row['severity']}: {row['title']}" for row in shown.to_dicts()]
        more = [f"… and {fired.height - shown.height} more alerts"] if fired.height > shown.height else []
        return [
            look.head(f"{self.chain.title}, {self.month:%B %Y}{self.why}"),
            *_table(self._list_changes(is_ours), _CHANGES, look),
            *(line for text in (*said, *more) for line in look.wrap(text, "  ")),
        ]

    def _list_changes(self, is_ours: pl.Expr) -> pl.DataFrame:
        reported = self.derived.comparisons.filter(
            is_ours,
            pl.col("basis") == "reported",
            pl.col("value").is_not_null(),
            pl.col("measure").is_in(["mom_pct", "yoy_pct"]),
            pl.col("metric") == "production",
        )
        named = add_series_label(reported, {self.chain.name: self.chain})
        said = write_stated("value", "lower", "upper")
        by_measure = [said.filter(pl.col("measure") == name).first().alias(name) for name in ("mom_pct", "yoy_pct")]
        return named.group_by("series", maintain_order=True).agg(by_measure)


def _write_largest(scored: pl.DataFrame, chains: Mapping[str, Chain], look: Look) -> list[str]:
    """Scored forecasts by how far the level was off, whatever the measure: points mislead far from zero.

    Shares and rates have no level surprise and stand by their points.
    """
    size = pl.coalesce(pl.col("log_surprise").abs(), pl.col("surprise_pp").abs())
    sized = scored.filter(size.is_not_null(), pl.col("measure") != "direction", pl.col("forecast").is_not_null())
    if sized.is_empty():
        return []
    ordered = sized.sort(size, "month", "segment", "measure", descending=[True, False, False, False])
    rows = add_series_label(ordered.head(_MOST_SCORES), chains).select(
        pl.col("month").dt.strftime("%Y-%m"),
        "series",
        write_stated("forecast", "forecast_lower", "forecast_upper").alias("forecast"),
        write_stated("actual", "actual_lower", "actual_upper").alias("outcome"),
        (write_signed(pl.col("surprise_pp").round(2)) + pl.lit(" pp")).alias("surprise"),
        (write_signed(pl.col("level_surprise_pct").round(1)) + pl.lit(" %")).alias("level"),
        pl.col("verdict").fill_null("none"),
    )
    title = f"The largest forecast misses ({rows.height} of {sized.height} forecasts that were scored)"
    return [look.head(title), *_table(rows, _SCORES, look)]


def _write_open(scores: pl.DataFrame, chains: Mapping[str, Chain], look: Look) -> list[str]:
    """How many forecasts wait for their outcome, by chain and month; those of the newest month one by one."""
    pending = scores.filter(pl.col("status") == "pending")
    groups = pending.group_by("chain", "month").agg(pl.len().alias("count")).sort("month", "chain")
    if groups.is_empty():
        return []
    titles = pl.col("chain").replace_strict({name: chain.title for name, chain in chains.items()}, default=None)
    counted = groups.select(pl.col("month").dt.strftime("%Y-%m"), titles, pl.col("count").cast(pl.String))
    newest = groups.tail(1)
    stated = write_stated("forecast", "forecast_lower", "forecast_upper").fill_null("a range or bound")
    ours = pending.join(newest, on=["chain", "month"], how="semi").sort("segment", "product", "measure")
    named = add_series_label(ours, chains).group_by("series", maintain_order=True).agg(stated.str.join(", "))
    title = f"Expected for {newest['month'].item():%B %Y}"
    return [
        look.head("Open forecasts"),
        *_table(counted, _COUNTS, look),
        "",
        look.head(title),
        *_table(named, _EXPECTED, look),
    ]


def _write_next(lake: Lake, span: tuple[date, date], last: date, look: Look) -> list[str]:
    place = f" --lake {lake.uri}"
    return [
        look.head(f"Where to look next (months {format_month(span[0])} to {format_month(span[1])})"),
        f"  trona month{place}",
        f"  trona scores{place}",
        f"  trona alerts{place}",
        f"  trona comparisons --from {format_month(last)}{place}",
        f"  trona figures --as-of {last}{place}",
    ]


def _table(rows: pl.DataFrame, columns: Sequence[TextColumn], look: Look) -> list[str]:
    if rows.is_empty():
        return []
    named = rows.rename({name: str(place) for place, name in enumerate(rows.columns)})
    inner = look.narrow(by=2)
    return [f"  {line}" for line in render_table(named, columns, width=inner.width, color=inner.color)]
