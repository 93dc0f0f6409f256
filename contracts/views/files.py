"""Files of findings and statements: served from our own folder, to those who may see them, never as anything active."""

from typing import BinaryIO
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.models import Role, User
from complaints.models import Attachment, Complaint
from complaints.services.quarantine import media_path
from complaints.tracking import normalise_tracking_number
from contracts.finding_page import may_see_photo
from contracts.models import Contract, Evidence, Finding, FindingFile, Paper
from contracts.permissions import can_open, hats
from contracts.statement_files import file_name
from contracts.views.common import either_page, finding_of, finding_page, user_of

_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@either_page
@require_safe
def exhibit(request: HttpRequest, number: str, kind: str, pk: int) -> HttpResponseBase:
    """A photo or a file of a finding, for who may open the finding. 404 for everybody else, and until it is ready."""
    finding = finding_of(request, number)
    to_operator = Role.OPERATOR_USER in hats(user_of(request), finding.contract)
    return exhibit_of(finding, kind, pk, to_operator=to_operator)


def exhibit_of(finding: Finding, kind: str, pk: int, *, to_operator: bool) -> HttpResponseBase:
    """The file. Http404 if this reader may not see it."""
    if kind == "photo":
        piece = get_object_or_404(
            Evidence.objects.select_related("attachment"), pk=pk, finding=finding, attachment__isnull=False
        )
        photo = piece.attachment
        assert photo is not None
        if not may_see_photo(photo, finding, to_operator=to_operator):
            raise Http404
        return _response(_opened(photo.path), f"{finding.number}-{piece.position}", is_image=True)
    if kind != "file":
        raise Http404
    file = get_object_or_404(FindingFile, pk=pk, finding=finding, status=FindingFile.Status.READY)
    return _response(_opened(file.path), f"{finding.number}-{file.pk}", is_image=file.is_image)


@finding_page
@require_safe
def candidate_photo(request: HttpRequest, tracking_number: str, pk: int) -> HttpResponseBase:
    """The small picture of a photo, for the officer who chooses evidence."""
    user = user_of(request)
    complaint = get_object_or_404(
        Complaint.objects.select_related("unit"), tracking_number=normalise_tracking_number(tracking_number) or ""
    )
    if not can_open(user, complaint):
        raise Http404
    photo = get_object_or_404(Attachment, pk=pk, complaint=complaint, status=Attachment.Status.READY)
    if not photo.is_image:
        raise Http404
    return _response(_opened(photo.thumbnail_path or photo.path), f"{complaint.tracking_number}-{pk}", is_image=True)


@either_page
@require_safe
def paper(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """A document that was made, for who may see what it is about."""
    found = get_object_or_404(
        Paper.objects.select_related("statement__contract", "finding__contract").exclude(path=""), public_id=public_id
    )
    if not _may_read(user_of(request), found):
        raise Http404
    return paper_response(found)


def paper_response(found: Paper) -> HttpResponseBase:
    if found.statement is not None:
        stem = file_name(found.statement.contract.prefix, found.statement.month, "")[:-1]
    else:
        assert found.finding is not None
        stem = found.finding.number
    response = FileResponse(
        _opened(found.path),
        as_attachment=True,
        filename=f"{stem}-{found.language}.{found.format}",
        content_type=_TYPES[found.format],
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _may_read(user: User, found: Paper) -> bool:
    if found.statement_id is not None:
        return Contract.objects.visible_to(user).filter(statements=found.statement_id).exists()
    return found.finding_id is not None and Finding.objects.visible_to(user).filter(pk=found.finding_id).exists()


def _opened(relative: str) -> BinaryIO:
    if not relative:
        raise Http404
    try:
        return media_path(relative).open("rb")
    except FileNotFoundError:
        raise Http404 from None


def _response(content: BinaryIO, stem: str, *, is_image: bool) -> FileResponse:
    """Only pictures that we encoded ourselves are shown inline; a document is always a download, in a sandbox."""
    ending, kind = ("jpg", "image/jpeg") if is_image else ("pdf", "application/pdf")
    response = FileResponse(content, as_attachment=not is_image, filename=f"{stem}.{ending}", content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response
