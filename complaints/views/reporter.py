"""The reporter's own page, by her secret link."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from complaints.models import Complaint
from complaints.tracking import complaint_id_of, token_matches


def complaint_of(token: str) -> Complaint:
    """The complaint a secret link opens. Http404 for a wrong, old or revoked token alike."""
    complaint = Complaint.objects.filter(pk=complaint_id_of(token) or 0).first()
    if complaint is None or not token_matches(token, complaint.pk, complaint.link_version):
        raise Http404
    return complaint


def secret_link(request: HttpRequest, token: str) -> HttpResponse:
    """Everything the reporter may see and do."""
    return render(request, "complaints/secret_link.html", {"complaint": complaint_of(token)})
