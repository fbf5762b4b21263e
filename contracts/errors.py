"""Errors that tell a person what happened, where, what was found, what it did and what to do next."""

from collections.abc import Iterable
from enum import IntEnum

_LONGEST_PART = 4_000


class Exit(IntEnum):
    """Exit codes of the command line, fixed and documented."""

    DONE = 0
    "Done, or nothing new. A reader of the output that closes its end early (`| head`) is no error either."
    BUG = 1
    "A bug. An unexpected failure, with its traceback; please report it."
    USAGE = 2
    "Usage. The command, a setting or a file of settings cannot be understood, or names what is not there."
    CONTRACT = 3
    "Contract broken. At least one document, release or row was refused; what is good beside it is recorded."
    SOURCE = 4
    "Source not available. A document, folder, lake or server cannot be read or reached."
    DELIVERY = 5
    "Delivery failed. At least one receiver could not be notified."
    ALERTS = 6
    "Alerts found (only with `--fail-on`)."


class TronaError(Exception):
    """An expected failure, told in five parts: what, where, found, effect, next.

    The parts are plain text and may hold text of a document; whoever prints them to a
    terminal, page or message escapes them for that place.
    """

    exit_code = Exit.BUG
    may_pass = False
    """Whether the same may work a moment later."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        found: str | Iterable[str] = "",
        effect: str = "",
        next: str = "",  # noqa: A002 - the word of the style guide, and only ever a keyword
    ) -> None:
        self.what = _cut(what)
        self.where = _cut(where)
        self.found = _cut(found if isinstance(found, str) else "; ".join(found))
        self.effect = _cut(effect)
        self.next = _cut(next)
        super().__init__(self.what)

    def __str__(self) -> str:
        parts = (
            ("where", self.where),
            ("found", self.found),
            ("effect", self.effect),
            ("next", self.next),
        )
        lines = [self.what]
        lines += [f"  {name:<7} {text}" for name, text in parts if text]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with all five parts, so that an error crosses a process or a Dask worker whole."""
        parts = {k: getattr(self, k) for k in ("where", "found", "effect", "next")}
        return _rebuild, (type(self), self.what, parts)


def _cut(text: str) -> str:
    """A part of an error, no longer than a person reads: it may hold text of a document."""
    if len(text) <= _LONGEST_PART:
        return text
    return f"{text[:_LONGEST_PART]}… ({len(text) - _LONGEST_PART:,} more characters)"


def _rebuild(kind: type[TronaError], what: str, parts: dict[str, str]) -> TronaError:
    return kind(what, **parts)


class UsageError(TronaError):
    """The command or its options cannot be understood."""

    exit_code = Exit.USAGE


class ContractBroken(TronaError):
    """A document or table breaks a contract so that it cannot be ingested."""

    exit_code = Exit.CONTRACT


class SourceUnavailable(TronaError):
    """A document, folder, lake or server cannot be read or reached."""

    exit_code = Exit.SOURCE
    may_pass = True


class DocumentUnavailable(SourceUnavailable):
    """One document cannot be read: the fault lies with it, not with the lake or a server."""


class DeliveryFailed(TronaError):
    """At least one receiver could not be told."""

    exit_code = Exit.DELIVERY
