"""Workbooks for analysts: tables with real dates, numbers, units and notes; drop-downs for what they fill in."""

from tasks.workbooks.drop_downs import LISTS, Rows, add_drop_downs, list_words, write_words
from tasks.workbooks.safe_workbook import make_workbook
from tasks.workbooks.workbook import Sheet, make_tables, refuse_too_many, write_workbook

__all__ = [
    "LISTS",
    "Rows",
    "Sheet",
    "add_drop_downs",
    "list_words",
    "make_tables",
    "make_workbook",
    "refuse_too_many",
    "write_words",
    "write_workbook",
]
