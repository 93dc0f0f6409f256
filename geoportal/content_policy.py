"""What a page may load: the policy of all pages, built for each answer that does not bring one of its own."""

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class PagePolicy(CSPMiddleware):
    """The library's middleware. It builds the policy, a tenth of a quick answer's time, even where it is not used then."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Answers for programs, and files, have a shorter policy already."""
        return response if HEADER in response else super().process_response(request, response)
