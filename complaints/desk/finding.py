"""What somebody typed into the desk's search: a number, words, a street, the name of a thing, a person.

A search tells, too: words of people count only where this person may read them, reporters only where she may know them.
"""

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from django.db.models import F, FloatField, Func, Q, TextField, Value

from complaints.desk.scope import READING, Scope
from complaints.filters import Filters
from complaints.models import Reporter, reporter_words
from complaints.permissions import DESK
from complaints.querysets import ComplaintQuerySet
from complaints.search import means_number, number_condition, released_text, words_match
from districts.models import District

# Shorter pieces of a name are in half of all names.
_LEAST_LETTERS = 3
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
        if self._pieces:
            persons = Reporter.objects.alias(words=reporter_words()).filter(self._person("words"))
            ways = [*ways, self._knows_persons & Q(pk__in=persons.values("complaint"))]
        return ways

    def among(self, queryset: ComplaintQuerySet) -> ComplaintQuerySet:
        """The complaints of `queryset` that are found: each row is looked at, so it should have few."""
        found = reduce(or_, self._plain_ways)
        if not self._pieces:
            return queryset.filter(found)
        return queryset.alias(words=reporter_words("reporter__")).filter(
            found | self._knows_persons & self._person("words")
        )

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
    def _pieces(self) -> list[str]:
        """The parts of a name, an address or a phone number that was perhaps typed."""
        return [] if self.is_number else [piece for piece in self.words.split() if len(piece) >= _LEAST_LETTERS]

    def _person(self, column: str) -> Q:
        return Q(*(Q(**{f"{column}__contains": _folded(piece)}) for piece in self._pieces))


def _folded(text: str) -> Func:
    return Func(Value(text), function="complaints_fold", output_field=TextField())
