"""What got worse, in words: only changes that are more than chance, the clearest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from analytics.figures import Pair
from analytics.scorecards import Subject

AT_MOST = 5
# Two standard deviations: one change in forty is as large by chance.
CLEAR = 2.0
FEWEST = 10
SLOWER_BY, SLOWER_DAYS = 1.25, 1.0


@dataclass(frozen=True)
class Worse:
    """One sentence, how clear it is, and the filter of the list behind it."""

    subject: Subject
    text: str
    clearness: float
    about: dict[str, Any]


def what_got_worse(pairs: Iterable[tuple[Subject, Pair]]) -> list[Worse]:
    """At most five sentences about services and districts, the clearest first; each subject speaks once."""
    found: dict[str, Worse] = {}
    for subject, pair in pairs:
        for worse in _candidates(subject, pair):
            known = found.get(subject.name)
            if known is None or worse.clearness > known.clearness:
                found[subject.name] = worse
    return sorted(found.values(), key=lambda worse: -worse.clearness)[:AT_MOST]


def _candidates(subject: Subject, pair: Pair) -> Iterable[Worse]:
    now, before = pair.now, pair.before
    if now.n >= FEWEST and (more := (now.n - before.n) / sqrt(now.n + before.n)) >= CLEAR:
        text = _("%(now)s complaints instead of %(before)s") % {"now": now.n, "before": before.n}
        yield Worse(subject, text, more, {"state": ["open", "closed"]})
    kept, kept_before = now.resolutions, before.resolutions
    if min(kept.decided, kept_before.decided) >= FEWEST:
        share, share_before = kept.kept / kept.decided, kept_before.kept / kept_before.decided
        both = (kept.kept + kept_before.kept) / (kept.decided + kept_before.decided)
        spread = sqrt(both * (1 - both) * (1 / kept.decided + 1 / kept_before.decided)) or 1.0
        if (fewer := (share_before - share) / spread) >= CLEAR:
            text = _("%(now)s %% resolved in time instead of %(before)s %%") % {
                "now": round(100 * share),
                "before": round(100 * share_before),
            }
            yield Worse(subject, text, fewer, {"state": ["open", "closed"]})
    slow, slow_before = now.median_resolve, before.median_resolve
    if not slow or not slow_before or min(now.resolved, before.resolved) < FEWEST:
        return
    if slow >= slow_before * SLOWER_BY and slow - slow_before >= SLOWER_DAYS:
        text = _("%(now)s days to resolve instead of %(before)s (median)") % {
            "now": number_format(slow, 1),
            "before": number_format(slow_before, 1),
        }
        # A ratio of medians has no simple spread: rank it by how large it is.
        yield Worse(subject, text, slow / slow_before + 1, {"state": ["resolved", "confirmed"]})
