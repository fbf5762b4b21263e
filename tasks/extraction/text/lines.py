"""Lines of a document, and which of them were one line before a page, a mail or a PDF wrapped them."""

import re
from dataclasses import dataclass

from tasks.extraction.text.characters import is_wide

BULLET = re.compile(
    r"\s*(?:[-*•·◦▪●○–—►▶■□◆◇※✓✔>»》]+|\(?\d{1,2}[.)、）](?!\d)|\(?[a-zA-Z][.)]|[（(][一二三四五六七八九十]+[)）]|[①-⑳])\s+(?=\S)"
    r"|\s*[•·◦▪●○■◆※►①-⑳»》]\s*"
)
DRAWN_RULE = re.compile(r"[-=_─━+|: \t]{3,}")
WIDE_GAP = re.compile(r"\S[ ]{2,}(?=\S)|\t")
_ENDS = tuple(".。!！?？:：;；…")
_CLOSERS = "\"'”’」』）)】]*_ "
_SHARE_OF_FULL_LINES = 0.3
_NARROWEST, _WIDEST = 16, 140


@dataclass(frozen=True)
class Line:
    """A line that is not blank: its span, its words, its width in columns, and whether a blank line stands before."""

    start: int
    end: int
    words: str
    width: int
    is_apart: bool


def find_lines(text: str) -> list[Line]:
    """Lines of the text that are not blank."""
    lines: list[Line] = []
    last = 0
    for match in re.finditer(r"[^\n]+", text):
        words = match.group()
        if words.strip():
            width = len(words.rstrip()) + sum(map(is_wide, words))
            lines.append(Line(match.start(), match.end(), words, width, text.count("\n", last, match.start()) > 1))
            last = match.end()
    return lines


def find_wrap_width(lines: list[Line]) -> int:
    """Columns at which the text was wrapped; 0 where its lines are as long as they were written.

    A wrapped text has many lines of nearly one width, none much wider, and most of them end inside a sentence.
    """
    if len(lines) < 3:
        return 0
    widths = sorted(line.width for line in lines)
    for width in (widths[-1], widths[int(len(widths) * 0.95)], widths[int(len(widths) * 0.85)]):
        full = [line for line in lines if width - 14 < line.width <= width + 2]
        broken = [line for line in full if not ends_sentence(line.words)]
        if _NARROWEST <= width <= _WIDEST and len(broken) >= max(2, _SHARE_OF_FULL_LINES * len(lines)):
            return width
    return 0


def ends_sentence(words: str) -> bool:
    """Whether a line ends as a sentence, a lead-in or an item does."""
    return words.rstrip(_CLOSERS).endswith(_ENDS)


def goes_on(line: Line, following: Line, wrap: int) -> bool:
    """Whether a line was cut and `following` is its rest: the next word did not fit, or begins in lower case."""
    if following.is_apart or ends_sentence(line.words) or "|" in following.words or "\t" in following.words:
        return False
    if any(DRAWN_RULE.fullmatch(other.words) for other in (line, following)):
        return False
    if len(WIDE_GAP.findall(following.words.strip())) > 1:
        return False
    first = following.words.lstrip()
    if BULLET.match(following.words) or first.startswith(("#", "【", "[")):
        return False
    if first[:1].islower() and line.words.rstrip()[-1:].isascii() and line.width > 14:
        return True
    if not wrap:
        return False
    if first[:1] in ",，、;；)）%％。.":
        return True
    word = 2 if is_wide(first[0]) else len(first.split(" ", 1)[0])
    slack = 5 if is_wide(line.words.rstrip()[-1]) else 1
    return line.width + word + slack > wrap
