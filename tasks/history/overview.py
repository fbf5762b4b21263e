"""What stands out in a lake: the last month, the most surprising month, the largest misses, what is open."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from contracts.chain import Chain
from contracts.period import format_month
from contracts.terminal_text import escape_terminal
from contracts.vocabulary import MEASURES
from data_lake.lake import Lake
from data_lake.ledger import read_alerts
from tasks.alerts.decisions import ACTIVE
from tasks.comparing.refresh import Derived, derive_months, known_span
from tasks.messages.digest import write_number

_MOST_ALERTS = 8
_MOST_SCORES = 20
_LARGEST = 3
_CHANGES = {"mom_pct": "MoM", "yoy_pct": "YoY"}


def write_overview(lake: Lake, chains: Mapping[str, Chain]) -> str:
    """The overview as plain text, from everything the lake holds now."""
    span = known_span(lake)
    if span is None:
        return "the lake holds no figures yet\n"
    derived = derive_months(lake, chains, months=span, as_of=None)
    alerts = read_alerts(lake)
    scored = derived.scores.filter(pl.col("status") == "scored")
    parts = [
        *(_write_month(derived, alerts, chains[name], month) for name, month in _last_months(derived)),
        *(
            _write_month(derived, alerts, chains[name], m, why="the most surprising month")
            for name, m in _worst(scored)
        ),
        _write_largest(scored, chains),
        _write_marked(scored, chains),
        _write_open(derived.scores, chains),
        _write_next(lake, span, max((month for _, month in _last_months(derived)), default=span[1])),
    ]
    return "\n".join(part for part in parts if part)


def _last_months(derived: Derived) -> list[tuple[str, date]]:
    """Each chain with the last month that it has reported changes for, the newest last."""
    reported = derived.comparisons.filter(pl.col("basis") == "reported", pl.col("value").is_not_null())
    last = reported.group_by("chain").agg(pl.col("month").max()).sort("month", "chain")
    return [(row["chain"], row["month"]) for row in last.to_dicts()]


def _worst(scored: pl.DataFrame) -> list[tuple[str, date]]:
    """The chain and month whose production forecasts were furthest off, by the mean of |log surprise|."""
    means = (
        scored.filter(pl.col("measure").is_in(list(_CHANGES)), pl.col("log_surprise").is_not_null())
        .group_by("chain", "month")
        .agg(pl.col("log_surprise").abs().mean().alias("size"))
        .sort("size", "month", "chain", descending=[True, True, False])
    )
    return [(row["chain"], row["month"]) for row in means.head(1).to_dicts()]


def _write_month(derived: Derived, alerts: pl.DataFrame, chain: Chain, month: date, *, why: str = "") -> str:
    name = chain.name
    title = f"{chain.title}, {month:%B %Y}" + (f": {why}" if why else "")
    rows = derived.comparisons.filter(
        pl.col("chain") == name, pl.col("month") == month, pl.col("basis") == "reported", pl.col("value").is_not_null()
    )
    changes = rows.filter(pl.col("measure").is_in(list(_CHANGES)), pl.col("metric") == "production")
    fired = alerts.filter(pl.col("chain") == name, pl.col("month") == month, pl.col("state").is_in(ACTIVE))
    lines = [title, "─" * len(title), *_list_changes(changes, chain)]
    shown = fired.head(_MOST_ALERTS)
    lines += [f"  {row['severity']}: {escape_terminal(row['title'])}" for row in shown.to_dicts()]
    if fired.height > shown.height:
        lines.append(f"  … and {fired.height - shown.height} more alerts")
    return "\n".join(lines) + "\n"


def _list_changes(changes: pl.DataFrame, chain: Chain) -> list[str]:
    lines = []
    for (segment, product), rows in changes.group_by("segment", "product", maintain_order=True):
        values = {row["measure"]: row["value"] for row in rows.to_dicts()}
        said = [f"{write_number(values[m], '%')} {words}" for m, words in _CHANGES.items() if m in values]
        lines.append(f"  {_subject(chain, str(segment), str(product)):<28} {', '.join(said)}")
    return lines


def _write_largest(scored: pl.DataFrame, chains: Mapping[str, Chain]) -> str:
    largest = _by_size(scored).head(_LARGEST)
    if largest.is_empty():
        return ""
    lines = ["The largest forecast misses", "───────────────────────────"]
    lines += [f"  {index}. {_score_in_words(row, chains)}" for index, row in enumerate(largest.to_dicts(), start=1)]
    return "\n".join(lines) + "\n"


def _write_marked(scored: pl.DataFrame, chains: Mapping[str, Chain]) -> str:
    rows = _by_size(scored)
    rest = rows.slice(_LARGEST, _MOST_SCORES)
    if rest.is_empty():
        return ""
    title = f"Other forecasts that were scored ({rest.height} of {rows.height - _LARGEST})"
    lines = [title, "─" * len(title), *(f"  {_score_in_words(row, chains)}" for row in rest.to_dicts())]
    return "\n".join(lines) + "\n"


def _by_size(scored: pl.DataFrame) -> pl.DataFrame:
    """Scored forecasts by how far the level was off, whatever the measure: points mislead far from zero.

    Shares and rates have no level surprise and stand by their points.
    """
    size = pl.coalesce(pl.col("log_surprise").abs(), pl.col("surprise_pp").abs())
    sized = scored.filter(size.is_not_null(), pl.col("measure") != "direction", pl.col("forecast").is_not_null())
    return sized.sort(size, "month", "segment", "measure", descending=[True, False, False, False])


def _score_in_words(row: Mapping[str, object], chains: Mapping[str, Chain]) -> str:
    chain = chains[str(row["chain"])]
    measure = str(row["measure"])
    unit = MEASURES[measure].unit if MEASURES[measure].unit in {"%", "pp"} else ""
    is_signed = bool(unit)
    forecast = write_number(float(str(row["forecast"])), unit, signed=is_signed)
    actual = write_number(float(str(row["actual"])), unit, signed=is_signed)
    level, surprise = row["level_surprise_pct"], row["surprise_pp"]
    sizes = [f"surprise {write_number(float(str(surprise)), 'pp')}" if surprise is not None else ""]
    sizes += [f"level {write_number(float(str(level)), '%')}" if level is not None else ""]
    subject = _subject(chain, str(row["segment"]), str(row["product"]))
    said = ", ".join(s for s in sizes if s)
    return (
        f"{subject} {row['month']:%B %Y} {row['metric']} {measure}: forecast {forecast}, outcome {actual} "
        f"({said}; {row['verdict'] or 'no verdict'})"
    )


def _write_open(scores: pl.DataFrame, chains: Mapping[str, Chain]) -> str:
    pending = scores.filter(pl.col("status") == "pending")
    groups = pending.group_by("chain", "month").agg(pl.len().alias("count")).sort("month", "chain")
    if groups.is_empty():
        return ""
    lines = ["Open forecasts", "──────────────"]
    lines += [f"  {row['count']} for {chains[row['chain']].title}, {row['month']:%B %Y}" for row in groups.to_dicts()]
    newest = groups.row(-1, named=True)
    chosen = pending.filter(pl.col("chain") == newest["chain"], pl.col("month") == newest["month"])
    for row in chosen.sort("segment", "product", "measure").to_dicts():
        number = "a range or bound" if row["forecast"] is None else write_number(row["forecast"], "")
        lines.append(f"    {_subject(chains[row['chain']], row['segment'], row['product'])} {row['measure']} {number}")
    return "\n".join(lines) + "\n"


def _write_next(lake: Lake, span: tuple[date, date], last: date) -> str:
    place = f" --lake {lake.uri}"
    return "\n".join(
        [
            f"Where to look next (months {format_month(span[0])} to {format_month(span[1])})",
            f"  trona scores{place}",
            f"  trona alerts{place}",
            f"  trona comparisons --from {format_month(last)}{place}",
            f"  trona figures --as-of {last}{place}",
            "",
        ]
    )


def _subject(chain: Chain, segment: str, product: str) -> str:
    known = {s.name: s for s in chain.segments}
    found = known.get(segment)
    if found is None:
        return escape_terminal(f"{segment} {product}".strip())
    titles = {p.name: p.title for p in found.products}
    return titles.get(product, found.title) if product else found.title
