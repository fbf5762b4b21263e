"""One digest of a source, chain and month: what is new, and what the month looks like with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from contracts.chain import Chain
from contracts.vocabulary import MEASURES
from contracts.wording import MEASURE_WORDS, METRIC_WORDS, SEVERITY_RANK, name_subjects
from tasks.messages.neutral import CELL_LIMIT, Facts, Finding, Message
from tasks.messages.picture import Picture

MOST_ROWS = 20
_NEWS = {
    "first": "new",
    "severity_up": "worse",
    "retracted": "retracted",
    "resolved": "resolved",
    "returned": "back",
    "silence_ended": "still open",
}
_ENDED = ("retracted", "resolved")


@dataclass(frozen=True)
class Envelope:
    """What a message says of itself: by what it is known again, as of when, of which run, and where more is.

    `opening` are the sentences of its month (`open_month`); none where nothing is known of it.
    `waiting` are releases with readings that somebody must settle, and how many each has.
    `owner` is who answers for it, `told` the names of all receivers of the news; either may be empty.
    """

    marker: str
    thread: str
    as_of: datetime
    run_id: str
    is_update: bool = False
    opening: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    owner: str = ""
    told: tuple[str, ...] = ()
    picture: Picture | None = None
    waiting: tuple[tuple[str, int], ...] = ()


def build_digest(
    alerts: pl.DataFrame,
    envelope: Envelope,
    chains: Mapping[str, Chain],
    acknowledged: Mapping[str, str] | None = None,
) -> Message:
    """The message of one group.

    `alerts` are rows of `ALERTS` of one source, chain and month, each alert once in its current state, with a column
    `news` (why it is told now; empty for what is known already), and where it is known `held` (how many alerts it holds
    back). New ones come first, then by severity and size; at
    most `MOST_ROWS` findings, the rest is counted. The headline is the first of them. The same rows give the same
    message.
    """
    rows = _order(alerts, chains).to_dicts()
    findings = [_build_finding(row, acknowledged or {}) for row in rows]
    first = rows[0]
    live = [row for row in rows if row["news"] not in _ENDED]
    worst = max((row["severity"] for row in live or rows), key=SEVERITY_RANK.__getitem__)
    news = sum(bool(row["news"]) for row in rows)
    return Message(
        marker=envelope.marker,
        thread=envelope.thread,
        severity=worst,
        headline=_write_headline(findings, news),
        context=(
            ("Month", f"{first['month']:%B %Y}"),
            ("Chain", chains[first["chain"]].title if first["chain"] in chains else first["chain"]),
            ("Source", first["source"]),
            ("As of", f"{envelope.as_of:%Y-%m-%d %H:%M} UTC"),
            ("Run", envelope.run_id),
            *name_people(envelope.owner, envelope.told),
        ),
        about=(
            ("source", first["source"]),
            ("chain", first["chain"]),
            ("month", f"{first['month']:%Y-%m}"),
            ("as_of", f"{envelope.as_of:%Y-%m-%dT%H:%M:%SZ}"),
            ("run_id", envelope.run_id),
        ),
        opening=envelope.opening,
        findings=tuple(findings[:MOST_ROWS]),
        more=max(0, len(findings) - MOST_ROWS),
        notes=(*_write_notes(rows, is_opened=bool(envelope.opening)), *_write_waiting(envelope.waiting)),
        links=envelope.links,
        is_update=envelope.is_update,
        picture=envelope.picture,
        commands=(
            f"trona alerts --why --chain {first['chain']} --from {first['month']:%Y-%m} --to {first['month']:%Y-%m}",
            *(f"trona settle {release_id} --xlsx review.xlsx --write" for release_id, _ in envelope.waiting),
        ),
    )


def _write_waiting(waiting: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """What somebody must look at before it counts."""
    count = sum(readings for _, readings in waiting)
    if not count:
        return ()
    return (
        f"{count} figures need a look: no facts until then."
        if count > 1
        else "1 figure needs a look: no fact until then.",
    )


def list_names(names: Sequence[str]) -> str:
    """`desk, planning`, as many as fit a line of a message: `desk, planning and 7 more`."""
    shown = list(names)
    while len(shown) > 1 and len(", ".join(shown)) > CELL_LIMIT - len(" and 99 more"):
        shown.pop()
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")


def name_people(owner: str, told: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Who answers for a message and who gets it, as labels and values; what is empty is left out."""
    return tuple((label, text) for label, text in (("Owner", owner), ("Told", list_names(told))) if text)


def build_findings(rows: pl.DataFrame, chains: Mapping[str, Chain], *, with_month: bool = False) -> tuple[Finding, ...]:
    """Findings of ledger rows with a column `news`, in their order; `with_month` says the month beside the subject."""
    named = rows.join(name_subjects(chains), on=["chain", "segment", "product"], how="left", maintain_order="left")
    named = named.with_columns(pl.col("subject").fill_null(pl.col("segment")))
    if with_month:
        month = pl.col("month").dt.strftime("%Y-%m")
        named = named.with_columns(
            (month + " " + pl.col("subject")).alias("subject"), (month + ": " + pl.col("title")).alias("title")
        )
    return tuple(_build_finding(row, {}) for row in named.to_dicts())


