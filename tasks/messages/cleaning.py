"""Text from documents made harmless and short, before it comes near any channel."""

import re
import unicodedata

# Marks that turn the reading direction or hide: they make a text look like another one.
_INVISIBLE = dict.fromkeys(
    [0x061C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0x00AD]
)
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.\-]{1,20}):(?=//)|\b(javascript|mailto|data|tel):")
_WWW = re.compile(r"(?i)\bwww\.")


def clean_text(text: str, limit: int = 300) -> str:
    """One line without control and direction marks, at most `limit` characters, with no address a client would link.

    `http://` becomes `http[:]//`, as mail and chat clients turn bare addresses of any text into links. Cleaning twice
    is the same as cleaning once.
    """
    text = text[: 4 * limit + 100].translate(_INVISIBLE)
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    text = "".join("�" if unicodedata.category(c) == "Cs" else c for c in text)
    text = _SCHEME.sub(lambda m: f"{m[1] or m[2]}[:]", text)
    text = _WWW.sub("www[.]", text)
    return clip_text(" ".join(text.split()), limit)


def clip_text(text: str, limit: int) -> str:
    """At most `limit` characters, an ellipsis where something was cut: between words, since half a number lies."""
    if len(text) <= limit:
        return text
    kept, space, _ = text[:limit].rpartition(" ")
    is_word = space and len(kept) > limit // 2
    return (kept if is_word else text[: limit - 1]).rstrip() + "…"
