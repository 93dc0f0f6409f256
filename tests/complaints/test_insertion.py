"""Rows of several tables written by one statement: what was given is what is read, or nothing is."""

from datetime import UTC, datetime

import pytest
from django.contrib.gis.geos import Point
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext_lazy

from catalogue.models import Jurisdiction
from complaints.insertion import insert_together
from complaints.models import Event, Reporter
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
