"""What operators' machines send and get, as the OpenAPI document says it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from complaints.workflow import State
from contracts.procedure import FindingState

KEY_SECURITY: list[dict[str, list[str]]] = [{"contractKey": []}]


class CaseFactsDocument(serializers.Serializer[Any]):
    """One case of the operator's: no words of anybody."""

    tracking_number = serializers.CharField()
    state = serializers.ChoiceField(choices=State.choices)
    category = serializers.CharField()
    district = serializers.CharField(allow_null=True)
    longitude = serializers.FloatField()
    latitude = serializers.FloatField()
    submitted_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer_due_at = serializers.DateTimeField(allow_null=True)
    resolution_due_at = serializers.DateTimeField(allow_null=True)


class CaseDocument(CaseFactsDocument):
    """One case of the operator's: facts only; the words of a resident only once released or passed on."""

    late = serializers.BooleanField()
    description = serializers.CharField(allow_null=True)


class CasePageDocument(serializers.Serializer[Any]):
    cases = CaseDocument(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page, or null.")


class AnswerDocument(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000, help_text="Public: the reporter gets it, and everybody can read it.")


class ResolveDocument(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=4000, help_text="What was done. Public.")
    reason = serializers.CharField(
        required=False, help_text="Why there is no photo, where the category asks for one: no_trace, unsafe, privacy."
    )


class ResolveForm(ResolveDocument):
    files = serializers.ListField(child=serializers.FileField(), max_length=5, required=False)


class PhotosForm(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=["before", "after"])
    files = serializers.ListField(child=serializers.FileField(), max_length=5)


class FindingFactsDocument(serializers.Serializer[Any]):
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=FindingState.choices)
    clause = serializers.CharField()
    tracking_number = serializers.CharField()
    occurred_on = serializers.DateField()
    answer_due_at = serializers.DateTimeField()
    appeal_due_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class FindingDocument(FindingFactsDocument):
    url = serializers.CharField(help_text="Its page, for people.")


class ArgumentDocument(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(choices=["contest", "appeal"])
    text = serializers.CharField()
    replies = serializers.ListField(child=serializers.CharField())


class RulingDocument(serializers.Serializer[Any]):
    outcome = serializers.CharField()
    reasons = serializers.CharField()
    decided_at = serializers.DateTimeField()
    amount_centimes = serializers.IntegerField()


class SentFileDocument(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=["checking", "ready", "refused"])
    sha256 = serializers.CharField()


class WholeFindingDocument(FindingDocument):
    grounds = serializers.CharField()
    arguments = ArgumentDocument(many=True)
    decisions = RulingDocument(many=True)
    files = SentFileDocument(many=True)


class FindingPageDocument(serializers.Serializer[Any]):
    findings = FindingDocument(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page, or null.")


class ArgumentsDocument(serializers.Serializer[Any]):
    arguments = serializers.ListField(
        child=serializers.CharField(max_length=4000), min_length=1, max_length=10, help_text="One text for each point."
    )


class ArgumentsForm(serializers.Serializer[Any]):
    arguments = serializers.CharField(help_text='JSON text: ["first point", "second point"].')
    files = serializers.ListField(child=serializers.FileField(), max_length=5, required=False)


class FilesForm(serializers.Serializer[Any]):
    files = serializers.ListField(child=serializers.FileField(), max_length=5)


UNAUTHORIZED = _("Send a valid key: Authorization: Bearer gpk_…")
