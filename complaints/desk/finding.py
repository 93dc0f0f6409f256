"""What somebody typed into the desk's search: a number, words, a street, the name of a thing, a person.

A search tells, too: words of people count only where this person may read them, reporters only where she may know them.
"""

import re
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from django.db.models import BooleanField, F, FloatField, Func, Q, TextField, Value

from complaints.desk.scope import READING, Scope
from complaints.filters import Filters
from complaints.models import Reporter
from complaints.permissions import DESK
from complaints.querysets import ComplaintQuerySet
from complaints.search import means_number, number_condition, released_text, words_match
from districts.models import District

# Of a person: fewer letters begin half of all names. A telephone number, however it is written.
_LETTERS = re.compile(r"[^\W_]{3}")
_NUMBER = re.compile(r"\+?\d(?:[\s().-]*\d){5,}")
# How alike a word must sound to what was typed; "hofra" and "7ofra" come to 1, "hofar" and "hofra" to 0.5.
LEAST_ALIKE = 0.5


@dataclass(frozen=True)
class Finding:
    """The search of one filter. Empty `q`: everything is found."""

    scope: Scope
    filters: Filters

    @property
    def words(self) -> str:
        return self.filters.q

    @property
    def is_number(self) -> bool:
        """True if a number is meant, by which the index of numbers alone answers."""
        return means_number(self.words, self.scope.city.tracking_prefix)

    def ways(self) -> list[Q]:
        """Ways to be found, each with an index of its own; a complaint is found if one of them holds."""
        ways = self._plain_ways
        if self._may_mean_person:
            persons = Reporter.objects.filter(self._person("words"))
            ways = [*ways, self._knows_persons & Q(pk__in=persons.values("complaint"))]
        return ways

    def among(self, queryset: ComplaintQuerySet) -> ComplaintQuerySet:
        """The complaints of `queryset` that are found: each row is looked at, so it should have few."""
        found = reduce(or_, self._plain_ways)
        if self._may_mean_person:
            found |= self._knows_persons & self._person("reporter__words")
        return queryset.filter(found)

    def alike(self, queryset: ComplaintQuerySet) -> ComplaintQuerySet:
        """Readable complaints in whose words something sounds like what was typed, the most alike first.

        Compares letter by letter: for few rows only.
        """
        sound = Func(
            F("description"),
            F("location_text"),
            template="complaints_sound(%(expressions)s)",
            arg_joiner=" || ' ' || ",
            output_field=TextField(),
        )
        typed = Func(Value(self.words), function="complaints_sound", output_field=TextField())
        likeness = Func(typed, sound, function="word_similarity", output_field=FloatField())
        return (
            queryset.filter(released_text() | self.scope.readable())
            .annotate(likeness=likeness)
            .filter(likeness__gte=LEAST_ALIKE)
        )

    @cached_property
    def _plain_ways(self) -> list[Q]:
        """Those that the complaint's own row tells."""
        number = number_condition(self.words)
        if number is not None and self.is_number:
            return [number]
        return [way for way in (self._written, number, self._named) if way is not None]

    @property
    def _written(self) -> Q:
        """What was typed is written there, and she may read it."""
        written = words_match(self.words)
        if self.scope.always(READING):
            return written
        return written & (released_text(self.words) | self.scope.readable())

    @property
    def _knows_persons(self) -> Q:
        return Q() if self.scope.always(DESK) else self.scope.of(DESK)

    @property
    def _named(self) -> Q | None:
        """Categories and districts whose names were typed."""
        filters = self.filters
        found = Q()
        if filters.q_category_ids:
            found |= Q(category_id__in=filters.q_category_ids)
        if filters.q_district_codes:
            named = District.objects.filter(jurisdiction=filters.jurisdiction, code__in=filters.q_district_codes)
            found |= Q(district__in=named.values("pk"))
        return found or None

    @cached_property
    def _may_mean_person(self) -> bool:
        """A name, an address or a telephone number was perhaps typed, and there are people whom she may know."""
        return bool(not self.is_number and self._units and _LETTERS.search(self._typed))

    @cached_property
    def _units(self) -> list[int]:
        """The units whose reporters she may know."""
        own = {membership.unit_id for membership in self.scope.memberships if membership.role in DESK}
        return sorted(self.filters.catalogue.units if None in own else (pk for pk in own if pk is not None))

    @property
    def _typed(self) -> str:
        """What was typed, a telephone number without what people write between its digits."""
        return re.sub(r"\D", "", self.words) if _NUMBER.fullmatch(self.words) else self.words

    def _person(self, column: str) -> Q:
        """Each word typed begins a word of the person's, in one of the units."""
        asked = Func(
            Value(self._typed), Value(self._units), template="complaints_person_query(%(expressions)s::bigint[])"
        )
        found = Func(F(column), asked, template="%(expressions)s", arg_joiner=" @@ ", output_field=BooleanField())
        return Q(found)
