"""Each channel against a real server on loopback: what it sends, and what it makes of every kind of answer."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from contracts.secret import Secret
from tasks.delivery.channel import find_channels
from tasks.delivery.channels.mail import MailReceiver, send_by_mail
from tasks.delivery.channels.slack import SlackReceiver, send_to_slack
from tasks.delivery.channels.webhook import send_to_webhook
from tasks.delivery.receiver import Receiver
from tasks.delivery.secrets import SecretName
from tasks.delivery.senders import Refused, SendRequest, Sent, Unavailable
from tests.tasks.delivery.servers import DROP, HANG
from tests.tasks.messages.samples import sample

NOON = datetime(2026, 6, 5, 12, tzinfo=UTC)
ANSWERS = [
    ((200, {}, "ok"), Sent, None),
    ((400, {}, "invalid_payload"), Refused, None),
    ((403, {}, "action_prohibited"), Refused, None),
    ((404, {}, "no_service"), Refused, None),
    ((410, {}, "channel_is_archived"), Refused, None),
    ((429, {"Retry-After": "7"}, "slow down"), Unavailable, 7.0),
    ((429, {}, "slow down"), Unavailable, None),
    ((429, {"Retry-After": "Fri, 05 Jun 2026 12:00:00 GMT"}, ""), Unavailable, None),
    ((500, {}, "oops"), Unavailable, None),
    ((503, {"Retry-After": "120"}, ""), Unavailable, 120.0),
    (HANG, Unavailable, None),
    (DROP, Unavailable, None),
]


def request(
    receiver: Receiver, *, root: str = "", is_repeat: bool = False, reached: str = "", message=None, **secrets: str
) -> SendRequest:
    hidden = {name: Secret(text) for name, text in secrets.items()}
    return SendRequest(message or sample(), receiver, hidden, NOON, root, is_repeat, reached)


def web(kind: str) -> Receiver:
    return find_channels()[kind].receiver(name="desk", url=SecretName(env="X"), timeout_seconds=1.0)


@pytest.mark.parametrize(("answer", "outcome", "after"), ANSWERS, ids=lambda v: str(v)[:30])
@pytest.mark.parametrize(("kind", "send"), [("slack", send_to_slack), ("webhook", send_to_webhook)])
def test_http_answers(http, kind, send, answer, outcome, after):
    http.answers.append(answer)
    got = send(request(web(kind), url=f"{http.url}/services/T1/B2/secretsecret"))
    assert isinstance(got, outcome), got
    assert getattr(got, "after_seconds", None) == after
    assert len(http.requests) == 1  # no retry of the library's own


@pytest.mark.parametrize(("kind", "send"), [("slack", send_to_slack), ("webhook", send_to_webhook)])
def test_nobody_listens(kind, send):
    assert isinstance(send(request(web(kind), url="http://127.0.0.1:9/secretsecret")), Unavailable)


def test_an_address_that_is_none_is_refused_not_thrown():
    assert isinstance(send_to_webhook(request(web("webhook"), url="ftp://x.example/")), Refused)
    assert isinstance(send_to_webhook(request(web("webhook"), url="nonsense")), Refused)


def test_slack_webhook_sends_blocks_and_no_metadata(http):
    send_to_slack(request(web("slack"), url=http.url))
    (body,) = http.bodies()
    assert set(body) == {"text", "blocks", "unfurl_links", "unfurl_media"}
    assert body["text"].startswith("▲ Warning: Cathode materials output beat the forecast")


def test_a_slack_webhook_cannot_look_back_so_a_repeat_says_that_it_is_one(http):
    send_to_slack(request(web("slack"), url=http.url, is_repeat=True))
    assert "Sent again: the first attempt ended without an answer." in http.requests[0]["body"].decode()


def test_webhook_carries_the_marker_as_idempotency_key(http):
    send_to_webhook(request(web("webhook"), url=http.url))
    headers = {k.lower(): v for k, v in http.requests[0]["headers"].items()}
    (body,) = http.bodies()
    assert headers["idempotency-key"] == body["marker"] == "0123456789abcdef"
    assert body["version"] == 1


def bot(api, **values) -> Receiver:
    options = {"api_url": f"{api.url}/api/", "token": SecretName(env="X"), "channel": "C123", "timeout_seconds": 1.0}
    return SlackReceiver(name="desk", **(options | values))


def test_bot_posts_then_updates_in_place_and_tells_the_news_in_the_thread(slack_api):
    first = send_to_slack(request(bot(slack_api), token="xoxb-1"))
    assert isinstance(first, Sent)
    later = sample(marker="m2", headline="Something new", is_update=True)
    second = send_to_slack(request(bot(slack_api), token="xoxb-1", root=first.reference, message=later))
    assert isinstance(second, Sent)
    root, reply = slack_api.posts
    assert root["edited"]
    assert "Something new" in root["text"]
    assert reply["thread_ts"] == root["ts"]
    told = json.dumps(reply["blocks"], ensure_ascii=False)
    assert "Cathode materials" in told
    assert "Battery cells*" not in told  # known before, not repeated in the thread


def test_bot_finds_what_an_attempt_without_answer_left(slack_api):
    first = send_to_slack(request(bot(slack_api), token="xoxb-1"))
    again = send_to_slack(request(bot(slack_api), token="xoxb-1", is_repeat=True))
    assert first == again
    assert len(slack_api.posts) == 1


def test_bot_finds_it_by_the_text_where_slack_hides_the_metadata(slack_api):
    first = send_to_slack(request(bot(slack_api), token="xoxb-1"))
    slack_api.posts[0].pop("metadata")
    assert send_to_slack(request(bot(slack_api), token="xoxb-1", is_repeat=True)) == first
    assert len(slack_api.posts) == 1


def test_bot_that_may_not_read_sends_at_least_once(slack_api):
    slack_api.answers.append((200, {}, {"ok": False, "error": "missing_scope"}))
    assert isinstance(send_to_slack(request(bot(slack_api), token="xoxb-1", is_repeat=True)), Sent)


def test_bot_finds_its_reply_in_the_thread(slack_api):
    first = send_to_slack(request(bot(slack_api), token="xoxb-1"))
    later = sample(marker="m2")
    for is_repeat in (False, True):
        send_to_slack(request(bot(slack_api), token="xoxb-1", root=first.reference, message=later, is_repeat=is_repeat))
    assert len(slack_api.posts) == 2


def test_bot_starts_anew_where_the_message_was_deleted(slack_api):
    got = send_to_slack(request(bot(slack_api), token="xoxb-1", root="C123:1.5"))
    assert isinstance(got, Sent)
    assert len(slack_api.posts) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((200, {}, {"ok": False, "error": "invalid_auth"}), Refused),
        ((200, {}, {"ok": False, "error": "channel_not_found"}), Refused),
        ((200, {}, {"ok": False, "error": "internal_error"}), Unavailable),
        ((429, {"Retry-After": "30"}, {"ok": False, "error": "ratelimited"}), Unavailable),
        ((500, {}, "oops"), Unavailable),
        ((200, {}, "no json"), Unavailable),
        (HANG, Unavailable),
        (DROP, Unavailable),
    ],
    ids=lambda v: str(v)[:40],
)
def test_bot_answers(slack_api, answer, outcome):
    slack_api.answers.append(answer)
    got = send_to_slack(request(bot(slack_api), token="xoxb-1"))
    assert isinstance(got, outcome), got
    if answer[0] == 429:
        assert got.after_seconds == 30.0


def postbox(server, **values) -> Receiver:
    login = {"username": SecretName(env="U"), "password": SecretName(env="P")}
    options = {
        "name": "planning",
        "host": "localhost",
        "port": server.port,
        "ca_file": server.ca_file,
        "sender": "trona@example.com",
        "to": ("a@example.com", "b@example.com"),
        "timeout_seconds": 2.0,
    }
    return MailReceiver(**(options | login | values))


# The server warns because it knows TLS only from STARTTLS; here the whole connection is encrypted.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_over_an_encrypted_connection_with_login(mail_server, security):
    server = mail_server(security=security, login=("trona", "hunter22"))
    got = send_by_mail(request(postbox(server, security=security), username="trona", password="hunter22"))
    assert got == Sent("<0123456789abcdef@example.com>")
    mail, other = server.box.messages
    assert (mail["To"], other["To"]) == ("a@example.com", "b@example.com")
    assert mail["Message-ID"] == other["Message-ID"]
    assert mail["Subject"].startswith("Warning · Sodium-ion batteries, May 2026: Cathode materials output beat the")
    assert mail["Message-ID"] == "<0123456789abcdef@example.com>"
    assert mail["References"] == "<fedcba9876543210@example.com>"
    assert parsedate_to_datetime(mail["Date"]) == NOON
    assert mail.get_content_type() == "multipart/alternative"
    text, page = mail.iter_parts()
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "multipart/related")
    html, chart = page.iter_parts()
    assert "cid:chart" in html.get_content()
    assert (
        'alt="2 of 3 forecasts month on month missed: Cathode materials forecast −70 % MoM, outcome −60 %'
        in html.get_content()
    )
    assert (chart.get_content_type(), chart["Content-ID"]) == ("image/png", "<chart>")
    assert chart.get_content().startswith(b"\x89PNG")
    assert len(server.box.raw[0]) < 100_000


def test_mail_without_encryption_only_where_asked_and_never_with_login(mail_server):
    server = mail_server(security="none")
    plain = postbox(server, username=None, password=None, security="none")
    assert isinstance(send_by_mail(request(plain)), Sent)
    assert send_by_mail(request(postbox(server, username=None, password=None))) == Refused(
        "STARTTLS extension not supported by server."
    )
    assert len(server.box.messages) == 2


def test_a_certificate_of_nobody_known_is_not_trusted(mail_server):
    server = mail_server()
    got = send_by_mail(request(postbox(server, ca_file=""), username="u", password="hunter22"))
    assert isinstance(got, Unavailable)
    assert "certificate" in got.reason.lower()
    assert not server.box.messages


def test_a_wrong_password_is_final(mail_server):
    server = mail_server(login=("trona", "hunter22"))
    got = send_by_mail(request(postbox(server), username="trona", password="wrong-one"))
    assert isinstance(got, Refused)
    assert "535" in got.reason
    assert "wrong-one" not in got.reason


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("451 try later", Unavailable), ("554 no", Refused), ("552 too big", Refused), (DROP, Unavailable)],
)
def test_mail_answers(mail_server, reply, outcome):
    server = mail_server()
    server.box.answers.append(reply)
    receiver = postbox(server, username=None, password=None)
    assert isinstance(send_by_mail(request(receiver)), outcome)
    assert isinstance(send_by_mail(request(receiver)), Sent)


OPEN_POST = {"username": None, "password": None}


def test_one_recipient_of_two_is_tried_again_alone(mail_server):
    server = mail_server()
    server.box.refuse["a@example.com"] = "450 greylisted"
    receiver = postbox(server, **OPEN_POST)
    got = send_by_mail(request(receiver))
    assert got == Unavailable("SMTP 450: greylisted (a@example.com)", reached="b@example.com")
    server.box.refuse.clear()
    assert send_by_mail(request(receiver, reached=got.reached)) == Sent("<0123456789abcdef@example.com>")
    assert server.box.recipients == ["b@example.com", "a@example.com"]


def test_a_recipient_that_is_unknown_is_a_dead_letter_and_the_other_has_it(mail_server):
    server = mail_server()
    server.box.refuse["a@example.com"] = "550 unknown"
    got = send_by_mail(request(postbox(server, **OPEN_POST)))
    assert got == Refused("SMTP 550: unknown (a@example.com)", reached="b@example.com")
    assert server.box.recipients == ["b@example.com"]
    server.box.refuse["b@example.com"] = "450 greylisted"
    assert isinstance(send_by_mail(request(postbox(server, **OPEN_POST))), Unavailable)  # b may still get it


def test_what_the_server_says_to_the_content_for_one_recipient_is_no_word_about_the_other(mail_server):
    server = mail_server()
    server.box.answers.append("452 mailbox full")
    got = send_by_mail(request(postbox(server, **OPEN_POST)))
    assert got == Unavailable("SMTP 452: mailbox full (a@example.com)", reached="b@example.com")


@pytest.mark.parametrize("farewell", ["421 shutting down", "500 what", "554 go away", DROP])
def test_what_the_server_has_taken_is_sent_whatever_it_answers_to_quit(mail_server, farewell):
    server = mail_server()
    server.box.farewell = farewell
    assert isinstance(send_by_mail(request(postbox(server, **OPEN_POST))), Sent)
    assert server.box.recipients == ["a@example.com", "b@example.com"]


def test_only_where_the_content_was_handed_over_may_the_server_have_it(mail_server):
    server = mail_server()
    server.box.answers.append(DROP)
    got = send_by_mail(request(postbox(server, **OPEN_POST)))
    assert (type(got), got.is_unanswered, got.reached) == (Unavailable, True, "")
    server.box.refuse["a@example.com"] = server.box.refuse["b@example.com"] = "450 later"
    got = send_by_mail(request(postbox(server, **OPEN_POST)))
    assert (type(got), got.is_unanswered) == (Unavailable, False)


def test_names_and_international_domains(mail_server):
    server = mail_server(takes_utf8=False)
    receiver = postbox(
        server,
        **OPEN_POST,
        sender="Trona – 监测 <trona@bücher.example>",
        to=("王伟 <wang@例子.example>", '"Doe, Jane" <jane@example.com>'),
    )
    assert send_by_mail(request(receiver)) == Sent("<0123456789abcdef@xn--bcher-kva.example>")
    assert server.box.recipients == ["wang@xn--fsqu00a.example", "jane@example.com"]
    first, second = server.box.messages
    assert first["To"].addresses[0].display_name == "王伟"
    assert second["To"].addresses[0].display_name == "Doe, Jane"
    assert first["From"].addresses[0].display_name == "Trona – 监测"
    assert all(raw.isascii() for raw in server.box.raw)


def test_a_recipient_in_another_script_where_the_server_takes_it_and_where_it_does_not(mail_server):
    to = ("用户@例子.example", "a@example.com")
    able, unable = mail_server(security="none"), mail_server(security="none", takes_utf8=False)
    assert isinstance(send_by_mail(request(postbox(able, **OPEN_POST, security="none", to=to))), Sent)
    assert able.box.recipients == ["用户@xn--fsqu00a.example", "a@example.com"]
    got = send_by_mail(request(postbox(unable, **OPEN_POST, security="none", to=to)))
    assert isinstance(got, Refused)
    assert "SMTPUTF8" in got.reason
    assert unable.box.recipients == ["a@example.com"]


def test_no_mail_server_there():
    receiver = MailReceiver(name="x", host="127.0.0.1", port=9, sender="a@b.example", to=("c@d.example",))
    assert isinstance(send_by_mail(request(receiver)), Unavailable)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("kind", "send"), [("slack", send_to_slack), ("webhook", send_to_webhook)])
def test_a_redirect_is_refused_and_the_new_address_named(http, kind, send, status):
    http.answers.append((status, {"Location": f"{http.url}/new-home?token=1"}, ""))
    got = send(request(web(kind), url=f"{http.url}/old"))
    assert got == Refused(f"HTTP {status}: it has moved to {http.url}/new-home: set that address")
    assert [r["path"] for r in http.requests] == ["/old"]


@pytest.mark.parametrize(
    "body", ["<html>Log in</html>", "", '{"ok": false, "error": "x"}', '{"ok": true}', "OK", "invalid_token"]
)
def test_slack_webhook_says_ok_and_nothing_else_is_success(http, body):
    http.answers.append((200, {}, body))
    got = send_to_slack(request(web("slack"), url=http.url))
    assert isinstance(got, Unavailable)
    assert "without Slack's `ok`" in got.reason


@pytest.mark.parametrize(
    ("headers", "body", "outcome"),
    [
        ({"Content-Type": "text/html; charset=utf-8"}, "<html>Log in</html>", Unavailable),
        ({}, '{"ok": false, "error": "no"}', Unavailable),
        ({}, '{"success": false}', Unavailable),
        ({}, '{"ok": true}', Sent),
        ({}, "[1]", Sent),
        ({}, "", Sent),
        ({"Content-Type": "text/plain"}, "thank you", Sent),
    ],
)
def test_a_webhook_that_says_no_with_200_is_no_success(http, headers, body, outcome):
    http.answers.append((200, headers, body))
    assert isinstance(send_to_webhook(request(web("webhook"), url=http.url)), outcome)


def test_a_bot_does_not_take_a_redirect_for_success(slack_api, http):
    slack_api.answers.append((302, {"Location": f"{http.url}/login", "Content-Type": "text/html"}, ""))
    http.answers.append((200, {"Content-Type": "text/html"}, "<html>Log in</html>"))
    assert not isinstance(send_to_slack(request(bot(slack_api), token="xoxb-1")), Sent)


@pytest.mark.parametrize(("kind", "send"), [("slack", send_to_slack), ("webhook", send_to_webhook)])
def test_whether_the_other_side_may_have_it(http, kind, send):
    assert send(request(web(kind), url="http://127.0.0.1:9/")).is_unanswered is False
    http.answers.append((503, {}, "later"))
    assert send(request(web(kind), url=http.url)).is_unanswered is False
    http.answers += [HANG, DROP]
    assert [send(request(web(kind), url=http.url)).is_unanswered for _ in range(2)] == [True, True]
