"""What got worse against the period before and against the same days a year earlier, each with its list."""

from dataclasses import dataclass

from analytics.office import Office
from analytics.periods import Period
from analytics.worsening import Against, Worse, what_got_worse


@dataclass(frozen=True)
class Comparison:
    """What got worse against another period (`before` or `year`), in which `n` complaints were filed."""

    code: str
    period: Period
    n: int
    found: list[tuple[Worse, str]]


def comparisons(office: Office) -> list[Comparison]:
    """Against the period before and the same days a year earlier. Of a whole year both are the same days, and told once."""
    subjects = [*office.services, *office.districts]
    told = []
    for against, period, known in (
        (Against.BEFORE, office.period.before, office.totals.before.n),
        (Against.YEAR, office.period.year_before, office.totals.year.n),
    ):
        if against is Against.YEAR and period == office.period.before:
            continue
        worse = what_got_worse(subjects, against) if known else []
        found = [(each, office.link(**each.subject.filter, **each.about)) for each in worse]
        told.append(Comparison(against.value, period, known, found))
    return told
