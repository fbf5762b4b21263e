"""Text of documents made safe for a terminal."""

import unicodedata

_REPLACED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def escape_terminal(text: str, *, keep_lines: bool = False) -> str:
    r"""The text without anything a terminal would obey: controls and direction marks become `\xNN` or `\uNNNN`.

    A line end becomes a space, or stays where `keep_lines` is set.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char, keep_lines=keep_lines) for char in text)


def _escape(char: str, *, keep_lines: bool) -> str:
    if char == "\n":
        return "\n" if keep_lines else " "
    if char in "\t\r" or unicodedata.category(char) == "Zs":
        return " "
    if unicodedata.category(char) not in _REPLACED:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65_536 else f"\\U{code:08x}"
