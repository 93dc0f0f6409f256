"""Is a ledger what it was? The chain from its first entry to its last, and against heads that left the database before.

Without heads, any change of one entry shows, and any entry that is missing or out of place. With heads, a chain that was made
anew as a whole, cut off at its end or brought back from an old copy shows too, up to the day of the last head.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from catalogue.models import Jurisdiction
from contracts.chain import Content, Head, entry_hash, genesis, text_hash
from contracts.models import LedgerEntry
from contracts.services.ledger import CHARGED, MONTH_ADJUSTED, MONTH_CHARGED, content_of


@dataclass(frozen=True)
class Broken:
    """The first thing that does not fit: which entry, and how."""

    city: str
    seq: int
    code: str
    message: str


@dataclass(frozen=True)
class Verified:
    """What was looked at."""

    entries: int
    heads: int
    broken: Broken | None


def verify(city: Jurisdiction, known: Iterable[Head] = ()) -> Verified:
    """Walk a city's chain once, in order; the first entry that is broken ends it. Locks nothing.

    An entry also vouches for the reasons of its decision.
    """
    return verify_chain(city.code, _entries(city), known)


def verify_chain(city_code: str, entries: Iterable[tuple[Content, str, str]], known: Iterable[Head]) -> Verified:
    """The same for entries from anywhere: each with its content, the hash before it and its own."""
    own = sorted({head for head in known if head.city == city_code}, key=lambda head: (head.count, head.day))
    waiting = list(reversed(own))
    last_hash, count = genesis(city_code), 0
    months: dict[tuple[int, date], tuple[int, int]] = defaultdict(lambda: (0, 0))
    last_day = None
    while waiting and waiting[-1].count == 0:
        if waiting.pop().hash != last_hash:
            return Verified(0, len(own), Broken(city_code, 0, "head_differs", "a head of an empty ledger is another"))
    for content, previous, stored in entries:
        broken = _broken(content, previous, stored, after=last_hash, expected=count + 1)
        if broken is None and last_day is not None and content.day < last_day:
            broken = "day_goes_back", "its day lies before the one of the entry before it"
        broken = broken or _miscounted(content, months)
        if broken is not None:
            return Verified(count, len(own), Broken(city_code, count + 1, *broken))
        count, last_hash, last_day = content.seq, stored, content.day
        while waiting and waiting[-1].count == count:
            head = waiting.pop()
            if head.hash != stored:
                message = f"the head of {head.day} knows another entry here: the chain was made anew"
                return Verified(count, len(own), Broken(city_code, count, "head_differs", message))
            if content.day > head.day:
                message = f"it was counted on {head.day} and now lies on a later day"
                return Verified(count, len(own), Broken(city_code, count, "head_differs", message))
    if waiting:
        head = waiting[-1]
        message = f"the head of {head.day} counts {head.count} entries: the end is missing"
        return Verified(count, len(own), Broken(city_code, count + 1, "truncated", message))
    return Verified(count, len(own), None)


def _broken(content: Content, previous: str, stored: str, *, after: str, expected: int) -> tuple[str, str] | None:
    if content.seq != expected:
        return "missing", f"entry {expected} is not there; {content.seq} follows"
    if previous != after:
        return "unlinked", "it does not follow the entry before it"
    if entry_hash(content, previous) != stored:
        return "changed", "its content is not what was hashed"
    return None


def _miscounted(content: Content, months: dict[tuple[int, date], tuple[int, int]]) -> tuple[str, str] | None:
    """Adds an entry to its month; does it carry what the month comes to? Entries from before they carried it say nothing."""
    if content.kind not in CHARGED:
        return None
    charged, adjusted = months[content.contract, content.period]
    if content.kind == LedgerEntry.Kind.CAP_ADJUSTMENT:
        adjusted += content.amount_centimes
    else:
        charged += content.amount_centimes
    months[content.contract, content.period] = charged, adjusted
    facts = content.facts
    if MONTH_CHARGED in facts and (facts[MONTH_CHARGED], facts.get(MONTH_ADJUSTED)) != (charged, adjusted):
        told = f"its month comes to {charged} centimes before the cap and {adjusted} of adjustments: it says otherwise"
        return "miscounted", told
    return None


def _entries(city: Jurisdiction) -> Iterator[tuple[Content, str, str]]:
    # By the stored number alone: a row that was given to another city, or two rows with one number, break the count.
    rows = LedgerEntry.objects.filter(jurisdiction=city).select_related("decision").order_by("seq", "pk")
    for entry in rows.iterator(chunk_size=2000):
        content = content_of(entry, city.code)
        if entry.decision is not None:
            content = replace(content, facts=entry.facts | {"reasons_sha256": text_hash(entry.decision.reasons)})
        yield content, entry.previous_hash, entry.hash
