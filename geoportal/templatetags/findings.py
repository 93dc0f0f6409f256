"""The way from a complaint's desk page to what is alleged about it: composition, so that complaints know no contracts."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import Role, User
from complaints.models import Complaint
from contracts.models import Finding
from contracts.permissions import can_open
from contracts.procedure import FindingState

register = template.Library()


@register.inclusion_tag("contracts/_of_case.html", takes_context=True)
def finding_of_case(context: Mapping[str, Any], tracking_number: str) -> dict[str, Any]:
    """The finding about this case that the reader may open, or the way to open one; nothing for everybody else."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if not isinstance(request, HttpRequest) or not isinstance(user, User):
        return {}
    complaint = Complaint.objects.select_related("unit").filter(tracking_number=tracking_number).first()
    if complaint is None or complaint.unit.kind != "operator":
        return {}
    visible = Finding.objects.visible_to(user).filter(complaint=complaint.merged_into_id or complaint.pk)
    found = visible.exclude(state=FindingState.WITHDRAWN).first()
    if found is not None:
        is_operator = any(membership.role == Role.OPERATOR_USER for membership in user.memberships.all())
        name = "operator_finding" if is_operator else "treasury_finding"
        return {"finding": found, "url": reverse(name, args=[found.number])}
    if can_open(user, complaint):
        return {"new_url": reverse("finding_new", args=[tracking_number])}
    return {}
