"""A number shown in its sentence and its document."""

from dataclasses import dataclass

_CONTEXT = 300


@dataclass(frozen=True)
class MarkedText:
    """A passage in three parts; `evidence_before` and `evidence_after` are the rest of the number's sentence.

    `before` and `after` are what stands around the sentence. All parts are plain text, not yet escaped.
    """

    before: str
    evidence_before: str
    number: str
    evidence_after: str
    after: str

    @property
    def sentence(self) -> str:
        """The whole sentence."""
        return self.evidence_before + self.number + self.evidence_after


def mark_evidence(text: str, span_start: int, span_end: int, evidence: str, *, context: int = _CONTEXT) -> MarkedText:
    """The number at `text[span_start:span_end]` marked in its sentence, with up to `context` characters around it.

    Where the span lies outside the text or outside the sentence, the sentence alone is given and nothing is marked.
    """
    if not 0 <= span_start < span_end <= len(text):
        return MarkedText("", evidence, "", "", "")
    start = text.find(evidence, max(0, span_start - len(evidence)), span_end + len(evidence)) if evidence else -1
    if start < 0 or not start <= span_start <= span_end <= start + len(evidence):
        start, end = span_start, span_end
    else:
        end = start + len(evidence)
    return MarkedText(
        before=text[max(0, start - context) : start],
        evidence_before=text[start:span_start],
        number=text[span_start:span_end],
        evidence_after=text[span_end:end],
        after=text[end : end + context],
    )
