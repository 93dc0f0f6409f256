"""What every endpoint shares: open to anonymous, no cookies read, JSON whatever the Accept header says."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

JSON, GEOJSON = "application/json", "application/geo+json"


class WhateverIsAccepted(BaseContentNegotiation):
    """One representation for each address: an odd Accept header is no reason to refuse."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or JSON


class PublicView(APIView):
    """An endpoint for anybody. Without cookies there is nothing that a forged request could abuse."""

    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = WhateverIsAccepted


def json_response(data: Any, *, status: int = 200, content_type: str = JSON) -> HttpResponse:
    """An answer in JSON."""
    return HttpResponse(orjson.dumps(data), status=status, content_type=content_type)


def cached(request: HttpRequest, response: HttpResponse, *, etag: str, seconds: int) -> HttpResponseBase:
    """`response` with ETag and Cache-Control, or 304 when the caller has it already. `etag`: any text naming the content."""
    response["ETag"] = quote_etag(etag)
    patch_cache_control(response, public=True, max_age=seconds)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def absolute(request: HttpRequest, path: str) -> str:
    """A path as an address: on PUBLIC_URL where one is configured, else on the host that was asked."""
    base = settings.PUBLIC_URL if settings.PUBLIC_URL_IS_GIVEN else f"{request.scheme}://{request.get_host()}"
    return f"{base}{path}"
