"""The phone desk: a member of staff files for somebody who calls or comes to the counter, on the citizen's own form."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import staff_page
from complaints.forms import DeskReportForm
from complaints.permissions import DESK
from complaints.views.report import Intake, take_in
from complaints.views.staff import city_of, staff_user


@staff_page(DESK)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form; what is filed by it leads to its page at the desk."""
    return take_in(request, city_of(request, DESK), Intake(DeskReportForm, by=staff_user(request)))
