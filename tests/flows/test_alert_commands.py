"""`trona notify`, `silence`, `alerts ack`, `alerts --why`: what they print and leave, and their errors."""

import json
import os
import re
import subprocess
import sys

import polars as pl
import pytest
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from pydantic import SecretStr

from contracts.errors import DeliveryFailed, UsageError
from contracts.period import add_months
from data_lake.lake import open_lake
from data_lake.ledger import read_alerts, read_deliveries, read_silences
from flows.cli import alerts as alert_commands
from flows.cli.notify import notify
from flows.cli.options import Filters, LakeOption
from flows.cli.query import alerts
from flows.run.secret_blocks import resolve_secret
from tasks.alerts import Entry, Scope, record_candidates
from tasks.delivery import Hands, OutboxWorker, SecretName, choose_receivers, deliver_summary, start_clock
from tests.tasks.alerts.rows import MAY, SODIUM, candidate, candidates, published
from tests.tasks.delivery.servers import HttpServer

NOON = published(MAY)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A lake with one alert that nobody was told of yet, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("TRONA_LAKE", "TRONA_CONFIG", "TRONA_RECEIVERS"):
        monkeypatch.delenv(name, raising=False)
    lake = open_lake(tmp_path / "lake")
    found = candidate(detail='{"forecast":-70.0,"actual":-60.0,"unit":"%","sentences":["to fall by \\u001b[31m 70 %"]}')
    record_candidates(lake, candidates(found), Scope((MAY, MAY), SODIUM), Entry(NOON, NOON, "r1"))
    return lake


HERE = LakeOption(lake="lake")


def test_dry_run_prints_what_would_go_to_whom_and_writes_nothing(store, capsys):
    assert notify(dry_run=True, lake=HERE) == 0
    out = capsys.readouterr().out
    assert "── to console ──" in out
    assert "── to file ──" in out
    assert "Warning: Cathode materials output beat the forecast" in out
    assert read_deliveries(store).is_empty()
    assert not (store.storage.local / "messages").exists()


def test_dry_run_shows_exactly_what_is_then_sent(store, capsys):
    notify(dry_run=True, json=True, lake=HERE)
    ahead = {row["receiver"]: row["message"] for row in json.loads(capsys.readouterr().out)}
    assert notify(lake=HERE) == 0
    for row in read_deliveries(store).filter(event="planned").to_dicts():
        sent = json.loads(row["message"])
        assert ahead[row["receiver"]]["headline"] == sent["headline"]
        assert ahead[row["receiver"]]["findings"] == sent["findings"]
    capsys.readouterr()
    notify(dry_run=True, lake=HERE)
    assert "nothing would be sent" in capsys.readouterr().err


def test_preview_writes_what_every_channel_would_send(store, tmp_path, capsys):
    assert notify(preview=tmp_path / "look", to=("file",), lake=HERE) == 0
    endings = sorted("".join(p.suffixes) for p in (tmp_path / "look").iterdir())
    assert endings == [".html", ".json", ".slack.json", ".txt"]
    assert read_deliveries(store).is_empty()


def test_sending_says_how_it_went(store, capsys):
    assert notify(lake=HERE) == 0
    captured = capsys.readouterr()
    assert "Cathode materials output beat the forecast" in captured.out
    assert "2 sent, 0 to be tried again, 0 given up, 0 waiting" in captured.err


def test_a_failed_delivery_is_exit_code_5(store, tmp_path, monkeypatch, capsys):
    (tmp_path / "receivers.toml").write_text('[[receiver]]\nname="hook"\nkind="webhook"\nurl={env="HOOK"}\n')
    monkeypatch.setenv("HOOK", "http://127.0.0.1:9/secret-path")
    assert notify(lake=HERE) == 5
    assert "secret-path" not in capsys.readouterr().err


