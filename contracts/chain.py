"""A chain as data: segments, product tree, links, units, names, calendar, tolerances.

The definitions shipped with Trona stand in `contracts/chains/*.toml`; a folder of the user's own
can add to them or replace them. Nothing else in Trona names a segment or a product.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from contracts.chain_check import check_chain
from contracts.errors import UsageError
from contracts.text import count_noun, fold_name
from contracts.toml_text import TomlBroken, parse_toml, read_toml_text
from contracts.vocabulary import RATES

_SHIPPED = Path(__file__).parent / "chains"

Names = Mapping[str, tuple[str, ...]]
"""Names by language code: `{"en": ("hard carbon", …), "zh": ("硬碳", …)}`."""


@dataclass(frozen=True)
class Product:
    """A kind within a segment. `parent` is the product it belongs to; empty = directly the segment."""

    name: str
    title: str
    parent: str
    names: Names


@dataclass(frozen=True)
class Segment:
    """A stage of the chain, with the products that can be told apart in it.

    `units` gives the unit of a level by metric. `default_product` is the product that figures of the
    segment are filed under where no product is named. `sums` are names of the total as a sum of parts ("power and other
    batteries"); in a document that says one of them, the names in `parts` are parts of it and no longer the total.
    `role` is `stage` for a stage of production,
    `input` for a raw material whose price or output the reviews follow.
    """

    name: str
    title: str
    names: Names
    units: Mapping[str, str]
    products: tuple[Product, ...]
    default_product: str = ""
    role: str = "stage"
    sums: Names = field(default_factory=dict)
    parts: Names = field(default_factory=dict)
    thresholds: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def parents(self) -> dict[str, str]:
        """Parent by product; the segment itself is the empty name."""
        return {p.name: p.parent for p in self.products}

    @cached_property
    def products_by_spelling(self) -> dict[str, str]:
        """Product by every folded name, title and alias (`contracts.text.fold_name`); the first where two share one."""
        return {word: p.name for p in reversed(self.products) for word in _spell(p)}


@dataclass(frozen=True)
class Link:
    """Upstream feeds downstream: their levels are expected to move together within `spread_pp` percent."""

    upstream: str
    downstream: str
    spread_pp: float


@dataclass(frozen=True)
class Calendar:
    """When a month's review is expected: this day of the next month, then so many business days of grace.

    `days_off` are days on which the chain does not work beside those that its time zone implies.
    """

    time_zone: str
    publication_day: int
    grace_business_days: int
    days_off: tuple[date, ...] = ()


@dataclass(frozen=True)
class Chain:
    """A value chain and everything that is particular to it.

    `tolerance_pct` and `tolerance_pp` say how close a forecast must come to be a hit, by measure (or by metric,
    for the level of a rate): see `tolerance`. `forecasters` are sources that forecast and review nothing, each with
    the source whose actuals score its forecasts.
    """

    name: str
    title: str
    names: Names
    calendar: Calendar
    segments: tuple[Segment, ...]
    links: tuple[Link, ...]
    tolerance_pp: Mapping[str, float]
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    not_ours: Names = field(default_factory=dict)
    tolerance_pct: Mapping[str, float] = field(default_factory=dict)
    forecasters: Mapping[str, str] = field(default_factory=dict)

    def tolerance(self, segment: str, metric: str, measure: str) -> float | None:
        """How close a forecast of this measure must come to be a hit; None where the definition does not say.

        Of growth and of levels in percent of level: 5 means from 1/1.05 to 1.05 times what was forecast. Of
        shares, points and rates in points; the level of a rate goes by its metric, since `level` has many units.
        A segment's own, under its thresholds, come before the chain's. A growth's tolerance that stands under
        `tolerance_pp` is read as percent of level, which is the same where nothing grows.
        """
        own = next((s.thresholds for s in self.segments if s.name == segment), {})
        tables = [own.get("tolerance_pct"), own.get("tolerance_pp"), self.tolerance_pct, self.tolerance_pp]
        names = [metric, *([measure] if metric not in RATES else [])] if measure == "level" else [measure]
        values = (table[name] for name in names for table in tables if table and name in table)
        value = next(values, None)
        return None if value is None else float(value)

    def segment(self, name: str) -> Segment:
        """The segment of this name. Raises `UsageError` with the nearest names."""
        for segment in self.segments:
            if segment.name == name:
                return segment
        known = [s.name for s in self.segments]
        near = get_close_matches(name, known, n=3) or known
        raise UsageError(f"chain {self.name} has no segment {name!r}", next=f"did you mean {', '.join(near)}?")

    @cached_property
    def segments_by_spelling(self) -> dict[str, Segment]:
        """Segment by every folded name, title and alias (`contracts.text.fold_name`); the first where two share one."""
        return {word: s for s in reversed(self.segments) for word in _spell(s)}

    def nodes(self) -> list[tuple[str, str]]:
        """Every (segment, product) that a figure may be about; product empty = the segment's total."""
        return [(s.name, p) for s in self.segments for p in ("", *(q.name for q in s.products))]


def _spell(named: Product | Segment) -> set[str]:
    aliases = (name for some in named.names.values() for name in some)
    return {fold_name(name) for name in (named.name, named.title, *aliases)}


def load_chain(name: str, folder: Path | None = None) -> Chain:
    """The chain of this name, from `folder` where it has one, else as shipped.

    Raises `UsageError` where no definition of that name exists, naming those that do, and where it has a mistake
    (`contracts.chain_check`).
    """
    paths = chain_paths(folder)
    if name not in paths:
        near = get_close_matches(name, paths, n=3) or sorted(paths)
        raise UsageError(f"unknown chain {name!r}", next=f"known chains: {', '.join(near)}")
    return _read_chain(paths[name])


def load_chains(folder: Path | None = None) -> tuple[dict[str, Chain], dict[str, UsageError]]:
    """Every chain that can be read, by name; and of those that cannot, why."""
    found: dict[str, Chain] = {}
    broken: dict[str, UsageError] = {}
    for name in chain_paths(folder):
        try:
            found[name] = load_chain(name, folder)
        except UsageError as error:
            broken[name] = error
    return found, broken


def chain_paths(folder: Path | None = None) -> dict[str, Path]:
    """Definition file by chain name; a file in `folder` comes before a shipped one of the same name."""
    own = sorted(folder.glob("*.toml")) if folder and folder.is_dir() else []
    return {path.stem: path for path in [*sorted(_SHIPPED.glob("*.toml")), *own]}


@cache
def _read_chain(path: Path) -> Chain:
    text = read_definition(path)
    wrong = [fault for fault in check_chain(text) if not fault.is_note]
    if wrong:
        first = wrong[0].tell(str(path))
        more = f" and {count_noun(len(wrong) - 1, 'other mistake')}" if len(wrong) > 1 else ""
        raise UsageError(
            f"the chain definition {path.name} cannot be read: {first.what}{more}",
            where=first.where,
            found=first.found,
            effect=first.effect,
            next=f"{first.next}; every mistake: trona chain check {path}",
        )
    return _build_chain(path.stem, parse_toml(text))


def read_definition(path: Path) -> str:
    """The text of a definition's file. Raises `UsageError` where it cannot be read or is not UTF-8."""
    try:
        return read_toml_text(path)
    except (OSError, TomlBroken) as error:
        found = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"the chain definition {path.name} cannot be read",
            where=str(path),
            found=found or type(error).__name__,
            effect=f"the chain {path.stem} is left out; every other chain is as it was",
            next="give the path of a TOML file in UTF-8",
        ) from error


