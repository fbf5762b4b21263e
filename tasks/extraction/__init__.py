"""Reviews of prose read to figures: documents in, figures with their evidence out."""

from tasks.extraction.documents import document_text, is_review
from tasks.extraction.explaining import Marked, explain_figure
from tasks.extraction.reading import read_review

__all__ = ["Marked", "document_text", "explain_figure", "is_review", "read_review"]
