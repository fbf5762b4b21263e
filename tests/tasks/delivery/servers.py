"""Servers on loopback that stand where Slack, a webhook and a mail server do."""

import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

HANG, DROP = "hang", "drop"


@dataclass
class HttpServer:
    """Answers each request with the next of `answers` (status, headers, body), HANG or DROP; then with 200."""

    answers: list = field(default_factory=list)
    requests: list[dict] = field(default_factory=list)

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append({"path": self.path, "headers": dict(self.headers), "body": body})
                outer.answer(self, body)

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        reply = self.answers.pop(0) if self.answers else (200, {}, "ok")
        if reply == HANG:
            self.released.wait(5)
            reply = DROP
        if reply == DROP:
            handler.close_connection = True
            return
        status, headers, text = reply
        content = text.encode() if isinstance(text, str) else json.dumps(text).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def bodies(self) -> list[dict]:
        return [json.loads(request["body"]) for request in self.requests]

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class SlackApi(HttpServer):
    """A small Slack: keeps messages by channel, posts, updates, lists history and replies with metadata."""

    posts: list[dict] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if self.answers:
            super().answer(handler, body)
            return
        is_json = handler.headers.get("Content-Type", "").startswith("application/json")
        if is_json:
            data = json.loads(body or b"{}")
        else:
            query = body.decode() or handler.path.partition("?")[2]
            data = {k: v[0] for k, v in parse_qs(query).items()}
        method = handler.path.partition("?")[0].rsplit("/", 1)[-1].replace(".", "_")
        self.answers.append((200, {}, getattr(self, method)(data)))
        super().answer(handler, body)

    @staticmethod
    def _read(value: object) -> object:
        return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value

    def chat_postMessage(self, data: dict) -> dict:
        post = {name: self._read(value) for name, value in data.items()}
        post |= {"ts": f"{time.time_ns() // 1000}.{len(self.posts):06d}"}
        self.posts.append(post)
        return {"ok": True, "channel": "C123", "ts": post["ts"]}

    def chat_update(self, data: dict) -> dict:
        for post in self.posts:
            if post["ts"] == data["ts"]:
                post.update({name: self._read(value) for name, value in data.items()}, edited=True)
                return {"ok": True, "channel": "C123", "ts": post["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def conversations_history(self, data: dict) -> dict:
        return {"ok": True, "messages": [p for p in self.posts if "thread_ts" not in p]}

    def conversations_replies(self, data: dict) -> dict:
        return {"ok": True, "messages": [p for p in self.posts if data["ts"] in (p["ts"], p.get("thread_ts"))]}


class Mailbox:
    """Takes mail; `answers` are replies to DATA that come first (`451 later`, DROP); `farewell` answers QUIT."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.answers: list[str] = []
        self.refuse: dict[str, str] = {}
        self.peers: list[bool] = []
        self.recipients: list[str] = []
        self.farewell = "221 bye"

    async def handle_QUIT(self, server, session, envelope):
        if self.farewell == DROP:
            server.transport.close()
        return self.farewell

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answers:
            reply = self.answers.pop(0)
            if reply == DROP:
                server.transport.close()
                return "250 never read"
            return reply
        self.peers.append(session.ssl is not None)
        self.raw.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


class MailServer:
    """An SMTP server with a certificate of its own authority; `security` as in receivers.toml."""

    def __init__(
        self, folder, *, security: str = "starttls", login: tuple[str, str] | None = None, takes_utf8: bool = True
    ) -> None:
        self.box = Mailbox()
        authority = trustme.CA()
        self.ca_file = str(folder / "ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        options: dict = {"hostname": "127.0.0.1", "port": 0, "server_hostname": "localhost"}
        options["enable_SMTPUTF8"] = takes_utf8
        if security == "tls":
            options["ssl_context"] = context
        if security == "starttls":
            options["tls_context"] = context
            options["require_starttls"] = True
        if login:
            options |= {
                "authenticator": self._check(login),
                "auth_required": True,
                "auth_require_tls": security == "starttls",
            }
        self.controller = _AnyPort(self.box, **options)
        self.controller.start()
        self.port = self.controller.server.sockets[0].getsockname()[1]

    @staticmethod
    def _check(login):
        def authenticate(server, session, envelope, mechanism, data):
            given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
            return AuthResult(success=given == login, handled=False)

        return authenticate

    def close(self) -> None:
        self.controller.stop()


class _AnyPort(Controller):
    """A controller that takes whatever port is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            if self.ssl_context is None:
                connection.recv(100)
                return
            trusting = ssl.create_default_context()
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            with trusting.wrap_socket(connection) as encrypted:
                encrypted.recv(100)
