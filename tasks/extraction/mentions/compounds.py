"""Names that share their end in a list: "the 5-, 8- and 9-series"."""

import re

from tasks.extraction.mentions.lexicon import Lexicon
from tasks.extraction.mentions.token import Token, make_token
from tasks.extraction.rules import BIT

_SUBJECT, _HYPHEN = BIT["subject"], BIT["hyphen"]
_LIST = BIT["comma"] | BIT["and"] | BIT["slash"]
_NUMBERED = re.compile(r"(\d+)(\D+)")


def complete_names(lexicon: Lexicon, tokens: list[Token], plain: str) -> list[Token]:
    """Tokens with each bare number before a numbered name of its list made that name."""
    out = list(tokens)
    ending = ""
    for place in range(len(out) - 1, -1, -1):
        token = out[place]
        if token.mask & _SUBJECT:
            named = _NUMBERED.fullmatch(plain[token.start : token.end])
            ending = named[2] if named else ""
        elif token.quantity is not None and ending and not token.quantity.unit:
            text = plain[token.start : token.end]
            found = lexicon.words.get(text + ending) or lexicon.words.get(text + ending.replace("-", " "))
            if found is not None and "subject" in found[1]:
                out[place] = make_token(token.start, token.end, {"subject": found[1]["subject"]})
        elif not token.mask & (_LIST | _HYPHEN):
            ending = ""
    completed = {i for i, token in enumerate(tokens) if token.quantity is not None and out[i].mask & _SUBJECT}
    return [t for i, t in enumerate(out) if not (t.mask & _HYPHEN and i - 1 in completed)]
