"""One complaint by its number, as the public may see it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework_gis.serializers import GeoFeatureModelSerializer, GeometrySerializerMethodField

from accounts.quotas import Quota, spend
from api import documents
from api.base import GEOJSON, PublicView, absolute, json_response
from catalogue.models import Category
from complaints.models import Attachment, Complaint
from complaints.tracking import normalise_tracking_number


class ComplaintSerializer(GeoFeatureModelSerializer):  # type: ignore[misc]
    """A complaint as a GeoJSON Feature. Context: `now`, `site` (its address). Wants category, service, unit, district loaded."""

    place = GeometrySerializerMethodField()
    service = serializers.CharField(source="service.code")
    category = serializers.CharField(source="category.code")
    district = serializers.SerializerMethodField()
    unit = serializers.SerializerMethodField()
    place_precision = serializers.CharField(source="shown_precision")
    submitted_at = serializers.SerializerMethodField()
    updated_at = serializers.SerializerMethodField()
    answer_due_at = serializers.SerializerMethodField()
    resolution_due_at = serializers.SerializerMethodField()
    answered_at = serializers.SerializerMethodField()
    closed_at = serializers.SerializerMethodField()
    paused_at = serializers.SerializerMethodField()
    late = serializers.SerializerMethodField()
    description = serializers.SerializerMethodField()
    photos = serializers.SerializerMethodField()

    class Meta:
        model = Complaint
        geo_field = "place"
        id_field = False
        fields = (
            "place", "tracking_number", "state", "state_group", "service", "category", "district", "unit", "submitted_at",
            "updated_at", "answer_due_at", "resolution_due_at", "answered_at", "closed_at", "paused_at", "reopened_count",
            "late", "merged_count", "joined_count", "place_precision", "description", "photos",
        )  # fmt: skip

    def get_place(self, complaint: Complaint) -> Any:
        return None if complaint.default_point_suspect else complaint.public_point

    def get_district(self, complaint: Complaint) -> str | None:
        return complaint.shown_district.code if complaint.shown_district else None

    def get_unit(self, complaint: Complaint) -> str | None:
        return complaint.shown_unit.code if complaint.shown_unit else None

    def get_submitted_at(self, complaint: Complaint) -> str | None:
        return utc_text(complaint.submitted_at)

    def get_updated_at(self, complaint: Complaint) -> str | None:
        return utc_text(complaint.updated_at)

    def get_answer_due_at(self, complaint: Complaint) -> str | None:
        return utc_text(complaint.answer_due_at)

    def get_resolution_due_at(self, complaint: Complaint) -> str | None:
        return utc_text(complaint.resolution_due_at)

    def get_answered_at(self, complaint: Complaint) -> str | None:
        return utc_text(complaint.answered_at)

    def get_closed_at(self, complaint: Complaint) -> str | None:
        return utc_text(complaint.closed_at)

    def get_paused_at(self, complaint: Complaint) -> str | None:
        return utc_text(complaint.paused_at)

    def get_late(self, complaint: Complaint) -> bool:
        return complaint.is_late(self.context["now"])

    def get_description(self, complaint: Complaint) -> str | None:
        released = complaint.text_review == Complaint.Review.RELEASED
        return complaint.released_description if released and complaint.category.publish_text != "never" else None

    def get_photos(self, complaint: Complaint) -> list[dict[str, Any]]:
        if complaint.category.publish_photos == Category.Release.NEVER:
            return []
        site = self.context["site"]
        photos = complaint.attachments.filter(status=Attachment.Status.READY, review=Complaint.Review.RELEASED)
        return [
            {"url": f"{site}{photo.full_url}", "width": photo.width, "height": photo.height}
            for photo in photos.exclude(kind="pdf")
        ]


def utc_text(instant: Any) -> str | None:
    """An instant as the feeds write it: 2026-11-25T15:00:00Z."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}Z" if instant else None


class ComplaintDetail(PublicView):
    """One complaint."""

    @extend_schema(
        operation_id="get_complaint",
        summary="One complaint by its tracking number",
        description=(
            "The number may be typed in any way. Of a case that is not public, state and deadlines are told; everything"
            " else is null. A complaint merged into another shows that one's facts."
        ),
        responses={(200, GEOJSON): documents.ComplaintFeatureDocument} | documents.problems(404, 429),
        tags=["complaints"],
    )
    def get(self, request: HttpRequest, tracking_number: str) -> HttpResponse:
        now = timezone.now()
        spend(request, Quota.LOOKUP, now=now)
        number = normalise_tracking_number(tracking_number)
        related = ("category", "service", "unit", "district")
        wanted = (*related, *(f"merged_into__{name}" for name in related))
        complaint = Complaint.objects.select_related(*wanted).filter(tracking_number=number).first() if number else None
        if complaint is None:
            raise Http404
        primary = complaint.merged_into or complaint
        context = {"now": now, "site": absolute(request, "")}
        public = complaint.has_public_page and primary.has_public_page
        feature = dict(ComplaintSerializer(primary, context=context).data) if public else _hidden(primary, context)
        properties = dict(feature["properties"]) | {"tracking_number": complaint.tracking_number}
        properties["merged_into"] = primary.tracking_number if primary is not complaint and public else None
        return json_response(feature | {"properties": properties}, content_type=GEOJSON)


def _hidden(complaint: Complaint, context: dict[str, Any]) -> dict[str, Any]:
    """State and deadlines, nothing else: the other properties are there and null."""
    told = ComplaintSerializer(context=context)
    values: dict[str, Any] = {
        "tracking_number": complaint.tracking_number,
        "state": complaint.state,
        "state_group": complaint.state_group,
        "answer_due_at": told.get_answer_due_at(complaint),
        "resolution_due_at": told.get_resolution_due_at(complaint),
        "late": told.get_late(complaint),
    }
    properties = {name: values.get(name) for name in ComplaintSerializer.Meta.fields if name != "place"}
    return {"type": "Feature", "geometry": None, "properties": properties | {"photos": []}}
