"""Doing one of the desk's actions on what a form checked; a refusal stays in the form with its reason."""

import uuid
from datetime import datetime

from django.core.exceptions import PermissionDenied

from accounts.models import User
from complaints.errors import ChangedMeanwhile, ComplaintError
from complaints.models import Complaint
from complaints.permissions import hats
from complaints.services.undo import undoable
from complaints.staff_actions import Action
from complaints.staff_forms import StaffForm
from complaints.workflow import ActorNotAllowed, WorkflowError


def perform(
    action: Action, complaint: Complaint, form: StaffForm, user: User, now: datetime, *, batch: uuid.UUID
) -> bool:
    """Run an action on what a form checked. False with the reason in the form, and nothing stored, if it was refused.

    Raises PermissionDenied if none of the person's roles may do it.
    """
    seen = form.cleaned_data.get("seen")
    try:
        also = action.touches(complaint, form, user)
        with undoable(complaint.pk, action=action.slug, acting_user=user, now=now, batch=batch, seen=seen, also=also):
            action.run(complaint, form, user, now)
    except (ComplaintError, WorkflowError) as refused:
        if isinstance(refused, ActorNotAllowed) and not action.roles & hats(user, complaint):
            raise PermissionDenied from None
        field = getattr(refused, "field", "")
        form.add_error(field if field in form.fields else None, str(refused.message))
        form.changed_since = seen if isinstance(refused, ChangedMeanwhile) else None
        return False
    return True
