"""Events keep their contract, and the documentation tells it."""

from pathlib import Path

import pytest

from contracts.errors import SourceUnavailable
from flows.run.events import KINDS, Event, post_events

DOCS = Path(__file__).parents[2] / "docs" / "operate.md"


def landed(**changes):
    payload = {"lake": "l", "inbox": "i", "name": "a.csv", "size": 1, "landed": ["a.csv"]} | changes
    return Event("trona.document.landed", "trona.document.a.csv", payload)


def test_a_payload_without_a_field_or_with_another_is_no_event():
    with pytest.raises(ValueError, match="colour"):
        landed(colour="red")
    with pytest.raises(ValueError, match="size"):
        Event("trona.document.landed", "r", {"lake": "", "inbox": "", "name": "", "landed": []})


def test_long_texts_are_cut_and_lists_are_not():
    cut = landed(name="x" * 1000, landed=["y" * 1000]).clipped_payload()
    assert len(cut["name"]) == 300
    assert len(cut["landed"][0]) == 1000


def test_the_same_once_is_the_same_event():
    kind = KINDS["trona.release.awaited"]
    payload = dict.fromkeys(kind.payload, "")
    events = [Event(kind.name, "r", payload, once=once) for once in ("a", "a", "b", "")]
    ids = [event.event_id for event in events]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_a_server_that_does_not_answer_is_said():
    with pytest.raises(SourceUnavailable, match="does not answer"):
        post_events("http://127.0.0.1:9/api", [landed()], timeout=2)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_event_is_documented(kind):
    text = DOCS.read_text(encoding="utf-8")
    section = text.split(f"### `{kind.name}`", 1)[1].split("\n\n", 1)[0]
    assert kind.resource in section
    assert all(f"`{name}`" in section for name in kind.payload)


def test_a_server_with_a_password_gets_it(monkeypatch, receiver):
    seen = {}

    def look(request, timeout):
        seen.update(request.headers)
        raise OSError("seen")

    monkeypatch.setattr("flows.run.events.urlopen", look)
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "trona:secret")
    with pytest.raises(SourceUnavailable) as refused:
        post_events(receiver.url, [landed()])
    # printf trona:secret | base64
    assert seen["Authorization"] == "Basic dHJvbmE6c2VjcmV0"
    assert "secret" not in str(refused.value)
