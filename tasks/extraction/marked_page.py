"""A document as one page with every number marked: what it was read as, by which rules, or why it is no figure.

The page stands alone, has no script and asks nothing of the network. A mark is told by its sign and its frame, not by
colour alone; what it says opens at a tap or key press, and is listed once more below the text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from contracts.readings import Document, Reading
from tasks.extraction.text.documents import document_text

_SIGNS = {"figure": "✓", "doubtful": "?", "unresolved": "✗", "passed over": "–"}
_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.7 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin-top: 2rem }
details { display: inline; position: relative }
summary { display: inline; cursor: pointer; list-style: none; padding: 0 .15em; border-radius: .2em }
summary::-webkit-details-marker { display: none }
summary::after { content: attr(data-sign); font-size: .7em; vertical-align: super; margin-left: .1em }
.figure summary { border-bottom: 3px solid #1a7f37 } .doubtful summary { border: 2px dashed #9a6700 }
.unresolved summary { border: 2px solid #cf222e } .passed summary { border-bottom: 1px dotted currentColor }
details > span { display: block; border: 1px solid; padding: .4em .7em; margin: .3em 0; font-size: .9em }
details > span { white-space: pre-line }
table { border-collapse: collapse; font-size: .9rem }
td, th { border: 1px solid; padding: .2em .6em; text-align: left; vertical-align: top }
@media print { details > span { display: none } }
"""


@dataclass(frozen=True)
class Mark:
    """A number of the text and what is said of it."""

    start: int
    end: int
    status: str
    says: str


def write_marked_page(document: Document, reading: Reading) -> str:
    """The page: head, counts, the text with its marks, and a table of all marks. The document's text is escaped."""
    text = document_text(document)
    marks = list_marks(reading)
    head = reading.head
    title = f"{head.document_name}: {head.chain} {head.review_month}"
    counts = {status: sum(m.status == status for m in marks) for status in _SIGNS}
    legend = " · ".join(f"{sign} {counts[status]} {status}" for status, sign in _SIGNS.items())
    return (
        "<!doctype html>\n<html><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1><p>published {head.published_at:%Y-%m-%d %H:%M} UTC</p><p>{escape(legend)}</p>"
        f"<pre>{''.join(_mark_text(text, marks))}</pre>"
        "<h2>Every number</h2><table><tr><th>number</th><th>status</th><th>what it says</th></tr>"
        f"{''.join(_rows(text, marks))}"
        "</table></body></html>\n"
    )


def mark_text(text: str, marks: list[Mark]) -> str:
    """The text as HTML with its marks, which open at a tap or key press; everything of it is escaped.

    `marks` are in the order of the text and do not overlap.
    """
    return "".join(_mark_text(text, marks))


def list_marks(reading: Reading) -> list[Mark]:
    """A mark for each number of the reading, in the order of the text; the first of those that overlap."""
    marks = [Mark(row["span_start"], row["span_end"], "figure", _say(row)) for row in reading.figures.to_dicts()]
    marks += [
        Mark(
            row["span_start"],
            row["span_end"],
            "doubtful",
            f"{_say(row)}\n{row['doubt']} (confidence {row['confidence']:.2f})",
        )
        for row in reading.doubtful.to_dicts()
    ]
    for row in reading.numbers.to_dicts():
        start, _, end = row["place"].partition("-")
        marks.append(Mark(int(start), int(end), row["status"], row["reason"]))
    order = list(_SIGNS)
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda m: (m.start, order.index(m.status), -m.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
        elif mark.status == kept[-1].status and mark.start == kept[-1].start:
            last = kept[-1]
            kept[-1] = Mark(last.start, last.end, last.status, f"{last.says}\n{mark.says}")
    return kept


def _say(row: dict[str, object]) -> str:
    name = "/".join(str(row[part]) for part in ("segment", "product") if row[part])
    value = row["value"] if row["value"] is not None else f"{_end(row['lower'])} … {_end(row['upper'])}"
    about = "about " if row["qualifier"] == "about" else ""
    return (
        f"{name} {row['metric']} {row['measure']} {row['period']} {row['kind']} = {about}{value} {row['unit']}\n"
        f"rules: {row['rule']}"
    )


def _end(value: object) -> str:
    return "" if value is None else str(value)


def _mark_text(text: str, marks: list[Mark]) -> Iterator[str]:
    place = 0
    for mark in marks:
        yield escape(text[place : mark.start])
        kind = mark.status.split()[0]
        yield (
            f"<details class='{kind}'><summary data-sign='{_SIGNS[mark.status]}' title='{escape(mark.status)}'>"
            f"{escape(text[mark.start : mark.end])}</summary>"
            f"<span>{escape(mark.status)}: {escape(mark.says)}</span></details>"
        )
        place = mark.end
    yield escape(text[place:])


def _rows(text: str, marks: list[Mark]) -> Iterator[str]:
    for mark in marks:
        says = escape(mark.says).replace("\n", "<br>")
        yield (
            f"<tr><td>{escape(text[mark.start : mark.end])}</td>"
            f"<td>{_SIGNS[mark.status]} {escape(mark.status)}</td><td>{says}</td></tr>"
        )
