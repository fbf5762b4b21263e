"""The level of another period, quoted beside the one reported: "from 75 % in October", "versus 402 MWh in July"."""

from tasks.extraction.tokens import Token

_NO_REFERENCE = {"change", "subject", "metric", "unknown", "basis", "compare", "earlier", "prior", "modal"}


def find_references(tokens: list[Token]) -> set[int]:
    """Places of an earlier level and its period: "from 75 % in October", "compared with 402 MWh in July"."""
    found: set[int] = set()
    for i, token in enumerate(tokens):
        if i in found or token.number is not None:
            continue
        if _is_earlier_level(tokens, i):
            found |= {i, i + 1, i + 2}
            continue
        if not token.roles.keys() & {"from", "against", "against_after"}:
            continue
        region = _reference_from(tokens, i)
        found |= region
    return found


def _is_earlier_level(tokens: list[Token], i: int) -> bool:
    """Whether a base of comparison is followed by its level: 较9月的63%下滑3个百分点."""
    if "basis" not in tokens[i].roles or i + 3 >= len(tokens) or "of" not in tokens[i + 1].roles:
        return False
    return tokens[i + 2].number is not None and "change" in tokens[i + 3].roles and i + 4 < len(tokens)


def _reference_from(tokens: list[Token], start: int) -> set[int]:
    seen = False
    region = {start}
    for i in range(start + 1, len(tokens)):
        token = tokens[i]
        if token.number is not None:
            if seen:
                break
            seen = True
            following = tokens[i + 1].roles if i + 1 < len(tokens) else {}
            moves_on = i + 2 < len(tokens) and "to" in tokens[i + 2].roles
            if ("change" in following and not moves_on) or (
                "basis" in following and i + 2 < len(tokens) and "change" in tokens[i + 2].roles
            ):
                return set()
        elif not seen and token.roles.keys() & _NO_REFERENCE:
            return set()
        elif seen and token.roles.keys() & {"to", "moves", "level", "change"}:
            break
        region.add(i)
    return region if seen else set()
