"""Mentions that stand together joined: names to one subject, "than in May" to a basis, matched lists to labels."""

import re
from collections.abc import Iterator
from typing import Any

from tasks.extraction.mentions.lexicon import Lexicon
from tasks.extraction.mentions.periods import PeriodName
from tasks.extraction.mentions.token import NUMBER, Token, make_token
from tasks.extraction.rules import BIT

_SUBJECT, _THING, _PERIOD, _MONTH, _RELATIVE = (BIT[r] for r in ("subject", "thing", "period", "month", "relative"))
_MADE_OF, _HYPHEN = BIT["made_of"], BIT["hyphen"]
_AGAINST, _AGAINST_AFTER, _SINCE = BIT["against"], BIT["against_after"], BIT["since"]
_NOT_BETWEEN = (
    BIT["of"]
    | BIT["in"]
    | BIT["part_of"]
    | BIT["relative"]
    | BIT["metric"]
    | BIT["level"]
    | BIT["share_verb"]
    | BIT["pronoun"]
)
_BASES = {"previous_month": "mom", "last_month": "mom", "last_year": "yoy", "last_quarter": "qoq"}


def join_subjects(lexicon: Lexicon, tokens: list[Token], plain: str) -> list[Token]:
    """Names side by side as one subject: "hard carbon anode", "layered oxide O3", "NFPP-based cells"."""
    out: list[Token] = []
    for token in tokens:
        if token.mask & _MADE_OF and len(out) > 1 and out[-1].mask & _HYPHEN and out[-2].mask & _SUBJECT:
            out.pop()
        if token.mask & _SUBJECT and out and out[-1].mask & _MADE_OF and not (len(out) > 1 and out[-2].mask & _SUBJECT):
            out.append(make_token(token.start, token.end, {"thing": "kind of no chain"}))
            continue
        if token.mask & _SUBJECT and out:
            made = len(out) > 1 and out[-1].mask & _MADE_OF and out[-2].mask & _SUBJECT
            before = out[-2] if made else out[-1]
            gap = "" if made else plain[before.end : token.start].strip(" -")
            gap = gap.removeprefix("'s").strip() if made or gap != "'s" else gap
            if before.mask & _SUBJECT and gap in {"", "material", "materials", "type", "材料", "·"}:
                both = lexicon.intersect(before.roles["subject"], token.roles["subject"])
                if both:
                    del out[len(out) - (2 if made else 1) :]
                    out.append(make_token(before.start, token.end, {"subject": both}))
                    continue
        out.append(token)
    return out


def name_periods(tokens: list[Token], plain: str, *, is_title: bool = False) -> list[Token]:
    """Every month and relative period as a period; after a preposition of comparison as a basis: "than in May"."""
    out: list[Token] = []
    for found in tokens:
        token = found
        name = token.roles.get("period") if token.mask & _PERIOD else _month_name(token)
        if token.mask & _BASIS and out and out[-1].mask & _AGAINST and not out[-1].mask & _BASIS:
            before = out.pop()  # "as against the corresponding month"
            out.append(make_token(before.start, token.end, {**_basis_parts(before), **token.roles}))
            continue
        if (
            name is not None
            and out
            and out[-1].mask & _BASIS
            and out[-1].roles["basis"] == "yoy"
            and (name.kind.endswith("_year") and not plain[out[-1].end : token.start].strip())
        ):
            out[-1] = make_token(out[-1].start, token.end, out[-1].roles)
            continue
        if name is not None and _ends_basis(out, name):
            out[-2:] = [make_token(out[-2].start, token.end, out[-2].roles)]
            continue
        if name is not None:
            if _may_be_base(name) and _follows_multiple(out, plain, token.start):
                out.append(make_token(token.start, token.end, {"basis": _BASES.get(name.kind, name)}))
                continue
            place = _find_against(out, plain, token.start, is_title=is_title) if _may_be_base(name) else None
            if place is not None:
                before = out[place]
                del out[place:]
                out.append(make_token(before.start, token.end, _basis_roles(before, name)))
                continue
            if out and out[-1].mask & _SINCE and not plain[out[-1].end : token.start].strip():
                out[-1] = make_token(out[-1].start, token.end, {"since": True})
                continue
            level = _BASE_LEVEL.match(plain, token.end)
            if level is not None:
                out.append(_name_level(token, name, level, plain))
                continue
            roles = {role: meaning for role, meaning in token.roles.items() if role not in {"month", "relative"}}
            token = make_token(token.start, token.end, {**roles, "period": name})
        out.append(token)
    return out


def _name_level(token: Token, name: PeriodName, level: re.Match[str], plain: str) -> Token:
    """Read "November's record" as the base of "beat November's record by 4%", elsewhere as a level only referred to."""
    if plain.startswith(" by ", level.end()) and _may_be_base(name):
        return make_token(token.start, level.end(), {"basis": _BASES.get(name.kind, name)})
    return make_token(token.start, token.end, {"reference": True})


