"""The outbox: which messages are due to whom, decided from the ledger alone, before anything is sent."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from contracts.alerts import DELIVERIES
from contracts.chain import Chain
from contracts.wording import SEVERITY_RANK, rank_severity
from tasks.alerts.decisions import GROUP, read_current
from tasks.alerts.identity import hash_text
from tasks.alerts.rules.delivery_broken import NAME as DELIVERY_BROKEN
from tasks.delivery.month_views import INDEX, MonthViews
from tasks.delivery.receiver import Receiver
from tasks.messages.digest import Envelope, build_digest
from tasks.messages.neutral import Message

_FOLLOW_UPS = ("retracted", "resolved")


OpenMonth = Callable[[Mapping[str, object], datetime, str], tuple[str, ...]]
"""The sentences that open a message about a group, as of an instant, in a language."""


@dataclass(frozen=True)
class Imprint:
    """What stands on every message: `owner`, who answers for it, and the site's address; either may be empty."""

    owner: str = ""
    page_address: str = ""


@dataclass(frozen=True)
class Planning:
    """What messages are planned with: for whom, by the names of which chains, at which instant and by which run.

    `views` are what the lake shows of the months that are told.
    """

    receivers: Sequence[Receiver]
    chains: Mapping[str, Chain]
    now: datetime
    run_id: str
    open_month: OpenMonth = lambda *_: ()
    imprint: Imprint = field(default_factory=Imprint)
    views: MonthViews = field(default_factory=MonthViews)

    def link(self, receiver: Receiver, chain: str, month: date | None) -> tuple[tuple[str, str], ...]:
        """The page about the month, or the first page; a receiver with an address of its own gets that one."""
        if receiver.page_url:
            return (("Page", receiver.page_url),)
        if not self.imprint.page_address:
            return ()
        page = self.views.name_page(chain, month) if month else INDEX
        return (("Month page" if month else "Page", f"{self.imprint.page_address.rstrip('/')}/{page}"),)


