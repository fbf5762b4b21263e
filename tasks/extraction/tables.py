"""A table drawn inside a review: each cell is read as the sentence that its row, its column and itself make."""

import re
from dataclasses import dataclass

from contracts.errors import ContractBroken
from tasks.extraction.context import Context
from tasks.extraction.mentions.joining import name_periods
from tasks.extraction.mentions.lexicon import Lexicon
from tasks.extraction.mentions.measuring import join_quantities
from tasks.extraction.mentions.periods import Calendar
from tasks.extraction.mentions.scan import scan
from tasks.extraction.mentions.token import NUMBER, Token, make_number, make_token
from tasks.extraction.relations.attach import read_sentence
from tasks.extraction.relations.growth import shift_period
from tasks.extraction.relations.view import View
from tasks.extraction.rules import BIT, bits
from tasks.extraction.statements import Findings, passed_over
from tasks.extraction.text.characters import is_wide
from tasks.extraction.text.layout import Passage, find_cells

_RULE = re.compile(r"[\s|:=+-]*")
_MARKS = bits(["comma", "open", "close", "colon", "dash", "bar", "slash", "semicolon", "hyphen", "and"])
_SUBJECT = BIT["subject"]
_NAMING = bits(["subject", "metric", "industry", "chain", "thing", "activity", "together"])
_WORD = re.compile(r"[a-zà-ÿ]{4,}")


MOST_COLUMNS = 300


def _too_wide(columns: int) -> ContractBroken:
    return ContractBroken(
        "a table in the review has too many columns",
        found=f"a row of {columns:,} cells",
        effect="nothing was read",
        next=f"at most {MOST_COLUMNS} columns are read: give the table as CSV or XLSX",
    )


class TextTable:
    """The rows of one table as they come; the first one names the columns."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.header: list[list[_Cell]] = []
        self.is_open = True

    def read_row(self, passage: Passage) -> Findings:
        """The figures of a row; none of the header's rows and of the rule beneath them."""
        if _RULE.fullmatch(passage.plain):
            return Findings()
        spans = find_cells(passage)
        if len(spans) > MOST_COLUMNS:
            raise _too_wide(len(spans))
        cells = [self._scan(passage, start, end) for start, end in spans]
        if self.is_open and not self._is_data(cells):
            self._add_header(passage, spans, cells)
            return Findings()
        self.is_open = False
        found = Findings()
        columns = [
            self._find_column(column, _columns(passage.raw, spans[column]), len(cells))
            for column in range(1, len(cells))
        ]
        heads = name_growth(self.context.calendar, [words for words, _ in columns])
        for (_, unit), head, cell in zip(columns, heads, cells[1:], strict=True):
            if self._is_unknown(passage.plain[slice(*spans[0])], [*cells[0], *head]):
                found.opens += [passed_over(t, "another product") for t in cell if t.mask & NUMBER]
                continue
            self._read_cell(passage.plain, cells[0], (head, unit), cell, found)
        return found

    def _is_data(self, cells: list[list[Token]]) -> bool:
        """Whether a row holds figures; the first one only where its cells behind the name are numbers alone."""
        if self.header:
            return any(map(_is_measured, cells[1:]))
        return len(cells) > 1 and all(cell and all(t.mask & (NUMBER | _MARKS) for t in cell) for cell in cells[1:])

    def _is_unknown(self, label: str, words: list[Token]) -> bool:
        """Whether a row is named by a word that nobody knows, so that it is not the whole of the section's."""
        if any(t.mask & _NAMING for t in words):
            return False
        known = self.context.lexicon.language.neutral
        return any(word not in known for word in _WORD.findall(label))

    def _add_header(self, passage: Passage, spans: list[tuple[int, int]], cells: list[list[Token]]) -> None:
        row = []
        for span, cell in zip(spans, cells, strict=True):
            words = [t for t in cell if not t.mask & (_MARKS | NUMBER)]
            unit = find_unit(self.context.lexicon, passage.plain[slice(*span)], passage.raw[slice(*span)])
            row.append(_Cell(_columns(passage.raw, span), words, unit))
        self.header.append(row)

    def _find_column(self, column: int, span: tuple[int, int], count: int) -> tuple[list[Token], tuple[str, float]]:
        """Words and unit of the column that a cell stands in: by its number where rows are alike, else by its place."""
        chosen: list[_Cell] = []
        for row in self.header:
            if len(row) == count:
                chosen.append(row[column])
            else:
                near = [cell for cell in row if cell.span[0] <= span[1] and span[0] <= cell.span[1]]
                chosen += near
        words = [word for cell in chosen for word in cell.words]
        unit = next((cell.unit for cell in reversed(chosen) if cell.unit[0]), ("", 1.0))
        return words, unit

    def _scan(self, passage: Passage, start: int, end: int) -> list[Token]:
        lexicon = self.context.lexicon
        plain = passage.plain
        tokens = join_quantities(scan(lexicon, plain, passage.raw, start, end), plain, lexicon.language.hedge_gaps)
        return name_periods(tokens, plain, is_title=True)

    def _read_cell(
        self,
        plain: str,
        label: list[Token],
        column: tuple[list[Token], tuple[str, float]],
        cell: list[Token],
        found: Findings,
    ) -> None:
        numbers = [t for t in cell if t.mask & NUMBER]
        if len(numbers) != 1:
            return
        words, unit = column
        number = _give_unit(numbers[0], words, unit if unit[0] else self.context.section.unit, is_own=bool(unit[0]))
        head = [t for t in (*label, *words) if not t.mask & (_MARKS | NUMBER)]
        order = sorted(head, key=lambda token: not token.mask & _SUBJECT)
        tokens = [*order, *(number if t is numbers[0] else t for t in cell)]
        view = View(tokens, [t.mask for t in tokens], plain, 0, 0, self.context, is_cell=True)
        read = read_sentence(view)
        found.statements += read.statements
        found.opens += read.opens


