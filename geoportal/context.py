"""What every page knows: the city, the basemap, the staff pages of this person."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Template context of every page; no query is made until a template asks."""
    return {
        "basemap_url": settings.BASEMAP_URL,
        "basemap_attribution": settings.BASEMAP_ATTRIBUTION,
        "demo": settings.DEMO,
    }
