"""Settings: the file, over it the environment, over it what a command is given; and what is refused."""

from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.settings import Settings, load_settings, settings_path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory, and no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", *(name.upper() for name in Settings.__dataclass_fields__)):
        monkeypatch.delenv(f"TRONA_{name}", raising=False)
    return tmp_path


def test_without_anything_the_defaults_hold(folder):
    assert load_settings() == Settings()
    assert settings_path() == Path("trona.toml")


def test_the_file_then_the_environment_then_what_is_given(folder, monkeypatch):
    (folder / "trona.toml").write_text('lake = "of file"\ninbox = "in file"\nport = 1\n', encoding="utf-8")
    assert load_settings() == Settings(lake="of file", inbox="in file", port=1)
    monkeypatch.setenv("TRONA_LAKE", "of environment")
    monkeypatch.setenv("TRONA_PORT", "2")
    monkeypatch.setenv("TRONA_INBOX", "")  # empty = not set
    assert load_settings() == Settings(lake="of environment", inbox="in file", port=2)
    assert load_settings(lake="given", port=3, inbox="", source=None) == Settings(lake="given", inbox="in file", port=3)


@pytest.mark.parametrize(("named", "path"), [("etc", "etc/trona.toml"), ("etc/mine.toml", "etc/mine.toml")])
def test_the_file_may_be_elsewhere(folder, monkeypatch, named, path):
    (folder / "etc").mkdir()
    (folder / path).write_text('source = "smm"\n', encoding="utf-8")
    monkeypatch.setenv("TRONA_CONFIG", named)
    assert load_settings().source == "smm"


def test_a_file_is_read_as_utf_8(folder):
    (folder / "trona.toml").write_bytes('source = "有色网"\n'.encode())
    assert load_settings().source == "有色网"


def test_numbers_are_taken_from_text_and_from_whole_numbers(folder, monkeypatch):
    monkeypatch.setenv("TRONA_SETTLE_SECONDS", "0.25")
    settings = load_settings(poll_seconds=2)
    assert (settings.settle_seconds, settings.poll_seconds) == (0.25, 2.0)
    assert isinstance(settings.poll_seconds, float)


@pytest.mark.parametrize(("said", "meant"), [("true", True), (" True ", True), ("FALSE", False), ("false", False)])
def test_truth_is_read_from_text(folder, monkeypatch, said, meant):
    monkeypatch.setenv("TRONA_LAKE_MUST_EXIST", said)
    assert load_settings().lake_must_exist is meant
    assert load_settings(lake_must_exist=not meant).lake_must_exist is not meant


def refusal(**options):
    with pytest.raises(UsageError) as raised:
        load_settings(**options)
    return raised.value


def test_an_unknown_name_is_refused_with_those_that_are_known(folder):
    (folder / "trona.toml").write_text('lakes = "x"\n', encoding="utf-8")
    error = refusal()
    assert (error.what, error.where) == ("unknown setting 'lakes'", "trona.toml")
    assert error.next == f"settings are: {', '.join(Settings.__dataclass_fields__)}"


@pytest.mark.parametrize(
    ("line", "what", "found"),
    [
        ('port = "x"', "the setting port is not a number", "'x'"),
        ("port = true", "the setting port is not a number", "True"),
        ("lake = 5", "the setting lake is not a text", "5"),
        ("lake = false", "the setting lake is not a text", "False"),
        ('lake_must_exist = "perhaps"', "the setting lake_must_exist is neither true nor false", "'perhaps'"),
        ("lake_must_exist = 1", "the setting lake_must_exist is neither true nor false", "1"),
    ],
)
def test_a_value_of_another_kind_is_refused_where_it_stands(folder, monkeypatch, line, what, found):
    (folder / "trona.toml").write_text(line, encoding="utf-8")
    error = refusal()
    assert (error.what, error.where, error.found) == (what, "trona.toml", found)


def test_a_wrong_value_of_the_environment_names_the_variable(folder, monkeypatch):
    monkeypatch.setenv("TRONA_PORT", "many")
    assert (refusal().where, refusal().found) == ("TRONA_PORT", "'many'")
    # one that was given is not blamed on the place that it comes before
    error = refusal(port="some")
    assert (error.where, error.found) == ("", "'some'")


def test_a_file_that_cannot_be_read_is_told(folder):
    (folder / "trona.toml").write_text("lake = \n", encoding="utf-8")
    error = refusal()
    assert (error.what, error.where) == ("the settings cannot be read", "trona.toml")
    assert "Invalid value" in error.found
