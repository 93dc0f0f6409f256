"""Draw the districts and service areas of fixtures/tetouan from the lines in tetouan.toml.

Run `python scripts/draw_tetouan.py` after changing a line, a share or an area there. No official polygon of Tétouan's
quarters was available: names are real, positions plausible. A city with polygons of its own imports those instead.
"""

import tomllib
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from sketch import METRES_PER_DEGREE, Corner, around, corners, faces, feature, rough, rough_ring, write_layer

HERE = Path(__file__).resolve().parent
PACK = HERE.parent / "fixtures" / "tetouan"
SKETCH: dict[str, Any] = tomllib.loads((HERE / "tetouan.toml").read_text(encoding="utf-8"))

# Where the two lighting zones meet; they overlap by the width of the street on it.
LIGHTING_SEAM, STREET = -5.3660, 0.0012


def quarters() -> dict[str, Polygon]:
    """Return the polygon of every quarter: a coverage of the commune."""
    rings = {name: [*SKETCH[name], SKETCH[name][0]] for name in ("outline", "medina")}
    drawn = rings | {"river": SKETCH["river"]} | SKETCH["cuts"]
    lines = [LineString(rough(name, corners(line))) for name, line in drawn.items()]
    return faces(lines, {code: corner(row["at"]) for code, row in SKETCH["quarter"].items()})


def populations() -> dict[str, int]:
    """Share the census count among the quarters, whole persons only, by largest remainder."""
    shares = {code: row["share"] for code, row in SKETCH["quarter"].items()}
    exact = {code: SKETCH["census"] * share / sum(shares.values()) for code, share in shares.items()}
    counts = {code: int(share) for code, share in exact.items()}
    left_over = SKETCH["census"] - sum(counts.values())
    for code in sorted(exact, key=lambda code: counts[code] - exact[code])[:left_over]:
        counts[code] += 1
    return counts


def districts() -> list[dict[str, Any]]:
    """Return the features of both levels: quarters, and arrondissements that are exactly the union of theirs."""
    shapes, people = quarters(), populations()
    drawn = []
    for code, row in SKETCH["arrondissement"].items():
        own = [each for each, quarter in SKETCH["quarter"].items() if quarter["parent"] == code]
        whole = shapely.coverage_union_all([shapes[each] for each in own])
        count = sum(people[each] for each in own)
        where = {"level": 1, "parent": None, "population": count}
        drawn.append(feature(whole, {"code": code, **names(row), **where}))
    for code, row in SKETCH["quarter"].items():
        where = {"level": 2, "parent": row["parent"], "population": people[code]}
        drawn.append(feature(shapes[code], {"code": code, **names(row), **where}))
    return drawn


def service_areas() -> list[dict[str, Any]]:
    """Return what each unit answers for. Borders overlap a little; priority, then the smaller area, decides."""
    return [*cleanliness_areas(), *green_areas(), *bus_areas(), *road_areas(), *lighting_areas(), *commune_wide_areas()]


def cleanliness_areas() -> list[dict[str, Any]]:
    """Return the collection sectors, the medina's own, and the containers of the medina (one category)."""
    lines = [LineString(rough(f"sector-{name}", corners(line))) for name, line in SKETCH["sector_cuts"].items()]
    labels = {code: corner(row["at"]) for code, row in SKETCH["sector"].items()}
    shapes = faces([LineString(everywhere().exterior), *lines], labels)
    drawn = [
        area(around(shapes[code], 40).simplify(0.00003), code, "cleanliness", row["unit"], row["name"])
        for code, row in SKETCH["sector"].items()
    ]
    sweeping = {"fr": "Propreté de la médina", "ar": "نظافة المدينة العتيقة", "en": "Cleaning of the medina"}
    emptying = {"fr": "Bacs de la médina", "ar": "حاويات المدينة العتيقة", "en": "Containers of the medina"}
    bins = {"category": "overflowing-bin", "priority": 5}
    drawn.append(area(medina(60), "proprete-medina", "cleanliness", "sauvegarde-medina", sweeping, priority=10))
    drawn.append(area(medina(120), "bacs-medina", "cleanliness", "proprete-nord", emptying, **bins))
    return drawn


def green_areas() -> list[dict[str, Any]]:
    """Return the gardens with gardeners; elsewhere the service's default unit looks after the street trees."""
    return [area(park(code), code, "green-spaces", "jardins", row["name"]) for code, row in SKETCH["park"].items()]


