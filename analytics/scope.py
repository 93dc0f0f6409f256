"""Who may see the office, and how much of the city."""

from datetime import datetime

from django.http import QueryDict

from accounts.access import load_memberships
from accounts.models import Role, User
from analytics.periods import QUICK_DAYS, latest, refuse_no_period
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from complaints.filters import Filters

# They see the whole city; a unit's manager sees the same page about her unit.
WHOLE_CITY = frozenset({Role.OFFICE, Role.ADMINISTRATOR})
OFFICE_ROLES = WHOLE_CITY | {Role.UNIT_MANAGER}


def may_see_office(user: User, city: Jurisdiction) -> bool:
    """Whether this person works here, in a role that has an office of this city."""
    here = (m for m in load_memberships(user) if m.jurisdiction_id == city.pk)
    return user.is_active and any(m.role in OFFICE_ROLES for m in here)


def office_filters(query: QueryDict, user: User, city: Jurisdiction, now: datetime) -> Filters:
    """The filter of the office: the last ninety days unless asked otherwise; a unit's manager stays in her units.

    Raises FilterError, also for a period that no figures can be told of.
    """
    asked = query.copy()
    if not asked.get("from", "").strip() and not asked.get("to", "").strip():
        usual = latest(QUICK_DAYS[1], city, now)
        asked["from"], asked["to"] = usual.first.isoformat(), usual.end.isoformat()
    filters = parse_filters(asked, now=now, jurisdiction=city)
    refuse_no_period(filters)
    here = [m for m in user.memberships.all() if m.jurisdiction_id == city.pk]
    if any(m.role in WHOLE_CITY for m in here):
        return filters
    own = {m.unit_id: m.unit.code for m in here if m.role == Role.UNIT_MANAGER and m.unit is not None}
    if filters.unit_ids and set(filters.unit_ids) <= own.keys():
        return filters
    asked.setlist("unit", list(own.values()))
    return parse_filters(asked, now=now, jurisdiction=city)
