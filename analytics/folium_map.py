"""The stand-alone map: one HTML file with everything in it, that opens from a disk and asks nobody for anything.

Only figures and names of the city's own things go in, no citizen's words. Names are written so that neither HTML nor the
template strings of folium's scripts read them as code. No tile server: the ground is the outlines of the districts.
"""

import base64
import html
import json
import re
from collections.abc import Iterator
from math import cos, radians, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from analytics.drawing import rank_of
from analytics.heat import Heat, heat
from analytics.legends import TOO_FEW, colour_of, coloured, legend
from analytics.measures import Measure, unit_by_district
from analytics.monthly import Monthly
from analytics.months import Months
from analytics.office import Office
from analytics.outlines import smallest_districts
from analytics.values import said_of

if TYPE_CHECKING:
    import folium

STEPS = 4
CELLS_FOR_MAP_AT = 13
# How far the glow of a square's middle reaches, whatever the zoom.
KERNEL_M = 500
# Of the glow, from weak to strong: blue, so that it is not taken for a class of the measure below it.
GLOW = ("#7fb2d9", "#2f6fae", "#0b2f66")
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


def draw(office: Office, measure: Measure) -> Iterator[bytes]:
    """The file, in the active language and time zone. Yields after each of STEPS steps; the last time the whole file.

    Loading folium takes some seconds: call this from a task.
    """
    areas = _districts(office, measure)
    yield b""
    months = Monthly(office).months(measure)
    yield b""
    # The public figures: what is too sensitive for the open map is not in a file that travels.
    public = heat(office.filters, measure, CELLS_FOR_MAP_AT, now=office.now)
    yield b""
    yield _render(office, measure, areas, public, months)


def plain(text: str) -> str:
    """A text as HTML, with the characters that end or open a JavaScript template string as entities too."""
    escaped = html.escape(text)
    return escaped.replace("\\", "&#92;").replace("`", "&#96;").replace("$", "&#36;").replace("{", "&#123;")


def _districts(office: Office, measure: Measure) -> dict[str, Any]:
    """The smallest districts as GeoJSON, each with its colour and its sentence."""
    said = {area.code: area for area in office.map_of_districts(measure).areas}
    features = []
    for code, outline in smallest_districts(office.city).items():
        # A metre is enough.
        geometry = shapely.to_geojson(shapely.transform(outline, lambda places: places.round(5)))
        area = said[code]
        properties = {"code": code, "text": plain(area.text), "colour": colour_of(area.rank)}
        features.append({"type": "Feature", "properties": properties, "geometry": json.loads(geometry)})
    return {"type": "FeatureCollection", "features": features}


