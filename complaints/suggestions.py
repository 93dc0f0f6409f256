"""Which complaints may be about the same thing, for a citizen before she files and for a clerk: with a score and the reasons.

Each compares only what its reader may see: the citizen the public places and released words, the clerk what her desk shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.db.models import Prefetch, Q
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import User
from catalogue.models import Category
from catalogue.snapshot import Snapshot, current_snapshot
from catalogue.translated import text_in
from complaints.duplicates import RADIUS_M, SHOWN, THRESHOLD, Facts, Likeness, Why, likeness
from complaints.in_words import distance
from complaints.likeness import vocabulary
from complaints.models import Attachment, Complaint
from complaints.permissions import DESK, hats
from complaints.places import metres_between
from complaints.querysets import ComplaintQuerySet, degrees_around

# More are not compared: the nearest ones first.
_CANDIDATES = 60
# Farther apart, two complaints are merged by who says that she is sure.
FAR_M = 500


@dataclass(frozen=True)
class Reason:
    """One reason in words. `speaks_for`: it makes the suggestion likelier."""

    words: str
    speaks_for: bool


@dataclass(frozen=True)
class Suggestion:
    """A complaint that may be about the same thing, `metres` away; `score` from 0 to 1."""

    complaint: Complaint
    metres: int
    score: float
    reasons: list[Reason]

    @property
    def percent(self) -> int:
        return round(100 * self.score)


def suggest_to_public(
    point: Point, category: Category, catalogue: Snapshot, *, text: str = "", now: datetime
) -> list[Suggestion]:
    """Open public complaints that a report about to be filed may repeat, likeliest first, at most three. Two statements.

    Only those whose exact place is public: distances to a cell's centre would be made up.
    """
    facts = Facts(point, category.service_id, category.pk, now, text)
    found = Complaint.objects.public().open().filter(place_precision=Category.Publication.EXACT)
    return _best(facts, _near(found, "public_point", facts), catalogue, now, for_public=True)


def suggest_to_clerk(complaint: Complaint, user: User, *, now: datetime) -> list[Suggestion]:
    """Complaints of this person's desk that may be about the same thing, likeliest first, at most three.

    Earlier and later ones; one that was closed before this one was filed is not the same occurrence.
    """
    if not DESK & hats(user, complaint) or not complaint.is_open or complaint.merged_into_id is not None:
        return []
    facts = _facts(complaint, for_public=False)
    same_time = Q(closed_at=None) | Q(closed_at__gt=complaint.submitted_at)
    found = Complaint.objects.visible_to(user).primary().filter(same_time).exclude(pk=complaint.pk)
    rows = _near(found.exclude(state="withdrawn"), "point", facts)
    mine = (row for row in rows if DESK & hats(user, row))
    return _best(facts, mine, current_snapshot(complaint.jurisdiction), now, for_public=False)


def _near(found: ComplaintQuerySet, place: str, facts: Facts) -> Iterable[Complaint]:
    box = {f"{place}__dwithin": (facts.point, degrees_around(facts.point, RADIUS_M))}
    exactly = {f"{place}__distance_lte": (facts.point, D(m=RADIUS_M))}
    photos = Attachment.objects.filter(status=Attachment.Status.READY, look__isnull=False)
    rows: ComplaintQuerySet = (
        found.filter(**box)
        .filter(**exactly)
        .select_related("category__service", "district", "unit")
        .prefetch_related(Prefetch("attachments", queryset=photos, to_attr="pictures"))
        .order_by("-submitted_at")[:_CANDIDATES]
    )
    return rows


def _facts(complaint: Complaint, *, for_public: bool) -> Facts:
    released = complaint.text_review == Complaint.Review.RELEASED
    pictures: list[Attachment] | None = getattr(complaint, "pictures", None)
    if pictures is None:
        pictures = list(complaint.attachments.filter(status=Attachment.Status.READY, look__isnull=False))
    looks = [
        picture.look
        for picture in pictures
        if picture.look is not None and (not for_public or picture.review == Complaint.Review.RELEASED)
    ]
    return Facts(
        point=complaint.public_point if for_public and complaint.public_point else complaint.point,
        service_id=complaint.service_id,
        category_id=complaint.category_id,
        submitted_at=complaint.submitted_at,
        text=complaint.description if released or not for_public else "",
        looks=tuple(looks),
    )


def unlike(one: Complaint, other: Complaint) -> list[str]:
    """Why two complaints are hardly about one thing, in sentences; empty where nothing speaks against it."""
    differences = []
    metres = metres_between(one.point, other.point)
    if metres > FAR_M:
        differences.append(_("They are %(distance)s apart.") % {"distance": distance(metres)})
    if one.category_id != other.category_id:
        language = get_language() or "fr"
        names = {"one": text_in(one.category.name, language), "other": text_in(other.category.name, language)}
        differences.append(_("One is about “%(one)s”, the other about “%(other)s”.") % names)
    return differences


def _best(
    facts: Facts, rows: Iterable[Complaint], catalogue: Snapshot, now: datetime, *, for_public: bool
) -> list[Suggestion]:
    common = _category_words(catalogue)
    found = []
    for row in rows:
        theirs = _facts(row, for_public=for_public)
        alike = likeness(facts, theirs, common=common)
        if alike.score >= THRESHOLD:
            found.append(Suggestion(row, round(alike.metres), alike.score, _reasons(facts, theirs, alike)))
    return sorted(found, key=lambda suggestion: (-suggestion.score, suggestion.complaint.pk))[:SHOWN]


def _category_words(catalogue: Snapshot) -> frozenset[str]:
    return _words_of(catalogue.jurisdiction.pk, catalogue.jurisdiction.catalogue_version, catalogue)


@lru_cache(maxsize=16)
def _words_of(_city: int, _version: int, catalogue: Snapshot) -> frozenset[str]:
    texts = [text for c in catalogue.categories.values() for text in (*c.keywords, *c.name.values())]
    return vocabulary(texts)


def _reasons(facts: Facts, theirs: Facts, alike: Likeness) -> list[Reason]:
    """What speaks for and against, the weightiest first."""
    days = round(abs((facts.submitted_at - theirs.submitted_at).total_seconds()) / 86_400)
    same_category = facts.category_id == theirs.category_id
    words = {
        Why.PLACE: ngettext("%(n)d metre away", "%(n)d metres away", round(alike.metres)) % {"n": round(alike.metres)},
        Why.CATEGORY: _("same category") if same_category else _("another category"),
        Why.TIME: ngettext("%(n)d day apart", "%(n)d days apart", days) % {"n": days} if days else _("on the same day"),
        Why.WORDS: _("similar words") if alike.reasons.get(Why.WORDS, 0) > 0 else _("other words"),
        Why.PHOTO: _("the same photo"),
    }
    # Time never speaks for it; within two days it does not speak against it either.
    weights = {why: weight for why, weight in alike.reasons.items() if why != Why.TIME or days > 2}
    ranked = sorted(weights.items(), key=lambda pair: -abs(pair[1]))
    return [Reason(words[why], weight > 0) for why, weight in ranked]
