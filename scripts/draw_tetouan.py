"""Draw the districts and service areas of fixtures/tetouan: our own schematic lines over real quarter names.

Run `python scripts/draw_tetouan.py` after changing a line, a share or an area. No official polygon of Tétouan's quarters was
available: positions are plausible, not surveyed. A city that has its own polygons imports them instead of these.
"""

from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from sketch import Corner, around, faces, feature, rough, rough_ring, write_layer

PACK = Path(__file__).resolve().parent.parent / "fixtures" / "tetouan"
CENSUS_2024 = 422_757  # HCP, RGPH 2024, commune 01.571.01.11

OUTLINE: list[Corner] = [
    (-5.4248, 35.5655), (-5.4190, 35.5712), (-5.4236, 35.5774), (-5.4085, 35.5832), (-5.4142, 35.5915), (-5.4128, 35.5982),
    (-5.4020, 35.5998), (-5.3945, 35.5906), (-5.3838, 35.5836), (-5.3752, 35.5868), (-5.3660, 35.5925), (-5.3545, 35.5968),
    (-5.3524, 35.6031), (-5.3350, 35.6052), (-5.3185, 35.6064), (-5.3058, 35.5972), (-5.2965, 35.6048), (-5.2820, 35.6056),
    (-5.2672, 35.6062), (-5.2634, 35.5990), (-5.2612, 35.5926), (-5.2700, 35.5932), (-5.2860, 35.5908), (-5.3020, 35.5868),
    (-5.3062, 35.5802), (-5.3068, 35.5664), (-5.3082, 35.5530), (-5.3160, 35.5512), (-5.3248, 35.5466), (-5.3345, 35.5440),
    (-5.3460, 35.5456), (-5.3672, 35.5488), (-5.3845, 35.5466), (-5.4048, 35.5496), (-5.4146, 35.5552),
]  # fmt: skip
RIVER: list[Corner] = [
    (-5.4380, 35.5500), (-5.4250, 35.5566), (-5.4120, 35.5581), (-5.3985, 35.5588), (-5.3850, 35.5600), (-5.3705, 35.5612),
    (-5.3575, 35.5624), (-5.3460, 35.5650), (-5.3345, 35.5702), (-5.3235, 35.5760), (-5.3120, 35.5812), (-5.3045, 35.5878),
    (-5.3015, 35.5908),
]  # fmt: skip
RIVER_MOUTH: list[Corner] = [(-5.3015, 35.5908), (-5.2900, 35.5992), (-5.2800, 35.6040), (-5.2738, 35.6100), (-5.2690, 35.6140)]
MEDINA: list[Corner] = [
    (-5.3722, 35.5702), (-5.3718, 35.5728), (-5.3702, 35.5746), (-5.3668, 35.5760), (-5.3634, 35.5750), (-5.3610, 35.5728),
    (-5.3604, 35.5704), (-5.3622, 35.5684), (-5.3652, 35.5674), (-5.3690, 35.5682),
]  # fmt: skip
# Lines between quarters. Their ends overshoot on purpose: what sticks out past a crossing is dropped.
CUTS: dict[str, list[Corner]] = {
    "samsa": [(-5.4110, 35.5830), (-5.4000, 35.5800), (-5.3915, 35.5815), (-5.3880, 35.5870)],
    "west": [(-5.4000, 35.5815), (-5.3985, 35.5740), (-5.3992, 35.5665), (-5.4010, 35.5580)],
    "boussafou": [(-5.4250, 35.5660), (-5.4120, 35.5672), (-5.3975, 35.5668)],
    "ain-khabbaz": [(-5.4000, 35.5696), (-5.3915, 35.5708), (-5.3846, 35.5704)],
    "dersa-west": [(-5.3880, 35.5868), (-5.3868, 35.5800), (-5.3850, 35.5740), (-5.3858, 35.5690), (-5.3845, 35.5590)],
    "sidi-talha": [(-5.3872, 35.5778), (-5.3790, 35.5768), (-5.3718, 35.5758), (-5.3695, 35.5745)],
    "talha-dersa": [(-5.3748, 35.5884), (-5.3742, 35.5820), (-5.3730, 35.5750)],
    "touta": [(-5.3862, 35.5726), (-5.3790, 35.5722), (-5.3705, 35.5722)],
    "ensanche": [(-5.3865, 35.5668), (-5.3780, 35.5660), (-5.3716, 35.5668), (-5.3660, 35.5690)],
    "moulay-el-hassan": [(-5.3724, 35.5676), (-5.3740, 35.5640), (-5.3735, 35.5598)],
    "mhannech": [(-5.3630, 35.5692), (-5.3575, 35.5676), (-5.3510, 35.5676), (-5.3430, 35.5690), (-5.3355, 35.5716)],
    "bab-okla": [(-5.3642, 35.5738), (-5.3570, 35.5742), (-5.3500, 35.5740)],
    "mezouak": [(-5.3650, 35.5752), (-5.3622, 35.5790), (-5.3560, 35.5812), (-5.3500, 35.5818)],
    "dersa-east": [(-5.3622, 35.5780), (-5.3632, 35.5860), (-5.3640, 35.5945)],
    "airport-road": [(-5.3556, 35.5992), (-5.3498, 35.5900), (-5.3512, 35.5820), (-5.3520, 35.5740), (-5.3528, 35.5622)],
    "coelma": [(-5.3525, 35.5776), (-5.3440, 35.5782), (-5.3340, 35.5776)],
    "torreta": [(-5.3510, 35.5894), (-5.3430, 35.5906), (-5.3340, 35.5902)],
    "plain": [(-5.3348, 35.6065), (-5.3352, 35.5960), (-5.3358, 35.5860), (-5.3368, 35.5760), (-5.3375, 35.5670)],
    "coast": [(-5.3052, 35.5988), (-5.3040, 35.5920), (-5.3042, 35.5870), (-5.3028, 35.5832)],
    "tamouda": [(-5.4000, 35.5600), (-5.3965, 35.5540), (-5.3972, 35.5470)],
    "ain-melloul": [(-5.3510, 35.5650), (-5.3478, 35.5580), (-5.3468, 35.5440)],
}
LINES = {"outline": [*OUTLINE, OUTLINE[0]], "river": RIVER, "medina": [*MEDINA, MEDINA[0]], **CUTS}