def plan_deliveries(
    ledger: pl.DataFrame,
    deliveries: pl.DataFrame,
    planning: Planning,
    acknowledged: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Rows of `DELIVERIES` for every change that people are to be told and no delivery covers yet.

    `ledger` and `deliveries` are all rows of the months at hand. One message per source, chain, month and receiver: a
    receiver gets the changes that are severe enough and about its chains, segments and sources; retracted and
    resolved only where it was told of the alert before. A receiver is never told through itself that it is broken.
    What nobody wants is covered by a row `unwanted`. The marker is a hash of receiver, group and changes: planning
    twice from the same rows gives the same marker.
    """
    covered = _read_covers(deliveries)
    changes = ledger.filter(pl.col("notify") != "").with_columns(_cover().alias("cover"))
    pending = changes.join(covered.select("cover").unique(), on="cover", how="anti")
    pending = pending.join(read_current(ledger).select("alert_id", pl.col("state").alias("state_now")), on="alert_id")
    rows: list[dict[str, object]] = []
    for group, due in pending.sort(*GROUP, "alert_id", "change").group_by(GROUP, maintain_order=True):
        key = dict(zip(GROUP, group, strict=True))
        month = ledger.filter(*(pl.col(name) == value for name, value in key.items()))
        selected = [(receiver, _select_for(due, receiver, covered)) for receiver in planning.receivers]
        hearing = tuple(receiver.name for receiver, mine in selected if mine.height)
        for receiver, mine in selected:
            if mine.is_empty():
                continue
            told = covered.filter(receiver=receiver.name)
            news = _News(month, mine, told, receiver, hearing)
            message = _build(news, planning, acknowledged)
            rows.append(_planned(message, news, planning))
        wanted = {cover for row in rows for cover in str(row["covers"]).split(" ")}
        left = due.filter(~pl.col("cover").is_in(list(wanted)))
        if left.height:
            rows.append(_unwanted(left, key, planning))
    return DELIVERIES.conform(pl.DataFrame(rows, schema_overrides=DELIVERIES.schema)) if rows else DELIVERIES.empty()


def find_pending_months(notices: pl.DataFrame, deliveries: pl.DataFrame) -> tuple[date, date] | None:
    """First and last month with a change that people are to be told and no delivery covers; None where all is told."""
    covered = _read_covers(deliveries).select("cover").unique()
    pending = notices.with_columns(_cover().alias("cover")).join(covered, on="cover", how="anti")["month"]
    return (pending.min(), pending.max()) if len(pending) else None  # type: ignore[return-value]


def name_thread(receiver: str, group: Iterable[object]) -> str:
    """The same for every message to a receiver about one source, chain and month."""
    return hash_text("\x1f".join(["thread", receiver, *(str(part) for part in group)]))


def _cover() -> pl.Expr:
    return pl.concat_str("alert_id", pl.lit(":"), "change")


def _read_covers(deliveries: pl.DataFrame) -> pl.DataFrame:
    """Columns receiver, cover and alert_id: what was planned, or declared unwanted."""
    return (
        deliveries.filter(pl.col("event").is_in(["planned", "unwanted"]), pl.col("covers") != "")
        .select("receiver", pl.col("covers").str.split(" ").alias("cover"))
        .explode("cover", empty_as_null=True)
        .with_columns(pl.col("cover").str.split(":").list.first().alias("alert_id"))
    )


def select_routes(receiver: Receiver) -> pl.Expr:
    """Which ledger rows a receiver is set to hear of: severe enough, and of its chains, segments and sources.

    What is about a whole chain, or about our own deliveries, is about each of its segments.
    """
    wanted = rank_severity(pl.col("severity")) >= SEVERITY_RANK[receiver.severity]
    is_ours = pl.col("rule") == DELIVERY_BROKEN
    if receiver.chains:
        wanted &= pl.col("chain").is_in(list(receiver.chains))
    if receiver.sources:
        wanted &= pl.col("source").is_in(list(receiver.sources)) | is_ours
    if receiver.segments:
        wanted &= pl.col("segment").is_in(list(receiver.segments)) | (pl.col("segment") == "") | is_ours
    return wanted


def _select_for(due: pl.DataFrame, receiver: Receiver, covered: pl.DataFrame) -> pl.DataFrame:
    """The changes this receiver is to hear of. What ended before it was ever told is no news any more."""
    told = covered.filter(receiver=receiver.name).select("alert_id").unique()
    is_ours = pl.col("rule") == DELIVERY_BROKEN
    fresh = due.filter(
        ~pl.col("notify").is_in(_FOLLOW_UPS), ~pl.col("state_now").is_in(_FOLLOW_UPS), select_routes(receiver)
    )
    follow = due.filter(pl.col("notify").is_in(_FOLLOW_UPS)).join(told, on="alert_id", how="semi")
    mine = pl.concat([fresh, follow]).filter(~(is_ours & (pl.col("segment") == receiver.name)))
    return mine.sort("alert_id", "change")


@dataclass(frozen=True)
class _News:
    """What one receiver is to hear about one group: its ledger rows, the changes due, and what was told before.

    `hearing` are the names of all receivers that are told of the group now.
    """

    month: pl.DataFrame
    mine: pl.DataFrame
    told: pl.DataFrame
    receiver: Receiver
    hearing: tuple[str, ...]

    @property
    def group(self) -> dict[str, Any]:
        return {name: self.month[name][0] for name in GROUP}


def _build(news: _News, planning: Planning, acknowledged: Mapping[str, str] | None) -> Message:
    """The month as this receiver knows it, with what is new in it."""
    month, mine, told, receiver = news.month, news.mine, news.told, news.receiver
    group = list(news.group.values())
    about = (news.group["source"], news.group["chain"], news.group["month"])
    newest = mine.group_by("alert_id").agg(pl.col("notify").sort_by("change").last().alias("news"))
    current = month.filter(pl.col("change") == pl.col("change").max().over("alert_id"))
    known = current.filter(
        pl.col("state").is_in(["fired", "amended"]), pl.col("alert_id").is_in(told["alert_id"].unique().to_list())
    )
    new = current.join(newest, on="alert_id")
    shown = pl.concat([new, known.join(newest, on="alert_id", how="anti").with_columns(pl.lit("").alias("news"))])
    held = current.filter(state="inhibited").group_by(pl.col("inhibited_by").alias("alert_id")).agg(held=pl.len())
    shown = shown.join(held, on="alert_id", how="left", maintain_order="left")
    marker = hash_text("\x1f".join([receiver.name, *(str(part) for part in group), *mine["cover"]]))
    as_of = max(mine["updated_at"])
    envelope = Envelope(
        marker=marker,
        thread=name_thread(receiver.name, group),
        as_of=as_of,
        opening=planning.open_month(news.group, as_of, receiver.language),
        run_id=planning.run_id,
        is_update=told.join(month.select("alert_id").unique(), on="alert_id", how="semi").height > 0,
        links=planning.link(receiver, news.group["chain"], news.group["month"]),
        owner=planning.imprint.owner,
        told=news.hearing,
        picture=planning.views.pictures.get(about),
        waiting=planning.views.waiting.get(about, ()),
    )
    return build_digest(shown, envelope, planning.chains, acknowledged)


def _planned(message: Message, news: _News, planning: Planning) -> dict[str, object]:
    return {
        **news.group,
        "delivery_id": message.marker,
        "step": 1,
        "event": "planned",
        "receiver": news.receiver.name,
        "channel": news.receiver.kind,
        "severity": message.severity,
        "headline": message.headline,
        "covers": " ".join(news.mine["cover"]),
        "attempt": 0,
        "at": planning.now,
        "due_at": planning.now,
        "reference": "",
        "reason": "",
        "message": message.to_json(),
        "run_id": planning.run_id,
    }


def _unwanted(left: pl.DataFrame, group: Mapping[str, object], planning: Planning) -> dict[str, object]:
    covers = left["cover"].to_list()
    blank = dict.fromkeys(("receiver", "channel", "severity", "headline", "reference", "message"), "")
    return {
        **group,
        **blank,
        "delivery_id": hash_text("\x1f".join(["unwanted", *(str(part) for part in group.values()), *covers])),
        "step": 1,
        "event": "unwanted",
        "covers": " ".join(covers),
        "attempt": 0,
        "at": planning.now,
        "due_at": None,
        "reason": "no receiver is set to hear of it",
        "run_id": planning.run_id,
    }
