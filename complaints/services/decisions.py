"""Keeping a routing decision: the row that answers "why here?", and the alert when a rule was missing or unreadable."""

from datetime import datetime

from django.db import models

from catalogue.models import Unit
from complaints.insertion import new_row
from complaints.models import Complaint, RoutingAlert, RoutingDecision
from complaints.routing import Decision


def decision_rows(complaint: Complaint, decision: Decision, *, now: datetime) -> list[models.Model]:
    """The unsaved rows of a decision: itself, and its alert if it has one."""
    rows: list[models.Model] = [
        new_row(
            RoutingDecision,
            complaint_id=complaint.pk,
            decided_at=now,
            reason=decision.reason,
            category_id=decision.category.pk,
            unit_id=decision.unit.pk,
            district_id=decision.place.district_id,
            service_area_id=decision.area.area_id if decision.area else None,
            edition_id=decision.area.edition_id if decision.area else None,
            runner_up_id=decision.runner_up.area_id if decision.runner_up else None,
            rule=decision.rule,
            by_fallback=decision.by_fallback,
            passed_over_id=decision.passed_over.area_id if decision.passed_over else None,
            outside_by_m=decision.place.outside_by_m,
        )
    ]
    if decision.alert is not None:
        rows.append(new_alert(complaint, decision.alert, service_id=decision.category.service_id, now=now))
    return rows


def new_alert(complaint: Complaint, kind: RoutingAlert.Kind, *, service_id: int, now: datetime) -> RoutingAlert:
    """An unsaved alert about the rules of a service."""
    return RoutingAlert(
        complaint=complaint,
        jurisdiction_id=complaint.jurisdiction_id,
        service_id=service_id,
        kind=kind,
        raised_at=now,
    )


def keep_decision(complaint: Complaint, decision: Decision, *, now: datetime) -> None:
    """A further decision about a stored complaint: earlier alerts are settled by it."""
    settle_alerts(complaint, now=now)
    for row in decision_rows(complaint, decision, now=now):
        row.save(force_insert=True)


def keep_choice(complaint: Complaint, unit: Unit, *, now: datetime) -> None:
    """A member of staff chose the unit: earlier alerts are settled by it."""
    settle_alerts(complaint, now=now)
    RoutingDecision.objects.create(
        complaint=complaint,
        decided_at=now,
        reason=RoutingDecision.Reason.BY_HAND,
        category=complaint.category,
        unit=unit,
        district=complaint.district,
    )


def settle_alerts(complaint: Complaint, *, now: datetime) -> None:
    """Close the complaint's open alerts: it was decided again."""
    RoutingAlert.objects.filter(complaint=complaint, closed_at=None).update(closed_at=now)