def _build_chain(name: str, data: Mapping[str, Any]) -> Chain:
    return Chain(
        name=name,
        title=data["title"],
        names=_names(data["names"]),
        calendar=Calendar(**data["calendar"] | {"days_off": tuple(data["calendar"].get("days_off", ()))}),
        segments=tuple(_build_segment(s) for s in data["segment"]),
        links=tuple(Link(**link) for link in data.get("link", ())),
        tolerance_pp=data.get("tolerance_pp", {}),
        tolerance_pct=data.get("tolerance_pct", {}),
        forecasters=data.get("forecasters", {}),
        thresholds=data.get("thresholds", {}),
        not_ours=_names(data.get("not_ours", {})),
    )


def _build_segment(data: Mapping[str, Any]) -> Segment:
    products = tuple(
        Product(p["name"], p["title"], p.get("parent", ""), _names(p["names"])) for p in data.get("product", ())
    )
    return Segment(
        name=data["name"],
        title=data["title"],
        names=_names(data["names"]),
        units=data.get("units", {}),
        products=products,
        default_product=data.get("default_product", ""),
        role=data.get("role", "stage"),
        sums=_names(data.get("sums", {})),
        parts=_names(data.get("parts", {})),
        thresholds=data.get("thresholds", {}),
    )


def _names(data: Mapping[str, list[str]]) -> Names:
    return {language: tuple(names) for language, names in data.items()}
