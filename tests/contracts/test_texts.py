"""Texts: filled, counted, made safe for a terminal; secrets and errors as they are shown and carried about."""

import pickle

import polars as pl
import pytest

from contracts.errors import ContractBroken, Exit, SourceUnavailable, TronaError, UsageError
from contracts.secret import HIDDEN, Secret
from contracts.terminal_text import escape_terminal
from contracts.text import count_noun, fill_text, fit_name, fold_name, print_name, quote_formulas


def filled(template, *values, **columns):
    return pl.DataFrame(columns).select(fill_text(template, *values)).to_series().to_list()


def test_a_template_is_filled_by_names_and_expressions():
    columns = {"a": ["x", None], "n": [1, 2]}
    assert filled("{} has {}.", "a", pl.col("n") + 1, **columns) == ["x has 2.", None]
    assert filled("{}{}", "a", "n", **columns) == ["x1", None]
    assert filled("{{{}}} {{}} }}{{", "n", **columns) == ["{1} {} }{", "{2} {} }{"]
    assert filled("as it is", **columns) == ["as it is"]


def test_a_template_with_more_or_fewer_places_than_values_is_an_error_of_the_code():
    with pytest.raises(ValueError, match=r"'\{\} and \{\}' has 2 places for 1 values"):
        fill_text("{} and {}", "a")
    with pytest.raises(ValueError, match="'none' has 0 places for 1 values"):
        fill_text("none", "a")


def test_nouns_are_counted():
    assert [count_noun(n, "figure") for n in (0, 1, 2, 1004)] == ["0 figures", "1 figure", "2 figures", "1,004 figures"]


def test_what_a_spreadsheet_would_compute_is_quoted():
    formulas = ["=1+1", "+1", "-2 %", "@SUM(A1)", "\t=1", "\rx", "  =1", "\n=1", "＝1", "=", "\tx", " \u00a0=1"]
    texts = ["a=1", "5 %", "1-2", "'=1", "−5 %", "上升", "", None, " a", "a\n=1"]
    shown = pl.DataFrame({"t": [*formulas, *texts]}).select(quote_formulas(pl.col("t")))["t"].to_list()
    assert shown == [f"'{text}" for text in formulas] + texts


def test_names_are_folded():
    for written in (
        "Hard Carbon",
        "hard_carbon",
        "HARD-CARBON",
        "hard‑carbon",
        "hard–carbon",
        " ｈａｒｄ  carbon ",
        "hard‐carbon",
    ):
        assert fold_name(written) == "hard carbon"
    assert fold_name("Straße") == "strasse"
    assert len(fold_name("x" * 300)) == 200


def test_a_name_of_a_file_is_printed_whatever_its_bytes():
    assert print_name("plain 产量.csv") == "plain 产量.csv"
    # bytes that are no UTF-8, as the system hands them over, and characters that a terminal obeys
    assert print_name("a\udcff\n\u2028.csv") == "a\\xff\\n\\u2028.csv"


def test_a_name_that_is_too_long_keeps_its_beginning_its_ending_and_what_tells_it_apart():
    fits = "a" * 251 + ".csv"
    assert fit_name(fits) == fits
    # ~, eight digits and .csv are 13 bytes: 242 of 255 are left
    long, other = fit_name("a" * 300 + ".csv"), fit_name("a" * 301 + ".csv")
    assert (len(long), long[:243], long[-4:]) == (255, "a" * 242 + "~", ".csv")
    assert long != other
    assert len(fit_name(fits, beside=".part")) == 250
    # without an ending, or with one that is none
    assert fit_name("a" * 300)[:247] == "a" * 246 + "~"
    assert fit_name("a." + "b" * 300)[-9] == "~"
    # 产 has three bytes, and is not cut in two
    assert fit_name("产" * 100 + ".csv")[:-13] == "产" * 80
    assert len(fit_name("产" * 100 + ".csv").encode()) == 80 * 3 + 13


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text ~", "plain text ~"),
        ("产量 +2%", "产量 +2%"),
        ("red\x1b[31m", "red\\x1b[31m"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("a\tb\rc\u3000d\u00a0e", "a b c d e"),
        ("Xé", "Xé"),
        ("a\nb", "a b"),
        ("\u202ereversed", "\\u202ereversed"),  # a direction mark
        ("\u2028\u2029", "\\u2028\\u2029"),  # ends of lines and paragraphs
        ("\xff\xad\u0100", "ÿ\\xadĀ"),  # a soft hyphen is the last of two digits
        ("\ue000\uffff", "\\ue000\\uffff"),  # for private use; no character
        ("\U00010000\U000e0001", "𐀀\\U000e0001"),  # a letter; a tag
    ],
)
def test_nothing_reaches_a_terminal_that_it_would_obey(text, shown):
    assert escape_terminal(text) == shown


def test_line_ends_stay_where_they_are_wanted():
    assert escape_terminal("é\n\x1b\t.", keep_lines=True) == "é\n\\x1b ."
    assert escape_terminal("plain\nlines", keep_lines=True) == "plain\nlines"


def test_a_secret_is_hidden_however_it_is_shown():
    secret = Secret("s3cret")
    assert {str(secret), repr(secret), f"{secret}", f"{secret:>20}", "%s" % secret} == {HIDDEN}  # noqa: UP031
    assert secret.reveal() == "s3cret"
    assert (repr(Secret()), bool(Secret()), bool(secret)) == ("''", False, True)


def test_secrets_are_equal_by_their_text_and_to_no_text():
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert hash(Secret("a")) != hash(Secret("b"))
    assert Secret("a") != "a"
    assert hash(Secret("a")) != hash("a")
    with pytest.raises(TypeError, match="a secret is not written anywhere"):
        pickle.dumps(Secret("a"))


def test_an_error_is_told_in_five_parts_and_without_empty_ones():
    error = UsageError("what", where="where", found=["one", "two"], effect="effect", next="next")
    assert str(error) == "what\n  where   where\n  found   one; two\n  effect  effect\n  next    next"
    assert str(UsageError("what", effect="e")) == "what\n  effect  e"
    assert error.args == ("what",)


@pytest.mark.parametrize(
    ("kind", "code", "may_pass"),
    [
        (TronaError, Exit.BUG, False),
        (UsageError, Exit.USAGE, False),
        (ContractBroken, Exit.CONTRACT, False),
        (SourceUnavailable, Exit.SOURCE, True),
    ],
)
def test_an_error_crosses_a_process_whole(kind, code, may_pass):
    error = pickle.loads(pickle.dumps(kind("what", where="a", found="b", effect="c", next="d")))
    assert type(error) is kind
    assert (error.what, error.where, error.found, error.effect, error.next) == ("what", "a", "b", "c", "d")
    assert (error.exit_code, error.may_pass) == (code, may_pass)
