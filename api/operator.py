"""Operators' machines: own cases and findings of one contract, by API key. Everything else is not there (404)."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.quotas import Limit, spend_by_key
from api import documents, operator_documents
from api.base import PublicView, absolute, json_response
from api.bodies import Body, read_body
from api.operator_documents import KEY_SECURITY, UNAUTHORIZED
from api.problems import Fault, Refused
from complaints.models import Attachment, Complaint
from complaints.services.correspondence import add_photos, answer
from complaints.services.transitions import change_state
from complaints.tracking import normalise_tracking_number
from complaints.workflow import OPEN_STATES, EvidenceReason, State, Verb
from contracts.cases import cases_of
from contracts.evidence import operator_reads_words
from contracts.models import ApiKey, Finding
from contracts.procedure import FindingState
from contracts.services.findings import accept_finding, add_files, appeal_finding, contest_finding
from contracts.services.keys import key_of
from contracts.services.webhooks import case_json, finding_json

PAGE = 100
MAX_PAGES = 1000
LIMITS = (Limit(600, 600), Limit(20_000, 86_400))
_PAGE = OpenApiParameter("page", OpenApiTypes.INT, description="From 1; 100 on a page.")
_Decorator = Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]
_REFUSALS = (400, 401, 404, 409, 413, 415, 429)


class KeyView(PublicView):
    """An endpoint for a contract's key. The key says which contract; its account signs what is done."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        key = key_of(secret.strip(), now=timezone.now()) if scheme.lower() == "bearer" else None
        kwargs["key"] = key
        return super().dispatch(request, *args, **kwargs)


def known(key: ApiKey | None) -> ApiKey:
    """The key of a request. Raises Refused (401) without a valid one; counts the use."""
    if key is None:
        raise Refused("unauthorized", UNAUTHORIZED)
    if settings.RATE_LIMIT_SCALE:
        spend_by_key(f"apikey:{key.pk}", LIMITS, now=timezone.now(), scale=settings.RATE_LIMIT_SCALE)
    return key


def _schema(name: str, summary: str, request: Any = None, response: Any = None, **more: Any) -> _Decorator:
    decorate: _Decorator = extend_schema(
        operation_id=name,
        summary=summary,
        request=request,
        responses={200: response} | documents.problems(*_REFUSALS),
        tags=["operators"],
        auth=KEY_SECURITY,  # type: ignore[arg-type]
        **more,
    )
    return decorate


class Cases(KeyView):
    """The contract's cases."""

    @_schema(
        "list_own_cases",
        "Own cases by time left",
        response=operator_documents.CasePageDocument,
        parameters=[_PAGE, OpenApiParameter("state", description="open (default), closed, or a state.")],
    )
    def get(self, request: HttpRequest, key: ApiKey | None = None) -> HttpResponse:
        rows = _cases(known(key))
        wanted = request.GET.get("state", "open")
        if wanted == "open":
            rows = rows.filter(state__in=OPEN_STATES)
        elif wanted == "closed":
            rows = rows.exclude(state__in=OPEN_STATES)
        elif wanted in State.values:
            rows = rows.filter(state=wanted)
        else:
            raise Refused.parameter("state", _("This state does not exist."))
        rows = rows.order_by("resolution_due_at", "pk")
        shown, following = _page(request, rows)
        return json_response({"cases": [_case(row) for row in shown], "next": following})


class Case(KeyView):
    """One case of the contract."""

    @_schema("read_own_case", "One case", response=operator_documents.CaseDocument)
    def get(self, request: HttpRequest, tracking_number: str, key: ApiKey | None = None) -> HttpResponse:
        return json_response(_case(_case_of(known(key), tracking_number)))


class CaseAnswer(KeyView):
    """Tell the reporter and the public something about a case."""

    @_schema(
        "answer_own_case",
        "Answer a case",
        operator_documents.AnswerDocument,
        operator_documents.CaseDocument,
    )
    def post(self, request: HttpRequest, tracking_number: str, key: ApiKey | None = None) -> HttpResponse:
        own = known(key)
        case, body = _case_of(own, tracking_number), read_body(request)
        answer(case.pk, _text(body, "text"), acting_user=own.user, now=timezone.now())
        return json_response(_case(_case_of(own, tracking_number)))


