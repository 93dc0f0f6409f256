"""The single-case link: one finding, for an operator's people without an account. The token is the right."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.quotas import Quota, spend
from catalogue.pages import city_page
from complaints.errors import Refusal
from contracts.links import finding_by
from contracts.models import Finding, Paper
from contracts.procedure import FINAL
from contracts.services.findings import accept_finding
from contracts.services.papers import ask_for_exchange
from contracts.views.common import REFUSED, refuse, with_everything
from contracts.views.files import exhibit_of, paper_response
from contracts.views.operator import argue, more_files, operator_page_context

# A finished matter stays readable by its link for so long.
KEPT = timedelta(days=180)


def _finding(request: HttpRequest, token: str, quota: Quota) -> Finding:
    """The finding behind a token. Http404 for any other text, and when the matter ended long ago."""
    now = timezone.now()
    spend(request, quota, now=now)
    found = finding_by(token)
    if found is None or (found.state in FINAL and found.updated_at < now - KEPT):
        raise Http404
    finding: Finding = with_everything(Finding.objects.filter(pk=found.pk)).get()
    return finding


@never_cache
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The case, and what may be done about it."""
    return _page(request, _finding(request, token, Quota.SECRET_PAGE), token)


@csrf_exempt  # the token in the address is the right to act
@never_cache
@require_POST
def link_accept(request: HttpRequest, token: str) -> HttpResponse:
    finding, form = _finding(request, token, Quota.REPORTER_ACTION), forms.Form(request.POST)
    form.is_valid()
    try:
        accept_finding(finding.pk, acting_user=None, now=timezone.now())
    except Refusal as refused:
        refuse(form, refused)
        return _page(request, finding, token, refused=form)
    messages.success(request, _("You accepted finding %(number)s.") % {"number": finding.number})
    return redirect("operator_link", token)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link_argue(request: HttpRequest, token: str, verb: str) -> HttpResponse:
    """Contest or appeal."""
    finding = _finding(request, token, Quota.REPORTER_ACTION if request.method == "POST" else Quota.SECRET_PAGE)
    done_url = reverse("operator_link", args=[token])
    return argue(request, finding, verb, None, done_url=done_url, action_url=request.path)


@csrf_exempt
@never_cache
@require_POST
def link_files(request: HttpRequest, token: str) -> HttpResponse:
    """More files."""
    finding = _finding(request, token, Quota.REPORTER_ACTION)
    return more_files(request, finding, None, done_url=reverse("operator_link", args=[token]))


@csrf_exempt
@never_cache
@require_POST
def link_exchange(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the whole exchange as one file."""
    finding = _finding(request, token, Quota.REPORTER_ACTION)
    ask_for_exchange(finding, get_language() or "fr", acting_user=None, now=timezone.now())
    messages.info(request, _("The file is being made; it appears on this page in a moment."))
    return redirect(reverse("operator_link", args=[token]) + "#papers")


@never_cache
@require_safe
def link_exhibit(request: HttpRequest, token: str, kind: str, pk: int) -> HttpResponseBase:
    """A photo or a file of the finding."""
    return exhibit_of(_finding(request, token, Quota.SECRET_PAGE), kind, pk, to_operator=True)


@never_cache
@require_safe
def link_paper(request: HttpRequest, token: str, pk: int) -> HttpResponseBase:
    """The exchange as a file."""
    finding = _finding(request, token, Quota.SECRET_PAGE)
    found = Paper.objects.filter(pk=pk, finding=finding).exclude(path="").select_related("finding").first()
    if found is None:
        raise Http404
    return paper_response(found)


def _page(request: HttpRequest, finding: Finding, token: str, *, refused: forms.Form | None = None) -> HttpResponse:
    context: dict[str, Any] = operator_page_context(
        finding,
        None,
        exhibit_url=lambda kind, pk: reverse("operator_link_exhibit", args=[token, kind, pk]),
    ) | {
        "refused": refused,
        "accept_url": reverse("operator_link_accept", args=[token]),
        "contest_url": reverse("operator_link_argue", args=[token, "contest"]),
        "appeal_url": reverse("operator_link_argue", args=[token, "appeal"]),
        "files_url": reverse("operator_link_files", args=[token]),
        "exchange_url": reverse("operator_link_exchange", args=[token]),
        "link_token": token,
    }
    response = city_page(
        request, finding.jurisdiction, "contracts/operator_finding.html", context, status=REFUSED if refused else 200
    )
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