_AFTER_MULTIPLE = BIT["metric"] | BIT["of"] | BIT["level"] | BIT["against"] | BIT["subject"] | BIT["industry"]


def _follows_multiple(out: list[Token], plain: str, start: int) -> bool:
    """Whether a period says what a multiple is counted from: "2.4 times the output of March 2025"."""
    for token in reversed(out[-4:]):
        if _is_multiple(token):
            return len(plain[token.end : start].split()) <= 6
        if not token.mask & _AFTER_MULTIPLE:
            return False
    return False


_BASE_LEVEL = re.compile(r"'s? (?:level|mean|print|record|reading)\b")


def _is_multiple(token: Token) -> bool:
    """Whether a token says how many times the base: "2.1x last June", "more than double 2024"."""
    quantity = token.quantity
    return quantity is not None and (quantity.unit == "times" or (quantity.form == "multiple" and quantity.value > 0))


_BASIS, _OF_IN = BIT["basis"], BIT["of"] | BIT["in"]


def name_multiple_bases(tokens: list[Token]) -> list[Token]:
    """Tokens with a period before a multiple as its base: 是2024年的2.3倍."""
    for place in range(2, len(tokens)):
        quantity = tokens[place].quantity
        if quantity is None or quantity.unit != "times" or not tokens[place - 1].mask & _OF_IN:
            continue
        before = tokens[place - 2]
        if before.mask & _PERIOD:
            name = before.roles["period"]
            tokens[place - 2] = make_token(before.start, before.end, {"basis": _BASES.get(name.kind, name)})
    return tokens


def _ends_basis(out: list[Token], name: PeriodName) -> bool:
    """Whether a period only completes a base of comparison: "the corresponding quarter of 2024"."""
    if len(out) < 2 or not out[-1].mask & _OF_IN or not out[-2].mask & _BASIS:
        return False
    return out[-2].roles["basis"] == "yoy" and (name.kind == "year" or name.kind.endswith("_year"))


def _basis_parts(token: Token) -> dict[str, Any]:
    return {role: token.roles[role] for role in ("compare", "change") if role in token.roles}


def _month_name(token: Token) -> PeriodName | None:
    if token.mask & _MONTH:
        return PeriodName("month", month=token.roles["month"])
    return PeriodName(token.roles["relative"]) if token.mask & _RELATIVE else None


def _may_be_base(name: PeriodName) -> bool:
    if name.kind == "to_date":
        return name.shift == -1
    return (
        name.kind in {"month", "latest_month"}
        or name.is_quarter
        or name.kind.startswith("half")
        or name.kind in {*_BASES, "year"}
    )


def _find_against(out: list[Token], plain: str, start: int, *, is_title: bool) -> int | None:
    """Place of the preposition of comparison that governs a period, close before it: "than in the peak month of"."""
    for place in range(len(out) - 1, max(-1, len(out) - 4), -1):
        token = out[place]
        is_against = token.mask & _AGAINST or (token.mask & BIT["compare"] and place and out[place - 1].mask & NUMBER)
        if is_against or (token.mask & _AGAINST_AFTER and (is_title or _follows_change(out, place))):
            gap = plain[token.end : start].strip()
            if not is_against:
                return place if gap in {"", "the", "its", "in", "that of", "those of", "their", "le", "de"} else None
            few = len(gap.split()) <= 5 if gap.isascii() else len(gap) <= 3
            return place if few and not any(char.isdigit() for char in gap) else None
        if not token.mask & _NOT_BETWEEN or token.mask & NUMBER:
            return None
    return None


_CHANGES = NUMBER | BIT["change"] | BIT["compare"]
_APART = BIT["semicolon"] | BIT["colon"]


def _follows_change(out: list[Token], place: int) -> bool:
    """Whether a number or a word of change stands before this place in the same statement."""
    if place and out[place - 1].mask & (BIT["and"] | BIT["clause"]):
        return False
    for token in reversed(out[:place]):
        if token.mask & _CHANGES:
            return True
        if token.mask & _APART:
            return False
    return False


def _basis_roles(before: Token, name: PeriodName) -> dict[str, Any]:
    roles: dict[str, Any] = {"basis": "yoy" if name.kind == "to_date" else _BASES.get(name.kind, name)}
    for role in ("compare", "change"):
        if role in before.roles:
            roles[role] = before.roles[role]
    return roles


