"""Who may open these pages: administrators, each for her own cities."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from catalogue.access import administered_cities, chosen_city, city_ids
from catalogue.models import Jurisdiction
from districts.models import BoundaryDraft, BoundaryEdition

View = Callable[..., HttpResponseBase]


def administrators_page(view: View) -> View:
    """Signed in, and administrator of some city; others who are signed in get 403."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if city_ids(request) == []:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def city_of(request: HttpRequest) -> Jurisdiction:
    """The city of a page, of those that she administers. Http404 if it is none of hers."""
    return chosen_city(request, administered_cities(request))


def draft_of(request: HttpRequest, public_id: str) -> BoundaryDraft:
    """A draft of one of her cities. Http404 for others."""
    drafts = BoundaryDraft.objects.select_related("jurisdiction", "edition")
    ids = city_ids(request)
    return get_object_or_404(drafts if ids is None else drafts.filter(jurisdiction__in=ids), public_id=public_id)


def edition_of(request: HttpRequest, pk: int) -> BoundaryEdition:
    """An edition of one of her cities. Http404 for others."""
    editions = BoundaryEdition.objects.select_related("jurisdiction")
    ids = city_ids(request)
    return get_object_or_404(editions if ids is None else editions.filter(jurisdiction__in=ids), pk=pk)


def name_of(request: HttpRequest) -> str:
    """Under which name an act of this person is kept."""
    return str(request.user.get_username())[:150]