ARRONDISSEMENTS = {
    "al-azhar": ("Al Azhar", "الأزهر", "Al Azhar"),
    "sidi-al-mandri": ("Sidi Al Mandri", "سيدي المنظري", "Sidi Al Mandri"),
}
# code: label point, parent, share of the population (in thousands, our estimate), names in French, Arabic, English
QUARTERS: dict[str, tuple[Corner, str, float, str, str, str]] = {
    "samsa": ((-5.4040, 35.5900), "al-azhar", 9, "Samsa", "سمسة", "Samsa"),
    "boujarah": ((-5.4090, 35.5740), "al-azhar", 41, "Boujarah", "بوجراح", "Boujarah"),
    "boussafou": ((-5.4120, 35.5620), "al-azhar", 22, "Boussafou", "بوسافو", "Boussafou"),
    "ain-khabbaz": ((-5.3920, 35.5760), "al-azhar", 26, "Aïn Khabbaz", "عين خباز", "Ain Khabbaz"),
    "touabel": ((-5.3920, 35.5640), "al-azhar", 30, "Touabel", "طوابل", "Touabel"),
    "sidi-talha": ((-5.3800, 35.5800), "al-azhar", 24, "Sidi Talha", "سيدي طلحة", "Sidi Talha"),
    "touta": ((-5.3790, 35.5745), "al-azhar", 14, "Touta", "التوتة", "Touta"),
    "jbel-dersa": ((-5.3690, 35.5830), "al-azhar", 33, "Jbel Dersa", "جبل درسة", "Jbel Dersa"),
    "korrat-sbaa": ((-5.3570, 35.5880), "al-azhar", 19, "Korrat Sbaâ", "كرة السبع", "Korrat Sbaa"),
    "jamaa-mezouak": ((-5.3570, 35.5775), "al-azhar", 34, "Jamaâ Mezouak", "جامع مزواق", "Jamaa Mezouak"),
    "coelma": ((-5.3430, 35.5840), "al-azhar", 27, "Coelma", "كويلمة", "Coelma"),
    "torreta": ((-5.3430, 35.5970), "al-azhar", 13, "Torreta", "طوريطة", "Torreta"),
    "medina": ((-5.3665, 35.5715), "sidi-al-mandri", 24, "Médina", "المدينة العتيقة", "Medina"),
    "ensanche": ((-5.3790, 35.5690), "sidi-al-mandri", 10, "Ensanche", "الإنسانتشي", "Ensanche"),
    "moulay-el-hassan": ((-5.3790, 35.5630), "sidi-al-mandri", 15, "Moulay El Hassan", "مولاي الحسن", "Moulay El Hassan"),
    "bab-okla": ((-5.3560, 35.5710), "sidi-al-mandri", 12, "Bab Okla", "باب العقلة", "Bab Okla"),
    "mhannech": ((-5.3620, 35.5650), "sidi-al-mandri", 21, "M'hannech", "المحنش", "M'hannech"),
    "saniat-rmel": ((-5.3440, 35.5730), "sidi-al-mandri", 16, "Saniat Rmel", "سانية الرمل", "Saniat Rmel"),
    "wilaya": ((-5.3480, 35.5660), "sidi-al-mandri", 9, "Wilaya", "الولاية", "Wilaya"),
    "nakata": ((-5.3200, 35.5950), "sidi-al-mandri", 7, "Nakata", "النقاطة", "Nakata"),
    "souani": ((-5.2850, 35.5950), "sidi-al-mandri", 3, "Souani", "السواني", "Souani"),
    "tamouda": ((-5.4060, 35.5540), "sidi-al-mandri", 2, "Tamouda", "تمودة", "Tamouda"),
    "touilaa": ((-5.3700, 35.5550), "sidi-al-mandri", 8, "Touilaâ", "الطويلعة", "Touilaa"),
    "ain-melloul": ((-5.3300, 35.5560), "sidi-al-mandri", 5, "Aïn Melloul", "عين ملول", "Ain Melloul"),
}

