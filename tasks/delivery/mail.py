"""E-mail over SMTP, with STARTTLS or TLS and a login."""

import smtplib
import ssl
from email.message import EmailMessage

from tasks.delivery.receivers import Receiver
from tasks.delivery.senders import Refused, SendOutcome, SendRequest, Sent, Unavailable
from tasks.messages.mail_parts import build_mail


def send_mail(request: SendRequest) -> SendOutcome:
    """Send the message to all addresses of the receiver in one transaction.

    4xx answers, time-outs and lost connections are tried again; 5xx answers and a server that cannot encrypt are
    final. Nothing is ever sent or logged in over a connection that should have been encrypted and is not.
    """
    receiver = request.receiver
    mail = build_mail(request.message, sender=receiver.sender, to=receiver.to, at=request.at)
    try:
        with _connect(receiver) as server:
            if "username" in request.secrets:
                server.login(request.secrets["username"], request.secrets["password"])
            refused = server.send_message(mail, from_addr=receiver.sender, to_addrs=list(receiver.to))
    except smtplib.SMTPRecipientsRefused as error:
        return _judge_codes([code for code, _ in error.recipients.values()], "all recipients were refused")
    except smtplib.SMTPResponseException as error:
        return _judge_codes([error.smtp_code], _read_answer(error.smtp_error))
    except smtplib.SMTPNotSupportedError as error:
        return Refused(str(error))
    except smtplib.SMTPException as error:
        return Unavailable(f"{type(error).__name__}: {error}")
    except (OSError, ssl.SSLError) as error:
        return Unavailable(f"the mail server cannot be reached: {type(error).__name__}: {error}")
    return Sent(_name_reference(mail, refused))


def _connect(receiver: Receiver) -> smtplib.SMTP:
    # The name we greet with is the sender's domain: looking up the machine's own can take long.
    name = receiver.sender.rsplit("@", 1)[-1]
    context = ssl.create_default_context(cafile=receiver.ca_file or None)
    if receiver.security == "tls":
        return smtplib.SMTP_SSL(
            receiver.host, receiver.port, local_hostname=name, timeout=receiver.timeout_seconds, context=context
        )
    server = smtplib.SMTP(receiver.host, receiver.port, local_hostname=name, timeout=receiver.timeout_seconds)
    if receiver.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _judge_codes(codes: list[int], reason: str) -> SendOutcome:
    text = f"SMTP {codes[0]}: {reason}"[:300]
    return Refused(text) if all(500 <= code < 600 for code in codes) else Unavailable(text)


def _read_answer(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)


def _name_reference(mail: EmailMessage, refused: dict[str, tuple[int, bytes]]) -> str:
    """The Message-ID, and who of several was refused."""
    missing = ", ".join(f"{address} ({code})" for address, (code, _) in sorted(refused.items()))
    return f"{mail['Message-ID']}; not to {missing}" if missing else str(mail["Message-ID"])
