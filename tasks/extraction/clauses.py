"""A sentence cut into clauses, and its matched lists: "A, B and C accounted for 1 %, 2 % and 3 %, respectively"."""

from collections.abc import Iterator
from typing import Any

from tasks.extraction.tokens import Token

_BOUNDARIES = ("comma", "semicolon", "colon", "open", "close", "dash", "bar", "and", "clause")
_BOUNDARY_SET = frozenset(_BOUNDARIES)
_LABELS = ("subject", "basis", "metric", "period")


class Clause:
    """A run of tokens between two separators, and the separator that opened it."""

    __slots__ = ("opener", "roles", "tokens")

    def __init__(self, opener: str, tokens: list[Token]) -> None:
        self.opener = opener
        self.tokens = tokens
        self.roles: set[str] = set().union(*(token.roles for token in tokens))

    def has(self, role: str) -> bool:
        """Whether any token can play this role."""
        return role in self.roles


class Joint:
    """Names joined by "and" before one number: one figure of each only where the sentence says "both"."""

    __slots__ = ("members",)

    def __init__(self, members: list[Token]) -> None:
        self.members = members


def cut_clauses(tokens: list[Token]) -> list[Clause]:
    """The clauses of a sentence, after its matched lists have labelled their numbers."""
    inner = match_lists(tokens)
    clauses: list[Clause] = []
    current: list[Token] = []
    opener = "start"
    for index, token in enumerate(tokens):
        if index in inner or _BOUNDARY_SET.isdisjoint(token.roles):
            current.append(token)
            continue
        boundary = next(b for b in _BOUNDARIES if b in token.roles)
        if current or boundary in {"open", "close", "semicolon", "colon"}:
            clauses.append(Clause(opener, current))
            current = []
            opener = boundary
        elif boundary == "clause" or opener == "comma":
            opener = boundary
        if boundary == "clause" and len(token.roles) > 1:
            current.append(token)
    clauses.append(Clause(opener, current))
    return clauses


def match_lists(tokens: list[Token]) -> set[int]:
    """Label each number of a list with the name, basis, metric or period that stands in the same place.

    Returns the indices of the separators inside the lists, which part no clauses.
    """
    inner: set[int] = set()
    numbers = list(_find_groups(tokens, "number"))
    groups = {label: list(_find_groups(tokens, label)) for label in (_LABELS if numbers else ("subject",))}
    for members, separators in numbers:
        is_matched = False
        for label in _LABELS:
            found = _nearest_group(groups[label], len(members), members[0])
            if found is None:
                continue
            is_matched = True
            inner |= found[1]
            for place, source in zip(members, found[0], strict=True):
                number = tokens[place].number
                if number is not None:
                    number.labels[label] = tokens[source].roles[label]
                    number.labels["list"] = True
        if is_matched:
            inner |= separators
            _share_unit(tokens, members)
    for members, separators in groups["subject"]:
        if not separators & inner and any("and" in tokens[i].roles for i in separators):
            _join_names(tokens, members)
            inner |= separators
    return inner


def _join_names(tokens: list[Token], members: list[int]) -> None:
    joint = Joint([tokens[i] for i in members])
    for index in members:
        token = tokens[index]
        tokens[index] = Token(token.start, token.end, token.text, {**token.roles, "joint": joint})


def _share_unit(tokens: list[Token], members: list[int]) -> None:
    last = tokens[members[-1]].number
    for index in members[:-1]:
        number = tokens[index].number
        if number is not None and last is not None and not number.unit:
            number.unit = last.unit


def _find_groups(tokens: list[Token], role: str) -> Iterator[tuple[list[int], set[int]]]:
    """Runs of at least two tokens of a role with nothing but separators between them."""
    if sum(_plays(token, role) for token in tokens) < 2:
        return
    members: list[int] = []
    separators: set[int] = set()
    pending: set[int] = set()
    for index, token in enumerate(tokens):
        if _plays(token, role):
            if members and not pending:
                if len(members) > 1:
                    yield members, separators
                members, separators = [], set()
            members.append(index)
            separators |= pending
            pending = set()
        elif (
            members and ("comma" in token.roles or "and" in token.roles or "slash" in token.roles) and len(pending) < 2
        ):
            pending.add(index)
        else:
            if len(members) > 1:
                yield members, separators
            members, separators, pending = [], set(), set()
    if len(members) > 1:
        yield members, separators


def _plays(token: Token, role: str) -> bool:
    if role == "number":
        return token.number is not None
    return role in token.roles and not ("subject" in token.roles and role != "subject")


def _nearest_group(
    groups: list[tuple[list[int], set[int]]], size: int, place: int
) -> tuple[list[int], set[int]] | None:
    fitting = [group for group in groups if len(group[0]) == size]
    before = [group for group in fitting if group[0][-1] < place]
    if before:
        return before[-1]
    return fitting[0] if fitting else None


def roles_of(tokens: list[Token], role: str) -> list[Any]:
    """Meanings of a role in the order of the tokens that can play it."""
    return [token.roles[role] for token in tokens if role in token.roles]
