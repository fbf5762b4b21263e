"""Those who are told, on loopback: a webhook, a Slack and a mail server that keep what they got and fail when asked to."""

import random
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.tasks.delivery.servers import DROP, HttpServer, MailServer, SlackApi

RECEIVERS = """
[[receiver]]
name = "hook"
kind = "webhook"
severity = "info"
url = { env = "ATTACK_HOOK" }

[[receiver]]
name = "slack"
kind = "slack"
severity = "info"
token = { env = "ATTACK_TOKEN" }
channel = "C123"
api_url = "SLACK_URL/"

[[receiver]]
name = "mail"
kind = "email"
severity = "info"
host = "127.0.0.1"
port = MAIL_PORT
security = "none"
sender = "trona@example.com"
to = ["desk@example.com"]
"""


@dataclass
class _Hook(HttpServer):
    """`got` are the markers of what came through, also of what was taken without an answer."""

    got: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if not self.answers or self.answers[0] == DROP:
            self.got.append(handler.headers["Idempotency-Key"])
        super().answer(handler, body)


@dataclass
class _Slack(SlackApi):
    """`got` are the markers of what was shown, `posted` of new messages alone; `loses` so many answers to posts."""

    got: list[str] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    loses: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] - an answer that is lost on purpose

    def chat_postMessage(self, data: dict) -> dict:
        said = super().chat_postMessage(data)
        self.got.append(_marker(data))
        self.posted.append(_marker(data))
        if self.loses:
            self.loses -= 1
            raise ConnectionAbortedError
        return said

    def chat_update(self, data: dict) -> dict:
        said = super().chat_update(data)
        if said["ok"]:
            self.got.append(_marker(data))
        return said


def _marker(data: dict) -> str:
    metadata = SlackApi._read(data["metadata"])
    return str(metadata["event_payload"]["marker"])


class Receivers:
    """All three, and the settings that name them."""

    def __init__(self, folder: Path) -> None:
        self._hook, self._slack = _Hook(), _Slack()
        folder.mkdir(parents=True, exist_ok=True)
        self._mail = MailServer(folder, security="none")
        self.settings = folder / "receivers.toml"
        text = RECEIVERS.replace("SLACK_URL", self._slack.url).replace("MAIL_PORT", str(self._mail.port))
        self.settings.write_text(text, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {"TRONA_RECEIVERS": str(self.settings), "ATTACK_HOOK": self._hook.url, "ATTACK_TOKEN": "xoxb-attack"}

    def fail_next(self, draw: random.Random) -> None:
        """One of them answers that it cannot, is cut off, or takes what it gets without an answer."""
        fault = draw.randrange(6)
        if fault < 2:
            self._hook.answers.append(DROP if fault else (500, {}, "no"))
        elif fault < 4:
            self._mail.box.answers.append(DROP if fault == 3 else "451 later")
        elif fault == 4:
            self._slack.loses += 1
        else:
            self._slack.answers.append((503, {}, "no"))

    def refuse_next(self) -> None:
        """Each turns its next message away, so that it waits for its turn."""
        self._hook.answers.append((500, {}, "no"))
        self._slack.answers.append((503, {}, "no"))
        self._mail.box.answers.append("451 later")

    def recover(self) -> None:
        """From now on all goes well; what was told until now is forgotten."""
        self._hook.answers.clear()
        self._slack.answers.clear()
        self._slack.loses = 0
        self._mail.box.answers.clear()

    def forget(self) -> None:
        """A new lake begins: nobody was told anything."""
        self.recover()
        for got in (self._hook.got, self._slack.got, self._slack.posted, self._slack.posts, self._mail.box.messages):
            got.clear()

    def got(self) -> dict[str, list[str]]:
        """Markers of what each got, in order."""
        mails = [message["Message-ID"].strip("<>").partition("@")[0] for message in self._mail.box.messages]
        return {"hook": list(self._hook.got), "slack": list(self._slack.got), "mail": mails}

    def shown_twice(self) -> list[str]:
        """Messages that stand in Slack twice: it keeps no key that drops a second one."""
        return sorted({marker for marker in self._slack.posted if self._slack.posted.count(marker) > 1})

    def close(self) -> None:
        self._hook.close()
        self._slack.close()
        self._mail.close()
