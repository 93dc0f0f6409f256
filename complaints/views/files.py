"""Files of complaints: served from our own folder, to those who may see them, never as anything active."""

from typing import BinaryIO, TypeVar
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from accounts.models import User
from complaints.disclosure import disclosure
from complaints.models import Attachment, Complaint
from complaints.services.quarantine import media_path
from complaints.tracking import token_matches

_Response = TypeVar("_Response", bound=HttpResponseBase)
_REPORTERS_PURPOSES = (Attachment.Purpose.REPORT, Attachment.Purpose.MESSAGE, Attachment.Purpose.AFTER)


@require_safe
def attachment(request: HttpRequest, public_id: UUID, variant: str, version: str) -> HttpResponseBase:
    """One file (`full`) or its small picture (`thumbnail`). 404 for everybody who may not see it, and until it is ready.

    So it is for a version that was painted over: the new one has another address.
    """
    found = get_object_or_404(
        Attachment.objects.select_related("complaint__district", "complaint__unit"),
        public_id=public_id,
        status=Attachment.Status.READY,
    )
    relative = {"full": found.path, "thumbnail": found.thumbnail_path}.get(variant, "")
    public = is_public(found)
    if not relative or version != found.version or not (public or _may_see(request, found)):
        raise Http404
    if public and (unchanged := get_conditional_response(request, etag=_etag(found, variant))):
        return _cached(unchanged, found, variant)
    try:
        content = media_path(relative).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = _response(content, found)
    if public:
        return _cached(response, found, variant)
    response["Cache-Control"] = "private, no-store"
    return response


def is_public(file: Attachment) -> bool:
    """Released by a moderator, on a complaint that has a public page."""
    released = file.is_image and file.review == Complaint.Review.RELEASED
    return released and file.status == Attachment.Status.READY and file.complaint.has_public_page


def _may_see(request: HttpRequest, file: Attachment) -> bool:
    complaint = file.complaint
    token = request.GET.get("c", "")
    if token and token_matches(token, complaint.pk, complaint.link_version):
        return _reporter_sees(file)
    user = request.user
    if not isinstance(user, User) or not Complaint.objects.visible_to(user).filter(pk=complaint.pk).exists():
        return False
    return disclosure(user, complaint).sees_file(file)


def _reporter_sees(file: Attachment) -> bool:
    """Her own files, what the unit sent her, and the proof of the work that she is asked to confirm."""
    return file.purpose in _REPORTERS_PURPOSES or file.review == Complaint.Review.RELEASED


def _etag(file: Attachment, variant: str) -> str:
    return f'"{file.public_id.hex}-{variant}-{file.version}"'


def _cached(response: _Response, file: Attachment, variant: str) -> _Response:
    """What is released may be kept, but whoever kept it asks before each use: it may be withheld or painted over by then."""
    response["Cache-Control"] = "public, no-cache"
    response["ETag"] = _etag(file, variant)
    return response


def _response(content: BinaryIO, file: Attachment) -> FileResponse:
    """Only pictures that we encoded ourselves are shown inline; a document is always a download, in a sandbox."""
    ending, kind = ("jpg", "image/jpeg") if file.is_image else ("pdf", "application/pdf")
    response = FileResponse(
        content,
        as_attachment=not file.is_image,
        filename=f"{file.complaint.tracking_number}-{file.pk}.{ending}",
        content_type=kind,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    return response
