"""What clients need to know of a city: its catalogue, its districts, its service areas."""

import hashlib
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from api import documents
from api.base import GEOJSON, PublicView, cached, json_response
from api.problems import Refused
from catalogue.models import Category, Question
from catalogue.snapshot import Snapshot, snapshot
from catalogue.translated import Translated, text_in
from complaints.filter_grammar import parse_filters
from districts.models import District, ServiceArea

SECONDS = 300


class Catalogue(PublicView):
    """What can be reported in a city."""

    @extend_schema(
        operation_id="get_catalogue",
        summary="Services with their categories, questions and deadlines",
        parameters=[documents.JURISDICTION, documents.ACCEPT_LANGUAGE],
        responses={200: documents.CatalogueDocument, 304: None} | documents.problems(400),
        tags=["reference"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        city = parse_filters(request.GET, now=timezone.now()).jurisdiction
        catalogue = snapshot(city.pk, city.catalogue_version)
        return _cached_json(request, catalogue_json(catalogue), "application/json")


def catalogue_json(catalogue: Snapshot) -> dict[str, Any]:
    """The active part of a city's catalogue; `name` is in the present language, `names` in all."""
    city = catalogue.jurisdiction
    offered = [c for c in catalogue.categories.values() if c.is_active]
    return {
        "jurisdiction": _named(city.code, city.name)
        | {
            "languages": city.languages,
            "time_zone": city.time_zone,
            "country": city.country,
            "bounds": city.bounds,
            "tracking_prefix": city.tracking_prefix,
            "license": city.license,
            "source": text_in(city.source, get_language() or "fr"),
            "small_sample_k": city.small_sample_k,
        },
        "units": [_named(unit.code, unit.name) | {"kind": unit.kind} for unit in catalogue.units.values()],
        "services": [
            _named(service.code, service.name)
            | {
                "icon": service.icon,
                "colour": service.colour,
                "categories": [
                    _category(category, catalogue.questions.get(category.pk, ()))
                    for category in sorted(offered, key=lambda c: (c.order, c.code))
                    if category.service_id == service.pk
                ],
            }
            for service in sorted(catalogue.services.values(), key=lambda s: (s.order, s.code))
            if service.is_active
        ],
    }


def _named(code: str, name: Translated) -> dict[str, Any]:
    return {"code": code, "name": text_in(name, get_language() or "fr"), "names": name}


def _category(category: Category, questions: tuple[Question, ...]) -> dict[str, Any]:
    return _named(category.code, category.name) | {
        "help": text_in(category.help, get_language() or "fr"),
        "keywords": category.keywords,
        "deadlines": {"answer_within": category.answer_within, "resolve_within": category.resolve_within},
        "publication": category.place_precision,
        "publish_text": category.publish_text,
        "publish_photos": category.publish_photos,
        "evidence": category.evidence,
        "urgent": category.urgent,
        "questions": [_question(question) for question in questions],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "code": question.code,
        "kind": question.kind,
        "required": question.required,
        "label": text_in(question.name, get_language() or "fr"),
        "labels": question.name,
        "choices": [_named(choice["code"], choice["name"]) for choice in question.choices],
    }


class LayerSerializer(GeoFeatureModelSerializer):  # type: ignore[misc]
    """What districts and service areas have in common."""

    name = serializers.SerializerMethodField()
    names = serializers.JSONField(source="name")
    edition = serializers.SerializerMethodField()

    def get_name(self, row: District | ServiceArea) -> str:
        return text_in(row.name, get_language() or "fr")

    def get_edition(self, row: District | ServiceArea) -> dict[str, Any]:
        edition = row.edition
        return {
            "number": edition.number,
            "source": edition.source,
            "license": edition.license,
            "imported_at": edition.imported_at.isoformat(timespec="seconds"),
        }


class DistrictSerializer(LayerSerializer):
    parent = serializers.SerializerMethodField()

    class Meta:
        model = District
        geo_field = "geometry"
        id_field = False
        fields = ("code", "name", "names", "level", "parent", "population", "edition")

    def get_parent(self, row: District) -> str | None:
        return row.parent_code or None


class ServiceAreaSerializer(LayerSerializer):
    service = serializers.CharField(source="service.code")
    category = serializers.SerializerMethodField()
    unit = serializers.CharField(source="unit.code")
    schedule = serializers.SerializerMethodField()
    fallback_unit = serializers.SerializerMethodField()

    class Meta:
        model = ServiceArea
        geo_field = "geometry"
        id_field = False
        fields = (
            "code", "name", "names", "service", "category", "unit", "priority", "schedule", "fallback_unit", "edition",
        )  # fmt: skip

    def get_category(self, row: ServiceArea) -> str | None:
        return row.category.code if row.category else None

    def get_schedule(self, row: ServiceArea) -> dict[str, Any] | None:
        if row.schedule is None:
            return None
        return {"code": row.schedule.code, "week": row.schedule.week, "seasons": row.schedule.seasons}

    def get_fallback_unit(self, row: ServiceArea) -> str | None:
        return row.fallback_unit.code if row.fallback_unit else None


class Districts(PublicView):
    """Districts of the active edition."""

    @extend_schema(
        operation_id="list_districts",
        summary="Districts as GeoJSON",
        parameters=[
            documents.JURISDICTION,
            OpenApiParameter("level", {"type": "integer", "minimum": 1}, description="1 is the top; all without it."),
        ],
        responses={(200, GEOJSON): documents.DistrictCollectionDocument, (304, GEOJSON): None}
        | documents.problems(400),
        tags=["reference"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        city = parse_filters(request.GET, now=timezone.now()).jurisdiction
        found: QuerySet[District] = District.objects.active().filter(jurisdiction=city).select_related("edition")
        level = request.GET.get("level", "").strip()
        if level:
            known = {str(number) for number in found.order_by().values_list("level", flat=True).distinct()}
            if level not in known:
                raise Refused.parameter("level", _("There is no such value here."))
            found = found.filter(level=int(level))
        return _cached_json(request, dict(DistrictSerializer(found, many=True).data), GEOJSON)


class ServiceAreas(PublicView):
    """Service areas of the active editions."""

    @extend_schema(
        operation_id="list_service_areas",
        summary="Service areas as GeoJSON",
        description="Where several cover a place: category before service, then higher priority, smaller area, code.",
        parameters=[documents.JURISDICTION, documents.SERVICE],
        responses={(200, GEOJSON): documents.AreaCollectionDocument, (304, GEOJSON): None} | documents.problems(400),
        tags=["reference"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = parse_filters(request.GET, now=timezone.now())
        found = ServiceArea.objects.filter(jurisdiction=filters.jurisdiction, edition__is_active=True)
        if filters.service_ids:
            found = found.filter(service_id__in=filters.service_ids)
        found = found.select_related("edition", "service", "category", "unit", "schedule", "fallback_unit")
        return _cached_json(request, dict(ServiceAreaSerializer(found, many=True).data), GEOJSON)


def _cached_json(request: HttpRequest, data: dict[str, Any], content_type: str) -> HttpResponseBase:
    response = json_response(data, content_type=content_type)
    return cached(request, response, etag=hashlib.sha256(response.content).hexdigest()[:32], seconds=SECONDS)
