"""What somebody typed into the desk's search: a number, words, a street, the name of a thing, a person.

A search tells, too: words of people count only where this person may read them, reporters only where she may know them.
"""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import F, FloatField, Func, Q, TextField, Value

from complaints.desk.scope import Scope
from complaints.filters import Filters
from complaints.models import Reporter, reporter_words
from complaints.permissions import DESK
from complaints.querysets import ComplaintQuerySet
from complaints.search import number_condition, released_text, words_match
from complaints.tracking import normalise_tracking_number
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

    def ways(self) -> list[Q]:
        """Ways to be found, each with an index of its own; a complaint is found if one of them holds."""
        if self._number is not None:
            return [self._number]
        ways = [words_match(self.words) & self._may_read, number_condition(self.words)]
        if self._named is not None:
            ways.append(self._named)
        if self._pieces:
            persons = Reporter.objects.alias(words=reporter_words()).filter(self._person("words"))
            ways.append(self.scope.of(DESK) & Q(pk__in=persons.values("complaint")))
        return ways

    def among(self, queryset: ComplaintQuerySet) -> ComplaintQuerySet:
        """The complaints of `queryset` that are found: each row is looked at, so it should have few."""
        if self._number is not None:
            return queryset.filter(self._number)
        found = words_match(self.words) & self._may_read | number_condition(self.words)
        if self._named is not None:
            found |= self._named
        if not self._pieces:
            return queryset.filter(found)
        return queryset.alias(words=reporter_words("reporter__")).filter(
            found | self.scope.of(DESK) & self._person("words")
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
    def _may_read(self) -> Q:
        return released_text(self.words) | self.scope.readable()

    @cached_property
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
    def _number(self) -> Q | None:
        """A whole tracking number is meant as one."""
        whole = normalise_tracking_number(self.words)
        return Q(tracking_number=whole) if whole is not None else None

    @cached_property
    def _pieces(self) -> list[str]:
        """The parts of a name, an address or a phone number that was perhaps typed."""
        return [piece for piece in self.words.split() if len(piece) >= _LEAST_LETTERS]

    def _person(self, column: str) -> Q:
        return Q(*(Q(**{f"{column}__contains": _folded(piece)}) for piece in self._pieces))


def _folded(text: str) -> Func:
    return Func(Value(text), function="complaints_fold", output_field=TextField())
