"""A message as plain text: the console, files, and the text part of an e-mail."""

from collections.abc import Sequence

from tasks.messages.neutral import ICONS, Finding, Message

_HEADS = ("", "Segment", "Measure", "Actual", "Forecast", "Surprise", "Allowed")


def render_text(message: Message) -> str:
    """Finding first, then context, the month in sentences, the table of marked forecasts, other findings, notes, links.

    The width follows the content; no line holds text that was not cleaned.
    """
    marked = [f for f in message.findings if f.is_marked]
    others = [f for f in message.findings if not f.is_marked]
    parts = [
        [f"{ICONS.get(message.severity, '')} {message.title}"],
        [" · ".join(f"{label} {value}" for label, value in message.context)] if message.context else [],
        list(message.opening),
        _align([_HEADS, *(_cells(f) for f in marked)]) if marked else [],
        [line for finding in others for line in _list_finding(finding)],
        [f"… and {message.more} more"] if message.more else [],
        list(message.notes),
        [f"“{quote}”" for quote in message.quotes],
        [*(f"{label}: {address}" for label, address in message.links), *message.commands],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _cells(finding: Finding) -> tuple[str, ...]:
    mark = f"{ICONS[finding.severity]} {finding.severity}" + (f", {finding.news}" if finding.news else "")
    rule = {"repeated_miss": "in a row"}.get(finding.rule, "")
    return (
        mark,
        finding.subject,
        f"{finding.measure} {rule}".strip(),
        finding.actual,
        finding.forecast,
        finding.surprise,
        finding.usual,
    )


def _list_finding(finding: Finding) -> list[str]:
    news = f", {finding.news}" if finding.news else ""
    lines = [f"{ICONS[finding.severity]} {finding.severity}{news}: {finding.title}"]
    return [*lines, f"  {finding.note}"] if finding.note else lines


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    left = 3
    return [
        "  ".join(
            c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
