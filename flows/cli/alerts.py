"""`trona alerts ack` and `trona silence`: what people say back to the ledger."""

import getpass
import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

import polars as pl
from cyclopts import App, Parameter

from contracts.alerts import SILENCES
from contracts.errors import Exit, UsageError
from contracts.period import parse_month
from contracts.settings import load_settings
from flows.cli.options import Format, LakeOption, Shape
from flows.cli.output import print_frame, print_message
from flows.cli.query import alerts as list_alerts
from flows.cli.query import open_store

_DEFAULT_LAKE = LakeOption()
_LONGEST = timedelta(days=366)

alerts = App(name="alerts", help="What fired, why, who was told when, and who took note.")
alerts.default(list_alerts)
silence = App(name="silence", help="Keep alerts quiet for a while: they are still found and kept, and nobody is told.")


@alerts.command
def ack(alert_id: str, *, note: str = "", author: str = "", lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Take note of an alert, so that others see that somebody has.

    Parameters
    ----------
    alert_id
        The alert, or the beginning of its id, as printed by `trona alerts --json`.
    note
        What you want to say about it.
    author
        Who you are; else the name of the account.
    """
    from data_lake.ledger import acknowledge  # noqa: PLC0415 - not needed for --help

    _, store = open_store(lake)
    found = acknowledge(store, alert_id, author=author or _name_user(), note=note, at=datetime.now(UTC))
    print_message(f"noted: {found['title'].item()}")
    return Exit.DONE


@silence.command
def add(
    *,
    reason: str,
    days: float = 0.0,
    until: str = "",
    starts: str = "",
    rule: str = "",
    source: str = "",
    chain: str = "",
    segment: str = "",
    product: str = "",
    metric: str = "",
    measure: str = "",
    month: str = "",
    author: str = "",
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Add a silence. At least one of rule … month says what it is about.

    Parameters
    ----------
    reason
        Why; people will read it.
    days
        How long it lasts.
    until
        When it ends instead: a date (the start of that day, UTC) or an instant.
    starts
        When it begins: a date or an instant; else now.
    rule
        Only this rule, as in `trona alerts`.
    month
        Only this reference month, YYYY-MM.
    author
        Who you are; else the name of the account.
    """
    from data_lake.ledger import add_silence  # noqa: PLC0415
    from data_lake.selection import Selection  # noqa: PLC0415
    from flows.cli.filter_names import name_selection, refuse_unknown  # noqa: PLC0415
    from tasks.alerts.registry import read_rules  # noqa: PLC0415

    now = datetime.now(UTC)
    matchers = {"rule": rule, "source": source, "chain": chain, "segment": segment, "product": product}
    matchers |= {"metric": metric, "measure": measure, "month": month and f"{parse_month(month):%Y-%m}"}
    refuse_unknown("rule", rule, list(read_rules()))
    wanted = Selection(chain=chain, segment=segment, product=product or None, metric=metric, measure=measure)
    named = name_selection(wanted, load_settings().chains_folder)
    matchers |= {c: getattr(named, c) or "" for c in ("chain", "segment", "product", "metric", "measure")}
    if not any(matchers.values()):
        raise UsageError("a silence needs at least one filter", next="name a rule, chain, segment … or month")
    if not reason.strip():
        raise UsageError("a silence needs a reason", next='write --reason "maintenance until Friday"')
    begins = _read_instant(starts) if starts else now
    ends = _read_instant(until) if until else begins + timedelta(days=days)
    if not begins < ends <= begins + _LONGEST or ends <= now:
        raise UsageError(
            "a silence ends after it begins, in the future, and within a year", next="give --days or --until"
        )
    silence_id = secrets.token_hex(4)
    row = matchers | {"silence_id": silence_id, "event": "added", "starts_at": begins, "ends_at": ends}
    row |= {"author": author or _name_user(), "reason": reason, "at": now}
    _, store = open_store(lake)
    add_silence(store, SILENCES.conform(pl.DataFrame([row], schema_overrides=SILENCES.schema)))
    print_message(f"silence {silence_id} until {ends:%Y-%m-%d %H:%M} UTC")
    return Exit.DONE


@silence.command(name="list")
def list_(
    *,
    all: Annotated[bool, Parameter(negative="")] = False,  # noqa: A002 - the option's name
    format: Format = "table",  # noqa: A002
    json: Annotated[bool, Parameter(negative="")] = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Show the silences in force.

    Parameters
    ----------
    all
        Also those that are over.
    format
        How to print: table, csv, csv-excel, json, parquet or xlsx.
    json
        The same as --format json.
    """
    from data_lake.ledger import read_silences  # noqa: PLC0415
    from tasks.alerts.silences import read_active  # noqa: PLC0415

    _, store = open_store(lake)
    events = read_silences(store)
    rows = events if all else read_active(events, datetime.now(UTC))
    shape = Shape("json" if json else format)
    print_frame(rows.sort("at", "silence_id", "event"), shape, nothing="no silence in force")
    return Exit.DONE


@silence.command
def end(silence_id: str, *, author: str = "", lake: LakeOption = _DEFAULT_LAKE) -> int:
    """End a silence before its time.

    Parameters
    ----------
    silence_id
        As printed by `trona silence list`.
    author
        Who you are; else the name of the account.
    """
    from data_lake.ledger import end_silence  # noqa: PLC0415

    _, store = open_store(lake)
    end_silence(store, silence_id, author=author or _name_user(), at=datetime.now(UTC))
    print_message(f"silence {silence_id} is over; states that it kept quiet are told with the next run")
    return Exit.DONE


def _read_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"not a date or an instant: {text!r}", next="write 2026-02-05 or 2026-02-05T09:00") from None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _name_user() -> str:
    """Who is logged in; the number of an account that has no name, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the second from Python 3.13 on
        return f"uid {os.getuid()}"
