"""The OpenAPI document and the page that shows it."""

from collections.abc import Iterable

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class PageForEverybody(BaseContentNegotiation):
    """The page, whatever the Accept header says."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or "text/html"


class Schema(SpectacularAPIView):
    """OpenAPI 3.1, made from the code. JSON with `?format=json` or `Accept: application/json`, else YAML."""

    authentication_classes = ()
    permission_classes = ()


class Documentation(SpectacularSwaggerSplitView):
    """Swagger UI from our own server; its script comes apart from the page, as the content policy demands."""

    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = PageForEverybody
    url_name = "api_schema"
