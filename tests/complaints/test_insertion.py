"""Rows of several tables written by one statement: what was given is what is read, or nothing is."""

from datetime import UTC, datetime

import pytest
from django.contrib.gis.geos import Point
from django.db import DataError, IntegrityError, models, transaction
from django.utils.translation import gettext_lazy

from catalogue.models import Jurisdiction
from complaints.insertion import insert_together, new_row
from complaints.models import Complaint, Event, Reporter, RoutingDecision
from notifications.models import OutboxMessage
from tests.builders import build_complaint

HOSTILE = 'd\'eau \\ \\n "cassé"\n\tفي الحي 🚰 {1,2} $1 %s %% NULL null'
AT = datetime(2026, 11, 27, 8, 30, 15, 123456, tzinfo=UTC)


def test_texts_objects_instants_and_nothing_come_back_as_given(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint("litter", at=(0.5, 0.5), now=now)
    Reporter.objects.filter(complaint=complaint).delete()
    data: dict[str, object] = {HOSTILE: [HOSTILE, None, 1.5, -7, True, {"empty": {}}]}
    event = Event(complaint=complaint, at=AT, kind=Event.Kind.NOTED, actor_role="clerk", is_public=True, data=data)
    reporter = Reporter(
        complaint=complaint, name=HOSTILE, language="ar", consent_version=1, consent_language="ar", consent_at=AT
    )
    insert_together([event, reporter])
    stored = Event.objects.get(complaint=complaint, kind=Event.Kind.NOTED)
    assert (stored.data, stored.at, stored.is_public, stored.actor_id) == (data, AT, True, None)
    her = Reporter.objects.get(complaint=complaint)
    assert (her.name, her.consent_at, her.consent_contact, her.email) == (HOSTILE, AT, False, "")


def test_points_and_translatable_texts_are_written_as_their_values(gridville: Jurisdiction, now: datetime) -> None:
    first = build_complaint("litter", at=(0.5, 0.5), now=now)
    first.pk, first.tracking_number = first.pk + 1_000_000, "GRD-COPY-0001"
    first.point = Point(0.0123456789, -0.0987654321, srid=4326)
    first.description = gettext_lazy("Give a text.")  # type: ignore[assignment]
    insert_together([first])
    stored = type(first).objects.get(pk=first.pk)
    assert (stored.point.x, stored.point.y) == (0.0123456789, -0.0987654321)
    assert stored.description == str(gettext_lazy("Give a text."))
    assert stored.answers == first.answers
    assert stored.submitted_at == first.submitted_at


def test_one_refused_row_keeps_all_out(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint("litter", at=(0.5, 0.5), now=now)
    before = Event.objects.count()
    good = Event(complaint=complaint, at=AT, kind=Event.Kind.NOTED)
    too_long = Event(complaint=complaint, at=AT, kind="x" * 200)
    with pytest.raises(DataError), transaction.atomic():
        insert_together([good, too_long])
    second_reporter = Reporter(
        complaint=complaint, language="fr", consent_version=1, consent_language="fr", consent_at=AT
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together([good, second_reporter])
    with pytest.raises(TypeError):
        insert_together([Event(complaint=complaint, at=AT, kind=Event.Kind.NOTED, data={"what": object()})])
    assert Event.objects.count() == before


@pytest.mark.parametrize("model", [Complaint, Event, OutboxMessage, Reporter, RoutingDecision])
def test_a_new_row_holds_what_the_model_itself_would_put_into_it(model: type[models.Model]) -> None:
    def held(row: models.Model) -> dict[str, object]:
        return {name: value for name, value in vars(row).items() if name != "_state"}

    new, usual = new_row(model), model()
    assert held(new) == held(usual)
    assert (new._state.adding, new._state.db) == (usual._state.adding, usual._state.db)


def test_new_rows_share_no_default_and_refuse_unknown_names(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint("litter", at=(0.5, 0.5), now=now)
    first = new_row(Event, complaint=complaint, at=AT, kind=Event.Kind.NOTED, actor_role="clerk")
    first.data["seen"] = True
    second = new_row(Event, complaint=complaint, at=AT, kind=Event.Kind.NOTED)
    assert (second.data, second.actor_role, second.complaint, second.complaint_id) == ({}, "", complaint, complaint.pk)
    first.save()
    assert Event.objects.get(pk=first.pk).data == {"seen": True}
    with pytest.raises(TypeError, match="colour"):
        new_row(Event, complaint=complaint, colour="red")
