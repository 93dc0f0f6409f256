"""The mails of a demo without a mail server, to be read in the browser. Not there in production or where SMTP is set."""

import heapq
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from notifications.channels.email import Piece, paragraphs

SHOWN = 100


@dataclass(frozen=True)
class WrittenMail:
    """One file of the mail folder."""

    name: str
    at: datetime
    recipient: str
    subject: str
    language: str
    text: str

    @property
    def paragraphs(self) -> list[list[list[Piece]]]:
        return paragraphs(self.text)


def mail_list(request: HttpRequest) -> HttpResponse:
    """The newest mails that were written to disk."""
    _only_in_demo()
    names = heapq.nlargest(SHOWN, _files(), key=lambda entry: entry.stat().st_mtime)
    mails = [mail for mail in (_read(Path(entry.path)) for entry in names) if mail is not None]
    return render(request, "notifications/mail_list.html", {"mails": mails, "shown": SHOWN})


def mail_detail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail, as its reader sees it."""
    _only_in_demo()
    known = {entry.name: entry.path for entry in _files()}
    mail = _read(Path(known[f"{name}.eml"])) if f"{name}.eml" in known else None
    if mail is None:
        raise Http404
    return render(request, "notifications/mail_detail.html", {"mail": mail})


def _only_in_demo() -> None:
    if settings.ENVIRONMENT != "demo" or settings.EMAIL_URL:
        raise Http404


def _files() -> list[os.DirEntry[str]]:
    try:
        return [entry for entry in os.scandir(settings.MAIL_DIR) if entry.name.endswith(".eml")]
    except FileNotFoundError:
        return []


def _read(path: Path) -> WrittenMail | None:
    """None if the file was erased meanwhile."""
    try:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        written = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    except FileNotFoundError:
        return None
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain", "html"))
    return WrittenMail(
        name=path.stem,
        at=written,
        recipient=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        language=str(message["Content-Language"] or ""),
        text=body.get_content() if body is not None else "",
    )
