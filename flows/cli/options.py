"""Options that many commands share, and how their values are read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from contracts.errors import UsageError
from contracts.local_time import end_day, place_instant
from contracts.period import parse_month
from contracts.settings import load_settings
from data_lake.selection import Selection

Format = Literal["table", "csv", "csv-excel", "json", "parquet", "xlsx"]


@dataclass(frozen=True)
class Shape:
    """How a table is to be printed: its format, and which columns and rows of it in which order."""

    format: Format = "table"
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    """Column names; one with `-` before it descends."""
    limit: int | None = None
    """The first rows only; 0 = all; None = all but what a terminal would scroll away."""
    is_wide: bool = False
    is_safe: bool = False
    """CSV for a spreadsheet: no text begins as a formula does. Raises `UsageError` with another format."""

    def __post_init__(self) -> None:
        if self.is_safe and self.format not in {"csv", "csv-excel"}:
            raise UsageError(
                "--safe is for CSV that a spreadsheet opens",
                found=f"--format {self.format}",
                effect="nothing was printed",
                next="use --format csv-excel, or --format xlsx, whose text is always text",
            )


_FILTERS = (
    *("source", "chain", "segment", "product", "metric", "measure", "kind"),
    *("from_month", "to_month", "as_of", "as_recorded"),
)


@Parameter(name="*")
@dataclass(frozen=True)
class LakeOption:
    """Where the lake is."""

    lake: str = ""
    "Folder or object-store address; else TRONA_LAKE, trona.toml, ./lake."


@Parameter(name="*")
@dataclass(frozen=True)
class Filters:
    """Which rows to read, and with which knowledge."""

    source: str = ""
    "Only this source."
    chain: str = ""
    "Only this chain."
    segment: str = ""
    "Only this segment."
    product: str | None = None
    "Only this product; '' = segment totals."
    metric: str = ""
    "Only this metric."
    measure: str = ""
    "Only this measure."
    kind: str = ""
    "actual or forecast."
    from_month: Annotated[str, Parameter(name="--from")] = ""
    "First month, YYYY-MM."
    to_month: Annotated[str, Parameter(name="--to")] = ""
    "Last month, YYYY-MM."
    as_of: str = ""
    "Only what was public then: a date (to the end of that day, in the chain's time zone) or an instant."
    as_recorded: str = ""
    "Only what this lake knew then: a date or an instant."
    format: Format = "table"
    "How to print: table, csv, csv-excel, json, parquet or xlsx."
    json: Annotated[bool, Parameter(negative="")] = False
    "The same as --format json."
    columns: str = ""
    "Only these columns, separated by commas, as --format csv names them."
    sort: Annotated[str, Parameter(allow_leading_hyphen=True)] = ""
    "Sort by these columns, separated by commas; -NAME descends."
    limit: int | None = None
    "The first rows only; 0 = all. A terminal shows 40 unless told otherwise."
    wide: Annotated[bool, Parameter(negative="")] = False
    "All columns of the view, however wide the terminal is."
    safe: Annotated[bool, Parameter(negative="")] = False
    "With --format csv: ' before a text that a spreadsheet would take for a formula."

    def shape(self) -> Shape:
        """How to print what was found."""
        chosen: Format = "json" if self.json else self.format
        return Shape(chosen, _split(self.columns), _split(self.sort), self.limit, self.wide, self.safe)

    def selection(self) -> Selection:
        """The filters as a selection of rows, each name as it is kept; what names nothing is refused."""
        from flows.cli.filter_names import name_selection  # noqa: PLC0415 - reads definitions; not for --help

        wanted = Selection(
            source=self.source,
            chain=self.chain,
            segment=self.segment,
            product=self.product,
            metric=self.metric,
            measure=self.measure,
            kind=self.kind,
            first=parse_month(self.from_month) if self.from_month else None,
            last=parse_month(self.to_month) if self.to_month else None,
        )
        return name_selection(wanted, load_settings().chains_folder)

    def require(self, columns: Iterable[str], *, asks: Iterable[str] = ("as_of", "as_recorded")) -> None:
        """Raise `UsageError` where a filter is set that a table with these columns cannot apply.

        `asks` names the instants that the command can be asked for.
        """
        usable = {*columns, *asks} | ({"from_month", "to_month"} if "month" in columns else set())
        for name in _FILTERS:
            if getattr(self, name) not in ("", None) and name not in usable:
                option = f"--{name.removesuffix('_month').replace('_', '-')}"
                can = sorted(f"--{n.removesuffix('_month').replace('_', '-')}" for n in _FILTERS if n in usable)
                raise UsageError(
                    f"this command cannot filter by {option}",
                    effect="nothing was read",
                    next=f"it can by {', '.join(can)}" if can else "leave it out",
                )

    def instants(self, now: datetime, zone: str) -> tuple[datetime, datetime | None]:
        """(`as_of`, `as_recorded`); without --as-of it is now, without --as-recorded there is no limit."""
        as_of = parse_instant(self.as_of, now=now, zone=zone) if self.as_of else now
        return as_of, parse_instant(self.as_recorded, now=now, zone=zone) if self.as_recorded else None


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def parse_instant(text: str, *, now: datetime, zone: str) -> datetime:
    """An instant from a date (its last microsecond in `zone`) or an ISO instant (in `zone` where it names none); UTC.

    Raises `UsageError` where the text cannot be read, or lies after the day of `now`.
    """
    stated = _read_iso(text, "not a date or an instant", "write 2026-02-05 or 2026-02-05T09:00:00+08:00")
    is_day = len(text.strip()) <= len("2026-02-05")
    today = now.astimezone(ZoneInfo(zone))
    if place_instant(stated, zone) > end_day(today, zone):
        raise UsageError(
            f"{text} lies in the future: nothing can be known as of then",
            found=f"today is {today:%Y-%m-%d} in {zone}",
            next=f"give an instant up to {today:%Y-%m-%d}",
        )
    return end_day(stated, zone) if is_day else place_instant(stated, zone)


def parse_published(text: str) -> datetime:
    """When something was published: a date or clock time, without a zone where it states none, or an ISO instant.

    What has no zone is meant in that of the document's chain, which its reader knows.
    """
    return _read_iso(text, "not a date of publication", "write 2026-02-05, or with time and zone")


def _read_iso(text: str, what: str, next_: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{what}: {text!r}", next=next_) from None
