"""A document's text as headings, paragraphs and list items, each with its sentences."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

# abbreviations whose point ends no sentence; each look-behind has its own fixed width
_SHORT = "".join(
    rf"(?<!\b{word}\.)" for word in ("[A-Z]", "vs", "ca", "No", "Co", "Fig", "Inc", "Ltd", "approx", r"i\.e", r"e\.g")
)
_END = re.compile(
    '[。！？]+[”’」』）)"]*'
    rf"|[.!?]{_SHORT}[.!?]*[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z0-9\u4e00-\u9fff]|\s*\Z|[A-Z][a-z])"
)
_BULLET = re.compile(
    r"\s*(?:[-*•·◦▪●○–—►▶■□◆◇※✓✔>]+|\(?\d{1,2}[.)、）]|\(?[a-zA-Z][.)]|[（(][一二三四五六七八九十]+[)）]|[①-⑳])\s+(?=\S)|\s*[•·◦▪●○■◆※①-⑳]\s*"
)
_HEADING_MARK = re.compile(
    r"\s*(#{1,6})\s+|\s*([一二三四五六七八九十]+)、\s*|\s*(?:[IVX]+|\d{1,2})[.、．]\s*(?=[^\d\s])"
)
# the look-behind starts a number only at its first digit, so that endless digits cost no more than their length
_FIGURE = re.compile(r"(?<![\d.,])\d[\d.,]*+[ \t]?(?:%|％|吨|mt\b|percent|pp\b|MWh|GWh)")
_MARKUP = re.compile(r"[*_`]{1,3}")
_LEAD_END = (":", "：")


@dataclass(frozen=True)
class Block:
    """A heading, a list item, a list's lead-in, a table's row, or a paragraph, as a span of the text.

    `level` is the depth of a heading, 1 where the text does not say.
    """

    kind: str
    start: int
    end: int
    level: int = 1


def find_blocks(text: str) -> list[Block]:
    """Blocks of the text in order. Lines that were wrapped are one block again."""
    lines = [
        (match.start(), match.end(), match.group()) for match in re.finditer(r"[^\n]+", text) if match.group().strip()
    ]
    width = max((len(line) for _, _, line in lines), default=0)
    blocks: list[Block] = []
    position = 0
    while position < len(lines):
        start, end, line = lines[position]
        if line.count("|") >= 2:
            blocks.append(Block("row", start, end))
            position += 1
            continue
        kind, level, offset = _tell_kind(line)
        while (
            kind != "mark_heading"
            and position + 1 < len(lines)
            and _is_wrapped(text, lines[position], lines[position + 1], width)
        ):
            position += 1
            end = lines[position][1]
        if kind == "mark_heading":
            kind = "heading"
        elif kind == "":
            kind = "heading" if _is_heading(text[start:end]) else "paragraph"
            if kind == "paragraph" and text[start:end].rstrip().endswith(_LEAD_END):
                kind = "lead"
        blocks.append(Block(kind, start + offset, end, level))
        position += 1
    return blocks


def _tell_kind(line: str) -> tuple[str, int, int]:
    """Kind by the marks that open the line, heading depth, and where its words begin."""
    marked = _HEADING_MARK.match(line)
    if marked and marked[1]:
        return "mark_heading", len(marked[1]), marked.end()
    if marked and _is_heading(line[marked.end() :]) and not _has_figure(line):
        return "mark_heading", 1, marked.end()
    bullet = _BULLET.match(line)
    if bullet:
        return "item", 1, bullet.end()
    return "", 1, 0


def _has_figure(line: str) -> bool:
    return bool(_FIGURE.search(line))


def _is_heading(line: str) -> bool:
    """A short line that does not end like a sentence and states no figure."""
    words = _MARKUP.sub("", line).strip()
    if (
        not words
        or re.search(r"20\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d", words)
        or words[-1] in ".。!！?？;；,，:：、"
        or _has_figure(words)
    ):
        return False
    wide = sum(1 for char in words if "\u4e00" <= char <= "\u9fff")
    return len(words) <= (45 if wide > len(words) / 3 else 130)


def _is_wrapped(text: str, line: tuple[int, int, str], following: tuple[int, int, str], width: int) -> bool:
    """Whether a line goes on in the next: it was full, does not end a sentence, and the next opens nothing."""
    _, end, words = line
    wide = sum(1 for char in words if "\u4e00" <= char <= "\u9fff") > len(words) / 3
    if text[end : following[0]].count("\n") > 1 or width > (60 if wide else 130) or len(words.strip()) < 0.6 * width:
        return False
    if words.rstrip()[-1:] in ".。!！?？:：；;":
        return False
    if len(words.strip()) < (18 if wide else 45):
        return False
    opened = following[2]
    return not (_BULLET.match(opened) or _HEADING_MARK.match(opened) or "|" in opened)


def find_cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the cells of a row of a table drawn with bars."""
    edges = [start - 1, *(start + i for i, char in enumerate(text[start:end]) if char == "|"), end]
    cells = [(left + 1, right) for left, right in itertools.pairwise(edges)]
    if cells and not text[cells[0][0] : cells[0][1]].strip():
        cells = cells[1:]
    if cells and not text[cells[-1][0] : cells[-1][1]].strip():
        cells = cells[:-1]
    return cells


def find_sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of the sentences in `text[start:end]`, without the blanks around them."""
    position = start
    for match in _END.finditer(text, start, end):
        yield from _cut(text, position, match.end())
        position = match.end()
    yield from _cut(text, position, end)


_LONGEST = 1_500


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, or its parts where it is longer than any real one: reading costs more than its length."""
    while end - start > _LONGEST:
        stop = start + _LONGEST
        place = max((text.rfind(mark, start + _LONGEST // 2, stop) for mark in ",;，；、 "), default=-1)
        stop = place + 1 if place >= 0 else stop
        yield from _trim(text, start, stop)
        start = stop
    yield from _trim(text, start, end)


def _trim(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
