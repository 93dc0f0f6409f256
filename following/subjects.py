"""What can be followed, and which complaints it holds. Reads the public side of complaints only."""

from collections.abc import Iterable
from math import cos, pi, radians, sin

from django.contrib.gis.geos import Polygon
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.querysets import DISTRICT_SHOWN, ComplaintQuerySet
from districts.gate import PointRefused, accept_point
from districts.models import District
from following.models import Subscription

MOST_CORNERS = 100
# Half a province: more than a resident means, less than what would tell her of everything everywhere.
MOST_SQUARE_DEGREES = 0.25
RADII_M = (100, 200, 500)
_METRES_PER_DEGREE = 111_320
_Shown = Complaint.PlaceShown


class AreaRefused(Exception):
    """What was drawn is no area that can be followed. `message` is for who drew it."""

    def __init__(self, message: object) -> None:
        super().__init__(str(message))
        self.message = str(message)


def accept_area(text: str) -> Polygon:
    """An area as "lon lat,lon lat,…" (the ring need not be closed): valid, not too large. Raises AreaRefused."""
    corners = [corner.split() for corner in text.split(",") if corner.strip()]
    if len(corners) > MOST_CORNERS + 1:
        raise AreaRefused(_("At most 100 corners, please."))
    try:
        points = [accept_point(*corner) for corner in corners if len(corner) == 2]
    except PointRefused as refused:
        raise AreaRefused(refused.message) from None
    if len(points) < len(corners) or len(set(points)) < 3:
        raise AreaRefused(_("An area needs at least three corners."))
    if points[0] != points[-1]:
        points.append(points[0])
    area = Polygon(points, srid=4326)
    if not area.valid or area.area == 0:
        raise AreaRefused(_("The sides of the area cross each other. Draw it anew."))
    if area.area > MOST_SQUARE_DEGREES:
        raise AreaRefused(_("This area is too large. Choose districts instead."))
    return area


def round_place(longitude: float, latitude: float, radius_m: int) -> Polygon:
    """The ground within so many metres of a place, as a polygon of 32 corners."""
    east = radius_m / (_METRES_PER_DEGREE * max(cos(radians(latitude)), 0.01))
    north = radius_m / _METRES_PER_DEGREE
    angles = [2 * pi * step / 32 for step in range(32)]
    ring = [(longitude + east * cos(a), latitude + north * sin(a)) for a in angles]
    return Polygon([*ring, ring[0]], srid=4326)


def followers_of(complaint: Complaint) -> Q:
    """The subscriptions that hold a complaint, as a condition. A primary's followers are those of what it answers for too.

    Of the place only what is public counts: who follows an area must not learn of a place that is only a district to her.
    """
    district = complaint.shown_district
    held = Q(complaint=complaint) | Q(complaint__merged_into=complaint)
    if complaint.has_public_page:
        if district is not None:
            held |= Q(subject=Subscription.Subject.DISTRICT, district_code__in=_codes(district))
        if complaint.place_shown in (_Shown.EXACT, _Shown.GRID) and complaint.public_point is not None:
            held |= Q(area__intersects=complaint.public_point)
    of_kind = Q(service=None) | Q(service=complaint.service_id)
    of_category = Q(category=None) | Q(category=complaint.category_id)
    return held & of_kind & of_category & Q(jurisdiction=complaint.jurisdiction_id, confirmed_at__isnull=False)


def _codes(district: District) -> list[str]:
    return [code for code in (district.code, district.parent_code) if code]


def held_by(subscription: Subscription) -> ComplaintQuerySet:
    """The public complaints that a subscription holds."""
    found = Complaint.objects.public().filter(jurisdiction=subscription.jurisdiction)
    if subscription.service_id is not None:
        found = found.filter(service_id=subscription.service_id)
    if subscription.category_id is not None:
        found = found.filter(category_id=subscription.category_id)
    if subscription.subject == Subscription.Subject.COMPLAINT:
        complaint = subscription.complaint
        assert complaint is not None
        return found.filter(pk=complaint.merged_into_id or complaint.pk)
    if subscription.subject == Subscription.Subject.DISTRICT:
        return found.filter(in_district(subscription.jurisdiction, [subscription.district_code]))
    return found.filter(place_shown__in=(_Shown.EXACT, _Shown.GRID), public_point__intersects=subscription.area)


def in_district(city: Jurisdiction, codes: Iterable[str]) -> Q:
    """Complaints whose public district has one of the codes, or lies in one that has."""
    wanted = list(codes)
    rows = District.objects.filter(jurisdiction=city).filter(Q(code__in=wanted) | Q(parent_code__in=wanted))
    return Q(district__in=rows.values("pk"), place_shown__in=DISTRICT_SHOWN)
