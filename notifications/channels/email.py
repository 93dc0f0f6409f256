"""One message of the outbox as an e-mail: plain text, and the same words as simple HTML that knows its direction."""

import mimetypes
import re
import smtplib
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.directions import is_rtl, isolated, pieces
from notifications.incoming import MARK
from notifications.models import OutboxMessage
from notifications.trouble import Trouble


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
    direction = "rtl" if is_rtl(message.language) else "ltr"
    subject = " ".join(message.subject.split())
    headers = {
        "Message-ID": f"<{message.reference}.{message.pk}@{_domain()}>",
        "Date": format_datetime(message.created_at),
        "Content-Language": message.language,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message.unsubscribe_url:
        # RFC 8058: mail programs end the subscription with one POST, without opening a page.
        headers["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    envelope = _returns_to(message)
    if envelope:
        headers["From"] = settings.DEFAULT_FROM_EMAIL
    mail = EmailMultiAlternatives(
        from_email=envelope or None,
        subject=isolated(subject, message.language),
        body=isolated(_text(message), message.language),
        to=[message.recipient],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=headers,
        connection=connection,
    )
    context = {
        "subject": subject,
        "language": message.language,
        "direction": direction,
        "paragraphs": paragraphs(message.body),
        "actions": message.actions,
        "unsubscribe_url": message.unsubscribe_url,
        "above": f"{MARK} {_above_this_line(message.language)}" if message.reply_to else "",
    }
    with translation.override(message.language):
        mail.attach_alternative(render_to_string("notifications/mail.html", context), "text/html")
    if message.attachment_path:
        _attach(mail, message)
    return mail


def _attach(mail: EmailMultiAlternatives, message: OutboxMessage) -> None:
    """The file that goes along. Where it is gone since, the words go alone: they say where it is found."""
    path = Path(settings.MEDIA_ROOT) / message.attachment_path
    if path.is_file():
        mail.attach(message.attachment_name, path.read_bytes(), mimetypes.guess_type(message.attachment_name)[0])


def _returns_to(message: OutboxMessage) -> str:
    """The address on the envelope, where what cannot be delivered comes back to: the one of answers, read by the mailbox.

    Only where it is of the same domain as the sender that is shown: receivers check that (DMARC).
    """
    domain = message.reply_to.rpartition("@")[2].casefold()
    return message.reply_to if domain and domain == _domain().casefold() else ""


def _text(message: OutboxMessage) -> str:
    """The words, then what can be done about them, each with its address on a line of its own."""
    above = [f"{MARK} {_above_this_line(message.language)}"] if message.reply_to else []
    parts = [*above, message.body.strip(), *(f"{label}\n{address}" for label, address in message.actions)]
    if message.unsubscribe_url:
        with translation.override(message.language):
            # A name of its own: the catalogue does not find words inside a formatted string.
            label = _("No more such messages:")
            parts.append(f"{label}\n{message.unsubscribe_url}")
    return "\n\n".join(parts) + "\n"


def _above_this_line(language: str) -> str:
    """Asks to answer above it: what is below is quoted by mail programs, and cut off when the answer comes in."""
    with translation.override(language):
        return str(_("Please answer above this line."))


@dataclass(frozen=True)
class Piece:
    """A part of a line: a link, something to be set apart from right-to-left text, or plain words."""

    text: str
    is_link: bool
    apart: bool


def paragraphs(text: str) -> list[list[list[Piece]]]:
    """A message's plain text as paragraphs of lines of pieces."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return [[_pieces(line) for line in block.splitlines()] for block in blocks]


def _pieces(line: str) -> list[Piece]:
    return [Piece(part, part.startswith(("http://", "https://")), apart) for part, apart in pieces(line)]


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _line(code: int, reason: bytes | str) -> str:
    words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    return f"{code} {words}"
