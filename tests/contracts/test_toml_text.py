"""TOML of people: read within bounds, and one kind of error for whatever is wrong with it."""

import pytest

from contracts.toml_text import TomlBroken, parse_toml, read_toml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a =", "Invalid value (at end of document)"),
        ("a = " + "[" * 3000, "nested deeper than 32"),
        ("a = " + "[" * 33 + "]" * 33, "nested deeper than 32"),
        ("[" + ".".join("a" * 40) + "]", "nested deeper than 32"),
        ("a = " + "9" * 5000, "beyond what can be read"),
        (f"a = [{2**63}]", "beyond 64 bits"),
        ("a." * 2001 + "b = 1", "line 1 has more than 2000 dots"),
    ],
)
def test_what_is_no_toml_or_has_no_bounds_is_one_kind_of_error(text, said):
    with pytest.raises(TomlBroken, match=said.replace("(", r"\(").replace(")", r"\)")):
        parse_toml(text)


def test_what_is_within_bounds_is_read():
    assert parse_toml(f"a = {2**63 - 1}\nb = " + "[" * 30 + "]" * 30)["a"] == 2**63 - 1


def test_a_file_that_is_not_utf_8_or_too_large_says_so(tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes("a = '电池'".encode("gb18030"))
    with pytest.raises(TomlBroken, match="not UTF-8 text"):
        read_toml(path)
    path.write_bytes(b"#" * ((1 << 18) + 1))
    with pytest.raises(TomlBroken, match="262,145 bytes"):
        read_toml(path)
