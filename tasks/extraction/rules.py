"""The rules that say what belongs to a quantity, read from a language's `relations.toml`.

A rule looks from the quantity to one side for a mention that plays its cue, past the roles it may step `over`
(all others stop it) or up to the roles it goes `until`; `beside` are roles that the mention on the far side of the
cue must play. What it finds fills its slot with its strength. Each rule
carries an example and what the example states: the example is the rule's test.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROLES = (
    *("number", "subject", "thing", "firm", "place", "agent", "metric", "activity", "verb", "basis", "period", "date"),
    *("change", "compare", "moves", "level", "past", "share_verb", "share_weak", "share_noun", "whole", "modal"),
    *(
        "prior",
        "earlier",
        "revised",
        "done",
        "outlook",
        "wish",
        "slowing",
        "narrows",
        "change_title",
        "hedge",
        "post_hedge",
        "bound",
    ),
    *("post_bound", "against", "against_after", "same_month", "to", "from", "by", "between", "of", "in", "and"),
    *("clause", "comma", "semicolon", "colon", "open", "close", "dash", "slash", "bar", "hyphen", "stop", "span"),
    *("metal", "physical", "plan", "quote", "negation", "pronoun", "industry", "chain", "averages", "times"),
    *("respectively", "together", "each", "made_of", "horizon", "since", "part_of", "neutral", "motion", "month"),
    *(
        "relative",
        "fraction",
        "multiple",
        "reference",
        "separator",
        "rate",
        "points",
        "quantity",
        "fact",
        "apposed",
        "per_tonne",
        "pace",
        "threshold",
        "basis_pair",
        "reason",
        "equal",
        "arrow",
        "arrow_back",
    ),
)
BIT = {role: 1 << place for place, role in enumerate(ROLES)}
SLOTS = ("basis", "sign", "subject", "metric", "period", "share", "span", "kind")


@dataclass(frozen=True)
class Rule:
    """One row of `relations.toml`, with its roles as bits."""

    id: str
    slot: str
    cue: int
    is_left: bool
    over: int
    until: int
    most: int
    strength: float
    form: frozenset[str] = field(default_factory=frozenset)
    beside: int = 0
    example: str = ""
    expected: tuple[str, ...] = ()


def bits(roles: Iterable[str]) -> int:
    """Roles as one number, a bit each. Raises `KeyError` for a role that does not exist."""
    total = 0
    for role in roles:
        total |= BIT[role]
    return total


def load_rules(path: Path) -> Mapping[str, tuple[Rule, ...]]:
    """Rules of a language by slot, in the order in which they are asked: as they stand in the file."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found: dict[str, list[Rule]] = {slot: [] for slot in SLOTS}
    groups = {name: tuple(roles) for name, roles in rows.get("groups", {}).items()}
    for row in rows.get("rule", ()):
        rule = _build_rule(row, groups)
        found[rule.slot].append(rule)
    return {slot: tuple(rules) for slot, rules in found.items()}


def _build_rule(row: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]]) -> Rule:
    def spread(names: Iterable[str]) -> int:
        return bits(role for name in names for role in groups.get(name, (name,)))

    over = spread(row["over"]) if "over" in row else (1 << len(ROLES)) - 1
    return Rule(
        id=row["id"],
        slot=row["slot"],
        cue=spread([row["cue"]] if isinstance(row["cue"], str) else row["cue"]),
        is_left=row["side"] == "left",
        over=over,
        until=spread(row.get("until", ())),
        most=row.get("most", 60),
        strength=row["strength"],
        form=frozenset(row.get("form", ())),
        beside=spread(row.get("beside", ())),
        example=row.get("example", ""),
        expected=tuple(row.get("expected", ())),
    )