class CaseResolve(KeyView):
    """Report the work as done."""

    @_schema(
        "resolve_own_case",
        "Report a case as resolved, with photos",
        {
            "application/json": operator_documents.ResolveDocument,
            "multipart/form-data": operator_documents.ResolveForm,
        },
        operator_documents.CaseDocument,
    )
    def post(self, request: HttpRequest, tracking_number: str, key: ApiKey | None = None) -> HttpResponse:
        own = known(key)
        case, body = _case_of(own, tracking_number), read_body(request)
        reason = str(body.fields.get("reason") or "")
        if reason and reason not in EvidenceReason.values:
            raise Refused.parameter("reason", _("This reason does not exist."))
        note = _text(body, "note")
        change_state(
            case.pk, Verb.RESOLVE, acting_user=own.user, now=timezone.now(), note=note, reason=reason, files=body.files
        )
        return json_response(_case(_case_of(own, tracking_number)))


class CaseFiles(KeyView):
    """Photos of the work."""

    @_schema(
        "add_photos_to_own_case",
        "Send photos taken before or after the work",
        {"multipart/form-data": operator_documents.PhotosForm},
        operator_documents.CaseDocument,
    )
    def post(self, request: HttpRequest, tracking_number: str, key: ApiKey | None = None) -> HttpResponse:
        own = known(key)
        case, body = _case_of(own, tracking_number), read_body(request)
        purpose = str(body.fields.get("purpose") or "")
        if purpose not in (Attachment.Purpose.BEFORE, Attachment.Purpose.AFTER):
            raise Refused.parameter("purpose", _("before or after."))
        if not body.files:
            raise Refused.parameter("files", _("This is needed."))
        add_photos(case.pk, body.files, Attachment.Purpose(purpose), acting_user=own.user, now=timezone.now())
        return json_response(_case(_case_of(own, tracking_number)))


class Findings(KeyView):
    """Findings against the operator under this contract."""

    @_schema(
        "list_own_findings",
        "Own findings, those to answer first",
        response=operator_documents.FindingPageDocument,
        parameters=[_PAGE, OpenApiParameter("state", description="A state of a finding.")],
    )
    def get(self, request: HttpRequest, key: ApiKey | None = None) -> HttpResponse:
        rows = _findings(known(key))
        wanted = request.GET.get("state", "")
        if wanted:
            if wanted not in FindingState.values:
                raise Refused.parameter("state", _("This state does not exist."))
            rows = rows.filter(state=wanted)
        shown, following = _page(request, rows.order_by("-opened_at", "-pk"))
        return json_response({"findings": [_finding(request, row) for row in shown], "next": following})


class OneFinding(KeyView):
    """One finding with its exchange."""

    @_schema("read_own_finding", "One finding", response=operator_documents.WholeFindingDocument)
    def get(self, request: HttpRequest, number: str, key: ApiKey | None = None) -> HttpResponse:
        return json_response(_whole(request, _finding_of(known(key), number)))


class FindingAccept(KeyView):
    """Accept a finding."""

    @_schema("accept_own_finding", "Accept a finding", response=operator_documents.WholeFindingDocument)
    def post(self, request: HttpRequest, number: str, key: ApiKey | None = None) -> HttpResponse:
        own = known(key)
        accept_finding(_finding_of(own, number).pk, acting_user=own.user, now=timezone.now())
        return json_response(_whole(request, _finding_of(own, number)))


_ARGUING = {
    "application/json": operator_documents.ArgumentsDocument,
    "multipart/form-data": operator_documents.ArgumentsForm,
}


class FindingContest(KeyView):
    """Contest a finding, point by point."""

    @_schema("contest_own_finding", "Contest a finding", _ARGUING, operator_documents.WholeFindingDocument)
    def post(self, request: HttpRequest, number: str, key: ApiKey | None = None) -> HttpResponse:
        own = known(key)
        finding, body = _finding_of(own, number), read_body(request)
        contest_finding(finding.pk, _arguments(body), files=body.files, acting_user=own.user, now=timezone.now())
        return json_response(_whole(request, _finding_of(own, number)))


class FindingAppeal(KeyView):
    """Appeal against a decision, point by point."""

    @_schema("appeal_own_finding", "Appeal against a decision", _ARGUING, operator_documents.WholeFindingDocument)
    def post(self, request: HttpRequest, number: str, key: ApiKey | None = None) -> HttpResponse:
        own = known(key)
        finding, body = _finding_of(own, number), read_body(request)
        appeal_finding(finding.pk, _arguments(body), files=body.files, acting_user=own.user, now=timezone.now())
        return json_response(_whole(request, _finding_of(own, number)))


