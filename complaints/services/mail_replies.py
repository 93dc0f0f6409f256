"""A reporter's answer to a mail comes back into her complaint.

The right to write lies in the address that the answer goes to (tracking.reply_address), which only she was given. A sender
proves nothing, for anybody can write any: one that is not hers is taken, and the history says so. Machines are not listened
to, for they answer our answers.
"""

import hashlib
import logging
import re
import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, transaction
from django.utils.crypto import salted_hmac

from accounts.quotas import DAY, Limit, QuotaExceeded, spend_by_key
from complaints.errors import ComplaintError, FileTooLarge, MessageTooLong, ReporterErased
from complaints.models import Complaint, ReceivedMail
from complaints.notices import reply_refused
from complaints.services.files import MAX_FILES, check_files
from complaints.services.messages import MAX_LENGTH, add_reporter_message
from complaints.services.quarantine import NewFile
from complaints.tracking import replied_complaint
from complaints.workflow import WorkflowError
from notifications.channels.mailbox import Handled, empty_mailbox
from notifications.incoming import Incoming, Returned, read_mail
from notifications.models import OutboxMessage
from notifications.outbox import message_came_back

# More than a person writes about one thing: beyond it something answers by itself.
_A_DAY = (Limit(30, DAY),)
# A mail that stays in some queue for longer comes back as a bounce.
REMEMBERED = timedelta(days=60)
# Longer words become several messages, so many at most.
_MESSAGES = 5
# The links of our own mails, quoted, are keys: they must not be read at the desk.
_KEYS = re.compile(r"https?://\S{1,200}?/[a-z-]{2,10}/[cf]/[\w-]{32}\S*")

logger = logging.getLogger(__name__)


def fetch_replies(*, now: datetime) -> int:
    """Take what lies in the mailbox; how many mails were looked at. Raises MailboxTrouble."""
    return empty_mailbox(lambda raw, whole: _take(raw, whole, now))


def _take(raw: bytes, whole: bool, now: datetime) -> Handled:
    """One mail; what no code foresaw is left to a person, and holds up nothing."""
    try:
        return take_mail(raw, whole=whole, now=now)
    except (Error, OSError):
        raise  # the database or the disk: later, then
    except Exception:
        logger.exception("a mail could not be read; it stays in the mailbox")
        return Handled.NOT_OURS


def take_mail(raw: bytes, *, now: datetime, whole: bool = True) -> Handled:
    """Keep a mail's words and files as the reporter's message, once, or tell her why not.

    `whole` False: it is the head of one that is too large. Mails without a valid address of a complaint are not ours.
    """
    mail = read_mail(raw)
    complaint = _complaint_of(mail.recipients)
    if complaint is None:
        return Handled.NOT_OURS
    if mail.returned is not None:
        _came_back(complaint, mail.returned)
        return Handled.TAKEN
    if mail.automatic:
        return Handled.TAKEN
    digest = _digest(complaint, mail, raw)
    with transaction.atomic():
        _row, is_new = ReceivedMail.objects.get_or_create(digest=digest, defaults={"received_at": now})
        if is_new:
            _keep(complaint, mail, whole, now)
    return Handled.TAKEN


def _came_back(complaint: Complaint, returned: Returned) -> None:
    """Our mail to her reached nobody: the desk sees it beside her address (casefile). The address it came to proves it."""
    known = message_came_back(complaint.tracking_number, returned.message_id, returned.recipient, returned.status)
    logger.info("a mail about %s came back: %s", complaint.tracking_number, "known" if known else "unknown")


def forget_old(*, now: datetime) -> int:
    """Forget what came in long ago (nightly); how many there were."""
    return ReceivedMail.objects.filter(received_at__lt=now - REMEMBERED).delete()[0]


def _complaint_of(addresses: Sequence[str]) -> Complaint | None:
    for address in addresses[:200]:
        named = replied_complaint(address)
        if named is None:
            continue
        number, matches = named
        found = Complaint.objects.select_related("jurisdiction").filter(pk=number).first()
        if found is not None and matches(found.link_version):
            return found
    return None


def _digest(complaint: Complaint, mail: Incoming, raw: bytes) -> str:
    named = mail.message_id or hashlib.sha256(raw).hexdigest()
    return salted_hmac("complaints.received", f"{complaint.pk}:{named}", algorithm="sha256").hexdigest()


def _keep(complaint: Complaint, mail: Incoming, whole: bool, now: datetime) -> None:
    words = _KEYS.sub("…", mail.words)
    files, left_out = _good_files(mail)
    try:
        _spend(complaint, now)
        if not whole:
            raise FileTooLarge
        _add(complaint, words, files, now, via="mail" if _is_hers(complaint, mail.sender) else "mail from elsewhere")
    except QuotaExceeded:
        logger.warning("more mails about %s than a person writes", complaint.tracking_number)
    except ReporterErased:
        return  # there is nobody to tell
    except (ComplaintError, WorkflowError) as refused:
        _tell(complaint, refused, now)
    else:
        if left_out:
            _tell(complaint, left_out, now)


@transaction.atomic
def _add(complaint: Complaint, words: str, files: list[NewFile], now: datetime, *, via: str) -> None:
    """Her words, in as many messages as they need; the files with the first."""
    pieces = textwrap.wrap(words, MAX_LENGTH, replace_whitespace=False, drop_whitespace=False) or [""]
    if len(pieces) > _MESSAGES:
        raise MessageTooLong
    for number, piece in enumerate(pieces):
        add_reporter_message(complaint.pk, text=piece, files=() if number else files, now=now, via=via)


def _spend(complaint: Complaint, now: datetime) -> None:
    if settings.RATE_LIMIT_SCALE:
        spend_by_key(f"mail:{complaint.pk}", _A_DAY, now=now, scale=settings.RATE_LIMIT_SCALE)


def _is_hers(complaint: Complaint, sender: str) -> bool:
    reporter = getattr(complaint, "reporter", None)
    return reporter is not None and bool(sender) and reporter.email.casefold() == sender


def _good_files(mail: Incoming) -> tuple[list[NewFile], ComplaintError | None]:
    """The files that are taken, and why another one is not, if one is not."""
    good: list[NewFile] = []
    refused: ComplaintError | None = None
    for file in mail.files:
        candidate = NewFile(file.name, file.data)
        try:
            check_files([*good, candidate])
        except ComplaintError as fault:
            refused = fault
        else:
            good.append(candidate)
    return good[:MAX_FILES], refused


def _tell(complaint: Complaint, refused: ComplaintError | WorkflowError, now: datetime) -> None:
    """To the address that we know, never to the sender; once a day, whatever comes."""
    OutboxMessage.objects.bulk_create(reply_refused(complaint, refused.message, now=now), ignore_conflicts=True)
