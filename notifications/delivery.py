"""The sweep that delivers the outbox: at least once, later each time on trouble, never in a request."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q

from notifications.channels import email, sms
from notifications.models import OutboxMessage
from notifications.outbox import mail_path
from notifications.trouble import Trouble
from queueing.alone import alone
from queueing.failpoints import failpoint
from queueing.models import QueueState, claims, fail, finish, put_back

logger = logging.getLogger(__name__)

# How long a message waits for a mail server that is away, and when it is given up.
SERVER_AWAY = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(days=5)


def deliver_due(*, now: datetime, limit: int = 100) -> int:
    """Deliver due messages of every channel, oldest first; how many left.

    Trouble with a server ends its channel's sweep: the message at hand waits a minute, the others are not touched. Only
    one sweep runs at a time, so that a server that hangs holds up one worker and not all.
    """
    with alone("deliver-messages") as is_mine:
        if not is_mine:
            return 0
        sent = _deliver_mails(now, limit)
    with alone("deliver-short-messages") as is_mine:
        return sent + (_deliver_short_messages(now, limit) if is_mine else 0)


def _deliver_mails(now: datetime, limit: int) -> int:
    connection = get_connection()
    try:
        return _sweep(~Q(channel="sms"), lambda message: email.send(message, connection), now, limit)
    finally:
        _close(connection)


def _deliver_short_messages(now: datetime, limit: int) -> int:
    hands_on = sms.gateway()
    if hands_on is None:
        return 0
    return _sweep(Q(channel="sms"), hands_on.send, now, limit)


def _sweep(where: Q, send: Callable[[OutboxMessage], None], now: datetime, limit: int) -> int:
    sent = 0
    for message in claims(OutboxMessage, now=now, limit=limit, where=where):
        trouble = _deliver(message, send, now)
        sent += trouble is None
        if trouble is not None and trouble.server:
            break
    return sent


def _deliver(message: OutboxMessage, send: Callable[[OutboxMessage], None], now: datetime) -> Trouble | None:
    try:
        send(message)
    except Trouble as trouble:
        _postpone(message, trouble, now)
        return trouble
    failpoint("mail.sent")
    if not finish(message, sent_at=now):
        _forget_if_erased(message)
    return None


def _postpone(message: OutboxMessage, trouble: Trouble, now: datetime) -> None:
    """Logs name the message, never the address: what a server answers may quote it."""
    if now - message.created_at > GIVE_UP_AFTER:
        state = fail(message, trouble.text, now=now, permanent=True)
    elif trouble.server:
        put_back(message, trouble.text, until=now + SERVER_AWAY)
        logger.warning("message %s waits: the mail server is in trouble", message.pk)
        return
    else:
        state = fail(message, trouble.text, now=now, permanent=trouble.permanent)
    if state == QueueState.FAILED:
        logger.error("message %s about %s was given up", message.pk, message.reference)


def _forget_if_erased(message: OutboxMessage) -> None:
    """Its reporter was erased while it was being written to disk: then the file must not stay either."""
    if OutboxMessage.objects.filter(pk=message.pk, queue_state=QueueState.CANCELLED).exists():
        mail_path(message.pk, message.reference).unlink(missing_ok=True)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError:
        logger.warning("the mail server did not say goodbye")
