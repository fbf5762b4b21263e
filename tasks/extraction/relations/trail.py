"""What the numbers before in a sentence have come to, for those that leave it out."""

from dataclasses import dataclass

from tasks.extraction.mentions.lexicon import Nodes
from tasks.extraction.statements import Statement


@dataclass(frozen=True)
class Trail:
    """The last statement, its subject as named, an activity that is none of ours, and what the sentence is about."""

    last: Statement | None = None
    nodes: Nodes | None = None
    is_share: bool = False
    elsewhere: str = ""
    stated: tuple[tuple[int, Nodes], ...] = ()
    growth: str = ""
    grown: Nodes | None = None
    main: str = ""


def main_period(trail: Trail, found: Statement | None, *, is_apart: bool) -> str:
    """The period of the number before; of a level of an earlier period the one that the sentence is about."""
    if found is None:
        return ""
    if is_apart and trail.main and len(trail.main) == len(found.period) and found.period < trail.main:
        return trail.main
    if found.measure == "level" and trail.main and len(trail.main) == len(found.period) and found.period < trail.main:
        return trail.main
    return found.period
