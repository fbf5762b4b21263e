"""A number marked in its sentence, and text that no terminal obeys."""

from contracts.terminal_text import escape_terminal
from tasks.extraction import mark_evidence

TEXT = "First sentence. Cathode output rose 7% MoM in May. Last sentence."
EVIDENCE = "Cathode output rose 7% MoM in May."


def test_number_is_marked_in_its_sentence():
    start = TEXT.index("7%")
    marked = mark_evidence(TEXT, start, start + 2, EVIDENCE)
    assert marked.number == "7%"
    assert marked.sentence == EVIDENCE
    assert (marked.before, marked.after) == ("First sentence. ", " Last sentence.")


def test_context_is_cut():
    start = TEXT.index("7%")
    marked = mark_evidence(TEXT, start, start + 2, EVIDENCE, context=4)
    assert (marked.before, marked.after) == ("ce. ", " Las")


def test_repeated_sentence_is_marked_where_the_number_stands():
    text = f"{EVIDENCE} {EVIDENCE}"
    start = text.rindex("7%")
    marked = mark_evidence(text, start, start + 2, EVIDENCE)
    assert marked.before == f"{EVIDENCE} "
    assert marked.after == ""


def test_span_outside_the_text_marks_nothing():
    marked = mark_evidence(TEXT, 900, 902, EVIDENCE)
    assert (marked.sentence, marked.number) == (EVIDENCE, "")


def test_escape_terminal():
    assert escape_terminal("plain 7 %") == "plain 7 %"
    assert escape_terminal("正极材料 −3%") == "正极材料 −3%"
    assert escape_terminal("\x1b[31mred\x07") == "\\x1b[31mred\\x07"
    assert escape_terminal("a\u202eb") == "a\\u202eb"
    assert escape_terminal("a\nb\tc\r\nd") == "a b c  d"
    assert escape_terminal("a\nb", keep_lines=True) == "a\nb"
    assert escape_terminal("\x9b2J") == "\\x9b2J"
