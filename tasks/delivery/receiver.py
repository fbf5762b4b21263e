"""A receiver: what every one of them has, whatever its channel; each channel's own type adds its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, get_type_hints

from tasks.delivery.secrets import SecretName


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Who is told of what. The type of a channel's receivers is named by `kind`, as in `receivers.toml`.

    It hears of alerts that are at least `severity` and whose chain, segment and source are listed; an empty list
    means all. The sentences that open its messages are in its `language`.
    """

    kind: ClassVar[str] = ""
    name: str
    severity: str = "info"
    chains: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    timeout_seconds: float = 10.0
    page_url: str = ""
    language: str = "en"

    @property
    def secret_names(self) -> Mapping[str, SecretName]:
        """The secrets it needs, by setting."""
        settings = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: value for name, value in settings if isinstance(value, SecretName)}

    def find_problem(self) -> str:
        """What is wrong with its settings together, in a sentence that repeats no secret; empty if nothing is."""
        return ""


def list_settings(kind: type[Receiver]) -> Mapping[str, object]:
    """The settings of a type of receivers by name, each with its type."""
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}