def bus_areas() -> list[dict[str, Any]]:
    """Return the corridors of the bus lines; elsewhere the service's default unit answers."""
    drawn = []
    for code, row in SKETCH["bus"].items():
        line = LineString(rough(code, corners(row["stops"]), step_m=200))
        drawn.append(area(around(line, 130).simplify(0.00005), code, "public-transport", "bus-hamama", row["name"]))
    return drawn


def road_areas() -> list[dict[str, Any]]:
    """Return the city's roads and the medina's lanes. Nobody of the city answers for the airport's: that is triage."""
    streets = {"fr": "Voirie communale", "ar": "الطرق الجماعية", "en": "City roads"}
    lanes = {"fr": "Ruelles de la médina", "ar": "أزقة المدينة العتيقة", "en": "Lanes of the medina"}
    airport = rough_ring("airport", corners(SKETCH["airport"]))
    return [
        area(everywhere().difference(airport), "voirie-ville", "roads", "voirie", streets),
        area(medina(25), "voirie-medina", "roads", "sauvegarde-medina", lanes, priority=10),
    ]


def lighting_areas() -> list[dict[str, Any]]:
    """Return the operator's two zones, and the lanterns of the medina."""
    west = everywhere().intersection(shapely.box(-6, 35, LIGHTING_SEAM + STREET, 36))
    east = everywhere().intersection(shapely.box(LIGHTING_SEAM, 35, -5, 36))
    western = {"fr": "Éclairage, zone ouest", "ar": "الإنارة، المنطقة الغربية", "en": "Lighting, west zone"}
    eastern = {"fr": "Éclairage, zone est", "ar": "الإنارة، المنطقة الشرقية", "en": "Lighting, east zone"}
    lanterns = {"fr": "Lanternes de la médina", "ar": "فوانيس المدينة العتيقة", "en": "Lanterns of the medina"}
    return [
        area(west, "eclairage-ouest", "lighting", "qandil-eclairage", western),
        area(east, "eclairage-est", "lighting", "qandil-eclairage", eastern),
        area(medina(45), "lanternes-medina", "lighting", "sauvegarde-medina", lanterns, priority=10),
    ]


def commune_wide_areas() -> list[dict[str, Any]]:
    """Return one area for each nature of complaint that one unit handles in the whole commune."""
    drawn = []
    for row in SKETCH["commune_wide"]:
        code = row.get("code", f"{row['category']}-ville")
        rule = {key: row[key] for key in ("category", "schedule", "fallback_unit") if key in row}
        drawn.append(area(everywhere(), code, row["service"], row["unit"], row["name"], **rule))
    return drawn


def everywhere() -> Polygon:
    """Return the commune with a margin, so that a point let in just outside the line still finds its unit."""
    grown = around(Polygon(corners(SKETCH["outline"])), 250).simplify(0.0002)
    assert isinstance(grown, Polygon)
    return grown


def medina(margin_m: float = 0) -> BaseGeometry:
    """Return the medina within its walls, grown by a margin."""
    walls = rough_ring("medina", corners(SKETCH["medina"]))
    return around(walls, margin_m) if margin_m else walls


def park(code: str) -> Polygon:
    """Return the irregular outline of a garden around its point, about twice its radius across."""
    (x, y), radius = SKETCH["park"][code]["at"], SKETCH["park"][code]["radius_m"] / METRES_PER_DEGREE
    shape = [(1.4, -0.4), (0.5, 1.0), (-1.2, 0.7), (-0.8, -1.0)]
    return rough_ring(code, [(x + east * radius, y + north * radius) for east, north in shape], step_m=40, wobble=0.15)


def corner(pair: list[float]) -> Corner:
    """Return a corner as TOML gives it: longitude, latitude."""
    return pair[0], pair[1]


def names(row: dict[str, Any]) -> dict[str, str]:
    """Return the name of a row as the properties of a feature."""
    return {f"name_{language}": text for language, text in row["name"].items()}


def area(shape: BaseGeometry, code: str, service: str, unit: str, name: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return one service area; `category` and `priority` are the whole service and 0 unless given."""
    rule = {"category": None, "priority": 0} | more
    return feature(shape, {"code": code, "service": service, "unit": unit, **rule, **names({"name": name})})


def main() -> None:
    """Write both layers of the pack."""
    write_layer(PACK / "districts.geojson", districts())
    write_layer(PACK / "service_areas.geojson", service_areas())


if __name__ == "__main__":
    main()
