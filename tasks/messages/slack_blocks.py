"""A message as Slack shows it: Block Kit, inside its limits, with nothing that Slack would take for a command."""

import json
from collections.abc import Iterable
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.metadata import Metadata

from tasks.messages.neutral import ICONS, Finding, Message, shorten_texts

# Slack refuses blocks of more than about 13,200 characters together (`msg_blocks_too_long`); it documents no number.
BLOCKS_LIMIT = 12_000
_SHORTER = (160, 80, 40)
"""Lengths to which the texts of findings are cut, one after another, where the blocks are too long together."""
HEADER_LIMIT, SECTION_LIMIT, TEXT_LIMIT, BLOCK_LIMIT = 150, 3000, 3000, 50
EVENT_TYPE = "trona_digest"


def render_slack(message: Message) -> dict[str, Any]:
    """The arguments of a post: text, blocks, metadata, and no unfurling.

    The headline stands in the first block (which the desktop notification shows) and in `text` (which the phone
    shows). Every text is escaped, and verbatim, so that no name or sentence can mention a channel or make a link.
    The models check Slack's limits again: an `SlackObjectFormationError` is a defect of this module.
    """
    body = _write_body(message)
    for limit in _SHORTER:
        if len(json.dumps(body["blocks"], ensure_ascii=False)) <= BLOCKS_LIMIT:
            break
        body = _write_body(shorten_texts(message, limit))
    return body


def _write_body(message: Message) -> dict[str, Any]:
    headline = f"{ICONS.get(message.severity, '')} {message.title}"
    blocks: list[Block] = [HeaderBlock(text=PlainTextObject(text=escape_slack(headline, HEADER_LIMIT), emoji=False))]
    if any(label or value for label, value in message.context):
        blocks.append(_context(" · ".join(f"{label} {value}" for label, value in message.context)))
    blocks += [_section(text) for text in _pack(escape_slack(sentence) for sentence in message.opening)]
    blocks += [_section(text) for text in _pack(_write_finding(finding) for finding in message.findings)]
    if message.more:
        blocks.append(_context(f"… and {message.more} more"))
    blocks += [_section(text) for text in _pack(escape_slack(note) for note in message.notes)]
    # An unescaped > at the start of a line is Slack's own mark of a quotation.
    blocks += [_section(text) for text in _pack(f"> “{escape_slack(quote)}”" for quote in message.quotes)]
    links = [f"<{_escape(address)}|{escape_slack(label)}>" for label, address in message.links]
    blocks += [_section(" · ".join(links))] if links else []
    blocks.append(_context(" · ".join([*message.commands, f"ref {message.marker}"])))
    return {
        "text": escape_slack(headline, TEXT_LIMIT),
        "blocks": [block.to_dict() for block in blocks[:BLOCK_LIMIT]],
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": Metadata(EVENT_TYPE, {"marker": message.marker}).to_dict(),
    }


def escape_slack(text: str, limit: int = SECTION_LIMIT) -> str:
    """`& < >` as entities, at most `limit` characters after that, never cut inside an entity."""
    escaped = _escape(text)
    while len(escaped) > limit:
        text = text[: len(text) - 1 - max(1, (len(escaped) - limit) // 5)].rstrip(" …") + "…"
        escaped = _escape(text)
    return escaped


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _context(text: str) -> ContextBlock:
    return ContextBlock(elements=[MarkdownTextObject(text=escape_slack(text, SECTION_LIMIT), verbatim=True)])


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=text, verbatim=True))


def _write_finding(finding: Finding) -> str:
    news = f", {finding.news}" if finding.news else ""
    mark = escape_slack(f"{ICONS[finding.severity]} {finding.severity}{news}")
    if not finding.is_marked:
        note = f"\n{escape_slack(finding.note)}" if finding.note else ""
        return f"{mark}: *{_bold(finding.title)}*{note}"
    rule = {"repeated_miss": " · in a row"}.get(finding.rule, "")
    usual = f" · {finding.usual}" if finding.usual else ""
    numbers = f"{finding.actual} against {finding.forecast} forecast · surprise {finding.surprise}{usual}{rule}"
    return f"{mark}: *{_bold(finding.subject)}* {escape_slack(f'{finding.measure}: {numbers}')}"


def _bold(text: str) -> str:
    """Inside bold an asterisk would end it."""
    return escape_slack(text.replace("*", "∗"))


def _pack(lines: Iterable[str]) -> list[str]:
    """Lines joined into texts that fit a section each."""
    packed: list[str] = []
    for line in filter(None, lines):
        if packed and len(packed[-1]) + len(line) < SECTION_LIMIT:
            packed[-1] += f"\n{line}"
        else:
            packed.append(line)
    return packed
