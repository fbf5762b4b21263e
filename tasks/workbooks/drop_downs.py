"""Drop-downs of a sheet that a person fills in: the words of a chain and of the vocabulary, by column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.chain import Chain
from contracts.vocabulary import KINDS, LEVEL_UNITS, MEASURES, METRICS, PERCENT, POINTS, QUALIFIERS, SIGN

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

LISTS = "Lists of words"
"""Name of the hidden sheet that holds the words; a reader of tables passes it over without a word."""


@dataclass(frozen=True)
class Rows:
    """The rows of a sheet that have drop-downs, counted from 0."""

    first: int
    last: int


def list_words(chain: Chain) -> dict[str, list[str]]:
    """The words of each column that has some."""
    return {
        "segment": [segment.name for segment in chain.segments],
        "product": list(dict.fromkeys(p.name for segment in chain.segments for p in segment.products)),
        "metric": list(METRICS),
        "measure": list(MEASURES),
        "kind": list(KINDS),
        "unit": list(dict.fromkeys((PERCENT, POINTS, *LEVEL_UNITS, SIGN))),
        "qualifier": list(QUALIFIERS),
    }


def add_drop_downs(page: "Worksheet", columns: Sequence[str], rows: Rows, words: Mapping[str, Sequence[str]]) -> None:
    """Give the columns that have words a drop-down; other words are warned of and may stand, since names have aliases.

    The words themselves are written by `write_words`.
    """
    for place, (name, allowed) in enumerate(words.items()):
        if name not in columns or not allowed:
            continue
        letter = chr(ord("A") + place)
        rule = {
            "validate": "list",
            "source": f"='{LISTS}'!${letter}$2:${letter}${len(allowed) + 1}",
            "error_type": "warning",
            "error_title": name,
            "error_message": f"This is none of the usual words for {name}. Keep it?",
        }
        page.data_validation(rows.first, columns.index(name), rows.last, columns.index(name), rule)


def write_words(workbook: "Workbook", words: Mapping[str, Sequence[str]]) -> None:
    """The hidden sheet with a column of words for each name; written last, so that it is the last sheet."""
    page = workbook.add_worksheet(LISTS)
    for place, (name, allowed) in enumerate(words.items()):
        page.write_column(0, place, [name, *allowed])
    page.hide()
