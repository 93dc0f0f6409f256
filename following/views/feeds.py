"""Atom feeds (RFC 4287) of what is public: one complaint's steps, or the complaints of a district, a street, an area.

No address is needed for a feed, so it tells nothing that the map would not.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.quotas import Quota, spend
from catalogue.models import Jurisdiction
from catalogue.translated import text_in
from complaints.filter_grammar import parse_filters
from complaints.filters import FilterError, Filters
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet
from complaints.receipts import public_url
from complaints.timeline import public_timeline
from complaints.tracking import normalise_tracking_number
from complaints.workflow import state_label
from districts.models import Landmark
from following.subjects import RADII_M, AreaRefused, accept_area, round_place

ENTRIES = 50
SECONDS = 300


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """`?complaint=NUMBER`, or the filter of the list (contract.md §3) with `street=CODE&radius=` or `area=lon lat,…`."""
    spend(request, Quota.LOOKUP, now=timezone.now())
    if number := request.GET.get("complaint", ""):
        return _of_complaint(request, number)
    try:
        filters = parse_filters(request.GET, now=timezone.now())
        found, where = _narrowed(request, filters)
    except FilterError as error:
        return _refused(error.parameter, str(error.message))
    except AreaRefused as error:
        return _refused("area", error.message)
    # The newest ones (index complaint_by_time), each with the time of its last change: readers show it again then.
    rows = found.select_related("category__service", "district", "unit").order_by("-submitted_at", "-pk")[:ENTRIES]
    city = filters.jurisdiction
    title = _("Complaints in %(city)s") % {"city": where or text_in(city.name, get_language() or "fr")}
    with timezone.override(ZoneInfo(city.time_zone)):
        home = f"{settings.PUBLIC_URL}{reverse('home')}?{urlencode({'jurisdiction': city.code})}"
        return _answer(request, title, home, list(map(_entry, rows)), city)


def _refused(parameter: str, message: str) -> HttpResponse:
    return HttpResponse(f"{parameter}: {message}", status=400, content_type="text/plain; charset=utf-8")


def _narrowed(request: HttpRequest, filters: Filters) -> tuple[ComplaintQuerySet, str]:
    """The complaints that the filter lets through, in a street's surroundings or an area where one is named."""
    found = filters.apply(Complaint.objects.public())
    shown = (Complaint.PlaceShown.EXACT, Complaint.PlaceShown.GRID)
    if code := request.GET.get("street", ""):
        landmark = Landmark.objects.filter(jurisdiction=filters.jurisdiction, code=code).first()
        if landmark is None:
            raise FilterError("street")
        radius = request.GET.get("radius", "200")
        if radius not in map(str, RADII_M):
            raise FilterError("radius")
        ground = round_place(landmark.point.x, landmark.point.y, int(radius))
        place = text_in(landmark.name, get_language() or "fr")
        return found.filter(place_shown__in=shown, public_point__intersects=ground), place
    if drawn := request.GET.get("area", ""):
        return found.filter(place_shown__in=shown, public_point__intersects=accept_area(drawn[:4000])), ""
    return found, ""


class _Entry(dict[str, object]):
    """What Django's feed generator takes for one entry."""


def _entry(complaint: Complaint) -> _Entry:
    language = get_language() or "fr"
    district = complaint.shown_district
    words = [
        text_in(complaint.category.name, language),
        text_in(district.name, language) if district else "",
        str(capfirst(str(state_label(complaint.state)))),
    ]
    title = " · ".join(word for word in words if word)
    return _Entry(
        title=title,
        link=public_url("complaint", language, complaint.tracking_number),
        description=f"{complaint.tracking_number} · {title}",
        unique_id=f"tag:{complaint.tracking_number}",
        pubdate=complaint.submitted_at,
        updateddate=complaint.updated_at,
        categories=[complaint.category.code, complaint.category.service.code],
    )


def _of_complaint(request: HttpRequest, typed: str) -> HttpResponse:
    """The public steps of one complaint, or of the one it is handled under; of one that is not public, none."""
    number = normalise_tracking_number(typed)
    rows = Complaint.objects.select_related("jurisdiction", "category__service", "merged_into", "district")
    found = get_object_or_404(rows, tracking_number=number or "")
    primary = found.merged_into or found
    if not found.has_public_page or not primary.has_public_page:
        raise Http404
    language = get_language() or "fr"
    link = public_url("complaint", language, found.tracking_number)
    with timezone.override(ZoneInfo(found.jurisdiction.time_zone)):
        entries = [
            _Entry(
                title=step.title,
                link=link,
                description=" ".join(part for part in (step.detail, step.words) if part) or step.title,
                unique_id=f"tag:{found.tracking_number}:{step.at.isoformat()}:{position}",
                pubdate=step.at,
                updateddate=step.at,
            )
            for position, step in enumerate(reversed(public_timeline(primary)))
        ]
        title = f"{found.tracking_number} · {text_in(primary.category.name, language)}"
        return _answer(request, title, link, entries[::-1][:ENTRIES], found.jurisdiction)


def _answer(request: HttpRequest, title: str, link: str, entries: Iterable[_Entry], city: Jurisdiction) -> HttpResponse:
    language = get_language() or "fr"
    atom = Atom1Feed(
        title=title,
        link=link,
        description=title,
        language=language,
        feed_url=request.build_absolute_uri(),
        author_name=text_in(city.name, language),
        feed_copyright=city.license,
    )
    newest: list[datetime] = []
    for entry in entries:
        atom.add_item(**entry)  # type: ignore[arg-type]
        updated = entry["updateddate"]
        assert isinstance(updated, datetime)
        newest.append(updated)
    # A feed's date is that of its newest entry, so that an unchanged feed is the same bytes.
    epoch = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
    setattr(atom, "latest_post_date", lambda: max(newest, default=epoch))  # noqa: B010
    content = atom.writeString("utf-8")
    response = HttpResponse(content, content_type="application/atom+xml; charset=utf-8")
    response["ETag"] = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    patch_cache_control(response, public=True, max_age=SECONDS)
    if request.headers.get("If-None-Match") == response["ETag"]:
        unchanged = HttpResponse(status=304)
        unchanged["ETag"] = response["ETag"]
        return unchanged
    return response
