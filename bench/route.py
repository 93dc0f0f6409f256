"""Routing one point by HTTP, and a million at once (`./run bench route`).

One: `/api/v1/route/` beside a bare view that runs SELECT 1, in the same server, in turns over the same connections (the median
of the rounds' ratios); a city of 50 districts and 100 service areas, and one of 500 districts. Targets: at most 2 × the bare
view's time, and 500 polygons at most 1.3 × 50.
Many: complaints/bulk.py beside one set-based statement with lateral joins over the same points, 30 times as fast at least,
with the same district, area, runner-up and unit for every point, those on borders included.
"""

import argparse
import functools
import io
import json
import os
import random
import statistics
import sys
import time
from typing import Any

import django
import psycopg2

from bench.load import get_bytes, opened, rate_over
from bench.servers import serving

BARE = "/bench/question/"
MOST_TIMES_BARE, MOST_TIMES_FEWER, LEAST_TIMES_SQL = 2.0, 1.3, 30.0
FEW, MANY = "few", "many"
# Rounds that are not counted: each process of the server reads the catalogues once.
_WARMING = 4


def main() -> int:
    """Print one JSON object; exit status 0 if every target was met, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=45, help="of HTTP; 0 leaves it out")
    parser.add_argument(
        "--seconds",
        type=float,
        default=0.3,
        help="length of a round of one view; many short ones meet the machine alike",
    )
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--points", type=int, default=1_000_000, help="0 leaves the bulk out")
    parser.add_argument(
        "--slices", type=int, default=5, help="rounds of bulk; SQL does one slice of the points in each"
    )
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geoportal.settings")
    django.setup()
    from bench.tiling import build_city

    few = build_city("bench-few", "BFW", (-5.55, 35.40), districts=50, areas=100)
    many = build_city("bench-many", "BMY", (-5.15, 35.40), districts=500, areas=100)
    one = _measure_one({FEW: few, MANY: many}, options) if options.rounds else {"ok": False}
    bulk = _measure_many(few, options) if options.points else {"ok": False}
    report = {"bench": "route", "ok": one["ok"] and bulk["ok"], "one": one, "many": bulk}
    print(json.dumps(report))
    return 0 if report["ok"] else 1


def _measure_one(cities: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    from django.db import connection

    paths = {name: _paths(city) for name, city in cities.items()} | {"bare": [BARE]}
    connection.close()
    rates: dict[str, list[float]] = {name: [] for name in paths}
    with serving("granian") as port:
        for number in range(-_WARMING, options.rounds):
            # One round over the same connections: whether one process of the server answers them or both, it is so for all.
            with opened(port, options.connections) as sockets:
                for name in list(paths) if number % 2 else list(reversed(paths)):
                    ask = functools.partial(_request, paths[name])
                    measured = rate_over(sockets, ask, seconds=options.seconds)
                    if number >= 0:
                        rates[name].append(measured)
            shown = ", ".join(f"{name} {values[-1]:.0f}/s" for name, values in rates.items() if values)
            print(shown, file=sys.stderr)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    times_bare, times_fewer = _median_ratio(rates["bare"], rates[FEW]), _median_ratio(rates[FEW], rates[MANY])
    return {
        "ok": times_bare <= MOST_TIMES_BARE and times_fewer <= MOST_TIMES_FEWER,
        "per_second": {name: round(value, 1) for name, value in medians.items()},
        "times_bare": round(times_bare, 3),
        "target_times_bare": MOST_TIMES_BARE,
        "times_of_500_polygons": round(times_fewer, 3),
        "target_times_of_500_polygons": MOST_TIMES_FEWER,
        "rounds": {name: [round(value, 1) for value in values] for name, values in rates.items()},
    }


def _median_ratio(rates: list[float], others: list[float]) -> float:
    """Of neighbours in time: rounds of one run differ by a factor of three, the views of one round do not."""
    return statistics.median(one / other for one, other in zip(rates, others, strict=True))


def _request(paths: list[str]) -> bytes:
    return get_bytes(random.choice(paths))


def _paths(city: Any) -> list[str]:
    from bench.tiling import SIDE

    draw = random.Random(3)
    west, south = city.corner
    return [
        f"/api/v1/route/?longitude={west + draw.random() * SIDE * 0.96 + 0.003:.6f}"
        f"&latitude={south + draw.random() * SIDE * 0.96 + 0.003:.6f}&category={draw.choice(city.categories).code}"
        for _ in range(500)
    ]


def _measure_many(city: Any, options: argparse.Namespace) -> dict[str, Any]:
    import numpy as np
    from django.utils import timezone

    from catalogue.snapshot import current_snapshot
    from complaints.bulk import BulkRouter
    from districts.batch import active_editions, load_boundaries

    points, categories = _points(city, options.points)
    at = [timezone.now()] * len(points)
    tolerance = city.city.edge_tolerance_m
    load = functools.partial(load_boundaries, city.city.pk, active_editions(city.city.pk), edge_tolerance_m=tolerance)
    slices = np.array_split(np.arange(len(points)), options.slices)
    # The runtime role may not make tables.
    database = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    database.autocommit = True
    _fill(database, points, categories, {category.pk: category.service_id for category in city.categories})
    bulk_rates, sql_rates, different, compared = [], [], 0, 0
    for part in slices:
        begun = time.perf_counter()
        router = BulkRouter(current_snapshot(city.city), load())
        routed = router.route(points, categories, at)
        bulk_rates.append(len(points) / (time.perf_counter() - begun))
        seconds, answers = _ask_database(database, int(part[0]), int(part[-1]), city.city.pk)
        sql_rates.append(len(part) / seconds)
        different += int(_compare(routed, part, answers))
        compared += len(part)
        print(f"bulk {bulk_rates[-1]:.0f}/s, sql {sql_rates[-1]:.0f}/s, different {different}", file=sys.stderr)
    ratio = statistics.median(bulk_rates) / statistics.median(sql_rates)
    return {
        "ok": ratio >= LEAST_TIMES_SQL and different == 0 and compared == len(points),
        "points": len(points),
        "bulk_per_second": round(statistics.median(bulk_rates)),
        "sql_per_second": round(statistics.median(sql_rates)),
        "ratio": round(ratio, 1),
        "target_ratio": LEAST_TIMES_SQL,
        "compared": compared,
        "different": different,
        "rounds": {"bulk": [round(rate) for rate in bulk_rates], "sql": [round(rate) for rate in sql_rates]},
    }


def _points(city: Any, count: int) -> Any:
    """Nine of ten at random in the square, some outside its wobbly edge; the rest on vertices and edges. 7 decimals, as gated."""
    import numpy as np
    import shapely

    from bench.tiling import SIDE
    from districts.models import District

    draw = np.random.default_rng(11)
    places = np.array(city.corner) + draw.uniform(0, SIDE, size=(count, 2))
    rings = [shapely.from_wkb(bytes(d.geometry.wkb)) for d in District.objects.filter(jurisdiction=city.city)]
    vertices = shapely.get_coordinates(np.array(rings, dtype=object))
    on_border = np.flatnonzero(draw.random(count) < 0.1)
    chosen = draw.integers(0, len(vertices) - 1, size=len(on_border))
    share = draw.choice([0.0, 0.25, 0.5, 0.75], size=(len(on_border), 1))
    places[on_border] = vertices[chosen] + share * (vertices[chosen + 1] - vertices[chosen])
    keys = np.array([category.pk for category in city.categories], dtype=np.int64)
    return np.round(places, 7), draw.choice(keys, size=count)


def _fill(database: Any, points: Any, categories: Any, services: dict[int, int]) -> None:
    """A table of the points in the database; making it is not measured."""
    lines = (
        f"{number}\t{x!r}\t{y!r}\t{services[category]}\t{category}\n"
        for number, ((x, y), category) in enumerate(zip(points.tolist(), categories.tolist(), strict=True))
    )
    with database.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE bench_point (i int PRIMARY KEY, lon float8, lat float8, service bigint, category bigint)"
        )
        cursor.copy_expert("COPY bench_point FROM STDIN", io.StringIO("".join(lines)))
        cursor.execute("ANALYZE bench_point")


def _ask_database(database: Any, first: int, last: int, city: int) -> tuple[float, dict[int, tuple[Any, ...]]]:
    """Seconds that the set-based statement took for a slice of the points, and its answers."""
    from districts.selectors import AREAS, COVERING

    columns = {"lon": "p.lon", "lat": "p.lat", "city": str(city), "editions": "e.is_active"}
    areas = AREAS.format(**columns, service="p.service", category="p.category")
    sql = f"""
        CREATE TEMP TABLE bench_answer AS
        SELECT p.i, d.id AS district, a.areas[1] AS area, a.areas[2] AS second, a.units[1] AS unit
        FROM bench_point p
        LEFT JOIN LATERAL ({COVERING.format(**columns)}) d (city, version, id, code, name, parent, metres) ON true
        LEFT JOIN LATERAL (SELECT array_agg(id) AS areas, array_agg(unit_id) AS units
                           FROM ({areas} LIMIT 2) best) a ON true
        WHERE p.i BETWEEN {first} AND {last}"""
    with database.cursor() as cursor:
        begun = time.perf_counter()
        cursor.execute(sql)
        seconds = time.perf_counter() - begun
        cursor.execute("SELECT * FROM bench_answer")
        answers = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute("DROP TABLE bench_answer")
    return seconds, answers


def _compare(routed: Any, part: Any, answers: dict[int, tuple[Any, ...]]) -> int:
    """How many points got another district, area, runner-up or unit from the database."""
    import numpy as np

    districts = [row["id"] for row in routed.boundaries.districts.rows]
    areas = [row["id"] for row in routed.boundaries.areas.rows]
    different = 0
    for index in part.tolist():
        district, area, second, unit = answers[index]
        if not np.isnan(routed.outside_by_m[index]):
            # A few metres outside: no district covers it in SQL either; the nearest one is asked for one by one there.
            different += district is not None
            continue
        mine = routed.districts[index], routed.areas[index], routed.runners_up[index]
        told = tuple(rows[n] if n >= 0 else None for rows, n in zip((districts, areas, areas), mine, strict=True))
        if district is None:
            different += told[0] is not None
        else:
            different += told != (district, area, second) or (unit is not None and unit != routed.units[index])
    return different


if __name__ == "__main__":
    sys.exit(main())
