"""A numeral in words reads as itself or not at all."""

import pytest

from tasks.extraction.language import load_languages
from tasks.extraction.quantities.numerals import read_characters, read_words

ENGLISH = next(language for language in load_languages() if language.code == "en").numerals
ONES = tuple(ENGLISH.ones)
TENS = tuple(ENGLISH.tens)
DIGITS = "零一二三四五六七八九"


def spell(number: int, joint: str = "-") -> str:
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10 - 2] + (joint + ONES[number % 10] if number % 10 else "")
    rest = number % 100
    return f"{ONES[number // 100]} hundred" + (f" and {spell(rest, joint)}" if rest else "")


def spell_chinese(number: int) -> str:
    if number < 10:
        return DIGITS[number]
    if number < 20:
        return "十" + (DIGITS[number % 10] if number % 10 else "")
    if number < 100:
        return DIGITS[number // 10] + "十" + (DIGITS[number % 10] if number % 10 else "")
    rest, head = number % 100, DIGITS[number // 100] + "百"
    if not rest:
        return head
    if rest < 10:
        return head + "零" + DIGITS[rest]
    return head + DIGITS[rest // 10] + "十" + (DIGITS[rest % 10] if rest % 10 else "")


@pytest.mark.parametrize("joint", ["-", " "])
def test_every_english_numeral_reads_as_itself(joint):
    assert [n for n in range(1000) if read_words(spell(n, joint), ENGLISH) != n] == []


def test_every_chinese_numeral_reads_as_itself():
    assert [n for n in range(1000) if read_characters(spell_chinese(n)) != n] == []


@pytest.mark.parametrize("text", ["five two", "twenty twelve", "and five", "hundred and", "ten hundred two one"])
def test_what_is_no_english_numeral_reads_as_nothing(text):
    assert read_words(text, ENGLISH) is None


@pytest.mark.parametrize("text", ["三四", "一百五", "百", "前三", "十十", ""])
def test_what_is_no_chinese_numeral_reads_as_nothing(text):
    assert read_characters(text) is None


def test_halves_points_and_myriads():
    assert read_words("two and a half", ENGLISH) == 2.5
    assert read_characters("二十三点五") == 23.5
    assert read_characters("一万二千") == 12_000
