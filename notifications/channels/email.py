"""One message of the outbox as an e-mail: plain text, and the same words as simple HTML that knows its direction."""

import re
import smtplib
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

from notifications.models import OutboxMessage


@dataclass
class Trouble(Exception):
    """A message that did not leave. `permanent`: it never will. `server`: the server is at fault, so is every message."""

    text: str
    permanent: bool = False
    server: bool = False


def send(message: OutboxMessage, connection: BaseEmailBackend) -> None:
    """Hand one message to the mail server (or the folder), over a connection that is kept open. Raises Trouble."""
    try:
        connection.open()
    except OSError as away:  # whatever smtplib raises is one
        raise Trouble(f"{type(away).__name__}: {away}", server=True) from away
    try:
        compose(message, connection).send()
    except smtplib.SMTPRecipientsRefused as refused:
        code, reason = next(iter(refused.recipients.values()))
        raise Trouble(_line(code, reason), permanent=code >= 500) from refused
    except (smtplib.SMTPSenderRefused, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError) as refused:
        # Our account or address: a mistake in the settings, to be mended there; the messages wait.
        raise Trouble(_line(refused.smtp_code, refused.smtp_error), server=True) from refused
    except smtplib.SMTPResponseException as refused:
        shutting_down = refused.smtp_code == 421
        permanent = refused.smtp_code >= 500 and isinstance(refused, smtplib.SMTPDataError)
        raise Trouble(
            _line(refused.smtp_code, refused.smtp_error), permanent=permanent, server=shutting_down
        ) from refused
    except ValueError as impossible:  # header injection, an address that is none, letters that no header can hold
        raise Trouble(f"no valid message: {impossible}", permanent=True) from impossible
    except OSError as away:
        raise Trouble(f"{type(away).__name__}: {away}", server=True) from away


def compose(message: OutboxMessage, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The e-mail of an outbox row. Sent twice it has the same Message-ID, by which mail programs show it once."""
    direction = "rtl" if message.language.split("-")[0] in settings.LANGUAGES_BIDI else "ltr"
    subject = " ".join(message.subject.split())
    headers = {
        "Message-ID": f"<{message.reference}.{message.pk}@{_domain()}>",
        "Date": format_datetime(message.created_at),
        "Content-Language": message.language,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    mail = EmailMultiAlternatives(
        subject=subject, body=message.body, to=[message.recipient], headers=headers, connection=connection
    )
    context = {
        "subject": subject,
        "language": message.language,
        "direction": direction,
        "paragraphs": paragraphs(message.body),
    }
    mail.attach_alternative(render_to_string("notifications/mail.html", context), "text/html")
    return mail


def paragraphs(text: str) -> list[list[list[tuple[str, bool]]]]:
    """Paragraphs of lines of (piece, is it a link) of a message's plain text."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return [[_pieces(line) for line in block.splitlines()] for block in blocks]


def _pieces(line: str) -> list[tuple[str, bool]]:
    parts = re.split(r"(https?://[^\s<>\"]+)", line)
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _line(code: int, reason: bytes | str) -> str:
    words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    return f"{code} {words}"