def test_dead_letters_are_listed_with_their_ids_and_sent_again(store, tmp_path, monkeypatch, capsys):
    server = HttpServer()
    (tmp_path / "receivers.toml").write_text('[[receiver]]\nname="hook"\nkind="webhook"\nurl={env="HOOK"}\n')
    monkeypatch.setenv("HOOK", f"{server.url}/gone")
    server.answers.append((410, {}, "gone"))
    assert notify(lake=HERE) == 5
    assert "given up" in capsys.readouterr().err
    assert notify(dead=True, dry_run=True, json=True, lake=HERE) == 0
    (letter,) = json.loads(capsys.readouterr().out)
    assert (letter["receiver"], letter["reason"]) == ("hook", "HTTP 410: gone")
    assert notify(retry=(letter["delivery_id"][:8],), lake=HERE) == 0
    server.close()
    assert "1 sent" in capsys.readouterr().err
    with pytest.raises(UsageError, match="do not go together"):
        notify(retry=("abcdef",), test="hook", lake=HERE)


def test_receivers_that_are_named_and_absent_are_an_error(store, monkeypatch):
    monkeypatch.setenv("TRONA_RECEIVERS", "nowhere.toml")
    with pytest.raises(UsageError, match="receivers cannot be read"):
        notify(lake=HERE)
    assert read_deliveries(store).is_empty()


def test_a_test_message_is_marked_and_past_the_outbox(store, tmp_path, monkeypatch, capsys):
    server = HttpServer()
    (tmp_path / "receivers.toml").write_text('[[receiver]]\nname="hook"\nkind="webhook"\nurl={env="HOOK"}\n')
    monkeypatch.setenv("HOOK", f"{server.url}/secret-path")
    assert notify(test="hook", lake=HERE) == 0
    server.answers.append((404, {}, "no /secret-path"))
    with pytest.raises(DeliveryFailed) as caught:
        notify(test="hook", lake=HERE)
    server.close()
    (first, _) = server.bodies()
    assert first["title"].startswith("Test: ")
    assert read_deliveries(store).is_empty()
    assert "secret-path" not in str(caught.value) + capsys.readouterr().err


def test_an_unknown_receiver_is_told_with_those_there_are(store):
    with pytest.raises(UsageError, match="no receiver 'dsk'"):
        notify(test="dsk", lake=HERE)


