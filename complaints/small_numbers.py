"""Which places of a sensitive category may be published: pure, see docs/adr for the reasons.

A category's sensitive complaints lie in areas (a district; where its units answer by service area, a district with one
unit) and, at grid precision, in 200 m cells of an area. Smallest first:

- A cell of an area, or an area of the city, is published only if at least k cases lie in it.
- What is left over is shown one step coarser: as the area, or only as "in the city". Where only one place remains in
  which it can lie, that place would be told by what is missing; so a published neighbour is left out with it.
- The neighbour is the one that reached k last. As cases are added, what was published earlier then does not help to find
  what is left over later.

Only the present rows count, all of them, whatever their date or state: a filter can only narrow what is published.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

_Place = TypeVar("_Place", bound=Hashable)


@dataclass(frozen=True)
class Cases:
    """How many cases lie in one place, and the id of the k-th: the later, the later the place had enough."""

    n: int
    kth_id: int | None = None


def published(places: Mapping[_Place, Cases], k: int, *, possible: int) -> frozenset[_Place]:
    """Those of the neighbouring `places` that may be published; there are at least `possible`, with the empty ones."""
    enough = sorted((place for place in places if places[place].n >= k), key=lambda place: places[place].kth_id or 0)
    some_left = any(0 < cases.n < k for cases in places.values())
    told_by_absence = some_left and max(possible, len(places)) - len(enough) < 2
    return frozenset(enough[:-1] if told_by_absence else enough)
