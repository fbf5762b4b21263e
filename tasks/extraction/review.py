"""A review's text read to its statements: passages in order, each sentence in its context."""

import re
from dataclasses import dataclass, field, replace

from contracts.period import last_month
from tasks.extraction.context import Context, Scope
from tasks.extraction.mentions.compounds import complete_names
from tasks.extraction.mentions.joining import (
    join_subjects,
    match_lists,
    name_multiple_bases,
    name_periods,
    part_basis_pairs,
)
from tasks.extraction.mentions.lexicon import Lexicon
from tasks.extraction.mentions.measuring import join_quantities
from tasks.extraction.mentions.periods import Calendar, PeriodName
from tasks.extraction.mentions.scan import scan
from tasks.extraction.mentions.token import NUMBER, Token
from tasks.extraction.relations.attach import read_sentence
from tasks.extraction.relations.directions import read_directions
from tasks.extraction.relations.view import HARD, View, make_view
from tasks.extraction.rules import BIT, bits
from tasks.extraction.statements import Findings, Open, Statement
from tasks.extraction.tables import TextTable, find_unit
from tasks.extraction.text.layout import Passage, find_passages, find_sentences

_SUBJECT, _METRIC, _PERIOD, _CHANGE = BIT["subject"], BIT["metric"], BIT["period"], BIT["change"]
_ACTIVITY, _MODAL, _OUTLOOK = BIT["activity"], BIT["modal"], BIT["outlook"]
_MARKS = bits(["comma", "colon", "in", "of", "industry", "open", "close", "hyphen", "dash"])
_SHARE = bits(["share_noun", "share_verb"])
_MEASURED = bits(["rate", "quantity", "points"])
_RUN_IN = bits(["subject", "chain", "and", "comma", "colon", "separator", "metric", "slash", "agent", "industry", "of"])


@dataclass(frozen=True)
class Stated:
    """A statement in its place of the document, with the sentence that proves it."""

    statement: Statement
    start: int
    end: int


@dataclass(frozen=True)
class Number:
    """A number of the document that is no figure: where it stands, its sentence, and why."""

    start: int
    end: int
    sentence_start: int
    sentence_end: int
    status: str
    reason: str


@dataclass
class Account:
    """Every statement, direction and other number of a document, in the order of the text."""

    stated: list[Stated]
    directions: list[Stated]
    numbers: list[Number]
    sentences: list[tuple[int, int]] = field(default_factory=list)


def read_text(text: str, lexicon: Lexicon, calendar: Calendar, *, is_dated: bool = False) -> Account:
    """The account of a text: what it states of the chain, and what became of every other number."""
    account = Account([], [], [])
    context = Context(lexicon, calendar, is_dated=is_dated)
    previous = ""
    table: TextTable | None = None
    for passage in find_passages(text):
        if passage.kind == "row":
            table = table if table is not None and previous == "row" else TextTable(context)
            _record(account, passage, 0, len(passage.plain), table.read_row(passage))
        elif passage.kind in {"heading", "title"}:
            context = _enter_heading(context, passage)
            _pass_over_heading(account, context, passage)
        else:
            context = _open_passage(context, passage, previous)
            context = _read_passage(account, context, passage)
        previous = passage.kind
    return account


def _open_passage(context: Context, passage: Passage, previous: str) -> Context:
    """Items of one list share its lead-in; anything else is a paragraph of its own."""
    if passage.kind == "item" or (previous == "lead" and passage.kind != "lead"):
        return context.start_item()
    return context.start_paragraph()


def _read_passage(account: Account, context: Context, passage: Passage) -> Context:
    lexicon = context.lexicon
    for start, end in find_sentences(passage):
        if not lexicon.telling.search(passage.plain, start, end) and end - start > _SHORT:
            continue
        tokens = find_mentions(lexicon, passage, start, end)
        if _is_run_in_heading(tokens):
            scope = _make_scope(tokens)
            context = context.enter_section(replace(scope, metric=scope.metric or ""))
            continue
        view = make_view(tokens, passage.plain, start, end, context)
        found = _read_view(view)
        found.opens += _list_named_numbers(tokens, passage.plain)
        _record(account, passage, start, end, found)
        context = _remember(context, view, found)
        if passage.plain[start:end].rstrip(' *_"').endswith(":"):
            context = replace(context, lead=_make_lead(context, tokens))
    return context


def find_mentions(lexicon: Lexicon, passage: Passage, start: int, end: int) -> list[Token]:
    """Mentions of a sentence, joined: quantities with their ranges and bounds, names, bases, matched lists."""
    plain = passage.plain
    tokens = [t for t in scan(lexicon, plain, passage.raw, start, end) if t.mask != BIT["change_title"]]
    tokens = complete_names(lexicon, tokens, plain)
    tokens = join_quantities(tokens, plain, lexicon.language.hedge_gaps)
    tokens = join_subjects(lexicon, tokens, plain)
    tokens = part_basis_pairs(name_multiple_bases(name_periods(tokens, plain)))
    match_lists(tokens)
    return tokens


