"""A sentence as rules see it: its mentions, their roles as bits, and questions about them that change nothing."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.extraction.context import Context
from tasks.extraction.mentions.token import NUMBER, Token
from tasks.extraction.rules import BIT, Rule, bits

BOUNDARY = bits(["comma", "clause", "and", "semicolon", "colon", "open", "close", "dash", "stop", "bar"])
HARD = bits(["semicolon", "stop", "bar"])
REFERENCE = BIT["reference"]


@dataclass(frozen=True)
class View:
    """The mentions of one sentence. `masks` hides what stands in a quoted comparison from all outside it."""

    tokens: list[Token]
    masks: list[int]
    plain: str
    start: int
    end: int
    context: Context
    is_cell: bool = False
    claimed: dict[int, int] = field(default_factory=dict)
    brackets: list[int] = field(default_factory=list)

    def look(self, index: int, rule: Rule) -> int:
        """Where the rule's cue stands, seen from a number; -1 where it does not."""
        masks, cue, over, until = self.masks, rule.cue, rule.over, rule.until
        place, stop, step = (index - 1, -1, -1) if rule.is_left else (index + 1, len(masks), 1)
        count = rule.most
        brackets = self.brackets
        own = brackets[index] if brackets else 0
        while place != stop and count:
            mask = masks[place]
            if brackets and brackets[place] and brackets[place] != own:
                place += step
                continue
            if mask & cue and self._fits(place, rule):
                return place
            if mask & until or not mask & over:
                return -1
            place += step
            count -= 1
        return -1

    def _fits(self, place: int, rule: Rule) -> bool:
        if rule.form and not self._has_form(place, rule):
            return False
        if rule.beside:
            neighbour = place - 1  # cues are told by what stands before them
            return neighbour >= 0 and bool(self.masks[neighbour] & rule.beside)
        return True

    def _has_form(self, place: int, rule: Rule) -> bool:
        change = self.tokens[place].roles.get("change")
        return change is None or change[1] in rule.form

    def ask(self, slot: str, index: int) -> tuple[int, Rule] | None:
        """The first rule of a slot that finds its cue, and where; None where none does."""
        for rule in self.context.lexicon.language.rules[slot]:
            place = self.look(index, rule)
            if place >= 0:
                return place, rule
        return None

    def clause_start(self, index: int) -> int:
        """Index of the first token of the clause that a token stands in."""
        place = index
        while place and not self.masks[place - 1] & BOUNDARY:
            place -= 1
        return place

    def clause_end(self, index: int) -> int:
        """Index after the last token of the clause that a token stands in."""
        place = index + 1
        while place < len(self.masks) and not self.masks[place] & BOUNDARY:
            place += 1
        return place

    def any_of(self, start: int, end: int, mask: int) -> bool:
        """Whether a token in the span plays one of the roles."""
        return any(m & mask for m in self.masks[start:end])

    def places(self, start: int, end: int, mask: int) -> Iterator[int]:
        """Indices in the span of tokens that play one of the roles."""
        return (place for place in range(max(0, start), min(end, len(self.masks))) if self.masks[place] & mask)

    def touch_left(self, index: int) -> int:
        """Roles of the token before a number; 0 at the start."""
        return self.masks[index - 1] if index else 0

    def touch_right(self, index: int) -> int:
        """Roles of the token after a number; 0 at the end."""
        return self.masks[index + 1] if index + 1 < len(self.masks) else 0

    def gap(self, left: int, right: int) -> str:
        """Plain text between two tokens; a blank in a cell, whose names stand apart."""
        if self.is_cell:
            return " "
        return self.plain[self.tokens[left].end : self.tokens[right].start]

    def numbers(self) -> list[int]:
        """Indices of the numbers."""
        return [place for place, token in enumerate(self.tokens) if token.mask & NUMBER]


_CLAUSE = BIT["clause"]
_COMMA, _BY = BIT["comma"], BIT["by"]
_LINKING = bits(["in", "of", "against", "against_after", "level"])


_POSSESSIVE = "'s"


def make_view(
    tokens: list[Token], plain: str, start: int, end: int, context: Context, *, is_cell: bool = False
) -> View:
    """View of a sentence, with quoted comparisons hidden: "from 75 % in October", "versus 402 MWh in July"."""
    masks = [token.mask for token in tokens]
    for place in range(len(masks) - 1):
        if masks[place] & _CLAUSE and masks[place] & _LINKING and masks[place + 1] & NUMBER:
            masks[place] &= ~_CLAUSE  # "with 41%" opens no clause
        if masks[place] & _COMMA and place + 2 < len(masks) and masks[place + 1] & _BY and masks[place + 2] & NUMBER:
            masks[place] = BIT["separator"]  # "rose, by 1.5%, to 2,050 t"
    for place in (
        find_references(tokens)
        | _find_owned_bases(tokens, plain)
        | _find_unitless_bases(tokens)
        | _find_arrow_bases(tokens)
    ):
        masks[place] = REFERENCE
    for place in _find_asides(masks):
        masks[place] = BIT["apposed"]
    for place in _find_appositions(tokens, masks, plain):
        masks[place] = BIT["apposed"]
    return View(tokens, masks, plain, start, end, context, is_cell, _find_claims(masks), _find_brackets(masks))


