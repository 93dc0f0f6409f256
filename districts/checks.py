"""`manage check --database default` warns where nobody answers in the live configuration."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import Error

from catalogue.models import Jurisdiction
from districts.models import CoverageFinding, CoverageReport


@register(Tags.database)
def coverage_check(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """One warning for each city with holes, as last worked out."""
    if not databases:
        return []
    try:
        return [
            Warning(
                f"{city}: {holes} hole(s) where no unit answers",
                hint=f"./run manage coverage --jurisdiction {city} shows them; the page Boundaries, Coverage draws them.",
                id="districts.W001",
            )
            for city, holes in cities_with_holes().items()
        ]
    except Error:
        return []  # before the first migration there is nothing to look at


def cities_with_holes() -> dict[str, int]:
    """Code of each city with holes → how many, as last worked out. One statement."""
    holes = CoverageFinding.objects.filter(kind__in=CoverageFinding.HOLES).order_by("report__jurisdiction__code")
    counts: dict[str, int] = {}
    for code in holes.values_list("report__jurisdiction__code", flat=True):
        counts[code] = counts.get(code, 0) + 1
    return counts


def cities_not_looked_at() -> list[str]:
    """Cities whose rules nobody has looked at yet."""
    known = CoverageReport.objects.values("jurisdiction")
    return list(Jurisdiction.objects.exclude(pk__in=known).order_by("code").values_list("code", flat=True))
