"""Reads of complaints. Every page, map, export and API starts from `public()` or `visible_to(user)`."""

from datetime import datetime
from math import cos, radians
from typing import TYPE_CHECKING, cast

from django.contrib.gis.geos import Point, Polygon
from django.contrib.gis.measure import D
from django.db import models
from django.db.models import BigIntegerField, BooleanField, Case, F, FloatField, Func, Q, Value, When
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Range

from accounts.models import Membership, Role, User
from complaints.workflow import OPEN_STATES

if TYPE_CHECKING:
    from complaints.models import Complaint  # noqa: F401 (the class below names it in a string)

# Roles that see every complaint of their jurisdiction.
JURISDICTION_ROLES = (Role.TRIAGE_OFFICER, Role.MODERATOR, Role.ADMINISTRATOR, Role.OFFICE)

# Of `place_shown`: where the district, and where the unit that answers, may be known to the world.
DISTRICT_SHOWN = ("exact", "grid", "district")
UNIT_SHOWN = (*DISTRICT_SHOWN, "city")

# A place finer than a district that somebody really pointed at, and that the world may see.
PLACED = Q(place_shown__in=("exact", "grid"), default_point_suspect=False, public_point__isnull=False)


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def public(self) -> "ComplaintQuerySet":
        """What anybody may list: the allow-list behind map, lists, tiles, exports, open data. One row per merged group."""
        return self.filter(visibility="public", merged_into=None).exclude(place_precision="never")

    def visible_to(self, user: User) -> "ComplaintQuerySet":
        """The complaints that a member of staff may open, by membership: whole jurisdiction, own unit, or own assignments."""
        allowed = Q(pk__in=[])
        for membership in user.memberships.all():
            allowed |= scope_of(membership)
        return self.filter(allowed)

    def primary(self) -> "ComplaintQuerySet":
        """One row for each thing: what was merged into another complaint is dealt with there."""
        return self.filter(merged_into=None)

    def contested(self) -> "ComplaintQuerySet":
        """Open again because somebody concerned did not believe the closing."""
        return self.filter(state__in=OPEN_STATES, contested_count__gt=0)

    def open(self) -> "ComplaintQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def closed(self) -> "ComplaintQuerySet":
        return self.exclude(state__in=OPEN_STATES)

    def late(self, now: datetime) -> "ComplaintQuerySet":
        """Open and past the first answer's or the resolution's deadline: the rule of Complaint.is_late in SQL."""
        return self.filter(late_condition(now))

    def near(self, point: Point, radius_m: float) -> "ComplaintQuerySet":
        """Within `radius_m` metres of a WGS 84 point, by the public place (index complaint_public_place)."""
        return self.filter(public_point__dwithin=(point, degrees_around(point, radius_m))).filter(
            public_point__distance_lte=(point, D(m=radius_m))
        )


_Manager = models.Manager.from_queryset(ComplaintQuerySet)


class ComplaintManager(_Manager["Complaint"]):
    """Complaints without what few ask for: the column for searches, and the outline of the district (thousands of numbers)."""

    def get_queryset(self) -> ComplaintQuerySet:
        return cast(ComplaintQuerySet, super().get_queryset().defer("search", "district__geometry"))


def scope_of(membership: Membership) -> Q:
    """The complaints that one membership lets its user open; none for roles that work elsewhere."""
    scope = Q(jurisdiction_id=membership.jurisdiction_id)
    if membership.district_code:
        scope &= Q(district__code=membership.district_code) | Q(district__parent_code=membership.district_code)
    if membership.role in JURISDICTION_ROLES:
        return scope
    if membership.role in (Role.CLERK, Role.UNIT_MANAGER, Role.OPERATOR_USER):
        return scope & _of_unit(membership)
    if membership.role == Role.CREW_MEMBER:
        return scope & _of_unit(membership) & Q(assigned_to_id=membership.user_id)
    return Q(pk__in=[])


def _of_unit(membership: Membership) -> Q:
    """In its unit, said as wide a number as the column is: index complaint_search compares with no narrower one."""
    return Q(unit_id=Cast(Value(membership.unit_id), BigIntegerField()))


def late_condition(now: datetime) -> Q:
    """Open and past a promise at `now`. What is merged runs on its primary's clock."""
    clock = Coalesce(F("paused_at"), Value(now))
    missed = Q(answered_at=None, answer_due_at__lt=clock) | Q(resolution_due_at__lt=clock)
    return Q(state__in=OPEN_STATES, merged_into=None) & missed


def in_box_condition(place: str, box: tuple[float, float, float, float]) -> Q:
    """A column of points in or on the edge of a box (west, south, east, north in degrees).

    Boxes that overlap are found by the index, and the planner knows how many there are; but they are compared with rounded
    sides, so the coordinates decide. ST_CoveredBy would do both, and is held to be so dear that lists sorted by time were
    not read in the order of time. The CASE hides from the planner comparisons whose yield it cannot know.
    """
    west, south, east, north = box
    longitude, latitude = (Func(F(place), function=name, output_field=FloatField()) for name in ("ST_X", "ST_Y"))
    inside = Q(Range(longitude, (west, east))) & Q(Range(latitude, (south, north)))
    exactly = Case(When(inside, then=True), default=False, output_field=BooleanField())
    return Q(**{f"{place}__bboverlaps": Polygon.from_bbox(box)}) & Q(exactly)


def degrees_around(point: Point, radius_m: float) -> float:
    """A radius in degrees that surely contains `radius_m`: the index's coarse net, never the answer."""
    return radius_m / (111_000 * max(0.05, cos(radians(point.y))))