def _find_asides(masks: list[int]) -> list[int]:
    """Places of brackets that hold no measured number, with what stands in them."""
    found: list[int] = []
    opened = -1
    for place, mask in enumerate(masks):
        if mask & BIT["open"]:
            opened = place
        elif mask & BIT["close"] and opened >= 0:
            inside = masks[opened + 1 : place]
            if not any(m & (BIT["rate"] | BIT["quantity"] | BIT["basis"] | BIT["metal"]) for m in inside):
                found += range(opened, place + 1)
            opened = -1
    return found


def _find_brackets(masks: list[int]) -> list[int]:
    """For each token the bracket that it stands in, where that holds a measured number; 0 outside."""
    found = [0] * len(masks)
    opened = -1
    for place, mask in enumerate(masks):
        if mask & BIT["open"]:
            opened = place
        elif mask & BIT["close"] and opened >= 0:
            if any(m & (BIT["rate"] | BIT["quantity"]) for m in masks[opened:place]):
                found[opened : place + 1] = [opened + 1] * (place + 1 - opened)
            opened = -1
    return found


_ACTIONS = bits(
    ["change", "level", "moves", "share_verb", "modal", "verb", "number", "basis", "compare", "colon", "and"]
)
_ARTICLES = ("the ", "a ", "an ")


def _find_appositions(tokens: list[Token], masks: list[int], plain: str) -> list[int]:
    """Places inside ", the best gauge of storage demand,": a noun that explains the one before it."""
    found: list[int] = []
    commas = [place for place, mask in enumerate(masks) if mask & BIT["comma"]]
    for first, second in itertools.pairwise(commas):
        inside = range(first + 1, second)
        if not plain.startswith(_ARTICLES, tokens[first].end + 1) or not first or second + 1 >= len(masks):
            continue
        if any(masks[place] & _ACTIONS & ~BIT["level"] for place in inside):
            continue
        if masks[second + 1] & bits(["change", "level", "moves", "share_verb", "modal", "verb"]):
            found += [first, *inside, second]
    return found


_CLAIMS_OVER = bits(["in", "of", "part_of", "basis", "change", "open", "hyphen", "post_hedge", "industry"])


def _find_claims(masks: list[int]) -> dict[int, int]:
    """Which period stands right after which number: place of the period by place of the number."""
    claims: dict[int, int] = {}
    period = BIT["period"]
    for index, mask in enumerate(masks):
        if not mask & NUMBER:
            continue
        place = index + 1
        opened = False
        while place < len(masks) and masks[place] & _CLAIMS_OVER and not masks[place] & (period | NUMBER | BIT["and"]):
            opened = opened or bool(masks[place] & BIT["open"])
            place += 1
        if place < len(masks) and masks[place] & period:
            after = masks[place + 1] if place + 1 < len(masks) else 0
            colon = after & BIT["colon"] and place + 2 < len(masks) and masks[place + 2] & NUMBER
            if opened and (after & NUMBER or colon):
                continue
            claims[index] = place
    return claims


def _find_owned_bases(tokens: list[Token], plain: str) -> set[int]:
    """A base named by its month: "ahead of July's 133.8 GWh", "16.3% higher than July's 501,000"."""
    found: set[int] = set()
    for place in range(1, len(tokens) - 1):
        token, number = tokens[place], tokens[place + 1]
        is_named = (token.mask & BIT["period"] and not token.mask & _BASIS) or (
            token.mask & _BASIS and token.mask & BIT["compare"]
        )
        if not number.mask & (BIT["quantity"] | BIT["rate"]) or not is_named:
            continue
        owned = plain[token.end - 2 : number.start].strip()
        if not (owned.startswith(_POSSESSIVE) or plain[token.end : number.start].strip() == _POSSESSIVE):
            continue
        if token.mask & _BASIS:
            found.add(place + 1)
        elif tokens[place - 1].mask & (BIT["compare"] | _QUOTES):
            found |= {place - 1, place, place + 1}
    return found


def _find_arrow_bases(tokens: list[Token]) -> set[int]:
    """The number that an arrow comes from, with its month: "57% -> 60%", "44% <- 42%"."""
    found: set[int] = set()
    for place in range(1, len(tokens) - 1):
        mask = tokens[place].mask
        base = place - 1 if mask & BIT["arrow"] else place + 1 if mask & BIT["arrow_back"] else -1
        if (
            base < 0
            or not tokens[base].mask & NUMBER
            or not any(t.mask & NUMBER for t in tokens[place + 1 : place + 3])
        ):
            continue
        found |= {base, place} if mask & BIT["arrow_back"] else {base}
        if base and tokens[base - 1].mask & BIT["period"]:
            found.add(base - 1)
    return found


