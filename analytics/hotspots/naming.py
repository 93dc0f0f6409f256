"""What the months of a square are called: emerging, persistent, cooling, or hot over the whole period only."""

from collections.abc import Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _

# The latest months say what is so now.
LATEST = 3


class Kind(models.TextChoices):
    EMERGING = "emerging", _("emerging")
    PERSISTENT = "persistent", _("persistent")
    COOLING = "cooling", _("cooling")
    OVERALL = "overall", _("over the whole period")


def kind_of(months: Sequence[bool], *, overall: bool) -> Kind | None:
    """Name the months of a square, oldest first, that could be judged; `overall`: hot when all are taken together.

    None: hot now and then at most, which on many maps some squares are by chance.
    """
    latest, earlier = months[-LATEST:], months[:-LATEST]
    if len(earlier) >= LATEST:
        if sum(months) >= 0.75 * len(months) and any(latest):
            return Kind.PERSISTENT
        if sum(latest) >= 2 and sum(earlier) <= 0.2 * len(earlier):
            return Kind.EMERGING
        if sum(earlier) >= max(2, len(earlier) / 3) and not any(latest):
            return Kind.COOLING
    return Kind.OVERALL if overall else None
