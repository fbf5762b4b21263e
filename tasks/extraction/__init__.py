"""Reviews of prose read to figures: documents in, figures with their evidence out, and an account of every number."""

from tasks.extraction.explaining import MarkedText, mark_evidence
from tasks.extraction.listing import list_reading
from tasks.extraction.marked_page import write_marked_page
from tasks.extraction.past import doubt_by_past
from tasks.extraction.reading import read_review
from tasks.extraction.text.documents import document_text, is_review

__all__ = [
    "MarkedText",
    "document_text",
    "doubt_by_past",
    "is_review",
    "list_reading",
    "mark_evidence",
    "read_review",
    "write_marked_page",
]
