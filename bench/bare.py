"""What intake is measured against: the least that a Django view must do to keep a complaint and a message about it."""

import secrets

import orjson
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from catalogue.models import Category

_COMPLAINT = """
INSERT INTO complaints_complaint (tracking_number, jurisdiction_id, service_id, category_id, kind, channel, point,
  public_point, place_precision, default_point_suspect, unit_id, description, location_text, answers, text_review,
  visibility, passed_to_operator, state, submitted_at, updated_at, answer_due_wall, resolution_due_wall, policy_version,
  merged_count, reopened_count, link_version, source, source_id)
VALUES (%s, %s, %s, %s, 'complaint', 'api', ST_SetSRID(ST_MakePoint(%s, %s), 4326),
  ST_SetSRID(ST_MakePoint(%s, %s), 4326), 'exact', false, %s, %s, %s, '{}', 'pending', 'public', false, 'received', %s, %s,
  '', '', 1, 0, 0, 1, '', '') RETURNING id
"""
_MESSAGE = """
INSERT INTO notifications_outboxmessage (queue_state, attempts, next_attempt_at, last_error, channel, recipient, language,
  subject, body, reference, dedup_key, created_at)
VALUES ('due', 0, %s, '', 'email', %s, 'fr', 'subject', 'body', %s, %s, %s)
"""
_IDS: list[int] = []


@csrf_exempt
def bare_intake(request: HttpRequest) -> HttpResponse:
    """JSON in, one complaint and one message inserted in one transaction, JSON out. Nothing is checked or routed."""
    body = orjson.loads(request.body)
    now = timezone.now()
    jurisdiction, service, category, unit = _IDS or _find_ids()
    number = f"BARE-{secrets.token_hex(6)}"
    place = (body["longitude"], body["latitude"])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _COMPLAINT,
            [
                number, jurisdiction, service, category, *place, *place, unit, body["description"],
                body["location_text"], now, now,
            ],
        )  # fmt: skip
        complaint_id = cursor.fetchone()[0]
        cursor.execute(_MESSAGE, [now, body["reporter"]["email"], number, number, now])
    return HttpResponse(
        orjson.dumps({"id": complaint_id, "tracking_number": number}), status=201, content_type="application/json"
    )


def _find_ids() -> list[int]:
    category = Category.objects.select_related("jurisdiction", "service").latest("pk")
    unit = category.jurisdiction.triage_unit_id or 0
    _IDS[:] = [category.jurisdiction_id, category.service_id, category.pk, unit]
    return _IDS