def part_basis_pairs(tokens: list[Token]) -> list[Token]:
    """Tokens with a word of two bases made two: 同环比分别增长42%、5.1%."""
    out: list[Token] = []
    for token in tokens:
        if not token.mask & BIT["basis_pair"]:
            out.append(token)
            continue
        first, second = token.roles["basis_pair"]
        middle = token.start + 1
        out += [
            make_token(token.start, middle, {"basis": first}),
            make_token(middle, middle, {"separator": True}),
            make_token(middle, token.end, {"basis": second}),
        ]
    return out


_LABELS = ("subject", "basis", "metric", "period")
_LABEL_BITS = {
    "subject": _SUBJECT | _THING,
    "basis": BIT["basis"],
    "metric": BIT["metric"] | BIT["activity"],
    "period": _PERIOD,
    "number": NUMBER,
}
_SEPARATOR = BIT["comma"] | BIT["and"] | BIT["slash"] | BIT["separator"]


def match_lists(tokens: list[Token]) -> None:
    """Label each number of a list with the name, basis, metric or period that stands in the same place.

    Separators inside a list get the role `separator`, which parts no clauses.
    """
    numbers = [run for group in _find_groups(tokens, "number") for run in _part_by_unit(tokens, *group)]
    subjects = list(_find_groups(tokens, "subject"))
    for members, separators in numbers:
        units = {tokens[m].quantity.unit for m in members if tokens[m].quantity is not None} - {""}  # type: ignore[union-attr]
        if len(units) > 1:
            continue
        is_matched = False
        for label in _LABELS:
            groups = subjects if label == "subject" else list(_find_groups(tokens, label))
            found = _nearest_group(groups, len(members), members[0])
            if found is None:
                continue
            is_matched = True
            _mark_separators(tokens, found[1])
            for place, source in zip(members, found[0], strict=True):
                tokens[place].labels[label] = tokens[source]
        if is_matched:
            _share_unit(tokens, members)
        _mark_separators(tokens, separators)
        for member in members:
            tokens[member].labels["list"] = members
    for members, separators in subjects:
        _mark_separators(tokens, separators)
        joined = any("and" in tokens[s].roles for s in separators)
        for member in members if joined else ():
            tokens[member].labels["joint"] = members


def _part_by_unit(
    tokens: list[Token], members: list[int], separators: set[int]
) -> Iterator[tuple[list[int], set[int]]]:
    """A run of numbers parted where the unit changes: prices in order, then their changes in order."""
    units = [tokens[m].quantity.unit if tokens[m].quantity is not None else "" for m in members]  # type: ignore[union-attr]
    if len(set(units) - {""}) < 2 or "" in units:
        yield members, separators
        return
    first = 0
    for place in range(1, len(members) + 1):
        if place < len(members) and units[place] == units[first]:
            continue
        run = members[first:place]
        if len(run) > 1:
            yield run, {s for s in separators if run[0] < s < run[-1]}
        first = place


def _mark_separators(tokens: list[Token], places: set[int]) -> None:
    for place in places:
        token = tokens[place]
        if token.mask & BIT["change"]:
            continue
        tokens[place] = Token(token.start, token.end, BIT["separator"], token.roles)


def _share_unit(tokens: list[Token], members: list[int]) -> None:
    last = tokens[members[-1]].quantity
    for index in members[:-1]:
        quantity = tokens[index].quantity
        if quantity is not None and last is not None and not quantity.unit:
            quantity.unit = last.unit
            quantity.value = round(quantity.value * last.factor, 6)
            tokens[index].mask = tokens[members[-1]].mask


def _find_groups(tokens: list[Token], role: str) -> Iterator[tuple[list[int], set[int]]]:
    """Runs of at least two tokens of a role with nothing but separators between them."""
    wanted = _LABEL_BITS[role]
    if sum(1 for token in tokens if token.mask & wanted) < 2:
        return
    members: list[int] = []
    separators: set[int] = set()
    pending: set[int] = set()
    between = _SEPARATOR
    if role == "number" and any(token.mask & BIT["respectively"] for token in tokens):
        between |= BIT["change"]  # 分别下降1.9%、下降2.7%、增长0.8%
    for index, token in enumerate(tokens):
        if token.mask & wanted and not (role != "subject" and token.mask & _SUBJECT):
            if members and not pending:
                if len(members) > 1:
                    yield members, separators
                members, separators = [], set()
            members.append(index)
            separators |= pending
            pending = set()
        elif members and token.mask & between and len(pending) < 2:
            pending.add(index)
        else:
            if len(members) > 1:
                yield members, separators
            members, separators, pending = [], set(), set()
    if len(members) > 1:
        yield members, separators


def _nearest_group(
    groups: list[tuple[list[int], set[int]]], size: int, place: int
) -> tuple[list[int], set[int]] | None:
    fitting = [group for group in groups if len(group[0]) == size]
    before = [group for group in fitting if group[0][-1] < place]
    if before:
        return before[-1]
    return fitting[0] if fitting else None
