"""Secrets are planted in every channel and every kind of failure; then everything that was written is searched."""

import json
import logging
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from contracts.secret import Secret
from data_lake.lake import open_lake
from data_lake.ledger import read_deliveries
from flows.cli import main
from tasks.alerts import Entry, Scope, record_candidates
from tasks.delivery import Hands, OutboxWorker, SecretName, deliver, start_clock
from tasks.delivery.channels.mail import MailReceiver
from tasks.delivery.channels.slack import SlackReceiver
from tasks.delivery.channels.webhook import WebhookReceiver
from tasks.delivery.secrets import hide_in_logs, hide_secrets
from tests.tasks.alerts.rows import MAY, SODIUM, candidate, candidates, published
from tests.tasks.delivery.servers import DROP, HANG, HttpServer

NOON = published(MAY)
PLANTED = {
    "SLACK": "T0PLANTED0TEAM/B0PLANTED0HOOK/PlantedSlackWord",
    "TOKEN": "xoxb-planted-token-0001",
    "HOOK": "planted-hook-path-0002?key=planted-query-0003",
    "MAIL_USER": "planted-user-0004",
    "MAIL_WORD": "planted-word-0005",
}
PARTS = [
    *("T0PLANTED0TEAM", "B0PLANTED0HOOK", "PlantedSlackWord", "xoxb-planted-token-0001"),
    *("planted-hook-path-0002", "planted-query-0003", "planted-user-0004", "planted-word-0005"),
]
ECHO = "echo"  # an answer that repeats the address it was sent to
ANSWERS = [(200, {}, "ok"), (302, {"Location": ECHO}, ""), (404, {}, ECHO), (500, {}, ECHO), HANG, DROP]


class Echo(HttpServer):
    """Repeats what it was asked, as some servers do in their errors."""

    def answer(self, handler, body: bytes) -> None:
        if self.answers and isinstance(self.answers[0], tuple):
            status, headers, text = self.answers[0]
            asked = f"{self.url}{handler.path} {handler.headers.get('Authorization', '')}"
            headers = {name: asked.strip() if value == ECHO else value for name, value in headers.items()}
            self.answers[0] = (status, headers, asked if text == ECHO else text)
        super().answer(handler, body)


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.close()


def every_receiver(http, mail):
    return [
        SlackReceiver(name="desk", url=SecretName(env="SLACK"), timeout_seconds=0.3),
        SlackReceiver(
            name="bot", token=SecretName(env="TOKEN"), channel="C1", api_url=f"{http.url}/api/", timeout_seconds=1.0
        ),
        WebhookReceiver(name="hook", url=SecretName(env="HOOK"), timeout_seconds=0.3),
        MailReceiver(
            name="mail",
            host="localhost",
            port=mail.port,
            ca_file=mail.ca_file,
            sender="trona@example.com",
            to=("a@example.com",),
            username=SecretName(env="MAIL_USER"),
            password=SecretName(env="MAIL_WORD"),
        ),
    ]


def search(texts: dict[str, str]) -> list[str]:
    return [f"{part} in {name}" for name, text in texts.items() for part in PARTS if part in text]


def written_in(folder: Path) -> dict[str, str]:
    return {str(path): path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_planted_secrets_are_found_nowhere(lake, echo, mail_server, everything_logged, capfd, answer):
    mail = mail_server(login=("somebody", "else"))
    addresses = {"SLACK": f"{echo.url}/services/{PLANTED['SLACK']}", "HOOK": f"{echo.url}/{PLANTED['HOOK']}"}
    values = PLANTED | addresses
    echo.answers += [answer] * 6
    scope = Scope((MAY, MAY), SODIUM, {"forecast_miss"})
    record_candidates(lake, candidates(candidate()), scope, Entry(NOON, NOON, "r1"))
    receivers = every_receiver(echo, mail)
    post = OutboxWorker(lake, receivers, lambda n: Secret(values[n.env]), "r1", print, Hands(start_clock(NOON)))
    report = deliver(post, SODIUM, NOON)
    assert report.failed + report.dead + report.sent >= len(receivers)
    out, err = capfd.readouterr()
    records = [f"{vars(record)} {record.getMessage()}" for record in everything_logged.records]
    places = {"out": out, "err": err, "log": everything_logged.text, "records": str(records), "report": str(report)}
    assert everything_logged.records  # the libraries did write
    assert search(places | {"receivers": str(receivers)} | written_in(lake.storage.local)) == []
    assert read_deliveries(lake).height


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/planted-hook-path-0002",
        "http://[::1/planted-hook-path-0002",
        "http://user:planted-word-0005@\udcff/planted-hook-path-0002",
        "planted-hook-path-0002",
        "http://127.0.0.1:99999999/planted-hook-path-0002",
        "https://xn--\x00/planted-hook-path-0002",
    ],
    ids=lambda text: text.encode("unicode_escape").decode(),
)
@pytest.mark.parametrize("kind", ["slack", "webhook"])
def test_a_test_message_tells_a_failure_in_five_parts_and_no_secret(tmp_path, monkeypatch, capfd, caplog, kind, url):
    caplog.set_level(logging.DEBUG)
    monkeypatch.chdir(tmp_path)
    receiver = f'[[receiver]]\nname = "desk"\nkind = "{kind}"\nurl = {{ env = "HOOK" }}\ntimeout_seconds = 1\n'
    Path("receivers.toml").write_text(receiver)
    open_lake(tmp_path / "lake").storage.put("made", b"")
    monkeypatch.setattr("tasks.delivery.secrets.os", SimpleNamespace(environ={"HOOK": url}))
    monkeypatch.setattr(sys, "argv", ["trona", "notify", "--test", "desk", "--lake", str(tmp_path / "lake")])
    with pytest.raises(SystemExit) as left:
        main()
    out, err = capfd.readouterr()
    assert left.value.code == 5
    assert "the test message did not reach desk" in err
    assert "Traceback" not in err
    assert search({"out": out, "err": err, "log": caplog.text} | written_in(tmp_path)) == []


def test_logs_are_clean_whoever_writes_them_and_only_while_secrets_are_in_use(caplog):
    caplog.set_level(logging.DEBUG)
    secrets = {"url": Secret("https://hooks.example/services/planted-hook-path-0002")}
    with hide_in_logs(secrets):
        try:
            raise ValueError("at planted-hook-path-0002")  # noqa: TRY301
        except ValueError:
            logging.getLogger("a.library.nobody.knows").exception("posting to %s", secrets["url"].reveal())
        thread = threading.Thread(target=lambda: logging.getLogger("b").debug("planted-hook-path-0002 in a thread"))
        thread.start()
        thread.join()
    assert search({"log": caplog.text}) == []
    assert caplog.text.count("(hidden)") >= 3
    assert "ValueError" in caplog.text
    logging.getLogger("c").debug("planted-hook-path-0002 is no secret any more")
    assert "no secret any more" in caplog.text


def test_parts_of_an_address_are_hidden_and_words_that_say_nothing_are_not():
    secrets = [Secret("https://user:planted-word-0005@hooks.example/services/T0PLANTED0TEAM?key=planted-query-0003")]
    text = "POST /services/T0PLANTED0TEAM?key=planted-query-0003 to hooks.example over https by planted-word-0005"
    hidden = hide_secrets(text, secrets)
    assert search({"text": hidden}) == []
    assert "hooks.example over https" in hidden
    assert json.dumps(hidden)
