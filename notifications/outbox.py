"""The outbox as others use it: what a reference was sent, erased on request."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from notifications.models import OutboxMessage
from queueing.models import QueueState

# How the error of a message begins that was delivered and came back.
CAME_BACK = "came back"
# Mails on disk that are not about a reference (a password to be set) are kept for so long.
OTHERS_KEPT = timedelta(days=30)


def mail_path(message_id: int, reference: str) -> Path:
    """Where a message is written when no SMTP server is configured."""
    return Path(settings.MAIL_DIR) / f"{reference}.{message_id}.eml"


def erase_messages(reference: str) -> None:
    """Blank address and words of every message about `reference`; those still due will not go out.

    In the caller's transaction; call `remove_mail_files` after its commit.
    """
    messages = OutboxMessage.objects.filter(reference=reference)
    messages.filter(queue_state=QueueState.DUE).update(queue_state=QueueState.CANCELLED, leased_until=None)
    messages.update(
        recipient="",
        subject="",
        body="",
        actions=[],
        reply_to="",
        unsubscribe_url="",
        attachment_path="",
        last_error="",
    )


def message_came_back(reference: str, message_id: str, recipient: str, status: str) -> int | None:
    """A mail server gave a delivered message up: it counts as failed. Which one; None if it is none about `reference`.

    It is known by its Message-ID (channels/email.py), else by its address: then it is the newest one that was sent there.
    """
    sent = OutboxMessage.objects.filter(reference=reference, channel="email", queue_state=QueueState.DONE)
    named = re.match(rf"<{re.escape(reference)}\.(\d{{1,18}})@", message_id)
    found = sent.filter(pk=int(named[1])) if named else sent.filter(recipient__iexact=recipient)
    message = found.order_by("-pk").first()
    if message is None:
        return None
    OutboxMessage.objects.filter(pk=message.pk).update(
        queue_state=QueueState.FAILED, last_error=f"{CAME_BACK} {status}"
    )
    return message.pk


def undeliverable(reference: str, address: str) -> OutboxMessage | None:
    """The newest mail about `reference` to an address, if it was given up or came back; None if all is well or unknown."""
    done = OutboxMessage.objects.filter(reference=reference, recipient__iexact=address, channel="email")
    last = done.filter(queue_state__in=(QueueState.DONE, QueueState.FAILED)).order_by("-pk").first()
    return last if last is not None and last.queue_state == QueueState.FAILED else None


def remove_mail_files(reference: str) -> None:
    """Delete the mails about `reference` that were written to disk."""
    for message_id in OutboxMessage.objects.filter(reference=reference).values_list("pk", flat=True):
        mail_path(message_id, reference).unlink(missing_ok=True)


def remove_orphaned_mails(*, now: datetime) -> int:
    """Delete mails on disk whose message was erased or is gone, and old ones about nothing in the outbox; how many."""
    removed = 0
    for path in list(Path(settings.MAIL_DIR).glob("*.eml")):
        if not _is_kept(path, now):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_kept(path: Path, now: datetime) -> bool:
    reference, _, number = path.stem.rpartition(".")
    if reference and number.isdecimal():
        return OutboxMessage.objects.filter(pk=int(number), reference=reference).exclude(recipient="").exists()
    try:
        return path.stat().st_mtime > (now - OTHERS_KEPT).timestamp()
    except FileNotFoundError:
        return False