def _squares(public: Heat, office: Office, measure: Measure) -> dict[str, Any]:
    features = []
    side = 360 / 2**public.cell_zoom
    for cell in public.cells:
        unknown = cell.value is None or cell.few or cell.suppressed
        rank = 0 if unknown or cell.value is None else rank_of(cell.value, public.classes)
        said = _("too few to say") if unknown or cell.value is None else said_of(measure, cell.value)
        west, east = cell.lon - side / 2, cell.lon + side / 2
        # A Mercator square is shorter in degrees of latitude by the cosine; its middle is exact.
        half = side / 2 * cos(radians(cell.lat))
        south, north = cell.lat - half, cell.lat + half
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        features.append(
            {
                "type": "Feature",
                "properties": {"text": plain(f"{said} (n = {cell.n})"), "colour": colour_of(rank)},
                "geometry": {"type": "Polygon", "coordinates": [[[round(a, 6), round(b, 6)] for a, b in ring]]},
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _render(office: Office, measure: Measure, areas: dict[str, Any], public: Heat, months: Months) -> bytes:
    import folium
    from branca.element import Element

    chart = folium.Map(tiles=None, attribution_control=False, control_scale=True, zoom_snap=0.25)
    chart.default_js, chart.default_css = [], []
    # The districts are coloured anew by the slider: a highlight that resets them would undo it.
    layer = _add_areas(chart, areas, plain(_("Districts")), shown=True, opacity=0.72, highlighted=False)
    chart.fit_bounds(_extent(areas, office.city.bounds))
    squares = _squares(public, office, measure)
    _add_areas(chart, squares, plain(_("Squares")), shown=False, opacity=0.8)
    glow = _add_glow(chart, public)
    folium.LayerControl(collapsed=False, position="topright").add_to(chart)
    figure: Any = chart.get_root()
    for asset in _assets():
        figure.header.add_child(Element(asset))
    figure.html.add_child(Element(_raw(_panel(office, measure, public, months, layer, glow))))
    return _framed(figure.render(), office).encode()


def _add_glow(chart: "folium.Map", public: Heat) -> dict[str, Any]:
    """A glow where complaints gather. Returns what the panel's script needs to keep its reach in metres."""
    from folium.plugins import HeatMap

    spots = [[cell.lat, cell.lon, cell.n] for cell in public.cells if cell.n]
    if not spots:
        return {}
    most = max(spot[2] for spot in spots)
    glow: Any = HeatMap(  # type: ignore[no-untyped-call]
        # By the root: else one square with very many would be all that is seen.
        [[lat, lon, round(sqrt(n / most), 3)] for lat, lon, n in spots],
        name=plain(_("Where complaints gather")),
        min_opacity=0.05,
        gradient=dict(zip(("0.3", "0.6", "1"), GLOW, strict=True)),
    )
    glow.default_js = []
    glow.add_to(chart)
    return {"layer": glow.get_name(), "map": chart.get_name(), "metres": KERNEL_M, "colours": GLOW}


def _add_areas(
    chart: "folium.Map", collection: dict[str, Any], name: str, *, shown: bool, opacity: float, highlighted: bool = True
) -> str:
    """Returns the layer's name in the scripts; empty where there is nothing to draw."""
    import folium

    if not collection["features"]:
        return ""
    layer = folium.GeoJson(
        collection,
        name=name,
        show=shown,
        style_function=lambda feature: {
            "fillColor": feature["properties"]["colour"],
            "fillOpacity": opacity,
            "color": "#435049",
            "weight": 1,
        },
        highlight_function=(lambda feature: {"weight": 3}) if highlighted else None,
        tooltip=folium.GeoJsonTooltip(fields=["text"], labels=False, sticky=True),
    )
    layer.add_to(chart)
    name_in_scripts: str = layer.get_name()
    return name_in_scripts


def _extent(collection: dict[str, Any], otherwise: list[float]) -> list[list[float]]:
    """South-west and north-east corner of all polygons, latitude first as folium wants it."""
    points = [
        point
        for feature in collection["features"]
        for polygon in feature["geometry"]["coordinates"]
        for ring in (polygon if feature["geometry"]["type"] == "MultiPolygon" else [polygon])
        for point in ring
    ]
    west, south, east, north = otherwise
    if points:
        west, east = min(x for x, _y in points), max(x for x, _y in points)
        south, north = min(y for _x, y in points), max(y for _x, y in points)
    return [[south, west], [north, east]]


def _panel(office: Office, measure: Measure, public: Heat, months: Months, layer: str, glow: dict[str, Any]) -> str:
    """Title, legend and the table that says the same as the map."""
    lines = legend(office.district_limits(measure), measure)
    context = {
        "office": office,
        "city": office.city,
        "period": office.period,
        "measure": measure,
        "unit_of_measure": unit_by_district(measure),
        "legend": coloured(lines),
        "too_few": TOO_FEW,
        "measure_source": office.source_of(measure),
        "public": public,
        "areas": office.map_of_districts(measure).areas,
        "made_at": office.now,
        "months": months.every,
        "months_legend": coloured(legend(months.limits, measure)),
        "slider": _slider(months, layer),
        "glow": glow,
    }
    return render_to_string("analytics/folium_panel.html", context)


def _slider(months: Months, layer: str) -> dict[str, Any]:
    """What the panel's script needs: the layer, and of each month colours and words by district."""
    every = [
        {
            "label": month.label,
            "n": month.n,
            "colours": {code: colour_of(rank_of(value, months.limits)) for code, value in month.values.items()},
            "texts": {code: plain(f"{months.names[code]}: {said}") for code, said in month.said.items()},
        }
        for month in months.every
    ]
    return {"layer": layer, "months": every}


def _raw(text: str) -> str:
    """Text for a branca element, which is a Jinja template: nothing in it may be one."""
    return "{% raw %}" + text.replace("{% endraw %}", "") + "{% endraw %}"


def _assets() -> Iterator[str]:
    packages = Path(settings.BASE_DIR) / "node_modules"
    css = (packages / "leaflet/dist/leaflet.css").read_text()
    css = re.sub(r"url\(images/([\w-]+\.png)\)", lambda found: _picture(packages, found[1]), css)
    yield _raw(f"<style>{css}</style>")
    for name in ("leaflet/dist/leaflet.js", "leaflet.heat/dist/leaflet-heat.js"):
        script = re.sub(r"^//# sourceMappingURL=.*$", "", (packages / name).read_text(), flags=re.MULTILINE)
        yield _raw(f"<script>{script.replace('</script', '<' + chr(92) + '/script')}</script>")


def _picture(packages: Path, name: str) -> str:
    data = (packages / "leaflet/dist/images" / name).read_bytes()
    return f"url(data:image/png;base64,{base64.b64encode(data).decode()})"


def _framed(page: str, office: Office) -> str:
    """The page with language, direction, title, a viewport that may be zoomed, and a policy that forbids every request."""
    direction = "rtl" if get_language_bidi() else "ltr"
    title = plain(f"{office.city} · {_('Complaints')}")
    page = re.sub(r"<html[^>]*>", f'<html lang="{get_language()}" dir="{direction}">', page, count=1)
    page = re.sub(r'<meta name="viewport"[^>]*>', "", page)
    page = page.replace("L.control.scale()", "L.control.scale({imperial: false})")
    head = (
        f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
    )
    return page.replace("<head>", head, 1)
