"""Where no SMTP server is configured, mails are files: whole or absent, one each."""

import uuid
from collections.abc import Sequence
from email.message import Message
from email.utils import parseaddr
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import sanitize_address
from django.utils.text import get_valid_filename

from sandbox.storage import write_atomically


class MailFolder(BaseEmailBackend):
    """Writes each message to MAIL_DIR as `<what stands before the @ of its Message-ID>.eml`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            for address in message.recipients():
                sanitize_address(address, "utf-8")
            content = message.message()
            write_atomically(Path(settings.MAIL_DIR) / f"{_name(content)}.eml", content.as_bytes())
        return len(email_messages)


def _name(message: Message) -> str:
    local = parseaddr(message.get("Message-ID", ""))[1].partition("@")[0]
    return get_valid_filename(local) if local else uuid.uuid4().hex
