"""Short messages through one small gateway. Providers take plain HTTP, each with names of its own: so it is a template.

    SMS_URL=console                                              development: the log, and a file beside the mails
    SMS_URL=https://sms.example.ma/send?to={to}&text={text}      GET, or POST with
    SMS_BODY={"to": "{to}", "content": "{text}"}                 JSON if it begins with a brace, else a form
    SMS_AUTHORIZATION=Bearer …                                   the Authorization header, if one is wanted

{to} is the number in international form (+212…). What is put in is escaped for its place.
"""

import json
import logging
import urllib.error
import urllib.request
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, quote_plus

from django.conf import settings

from notifications.models import OutboxMessage
from notifications.outbox import mail_path
from notifications.trouble import Trouble
from sandbox.storage import write_atomically

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
# Two messages of a phone in Arabic; longer ones cost the city and are read by nobody.
LONGEST = 300
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class Gateway(Protocol):
    """Hands one short message on. Raises Trouble."""

    def send(self, message: OutboxMessage) -> None: ...


def gateway() -> Gateway | None:
    """The gateway of the settings; None where no short messages are sent."""
    if not settings.SMS_URL:
        return None
    return ConsoleGateway() if settings.SMS_URL == "console" else HttpGateway()


class ConsoleGateway:
    """For development: one line in the log without the words, and the message as a file beside the mails."""

    def send(self, message: OutboxMessage) -> None:
        logger.info("short message %s about %s", message.pk, message.reference)
        note = EmailMessage()
        note["To"], note["Subject"], note["Content-Language"] = message.recipient, "SMS", message.language
        note["Message-ID"] = f"<{message.reference}.{message.pk}@sms>"
        note.set_content(text_of(message))
        try:
            write_atomically(Path(mail_path(message.pk, message.reference)), note.as_bytes())
        except OSError as trouble:
            raise Trouble(f"{type(trouble).__name__}: {trouble}", server=True) from trouble


class HttpGateway:
    """A provider's HTTP interface, as the settings describe it."""

    def send(self, message: OutboxMessage) -> None:
        request = self._request(message.recipient, text_of(message))
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 (the settings' address)
                answer.read(1000)
        except urllib.error.HTTPError as refused:
            refused.close()
            later = refused.code in _LATER or refused.code >= 500
            unknown = refused.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
            raise Trouble(
                f"the gateway answered {refused.code}", permanent=not later and not unknown, server=later or unknown
            ) from refused
        except OSError as away:
            raise Trouble(f"{type(away).__name__}: {away}", server=True) from away

    def _request(self, to: str, text: str) -> urllib.request.Request:
        address = _filled(settings.SMS_URL, quote(to), quote(text))
        headers = {"User-Agent": "geoportal"}
        if settings.SMS_AUTHORIZATION:
            headers["Authorization"] = settings.SMS_AUTHORIZATION
        if not settings.SMS_BODY:
            return urllib.request.Request(address, headers=headers)  # noqa: S310
        if settings.SMS_BODY.lstrip().startswith("{"):
            headers["Content-Type"] = "application/json"
            body = _filled(settings.SMS_BODY, json.dumps(to)[1:-1], json.dumps(text)[1:-1])
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = _filled(settings.SMS_BODY, quote_plus(to), quote_plus(text))
        return urllib.request.Request(address, data=body.encode(), headers=headers)  # noqa: S310


def text_of(message: OutboxMessage) -> str:
    """The words, cut where they would become a third message; a link at the end stays whole."""
    words, _, link = message.body.strip().rpartition("\n")
    if len(message.body) <= LONGEST or not link.startswith("http"):
        return message.body.strip()[:LONGEST]
    return f"{words[: max(0, LONGEST - len(link) - 2)]}…\n{link}"


def _filled(template: str, to: str, text: str) -> str:
    return template.replace("{to}", to).replace("{text}", text)
