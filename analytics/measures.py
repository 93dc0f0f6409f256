"""What maps, tables and files of the office can show: its measures, their units, and the classes of their colours.

The same for squares and districts. All are of complaints filed in the period; a merged complaint counts once. In the squares
everything is counted from what the open data says, so that everybody can make it again.
"""

from collections.abc import Collection
from math import ceil

from django.db.models import TextChoices
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.models import Layer
from complaints.filters import FilterError


class Measure(TextChoices):
    COUNT = "count", _("Complaints")
    PER_1000 = "per_1000", _("Complaints per 1,000 residents")
    PER_KM = "per_km", _("Complaints per kilometre of street")
    PER_ASSET = "per_asset", _("Complaints per asset")
    LATE_SHARE = "late_share", _("Share of late complaints")
    MEDIAN_DAYS_TO_ANSWER = "median_days_to_answer", _("Median days to answer")
    P90_DAYS_TO_ANSWER = "p90_days_to_answer", _("Days to answer, 9 of 10 within")
    MEDIAN_DAYS_TO_RESOLVE = "median_days_to_resolve", _("Median days to resolve")
    P90_DAYS_TO_RESOLVE = "p90_days_to_resolve", _("Days to resolve, 9 of 10 within")
    ANSWERED_IN_TIME_SHARE = "answered_in_time_share", _("Share answered in time")
    RESOLVED_IN_TIME_SHARE = "resolved_in_time_share", _("Share resolved in time")
    CONFIRMED_SHARE = "confirmed_share", _("Share of resolutions confirmed")
    CONTESTED_SHARE = "contested_share", _("Share of closings contested")
    RECURRENCE_SHARE = "recurrence_share", _("Share that came back")

    @property
    def is_share(self) -> bool:
        """From 0 to 1; shown in percent."""
        return self.value.endswith("_share")

    @property
    def is_days(self) -> bool:
        return "_days_" in self.value

    @property
    def layer(self) -> Layer.Kind | None:
        """What must have been loaded for it."""
        return {"per_km": Layer.Kind.STREETS, "per_asset": Layer.Kind.ASSETS}.get(self.value)

    @property
    def grows_with_time(self) -> bool:
        """Whether twice the period gives about twice the value."""
        return not (self.is_share or self.is_days)


UNITS: dict[Measure, Promise] = {
    Measure.COUNT: _("complaints per square"),
    Measure.PER_1000: _("complaints per 1,000 residents of the square; residents spread evenly over their district"),
    Measure.PER_KM: _("complaints per kilometre of the streets that lie there"),
    Measure.PER_ASSET: _("complaints per asset that stands there"),
    Measure.LATE_SHARE: _("share of the complaints with a deadline: those open past one or closed after it"),
    Measure.MEDIAN_DAYS_TO_ANSWER: _("days from filing to the first answer, median of those answered"),
    Measure.P90_DAYS_TO_ANSWER: _("days from filing to the first answer within which 9 of 10 of those answered were"),
    Measure.MEDIAN_DAYS_TO_RESOLVE: _("days from filing to resolution, median of the square's resolved complaints"),
    Measure.P90_DAYS_TO_RESOLVE: _("days from filing to resolution within which 9 of 10 of those resolved were"),
    Measure.ANSWERED_IN_TIME_SHARE: _("share of the promised answers that are decided: those given in time"),
    Measure.RESOLVED_IN_TIME_SHARE: _("share of the promised resolutions that are decided: those kept"),
    Measure.CONFIRMED_SHARE: _("share of resolved complaints whose reporter said that it is done"),
    Measure.CONTESTED_SHARE: _("share of complaints closed as done or reopened: those that somebody had reopened"),
    Measure.RECURRENCE_SHARE: _(
        "share of resolved complaints after which another of the same category was founded at the same place"
    ),
}
_OF_DISTRICTS: dict[Measure, Promise] = {
    Measure.COUNT: _("complaints per district"),
    Measure.PER_1000: _("complaints per 1,000 residents of the district, by census"),
    Measure.MEDIAN_DAYS_TO_RESOLVE: _("days from filing to resolution, median of the district's resolved complaints"),
    Measure.CONTESTED_SHARE: _(
        "share of complaints closed at least once: those whose reporter said that it was not right"
    ),
}

# Lower limits of classes 2 to 6. Fixed, so that two periods or services compare; counts are for cells of zoom 16 in a town.
_CLASSES: dict[Measure, tuple[float, ...]] = {
    Measure.COUNT: (2, 5, 10, 20, 50),
    Measure.PER_1000: (2, 5, 10, 20, 40),
    Measure.PER_KM: (1, 2, 5, 10, 20),
    Measure.PER_ASSET: (0.1, 0.25, 0.5, 1, 2),
    Measure.LATE_SHARE: (0.05, 0.1, 0.2, 0.35, 0.5),
    Measure.MEDIAN_DAYS_TO_ANSWER: (0.5, 1, 2, 4, 8),
    Measure.P90_DAYS_TO_ANSWER: (1, 2, 4, 8, 16),
    Measure.MEDIAN_DAYS_TO_RESOLVE: (1, 3, 7, 14, 30),
    Measure.P90_DAYS_TO_RESOLVE: (3, 7, 14, 30, 60),
    Measure.ANSWERED_IN_TIME_SHARE: (0.5, 0.65, 0.8, 0.9, 0.95),
    Measure.RESOLVED_IN_TIME_SHARE: (0.5, 0.65, 0.8, 0.9, 0.95),
    Measure.CONFIRMED_SHARE: (0.1, 0.2, 0.35, 0.5, 0.7),
    Measure.CONTESTED_SHARE: (0.02, 0.05, 0.1, 0.2, 0.35),
    Measure.RECURRENCE_SHARE: (0.02, 0.05, 0.1, 0.2, 0.35),
}


def measures_of(kinds: Collection[str], *, residents: bool = True) -> list[Measure]:
    """Those that a city with these layers has; `residents`: whether it knows of any."""
    return [
        measure
        for measure in Measure
        if (measure.layer is None or measure.layer.value in kinds) and (residents or measure != Measure.PER_1000)
    ]


def usual_measure(known: Collection[Measure]) -> Measure:
    """What is shown if nobody chose: complaints per 1,000 residents, where these are known."""
    return Measure.PER_1000 if Measure.PER_1000 in known else Measure.COUNT


def measure_asked(query: QueryDict, known: Collection[Measure]) -> Measure:
    """The measure that an address asks for, the usual one if none. Raises FilterError for one that is not known."""
    asked = query.get("measure", "").strip()
    if not asked:
        return usual_measure(known)
    found = next((measure for measure in known if measure.value == asked), None)
    if found is not None:
        return found
    if asked in Measure.values:
        raise FilterError("measure", _("This city has not loaded what complaints would be measured by."))
    raise FilterError("measure")


def class_limits(measure: Measure, cell_zoom: int, *, scale: float = 1) -> list[float]:
    """Lower limits of the classes; those of counts grow with the side of a cell, and by `scale` in a busy city."""
    limits, factor = _CLASSES[measure], scale * 2.0 ** (16 - cell_zoom)
    return sorted({float(max(2, ceil(limit * factor))) if measure == Measure.COUNT else limit for limit in limits})


def unit_by_district(measure: Measure) -> str:
    """What a colour counts where districts are shaded, not squares."""
    return str(_OF_DISTRICTS.get(measure, UNITS[measure]))