class FindingFiles(KeyView):
    """More files for a finding."""

    @_schema(
        "add_files_to_own_finding",
        "Send more files about a finding",
        {"multipart/form-data": operator_documents.FilesForm},
        operator_documents.WholeFindingDocument,
    )
    def post(self, request: HttpRequest, number: str, key: ApiKey | None = None) -> HttpResponse:
        own = known(key)
        finding, body = _finding_of(own, number), read_body(request)
        if not body.files:
            raise Refused.parameter("files", _("This is needed."))
        add_files(finding.pk, body.files, acting_user=own.user, now=timezone.now())
        return json_response(_whole(request, _finding_of(own, number)))


def _cases(key: ApiKey) -> QuerySet[Complaint]:
    rows: QuerySet[Complaint] = cases_of(key.contract).filter(merged_into=None).select_related("category", "district")
    return rows


def _case_of(key: ApiKey, tracking_number: str) -> Complaint:
    found = _cases(key).filter(tracking_number=normalise_tracking_number(tracking_number) or "").first()
    if found is None:
        raise Http404
    return found


def _findings(key: ApiKey) -> QuerySet[Finding]:
    return Finding.objects.filter(contract=key.contract).select_related("clause", "complaint", "jurisdiction")


def _finding_of(key: ApiKey, number: str) -> Finding:
    found = _findings(key).filter(number=number).first()
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, rows: QuerySet[Any]) -> tuple[Sequence[Any], str | None]:
    """A page of rows, and the address of the next one."""
    asked = request.GET.get("page", "1")
    if not (asked.isascii() and asked.isdigit() and 1 <= len(asked) <= 4 and 1 <= int(asked) <= MAX_PAGES):
        raise Refused.parameter("page", _("A number from 1."))
    number = int(asked)
    shown = list(rows[(number - 1) * PAGE : number * PAGE + 1])
    if len(shown) <= PAGE:
        return shown, None
    query = request.GET.copy()
    query["page"] = str(number + 1)
    return shown[:PAGE], absolute(request, f"{request.path}?{query.urlencode()}")


def _case(case: Complaint) -> dict[str, Any]:
    words = case.description if operator_reads_words(case) else None
    return case_json(case) | {"late": case.is_late(timezone.now()), "description": words}


def _finding(request: HttpRequest, finding: Finding) -> dict[str, Any]:
    return finding_json(finding) | {"url": absolute(request, reverse("operator_finding", args=[finding.number]))}


def _whole(request: HttpRequest, finding: Finding) -> dict[str, Any]:
    """With what was said on both sides; decisions that wait for a second signature are not there yet."""
    decisions = [
        decision
        for decision in finding.decisions.select_related("signature").prefetch_related("replies")
        if decision.in_force
    ]
    replies: dict[int, list[str]] = {}
    for decision in decisions:
        for reply in decision.replies.all():
            replies.setdefault(reply.argument_id, []).append(reply.text)
    return _finding(request, finding) | {
        "grounds": finding.grounds,
        "arguments": [
            {"stage": row.stage, "text": row.text, "replies": replies.get(row.pk, [])}
            for row in finding.arguments.all()
        ],
        "decisions": [
            {
                "outcome": decision.outcome,
                "reasons": decision.reasons,
                "decided_at": decision.decided_at.isoformat(),
                "amount_centimes": decision.amount_centimes,
            }
            for decision in decisions
        ],
        "files": [
            {
                "id": str(file.public_id),
                "name": file.name,
                "status": file.status,
                "sha256": file.kept_sha256 or file.sha256,
            }
            for file in finding.files.all()
        ],
    }


def _text(body: Body, name: str) -> str:
    value = body.fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused.invalid(Fault(name, "required", _("This is needed.")))
    if len(value) > 4000 or "\0" in value:
        raise Refused.parameter(name, _("At most 4,000 characters."))
    return value


def _arguments(body: Body) -> list[str]:
    value = body.fields.get("arguments")
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = [value]
    if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
        raise Refused.parameter("arguments", _("Give a list of texts, one for each point."))
    if any(len(text) > 4000 or "\0" in text for text in value):
        raise Refused.parameter("arguments", _("At most 4,000 characters."))
    return value
