"""A document's text as passages: headings, lead-ins, items, rows of tables and paragraphs, each in plain characters."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.extraction.text.characters import is_wide, normalise
from tasks.extraction.text.lines import (
    BULLET,
    DRAWN_RULE,
    WIDE_GAP,
    Line,
    ends_sentence,
    find_lines,
    find_wrap_width,
    goes_on,
)

# abbreviations whose point ends no sentence; each look-behind has its own fixed width
_SHORT = "".join(
    rf"(?<!\b{word}\.)"
    for word in (
        "[A-Z]",
        "vs",
        "ca",
        "No",
        "Co",
        "Fig",
        "Inc",
        "Ltd",
        "approx",
        r"i\.e",
        r"e\.g",
        "est",
        r"p\.p",
        "Ni",
        "[Uu]til",
        "[Oo]p",
        "[Pp]rod",
        "[Aa]vg",
        "[Ii]nv",
        "cf",
        "incl",
        "excl",
    )
)
_END = re.compile(
    '[。！？]+[”’」』）)"]*'
    rf"|[.!?]{_SHORT}[.!?]*[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z0-9À-Þ\u4e00-\u9fff]|\s*\Z|(?<=[a-z%)]\.)[A-Z][a-z])"
)
_HEADING_MARK = re.compile(
    r"\s*(#{1,6})\s+|\s*([一二三四五六七八九十]+)、\s*|\s*(?:[IVX]+|\d{1,2})[.、．]\s*(?=[^\d\s])"
    r"|\s*\[\d{1,2}\]\s*(?=[^\d\s])"
)
_BRACKETED = re.compile(r"\s*【[^】\n]{1,120}】")
# the look-behind starts a number only at its first digit, so that endless digits cost no more than their length
_FIGURE = re.compile(r"(?<![\d.,])\d[\d.,]*+[ \t]?(?:%|％|吨|噸|mt\b|t\b|percent|per cent|pp\b|[MG]Wh|个百分点)")
_CAPTION = re.compile(
    r"(?:photo|source|image|by|author|tags?|来源|图片|作者|编辑|资料来源|數據來源|资料图)\b\s*[:：/]", re.IGNORECASE
)
_MARKUP = re.compile(r"[*_`]{1,3}")
_DATE = re.compile(r"20\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d")
_FAR = 3
"""Lines to either side among which a row looks for its neighbours."""
LONGEST_SENTENCE = 1_500


@dataclass(frozen=True)
class Passage:
    """A piece of the document and its plain text, with the place of every plain character in the document.

    `kind` is `title`, `heading`, `lead`, `item`, `row` or `paragraph`; `level` the depth of a heading.
    `places` is empty where plain character n is character `start + n` of the document.
    """

    kind: str
    start: int
    end: int
    raw: str
    plain: str
    level: int = 1
    places: Sequence[int] = ()

    def place(self, index: int) -> int:
        """Where a plain character stands in the document."""
        return self.places[index] if self.places else self.start + index

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Span in the document of a span of the plain text."""
        return self.place(start), self.place(end - 1) + 1


def find_passages(text: str) -> list[Passage]:
    """Passages of the text in order; wrapped lines are one again, a bracketed title opens a passage of its own."""
    lines = find_lines(text)
    wrap = find_wrap_width(lines)
    found: list[Passage] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        if is_row(lines, position) or is_rule(lines, position):
            found.append(_make_passage(text, "row", line.start, line.end))
            position += 1
            continue
        kind, level, offset = _tell_kind(line.words)
        last = position
        while kind != "heading" and last + 1 < len(lines) and goes_on(lines[last], lines[last + 1], wrap):
            last += 1
        start, end = line.start + offset, lines[last].end
        kind = kind or _tell_prose(text[start:end], is_first=not found)
        found += _cut_bracketed(text, kind, start, end, level, is_first=not found)
        position = last + 1
    return found


def is_row(lines: list[Line], position: int) -> bool:
    """Whether a line is a row of a table: drawn with bars, or of columns set apart like those of its neighbours."""
    words = lines[position].words
    if words.count("|") >= 2:
        return True
    cells = _count_gaps(words)
    if cells < 1 or DRAWN_RULE.fullmatch(words):
        return False
    near = [_count_gaps(other) for other in _find_neighbours(lines, position)]
    if cells > 1 or "\t" in words:
        return any(other == cells or min(other, cells) > 1 for other in near)
    return False


def is_rule(lines: list[Line], position: int) -> bool:
    """Whether a line is drawn above, inside or below a table, and says nothing itself."""
    if not DRAWN_RULE.fullmatch(lines[position].words):
        return False
    return any(_count_gaps(other) or "|" in other for other in _find_neighbours(lines, position))


def _count_gaps(words: str) -> int:
    return len(WIDE_GAP.findall(words.strip()))


def _find_neighbours(lines: list[Line], position: int) -> list[str]:
    """The lines before and after, drawn rules left out."""
    near = (lines[max(0, position - _FAR) : position][::-1], lines[position + 1 : position + 1 + _FAR])
    return [next((line.words for line in side if not DRAWN_RULE.fullmatch(line.words)), "") for side in near]