# What one unit answers for. Sectors overlap by a street's width on purpose; priority, then the smaller area, decides.
SECTOR_CUTS: dict[str, list[Corner]] = {
    "west": [(-5.3935, 35.6000), (-5.3905, 35.5790), (-5.3912, 35.5700), (-5.3898, 35.5420)],
    "centre": [(-5.3585, 35.5990), (-5.3592, 35.5760), (-5.3560, 35.5600), (-5.3585, 35.5430)],
    "plain": [(-5.3262, 35.6080), (-5.3290, 35.5880), (-5.3300, 35.5700), (-5.3310, 35.5390)],
    "south": [(-5.3920, 35.5640), (-5.3760, 35.5652), (-5.3590, 35.5662), (-5.3270, 35.5745)],
}
SECTORS = {
    "collecte-ouest": ((-5.4100, 35.5700), "proprete-nord", "Collecte, secteur ouest", "جمع النفايات، القطاع الغربي", "Collection, west sector"),
    "collecte-dersa": ((-5.3700, 35.5800), "proprete-nord", "Collecte, secteur Dersa", "جمع النفايات، قطاع درسة", "Collection, Dersa sector"),
    "collecte-est": ((-5.3400, 35.5850), "proprete-nord", "Collecte, secteur est", "جمع النفايات، القطاع الشرقي", "Collection, east sector"),
    "collecte-rive-sud": ((-5.3700, 35.5560), "proprete-sud", "Propreté, rive sud", "النظافة، الضفة الجنوبية", "Cleaning, south bank"),
    "collecte-wilaya": ((-5.3440, 35.5600), "proprete-sud", "Propreté, Wilaya et Aïn Melloul", "النظافة، الولاية وعين ملول", "Cleaning, Wilaya and Ain Melloul"),
    "collecte-littoral": ((-5.3100, 35.5950), "proprete-sud", "Propreté, plaine et littoral", "النظافة، السهل والساحل", "Cleaning, plain and coast"),
}  # fmt: skip
PARKS = {
    "parc-feddane": ((-5.3704, 35.5694), 70, "Place du Feddane", "ساحة الفدان", "Feddane square"),
    "jardin-moulay-rachid": ((-5.3742, 35.5729), 110, "Jardin Moulay Rachid", "حديقة مولاي رشيد", "Moulay Rachid garden"),
    "jardin-riad-al-ochak": ((-5.3756, 35.5677), 90, "Jardin Riad Al Ochak", "حديقة رياض العشاق", "Riad Al Ochak garden"),
    "parc-dersa": ((-5.3770, 35.5826), 330, "Parc de Jbel Dersa", "منتزه جبل درسة", "Jbel Dersa park"),
    "parc-berges": ((-5.3640, 35.5630), 150, "Parc des berges de l'oued", "منتزه ضفاف الوادي", "River bank park"),
    "jardin-saniat-rmel": ((-5.3468, 35.5752), 100, "Jardin de Saniat Rmel", "حديقة سانية الرمل", "Saniat Rmel garden"),
    "parc-coelma": ((-5.3402, 35.5866), 170, "Parc de Coelma", "منتزه كويلمة", "Coelma park"),
    "jardin-boujarah": ((-5.4058, 35.5752), 120, "Jardin de Boujarah", "حديقة بوجراح", "Boujarah garden"),
    "jardin-touabel": ((-5.3934, 35.5652), 95, "Jardin de Touabel", "حديقة طوابل", "Touabel garden"),
}
BUS_LINES: dict[str, tuple[str, list[Corner]]] = {
    "bus-1": ("Centre – Boujarah", [(-5.3652, 35.5622), (-5.3735, 35.5670), (-5.3850, 35.5698), (-5.3990, 35.5735), (-5.4130, 35.5745)]),
    "bus-2": ("Centre – Coelma", [(-5.3652, 35.5622), (-5.3600, 35.5672), (-5.3530, 35.5750), (-5.3460, 35.5800), (-5.3400, 35.5880)]),
    "bus-3": ("Centre – Samsa", [(-5.3735, 35.5670), (-5.3770, 35.5745), (-5.3860, 35.5770), (-5.3960, 35.5825), (-5.4060, 35.5920)]),
    "bus-4": ("Centre – Korrat Sbaâ", [(-5.3652, 35.5622), (-5.3600, 35.5672), (-5.3570, 35.5770), (-5.3560, 35.5900)]),
    "bus-5": ("Centre – Aéroport – Plage", [(-5.3652, 35.5622), (-5.3500, 35.5668), (-5.3360, 35.5740), (-5.3150, 35.5880), (-5.2900, 35.6010), (-5.2650, 35.6010)]),
    "bus-6": ("Centre – Touabel – Boussafou", [(-5.3652, 35.5622), (-5.3850, 35.5622), (-5.3980, 35.5628), (-5.4200, 35.5632)]),
    "bus-7": ("Centre – Aïn Melloul", [(-5.3652, 35.5622), (-5.3630, 35.5560), (-5.3400, 35.5530), (-5.3150, 35.5540)]),
}  # fmt: skip
AIRPORT: list[Corner] = [(-5.3320, 35.5905), (-5.3300, 35.5975), (-5.3110, 35.5985), (-5.3085, 35.5955), (-5.3100, 35.5915)]
LIGHTING_SPLIT = -5.3660
# category, unit, names: one unit answers in the whole commune for one nature of complaint
COMMUNE_WIDE = [
    ("cleanliness", "dead-animal", "hygiene", "Animaux et nuisibles", "الحيوانات والطفيليات", "Animals and pests"),
    ("cleanliness", "pests", "hygiene", "Animaux et nuisibles", "الحيوانات والطفيليات", "Animals and pests"),
    ("security", "immediate-danger", "permanence", "Permanence, ville entière", "المداومة، كل المدينة", "Duty desk, whole city"),
    ("roads", "road-collapse", "permanence", "Permanence, ville entière", "المداومة، كل المدينة", "Duty desk, whole city"),
    ("roads", "traffic-signal", "mobilite", "Feux et signalisation", "إشارات المرور", "Signals and signs"),
    ("lighting", "live-wire", "permanence", "Permanence, ville entière", "المداومة، كل المدينة", "Duty desk, whole city"),
    ("water", "open-manhole", "permanence", "Permanence, ville entière", "المداومة، كل المدينة", "Duty desk, whole city"),
    ("water", "flooding", "permanence", "Permanence, ville entière", "المداومة، كل المدينة", "Duty desk, whole city"),
    ("public-transport", "taxi", "mobilite", "Taxis, ville entière", "سيارات الأجرة، كل المدينة", "Taxis, whole city"),
    ("public-order", "something-else", "bureau-d-ordre", "Autres demandes", "طلبات أخرى", "Other requests"),
]  # fmt: skip


