"""E-mail over SMTP, with STARTTLS or TLS and a login; each recipient is delivered for itself."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import ClassVar

from tasks.delivery.channel import Channel, register_channel
from tasks.delivery.month_views import draw_picture
from tasks.delivery.receiver import Receiver
from tasks.delivery.secrets import SecretName
from tasks.delivery.senders import Refused, SendOutcome, SendRequest, Sent, Unavailable
from tasks.messages.mail_address import MailAddress, read_address
from tasks.messages.mail_parts import build_mail, preview_html
from tasks.messages.neutral import Message

_GO_AHEAD = 354
SECURITIES = ("starttls", "tls", "none")


@dataclass(frozen=True, kw_only=True)
class MailReceiver(Receiver):
    """`host` and `port` of the server, how the connection is secured, a login, `sender` and the recipients `to`.

    Addresses are `name@example.com` or `Name <name@example.com>`, in any script.
    """

    kind: ClassVar[str] = "email"
    host: str
    port: int = 587
    security: str = "starttls"
    ca_file: str = ""
    username: SecretName | None = None
    password: SecretName | None = None
    sender: str
    to: tuple[str, ...]

    def find_problem(self) -> str:
        """Addresses that are none, half a login, a login in the open."""
        if self.security not in SECURITIES:
            return f"security {self.security!r} is none of {', '.join(SECURITIES)}"
        if not (self.host and self.sender and self.to):
            return "a receiver of kind email needs host, sender and to"
        if bool(self.username) != bool(self.password):
            return "username and password belong together"
        if self.username and self.security == "none":
            return "refusing to send a password over an unencrypted connection"
        bad = [text for text in (self.sender, *self.to) if read_address(text) is None]
        return f"not an e-mail address: {bad[0]!r}" if bad else ""


@dataclass(frozen=True)
class _Answer:
    """What the server said about one recipient: a code (0 = nothing), its words, whether it may have the message."""

    code: int
    words: str
    is_unanswered: bool = False

    @property
    def is_taken(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_final(self) -> bool:
        return 500 <= self.code < 600

    def __str__(self) -> str:
        return f"SMTP {self.code}: {self.words}" if self.code else self.words


class _Lost(Exception):
    """The connection is of no use any more; `answer` is what that means for the recipient at hand."""

    def __init__(self, answer: _Answer) -> None:
        super().__init__(str(answer))
        self.answer = answer


def send_by_mail(request: SendRequest[MailReceiver]) -> SendOutcome:
    """Send the message to each recipient who does not have it yet, one transaction each over one connection.

    A recipient's 4xx answer, a time-out or a lost connection is tried again for that recipient alone; a 5xx answer is
    final for that recipient. What the server has taken is taken, whatever it answers to QUIT. Nothing is ever sent or
    logged in over a connection that should have been encrypted and is not.
    """
    receiver = request.receiver
    sender = _address(receiver.sender)
    recipients = [_address(text) for text in receiver.to]
    reached = {mail.spec for mail in recipients} & set(request.reached.split(" "))
    try:
        with _connect(request, sender) as server:
            answers = _send_to_each(server, request, [mail for mail in recipients if mail.spec not in reached])
    except smtplib.SMTPResponseException as error:
        answers = dict.fromkeys(_missing(recipients, reached), _Answer(error.smtp_code, _decode(error.smtp_error)))
    except smtplib.SMTPNotSupportedError as error:
        return Refused(str(error), reached=" ".join(sorted(reached)))
    except (smtplib.SMTPException, OSError) as error:
        words = f"the mail server cannot be reached: {type(error).__name__}: {error}"
        answers = dict.fromkeys(_missing(recipients, reached), _Answer(0, words))
    return _conclude(answers, reached, f"<{request.message.marker}@{sender.domain}>")


def _address(text: str) -> MailAddress:
    address = read_address(text)
    if address is None:
        raise ValueError("not an e-mail address")  # the settings were checked when they were read
    return address


def _missing(recipients: list[MailAddress], reached: set[str]) -> list[str]:
    return [mail.spec for mail in recipients if mail.spec not in reached]


@contextmanager
def _connect(request: SendRequest[MailReceiver], sender: MailAddress) -> Iterator[smtplib.SMTP]:
    """A connection that is encrypted and logged in as the receiver asks. Leaving it never fails."""
    receiver = request.receiver
    # The name we greet with is the sender's domain: looking up the machine's own can take long.
    name, seconds = sender.domain, receiver.timeout_seconds
    context = ssl.create_default_context(cafile=receiver.ca_file or None)
    server: smtplib.SMTP
    if receiver.security == "tls":
        server = smtplib.SMTP_SSL(receiver.host, receiver.port, local_hostname=name, timeout=seconds, context=context)
    else:
        server = smtplib.SMTP(receiver.host, receiver.port, local_hostname=name, timeout=seconds)
    try:
        if receiver.security == "starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if "username" in request.secrets:
            server.login(request.secrets["username"].reveal(), request.secrets["password"].reveal())
        yield server
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        server.close()


def _send_to_each(
    server: smtplib.SMTP, request: SendRequest[MailReceiver], recipients: list[MailAddress]
) -> dict[str, _Answer]:
    answers: dict[str, _Answer] = {}
    sender = _address(request.receiver.sender)
    chart = draw_picture(request.message.picture) if recipients else b""
    for number, to in enumerate(recipients):
        mail = build_mail(request.message, sender=sender, to=to, at=request.at, chart=chart)
        try:
            answers[to.spec] = _send_one(server, mail, sender, to)
        except _Lost as lost:
            answers[to.spec] = lost.answer
            rest = _Answer(0, f"not tried: {lost.answer.words}")
            return answers | {other.spec: rest for other in recipients[number + 1 :]}
    return answers


def _send_one(server: smtplib.SMTP, mail: EmailMessage, sender: MailAddress, to: MailAddress) -> _Answer:
    """One transaction. Raises `_Lost` where the connection ended in it."""
    options = []
    if not (sender.is_ascii and to.is_ascii):
        if not server.has_extn("smtputf8"):
            return _Answer(550, "the server cannot take addresses that are not ASCII (no SMTPUTF8)")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    is_handed_over = False
    try:
        answer = _read(server.mail(sender.spec, options))
        if answer.is_taken:
            answer = _read(server.rcpt(to.spec))
        if answer.is_taken:
            answer = _read(server.docmd("DATA"))
        if answer.code != _GO_AHEAD:
            server.rset()
            return answer
        is_handed_over = True
        server.send(_quote(mail.as_bytes()))
        return _read(server.getreply())
    except (smtplib.SMTPException, OSError) as error:
        words = f"the connection was lost: {type(error).__name__}: {error}"
        raise _Lost(_Answer(0, words, is_unanswered=is_handed_over)) from None


def _quote(content: bytes) -> bytes:
    """Content as SMTP carries it: lines that begin with a dot get another, and a dot alone ends it."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines).rstrip(b"\r\n") + b"\r\n.\r\n"


def _read(reply: tuple[int, bytes]) -> _Answer:
    return _Answer(reply[0], _decode(reply[1]))


def _decode(answer: bytes | str) -> str:
    return (answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer))[:200]


def _conclude(answers: dict[str, _Answer], reached: set[str], message_id: str) -> SendOutcome:
    """All have it: sent. Some can still get it: again later, for those. The rest never will: a dead letter."""
    have_it = " ".join(sorted(reached | {spec for spec, answer in answers.items() if answer.is_taken}))
    open_ = {spec: answer for spec, answer in answers.items() if not answer.is_taken}
    if not open_:
        return Sent(message_id)
    reason = "; ".join(f"{answer} ({spec})" for spec, answer in open_.items())[:450]
    if all(answer.is_final for answer in open_.values()):
        return Refused(reason, reached=have_it)
    is_unanswered = any(answer.is_unanswered for answer in open_.values())
    return Unavailable(reason, is_unanswered=is_unanswered, reached=have_it)


def preview_mail(message: Message) -> str:
    """The HTML part with its picture."""
    return preview_html(message, draw_picture(message.picture))


register_channel(Channel(MailReceiver, send_by_mail, preview_mail, ".html"))
