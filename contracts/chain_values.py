"""What the values of a chain's definition must be: one check for each kind of value that `KEYS` names."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from contracts.chain_faults import ChainFault, Path, show, suggest
from contracts.vocabulary import LEVEL_UNITS, MEASURES, METRICS

FORMER_RULES = {"direction_miss": "forecast_miss"}
"""Rules that were, and the rule that does their work now. Older definitions may still name them."""
ROLES = ("stage", "input")
LAST_DAY = 28
"""The last day that every month has."""

_NOT_EVALUATED = "no alert of the chain is evaluated by a run; every other chain is as it was"

Rules = Mapping[str, Mapping[str, Any]]
"""Names of the thresholds by rule."""
Faults = Iterator[ChainFault]

_LANGUAGE = re.compile(r"[a-z]{2,3}(_[a-z]+)?")


def check_text(value: object, path: Path) -> Faults:
    """Text that is not empty."""
    if not isinstance(value, str):
        yield ChainFault(path, f"{path[-1]} must be text", show(value), "write it in quotation marks")
    elif not value.strip():
        yield ChainFault(path, f"{path[-1]} is empty", show(value), "write a name, or take the line out")


def check_number(value: object, path: Path) -> Faults:
    """A finite number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield ChainFault(
            path, f"{path[-1]} must be a number", show(value), "write a number, such as 5.0, without marks"
        )
    elif value < 0:
        yield ChainFault(
            path, f"{path[-1]} must not be below 0", show(value), "write how large a gap may be, without sign"
        )


def check_count(value: object, path: Path) -> Faults:
    """A whole number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        yield ChainFault(path, f"{path[-1]} must be a whole number, 0 or more", show(value), "write one, such as 5")


def check_day(value: object, path: Path) -> Faults:
    """A day that every month has."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LAST_DAY:
        next_step = f"write a day that every month has, 1 to {LAST_DAY}"
        yield ChainFault(path, f"{path[-1]} must be a day from 1 to {LAST_DAY}", show(value), next_step)


def check_dates(value: object, path: Path) -> Faults:
    """A list of days."""
    if not isinstance(value, list):
        yield ChainFault(path, f"{path[-1]} must be a list of days", show(value), "write [2026-02-16, 2026-02-17]")
        return
    for place, day in enumerate(value):
        if not isinstance(day, date) or isinstance(day, datetime):
            yield ChainFault(
                (*path, place), "a day off must be a date", show(day), "write 2026-02-16, without quotation marks"
            )


def check_time_zone(value: object, path: Path) -> Faults:
    """A time zone of the IANA database. Where a machine has no such database, nothing is known of any."""
    if not isinstance(value, str) or not value.strip():
        yield from check_text(value, path)
        return
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # no such zone, no name of one, a folder of them
        zones = sorted(available_timezones())
        if zones:
            near = suggest(value, zones)
            next_step = near if near.startswith("did") else "write one such as Asia/Shanghai or Europe/Berlin"
            yield ChainFault(path, f"there is no time zone {show(value)}", show(value), next_step)


def check_role(value: object, path: Path) -> Faults:
    """`stage` or `input`."""
    if value not in ROLES:
        yield ChainFault(path, f"unknown role {show(value)}", show(value), suggest(str(value), ROLES))


def check_names(value: object, path: Path) -> Faults:
    """Names by language, one at least."""
    faults = [*check_phrases(value, path)]
    yield from faults
    if not faults and not any(value.values() if isinstance(value, dict) else ()):
        yield ChainFault(path, "there is no name in any language", show(value), 'write names = { en = ["…"] }')


def check_phrases(value: object, path: Path) -> Faults:
    """Lists of texts by language, such as `en` or `zh`."""
    if not isinstance(value, dict):
        yield ChainFault(
            path, f"{path[-1]} must be lists by language", show(value), f'write {path[-1]} = {{ en = ["…"] }}'
        )
        return
    for language, texts in value.items():
        at = (*path, language)
        if not _LANGUAGE.fullmatch(language):
            next_step = "write its code in small letters, such as en or zh"
            yield ChainFault(at, f"{show(language)} is no code of a language", show(texts), next_step)
        if not isinstance(texts, list):
            yield ChainFault(at, "names must be a list", show(texts), f'write {language} = ["…"]')
            continue
        for place, text in enumerate(texts):
            if not isinstance(text, str):
                yield ChainFault((*at, place), "a name must be text", show(text), "write it in quotation marks")
            elif not text.strip():
                yield ChainFault((*at, place), "a name is empty", show(text), "take it out, or write the name")


