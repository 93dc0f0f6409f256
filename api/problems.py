"""Refusals as problem+json (RFC 9457): a stable code, a sentence in the caller's language, the fields at fault."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.http import Http404, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from accounts.quotas import QuotaExceeded
from complaints.errors import ComplaintError
from complaints.filters import FilterError
from complaints.workflow import WorkflowError
from contracts.errors import ContractError, PeriodOver
from contracts.procedure import ProcedureError

PROBLEM_TYPE = "application/problem+json"

_STATUS_OF_CODE = {
    "file_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "idempotency_mismatch": HTTPStatus.UNPROCESSABLE_ENTITY,
    "idempotency_in_progress": HTTPStatus.CONFLICT,
    "conflict": HTTPStatus.CONFLICT,
    "not_found": HTTPStatus.NOT_FOUND,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "unsupported_media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
}
_TITLES: dict[HTTPStatus, str | Promise] = {
    HTTPStatus.BAD_REQUEST: _("This was not accepted"),
    HTTPStatus.UNAUTHORIZED: _("Who is asking?"),
    HTTPStatus.NOT_FOUND: _("Not found"),
    HTTPStatus.METHOD_NOT_ALLOWED: _("This cannot be done here"),
    HTTPStatus.CONFLICT: _("Not now"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("Too large"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _("Unknown kind of content"),
    HTTPStatus.UNPROCESSABLE_ENTITY: _("This was not accepted"),
    HTTPStatus.TOO_MANY_REQUESTS: _("Too many requests"),
}


@dataclass(frozen=True)
class Fault:
    """One field at fault: its name (dots for nesting), a code and a sentence."""

    field: str
    code: str
    message: str | Promise


class Refused(Exception):
    """What a view raises to refuse a request; the status follows from the code."""

    def __init__(self, code: str, detail: str | Promise, *faults: Fault) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.faults = faults

    @classmethod
    def invalid(cls, *faults: Fault) -> "Refused":
        """400 `invalid`, naming every field at fault."""
        return cls("invalid", faults[0].message, *faults)

    @classmethod
    def parameter(cls, name: str, message: str | Promise) -> "Refused":
        """400 `invalid` for one parameter of a query."""
        return cls.invalid(Fault(name, "invalid", message))


def problem_response(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """REST framework's exception handler: every refusal that callers can cause, and nothing else (that is a 500)."""
    refused = _refusal(error)
    if refused is None:
        return None
    response = answer(refused)
    if isinstance(error, QuotaExceeded):
        response["Retry-After"] = str(error.retry_after)
    elif refused.code == "idempotency_in_progress":
        response["Retry-After"] = "1"
    elif refused.code == "unauthorized":
        response["WWW-Authenticate"] = 'Bearer realm="Geoportal"'
    elif isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


def answer(refused: Refused) -> HttpResponse:
    """The response that tells a refusal."""
    status = _STATUS_OF_CODE.get(refused.code, HTTPStatus.BAD_REQUEST)
    errors = [{"field": f.field, "code": f.code, "message": str(f.message)} for f in refused.faults]
    body = {
        "type": "about:blank",
        "title": str(_TITLES[status]),
        "status": status.value,
        "code": refused.code,
        "detail": str(refused.detail),
        "errors": errors,
    }
    return HttpResponse(orjson.dumps(body), status=status, content_type=PROBLEM_TYPE)


def _refusal(error: Exception) -> Refused | None:
    """What an exception means to the caller; None if it is our own fault."""
    match error:
        case Refused():
            return error
        case ComplaintError():
            faults = [Fault(error.field, error.code, error.message)] if error.field else []
            return Refused(error.code, error.message, *faults)
        case FilterError():
            return Refused.parameter(error.parameter, error.message)
        case PeriodOver():
            return Refused("conflict", error.message)
        case ContractError():
            faults = [Fault(error.field, error.code, error.message)] if error.field else []
            return Refused("invalid", error.message, *faults)
        case WorkflowError() | ProcedureError():
            return Refused("conflict", error.message)
        case QuotaExceeded():
            return Refused(error.code, error.message)
        case Http404() | exceptions.NotFound():
            return Refused("not_found", _("There is nothing here under this name."))
        case exceptions.MethodNotAllowed():
            return Refused("method_not_allowed", _("This address does not know that method."))
        case TooManyFilesSent():
            return Refused("too_many_files", _("At most five files can be attached."))
        case RequestDataTooBig():
            return too_large()
        case BadRequest() | SuspiciousOperation() | MultiPartParserError() | UnreadablePostError():
            return malformed()
    return None


def too_large() -> Refused:
    """The body is larger than anything that is accepted here."""
    return Refused("body_too_large", _("This request is too large."))


def malformed() -> Refused:
    """The body cannot be read at all."""
    return Refused(
        "invalid", _("The body of this request cannot be read: send one JSON object in UTF-8, or multipart.")
    )
