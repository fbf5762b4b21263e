"""The message before it is rendered: what is told, in an order, with no word about how it looks."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from tasks.messages.cleaning import clean_text, clip_text
from tasks.messages.picture import Bar, Picture

ICONS: Mapping[str, str] = {"info": "ℹ", "warning": "▲", "error": "◆", "critical": "✖"}
HEADLINE_LIMIT, TITLE_LIMIT, CELL_LIMIT, SENTENCE_LIMIT = 200, 300, 60, 300
OPENING_LIMIT = 2_400
"""Characters of all opening sentences together; a sentence too many is left out whole, since a cut number is wrong."""

QUOTED_FINDINGS, QUOTES_EACH = 3, 2


@dataclass(frozen=True)
class Facts:
    """A finding for programs: its series by the names of the tables, its month, and its numbers, unrounded.

    `month` is YYYY-MM. Numbers are None where the finding is no scored forecast; `band` is half the width of what is
    usual. `unit` is that of forecast and actual, `surprise_unit` that of surprise and band.
    """

    source: str = ""
    chain: str = ""
    segment: str = ""
    product: str = ""
    metric: str = ""
    measure: str = ""
    month: str = ""
    forecast: float | None = None
    actual: float | None = None
    surprise: float | None = None
    band: float | None = None
    level_surprise_pct: float | None = None
    unit: str = ""
    surprise_unit: str = ""

    def __post_init__(self) -> None:
        _clean(self, {}, default=CELL_LIMIT)


@dataclass(frozen=True)
class Finding:
    """One alert in a message. `news` says why it is told now, empty for what people know already.

    `forecast`, `actual`, `surprise`, `usual` are written numbers, empty where the finding is no scored forecast;
    `size_pct` is the level surprise as a number, for the chart; `facts` is the finding for programs.
    """

    alert_id: str
    rule: str
    severity: str
    title: str
    news: str = ""
    subject: str = ""
    measure: str = ""
    forecast: str = ""
    actual: str = ""
    surprise: str = ""
    usual: str = ""
    note: str = ""
    size_pct: float | None = None
    sentences: tuple[str, ...] = ()
    facts: Facts | None = None

    def __post_init__(self) -> None:
        _clean(self, {"title": TITLE_LIMIT, "note": TITLE_LIMIT}, default=CELL_LIMIT)
        object.__setattr__(self, "sentences", tuple(clean_text(s, SENTENCE_LIMIT) for s in self.sentences))

    @property
    def is_marked(self) -> bool:
        """It is a forecast held against its outcome, with numbers for the table."""
        return bool(self.forecast and self.actual)


@dataclass(frozen=True)
class Message:
    """One digest, or a test. Clean by construction: whatever is put in is made harmless.

    `marker` is the idempotency marker; `thread` is the same for all messages about one source, chain and month.
    `opening` are the sentences of the month, as `trona month` says them; `context` are labels and values; `more` counts
    findings left out; `links` are labels and addresses of our own;
    `about` names and values for programs: source, chain, month (YYYY-MM), as_of (ISO 8601), run_id; `picture` is what
    a channel that shows pictures draws.
    """

    marker: str
    thread: str
    severity: str
    headline: str
    context: tuple[tuple[str, str], ...] = ()
    opening: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    more: int = 0
    notes: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    is_update: bool = False
    is_test: bool = False
    commands: tuple[str, ...] = field(default=())
    about: tuple[tuple[str, str], ...] = ()
    picture: Picture | None = None

    def __post_init__(self) -> None:
        _clean(self, {"headline": HEADLINE_LIMIT}, default=CELL_LIMIT)
        for name, limit in (("notes", TITLE_LIMIT), ("commands", 200)):
            object.__setattr__(self, name, tuple(clean_text(text, limit) for text in getattr(self, name)))
        object.__setattr__(self, "opening", _keep_whole(self.opening, OPENING_LIMIT))
        pairs = tuple((clean_text(a, CELL_LIMIT), clean_text(b, CELL_LIMIT)) for a, b in self.context)
        object.__setattr__(self, "context", pairs)
        named = tuple((clean_text(a, CELL_LIMIT), clean_text(b, CELL_LIMIT)) for a, b in self.about)
        object.__setattr__(self, "about", named)
        safe = tuple((clean_text(a, CELL_LIMIT), b) for a, b in self.links if is_web_address(b))
        object.__setattr__(self, "links", safe)

    @property
    def title(self) -> str:
        """Severity as a word, then the finding: `Warning: Cathode materials output beat the forecast …`."""
        test = "Test: " if self.is_test else ""
        return f"{test}{self.severity.capitalize()}: {self.headline}"

    @property
    def subject(self) -> str:
        """The title with chain and month after the severity: `Warning · Sodium-ion batteries, May 2026: Cathode …`."""
        named = dict(self.context)
        about = ", ".join(filter(None, (named.get("Chain"), named.get("Month") or named.get("Months"))))
        if not about:
            return self.title
        test = "Test: " if self.is_test else ""
        return f"{test}{self.severity.capitalize()} · {about}: {self.headline}"

    @property
    def quotes(self) -> tuple[str, ...]:
        """The sentences of the first findings, each once."""
        spoken = (s for finding in self.findings[:QUOTED_FINDINGS] for s in finding.sentences[:QUOTES_EACH] if s)
        return tuple(dict.fromkeys(spoken))

    def to_json(self) -> str:
        """As kept in the outbox."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Back from the outbox."""
        data: dict[str, Any] = json.loads(text)
        data["findings"] = tuple(_read_finding(finding) for finding in data["findings"])
        for name in ("context", "links", "about"):
            data[name] = tuple((a, b) for a, b in data.get(name, ()))  # messages of earlier versions lack some
        for name in ("notes", "commands", "opening"):
            data[name] = tuple(data.get(name, ()))
        if data.get("picture"):
            bars = tuple(Bar(**bar) for bar in data["picture"]["bars"])
            data["picture"] = Picture(**{**data["picture"], "bars": bars})
        return cls(**data)


