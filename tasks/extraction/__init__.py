"""Figures from prose: documents in, figures with their evidence out."""

from tasks.extraction.text.documents import document_text, is_review
from tasks.extraction.explaining import MarkedText, mark_evidence
from tasks.extraction.reading import read_review

__all__ = ["MarkedText", "document_text", "is_review", "mark_evidence", "read_review"]
