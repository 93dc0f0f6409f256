"""Judging suggestions of duplicates on a labelled town: what would have been shown, and was it right?"""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from complaints.demo.labelled import CATEGORY_WORDS, LabelledReport, labelled_reports
from complaints.duplicates import RADIUS_M, SHOWN, THRESHOLD, likeness
from complaints.likeness import vocabulary
from complaints.places import metres_between

COMMON = vocabulary(CATEGORY_WORDS)


@dataclass
class Judgement:
    """Counts over one town. `by_languages`: for each pair of languages told in, whether the thing was found."""

    reports: int = 0
    findable: int = 0
    found: int = 0
    shown: int = 0
    wrong: int = 0
    microseconds: float = 0.0
    by_languages: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))


def judge(seed: int) -> Judgement:
    """Go through a town's reports as they come in."""
    judgement = Judgement()
    compared, spent = 0, 0.0
    for report, earlier in _arrivals(seed):
        judgement.reports += 1
        begun = time.perf_counter()
        scored = sorted(
            ((likeness(report.facts, other.facts, common=COMMON).score, other) for other in earlier),
            key=lambda pair: -pair[0],
        )
        spent += time.perf_counter() - begun
        compared += len(earlier)
        shown = [other for score, other in scored[:SHOWN] if score >= THRESHOLD]
        judgement.shown += len(shown)
        judgement.wrong += sum(other.thing != report.thing for other in shown)
        same = [other for other in earlier if other.thing == report.thing]
        if same:
            hit = any(other.thing == report.thing for other in shown)
            judgement.findable += 1
            judgement.found += hit
            for language in {other.language or "-" for other in same}:
                judgement.by_languages["/".join(sorted((report.language or "-", language)))].append(hit)
    judgement.microseconds = 1e6 * spent / max(compared, 1)
    return judgement


def pairs(seed: int) -> Iterator[tuple[LabelledReport, LabelledReport]]:
    """Every pair of reports that would be compared."""
    for report, earlier in _arrivals(seed):
        for other in earlier:
            yield report, other


def _arrivals(seed: int) -> Iterator[tuple[LabelledReport, list[LabelledReport]]]:
    """Each report with the earlier ones within reach."""
    known: list[LabelledReport] = []
    for report in labelled_reports(seed):
        yield (
            report,
            [
                other
                for other in known
                if abs(other.facts.point.y - report.facts.point.y) < 0.002
                and metres_between(other.facts.point, report.facts.point) <= RADIUS_M
            ],
        )
        known.append(report)
