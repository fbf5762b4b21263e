"""Words that a fuzzer puts into what it tries: the names that our files know, and what breaks readers elsewhere."""

from dataclasses import fields

from contracts.chain_keys import KEYS
from contracts.settings import Settings
from tasks.delivery.channel import find_channels
from tasks.delivery.receiver import list_settings
from tasks.tables.mapping import TableMapping

_SIGNS = ["[[", "]]", "[", "]", " = ", '"', "'''", '"""', "{ ", " }", ".", ",", "\\u0000", "\\n", "#", "inf", "nan"]
_VALUES = [
    "true",
    "-1",
    "1e400",
    "9" * 30,
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    '""',
    "[]",
    "{}",
    '"%"',
    "0x1",
    '"~x"',
]
_CELLS = [
    "2026-01",
    "2026年1月",
    "Jan-26",
    "Q1 2026",
    "5%",
    "(5)",
    "1.234,5",
    "5-7",
    "n/a",
    "about",
    "环比",
    "预计",
    "一季度",
]
_PROSE = [
    "production",
    "rose",
    "fell",
    "month-on-month",
    "year-on-year",
    "cathode",
    "is expected to",
    "from",
    "to",
    "t",
]
_MARKUP = [
    "<table>",
    "<tr>",
    "<td colspan=",
    "</td>",
    "<row r=",
    '<c r="',
    "<v>",
    "<w:p>",
    "<w:t>",
    "/Kids",
    "/Type",
    " obj",
]


def write_dictionary() -> str:
    """A dictionary as libFuzzer reads it, a word a line."""
    names = [field.name for kind in (Settings, TableMapping) for field in fields(kind)]
    names += [key.name for keys in KEYS.values() for key in keys]
    channels = find_channels()
    names += [*channels, *(name for channel in channels.values() for name in list_settings(channel.receiver))]
    words = dict.fromkeys([*names, "receiver", *_SIGNS, *_VALUES, *_CELLS, *_PROSE, *_MARKUP])
    return "".join(f'"{_escape(word)}"\n' for word in words)


def _escape(word: str) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word.encode())
