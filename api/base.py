"""What every endpoint shares: open to anonymous, no cookies read, refusals as problem+json."""

from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from rest_framework import exceptions
from rest_framework.views import APIView

from accounts.quotas import Quota, spend_from_block
from api.problems import problem_response

JSON, GEOJSON = "application/json", "application/geo+json"
# A box is counted to its edges: that takes the time of several tiles, and counts as so many of them.
TILES_OF_A_BOX = 10
# Answers are no pages: a browser that opens one loads nothing for it.
CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'"


class PublicView(APIView):
    """An endpoint for anybody: no cookies are read, so there is nothing that a forged request could abuse.

    REST framework describes it (the OpenAPI document comes from it) and its negotiation, authentication and throttling are
    passed by: one representation for each address, and none of them applies. Handlers get Django's own request.
    """

    authentication_classes = ()
    permission_classes = ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Call the method's handler; a refusal becomes problem+json, a fault of ours goes on to be a 500."""
        name = str(request.method).lower()
        try:
            if name not in self.http_method_names or not hasattr(self, name):
                raise exceptions.MethodNotAllowed(str(request.method))
            response: HttpResponseBase = getattr(self, name)(request, *args, **kwargs)
        except Exception as error:
            refused = problem_response(error, {"view": self})
            if refused is None:
                raise
            response = refused
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Which methods there are."""
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})


def count_look(request: HttpRequest, *, now: datetime) -> None:
    """Count a look at maps or lists by the caller's address. First of all: who is refused costs no statement.

    Raises QuotaExceeded.
    """
    boxed = any(value.strip() for value in request.GET.getlist("bbox"))
    spend_from_block(request, Quota.MAP, now=now, uses=TILES_OF_A_BOX if boxed else 1)


def json_response(data: Any, *, status: int = 200, content_type: str = JSON) -> HttpResponse:
    """An answer in JSON."""
    return HttpResponse(orjson.dumps(data), status=status, content_type=content_type)


def cached(request: HttpRequest, response: HttpResponse, *, etag: str, seconds: int) -> HttpResponseBase:
    """`response` with ETag and Cache-Control, or 304 when the caller has it already. `etag`: any text naming the content."""
    response["ETag"] = quote_etag(etag)
    patch_cache_control(response, public=True, max_age=seconds)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def tag_at_hand(request: HttpRequest, prefix: str) -> str:
    """The tag of the caller's copy, if it begins with `prefix`; empty if not."""
    tag = request.headers.get("If-None-Match", "").strip().removeprefix("W/").strip('"')
    return tag if tag.startswith(prefix) and "," not in tag and '"' not in tag else ""


def absolute(request: HttpRequest, path: str) -> str:
    """A path as an address: on PUBLIC_URL where one is configured, else on the host that was asked."""
    base = settings.PUBLIC_URL if settings.PUBLIC_URL_IS_GIVEN else f"{request.scheme}://{request.get_host()}"
    return f"{base}{path}"
