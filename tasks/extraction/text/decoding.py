"""Bytes of a text file as text: UTF-8, UTF-16 and GB18030, and a clear no to what is no text."""

import re

from charset_normalizer import from_bytes

from contracts.errors import ContractBroken

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def decode_text(content: bytes, name: str) -> str:
    """The text of a file. Raises `ContractBroken` for an empty file, a binary one and an unknown encoding."""
    if not content.strip():
        raise ContractBroken(f"{name} is empty", where=name, effect="nothing was read", next="check the file's source")
    text = _decode(content)
    if text is None or _is_binary(text):
        raise ContractBroken(
            f"{name} is not UTF-8, UTF-16 or GB18030",
            where=name,
            found=f"{len(content):,} bytes beginning {content[:8].hex(' ')}",
            effect="nothing was read",
            next="save it as UTF-8 text, or give the file its real suffix (.pdf, .docx, .html)",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(content: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _try_decode(content, encoding)
    if content[:4_000].count(0) > len(content[:4_000]) // 10:
        return _decode_wide(content)
    text = _try_decode(content, "utf-8")
    if text is not None:
        return text
    text = _try_decode(content, "gb18030")
    if text is not None and _is_chinese(text):
        return text
    guess = from_bytes(content[:100_000]).best()
    return _try_decode(content, guess.encoding) if guess is not None and guess.chaos < 0.1 else None


def _decode_wide(content: bytes) -> str | None:
    """UTF-16 without a mark: the zero bytes of its ASCII characters say which half comes first."""
    sample = content[:4_000]
    encoding = "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"
    return _try_decode(content, encoding)


def _try_decode(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_chinese(text: str) -> bool:
    """Whether the characters beyond ASCII are mostly Chinese, as they are where GB18030 was the right guess."""
    beyond = [char for char in text[:20_000] if ord(char) > 127]
    known = sum(
        "\u4e00" <= char <= "\u9fff" or "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef" for char in beyond
    )
    return bool(beyond) and known > 0.8 * len(beyond)


def _is_binary(text: str) -> bool:
    sample = text[:20_000]
    controls = len(_CONTROLS.findall(sample))
    return controls > 0.005 * len(sample) + 1