def _order(alerts: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    size = pl.col("detail").str.json_path_match("$.level_surprise_pct").cast(pl.Float64, strict=False).abs()
    return (
        alerts.join(name_subjects(chains), on=["chain", "segment", "product"], how="left")
        .with_columns(pl.col("subject").fill_null(pl.col("segment")))
        .sort(
            pl.col("news") == "",
            pl.col("news").is_in(_ENDED),
            -pl.col("severity").replace_strict(SEVERITY_RANK, return_dtype=pl.Int32),
            -size.fill_null(0),
            "title",
            "alert_id",
        )
    )


def _build_finding(row: Mapping[str, Any], acknowledged: Mapping[str, str]) -> Finding:
    detail = json.loads(row["detail"] or "{}")
    stated = detail.get("measure") or row["measure"]
    unit = detail.get("unit") or (MEASURES[stated].unit if stated in MEASURES else "")
    reversed_ = " · wrong direction" if detail.get("is_reversed") else ""
    measure = f"{METRIC_WORDS.get(row['metric'], row['metric'])}{MEASURE_WORDS.get(stated, '')}{reversed_}"
    is_marked = isinstance(detail.get("forecast"), int | float) and isinstance(detail.get("actual"), int | float)
    is_level = stated in MEASURES and MEASURES[stated].family == "level"
    gap_unit = detail.get("gap_unit") or ("%" if is_level else "pp")
    notes = [detail.get("note") or "", _say_held(row), _say_acknowledged(acknowledged.get(row["alert_id"], ""))]
    return Finding(
        alert_id=row["alert_id"],
        rule=row["rule"],
        severity=row["severity"],
        title=row["title"],
        news=_NEWS.get(row["news"], ""),
        subject=row["subject"],
        measure="share" if stated == "share_pct" else measure,
        forecast=write_number(detail["forecast"], unit, signed=not is_level) if is_marked else "",
        actual=write_number(detail["actual"], unit, signed=not is_level) if is_marked else "",
        surprise=_write_surprise(detail, gap_unit) if is_marked else "",
        usual=_write_allowed(detail, gap_unit) if is_marked and detail.get("band") else "",
        note=" ".join(filter(None, notes)),
        size_pct=detail.get("level_surprise_pct"),
        sentences=tuple(detail.get("sentences", ())),
        facts=_build_facts(row, detail, unit, gap_unit),
    )


def _build_facts(row: Mapping[str, Any], detail: Mapping[str, Any], unit: str, gap_unit: str) -> Facts:
    series = {name: row[name] for name in ("source", "chain", "segment", "product", "metric", "measure")}
    series["measure"] = detail.get("measure") or row["measure"]  # of several in one finding, that of the numbers
    names = ("forecast", "actual", "surprise", "band", "level_surprise_pct")
    numbers = {name: detail[name] for name in names if isinstance(detail.get(name), int | float)}
    return Facts(
        **series,
        month=f"{row['month']:%Y-%m}",
        **numbers,
        unit=unit if numbers else "",
        surprise_unit=gap_unit if numbers else "",
    )


def write_number(value: float, unit: str, *, signed: bool = True) -> str:
    """`−70 %`, `+3.07 %`, `91,050 t`: as the table shows it."""
    rounded = round(value, 2)
    size = f"{abs(rounded):,.2f}".rstrip("0").rstrip(".")
    sign = "" if not signed or rounded == 0 else "−" if rounded < 0 else "+"
    return f"{sign if signed else '−' if rounded < 0 else ''}{size} {unit}".strip()


def _write_allowed(detail: Mapping[str, Any], unit: str) -> str:
    """`limit ±5 pp` for a setting, `usual −66 to +98.5 pp (n 13)` for a record that is long enough to say so."""
    band, lower, upper = (detail.get(name) for name in ("band", "band_lower", "band_upper"))
    ends = f"±{write_number(round(float(band or 0), 1), unit, signed=False)}"
    if lower is not None and upper is not None and abs(lower + upper) > 0.1 * upper:
        ends = f"{write_number(round(lower, 1), '')} to {write_number(round(upper, 1), unit)}"
    if str(detail.get("band_kind", "")).startswith("usual"):
        return f"usual {ends} (n {detail.get('band_n')})"
    return f"limit {ends}"


def _write_surprise(detail: Mapping[str, Any], unit: str) -> str:
    surprise = detail.get("surprise")
    if surprise is None:
        return ""
    text = write_number(surprise, unit)
    level = detail.get("level_surprise_pct")
    if level is None or unit != "pp":
        return text
    return f"{text} (level {write_number(round(level, 0 if abs(level) >= 10 else 1), '%')})"


def _say_held(row: Mapping[str, Any]) -> str:
    return f"Held back while this stands: {row['held']}." if row.get("held") and row["news"] not in _ENDED else ""


def _say_acknowledged(words: str) -> str:
    return f"Noted by {words}." if words else ""


def _write_headline(findings: Sequence[Finding], news: int) -> str:
    others = (news or len(findings)) - 1
    suffix = f" (+{others} more)" if others > 0 else ""
    limit = 200 - len(suffix)
    first = findings[0]
    title = f"{first.news.capitalize()}: {first.title}" if first.news in _ENDED else first.title
    return (title if len(title) <= limit else title[: limit - 1] + "…") + suffix


def _write_notes(rows: Sequence[Mapping[str, Any]], *, is_opened: bool) -> tuple[str, ...]:
    """What the holiday touches, unless the opening sentences say it, and what it does to the findings."""
    details = [json.loads(row["detail"] or "{}") for row in rows if row["news"] not in _ENDED]
    touched = [d for d in details if d.get("holiday") == "cny"]
    unsaid = [] if is_opened else touched
    weights = {d["holiday_weight_pct"] for d in unsaid if d["holiday_weight_pct"]}
    bases = {d["base_holiday_weight_pct"] for d in unsaid if d.get("base_holiday_weight_pct")}
    lowered = any("severity_without_holiday" in d for d in touched)
    return (
        *(f"Chinese New Year: {weight} % of its window is in this month." for weight in sorted(weights)),
        *(f"Chinese New Year: {weight} % of its window is in a month compared with." for weight in sorted(bases)),
        *(["Findings that compare months are one severity lower for it."] if lowered else []),
    )
