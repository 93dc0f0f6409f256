"""What goes in and out, as the OpenAPI document says it. These serializers describe; the tests hold the answers to them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from analytics.measures import Measure
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
    consent_sms = serializers.BooleanField(required=False, help_text="Wants short messages to the phone.")


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
    answered_at = serializers.DateTimeField(allow_null=True, help_text="Of the first answer.")
    closed_at = serializers.DateTimeField(allow_null=True)
    paused_at = serializers.DateTimeField(allow_null=True, help_text="Since when the reporter must act.")
    reopened_count = serializers.IntegerField(allow_null=True)
    late = serializers.BooleanField()
    merged_count = serializers.IntegerField(allow_null=True)
    joined_count = serializers.IntegerField(allow_null=True)
    place_precision = serializers.ChoiceField(
        choices=["exact", "grid", "district", "city"],
        allow_null=True,
        help_text="`city`: too few cases of a sensitive category nearby; place, district and unit may be null.",
    )
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


ZOOM_REFUSED = _("Use a whole number from 0 to 22.")


def zoom(description: str) -> OpenApiParameter:
    """The `zoom` parameter."""
    return OpenApiParameter("zoom", {"type": "integer", "minimum": 0, "maximum": 22}, description=description)


class PinDocument(serializers.Serializer[Any]):
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    tracking_number = serializers.CharField()
    state = serializers.ChoiceField(choices=State.choices)
    state_label = serializers.CharField()
    service = serializers.CharField()
    category = serializers.CharField(help_text="Name, in the language of the request.")
    late = serializers.BooleanField()
    reports = serializers.IntegerField(help_text="How many people told of it.")
    url = serializers.CharField(help_text="Path of its page.")


class CellDocument(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    open = serializers.IntegerField()
    late = serializers.IntegerField()
    service = serializers.CharField(allow_null=True, help_text="Where all are of one service.")
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    bbox = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)


class MapDocument(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["points", "cells"])
    n = serializers.IntegerField()
    points = PinDocument(many=True, required=False)
    cells = CellDocument(many=True, required=False)


class HeatCellDocument(serializers.Serializer[Any]):
    x = serializers.IntegerField()
    y = serializers.IntegerField()
    lon = serializers.FloatField()
    lat = serializers.FloatField()
    n = serializers.IntegerField(help_text="0 where suppressed.")
    value = serializers.FloatField(allow_null=True)
    suppressed = serializers.BooleanField()
    few = serializers.BooleanField(help_text="The value stands on too few cases to say anything.")
    cases = serializers.IntegerField(help_text="On how many complaints the value stands.")


class PeriodDocument(serializers.Serializer[Any]):
    # `from` is a word of Python.
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.DateField(), "to": serializers.DateField()}


class HeatDocument(serializers.Serializer[Any]):
    measure = serializers.ChoiceField(choices=Measure.values)
    unit_of_measure = serializers.CharField()
    cell_zoom = serializers.IntegerField()
    n = serializers.IntegerField(help_text="Complaints counted in squares.")
    unplaced = serializers.IntegerField(help_text="Complaints whose district only is public.")
    period = PeriodDocument()
    few_below = serializers.IntegerField(help_text="Values of fewer cases are marked `few`.")
    cells = HeatCellDocument(many=True)
    classes = serializers.ListField(child=serializers.FloatField(), help_text="Lower limits of the 2nd to last class.")


JURISDICTION, SERVICE = FILTERS[0], FILTERS[1]


class TranslatedNameDocument(NamedDocument):
    names = serializers.DictField(child=serializers.CharField())


class QuestionDocument(serializers.Serializer[Any]):
    # `label` is a word of REST framework's fields.
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "code": serializers.CharField(),
            "kind": serializers.ChoiceField(choices=["text", "number", "date", "choice", "multichoice"]),
            "required": serializers.BooleanField(),
            "label": serializers.CharField(),
            "labels": serializers.DictField(child=serializers.CharField()),
            "choices": TranslatedNameDocument(many=True),
        }


class PolicyDocument(serializers.Serializer[Any]):
    answer_within = serializers.CharField(help_text="Such as `2 working days`, `8 working hours`, `5 days`.")
    resolve_within = serializers.CharField()


class CategoryDocument(TranslatedNameDocument):
    help = serializers.CharField()
    keywords = serializers.ListField(child=serializers.CharField())
    deadlines = PolicyDocument()
    publication = serializers.ChoiceField(choices=["exact", "grid", "district", "never"])
    publish_text = serializers.ChoiceField(choices=["after_review", "never"])
    publish_photos = serializers.ChoiceField(choices=["after_review", "never"])
    evidence = serializers.ChoiceField(choices=["photo", "reason", "none"])
    urgent = serializers.BooleanField(help_text="Emergency numbers first; never public.")
    questions = QuestionDocument(many=True)


class ServiceDocument(TranslatedNameDocument):
    icon = serializers.CharField()
    colour = serializers.CharField()
    categories = CategoryDocument(many=True)


class UnitDocument(TranslatedNameDocument):
    kind = serializers.ChoiceField(choices=["department", "operator"])


class CityDocument(TranslatedNameDocument):
    languages = serializers.ListField(child=serializers.CharField())
    time_zone = serializers.CharField()
    country = serializers.CharField()
    bounds = serializers.ListField(
        child=serializers.FloatField(), help_text="First view of a map, not the city's edge."
    )
    tracking_prefix = serializers.CharField()
    license = serializers.CharField()
    small_sample_k = serializers.IntegerField(help_text="The fewest cases that a published share or median stands on.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return super().get_fields() | {"source": serializers.CharField()}


class CatalogueDocument(serializers.Serializer[Any]):
    jurisdiction = CityDocument()
    units = UnitDocument(many=True)
    services = ServiceDocument(many=True)


class EditionDocument(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    license = serializers.CharField()
    imported_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return super().get_fields() | {"source": serializers.CharField()}


class MultiPolygonDocument(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["MultiPolygon"])
    coordinates = serializers.ListField(child=serializers.ListField(), help_text="As RFC 7946 says.")


class DistrictFactsDocument(TranslatedNameDocument):
    level = serializers.IntegerField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    population = serializers.IntegerField(allow_null=True)
    edition = EditionDocument()


class DistrictFeatureDocument(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["Feature"])
    geometry = MultiPolygonDocument()
    properties = DistrictFactsDocument()


class DistrictCollectionDocument(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["FeatureCollection"])
    features = DistrictFeatureDocument(many=True)


class ScheduleDocument(serializers.Serializer[Any]):
    code = serializers.CharField()
    week = serializers.DictField(allow_null=True, help_text='{"mon": ["20:00-06:00"], …}; null: every hour.')
    seasons = serializers.ListField(child=serializers.CharField(), help_text="Empty: all year.")


class AreaFactsDocument(TranslatedNameDocument):
    service = serializers.CharField()
    category = serializers.CharField(allow_null=True, help_text="Null: the whole service.")
    unit = serializers.CharField()
    priority = serializers.IntegerField(help_text="Higher wins.")
    schedule = ScheduleDocument(allow_null=True, help_text="The hours at which it answers; null: always.")
    fallback_unit = serializers.CharField(allow_null=True, help_text="Who answers outside these hours.")
    edition = EditionDocument()


class AreaFeatureDocument(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["Feature"])
    geometry = MultiPolygonDocument()
    properties = AreaFactsDocument()


class AreaCollectionDocument(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["FeatureCollection"])
    features = AreaFeatureDocument(many=True)
