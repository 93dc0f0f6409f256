"""The answer to "who would answer here?", as the OpenAPI document says it."""

from typing import Any

from rest_framework import serializers

from api.documents import DeadlinesDocument, NamedDocument
from complaints.models import RoutingDecision
from complaints.vicinity import DIRECTIONS


class AreaDocument(NamedDocument):
    priority = serializers.IntegerField()
    edition = serializers.IntegerField()
    schedule = NamedDocument(allow_null=True, help_text="The hours at which it answers; null: always.")
    unit = NamedDocument()


class ChangeDocument(serializers.Serializer[Any]):
    """Another unit or another district; the one that does not apply is null."""

    distance_m = serializers.IntegerField()
    direction = serializers.ChoiceField(choices=list(DIRECTIONS))
    unit = NamedDocument(allow_null=True)
    service_area = NamedDocument(allow_null=True)
    district = NamedDocument(allow_null=True)


class NearbyDocument(serializers.Serializer[Any]):
    radius_m = serializers.IntegerField()
    sentence = serializers.CharField()
    changes = ChangeDocument(many=True, help_text="Nearest first.")


class RouteDocument(serializers.Serializer[Any]):
    jurisdiction = NamedDocument()
    district = NamedDocument()
    service = NamedDocument()
    category = NamedDocument()
    service_area = AreaDocument(allow_null=True)
    unit = NamedDocument()
    triage = serializers.BooleanField()
    runner_up = AreaDocument(allow_null=True, help_text="What would answer if the service area were not there.")
    reason = serializers.CharField()
    reason_code = serializers.CharField()
    rule = serializers.ChoiceField(
        choices=RoutingDecision.Rule.values, allow_null=True, help_text="Why the area came before the runner-up."
    )
    by_fallback = serializers.BooleanField(help_text="Outside the area's hours its fallback unit answers.")
    passed_over = AreaDocument(
        allow_null=True, help_text="The best area that covers the place and does not answer at this hour."
    )
    outside_by_m = serializers.FloatField(
        allow_null=True, help_text="Metres outside the city's edge, if it is outside."
    )
    nearby = NearbyDocument(help_text="What would change a few steps away.")
    deadlines = DeadlinesDocument()