def _read_view(view: View) -> Findings:
    found = read_sentence(view)
    found.directions = read_directions(view)
    return found


def _list_named_numbers(tokens: list[Token], plain: str) -> list[Open]:
    """Digits that are part of a date, a period or a name, and count nothing."""
    return [
        Open(t.start, t.end, "passed over", "a date or period" if t.mask & _DATED else "part of a name")
        for t in tokens
        if t.quantity is None and any(char.isdigit() for char in plain[t.start : t.end])
    ]


_SHORT = 40
_DATED = bits(["date", "period", "basis", "month", "since", "reference"])


def _is_run_in_heading(tokens: list[Token]) -> bool:
    """A sentence of names alone: "Cathode materials." opens a section inside a paragraph."""
    if not tokens or len(tokens) > 6 or not any(t.mask & _SUBJECT for t in tokens):
        return False
    return all(t.mask & _RUN_IN for t in tokens)


def _enter_heading(context: Context, passage: Passage) -> Context:
    tokens = find_mentions(context.lexicon, passage, 0, len(passage.plain))
    if passage.kind == "title":
        return replace(context.start_paragraph(), section=Scope(), parent=Scope(), document=_make_scope(tokens).subject)
    scope = replace(_make_scope(tokens), unit=find_unit(context.lexicon, passage.plain, passage.raw))
    bases = {t.roles["basis"] for t in tokens if t.mask & BIT["basis"]}
    if len(bases) == 1 and "%" in passage.plain:  # "Output by region (Mt; % over the corresponding month)"
        scope = replace(scope, basis=bases.pop())
    if scope.subject is None and (scope.metric or scope.period is not None) and passage.level >= 1:
        scope = replace(scope, subject=context.section.subject if scope.metric and not scope.period else None)
    return context.enter_section(scope)


def _make_scope(tokens: list[Token]) -> Scope:
    """What a heading says: its subject, the one metric it names, its month."""
    subjects = [t.roles["subject"] for t in tokens if t.mask & _SUBJECT]
    segments = [{segment for segment, _ in nodes} for nodes in subjects]
    is_mixed = any(not other & segments[0] for other in segments)
    metrics = {t.roles["metric"] for t in tokens if t.mask & _METRIC}
    activities = [str(t.roles["activity"]) for t in tokens if t.mask & _ACTIVITY]
    things = [t for t in tokens if t.mask & BIT["thing"]]
    periods = [t.roles["period"] for t in tokens if t.mask & _PERIOD]
    elsewhere = activities[0] if activities and not metrics else ""
    if things and not subjects:
        elsewhere = elsewhere or "another product"
    return Scope(
        subject=None if is_mixed or not subjects else subjects[0],
        metric=next(iter(metrics)) if len(metrics) == 1 and len(tokens) <= 6 else "",
        period=periods[0] if periods and len(tokens) <= 6 and _names_span(tokens, periods[0]) else None,
        is_elsewhere=elsewhere,
    )


def _names_span(tokens: list[Token], period: PeriodName) -> bool:
    """Whether a heading is about its period: a year is only where nothing else is named ("The year", "2024")."""
    return not period.kind.endswith("year") or all(t.mask & (_PERIOD | _METRIC | _MARKS) for t in tokens)


def _make_lead(context: Context, tokens: list[Token]) -> Scope:
    """What a lead-in says for its list."""
    subjects = [t.roles["subject"] for t in tokens if t.mask & _SUBJECT]
    metrics = [t.roles["metric"] for t in tokens if t.mask & _METRIC]
    activities = [str(t.roles["activity"]) for t in tokens if t.mask & _ACTIVITY]
    bases = [t.roles["basis"] for t in tokens if t.mask & BIT["basis"]]
    periods = [t.roles["period"] for t in tokens if t.mask & _PERIOD]
    has_number = any(t.mask & _MEASURED for t in tokens)
    return Scope(
        subject=subjects[-1] if subjects else (context.last if has_number else None),
        metric=metrics[-1] if metrics else context.last_metric if has_number else "",
        basis=bases[-1] if bases and not has_number else None,
        period=periods[-1] if periods else context.last_period,
        is_share=any(t.mask & _SHARE for t in tokens) and not has_number,
        is_elsewhere=activities[-1] if activities and not metrics else "",
    )


def _remember(context: Context, view: View, found: Findings) -> Context:
    """What a sentence leaves for the next: its subject, metric and span, and the month it looks ahead to."""
    subjects = [view.tokens[i].roles["subject"] for i in range(len(view.tokens)) if view.masks[i] & _SUBJECT]
    last, topic, metric = context.last, context.topic, context.last_metric
    if found.statements:
        statement = found.statements[-1]
        segment, product = statement.node
        last = frozenset({(segment, "" if statement.measure == "share_pct" else product)})
        first_segment, first_product = found.statements[0].node
        topic = topic or frozenset(
            {(first_segment, "" if found.statements[0].measure == "share_pct" else first_product)}
        )
        metric = statement.metric
        nodes = {s.node for s in found.statements}
        if len({n[1] for n in nodes if n[1] and n[0] == segment}) > 1:
            last = frozenset({(segment, "")})
    elif any(o.status == "passed over" and o.reason not in _SILENT for o in found.opens):
        metric = "?" + next(o.reason for o in found.opens if o.status == "passed over" and o.reason not in _SILENT)
    elif subjects:
        last, topic = subjects[-1], topic or subjects[0]
    return replace(
        context,
        last=last,
        topic=topic,
        last_metric=metric,
        last_basis=_last_basis(context, found),
        last_period=_last_period(context, view, found),
        outlook=_look_ahead(context, view),
        told=context.told | {s.node for s in found.statements},
        thread=last or context.thread,
        bases=context.bases | {s.measure[:3] for s in found.statements if _is_usual_growth(s, context.calendar.period)},
    )


