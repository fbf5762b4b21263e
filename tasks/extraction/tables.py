"""A table drawn inside a review: each cell is read as the sentence that its row, its column and itself make."""

import re

from tasks.extraction.context import Context
from tasks.extraction.mentions.joining import name_periods
from tasks.extraction.mentions.lexicon import Lexicon
from tasks.extraction.mentions.scan import scan
from tasks.extraction.mentions.token import NUMBER, Token, make_number
from tasks.extraction.quantities.joining import join_quantities
from tasks.extraction.relations.attach import read_sentence
from tasks.extraction.relations.rules import BIT, bits
from tasks.extraction.relations.view import View
from tasks.extraction.statements import Findings
from tasks.extraction.text.layout import Passage, find_cells

_RULE = re.compile(r"[\s|:=+-]*")
_MARKS = bits(["comma", "open", "close", "colon", "dash", "bar", "slash", "semicolon", "hyphen", "and"])
_SUBJECT = BIT["subject"]


class TextTable:
    """The rows of one table as they come; the first one names the columns."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.header: list[tuple[int, int, list[Token], tuple[str, float]]] = []
        self.is_open = True

    def read_row(self, passage: Passage) -> Findings:
        """The figures of a row; none of the header's rows and of the rule beneath them."""
        if _RULE.fullmatch(passage.plain):
            return Findings()
        spans = find_cells(passage)
        cells = [self._scan(passage, start, end) for start, end in spans]
        if not self.header or (self.is_open and not any(map(_is_measured, cells[1:]))):
            self._add_header(passage, spans, cells)
            return Findings()
        self.is_open = False
        found = Findings()
        for column in range(1, len(cells)):
            head, unit = self._find_column(column, spans[column], is_drawn=passage.raw.count("|") > 1)
            self._read_cell(passage.plain, cells[0], (head, unit), cells[column], found)
        return found

    def _add_header(self, passage: Passage, spans: list[tuple[int, int]], cells: list[list[Token]]) -> None:
        for (start, end), cell in zip(spans, cells, strict=True):
            words = [t for t in cell if not t.mask & (_MARKS | NUMBER)]
            unit = find_unit(self.context.lexicon, passage.plain[start:end], passage.raw[start:end])
            self.header.append((start, end, words, unit))

    def _find_column(
        self, column: int, span: tuple[int, int], *, is_drawn: bool
    ) -> tuple[list[Token], tuple[str, float]]:
        """Words and unit of the column that a cell stands in: by its number in a drawn table, else by its place."""
        if is_drawn:
            chosen = self.header[column : column + 1]
        else:
            middle = sum(span) / 2
            near = sorted(self.header[1:], key=lambda cell: abs((cell[0] + cell[1]) / 2 - middle))
            chosen = [cell for cell in near[:3] if cell[0] <= span[1] and span[0] <= cell[1]] or near[:1]
        words = [word for cell in sorted(chosen, key=lambda cell: cell[0]) for word in cell[2]]
        unit = next((cell[3] for cell in chosen if cell[3][0]), self.context.section.unit)
        return words, unit

    def _scan(self, passage: Passage, start: int, end: int) -> list[Token]:
        lexicon = self.context.lexicon
        plain = passage.plain
        tokens = join_quantities(scan(lexicon, plain, passage.raw, start, end), plain, lexicon.language.hedge_gaps)
        return name_periods(tokens, plain)

    def _read_cell(
        self, plain: str, label: list[Token], column: tuple[list[Token], tuple[str, float]], cell: list[Token], found: Findings
    ) -> None:
        numbers = [t for t in cell if t.mask & NUMBER]
        if len(numbers) != 1:
            return
        words, unit = column
        number = _give_unit(numbers[0], words, unit)
        head = [t for t in (*label, *words) if not t.mask & (_MARKS | NUMBER)]
        order = sorted(head, key=lambda token: not token.mask & _SUBJECT)
        tokens = [*order, *(number if t is numbers[0] else t for t in cell)]
        view = View(tokens, [t.mask for t in tokens], plain, 0, 0, self.context, is_cell=True)
        read = read_sentence(view)
        found.statements += read.statements
        found.opens += read.opens


def _is_measured(cell: list[Token]) -> bool:
    return any(t.mask & NUMBER for t in cell)


def _give_unit(token: Token, words: list[Token], unit: tuple[str, float]) -> Token:
    """The number in the unit of its column where it prints none; a column of growth or shares is in percent."""
    quantity = token.quantity
    if quantity is None or quantity.unit:
        return token
    name, factor = unit
    if any(t.mask & bits(["basis", "share_noun", "change"]) for t in words):
        name, factor = "%", 1.0
    quantity.unit = name
    quantity.value = round(quantity.value * factor, 6)
    quantity.half_width *= factor
    return make_number(token.start, token.end, quantity)


def find_unit(lexicon: Lexicon, title: str, raw: str) -> tuple[str, float]:
    """The unit that a column's or table's title gives, in brackets or after a comma."""
    language = lexicon.language
    for match in reversed(list(re.finditer(r"[^(),:]+", title))):
        part = match.group().strip()
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        written = raw[start : start + len(part)]
        for text in (part, part.removeprefix("unit").strip(), part.removeprefix("in ").strip(), part.removeprefix("单位").strip()):
            if written in language.cased_units:
                return language.cased_units[written]
            if text in language.units and language.units[text][0] not in {"other", "times"}:
                return language.units[text]
    bracketed = re.search(r"\([^()]*\)", title)
    if bracketed and bracketed.group() in language.units:
        return language.units[bracketed.group()]
    return "", 1.0