def quarters() -> dict[str, Polygon]:
    """Return the polygon of every quarter: a coverage of the commune."""
    lines = [LineString(rough(name, corners)) for name, corners in LINES.items()]
    return faces(lines, {code: row[0] for code, row in QUARTERS.items()})


def populations() -> dict[str, int]:
    """Share the census count among the quarters, whole persons only, by largest remainder."""
    total = sum(row[2] for row in QUARTERS.values())
    exact = {code: CENSUS_2024 * row[2] / total for code, row in QUARTERS.items()}
    counts = {code: int(share) for code, share in exact.items()}
    by_remainder = sorted(exact, key=lambda code: counts[code] - exact[code])
    for code in by_remainder[: CENSUS_2024 - sum(counts.values())]:
        counts[code] += 1
    return counts


def districts() -> list[dict[str, Any]]:
    """Return the features of both levels: quarters, and arrondissements that are exactly the union of theirs."""
    shapes, people = quarters(), populations()
    drawn = []
    for code, (fr, ar, en) in ARRONDISSEMENTS.items():
        own = [each for each, row in QUARTERS.items() if row[1] == code]
        whole = shapely.coverage_union_all([shapes[each] for each in own])
        count = sum(people[each] for each in own)
        drawn.append(feature(whole, code=code, name_fr=fr, name_ar=ar, name_en=en, level=1, parent=None, population=count))
    for code, (_, parent, _, fr, ar, en) in QUARTERS.items():
        names = {"name_fr": fr, "name_ar": ar, "name_en": en}
        drawn.append(feature(shapes[code], code=code, **names, level=2, parent=parent, population=people[code]))
    return drawn