def check_units(value: object, path: Path) -> Faults:
    """Units of levels by metric."""
    if not isinstance(value, dict):
        yield ChainFault(path, "units must be given by metric", show(value), 'write units = { production = "t" }')
        return
    for metric, unit in value.items():
        at = (*path, metric)
        if metric not in METRICS:
            yield ChainFault(at, f"unknown metric {show(metric)}", show(metric), suggest(metric, METRICS))
        if unit not in LEVEL_UNITS:
            yield ChainFault(at, f"unknown unit {show(unit)}", show(unit), suggest(str(unit), LEVEL_UNITS))


def check_sources(value: object, path: Path) -> Faults:
    """The source whose actuals mark a forecaster's forecasts, by forecaster."""
    if not isinstance(value, dict):
        next_step = 'write [forecasters] and under it broker = "agency"'
        yield ChainFault(path, f"{path[-1]} must be sources by forecaster", show(value), next_step)
        return
    for forecaster, source in value.items():
        yield from check_text(source, (*path, forecaster))


def check_tolerances(value: object, path: Path) -> Faults:
    """Numbers by measure, or by metric for levels."""
    if not isinstance(value, dict):
        yield ChainFault(
            path,
            f"{path[-1]} must be numbers by measure",
            show(value),
            f"write [{path[-1]}] and under it mom_pct = 5.0",
        )
        return
    known = [*MEASURES, *METRICS]
    for name, number in value.items():
        if name not in known:
            yield ChainFault(
                (*path, name), f"unknown measure {show(name)}", f"{name} = {show(number)}", suggest(name, known)
            )
        yield from check_number(number, (*path, name))


def check_segment_thresholds(value: object, path: Path, rules: Rules | None = None) -> Faults:
    """Thresholds, and a segment's own tolerances among them."""
    if isinstance(value, dict):
        for name in ("tolerance_pct", "tolerance_pp"):
            if name in value:
                yield from check_tolerances(value[name], (*path, name))
        value = {name: part for name, part in value.items() if name not in {"tolerance_pct", "tolerance_pp"}}
    yield from check_thresholds(value, path, rules)


def check_thresholds(value: object, path: Path, rules: Rules | None = None) -> Faults:
    """Numbers by rule and threshold, or by rule, measure and threshold.

    The names of rules and thresholds are checked where `rules` gives them; a former rule is a note.
    """
    if not isinstance(value, dict):
        yield ChainFault(
            path,
            f"{path[-1]} must be tables by rule",
            show(value),
            "write [thresholds.forecast_miss] and its thresholds under it",
        )
        return
    for rule, part in value.items():
        at = (*path, rule)
        if rule in FORMER_RULES:
            what = f"{rule} is a former rule: {FORMER_RULES[rule]} does its work"
            yield ChainFault(
                at, what, rule, f"take it out; set [thresholds.{FORMER_RULES[rule]}] instead", is_note=True
            )
        elif rules is not None and rule not in rules:
            yield ChainFault(at, f"unknown rule {show(rule)}", rule, suggest(rule, rules), effect=_NOT_EVALUATED)
        elif not isinstance(part, dict):
            next_step = f"write [thresholds.{rule}] and its thresholds under it"
            yield ChainFault(at, f"{rule} must be a table of thresholds", show(part), next_step)
        else:
            yield from _check_rule(part, at, None if rules is None else [*rules[rule]])


def _check_rule(part: Mapping[str, Any], path: Path, known: list[str] | None) -> Faults:
    for name, value in part.items():
        at = (*path, name)
        if name in MEASURES and not isinstance(value, dict):
            near = suggest(name, known or ())
            next_step = f"write [thresholds.{path[-1]}.{name}] and the threshold under it"
            yield ChainFault(
                at, f"{name} is a measure, no threshold", show(value), f"{next_step}; {near}" if near else next_step
            )
        elif name in MEASURES:
            for inner, number in value.items():
                yield from _check_threshold(inner, number, (*at, inner), known)
        else:
            yield from _check_threshold(name, value, at, None if known is None else [*known, *MEASURES])


def _check_threshold(name: str, value: object, path: Path, known: list[str] | None) -> Faults:
    if known is not None and name not in known:
        found = f"{name} = {show(value)}"
        what = f"unknown threshold {show(name)}"
        yield ChainFault(path, what, found, suggest(name, known), effect=_NOT_EVALUATED)
    else:
        yield from check_number(value, path)


CHECKS: Mapping[str, Callable[[object, Path], Faults]] = {
    "text": check_text,
    "names": check_names,
    "phrases": check_phrases,
    "number": check_number,
    "count": check_count,
    "day": check_day,
    "dates": check_dates,
    "time_zone": check_time_zone,
    "role": check_role,
    "units": check_units,
    "sources": check_sources,
    "tolerances": check_tolerances,
}
"""Check by what a key holds; tables of keys and thresholds are walked by `contracts.chain_check`."""