_SILENT = {
    "no unit of the chain", "a unit of no figure", "the base of a comparison", "a quantity of a span to date",
    "a distance from an expectation", "the same quantity in another unit", "a week's figure", "a day's figure",
    "a spot quote", "a part of a month", "a quote within the month", "another base of comparison",
    "a step between half-years", "a plan", "a plant's or project's size", "planned or idle capacity", "a wish",
    "no nameable period", "no month named in a report of days or weeks", "planned capacity",
}  # fmt: skip


def _last_basis(context: Context, found: Findings) -> str:
    """The only base of comparison that the last sentence with growth was about."""
    measures = {s.measure for s in found.statements if _is_usual_growth(s, context.calendar.period)}
    if not measures:
        return str(context.last_basis or "")
    return "yoy" if measures == {"yoy_pct"} else "mom"


def _is_usual_growth(statement: Statement, period: str) -> bool:
    """Whether a statement is growth of a span like the reviewed one, which tells the base a document compares with."""
    is_alike = len(statement.period) == len(period) and statement.period[5:6].isdigit() == period[5:6].isdigit()
    return is_alike and statement.measure in {"mom_pct", "yoy_pct"}


def _last_period(context: Context, view: View, found: Findings) -> PeriodName | None:
    """The span that a sentence was about where it is no month: it holds until another period is named."""
    names: list[PeriodName] = [
        view.tokens[i].roles["period"] for i in range(len(view.tokens)) if view.masks[i] & _PERIOD
    ]
    if not names:
        return context.last_period
    stated = {s.period for s in found.statements}
    if any(len(p) == 7 and p[5] not in "QH" for p in stated if p not in _spans_to_date(found)):
        return None
    to_date = any(o.reason == "a quantity of a span to date" for o in found.opens)
    to_date = to_date or any(s.measure == "ytd_yoy_pct" for s in found.statements)
    for name in reversed(names):
        if (name.kind == "to_date" and to_date) or (
            name.kind != "to_date" and context.calendar.resolve(name) in stated
        ):
            return name
    return None


def _spans_to_date(found: Findings) -> set[str]:
    return {s.period for s in found.statements if s.measure == "ytd_yoy_pct"}


_PASSING = BIT["part_of"] | BIT["since"]
_OPENING = 3
"""A period among so many first mentions opens its sentence."""


def _look_ahead(context: Context, view: View) -> PeriodName | None:
    """The coming month that the paragraph has turned to; none once a month that is over is named again."""
    calendar = context.calendar
    outlook = context.outlook
    for place, mask in enumerate(view.masks):
        if not mask & _PERIOD:
            continue
        name = view.tokens[place].roles["period"]
        period = calendar.resolve(name)
        if not period or name.kind == "to_date":
            continue
        if last_month(period) <= calendar.review:
            outlook = None
        elif name.is_month and (place < _OPENING or view.any_of(0, len(view.masks), _MODAL | _OUTLOOK)):
            outlook = outlook if view.any_of(max(0, place - 2), place, _PASSING) else name
    return outlook


def _record(account: Account, passage: Passage, start: int, end: int, found: Findings) -> None:
    first, last = passage.span(start, end) if end > start else (passage.start, passage.end)
    is_title = passage.kind == "row" and not (found.statements or found.opens)
    if passage.kind not in {"heading", "title"} and not is_title:
        account.sentences.append((first, last))
    for statement in found.statements:
        account.stated.append(_place(statement, passage, first, last))
    for statement in found.directions:
        account.directions.append(_place(statement, passage, first, last))
    for number in found.opens:
        a, b = passage.span(number.start, number.end)
        account.numbers.append(Number(a, b, first, last, number.status, number.reason))


def _place(statement: Statement, passage: Passage, first: int, last: int) -> Stated:
    start, end = passage.span(statement.start, statement.end)
    return Stated(replace(statement, start=start, end=end), first, last)


def _pass_over_heading(account: Account, context: Context, passage: Passage) -> None:
    tokens = scan(context.lexicon, passage.plain, passage.raw, 0, len(passage.plain))
    opens = [Open(t.start, t.end, "passed over", "a heading") for t in tokens if t.mask & NUMBER]
    _record(account, passage, 0, len(passage.plain), Findings(opens=opens))


__all__ = ["HARD", "Account", "Number", "Stated", "re", "read_text"]
