"""Composition's own pages: the way in, health, and what is shown when something fails."""

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _

from complaints.filters import jurisdiction_of
from geoportal.colours import service_colours_css
from geoportal.health import readiness

RETRY_AFTER_SECONDS = 5


def root(request: HttpRequest) -> HttpResponse:
    """`/` → the home page in the visitor's language."""
    language = get_language_from_request(request)
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
    status = 503 if unavailable else 500
    title = _("Briefly unavailable") if unavailable else _("Something went wrong")
    detail = (
        _("The service is briefly unavailable. Nothing was lost: go back and send it again in a moment.")
        if unavailable
        else _("The fault was recorded. Please try again; what you typed is still in your browser.")
    )
    response: HttpResponse
    if request.path.startswith(("/api/", "/tiles/")):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        code = "unavailable" if unavailable else "server_error"
        response = JsonResponse(problem | {"code": code}, status=status, content_type="application/problem+json")
    else:
        # Rendered without context processors: they might ask the database again.
        response = HttpResponse(_error_page(title, detail), status=status)
    if unavailable:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        connection.close()
    return response


def _error_page(title: str, detail: str) -> str:
    return render_to_string("500.html", {"title": title, "detail": detail, "static_url": settings.STATIC_URL})


def service_colours(request: HttpRequest) -> HttpResponse:
    """The stylesheet of a city's service colours; asked for by every page, so browsers may keep it for an hour."""
    services = jurisdiction_of(request).services.order_by("order", "code")
    response = HttpResponse(service_colours_css(services), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(("/api/", "/tiles/")):
        title = _("Not found")
        problem = {"type": "about:blank", "title": title, "status": 404, "code": "not_found", "detail": title}
        return JsonResponse(problem, status=404, content_type="application/problem+json")
    return render(request, "404.html", status=404)
