"""What holds outside a sentence: frozen values, made anew by each heading, lead-in and sentence."""

from dataclasses import dataclass, replace
from typing import Any

from tasks.extraction.mentions.lexicon import Lexicon, Node, Nodes
from tasks.extraction.mentions.periods import Calendar, PeriodName


@dataclass(frozen=True)
class Scope:
    """What a heading or lead-in says for all below it; empty where it says nothing."""

    subject: Nodes | None = None
    metric: str = ""
    basis: Any = None
    sign: int = 0
    period: PeriodName | None = None
    is_share: bool = False
    is_elsewhere: str = ""
    unit: tuple[str, float] = ("", 1.0)


@dataclass(frozen=True)
class Context:
    """Section, lead-in, paragraph and last sentence. `is_dated` says that only figures with a named month count.

    `told` are the nodes that the document has stated figures of, `thread` the subject of the paragraph before.
    """

    lexicon: Lexicon
    calendar: Calendar
    section: Scope = Scope()
    parent: Scope = Scope()
    lead: Scope = Scope()
    topic: Nodes | None = None
    last: Nodes | None = None
    last_metric: str = ""
    last_basis: Any = None
    last_period: PeriodName | None = None
    outlook: PeriodName | None = None
    document: Nodes | None = None
    bases: frozenset[str] = frozenset()
    told: frozenset[Node] = frozenset()
    thread: Nodes | None = None
    is_dated: bool = False

    def start_paragraph(self) -> "Context":
        """The context of a new paragraph: nothing of the one before, but the section holds."""
        return replace(
            self, lead=Scope(), topic=None, last=None, last_metric="", last_basis=None, last_period=None, outlook=None
        )

    def start_item(self) -> "Context":
        """The context of a list item: the lead-in holds, the item before does not."""
        return replace(self, topic=None, last=None, last_metric="", last_basis=None, last_period=None)

    def enter_section(self, scope: Scope) -> "Context":
        """The context below a heading."""
        fresh = self.start_paragraph()
        return replace(fresh, thread=None, section=scope, parent=self.section if self.section.subject else self.parent)
