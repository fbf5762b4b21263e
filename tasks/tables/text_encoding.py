"""The encoding of a text table, where nothing states it: read as it was written, or refused."""

import codecs
import re

from contracts.errors import ContractBroken
from contracts.readings import Document

_CHUNK = 1 << 20
_HIGH = re.compile(rb"[\x80-\xff]+")
_GB2312 = re.compile(rb"(?:[\xa1-\xa9\xb0-\xf7][\xa1-\xfe])+")
_GB2312_LETTERS = re.compile(rb"(?:[\xb0-\xf7][\xa1-\xfe])+")
_COMMON_FROM, _COMMON_TO = 0xB0, 0xD7
"""First bytes of the 3,755 common characters of GB 2312; rarer ones and symbols lie outside."""
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_LATIN = re.compile("[A-Za-zÀ-ÖØ-öø-ÿŒœŠšŽžŸ\u00a0£©®°±²³µ·¹º¼½¾×÷€–—‘’‚“”„•…‰™\x00-\x7f]*")
_LETTERS = re.compile(rb"[\xa0-\xff]+")
_LONGEST_LATIN_RUN = 2


def decode_to_utf8(document: Document) -> bytes:
    """The content as UTF-8: UTF-8, UTF-16, GB18030, Shift-JIS or Windows-1252, without byte order mark.

    Valid UTF-8 is UTF-8, unless it is Chinese by its bytes. Other text is Chinese where its bytes are pairs of mostly
    common characters, Japanese where it holds kana, Western European where letters with accents stand singly or in
    twos; what is none of these, or more than one, is refused.
    Raises `ContractBroken`.
    """
    content = document.content
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return _recode(document, encoding)
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\x00" in content[:_CHUNK]:
        return _recode(document, "utf-16-le" if content[1:2] == b"\x00" else "utf-16-be")
    if _is_utf8(content) and not _is_chinese_by_chance(content):
        return content
    return _recode(document, _find_encoding(content))


def _is_utf8(content: bytes) -> bool:
    # In chunks: decoding a large file at once costs four times its size for a moment.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _CHUNK):
            decoder.decode(content[start : start + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese_by_chance(content: bytes) -> bool:
    """Whether bytes that are valid UTF-8 are still rather GB18030: `硬碳` in GB18030 is `Ӳ̼` in UTF-8.

    They are where all their non-ASCII text is pairs of Chinese characters of GB 2312, and as UTF-8 it has no
    Chinese (three bytes each) but letters beyond the Latin ones.
    """
    runs = _HIGH.findall(content[:_CHUNK])
    is_pairs = bool(runs) and all(len(run) >= 4 and _GB2312_LETTERS.fullmatch(run) for run in runs)
    return is_pairs and all(max(run) < 0xE0 for run in runs) and any(max(run) >= 0xCA for run in runs)


def _find_encoding(content: bytes) -> str:
    """The one encoding in which the text makes sense, or `utf-8`, which it is not."""
    runs = _HIGH.findall(content[:_CHUNK])
    kinds = {"gb18030": _is_chinese(runs), "cp932": _is_japanese(content), "cp1252": _is_western(runs)}
    found = [encoding for encoding, fits in kinds.items() if fits]
    return found[0] if len(found) == 1 else "utf-8"


def _is_chinese(runs: list[bytes]) -> bool:
    pairs = [run[i] for run in runs if _GB2312.fullmatch(run) for i in range(0, len(run), 2)]
    common = sum(_COMMON_FROM <= lead <= _COMMON_TO for lead in pairs)
    letters = sum(lead >= _COMMON_FROM for lead in pairs)
    high = sum(map(len, runs))
    return bool(common) and 2 * len(pairs) >= 0.9 * high and common >= 0.7 * letters


def _is_japanese(content: bytes) -> bool:
    try:
        text = content.decode("cp932")
    except UnicodeDecodeError:
        return False
    return bool(_KANA.search(text))


def _is_western(runs: list[bytes]) -> bool:
    if any(len(letters) > _LONGEST_LATIN_RUN for run in runs for letters in _LETTERS.findall(run)):
        return False
    try:
        return bool(_LATIN.fullmatch(b" ".join(runs).decode("cp1252")))
    except UnicodeDecodeError:
        return False


def _recode(document: Document, encoding: str) -> bytes:
    try:
        return document.content.decode(encoding).lstrip("\ufeff").encode()
    except UnicodeDecodeError as error:
        raise ContractBroken(
            "the file is not text in a known encoding",
            where=document.name,
            effect="no rows were loaded",
            found=f"byte {error.object[error.start : error.start + 1].hex()} at {error.start}",
            next="save it as CSV in UTF-8, or as XLSX or Parquet",
        ) from error
