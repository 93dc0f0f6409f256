"""What a page's map of complaints needs besides its tiles: names of codes in the page's language, symbols, addresses."""

from django.utils.translation import get_language

from catalogue.snapshot import Snapshot
from catalogue.translated import text_in
from complaints.workflow import OPEN_STATES, State

# Where an address of a complaint's page has its number.
NUMBER = "NUMBER"
# The tiles that anybody may read.
TILES = "/tiles/complaints/{z}/{x}/{y}.mvt"


def map_settings(catalogue: Snapshot, *, tiles: str, complaint: str) -> dict[str, object]:
    """For static/js/map/clusters.js. `tiles` has {z}, {x} and {y}; `complaint` is the address of the page of NUMBER."""
    language = get_language() or "fr"
    return {
        "tiles": tiles,
        "complaint": complaint,
        "symbols": {service.code: service.icon for service in catalogue.services.values()},
        "categories": {category.code: text_in(category.name, language) for category in catalogue.categories.values()},
        "states": {state.value: str(state.label) for state in State},
        "open": sorted(OPEN_STATES),
    }
