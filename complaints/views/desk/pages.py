"""The desk's list with nothing open, and what people keep of it: filters and columns."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import staff_page
from complaints.desk.columns import choose_columns
from complaints.desk.saved import delete_filter, save_filter
from complaints.errors import NotAFilter
from complaints.filters import FilterError
from complaints.views.desk.listing import desk_queue
from complaints.views.desk.screen import screen
from complaints.views.staff import DESK_ROLES, city_of, staff_user


@staff_page(DESK_ROLES)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """List, counts and map of the complaints that this person's memberships cover."""
    return screen(request, city_of(request, DESK_ROLES), timezone.now())


@staff_page(DESK_ROLES)
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the list's filter under a name, for oneself or for the unit."""
    user, city = staff_user(request), city_of(request, DESK_ROLES)
    query = QueryDict(request.POST.get("query", "")[:2000])
    try:
        queue = desk_queue(user, city, query, timezone.now())
        saved = save_filter(queue, request.POST.get("name", ""), shared="shared" in request.POST, now=timezone.now())
    except (NotAFilter, FilterError) as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, _("The filter “%(name)s” is kept.") % {"name": saved.name})
    return HttpResponseRedirect(f"{reverse('desk')}?{query.urlencode()}")


@staff_page(DESK_ROLES)
@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one of one's own saved filters."""
    delete_filter(staff_user(request), pk)
    messages.success(request, _("The filter is deleted."))
    return back(request)


@staff_page(DESK_ROLES)
@require_POST
def columns(request: HttpRequest) -> HttpResponse:
    """Remember which columns this person wants to see."""
    choose_columns(staff_user(request), request.POST.getlist("column"))
    return back(request)


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To where the form stood (`next`), else to the list."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(wanted if wanted and safe else reverse("desk"))
