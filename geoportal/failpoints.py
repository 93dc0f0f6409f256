"""Dying between the commit and the answer, for tests of what a killed web server leaves behind."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from queueing.failpoints import failpoint


class DieBeforeTheAnswer:
    """Innermost middleware, installed only for GEOPORTAL_ENV=test: the view has committed, nothing was sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST":
            failpoint("web.committed")
        return response