def _read_finding(data: Mapping[str, Any]) -> Finding:
    facts = Facts(**data["facts"]) if data.get("facts") else None
    return Finding(**{**data, "sentences": tuple(data["sentences"]), "facts": facts})


def shorten_texts(message: Message, limit: int) -> Message:
    """The same message with every text of its findings, notes and commands at most `limit` characters long.

    Of the opening as many whole sentences stay as fit ten times that.
    """
    return replace(
        message,
        headline=clip_text(message.headline, limit),
        opening=_keep_whole(message.opening, 10 * limit),
        findings=tuple(_shorten_finding(finding, limit) for finding in message.findings),
        notes=tuple(clip_text(note, limit) for note in message.notes),
        commands=tuple(clip_text(command, limit) for command in message.commands),
    )


def _shorten_finding(finding: Finding, limit: int) -> Finding:
    texts: dict[str, Any] = {
        f.name: clip_text(value, limit) for f in fields(finding) if isinstance(value := getattr(finding, f.name), str)
    }
    return replace(finding, **texts, sentences=tuple(clip_text(text, limit) for text in finding.sentences))


def _keep_whole(sentences: Iterable[str], limit: int) -> tuple[str, ...]:
    """The first sentences that fit `limit` characters together, none of them cut."""
    kept: list[str] = []
    for sentence in (clean_text(text, OPENING_LIMIT + 1) for text in sentences):
        limit -= len(sentence)
        if limit < 0:
            break
        kept.append(sentence)
    return tuple(kept)


def is_web_address(address: str) -> bool:
    """An http or https address without spaces, quotes or brackets."""
    return address.startswith(("https://", "http://")) and not set(address) & set(" \t\r\n\"'<>|\\")


def _clean(value: object, limits: Mapping[str, int], *, default: int) -> None:
    for item in fields(value):  # type: ignore[arg-type]
        text = getattr(value, item.name)
        if isinstance(text, str):
            object.__setattr__(value, item.name, clean_text(text, limits.get(item.name, default)))
