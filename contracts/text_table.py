"""A table as text for people: columns chosen by priority until they fit, numbers whole, texts cut with "…"."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
from rich.cells import cell_len, set_cell_size

from contracts.terminal_text import escape_terminal

_GAP = 2
NICE_TO_HAVE = 5
"""From this priority on a column is left out rather than that a text is cut for it."""
_UNUSUAL = "[^\x20-\u02ff\u2010-\u2319]"
"""Characters that may take no place in a terminal, or two."""
_UNSAFE = r"[^\x20-\x7e]"
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
_CLOSING = tuple("。，、；：）")
_NO_BREAK = "\ue000"  # any sign of one place that no document holds


@dataclass(frozen=True)
class Look:
    """What a person looks at: so many places wide (None = as wide as it takes), and whether it shows bold."""

    width: int | None = None
    color: bool = False

    def narrow(self, by: int) -> "Look":
        """The same with an indent of so many places taken away."""
        return Look(None if self.width is None else self.width - by, self.color)

    def head(self, title: str) -> str:
        """A heading."""
        return f"{BOLD}{title}{PLAIN}" if self.color else title

    def wrap(self, sentence: str, indent: str = "") -> list[str]:
        """A sentence of any origin as lines that fit, those after the first two places further in."""
        return wrap_sentence(sentence, self.width, indent)


@dataclass(frozen=True)
class TextColumn:
    """One column: its heading, how it stands, how early it is given up (a lower priority stays longer).

    A column that may be cut is a sentence or a name; a number, month or id is shown whole or not at all.
    """

    heading: str
    priority: int = 5
    align: Literal["left", "right"] = "left"
    may_cut: bool = False
    least: int = 10
    """Narrowest that a text which may be cut becomes."""

    @property
    def narrowest(self) -> int:
        """Least width of a column that may be cut; its heading stays whole."""
        return max(self.least, cell_len(self.heading))


def render_table(
    frame: pl.DataFrame, columns: Sequence[TextColumn], *, width: int | None, color: bool = False
) -> list[str]:
    """The lines of a table of texts, heading first; None stands for no limit of width.

    `frame` has one string column per `TextColumn`, in order; nulls show as nothing. Columns that do not fit are left
    out, those of the highest priority number first; columns without any text are left out too. Widths are those of a
    terminal: a Chinese character takes two places. Text of documents is escaped.
    """
    texts = frame.with_columns(_clean(name) for name in frame.columns)
    shown = [(name, c) for name, c in zip(texts.columns, columns, strict=True) if _has_text(texts[name])]
    if not shown:
        return []
    needed = {name: max(cell_len(c.heading), _widest(texts[name])) for name, c in shown}
    kept = _choose(shown, needed, width)
    widths = _share_width(kept, needed, width)
    heading = "  ".join(_pad_text(c.heading, widths[name], c.align) for name, c in kept).rstrip()
    cells = [_pad(_cut(texts[name], widths[name]), widths[name], c.align) for name, c in kept]
    body = pl.select(pl.concat_str(cells, separator=" " * _GAP).str.strip_chars_end(" ")).to_series().to_list()
    return [f"{BOLD}{heading}{PLAIN}" if color else heading, *body]


def _clean(name: str) -> pl.Expr:
    """Text without anything a terminal would obey; only texts beyond ASCII are looked at one by one."""
    text = pl.col(name).cast(pl.String).fill_null("")
    escaped = text.map_elements(escape_terminal, return_dtype=pl.String, skip_nulls=True)
    return pl.when(text.str.contains(_UNSAFE)).then(escaped).otherwise(text).alias(name)


def _has_text(texts: pl.Series) -> bool:
    return texts.is_empty() or bool((texts != "").any())


def _widest(texts: pl.Series) -> int:
    return max(_width(texts).to_list(), default=0)


def _width(texts: pl.Series) -> pl.Series:
    """Places that each text takes; only unusual ones are measured one by one."""
    text = pl.col(texts.name)
    measured = text.map_elements(cell_len, return_dtype=pl.Int64)
    usual = ~text.str.contains(_UNUSUAL)
    return (
        texts.to_frame()
        .select(pl.when(usual).then(text.str.len_chars().cast(pl.Int64)).otherwise(measured))
        .to_series()
    )


def _choose(
    shown: list[tuple[str, TextColumn]], needed: dict[str, int], width: int | None
) -> list[tuple[str, TextColumn]]:
    """Columns that fit, by priority; one that is nice to have comes only where nothing is cut for it."""
    if width is None:
        return shown
    least, whole, names = -_GAP, -_GAP, set[str]()
    for name, column in sorted(shown, key=lambda pair: pair[1].priority):
        narrow = min(needed[name], column.narrowest) if column.may_cut else needed[name]
        taken = whole if column.priority >= NICE_TO_HAVE else least
        if not names or taken + _GAP + narrow <= width:
            names.add(name)
            least, whole = least + _GAP + narrow, whole + _GAP + needed[name]
    return [(name, column) for name, column in shown if name in names]


def _share_width(kept: list[tuple[str, TextColumn]], needed: dict[str, int], width: int | None) -> dict[str, int]:
    """Widths as needed; where that is too much, columns that may be cut give way, those of low rank first."""
    widths = {name: needed[name] for name, _ in kept}
    if width is None:
        return widths
    over = sum(widths.values()) + _GAP * (len(kept) - 1) - width
    for name, column in sorted(kept, key=lambda pair: -pair[1].priority):
        if column.may_cut and over > 0:
            given = min(over, widths[name] - min(widths[name], column.narrowest))
            widths[name] -= given
            over -= given
    return widths


def _cut(texts: pl.Series, width: int) -> pl.Series:
    if _widest(texts) <= width:
        return texts
    return texts.map_elements(lambda text: _cut_text(text, width), return_dtype=pl.String)


def _cut_text(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    kept = set_cell_size(text, width - 1)
    return kept.rstrip() + "…"


def _pad(texts: pl.Series, width: int, align: str) -> pl.Series:
    spaces = pl.lit(" ").repeat_by(pl.lit(width) - _width(texts)).list.join("")
    padded = texts + pl.select(spaces).to_series() if align == "left" else pl.select(spaces).to_series() + texts
    return padded.rename(f"{texts.name}_{align}")


def _pad_text(text: str, width: int, align: str) -> str:
    spaces = " " * (width - cell_len(text))
    return text + spaces if align == "left" else spaces + text


def wrap_sentence(sentence: str, width: int | None, indent: str = "") -> list[str]:
    """Lines of at most `width` places; a number stays with its unit. Text of documents is escaped."""
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only sentences need it
    from rich.text import Text  # noqa: PLC0415

    text = escape_terminal(sentence)
    if width is None:
        return [indent + text]
    bound = text.replace(" %", _NO_BREAK + "%").replace(", +", "," + _NO_BREAK + "+")
    bound = bound.replace(", −", "," + _NO_BREAK + "−")
    lines = Text(bound).wrap(Console(width=width, file=io.StringIO()), max(width - len(indent) - 2, 20))
    return [
        (indent + ("  " if indent and place else "") + line).replace(_NO_BREAK, " ")
        for place, line in enumerate(_hang_marks(line.plain.rstrip() for line in lines))
    ]


def _hang_marks(lines: Iterable[str]) -> list[str]:
    """No line begins with a mark that closes what stands before it: that hangs in the two places kept free."""
    hung: list[str] = []
    for line in lines:
        marks = line[:1] if hung and line[:1] in _CLOSING else ""
        if marks:
            hung[-1] += marks
        if line != marks or not marks:
            hung.append(line[len(marks) :].lstrip() if marks else line)
    return hung
