"""The mailbox in which answers to mails arrive, read over IMAP.

A mail that was dealt with is deleted from it: what is kept of it is kept where it can be erased. One that is nobody's
business here is marked as read and left to a person. One that could not be dealt with now stays as it is.
"""

import imaplib
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20
BATCH = 50
# Five photos of 10 MB as base 64, and some words.
LARGEST = 75 * 1024 * 1024


class MailboxTrouble(Exception):
    """The server is away, or did not say what it should. Nothing is lost: the mails wait."""


class Handled(Enum):
    """What becomes of a mail."""

    TAKEN = "taken"
    NOT_OURS = "not ours"


# Takes a mail, or (`whole` False) the head of one that is too large to be fetched.
Take = Callable[[bytes, bool], Handled]


def empty_mailbox(take: Take) -> int:
    """Hand each unread mail to `take`, oldest first; how many there were. Raises MailboxTrouble, and what `take` raises.

    If the process dies between taking and deleting, the same mail comes again: `take` must know it.
    """
    if not settings.IMAP:
        return 0
    with _mailbox() as box:
        numbers = _unread(box)
        for number in numbers:
            _handle(box, number, take)
        if numbers:
            box.expunge()
    return len(numbers)


def _handle(box: imaplib.IMAP4, number: str, take: Take) -> None:
    whole = _size(box, number) <= LARGEST
    # PEEK: a mail is unread until it was dealt with.
    content = _fetch(box, number, "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER]")
    if content is None:
        return
    handled = take(content, whole)
    flags = r"(\Seen \Deleted)" if handled == Handled.TAKEN else r"(\Seen)"
    _said(box.uid("STORE", number, "+FLAGS.SILENT", flags))


@contextmanager
def _mailbox() -> Iterator[imaplib.IMAP4]:
    server = settings.IMAP
    kind = imaplib.IMAP4_SSL if server["ssl"] else imaplib.IMAP4
    try:
        box = kind(server["host"], server["port"], timeout=TIMEOUT_SECONDS)
    except (OSError, imaplib.IMAP4.error) as away:
        raise MailboxTrouble(f"{type(away).__name__}") from away
    try:
        if server["tls"]:
            box.starttls()
        box.login(server["user"], server["password"])
        _said(box.select(f'"{server["folder"]}"'))
        yield box
    except (OSError, imaplib.IMAP4.error) as trouble:
        raise MailboxTrouble(f"{type(trouble).__name__}") from trouble
    finally:
        try:
            box.logout()
        except (OSError, imaplib.IMAP4.error):
            logger.info("the mailbox's server did not say goodbye")


def _unread(box: imaplib.IMAP4) -> list[str]:
    data = _said(box.uid("SEARCH", "UNSEEN", "UNDELETED"))
    return [number.decode() for number in (data[0] or b"").split()][:BATCH]


def _size(box: imaplib.IMAP4, number: str) -> int:
    data = _said(box.uid("FETCH", number, "(RFC822.SIZE)"))
    found = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(part for part in data if isinstance(part, bytes)))
    return int(found[1]) if found else 0


def _fetch(box: imaplib.IMAP4, number: str, what: str) -> bytes | None:
    """None where it has gone meanwhile."""
    data = _said(box.uid("FETCH", number, f"({what})"))
    return next((part[1] for part in data if isinstance(part, tuple)), None)


def _said(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise MailboxTrouble(f"the server said {status}")
    return data
