"""Situations from public bug trackers that a receiver's other end can bring: each is listed in docs/situations.md."""

import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from tasks.delivery.channels.mail import send_by_mail
from tasks.delivery.channels.slack import send_to_slack
from tasks.delivery.channels.webhook import send_to_webhook
from tasks.delivery.senders import Refused, Sent, Unavailable, read_retry_after
from tasks.messages.slack_blocks import render_slack
from tests.tasks.delivery.servers import DROP
from tests.tasks.delivery.test_channels import OPEN_POST, postbox, request, web
from tests.tasks.messages.samples import hostile, sample


@contextmanager
def talk(*, says: list[bytes], pause: float = 0.0):
    """A server that takes one connection, says each piece after a pause, and closes."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            for piece in says:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                if over.wait(pause):
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    over.set()
    thread.join(5)
    listening.close()


# --- mail ----------------------------------------------------------------------


def test_a_certificate_of_another_host_is_not_trusted(mail_server):
    server = mail_server()  # its certificate is of localhost
    got = send_by_mail(request(postbox(server, **OPEN_POST, host="127.0.0.1")))
    assert isinstance(got, Unavailable)
    assert "127.0.0.1" in got.reason
    assert not server.box.messages


@pytest.mark.parametrize("message", [sample(), hostile()], ids=["usual", "hostile"])
def test_no_line_of_a_mail_is_longer_than_a_server_takes_and_each_ends_in_crlf(mail_server, message):
    server = mail_server()
    assert isinstance(send_by_mail(request(postbox(server, **OPEN_POST), message=message)), Sent)
    raw = server.box.raw[0]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    bare = raw.replace(b"\r\n", b"")
    assert b"\n" not in bare
    assert b"\r" not in bare


def test_a_line_end_in_a_name_makes_no_header(mail_server):
    server = mail_server()
    message = sample(headline="Beat\r\nBcc: all@example.com\r\n\r\nand more")
    assert isinstance(send_by_mail(request(postbox(server, **OPEN_POST), message=message)), Sent)
    assert "Bcc" not in server.box.messages[0]
    assert server.box.recipients == ["a@example.com", "b@example.com"]


def test_a_server_that_hangs_up_after_each_mail_gets_the_next_one_later(mail_server):
    server = mail_server()
    receiver = postbox(server, **OPEN_POST)
    server.box.answers += ["250 taken", DROP]
    got = send_by_mail(request(receiver))
    assert (type(got), got.reached) == (Unavailable, "a@example.com")
    assert send_by_mail(request(receiver, reached=got.reached)) == Sent("<0123456789abcdef@example.com>")
    assert server.box.recipients == ["b@example.com"]


@pytest.mark.parametrize("greeting", [b"421 too many connections\r\n", b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_server_that_does_not_greet_as_one_is_tried_again(mail_server, greeting):
    with talk(says=[greeting]) as port:
        receiver = postbox(mail_server(), **OPEN_POST, host="127.0.0.1", security="none")
        got = send_by_mail(request(type(receiver)(**{**vars(receiver), "port": port})))
    assert (type(got), got.is_unanswered) == (Unavailable, False)


def test_a_mail_larger_than_the_server_takes_is_given_up_with_its_words(mail_server):
    server = mail_server()
    server.box.answers += ["552 5.3.4 Message size exceeds fixed limit"] * 2
    got = send_by_mail(request(postbox(server, **OPEN_POST)))
    assert isinstance(got, Refused)
    assert "exceeds fixed limit" in got.reason


# --- webhooks and Slack --------------------------------------------------------


@pytest.mark.parametrize(("kind", "send"), [("slack", send_to_slack), ("webhook", send_to_webhook)])
def test_an_answer_that_drips_ends_with_the_receivers_time(kind, send):
    """Each byte comes within the time of a read; without an end of the whole, 40 of them take 12 s."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
    with talk(says=[head, *[b"x"] * 40], pause=0.3) as port:
        begun = time.monotonic()
        got = send(request(web(kind), url=f"http://127.0.0.1:{port}/"))
        assert time.monotonic() - begun < 4
    assert (type(got), got.is_unanswered) == (Unavailable, True)


def test_of_an_answer_without_end_only_the_beginning_is_read():
    head = b"HTTP/1.1 500 Oops\r\nContent-Length: 100000000\r\n\r\nbroken "
    with talk(says=[head, *[b"x" * 100_000] * 2], pause=0.05) as port:
        got = send_to_webhook(request(web("webhook"), url=f"http://127.0.0.1:{port}/"))
    assert isinstance(got, Unavailable)
    assert got.reason.startswith("HTTP 500: broken")
    assert len(got.reason) < 300


@pytest.mark.parametrize(
    ("asked", "answered", "seconds"),
    [
        ("Fri, 05 Jun 2026 12:02:00 GMT", "Fri, 05 Jun 2026 12:00:00 GMT", 120.0),
        ("Fri, 05 Jun 2026 11:00:00 GMT", "Fri, 05 Jun 2026 12:00:00 GMT", None),
        ("Fri, 05 Jun 2026 12:02:00 GMT", None, None),
        ("soon", "Fri, 05 Jun 2026 12:00:00 GMT", None),
        ("7", None, 7.0),
        ("-1", None, None),
        ("inf", None, None),
    ],
)
def test_when_to_try_again_may_be_a_date(asked, answered, seconds):
    assert read_retry_after(asked, answered) == seconds


def test_a_webhook_that_took_it_without_an_answer_can_drop_the_second_one(http):
    http.answers.append(DROP)
    receiver = web("webhook")
    first = send_to_webhook(request(receiver, url=http.url))
    assert (type(first), first.is_unanswered) == (Unavailable, True)
    assert isinstance(send_to_webhook(request(receiver, url=http.url, is_repeat=True)), Sent)
    one, two = [{k.lower(): v for k, v in r["headers"].items()}["idempotency-key"] for r in http.requests]
    assert one == two


@pytest.mark.parametrize("message", [sample(), hostile(), hostile(2000)], ids=["usual", "hostile", "long"])
def test_all_blocks_of_slack_together_stay_below_what_it_takes(message):
    """Slack refuses some 13,200 characters together as `msg_blocks_too_long`; every finding still stands there."""
    blocks = render_slack(message)["blocks"]
    assert len(json.dumps(blocks, ensure_ascii=False)) <= 12_000
    told = json.dumps(blocks, ensure_ascii=False)
    assert told.count("critical") >= sum(f.severity == "critical" for f in message.findings)


def test_a_webhook_of_slack_that_refuses_the_blocks_is_given_up_with_its_words(http):
    http.answers.append((400, {}, "invalid_blocks"))
    assert send_to_slack(request(web("slack"), url=http.url)) == Refused("HTTP 400: invalid_blocks")
