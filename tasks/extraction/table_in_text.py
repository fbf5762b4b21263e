"""A table drawn inside a review: each cell is read as the sentence that its row, its column and itself make."""

import re

from contracts.errors import ContractBroken
from tasks.extraction.attach import read_sentence
from tasks.extraction.blocks import Block, find_cells
from tasks.extraction.lexicon import normalise
from tasks.extraction.scan import scan_sentence
from tasks.extraction.statements import Context, Findings
from tasks.extraction.tokens import Token

MOST_COLUMNS = 300
_RULE = re.compile(r"[\s|:=+-]*")


class TextTable:
    """The rows of one table as they come; the first one names the columns."""

    def __init__(self, text: str, plain: str, context: Context) -> None:
        self.text = text
        self.plain = plain
        self.context = context
        self.header: list[list[Token]] = []
        self.units: list[str] = []

    def read_row(self, block: Block) -> Findings:
        """The figures of a row; none of the header and of the rule beneath it."""
        if _RULE.fullmatch(self.text, block.start, block.end):
            return Findings()
        cells = find_cells(self.text, block.start, block.end)
        if len(cells) > MOST_COLUMNS:
            raise _too_wide(len(cells))
        scanned = [scan_sentence(self.context.lexicon, self.text, self.plain, start, end) for start, end in cells]
        if not self.header:
            self.header = scanned
            self.units = [self._find_unit(start, end) for start, end in cells]
            return Findings()
        found = Findings()
        for column in range(1, min(len(scanned), len(self.header))):
            self._read_cell(scanned[0], column, scanned[column], found)
        return found

    def _read_cell(self, label: list[Token], column: int, cell: list[Token], found: Findings) -> None:
        numbers = [t for t in cell if t.number is not None]
        if len(numbers) != 1 or any("unknown" in t.roles for t in cell):
            return
        number = numbers[0].number
        if number is not None and not number.unit:
            number.unit, factor = self.context.lexicon.language.units.get(self.units[column], ("", 1.0))
            number.value *= factor
            number.half_width *= factor
        head = [t for t in (*label, *self.header[column]) if t.number is None and not t.roles.keys() & _SEPARATORS]
        order = sorted(head, key=lambda token: "subject" not in token.roles)
        read = read_sentence([*order, *cell], self.context)
        found.statements += read.statements
        found.misses += read.misses

    def _find_unit(self, start: int, end: int) -> str:
        """The unit that a column's title gives, in brackets or after a comma."""
        title = normalise(self.text[start:end])
        units = self.context.lexicon.language.units
        for part in reversed(re.split(r"[(),，（）]", title)):
            if part.strip() in units:
                return part.strip()
        return ""


def _too_wide(columns: int) -> ContractBroken:
    return ContractBroken(
        "a table in the review is wider than one that people read",
        found=f"a row of {columns:,} cells",
        effect="nothing was read",
        next=f"at most {MOST_COLUMNS} columns are read: give the table as CSV or XLSX",
    )


_SEPARATORS = {"comma", "open", "close", "colon", "dash", "bar", "slash", "semicolon"}
