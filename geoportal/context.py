"""What every page knows: the city, the basemap, the staff pages of this person."""

from collections.abc import Container, Sequence

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy

from accounts.access import load_memberships
from accounts.models import Role, User
from catalogue.access import chosen_city
from catalogue.models import Jurisdiction
from catalogue.translated import text_in
from complaints.alerts import OVERSEEING
from complaints.desk.replies import WRITERS
from complaints.filter_grammar import jurisdiction_of
from complaints.permissions import MODERATING, READING_RULES
from contracts.querysets import FINDING_ROLES, TREASURY_ROLES

_DESK_READERS = MODERATING | {Role.OPERATOR_USER, Role.OFFICE}

# URL name, label, and who works there (product.md "For whom"). A page that does not exist is left out.
STAFF_PAGES = (
    ("desk", pgettext_lazy("menu", "Desk"), _DESK_READERS),
    ("moderation", pgettext_lazy("menu", "Moderation"), MODERATING),
    ("desk_replies", pgettext_lazy("menu", "Texts"), WRITERS),
    ("coverage", pgettext_lazy("menu", "Coverage"), frozenset({Role.TRIAGE_OFFICER})),
    ("field", pgettext_lazy("menu", "Field"), frozenset({Role.CREW_MEMBER})),
    ("office", pgettext_lazy("menu", "Office"), frozenset({Role.OFFICE, Role.ADMINISTRATOR, Role.UNIT_MANAGER})),
    ("boundaries", pgettext_lazy("menu", "Boundaries"), frozenset({Role.ADMINISTRATOR})),
    ("treasury", pgettext_lazy("menu", "Contracts"), TREASURY_ROLES),
    ("treasury_findings", pgettext_lazy("menu", "Findings"), FINDING_ROLES),
    ("operator", pgettext_lazy("menu", "Operator"), frozenset({Role.OPERATOR_USER})),
)

# The same for the tabs above the pages about who answers where.
RULES_PAGES = (
    ("boundaries", gettext_lazy("Boundaries"), frozenset({Role.ADMINISTRATOR})),
    ("coverage", gettext_lazy("Coverage"), OVERSEEING),
    ("why_here", gettext_lazy("Why here?"), READING_RULES),
    ("what_if", gettext_lazy("What if?"), frozenset({Role.ADMINISTRATOR})),
    ("rerouting", gettext_lazy("Route again"), frozenset({Role.ADMINISTRATOR})),
)

_RULES_NAMES = frozenset(name for name, _label, _allowed in RULES_PAGES)


def site(request: HttpRequest) -> dict[str, object]:
    """Template context of every page; no query is made until a template asks."""
    city = SimpleLazyObject(lambda: _city(request))
    return {
        "basemap_url": settings.BASEMAP_URL,
        "basemap_attribution": settings.BASEMAP_ATTRIBUTION,
        "demo": settings.DEMO,
        "city_name": SimpleLazyObject(lambda: text_in(city.name, get_language() or "fr") if city else ""),
        "time_zone": SimpleLazyObject(lambda: city.time_zone if city else settings.TIME_ZONE),
        "data_license": SimpleLazyObject(lambda: city.license if city else ""),
        "data_source": SimpleLazyObject(lambda: text_in(city.source, get_language() or "fr") if city else ""),
        "staff_nav": SimpleLazyObject(lambda: staff_nav(request)),
        "rules_nav": SimpleLazyObject(lambda: _links(request, RULES_PAGES)),
    }


def staff_nav(request: HttpRequest) -> list[dict[str, object]]:
    """The staff pages of this person, `{url, label, current}`; the one that this page belongs to is the current one."""
    links = _links(request, STAFF_PAGES)
    here = [link for link in links if request.path.startswith(str(link["url"]))]
    if here:
        # The desk's address begins the moderator's too: the longest one that fits is meant.
        max(here, key=lambda link: len(str(link["url"])))["current"] = True
    return links


def _links(request: HttpRequest, pages: Sequence[tuple[str, Promise, Container[str]]]) -> list[dict[str, object]]:
    """Those of `pages` that this person may open, `{url, label, current}`."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return []
    roles = {membership.role for membership in load_memberships(user)}
    # Who administers every city, perhaps without a role in any, looks after the rules of each and has no desk.
    everywhere = user.is_superuser
    links: list[dict[str, object]] = []
    for name, label, allowed in pages:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        if any(role in allowed for role in roles) or (
            everywhere and name in _RULES_NAMES and Role.ADMINISTRATOR in allowed
        ):
            links.append({"url": url, "label": label, "current": url == request.path})
    return links


def _city(request: HttpRequest) -> Jurisdiction | None:
    """The city of the page: what it says in its address, else the one where this member of staff works."""
    user = getattr(request, "user", None)
    if "jurisdiction" not in request.GET and isinstance(user, User):
        memberships = load_memberships(user)
        if memberships:
            return chosen_city(request, [membership.jurisdiction for membership in memberships])
    try:
        return jurisdiction_of(request)
    except Http404:
        return None
