"""What would happen: an action is done and taken back again, and what it would have told people is shown."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from complaints.desk.replies import language_of
from complaints.disclosure import disclosure
from complaints.models import Complaint, Deed
from complaints.staff_actions import Action
from complaints.staff_forms import StaffForm
from complaints.timeline import Entry, reporter_timeline
from complaints.views.desk.performing import perform
from notifications.models import OutboxMessage

_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Letter:
    """A mail that would leave. Its links are the reporter's own, so they are only named; `to` is for who may know her."""

    subject: str
    body: str
    language: str
    is_rtl: bool
    to: str


@dataclass(frozen=True)
class Foretold:
    """`page`: what would newly stand on the reporter's page, in her language (the public page shows its public part)."""

    letters: list[Letter]
    page: list[Entry]
    language: str
    is_rtl: bool


def foretell(action: Action, complaint: Complaint, form: StaffForm, user: User, now: datetime) -> Foretold | None:
    """Everything that people would read of an action; nothing stays stored. None with the reason in the form if refused."""
    batch, language = uuid.uuid4(), language_of(complaint)
    with transaction.atomic():
        if not perform(action, complaint, form, user, now, batch=batch):
            return None
        mails = [pk for deed in Deed.objects.filter(batch=batch) for pk in deed.made["mails"]]
        after = Complaint.objects.select_related("jurisdiction", "merged_into").get(pk=complaint.pk)
        with translation.override(language):
            page = [entry for entry in reporter_timeline(after) if entry.at == now]
        knows = disclosure(user, complaint).sees_reporter
        letters = [_letter(mail, knows) for mail in OutboxMessage.objects.filter(pk__in=mails).order_by("pk")]
        transaction.set_rollback(True)
    return Foretold(letters, page, language, _is_rtl(language))


def _letter(mail: OutboxMessage, knows: bool) -> Letter:
    with translation.override(mail.language):
        link = "‹{}›".format(_("the reporter's own link"))
    body = _LINK.sub(link, mail.body).strip()
    return Letter(mail.subject, body, mail.language, _is_rtl(mail.language), mail.recipient if knows else "")


def _is_rtl(language: str) -> bool:
    return bool(translation.get_language_info(language)["bidi"])
