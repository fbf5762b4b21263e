"""One form per character: width, case, dashes and blanks made alike, traditional characters simplified.

Every character stays one character, so that a place in the plain text is a place in the document.
"""

from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent / "traditional.txt"
_ALIKE = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width signs, digits and letters
    **dict.fromkeys("﹪", "%"),
    **dict.fromkeys("−‐‑﹣", "-"),
    **dict.fromkeys("’‘`´", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("\u00a0\u2009\u202f\u2007\u3000\t\r\n\u200b\ufeff\u200c", " "),
    **dict.fromkeys("～∼˜", "~"),
    **dict.fromkeys("﹐", ","),
    **dict.fromkeys("﹔", ";"),
    **dict.fromkeys("︰﹕", ":"),
    **dict.fromkeys("﹑", "、"),
    **dict.fromkeys("⁄∕", "/"),
    "矽": "硅",  # silicon, as Taiwan writes it
    **{chr(0x2080 + digit): str(digit) for digit in range(10)},
}


@cache
def plain_characters() -> dict[int, str]:
    """Table for `str.translate` of every character that is written otherwise in plain text."""
    return str.maketrans({**_load_traditional(), **_ALIKE})


def _load_traditional() -> dict[str, str]:
    lines = [line for line in _TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    pairs: dict[str, str] = {}
    for traditional, simplified in zip(lines[::2], lines[1::2], strict=True):
        pairs.update(zip(traditional, simplified, strict=True))
    return pairs


def normalise(text: str) -> str:
    """The text in lower case with one form per character, of exactly the same length."""
    plain = text.translate(plain_characters())
    lower = plain.lower()
    if len(lower) == len(text):
        return lower
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in plain)


def is_wide(char: str) -> bool:
    """Whether a character is one of Chinese writing, punctuation included."""
    return "\u2e80" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"
