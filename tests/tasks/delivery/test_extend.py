"""docs/extend.md, "Adding a channel": the file of the page, put where the page says, is a channel."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import tasks.delivery.channel as registry
import tasks.delivery.channels as package
from contracts.errors import UsageError
from data_lake.ledger import read_deliveries
from tasks.alerts import Entry, Scope, record_candidates
from tasks.delivery import Hands, OutboxWorker, deliver, load_receivers, resolve_environment, start_clock
from tasks.delivery.senders import Unavailable
from tests.tasks.alerts.rows import MAY, SODIUM, candidate, candidates, published
from tests.tasks.delivery.servers import DROP
from tests.tasks.messages.samples import sample

PAGE = (Path(__file__).parents[3] / "docs" / "extend.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Adding a channel")[2].partition("\n## ")[0]


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)[1]


@pytest.fixture
def pager(tmp_path, monkeypatch):
    """The folder of channels, with the file of the page in it; afterwards as if it had never been there."""
    folder = tmp_path / "channels"
    folder.mkdir()
    (folder / "pager.py").write_text(block("python"), encoding="utf-8")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    registry._import_channels.cache_clear()
    yield registry.find_channels()["pager"]
    registry._REGISTERED.pop("pager")
    sys.modules.pop("tasks.delivery.channels.pager")
    registry._import_channels.cache_clear()


def receivers(tmp_path, text: str):
    path = tmp_path / "receivers.toml"
    path.write_text(text, encoding="utf-8")
    return load_receivers(path)


def test_the_channel_of_the_page_tells_retries_and_is_looked_at_first(pager, tmp_path, lake, http, monkeypatch):
    monkeypatch.setenv("PAGER_URL", f"{http.url}/call-secret-address")
    (on_call,) = receivers(tmp_path, block("toml"))
    assert (on_call.kind, on_call.number, on_call.severity) == ("pager", "+49 30 901820", "error")
    now = published(MAY)
    scope = Scope((MAY, MAY), SODIUM, {"forecast_miss"})
    record_candidates(lake, candidates(candidate(severity="error")), scope, Entry(now, now, "r1"))
    http.answers.append((503, {"Retry-After": "0"}, "later"))
    for _ in range(2):
        post = OutboxWorker(lake, [on_call], resolve_environment, "r1", print, Hands(start_clock(now)))
        deliver(post, SODIUM, now)
    assert read_deliveries(lake).sort("step")["event"].to_list() == ["planned", "sending", "failed", "sending", "sent"]
    body = json.loads(http.requests[-1]["body"])
    assert (body["to"], body["id"]) == (on_call.number, read_deliveries(lake)["delivery_id"][0])
    assert "secret-address" not in str(read_deliveries(lake).to_dicts())
    assert pager.preview(sample()).endswith("(ref 0123456789abcdef)")


def test_its_settings_are_checked_like_those_of_any_other(pager, tmp_path):
    with pytest.raises(UsageError, match="needs url"):
        receivers(tmp_path, '[[receiver]]\nname="a"\nkind="pager"\nnumber="1"')
    with pytest.raises(UsageError, match="no digit"):
        receivers(tmp_path, block("toml").replace("+49 30 901820", "nobody"))
    with pytest.raises(UsageError, match="did you mean") as caught:
        receivers(tmp_path, block("toml").replace('"pager"', '"pagr"'))
    assert "pager" in caught.value.next


def test_no_answer_is_told_as_one(pager, http):
    from contracts.secret import Secret
    from tasks.delivery.secrets import SecretName
    from tasks.delivery.senders import SendRequest

    http.answers.append(DROP)
    receiver = pager.receiver(name="x", url=SecretName(env="X"), number="1")
    request = SendRequest(sample(), receiver, {"url": Secret(http.url)}, datetime(2026, 6, 5, tzinfo=UTC))
    assert isinstance(pager.send(request), Unavailable)


def test_two_channels_of_one_kind_are_refused(pager):
    with pytest.raises(ValueError, match="of its own"):
        registry.register_channel(pager)
