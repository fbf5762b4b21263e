"""Settling: what a reader read and doubted, on a sheet that a person corrects, and the reading that comes of it."""

from tasks.settling.account_rows import list_numbers, list_settled_numbers
from tasks.settling.corrections import read_settled
from tasks.settling.reading_record import build_reading_record
from tasks.settling.sheet_file import SheetHead, write_review_sheet
from tasks.settling.sheet_reader import ReviewSheet, find_review_sheet

__all__ = [
    "ReviewSheet",
    "SheetHead",
    "build_reading_record",
    "find_review_sheet",
    "list_numbers",
    "list_settled_numbers",
    "read_settled",
    "write_review_sheet",
]
