"""Finding complaints by words: full text in French, Arabic and as typed, tracking numbers, names of things."""

import re
from collections.abc import Iterable

from django.contrib.postgres.search import SearchQuery, SearchVectorExact, SearchVectorField
from django.db.models import F, Func, Q, TextField, Value

from catalogue.matching import fold
from complaints.models import Complaint
from complaints.tracking import normalise_tracking_number

# Fewer letters would match half of a city's names.
_LEAST_NAME_LETTERS = 3
# Without one the Arabic dictionary leaves words as they are, and the French one finds those too.
_ARABIC = re.compile(r"[\u0600-\u06FF]")
_NUMBER_START = re.compile(r"^[A-Z]{1,6}-[2-9A-Z]{1,4}(-[2-9A-Z]{0,4})?$")


def matches_name(words: str, names: Iterable[str]) -> bool:
    """True if one of `names` contains what was typed, spelling variants aside."""
    folded = fold(words)
    return len(folded) >= _LEAST_NAME_LETTERS and any(folded in fold(name) for name in names)


def words_match(words: str) -> Q:
    """A condition: description, place and number hold these words (index complaint_search).

    Whole words match in their French or Arabic forms; the last one, as somebody types it, also by its beginning.
    """
    return Q(search=_query(words))


def _query(words: str) -> SearchQuery:
    query = SearchQuery(_folded(words), config="french", search_type="websearch")
    if _ARABIC.search(words):
        query |= SearchQuery(Value(words), config="arabic", search_type="websearch")
    *whole, last = re.findall(r"\w+", words) or [""]
    if len(last) >= _LEAST_NAME_LETTERS:
        # Beginnings are gathered from the whole city before anything else is asked: of one word only.
        beginning = " & ".join([*(f"'{word}'" for word in whole), f"'{last}':*"])
        query |= SearchQuery(_folded(beginning), config="simple", search_type="raw")
    return query


def _folded(words: str) -> Func:
    return Func(Value(words), function="complaints_fold", output_field=TextField())


def number_condition(words: str) -> Q | None:
    """Complaints whose tracking number is, or begins with, what was typed; None where no number does."""
    whole = normalise_tracking_number(words)
    if whole is not None:
        return Q(tracking_number=whole)
    return Q(tracking_number__startswith=words.strip().upper()) if begins_number(words) else None


def begins_number(words: str) -> bool:
    """True if a tracking number may begin with what was typed."""
    return bool(_NUMBER_START.match(words.strip().upper()))


def means_number(words: str, prefix: str) -> bool:
    """True if nothing is meant but a tracking number, or the beginning of one, of the city whose numbers have this prefix."""
    whole = normalise_tracking_number(words)
    begun = whole or words.strip().upper()
    return begun.startswith(f"{prefix}-") and (whole is not None or begins_number(begun))


def public_words(words: str) -> Q:
    """What the public finds by words: released texts. The described place counts only where the place is public exactly."""
    elsewhere = Q(place_shown="exact") | Q(SearchVectorExact(_vector("description"), _query(words)))
    return words_match(words) & released_text(words) & elsewhere


def released_text(words: str = "") -> Q:
    """The public finds words only where a moderator released them: else a search would tell what is hidden.

    Where some words were hidden, `words` must be among the others; without `words` nothing may be hidden.
    """
    shown = Q(public_description="")
    if words:
        shown |= Q(SearchVectorExact(_vector("public_description"), _query(words)))
    return Q(text_review=Complaint.Review.RELEASED) & shown


def _vector(column: str) -> Func:
    return Func(F(column), function="complaints_search_vector", output_field=SearchVectorField())
