"""What operators' addresses are told, as the OpenAPI document says it (`webhooks`)."""

from typing import Any

from drf_spectacular.utils import OpenApiWebhook, extend_schema
from rest_framework import serializers

from api.operator_documents import CaseFactsDocument, FindingFactsDocument
from contracts.models import Webhook

_Event = Webhook.Event
_ABOUT = """

An address and its events are chosen on the operator's page "Machine access", which shows the address's secret. Answer with 2xx
within a few seconds; anything else is tried again, later each time, eight times in about four hours; 410 ends it at once.

The headers `Geoportal-Event` and `Geoportal-Delivery` repeat `type` and `id`. The same message may come twice: `id` tells.
`Geoportal-Signature` is `t=<seconds>,v1=<hex>`: HMAC-SHA256 with the secret over `<seconds>.<body>`, the body as it came, byte
for byte. Compare it, and refuse what is older than five minutes.
"""


class _Told(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="The same for each copy of one message.")
    type = serializers.CharField()
    created_at = serializers.DateTimeField()
    contract = serializers.CharField(help_text="Code of the contract.")
    jurisdiction = serializers.CharField(help_text="Code of the city.")


class CaseToldDocument(_Told):
    case = CaseFactsDocument()


class FindingToldDocument(_Told):
    finding = FindingFactsDocument()


class StatementDocument(serializers.Serializer[Any]):
    month = serializers.CharField(help_text="2026-10")
    total_centimes = serializers.IntegerField()


class StatementToldDocument(_Told):
    statement = StatementDocument()


def _webhook(event: Webhook.Event, summary: str, document: type[serializers.Serializer[Any]]) -> OpenApiWebhook:
    described = extend_schema(
        summary=summary,
        description=summary + "." + _ABOUT,
        tags=["operators"],
        request=document,
        responses={"2XX": None, "410": None},
    )
    return OpenApiWebhook(name=event.value, decorator=described)


CASE_RECEIVED = _webhook(_Event.CASE_RECEIVED, "A case was received", CaseToldDocument)
FINDING_OPENED = _webhook(_Event.FINDING_OPENED, "A finding was opened", FindingToldDocument)
FINDING_CHANGED = _webhook(_Event.FINDING_CHANGED, "A finding moved on", FindingToldDocument)
STATEMENT_ISSUED = _webhook(_Event.STATEMENT_ISSUED, "A statement was issued", StatementToldDocument)
