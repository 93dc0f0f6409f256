"""Taking in a complaint over HTTP."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema

from accounts.quotas import Quota, spend
from api import documents
from api.base import PublicView, absolute, json_response
from api.bodies import read_body
from api.shapes import idempotency, new_complaint
from complaints.receipts import Receipt, page_path
from complaints.services.submission import submit
from complaints.tracking import secret_token


class ComplaintIntake(PublicView):
    """File a complaint."""

    @extend_schema(
        operation_id="file_complaint",
        summary="File a complaint",
        description=documents.INTAKE,
        parameters=[documents.IDEMPOTENCY_KEY, documents.ACCEPT_LANGUAGE],
        request={
            "application/json": documents.NewComplaintDocument,
            "multipart/form-data": documents.NewComplaintForm,
        },
        responses={201: documents.ReceiptDocument} | documents.problems(400, 409, 413, 415, 422, 429),
        tags=["complaints"],
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        spend(request, Quota.COMPLAINT, now=now)
        body = read_body(request)
        key = idempotency(request.headers.get("Idempotency-Key"), body)
        given = submit(new_complaint(body, language=get_language() or "fr"), now=now, idempotency=key)
        response = json_response(receipt_json(request, given), status=201)
        response["Location"] = absolute(request, page_path("api_complaint", given.language, given.tracking_number))
        return response


def receipt_json(request: HttpRequest, given: Receipt) -> dict[str, Any]:
    """A receipt in the shape of contract.md §4."""
    token = secret_token(given.complaint_id, link_version=1)
    return {
        "tracking_number": given.tracking_number,
        "track_url": absolute(request, page_path("complaint", given.language, given.tracking_number)),
        "secret_url": absolute(request, page_path("secret_link", given.language, token)),
        "state": given.state,
        "category": given.category,
        "service": given.service,
        "unit": given.unit,
        "district": given.district,
        "triage": given.triage,
        "deadlines": {"answer": given.answer_due, "resolution": given.resolution_due},
        "files": given.files,
    }
