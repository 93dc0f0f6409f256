"""Correcting where a complaint is: the pin was put down wrongly. What was promised stays; who answers is decided again."""

from datetime import datetime

from django.contrib.gis.geos import Point
from django.db import transaction

from accounts.models import User
from complaints.errors import SamePlace
from complaints.models import Complaint, Event, RoutingDecision
from complaints.permissions import DESK, can_hand_over, hats, require
from complaints.places import metres_between, place_for_the_world
from complaints.routing import decide
from complaints.services.allocation import change_unit
from complaints.services.correspondence import keep_note
from complaints.services.decisions import keep_choice, keep_decision
from complaints.services.history import new_event, record
from complaints.services.locking import lock_acting
from complaints.services.small_places import recount
from complaints.services.transitions import acting_role

# Nearer than anybody aims.
_SAME_METRES = 0.5


@transaction.atomic
def move_pin(
    complaint_id: int, longitude: float, latitude: float, *, acting_user: User, now: datetime, note: str = ""
) -> Complaint:
    """Put the pin where it belongs (WGS 84). District and unit follow, unless somebody chose the unit by hand.

    Promises were made to the reporter and stay. A complaint that was known by its district only now has a place as exact
    as its category allows. Raises ActorNotAllowed, SamePlace or OutsideJurisdictions.
    """
    complaint = lock_acting(complaint_id)
    require(can_hand_over(acting_user, complaint))
    point, old = Point(longitude, latitude, srid=4326), complaint.point
    if metres_between(point, old) < _SAME_METRES:
        raise SamePlace
    decision = decide(
        longitude,
        latitude,
        complaint.category.code,
        at=complaint.submitted_at,
        jurisdiction_id=complaint.jurisdiction_id,
    )
    role = acting_role(DESK, hats(acting_user, complaint))
    data: dict[str, object] = {"metres": round(metres_between(point, old)), "from_unit": complaint.unit.code}
    data |= keep_note(complaint, note, acting_user, now)
    # Where it was counted until now, too.
    recount(complaint, now=now)
    by_hand = complaint.decisions.values_list("reason", flat=True).first() == RoutingDecision.Reason.BY_HAND
    complaint.point = point
    complaint.default_point_suspect = False
    complaint.district_id = decision.place.district_id
    complaint.place_precision = complaint.category.place_precision
    if by_hand:
        keep_choice(complaint, complaint.unit, now=now)
    else:
        keep_decision(complaint, decision, now=now)
        change_unit(complaint, decision.unit)
    place_for_the_world(complaint, longitude, latitude)
    complaint.updated_at = now
    complaint.save()
    data["to_unit"] = complaint.unit.code
    kind = Event.Kind.PIN_MOVED
    record(
        complaint,
        new_event(complaint, kind, now=now, actor=acting_user, actor_role=role, is_public=True, data=data),
    )
    return complaint
