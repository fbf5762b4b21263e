"""What an alert rule is, and the rules there are: each is one file in `tasks/alerts/rules/` that registers itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Literal

import polars as pl

from contracts.alerts import CANDIDATES
from contracts.chain import Calendar
from tasks.alerts import rules
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.thresholds import Thresholds


@dataclass(frozen=True)
class Rule:
    """A rule: what it looks for, and how its findings are treated.

    - `name` is part of an alert's identity; changing it makes other alerts.
    - `kind`: an `event` is a fact about one month and stays; a `state` resolves.
    - `severities` that it gives, and what it `says`, are for the table in docs/alerts.md.
    - `find` takes an evaluation and gives the columns of `CANDIDATES` but kind and rule, one row per identity.
    - `rank`: a rule is held back by a cause of a lower rank (see `inhibition`); None = never held back. `holds_back`
      says what it is a cause for: its `segment` (of one about the whole chain, all), its own `series` only, or what
      rests on one of its `figures`.
    - `compares_months`: it holds a month against other months, so its events are one severity lower where the month
      or its base holds a part of the Chinese new-year window.
    - `last_day`: of a rule that finds something of a month by the clock alone, the last day on which it does not yet
      (up to half a year later); None = all it finds follows from figures, releases, refused rows and messages.
    - `labels` put the names of its numbers (keys of `detail`) into words.
    """

    name: str
    kind: Literal["event", "state"]
    severities: tuple[str, ...]
    says: str
    find: Callable[[Evaluation], pl.DataFrame]
    thresholds: Thresholds = field(default_factory=dict)
    rank: int | None = None
    holds_back: Literal["", "segment", "series", "figures"] = ""
    compares_months: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    last_day: Callable[[date, Calendar], date] | None = None

    def complete(self, found: pl.DataFrame) -> pl.DataFrame:
        """What `find` gave, as `CANDIDATES`."""
        return CANDIDATES.conform(found.with_columns(pl.lit(self.kind).alias("kind"), pl.lit(self.name).alias("rule")))


_RULES: dict[str, Rule] = {}


def register(rule: Rule) -> Rule:
    """Add a rule to those that are evaluated. Raises `ValueError` where another rule has its name."""
    if _RULES.setdefault(rule.name, rule) is not rule:
        raise ValueError(f"two rules are called {rule.name}")
    return rule


def read_rules() -> Mapping[str, Rule]:
    """Every rule by name: states before events, in order of rank."""
    for found in iter_modules(rules.__path__):
        import_module(f"{rules.__name__}.{found.name}")
    ordered = sorted(_RULES.values(), key=lambda r: (r.kind != "state", r.rank if r.rank is not None else 99, r.name))
    return MappingProxyType({rule.name: rule for rule in ordered})
