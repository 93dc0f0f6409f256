"""The outbox as others use it: what a reference was sent, erased on request."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from notifications.models import OutboxMessage
from queueing.models import QueueState

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
