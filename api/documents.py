"""What goes in and out, as the OpenAPI document says it. These serializers describe; the tests hold the answers to them."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from api.shapes import LIMITS, MAX_ANSWERS
from complaints.filters import MAX_PAGE_SIZE
from complaints.models import Complaint
from complaints.workflow import State

INTAKE = """
JSON, or multipart with the same fields and up to five `files` (JPEG, PNG, WEBP, HEIC or PDF, 10 MB each). In multipart,
`reporter` and `answers` are JSON texts, or parts named `reporter.email`, `answers.container` and so on.

With an `Idempotency-Key` the same request may be sent again: the answer is the same, and one complaint is stored.
Files are looked at once more after the answer: their status goes from `checking` to `ready` or `refused`.
""".strip()

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 16, "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Random; the same for every attempt to send the same complaint.",
)
ACCEPT_LANGUAGE = OpenApiParameter(
    "Accept-Language",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Language of names and errors: fr, ar, en.",
)


class FaultDocument(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemDocument(serializers.Serializer[Any]):
    """A refusal (RFC 9457). `code` is stable; `title`, `detail` and messages are in the caller's language."""

    type = serializers.CharField(help_text="about:blank")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = FaultDocument(many=True, required=False)  # type: ignore[assignment]


def problems(*statuses: int) -> dict[tuple[int, str], type[ProblemDocument]]:
    """Refusals with these statuses, for extend_schema(responses=…)."""
    return {(status, "application/problem+json"): ProblemDocument for status in statuses}


class NewReporterDocument(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=LIMITS["reporter.name"], required=False, allow_blank=True, allow_null=True)
    email = serializers.EmailField(
        max_length=LIMITS["reporter.email"], required=False, allow_blank=True, allow_null=True
    )
    phone = serializers.CharField(
        max_length=LIMITS["reporter.phone"], required=False, allow_blank=True, allow_null=True
    )
    language = serializers.CharField(required=False, help_text="fr, ar or en; else the language of the request.")
    consent_contact = serializers.BooleanField(required=False, help_text="May be written to about this complaint.")


class NewComplaintDocument(serializers.Serializer[Any]):
    category = serializers.CharField(max_length=LIMITS["category"], help_text="A code of the catalogue.")
    longitude = serializers.FloatField(min_value=-180, max_value=180, help_text="Degrees, WGS 84.")
    latitude = serializers.FloatField(min_value=-90, max_value=90, help_text="Degrees, WGS 84.")
    description = serializers.CharField(max_length=LIMITS["description"], required=False, allow_blank=True)
    location_text = serializers.CharField(max_length=LIMITS["location_text"], required=False, allow_blank=True)
    answers = serializers.DictField(
        required=False, help_text=f"Answers to the category's questions by code, at most {MAX_ANSWERS}."
    )
    kind = serializers.ChoiceField(choices=Complaint.Kind.choices, required=False)
    reporter = NewReporterDocument(required=False)


class NewComplaintForm(NewComplaintDocument):
    answers = serializers.CharField(required=False, help_text='JSON text, such as {"container": "green"}.')  # type: ignore[assignment]
    reporter = serializers.CharField(required=False, help_text='JSON text, such as {"email": "rita@example.org"}.')  # type: ignore[assignment]
    files = serializers.ListField(child=serializers.FileField(), max_length=5, required=False)


class NamedDocument(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class DeadlinesDocument(serializers.Serializer[Any]):
    answer = serializers.DateTimeField(allow_null=True)
    resolution = serializers.DateTimeField(allow_null=True)


class FileDocument(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=["checking", "ready", "refused"])


class ReceiptDocument(serializers.Serializer[Any]):
    tracking_number = serializers.CharField()
    track_url = serializers.URLField()
    secret_url = serializers.URLField(help_text="Carries every right of the reporter: keep it secret.")
    state = serializers.ChoiceField(choices=State.choices)
    category = NamedDocument()
    service = NamedDocument()
    unit = NamedDocument()
    district = NamedDocument(allow_null=True)
    triage = serializers.BooleanField(help_text="Nobody's area covers the place yet; `unit` decides who will answer.")
    deadlines = DeadlinesDocument()
    files = FileDocument(many=True)


FILTERS = [
    OpenApiParameter("jurisdiction", description="City; needed when several are served and none is the default."),
    *[
        OpenApiParameter(name, many=True, explode=True, description=f"{name} codes; repeated or comma-separated.")
        for name in ("service", "category", "district", "unit")
    ],
    OpenApiParameter(
        "state", many=True, explode=True, enum=["open", "closed", *State.values], description="A state or a group."
    ),
    OpenApiParameter("late", OpenApiTypes.BOOL, description="Open and past a deadline."),
    OpenApiParameter("from", description="Filed at or after: a date in the city's zone, or a date-time."),
    OpenApiParameter("to", description="Filed before: a date in the city's zone, or a date-time."),
    OpenApiParameter("bbox", description="west,south,east,north in degrees WGS 84."),
    OpenApiParameter("q", description="Words of released texts, a tracking number, a category or a district."),
]
PAGING = [
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": 100}, description="Rows."
    ),
    OpenApiParameter("cursor", description="Where the next page begins: take it from `next`."),
]


class PhotoDocument(serializers.Serializer[Any]):
    url = serializers.URLField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class ComplaintFactsDocument(serializers.Serializer[Any]):
    """Public facts. Of a case that is not public, all but the number, state, deadlines and `late` are null."""

    tracking_number = serializers.CharField()
    state = serializers.ChoiceField(choices=State.choices)
    state_group = serializers.ChoiceField(choices=["open", "closed"])
    service = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    district = serializers.CharField(allow_null=True)
    unit = serializers.CharField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)
    answer_due_at = serializers.DateTimeField(allow_null=True)
    resolution_due_at = serializers.DateTimeField(allow_null=True)
    late = serializers.BooleanField()
    merged_count = serializers.IntegerField(allow_null=True)
    place_precision = serializers.ChoiceField(choices=["exact", "grid", "district"], allow_null=True)
    description = serializers.CharField(allow_null=True, help_text="Once a moderator released it.")
    photos = PhotoDocument(many=True, help_text="Those that a moderator released.")
    merged_into = serializers.CharField(required=False, allow_null=True)


class PointDocument(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["Point"])
    coordinates = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)


class ComplaintFeatureDocument(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["Feature"])
    geometry = PointDocument(allow_null=True)
    properties = ComplaintFactsDocument()


class ComplaintCollectionDocument(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["FeatureCollection"])
    timeStamp = serializers.DateTimeField()  # noqa: N815 (the standard's name)
    license = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    numberMatched = serializers.IntegerField()  # noqa: N815 (the standard's name)
    numberReturned = serializers.IntegerField()  # noqa: N815 (the standard's name)
    next = serializers.URLField(allow_null=True)
    features = ComplaintFeatureDocument(many=True)
