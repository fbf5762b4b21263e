"""A step of an evaluation: an instant, and what is judged with the knowledge of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from contracts.chain import Chain


@dataclass(frozen=True)
class Step:
    """An instant at which something became known, the chains concerned, and the months that may read differently.

    `only` names the chains that are judged; none = all.
    """

    as_of: datetime
    chains: tuple[str, ...]
    first: date
    last: date
    only: tuple[str, ...] = ()

    def choose(self, chains: Mapping[str, Chain]) -> dict[str, Chain]:
        """Those of the chains that are judged."""
        return {name: chain for name, chain in chains.items() if not self.only or name in self.only}