def _cut_bracketed(text: str, kind: str, start: int, end: int, level: int, *, is_first: bool) -> Iterator[Passage]:
    """Passages between titles in bold brackets: 【Supply】 opens a section wherever it stands."""
    if "【" not in text[start:end]:
        yield _make_passage(text, kind, start, end, level)
        return
    place = start
    for match in re.finditer(r"【[^】\n]{1,120}】", text[start:end]):
        if text[place : start + match.start()].strip():
            yield _make_passage(text, "paragraph", place, start + match.start())
        title = "title" if is_first and not match.start() else "heading"
        yield _make_passage(text, title, start + match.start() + 1, start + match.end() - 1)
        place = start + match.end()
    if text[place:end].strip():
        yield _make_passage(text, "paragraph", place, end)


def _make_passage(text: str, kind: str, start: int, end: int, level: int = 1) -> Passage:
    raw = text[start:end]
    if "\n" not in raw:
        return Passage(kind, start, end, raw, normalise(raw), level)
    kept: list[str] = []
    places: list[int] = []
    for match in re.finditer(r"\s*\n\s*|[^\n]", raw):
        piece = match.group()
        if len(piece) == 1 and piece != "\n":
            kept.append(piece)
            places.append(start + match.start())
        elif not _joins_wide(raw, match.start(), match.end()):
            kept.append(" ")
            places.append(start + match.start())
    joined = "".join(kept)
    return Passage(kind, start, end, joined, normalise(joined), level, places)


def _joins_wide(raw: str, start: int, end: int) -> bool:
    """Whether a line break stands between two Chinese characters, where writing has no blank."""
    return start > 0 and end < len(raw) and (is_wide(raw[start - 1]) or is_wide(raw[end]))


def _tell_kind(line: str) -> tuple[str, int, int]:
    """Kind by the marks that open the line, heading depth, and where its words begin."""
    marked = _HEADING_MARK.match(line)
    if marked and marked[1]:
        return "heading", len(marked[1]), marked.end()
    if marked and _is_heading(line[marked.end() :]):
        return "heading", 1, marked.end()
    bullet = BULLET.match(line)
    if bullet and _is_capital(line[bullet.end() :]) and _is_heading(line[bullet.end() :]):
        return "heading", 1, bullet.end()  # "B. CUMULATIVE, JANUARY-AUGUST"
    if bullet:
        return "item", 1, bullet.end()
    return "", 1, 0


def _is_capital(words: str) -> bool:
    """Whether a line is set in capitals but for a unit in brackets: "PRODUCTION (tonnes)"."""
    shown = re.sub(r"\([^()]*\)", "", words).strip()
    return shown.isupper() and len(shown) > 8


def _tell_prose(words: str, *, is_first: bool) -> str:
    if is_first and not ends_sentence(words) and len(words) <= 130:
        return "title"
    if _is_heading(words):
        return "heading"
    return "lead" if words.rstrip().endswith((":", "：")) else "paragraph"


def _is_heading(line: str) -> bool:
    """A short line that does not end like a sentence and states no figure."""
    words = _MARKUP.sub("", line).strip()
    if _CAPTION.match(words):
        return False
    if not words or _DATE.search(words) or words[-1] in ".。!！?？;；,，、" or _FIGURE.search(words):
        return False
    if words[-1] in ":：":
        return len(words.split()) <= 4 and len(words) <= 40 and not re.search(r"[,，;；]", words) and False
    wide = sum(map(is_wide, words))
    return len(words) <= (45 if wide > len(words) / 3 else 130)


def find_cells(passage: Passage) -> list[tuple[int, int]]:
    """Spans in the plain text of the cells of a row."""
    plain = passage.plain
    raw = passage.raw
    if raw.count("|") >= 2:
        edges = [-1, *(i for i, char in enumerate(raw) if char == "|"), len(raw)]
        cells = [(left + 1, right) for left, right in itertools.pairwise(edges)]
        if cells and not plain[cells[0][0] : cells[0][1]].strip():
            cells = cells[1:]
        if cells and not plain[cells[-1][0] : cells[-1][1]].strip():
            cells = cells[:-1]
        return cells
    cells = []
    start = 0
    for match in re.finditer(r"[ ]{2,}|\t", raw):
        if raw[: match.start()].strip():
            cells.append((start, match.start()))
            start = match.end()
    return [*cells, (start, len(raw))]


def find_sentences(passage: Passage) -> Iterator[tuple[int, int]]:
    """Spans in the plain text of a passage's sentences, without the blanks around them."""
    raw, position = passage.raw, 0
    for match in _END.finditer(raw):
        yield from _cut(raw, position, match.end())
        position = match.end()
    yield from _cut(raw, position, len(raw))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, or its parts where it is longer than any real one: reading costs more than its length."""
    while end - start > LONGEST_SENTENCE:
        stop = start + LONGEST_SENTENCE
        place = max((text.rfind(mark, start + LONGEST_SENTENCE // 2, stop) for mark in ",;，；、 "), default=-1)
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
