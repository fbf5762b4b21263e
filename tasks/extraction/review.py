"""A review's text read to its figures: blocks in order, context carried, one figure per fact."""

from dataclasses import dataclass
from datetime import date

from tasks.extraction.attach import read_sentence
from tasks.extraction.blocks import Block, find_blocks, find_sentences
from tasks.extraction.lexicon import Lexicon, normalise
from tasks.extraction.periods import resolve_period
from tasks.extraction.scan import scan_sentence
from tasks.extraction.statements import Context, Findings, Miss, Statement
from tasks.extraction.table_in_text import TextTable
from tasks.extraction.tokens import Token


@dataclass
class SourcedStatement:
    """A statement with the sentence that proves it."""

    statement: Statement
    start: int
    end: int


@dataclass
class Missed:
    """A number not placed, with its sentence."""

    miss: Miss
    start: int
    end: int


def read_text(text: str, lexicon: Lexicon, review: date) -> tuple[list[SourcedStatement], list[Missed]]:
    """Every statement of the text in order, directions included, and every number that could not be placed."""
    plain = normalise(text)
    context = Context(lexicon, review)
    stated: list[SourcedStatement] = []
    directions: list[SourcedStatement] = []
    missed: list[Missed] = []
    blocks = find_blocks(text)
    previous = ""
    grid: TextTable | None = None
    for number, block in enumerate(blocks):
        if block.kind == "row":
            grid = grid if grid is not None and previous == "row" else TextTable(text, plain, context)
            row = grid.read_row(block)
            stated += [SourcedStatement(s, block.start, block.end) for s in row.statements]
            missed += [Missed(m, block.start, block.end) for m in row.misses]
            previous = block.kind
            continue
        if block.kind == "heading":
            _enter_section(text, plain, block, context, is_title=number == 0)
            previous = block.kind
            continue
        if not (previous == "lead" or (block.kind == "item" and previous == "item")):
            context.start_paragraph()
        lead: Findings | None = None
        for start, end in find_sentences(text, block.start, block.end):
            if end - start > _SHORT and not lexicon.hint.search(plain, start, end):
                continue
            tokens = scan_sentence(lexicon, text, plain, start, end)
            if _is_run_in_heading(tokens):
                _set_section(tokens, context)
                continue
            if not _may_state(tokens):
                _remember(tokens, None, context, review)
                if text[start:end].endswith((":", "：")):
                    _take_lead(tokens, context)
                continue
            lead = read_sentence(tokens, context)
            stated += [SourcedStatement(s, start, end) for s in lead.statements]
            directions += [SourcedStatement(s, start, end) for s in lead.directions]
            missed += [Missed(m, start, end) for m in lead.misses]
            _remember(tokens, lead, context, review)
            if text[start:end].rstrip().endswith((":", "：")):
                _take_lead(tokens, context)
        previous = block.kind
    return [*stated, *directions], missed


def _may_state(tokens: list[Token]) -> bool:
    """Whether a sentence holds a quantity, or a change that could be of a metric."""
    has_change = False
    for token in tokens:
        if token.number is not None and token.number.unit not in _NO_UNIT:
            return True
        has_change = has_change or "change" in token.roles
    return has_change


# a heading that runs into its paragraph is shorter than this
_SHORT = 40
_NO_UNIT = {"", "other"}


def _is_run_in_heading(tokens: list[Token]) -> bool:
    """A sentence of names alone: "Cathode materials." opens a section inside a paragraph."""
    if not tokens or len(tokens) > 5 or not any("subject" in t.roles for t in tokens):
        return False
    return all(
        t.roles.keys() & {"subject", "chain", "and", "comma", "colon"} for t in tokens if t.number is None
    ) and all(t.number is None for t in tokens)


def _enter_section(text: str, plain: str, block: Block, context: Context, *, is_title: bool) -> None:
    tokens = scan_sentence(context.lexicon, text, plain, block.start, block.end)
    context.start_paragraph()
    context.heading_period = ""
    if is_title:
        context.section = None
        context.parent = None
        return
    _set_section(tokens, context)
    periods = [t.roles["period"] for t in tokens if "period" in t.roles]
    months = [name for name in periods if name.kind in {"month", "next_month", "this_month"}]
    if months:
        context.heading_period = resolve_period(months[0], context.review)


def _set_section(tokens: list[Token], context: Context) -> None:
    subjects = [t.roles["subject"] for t in tokens if "subject" in t.roles]
    earlier = context.section
    context.section = subjects[0] if subjects else None
    context.parent = earlier
    context.subject = None
    context.last = None
    segments = [{segment for segment, _ in nodes} for nodes in subjects]
    context.is_section_mixed = any(not other & segments[0] for other in segments)
    metrics = [t.roles["metric"] for t in tokens if "metric" in t.roles]
    if len(metrics) == 1 and len(tokens) <= 4:
        context.metric = metrics[0]
        if not subjects:
            context.section = earlier


def _remember(tokens: list[Token], found: Findings | None, context: Context, review: date) -> None:
    """What a sentence leaves for the next one: its period where it looks ahead."""
    periods = [t.roles["period"] for t in tokens if "period" in t.roles]
    named = [resolve_period(p, review) for p in periods]
    months = [p for p in named if len(p) == 7 and p[5] not in "QH"]
    context.period = months[-1] if months else context.period
    if found is not None and found.statements:
        last = found.statements[-1]
        segment, product = last.node
        context.last = frozenset({(segment, "" if last.measure == "share_pct" else product)})


def _take_lead(tokens: list[Token], context: Context) -> None:
    subjects = [t.roles["subject"] for t in tokens if "subject" in t.roles]
    if subjects:
        context.subject = subjects[-1]
    metrics = [t.roles["metric"] for t in tokens if "metric" in t.roles]
    if metrics:
        context.metric = metrics[-1]
    bases = [t.roles["basis"] for t in tokens if "basis" in t.roles]
    if bases:
        context.basis = bases[-1]
    context.is_share = any("share_noun" in t.roles or "share_verb" in t.roles for t in tokens)
