"""A secret cannot be printed, logged, formatted, written as JSON or pickled by accident."""

import copy
import json
import logging
import pickle
from dataclasses import asdict, dataclass

import pytest

from contracts.secret import Secret
from contracts.settings import Settings, load_settings

WORD = "s3cret-word"


@dataclass(frozen=True)
class Holder:
    name: str
    word: Secret


def test_every_way_of_writing_it_down_hides_it(caplog):
    secret = Secret(WORD)
    logging.getLogger("x").error("%s %r", secret, secret)
    written = [str(secret), repr(secret), f"{secret} {secret!r} {secret:>20}", "%s" % secret, "{}".format(secret)]  # noqa: UP031, UP032
    written += [
        str([secret]),
        str({"a": secret}),
        str(Holder("n", secret)),
        str(asdict(Holder("n", secret))),
        caplog.text,
    ]
    written += [str(copy.deepcopy(secret)), str(copy.copy(secret)), str(dir(secret))]
    assert not [text for text in written if WORD in text]
    for give_away in (pickle.dumps, json.dumps, "".join, bytes, list):
        with pytest.raises(TypeError):
            give_away(secret)
    assert secret.reveal() == WORD


def test_two_of_one_text_are_equal_and_an_empty_one_is_false():
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret()


def test_the_database_of_the_settings_is_one(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRONA_DATABASE", f"postgresql+asyncpg://trona:{WORD}@localhost/prefect")
    settings = load_settings()
    assert isinstance(settings, Settings)
    assert WORD in settings.database.reveal()
    assert WORD not in f"{settings} {asdict(settings)}"
