"""What our views are measured against: the least that a Django view must do to keep something, or to ask one thing."""

import secrets
from collections.abc import Mapping
from functools import lru_cache

import orjson
from django.contrib.gis.geos import Polygon
from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.renderers import JSONRenderer
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from bench.columns import defaults
from catalogue.models import Category
from complaints.models import Complaint
from notifications.models import OutboxMessage

_POINT = "ST_SetSRID(ST_MakePoint(%s, %s), 4326)"
_COMPLAINT = {
    "tracking_number": "%s", "jurisdiction_id": "%s", "service_id": "%s", "category_id": "%s", "kind": "'complaint'",
    "channel": "'api'", "point": _POINT, "public_point": _POINT, "place_precision": "'exact'", "place_shown": "'exact'",
    "unit_id": "%s", "description": "%s", "location_text": "%s", "submitted_at": "%s", "updated_at": "%s",
}  # fmt: skip
_MESSAGE = {
    "recipient": "%s", "reference": "%s", "dedup_key": "%s", "created_at": "%s", "next_attempt_at": "%s",
    "language": "'fr'", "subject": "'subject'", "body": "'body'",
}  # fmt: skip


@csrf_exempt
def bare_intake(request: HttpRequest) -> HttpResponse:
    """JSON in, one complaint and one message inserted in one transaction, JSON out. Nothing is checked or routed."""
    body = orjson.loads(request.body)
    now = timezone.now()
    insert_complaint, insert_message = _statements()
    jurisdiction, service, category, unit = _ids()
    number = f"BARE-{secrets.token_hex(6)}"
    place = (body["longitude"], body["latitude"])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            insert_complaint,
            [
                number, jurisdiction, service, category, *place, *place, unit, body["description"],
                body["location_text"], now, now,
            ],
        )  # fmt: skip
        complaint_id = cursor.fetchone()[0]
        cursor.execute(insert_message, [body["reporter"]["email"], number, number, now, now])
    return HttpResponse(
        orjson.dumps({"id": complaint_id, "tracking_number": number}), status=201, content_type="application/json"
    )


def bare_question(request: HttpRequest) -> HttpResponse:
    """One question to the database, JSON out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        answer = cursor.fetchone()[0]
    return HttpResponse(orjson.dumps({"answer": answer}), content_type="application/json")


class _Feature(GeoFeatureModelSerializer):  # type: ignore[misc]
    class Meta:
        model = Complaint
        geo_field = "public_point"
        fields = (
            "id",
            "tracking_number",
            "state",
            "service",
            "category",
            "district",
            "unit",
            "submitted_at",
            "updated_at",
        )


def serialized_list(request: HttpRequest) -> HttpResponse:
    """The newest complaints of a box through djangorestframework-gis, without a total, links or an exact place."""
    west, south, east, north = (float(part) for part in request.GET["bbox"].split(","))
    box = Polygon.from_bbox((west, south, east, north))
    rows = Complaint.objects.public().filter(public_point__coveredby=box).order_by("-submitted_at", "-id")
    data = _Feature(rows[: int(request.GET["page_size"])], many=True).data
    return HttpResponse(JSONRenderer().render(data), content_type="application/geo+json")


@lru_cache(maxsize=1)
def _statements() -> tuple[str, str]:
    return f"{_insert(Complaint, _COMPLAINT)} RETURNING id", _insert(OutboxMessage, _MESSAGE)


def _insert(model: type[models.Model], given: Mapping[str, str]) -> str:
    """An INSERT of every column: those of `given`, SQL with placeholders, come first; all others hold their default."""
    values = dict(given) | defaults(model, given)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"


@lru_cache(maxsize=1)
def _ids() -> tuple[int, int, int, int]:
    category = Category.objects.select_related("jurisdiction").latest("pk")
    return category.jurisdiction_id, category.service_id, category.pk, category.jurisdiction.triage_unit_id or 0
