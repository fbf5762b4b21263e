"""A table drawn inside a review: each cell is read as the sentence that its row, its column and itself make."""

import re

from tasks.extraction.context import Context
from tasks.extraction.mentions.joining import name_periods
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
        self.header: list[list[Token]] = []
        self.units: list[tuple[str, float]] = []

    def read_row(self, passage: Passage) -> Findings:
        """The figures of a row; none of the header and of the rule beneath it."""
        if _RULE.fullmatch(passage.plain):
            return Findings()
        cells = find_cells(passage)
        scanned = [self._scan(passage, start, end) for start, end in cells]
        if not self.header:
            self.header = [[t for t in cell if not t.mask & _MARKS] for cell in scanned]
            self.units = [self._find_unit(passage.plain[start:end]) for start, end in cells]
            return Findings()
        found = Findings()
        for column in range(1, min(len(scanned), len(self.header))):
            self._read_cell(passage.plain, scanned[0], column, scanned[column], found)
        return found

    def _scan(self, passage: Passage, start: int, end: int) -> list[Token]:
        lexicon = self.context.lexicon
        plain = passage.plain
        tokens = join_quantities(scan(lexicon, plain, passage.raw, start, end), plain, lexicon.language.hedge_gaps)
        return name_periods(tokens, plain)

    def _read_cell(self, plain: str, label: list[Token], column: int, cell: list[Token], found: Findings) -> None:
        numbers = [t for t in cell if t.mask & NUMBER]
        if len(numbers) != 1:
            return
        number = self._give_unit(numbers[0], column)
        head = [t for t in (*label, *self.header[column]) if not t.mask & (_MARKS | NUMBER)]
        order = sorted(head, key=lambda token: not token.mask & _SUBJECT)
        tokens = [*order, *(number if t is numbers[0] else t for t in cell)]
        view = View(tokens, [t.mask for t in tokens], plain, 0, 0, self.context, is_cell=True)
        read = read_sentence(view)
        found.statements += read.statements
        found.opens += read.opens

    def _give_unit(self, token: Token, column: int) -> Token:
        """The number in the unit of its column where it prints none; a column of growth or shares is in percent."""
        quantity = token.quantity
        if quantity is None or quantity.unit:
            return token
        unit, factor = self.units[column]
        if not unit and any(t.mask & bits(["basis", "share_noun"]) for t in self.header[column]):
            unit, factor = "%", 1.0
        quantity.unit = unit
        quantity.value = round(quantity.value * factor, 6)
        quantity.half_width *= factor
        return make_number(token.start, token.end, quantity)

    def _find_unit(self, title: str) -> tuple[str, float]:
        """The unit that a column's title gives, in brackets or after a comma."""
        units = self.context.lexicon.language.units
        for part in reversed(re.split(r"[(),]", title)):
            if part.strip() in units:
                return units[part.strip()]
        bracketed = re.search(r"\([^()]*\)", title)
        if bracketed and bracketed.group() in units:
            return units[bracketed.group()]
        return "", 1.0