def name_growth(calendar: Calendar, columns: list[list[Token]]) -> list[list[Token]]:
    """Words of the columns, where a column that says only "% change" is that of the periods named left of it.

    Two of them are a period and its base: after "Apr 2024" and "Apr 2023" the change is year on year. One alone
    is compared with the year before where it is a year or a span to date.
    """
    named: list[list[Token]] = []
    beside: list[Token] = []
    for words in columns:
        periods = [t for t in words if t.mask & BIT["period"]]
        is_growth = any(t.mask & bits(["change", "change_title"]) for t in words)
        if periods and not is_growth:
            # a period after a growth column opens a group of its own
            beside = [*beside, periods[0]] if not named or not _has(named[-1], "change") else [periods[0]]
        elif is_growth and not periods and not _has(words, "basis") and beside:
            named.append([*words, *_name_base(calendar, beside)])
            continue
        named.append(words)
    return named


def _has(words: list[Token], role: str) -> bool:
    return any(t.mask & BIT[role] for t in words)


def _name_base(calendar: Calendar, beside: list[Token]) -> list[Token]:
    """Period and base of a column of growth, as two words; none where the columns beside it name no such pair."""
    order = sorted(beside[-2:], key=lambda t: calendar.resolve(t.roles["period"]), reverse=True)
    name = order[0].roles["period"]
    if len(order) == 2:
        basis = _tell_step(calendar.resolve(name), calendar.resolve(order[1].roles["period"]))
    else:
        basis = "yoy" if name.kind in {"to_date", "year"} else ""
    is_told = bool(basis) or len(order) == 2  # a base of no name, from January to April, is none that may be assumed
    return [order[0], make_token(order[0].start, order[0].end, {"basis": basis})] if is_told else []


def _tell_step(later: str, earlier: str) -> str:
    """The base that lies between two periods; empty where it has no name."""
    return next((basis for basis in ("mom", "yoy") if shift_period(later, basis) == earlier), "")


def _is_measured(cell: list[Token]) -> bool:
    return any(t.mask & NUMBER for t in cell)


@dataclass(frozen=True)
class _Cell:
    """A cell of a header: the columns it covers, its words, its unit."""

    span: tuple[int, int]
    words: list[Token]
    unit: tuple[str, float]


def _columns(raw: str, span: tuple[int, int]) -> tuple[int, int]:
    """Columns on the page that a cell covers: a Chinese character is two wide."""
    start = span[0] + sum(map(is_wide, raw[: span[0]]))
    text = raw[span[0] : span[1]].rstrip()
    return start, start + len(text) + sum(map(is_wide, text))


def _give_unit(token: Token, words: list[Token], unit: tuple[str, float], *, is_own: bool) -> Token:
    """The number in the unit of its column where it prints none; a column of growth or shares is in percent."""
    quantity = token.quantity
    if quantity is None or quantity.unit:
        return token
    name, factor = unit
    if any(t.mask & bits(["basis", "share_noun", "change"]) for t in words) or (quantity.sign and not is_own):
        name, factor = "%", 1.0
    quantity.unit = name
    quantity.value = round(quantity.value * factor, 6)
    quantity.half_width *= factor
    return make_number(token.start, token.end, quantity)


def find_unit(lexicon: Lexicon, title: str, raw: str) -> tuple[str, float]:
    """The unit that a column's or table's title gives, in brackets or after a comma."""
    language = lexicon.language
    for match in reversed(list(re.finditer(r"[^(),:;]+", title))):
        part = re.split(r" (?:unless|except|if not)\b", match.group())[0].strip()
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        written = raw[start : start + len(part)].removeprefix("in ")
        for text in (
            part,
            part.removeprefix("unit").strip(),
            part.removeprefix("in ").strip(),
            part.removeprefix("单位").strip(),
        ):
            if written in language.cased_units:
                return language.cased_units[written]
            if text in language.units and language.units[text][0] not in {"other", "times"}:
                return language.units[text]
    bracketed = re.search(r"\([^()]*\)", title)
    if bracketed and bracketed.group() in language.units:
        return language.units[bracketed.group()]
    return "", 1.0
