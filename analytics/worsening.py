"""What got worse, in words: only changes that are more than chance, the clearest first.

Many comparisons are made, so some would look large by chance alone: those that are told are chosen so that of a hundred
told at most five are expected to be nothing (Benjamini and Hochberg, 1995). The spreads behind it:
- complaints come independently of each other (Poisson): the difference of two counts has the variance of their sum;
- shares of promises kept are compared as two proportions;
- times to resolve are taken as log-normal: the spread of a median follows from the median and the slowest tenth.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from math import erfc, log, sqrt
from typing import Any

from django.utils.translation import gettext as _

from analytics.figures import Figures, Pair
from analytics.numbers import rounded
from analytics.scorecards import Subject

AT_MOST = 5
# Of the changes that are told, so many at most are expected to be chance.
FALSE_SHARE = 0.05
FEWEST = 10
# Slower by less is not worth a sentence, however sure.
SLOWER_BY, SLOWER_DAYS = 1.25, 1.0
# Standard deviations of a normal distribution to its slowest tenth; spread of a median in those of a mean.
_TO_SLOW_TENTH, _OF_A_MEDIAN = 1.2816, 1.2533


class Against(Enum):
    """What a period is compared with."""

    BEFORE = "before"
    YEAR = "year"


@dataclass(frozen=True)
class Worse:
    """One sentence, how likely chance alone makes such a change, and the filter of the list behind it.

    Without a sentence it is a comparison that was made, of a change too small to tell.
    """

    subject: Subject
    text: str
    chance: float
    about: dict[str, Any]


def what_got_worse(pairs: Iterable[tuple[Subject, Pair]], against: Against) -> list[Worse]:
    """At most five sentences about services and districts, the clearest first; each subject speaks once."""
    tried = sorted(
        (worse for subject, pair in pairs for worse in _compared(subject, pair, against)),
        key=lambda worse: worse.chance,
    )
    clear = [rank for rank, worse in enumerate(tried, start=1) if worse.chance <= FALSE_SHARE * rank / len(tried)]
    found: dict[str, Worse] = {}
    for worse in tried[: clear[-1] if clear else 0]:
        if worse.text:
            found.setdefault(worse.subject.name, worse)
    return list(found.values())[:AT_MOST]


def _compared(subject: Subject, pair: Pair, against: Against) -> Iterator[Worse]:
    """Every comparison that can be made of a subject; what got better has a chance near 1."""
    now, before = pair.now, pair.year if against == Against.YEAR else pair.before
    yield from _more(subject, now, before)
    yield from _less_in_time(subject, now, before)
    yield from _slower(subject, now, before)


def _more(subject: Subject, now: Figures, before: Figures) -> Iterator[Worse]:
    if now.n < FEWEST:
        return
    text = _("%(now)s complaints instead of %(before)s") % {"now": now.n, "before": before.n}
    yield Worse(subject, text, _chance((now.n - before.n) / sqrt(now.n + before.n)), {"state": ["open", "closed"]})


def _less_in_time(subject: Subject, now: Figures, before: Figures) -> Iterator[Worse]:
    kept, kept_before = now.resolutions, before.resolutions
    if min(kept.decided, kept_before.decided) < FEWEST:
        return
    share, share_before = kept.kept / kept.decided, kept_before.kept / kept_before.decided
    both = (kept.kept + kept_before.kept) / (kept.decided + kept_before.decided)
    spread = sqrt(both * (1 - both) * (1 / kept.decided + 1 / kept_before.decided)) or 1.0
    text = _("%(now)s %% resolved in time instead of %(before)s %%") % {
        "now": round(100 * share),
        "before": round(100 * share_before),
    }
    yield Worse(subject, text, _chance((share_before - share) / spread), {"state": ["open", "closed"]})


def _slower(subject: Subject, now: Figures, before: Figures) -> Iterator[Worse]:
    slow, slow_before = now.median_resolve, before.median_resolve
    if not slow or not slow_before or min(now.resolved, before.resolved) < FEWEST:
        return
    spread = sqrt(_spread_of_log(now) ** 2 + _spread_of_log(before) ** 2)
    chance = _chance(log(slow / slow_before) / spread) if spread else float(slow <= slow_before)
    text = ""
    if slow >= slow_before * SLOWER_BY and slow - slow_before >= SLOWER_DAYS:
        text = _("%(now)s days to resolve instead of %(before)s (median)") % {
            "now": rounded(slow, 1),
            "before": rounded(slow_before, 1),
        }
    yield Worse(subject, text, chance, {"state": ["resolved", "confirmed"]})


def _spread_of_log(figures: Figures) -> float:
    """Standard error of the logarithm of the median time to resolve."""
    if not figures.median_resolve or not figures.slow_resolve:
        return 0.0
    deviation = log(max(figures.slow_resolve / figures.median_resolve, 1.0)) / _TO_SLOW_TENTH
    return _OF_A_MEDIAN * deviation / sqrt(figures.resolved)


def _chance(deviations: float) -> float:
    """How likely chance alone makes something this many standard deviations or more worse."""
    return erfc(deviations / sqrt(2)) / 2
