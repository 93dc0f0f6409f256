"""Complaints a second through the real endpoint, beside a bare view that inserts two rows (`./run bench intake`).

Both run in the same server on the same database, in alternating rounds; the figure is the ratio of the medians, and the
target 0.5. Each filing of the real endpoint is checked, routed, promised and stored with reporter, decision, event, feed
item, message and idempotency key, and counts against a quota. `--servers` measures other servers in the same run.
"""

import argparse
import functools
import json
import os
import random
import statistics
import sys
import uuid

import django

from bench.load import post_bytes, rate
from bench.servers import serving

TARGET = 0.5
ROUNDS_A_TURN = 12
REAL, BARE = "/api/v1/complaints/", "/bench/bare/"


def main() -> int:
    """Print one JSON object; exit status 0 if the target was met, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a round of one view")
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--servers", default="granian", help="comma-separated: granian, gthread, sync")
    options = parser.parse_args()
    bodies = _bodies()
    rates: dict[tuple[str, str], list[float]] = {}
    for turn in range(0, options.rounds, ROUNDS_A_TURN):
        # Servers take turns, and the two views within a turn: whatever else the machine does hits all of them alike.
        for server in options.servers.split(","):
            _take_turn(server, min(ROUNDS_A_TURN, options.rounds - turn), options, bodies, rates)
    report = _report(rates, options)
    print(json.dumps(report))
    return 0 if report["ok"] else 1


def _take_turn(
    server: str,
    rounds: int,
    options: argparse.Namespace,
    bodies: list[bytes],
    rates: dict[tuple[str, str], list[float]],
) -> None:
    """Start a server, warm it up, and measure both views so many times, one after the other."""
    with serving(server) as port:
        for number in range(-1, rounds):
            for path in (BARE, REAL) if number % 2 else (REAL, BARE):
                ask = functools.partial(_request, path, bodies)
                measured = rate(port, ask, seconds=options.seconds, connections=options.connections)
                if number >= 0:
                    rates.setdefault((server, path), []).append(measured)
                    print(f"{server} {path} {measured:.0f}/s", file=sys.stderr)


def _request(path: str, bodies: list[bytes]) -> bytes:
    return post_bytes(path, random.choice(bodies), {"Idempotency-Key": uuid.uuid4().hex})


def _report(rates: dict[tuple[str, str], list[float]], options: argparse.Namespace) -> dict[str, object]:
    medians = {key: statistics.median(values) for key, values in rates.items()}
    servers = {}
    for server in options.servers.split(","):
        real, bare = medians[server, REAL], medians[server, BARE]
        servers[server] = {
            "creates_per_second": round(real, 1),
            "bare_per_second": round(bare, 1),
            "ratio": round(real / bare, 3),
            "ratio_of_neighbouring_rounds": round(statistics.median(_pairs(rates, server)), 3),
            "rounds": {
                "real": [round(r, 1) for r in rates[server, REAL]],
                "bare": [round(r, 1) for r in rates[server, BARE]],
            },
        }
    first = servers[options.servers.split(",")[0]]
    return {
        "bench": "intake",
        "ok": medians[options.servers.split(",")[0], REAL] >= TARGET * medians[options.servers.split(",")[0], BARE],
        "ratio": first["ratio"],
        "target": TARGET,
        "connections": options.connections,
        "servers": servers,
    }


def _pairs(rates: dict[tuple[str, str], list[float]], server: str) -> list[float]:
    return [real / bare for real, bare in zip(rates[server, REAL], rates[server, BARE], strict=True)]


def _bodies() -> list[bytes]:
    """Two hundred filings at random places of the city, over its categories that are not urgent."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geoportal.settings")
    django.setup()
    from django.db import connection

    from catalogue.models import Category

    codes = list(Category.objects.filter(urgent=False, questions__isnull=True).values_list("code", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_X(d.geom), ST_Y(d.geom) FROM (SELECT (ST_Dump(ST_GeneratePoints(ST_Union(geometry), 200, 7))).geom"
            " FROM districts_district JOIN districts_boundaryedition e ON e.id = edition_id AND e.is_active"
            " WHERE level = 1) d"
        )
        places = cursor.fetchall()
    connection.close()
    if not codes or not places:
        raise SystemExit("Load a city first: ./run manage load_city fixtures/tetouan")
    draw = random.Random(7)
    return [json.dumps(_filing(draw.choice(codes), *place), ensure_ascii=False).encode() for place in places]


def _filing(category: str, longitude: float, latitude: float) -> dict[str, object]:
    return {
        "category": category,
        "longitude": round(longitude, 6),
        "latitude": round(latitude, 6),
        "description": "Le bac déborde depuis trois jours, les sacs sont sur le trottoir.",
        "location_text": "en face de l'école",
        "reporter": {
            "name": "Rita",
            "email": "rita@example.org",
            "phone": "+212612345678",
            "language": "fr",
            "consent_contact": True,
        },
    }


if __name__ == "__main__":
    sys.exit(main())
