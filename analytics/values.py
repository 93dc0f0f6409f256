"""A measure's value of one district's figures, and values in words."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from analytics.figures import Figures
from analytics.heat import FEWEST_OF
from analytics.measures import Measure
from analytics.numbers import rounded

# Of figures: a measure's value (shares in percent), and on how many cases it stands.
_VALUES: dict[Measure, Callable[[Figures], tuple[float | None, int]]] = {
    Measure.LATE_SHARE: lambda f: (f.missed_share, f.promised),
    Measure.MEDIAN_DAYS_TO_ANSWER: lambda f: (f.median_answer, f.answered),
    Measure.P90_DAYS_TO_ANSWER: lambda f: (f.slow_answer, f.answered),
    Measure.MEDIAN_DAYS_TO_RESOLVE: lambda f: (f.median_resolve, f.resolved),
    Measure.P90_DAYS_TO_RESOLVE: lambda f: (f.slow_resolve, f.resolved),
    Measure.ANSWERED_IN_TIME_SHARE: lambda f: (f.answers.share, f.answers.decided),
    Measure.RESOLVED_IN_TIME_SHARE: lambda f: (f.resolutions.share, f.resolutions.decided),
    Measure.CONFIRMED_SHARE: lambda f: (f.confirmed_share, f.resolved),
    Measure.CONTESTED_SHARE: lambda f: (f.contested_share, f.closings),
    Measure.RECURRENCE_SHARE: lambda f: (f.recurred_share, f.recurrence.watched),
}


def value_of(measure: Measure, figures: Figures, *, population: int | None, there: float, k: int) -> float | None:
    """None where it stands on fewer than `k` cases. `there`: what is there of the measure's layer."""
    if measure == Measure.COUNT:
        return float(figures.n)
    if measure == Measure.PER_1000:
        return 1000 * figures.n / population if population and figures.n >= k else None
    if measure in FEWEST_OF:
        return figures.n / there if there >= FEWEST_OF[measure] and figures.n >= k else None
    value, cases = _VALUES[measure](figures)
    if value is None or cases < k:
        return None
    return value / 100 if measure.is_share else value


def said_of(measure: Measure, value: float) -> str:
    """A value with its unit, short."""
    if measure.is_share:
        return f"{round(100 * value)}\u202f%"
    if measure.is_days:
        return _("%(days)s days") % {"days": rounded(value, 1)}
    if measure == Measure.PER_1000:
        return _("%(value)s per 1,000 residents") % {"value": rounded(value, 1)}
    if measure == Measure.PER_KM:
        return _("%(value)s per km") % {"value": rounded(value, 1)}
    if measure == Measure.PER_ASSET:
        return _("%(value)s per asset") % {"value": rounded(value, 2)}
    return str(round(value))
