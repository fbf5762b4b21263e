"""The form of a review sheet: its columns, its words, and what tells it from any other workbook."""

from contracts.settlements import STATED

MARKER = "Trona review sheet"
"""First cell of the sheet About; by it, not by the names of sheets or files, a review sheet is known."""
VERSION = "1"

DECISION, SENTENCE, WHY, NUMBER = "right?", "sentence", "why", "number"
YES, NO = "yes", "no"
VALUES = STATED[:-1]
"""What a person settles: key, values, unit and qualifier."""
COLUMNS = (DECISION, "status", SENTENCE, WHY, *VALUES, "note", "confidence", NUMBER)
NEEDED = (DECISION, *VALUES, NUMBER)
"""Columns without which a sheet cannot be taken back; they may stand in any order."""

ABOUT = ("document", "SHA-256", "source", "chain", "reviews", "published", "settled by", "settled at")
"""Rows of the sheet About, below its first."""

HOW = (
    "Where a row is right, say yes; where the number is no figure, say no. What is wrong is "
    "corrected in its cells, what is missing added in a row below the last, with its sentence. Rows marked as accepted "
    "count unless you change them, say no or delete them; doubtful ones only if you say yes or correct them. Put your "
    "name on the sheet About, save, and: {command}"
)
