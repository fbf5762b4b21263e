"""TOML that a person wrote: read within bounds, and whatever is wrong with it is one kind of error."""

import tomllib
from pathlib import Path
from typing import Any

_MOST_BYTES, _MOST_DOTS, _DEEPEST = 1 << 18, 2_000, 32
_LARGEST = 2**63 - 1


class TomlBroken(ValueError):
    """The text is no TOML, or holds more than any file of settings, names or receivers does; said in a sentence."""


def read_toml(path: Path) -> dict[str, Any]:
    """What a file holds. Raises `TomlBroken` as `parse_toml`, also for bytes that are not UTF-8, and `OSError`."""
    return parse_toml(read_toml_text(path))


def read_toml_text(path: Path) -> str:
    """The file's text, without the mark that Notepad puts before it. Raises as `read_toml`."""
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise TomlBroken(f"{size:,} bytes, at most {_MOST_BYTES:,} are read")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TomlBroken(f"not UTF-8 text: {error.reason}") from error


def parse_toml(text: str) -> dict[str, Any]:
    """What the text holds.

    Raises `TomlBroken` where it is no TOML, and for what makes its reader or ours allocate or recurse without bounds:
    more than 2,000 dots in a line, values nested deeper than 32, whole numbers beyond 64 bits (as TOML has it).
    """
    if deep := next((i for i, line in enumerate(text.splitlines(), start=1) if line.count(".") > _MOST_DOTS), 0):
        raise TomlBroken(f"line {deep} has more than {_MOST_DOTS} dots")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlBroken(str(error)) from error
    except RecursionError:
        raise TomlBroken(f"values are nested deeper than {_DEEPEST}") from None
    except ValueError:  # of thousands of digits, or of a day that no calendar has
        raise TomlBroken("a number or a date in it is beyond what can be read") from None
    _refuse_beyond(data)
    return data


def _refuse_beyond(data: dict[str, Any]) -> None:
    level: list[Any] = [data]
    for _ in range(_DEEPEST):
        if any(isinstance(value, int) and abs(value) > _LARGEST for value in level):
            raise TomlBroken("a whole number is beyond 64 bits")
        inner = (
            value.values() if isinstance(value, dict) else value for value in level if isinstance(value, dict | list)
        )
        level = [value for values in inner for value in values]
        if not level:
            return
    raise TomlBroken(f"values are nested deeper than {_DEEPEST}")