def area(shape: BaseGeometry, code: str, service: str, unit: str, names: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """Return one service area; `category` and `priority` default to the whole service and 0."""
    rule = {"category": None, "priority": 0} | more
    named = dict(zip(("name_fr", "name_ar", "name_en"), names, strict=True))
    return feature(shape, code=code, service=service, unit=unit, **rule, **named)


def everywhere() -> Polygon:
    """Return the commune with a margin, so that a point let in just outside the line still finds its unit."""
    grown = around(Polygon(OUTLINE), 250).simplify(0.0002)
    assert isinstance(grown, Polygon)
    return grown


def cleanliness_areas() -> list[dict[str, Any]]:
    """Return the collection sectors, the medina's own, and the containers of the medina (one category)."""
    edge = list(everywhere().exterior.coords)
    lines = [LineString(rough(f"sector-{name}", corners)) for name, corners in SECTOR_CUTS.items()]
    shapes = faces([LineString(edge), *lines], {code: row[0] for code, row in SECTORS.items()})
    drawn = [
        area(around(shapes[code], 40).simplify(0.00003), code, "cleanliness", unit, (fr, ar, en))
        for code, (_, unit, fr, ar, en) in SECTORS.items()
    ]
    medina = rough_ring("medina-cleaning", MEDINA)
    names = ("Propreté de la médina", "نظافة المدينة العتيقة", "Cleaning of the medina")
    bins = ("Bacs de la médina", "حاويات المدينة العتيقة", "Containers of the medina")
    drawn.append(area(around(medina, 60), "proprete-medina", "cleanliness", "sauvegarde-medina", names, priority=10))
    drawn.append(
        area(around(medina, 120), "bacs-medina", "cleanliness", "proprete-nord", bins, category="overflowing-bin", priority=5)
    )
    return drawn


def green_areas() -> list[dict[str, Any]]:
    """Return the fenced gardens; elsewhere the service's default unit looks after the street trees."""
    drawn = []
    for code, ((x, y), radius, *names) in PARKS.items():
        reach = radius / 111_320
        corners = [(x + 1.4 * reach, y - 0.4 * reach), (x + 0.5 * reach, y + reach), (x - 1.2 * reach, y + 0.7 * reach), (x - 0.8 * reach, y - reach)]
        shape = rough_ring(code, corners, step_m=40, wobble=0.15)
        drawn.append(area(shape, code, "green-spaces", "jardins", (names[0], names[1], names[2])))
    return drawn


def other_areas() -> list[dict[str, Any]]:
    """Return bus corridors, roads, lighting zones, and what one unit answers for in the whole commune."""
    city, medina = everywhere(), rough_ring("medina-paving", MEDINA)
    drawn = []
    for number, (code, (name, stops)) in enumerate(BUS_LINES.items(), start=1):
        corridor = around(LineString(rough(code, stops, step_m=200)), 130).simplify(0.00005)
        names = (f"Ligne {number}, {name}", f"خط الحافلة {number}", f"Bus line {number}")
        drawn.append(area(corridor, code, "public-transport", "bus-hamama", names))
    # Nobody of the city answers for the airport's own roads: such complaints go to triage.
    roads = city.difference(rough_ring("airport", AIRPORT))
    drawn.append(area(roads, "voirie-ville", "roads", "voirie", ("Voirie communale", "الطرق الجماعية", "City roads")))
    lanes = ("Ruelles de la médina", "أزقة المدينة العتيقة", "Lanes of the medina")
    drawn.append(area(around(medina, 25), "voirie-medina", "roads", "sauvegarde-medina", lanes, priority=10))
    west, east = (city.intersection(shapely.box(*box)) for box in ((-6, 35, LIGHTING_SPLIT + 0.0012, 36), (LIGHTING_SPLIT, 35, -5, 36)))
    drawn.append(area(west, "eclairage-ouest", "lighting", "qandil-eclairage", ("Éclairage, zone ouest", "الإنارة، المنطقة الغربية", "Lighting, west zone")))
    drawn.append(area(east, "eclairage-est", "lighting", "qandil-eclairage", ("Éclairage, zone est", "الإنارة، المنطقة الشرقية", "Lighting, east zone")))
    lanterns = ("Lanternes de la médina", "فوانيس المدينة العتيقة", "Lanterns of the medina")
    drawn.append(area(around(medina, 10), "lanternes-medina", "lighting", "sauvegarde-medina", lanterns, priority=10))
    for service, category, unit, *names in COMMUNE_WIDE:
        drawn.append(area(city, f"{category}-ville", service, unit, (names[0], names[1], names[2]), category=category))
    return drawn


def main() -> None:
    """Write both layers of the pack."""
    write_layer(PACK / "districts.geojson", districts())
    write_layer(PACK / "service_areas.geojson", [*cleanliness_areas(), *green_areas(), *other_areas()])


if __name__ == "__main__":
    main()
