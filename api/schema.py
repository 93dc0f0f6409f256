"""The OpenAPI document and the page that shows it."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from api.base import WhateverIsAccepted


class Schema(SpectacularAPIView):
    """OpenAPI 3.1, made from the code. JSON with `?format=json` or `Accept: application/json`, else YAML."""

    authentication_classes = ()
    permission_classes = ()


class Documentation(SpectacularSwaggerSplitView):
    """Swagger UI from our own server; its script comes apart from the page, as the content policy demands."""

    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = WhateverIsAccepted
    url_name = "api_schema"