_NEAR = 3
"""So many mentions before a bracket may hold the number that it compares: "24,300 yuan/mt in September (Aug: …)"."""


def _find_unitless_bases(tokens: list[Token]) -> set[int]:
    """A bare number of another month in brackets behind a level: "76,300 yuan/t (Jan: 76,900)"."""
    found: set[int] = set()
    for place in range(1, len(tokens) - 3):
        near = tokens[max(0, place - _NEAR) : place]
        if not tokens[place].mask & BIT["open"] or not any(token.mask & BIT["quantity"] for token in near):
            continue
        if not tokens[place + 1].mask & BIT["period"]:
            continue
        number = place + 2 + bool(tokens[place + 2].mask & BIT["colon"])
        quantity = tokens[number].quantity if number + 1 < len(tokens) else None
        bare = quantity is not None and not quantity.unit
        if bare and tokens[number + 1].mask & BIT["close"]:
            found |= set(range(place, number + 2))
    return found


_QUOTES = bits(["from", "against", "against_after"])
_FIRM_QUOTES = bits(["from", "against"])
_NO_QUOTE = bits(
    [
        "change",
        "subject",
        "metric",
        "basis",
        "compare",
        "prior",
        "modal",
        "earlier",
        "semicolon",
        "colon",
        "stop",
        "clause",
    ]
)
_ENDS_QUOTE = bits(["to", "moves", "level", "change", "comma", "semicolon", "colon", "stop", "clause", "and", "close"])
_EXPECTED = bits(["prior", "modal"])
_CHANGE, _BASIS, _TO, _OF = BIT["change"], BIT["basis"], BIT["to"], BIT["of"]


def find_references(tokens: list[Token]) -> set[int]:
    """Places of an earlier number and its period: "from 75 % in October", "compared with 402 MWh in July"."""
    found: set[int] = set()
    for place, token in enumerate(tokens):
        if place in found or token.mask & NUMBER or not token.mask & (_QUOTES | _BASIS | BIT["compare"]):
            continue
        if token.mask & BIT["compare"] and place and tokens[place - 1].mask & NUMBER:
            if place + 1 < len(tokens) and tokens[place + 1].mask & NUMBER:
                found |= _find_quote(tokens, place) - {place}
            continue
        if not token.mask & (_FIRM_QUOTES | _BASIS) and not (
            place + 1 < len(tokens) and tokens[place + 1].mask & NUMBER
        ):
            continue
        if token.mask & _BASIS:
            found |= _find_bracketed_base(tokens, place)
        found |= _find_quoted_base(tokens, place) if token.mask & _BASIS else _find_quote(tokens, place)
    return found


def _find_quoted_base(tokens: list[Token], place: int) -> set[int]:
    """较9月的63%下滑3个百分点: a base of comparison followed by its level and then by the change."""
    if place + 4 >= len(tokens) or not tokens[place + 1].mask & _OF or not tokens[place + 2].mask & NUMBER:
        return set()
    return {place, place + 1, place + 2} if tokens[place + 3].mask & _CHANGE else set()


def _find_bracketed_base(tokens: list[Token], place: int) -> set[int]:
    """The level of a base in brackets behind it: "against the month before (161.2 Mt)"."""
    if place + 3 >= len(tokens) or not tokens[place + 1].mask & BIT["open"]:
        return set()
    number = tokens[place + 2].quantity
    is_whole = number is not None and number.is_level and tokens[place + 3].mask & BIT["close"]
    return {place + 1, place + 2, place + 3} if is_whole else set()


def _find_quote(tokens: list[Token], start: int) -> set[int]:
    region = {start}
    seen = False
    for place in range(start + 1, len(tokens)):
        token = tokens[place]
        if token.mask & NUMBER:
            if seen:
                break
            if token.quantity is not None and (token.quantity.form == "multiple" or token.quantity.unit == "times"):
                return set()
            seen = True
            following = tokens[place + 1] if place + 1 < len(tokens) else None
            if following is not None and following.mask & _CHANGE and not following.mask & BIT["moves"]:
                after = tokens[place + 2] if place + 2 < len(tokens) else None
                ends = _TO | BIT["in"] | BIT["period"]
                if (
                    after is None
                    or not after.mask & ends
                    or after.mask & NUMBER
                    or not tokens[start].mask & BIT["from"]
                ):
                    return set()
                region.add(place + 1)
        elif (not seen and token.mask & _NO_QUOTE) or (seen and token.mask & _EXPECTED):
            return set()
        elif place in region:
            continue
        elif seen and token.mask & _ENDS_QUOTE and not token.mask & (BIT["period"] | BIT["in"] | BIT["part_of"]):
            break
        region.add(place)
    return region if seen else set()
