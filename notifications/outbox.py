"""The outbox as others use it: what a reference was sent, erased on request."""

from pathlib import Path

from django.conf import settings

from notifications.models import OutboxMessage
from queueing.models import QueueState


def mail_path(message_id: int, reference: str) -> Path:
    """Where a message is written when no SMTP server is configured."""
    return Path(settings.MAIL_DIR) / f"{reference}.{message_id}.eml"


def erase_messages(reference: str) -> None:
    """Blank address and words of every message about `reference`; those still due will not go out.

    In the caller's transaction; call `remove_mail_files` after its commit.
    """
    messages = OutboxMessage.objects.filter(reference=reference)
    messages.filter(queue_state=QueueState.DUE).update(queue_state=QueueState.CANCELLED, leased_until=None)
    messages.update(recipient="", subject="", body="", last_error="")


def remove_mail_files(reference: str) -> None:
    """Delete the mails about `reference` that were written to disk."""
    for message_id in OutboxMessage.objects.filter(reference=reference).values_list("pk", flat=True):
        mail_path(message_id, reference).unlink(missing_ok=True)
