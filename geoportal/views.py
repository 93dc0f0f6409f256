"""Composition's own pages: the way in, health, and what is shown when something fails."""

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.filter_grammar import jurisdiction_of
from geoportal.colours import service_colours_css
from geoportal.health import readiness

RETRY_AFTER_SECONDS = 5
# Who asks there is a program: it gets problem documents, not pages.
PROGRAMS = ("/api/", "/tiles/")


def root(request: HttpRequest) -> HttpResponse:
    """`/` → the home page in the visitor's language."""
    language = translation.get_language_from_request(request)
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"/{language}/" + (f"?{query}" if query else ""))


def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Says nothing of what it depends on: a restart would not mend that."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Requests can be served: the database answers and is migrated. Staff see the age of waiting work beside it."""
    report = readiness(detailed=request.user.is_authenticated)
    return JsonResponse(report, status=200 if report["status"] == "ok" else 503)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with Retry-After when it is the database that cannot be reached: the form stays in the browser."""
    error = sys.exc_info()[1]
    unavailable = isinstance(error, OperationalError | InterfaceError)
    with translation.override(_language_of(request)):
        if unavailable:
            title = _("Briefly unavailable")
            detail = _("The service is briefly unavailable. Nothing was lost: go back and send it again in a moment.")
            if request.method == "GET":
                detail = _("The service is briefly unavailable. Nothing was lost: try again in a moment.")
            response = _refusal(request, 503, "unavailable", title, detail)
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
            connection.close()
            return response
        title = _("Something went wrong")
        detail = _("The fault was recorded. Please try again; what you typed is still in your browser.")
        return _refusal(request, 500, "server_error", title, detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for what no page could take up: too large, too many fields, a host that is not this one. What it was is not told."""
    with translation.override(_language_of(request)):
        title = _("This could not be read")
        detail = _(
            "What was sent is too large or not well formed; nothing of it was kept. Go back and send less at once."
        )
        return _refusal(request, 400, "invalid", title, detail)


def _language_of(request: HttpRequest) -> str:
    """The language in the address, else the browser's: what failed may have failed before any was chosen."""
    return translation.get_language_from_path(request.path_info) or translation.get_language_from_request(request)


def _refusal(request: HttpRequest, status: int, code: str, title: str, detail: str) -> HttpResponse:
    if request.path.startswith(PROGRAMS):
        return _problem(status, code, title, detail)
    retry = request.get_full_path() if request.method == "GET" and status >= 500 else ""
    page = {"title": title, "detail": detail, "retry": retry, "static_url": settings.STATIC_URL}
    # Rendered without context processors: they might ask the database again.
    return HttpResponse(render_to_string("500.html", page), status=status)


def _problem(status: int, code: str, title: str, detail: str) -> JsonResponse:
    problem = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    return JsonResponse(problem, status=status, content_type="application/problem+json")


def service_colours(request: HttpRequest) -> HttpResponse:
    """The stylesheet of a city's service colours; asked for by every page, so browsers may keep it for an hour."""
    services = jurisdiction_of(request).services.order_by("order", "code")
    response = HttpResponse(service_colours_css(services), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(PROGRAMS):
        return _problem(404, "not_found", _("Not found"), _("Not found"))
    return render(request, "404.html", status=404)