def test_silences_are_added_listed_and_ended(store, capsys):
    assert alert_commands.add(reason="new year", days=7, chain="sodium_ion", author="ana", lake=HERE) == 0
    assert alert_commands.list_(json=True, lake=HERE) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["chain"], row["reason"], row["author"]) == ("sodium_ion", "new year", "ana")
    assert alert_commands.end(row["silence_id"], lake=HERE) == 0
    assert sorted(read_silences(store)["event"]) == ["added", "ended"]
    assert alert_commands.list_(lake=HERE) == 0
    assert "no silence in force" in capsys.readouterr().err
    with pytest.raises(UsageError, match="no running silence"):
        alert_commands.end(row["silence_id"], lake=HERE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": 7},
        {"days": 7, "chain": "x", "reason": " "},
        {"chain": "x"},
        {"chain": "x", "days": 999},
        {"chain": "x", "until": "2020-01-01"},
        {"chain": "x", "until": "soon"},
        {"chain": "x", "days": 1, "month": "2026-13"},
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(store, wrong):
    with pytest.raises(UsageError):
        alert_commands.add(**({"reason": "r"} | wrong), lake=HERE)
    assert read_silences(store).is_empty()


def test_ack_is_kept_and_shown(store, capsys):
    alert_id = read_alerts(store)["alert_id"].item()
    assert alert_commands.ack(alert_id[:8], note="looking", author="ana", lake=HERE) == 0
    assert alerts(filters=Filters(json=True), lake=HERE) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["acknowledged"].startswith("ana ")
    assert row["acknowledged"].endswith(": looking")
    with pytest.raises(UsageError, match="unknown alert"):
        alert_commands.ack("ffffffffffff", lake=HERE)
    with pytest.raises(UsageError):
        alert_commands.ack("", lake=HERE)


def test_why_shows_numbers_sentences_and_who_was_told_and_steers_no_terminal(store, capsys):
    notify(lake=HERE)
    capsys.readouterr()
    alerts(why=True, lake=HERE)
    out = capsys.readouterr().out
    assert "forecast -70.0; outcome -60.0" in out
    assert "sentence  “to fall by \\x1b[31m 70 %”" in out
    assert re.search(r"told      .*console ", out)
    assert "\x1b" not in out


def test_fixed_columns_come_first(store, capsys):
    alerts(filters=Filters(format="csv"), lake=HERE)
    head = capsys.readouterr().out.splitlines()[0]
    assert head.startswith(
        "alert_id,kind,rule,severity,state,source,chain,segment,product,metric,measure,month,title,first_at,updated_at,"
    )


def test_commands_do_not_import_prefect():
    code = "import sys, flows.cli.notify, flows.cli.alerts, flows.run.secret_blocks; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_backfill_summary_is_one_message_for_all_months_and_sent_once(store, tmp_path):
    for back in range(3):
        month = add_months(MAY, -back)
        found = [candidate(month=month, segment=s, title=f"{s} fell short") for s in ("cathode", "cell")]
        entry = Entry(NOON, NOON, "bf", quiet=True)
        record_candidates(store, candidates(*found), Scope((month, month), SODIUM), entry)
    out: list[str] = []
    receivers = choose_receivers("")
    for _ in range(2):
        post = OutboxWorker(store, receivers, resolve_secret, "bf", out.append, Hands(start_clock(NOON)))
        deliver_summary(post, SODIUM, NOON)
    assert len(out) == 1
    assert "findings in 3 months" in out[0]
    assert read_deliveries(store).filter(pl.col("event") == "planned").height == 2


class Hook(Block):
    """Like Prefect's Slack webhook."""

    url: SecretStr


class Login(Block):
    """Like Prefect's e-mail credentials."""

    username: str
    password: SecretStr


def test_secrets_come_from_blocks(monkeypatch):
    blocks = {
        "secret/smtp": Secret(value="s3cret-one"),
        "slack-webhook/desk": Hook(url="https://hooks.example/s3cret-two"),
        "email-server-credentials/planning": Login(username="trona", password="s3cret-three"),
    }
    monkeypatch.setattr(Block, "load", blocks.__getitem__)
    assert resolve_secret(SecretName(block="secret/smtp")).reveal() == "s3cret-one"
    assert resolve_secret(SecretName(block="slack-webhook/desk")).reveal() == "https://hooks.example/s3cret-two"
    mail = "email-server-credentials/planning"
    assert resolve_secret(SecretName(block=mail)).reveal() == "s3cret-three"
    assert resolve_secret(SecretName(block=mail, field="username")).reveal() == "trona"
    with pytest.raises(UsageError) as caught:
        resolve_secret(SecretName(block=mail, field="nothing"))
    assert "s3cret" not in str(caught.value)


def test_a_block_that_cannot_be_loaded_says_so_without_a_value(monkeypatch):
    def fail(name):
        raise ValueError(f"no block {name} with s3cret")

    monkeypatch.setattr(Block, "load", fail)
    with pytest.raises(UsageError, match="Prefect block slack-webhook/desk cannot be loaded") as caught:
        resolve_secret(SecretName(block="slack-webhook/desk"))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("no username")], ids=["3.11", "3.13"])
def test_an_account_without_a_name_is_told_by_its_number(store, monkeypatch, error):
    def refuse() -> str:
        raise error

    monkeypatch.setattr(alert_commands.getpass, "getuser", refuse)
    alert_commands.add(reason="in a container", days=1, chain="sodium_ion", lake=HERE)
    assert read_silences(store)["author"].to_list() == [f"uid {os.getuid()}"]
