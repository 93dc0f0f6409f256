"""The figures of `./run bench map`: each asks us, the peer and the bare SQL in turns."""

import http.client
import os
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from analytics.feed import consume
from analytics.tally.keeping import SQUARE_ZOOMS
from analytics.tally.spots import SPOT_ZOOM, Square
from analytics.tally.tiles import shown_zoom
from api.feeds import copy_table
from api.grid import bounds
from bench import peers
from catalogue.models import Jurisdiction
from complaints.models import Complaint, FeedItem

TILES = 12
ZOOMS = (6, 8, 10, 12, 13, 14, 15, 16)
PYRAMID = (6, 8, 10, 12)
PATIENCE_MS = 10_000
TARGETS = {
    "tile_to_tipg": 12.0,
    "deep_tile_to_z10": 4.0,
    "growth": 1.5,
    "growth_of_other_filters": 4.5,
    "upkeep_ms": 0.4,
    "list_to_serializer": 20.0,
    "list_to_tipg": 20.0,
    "csv_to_copy": 0.8,
    "csv_mb": 100.0,
}


class Server:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def ask(self, path: str) -> float:
        """Milliseconds until the whole answer is there. A server hangs up on who was silent while a peer took its time."""
        try:
            return self._ask(path)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection.close()
            return self._ask(path)

    def _ask(self, path: str) -> float:
        begun = time.perf_counter()
        self.connection.request("GET", path, headers={"Accept-Language": "fr"})
        answer = self.connection.getresponse()
        while answer.read(1 << 20):
            pass
        if answer.status not in (200, 204):
            raise SystemExit(f"{path}: {answer.status}")
        return (time.perf_counter() - begun) * 1000


def tiles(ours: int, peer: int | None, *, rounds: int) -> dict[str, Any]:
    """Percentiles of tiles by zoom and filter. Tiles are drawn by what lies in them: busy ones come often."""
    asked, theirs = Server(ours), Server(peer) if peer else None
    told: dict[str, Any] = {}
    for name, (query, their_query) in _filters().items():
        told[name] = {}
        for zoom in ZOOMS:
            taken: dict[str, list[float]] = {"ours": [], "tipg": [], "sql": []}
            for tile in _tiles(zoom):
                address = f"{tile.zoom}/{tile.x}/{tile.y}"
                asked.ask(f"/tiles/complaints/{address}.mvt?{query}")
                for _ in range(rounds):
                    taken["ours"].append(asked.ask(f"/tiles/complaints/{address}.mvt?{query}"))
                    if name == "all" and zoom <= SQUARE_ZOOMS[-1] - 2:
                        taken["sql"].append(_bare_tile(tile))
                    if theirs and their_query is not None:
                        taken["tipg"].append(theirs.ask(peers.tile_path(tile.zoom, tile.x, tile.y, their_query)))
            told[name][zoom] = {who: percentiles(values) for who, values in taken.items() if values}
    return told


def _filters() -> dict[str, tuple[str, str | None]]:
    """Ours and the peer's query of each filter; None where the peer has no such filter."""
    city = Jurisdiction.objects.get()
    service = city.services.order_by("order", "code")[0]
    category = city.categories.filter(publication="exact").order_by("code")[0]
    return {
        "all": ("", ""),
        "service": (f"service={service.code}", f"&service_id={service.pk}"),
        "open": ("state=open", None),
        "resolved": ("state=resolved", "&state=resolved"),
        "months": ("from=2025-01-01&to=2025-07-01", None),
        "service and months": (f"service={service.code}&state=closed&from=2024-01-01&to=2025-01-01", None),
        "days": ("from=2025-01-10&to=2025-03-20", None),
        "category and days": (f"category={category.code}&from=2025-01-10&to=2025-03-20", None),
    }


OTHER_FILTERS = ("days", "category and days")


def _tiles(zoom: int) -> list[Square]:
    draw = random.Random(zoom)
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(complaint_id), max(complaint_id) FROM analytics_counted WHERE spot IS NOT NULL")
        first, last = cursor.fetchone()
        found = []
        for _ in range(TILES):
            cursor.execute(
                "SELECT spot FROM analytics_counted WHERE complaint_id >= %s AND spot IS NOT NULL ORDER BY complaint_id LIMIT 1",
                [draw.randint(first, last)],
            )
            found.append(Square.of_number(zoom, cursor.fetchone()[0] >> 2 * (SPOT_ZOOM - zoom)))
    return found


_BARE_TILE = """
SELECT ST_AsMVT(shown, 'cells') FROM (
    SELECT sum(n)::int AS n, ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(sum(sum_x) / sum(n) / 1e7,
        sum(sum_y) / sum(n) / 1e7), 4326), 3857), ST_TileEnvelope(%s, %s, %s)) AS geom
    FROM analytics_squarecount WHERE jurisdiction_id = %s AND zoom = %s AND month = 0 AND detailed
      AND square >= %s AND square < %s GROUP BY square >> %s
) shown
"""


def _bare_tile(tile: Square) -> float:
    """The limit: one statement over the counts, without a filter, a server or a question whether it may be asked."""
    zoom = shown_zoom(tile.zoom)
    stored = next(known for known in SQUARE_ZOOMS if known >= zoom)
    city = Jurisdiction.objects.get().pk
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            _BARE_TILE, [tile.zoom, tile.x, tile.y, city, stored, *tile.range_at(stored), 2 * (stored - zoom)]
        )
        cursor.fetchone()
    return (time.perf_counter() - begun) * 1000


def upkeep(ours: int, peer: int | None, *, rounds: int) -> dict[str, Any]:
    """Milliseconds an event takes, in batches of a thousand, and how long a second's fifty take."""
    now = timezone.now()
    ids = list(Complaint.objects.order_by("-pk").values_list("pk", flat=True)[:200_000])
    draw = random.Random(1)
    batches: list[float] = []
    seconds: list[float] = []
    for number in range(3 * rounds):
        for count, into in ((1000, batches), (250, seconds)):
            _change(draw.sample(ids, count), ("accepted", "in_progress", "resolved")[number % 3])
            begun = time.perf_counter()
            consume(now=now + timedelta(minutes=1))
            into.append((time.perf_counter() - begun) * 1000)
    return {
        "ms_per_event": round(statistics.median(batches) / 1000, 3),
        "ms_for_5_seconds_events": round(statistics.median(seconds)),
    }


def _change(ids: list[int], state: str) -> None:
    now = timezone.now()
    Complaint.objects.filter(pk__in=ids).update(state=state)
    FeedItem.objects.bulk_create(FeedItem(complaint_id=pk, created_at=now, next_attempt_at=now) for pk in ids)


def listing(ours: int, peer: int | None, *, rounds: int) -> dict[str, Any]:
    """A thousand complaints of a box, with the exact total; the serializer and tipg in turns with us, while they are bearable."""
    asked, bare, theirs = Server(ours), Server(ours), Server(peer) if peer else None
    taken: dict[str, Any] = {"ours": [], "serializer": [], "tipg": []}
    for box in _boxes():
        asked.ask(f"/api/v1/complaints.geojson?bbox={box}&page_size=1000")
        for _ in range(rounds):
            taken["ours"].append(asked.ask(f"/api/v1/complaints.geojson?bbox={box}&page_size=1000"))
            if _is_bearable(taken["serializer"]):
                taken["serializer"].append(bare.ask(f"/bench/list/?bbox={box}&page_size=1000"))
            if theirs and _is_bearable(taken["tipg"]):
                taken["tipg"].append(theirs.ask(peers.list_path(box, 1000)))
    return {who: percentiles(values) for who, values in taken.items() if values}


def _is_bearable(taken: list[float]) -> bool:
    """Whether a peer is asked again: one that takes ten seconds for a page would take an hour for all."""
    return max(taken, default=0) < PATIENCE_MS


def _boxes() -> Iterator[str]:
    """Boxes of one to five kilometres around busy places."""
    draw = random.Random(2)
    for tile in _tiles(16)[:6]:
        lon, lat, _east, _north = bounds(tile.zoom, tile.x, tile.y)
        side = draw.uniform(0.005, 0.025)
        yield f"{lon - side:.5f},{lat - side:.5f},{lon + side:.5f},{lat + side:.5f}"


def table(ours: int, peer: int | None, *, rounds: int) -> dict[str, Any]:
    """The whole download, a bare COPY of the same rows and columns, and how much larger the server's processes grow meanwhile."""
    asked = Server(ours)
    asked.ask("/api/v1/complaints.csv?page_size=1")
    taken: dict[str, list[float]] = {"ours": [], "copy": []}
    with _watched_memory() as grown:
        for _ in range(min(rounds, 2)):
            taken["ours"].append(asked.ask("/api/v1/complaints.csv") / 1000)
            begun = time.perf_counter()
            with open(os.devnull, "wb") as nowhere:
                rows = copy_table(Complaint.objects.public(), nowhere, now=timezone.now(), photo_url=("", ""))
            taken["copy"].append(time.perf_counter() - begun)
    return {who: round(min(values), 2) for who, values in taken.items()} | {"rows": rows, "mb": round(max(grown), 1)}


@contextmanager
def _watched_memory() -> Iterator[list[float]]:
    """By how many MB any process of the server has grown since, looked at ten times a second."""
    before = {pid: _resident(pid) for pid in _servers()}
    peak, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            peak.append(max((_resident(pid) - mb for pid, mb in before.items()), default=0.0))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _servers() -> Iterator[int]:
    """The web server's processes: those below this one, but for the peer's."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"granian" in (folder / "cmdline").read_bytes():
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    for pid in parents:
        above = pid
        while above in parents:
            above = parents[above]
        if above == os.getpid():
            yield pid


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError):
        return 0.0


def percentiles(values: Any) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
        "n": len(ordered),
    }


def report(few: dict[str, Any], many: dict[str, Any]) -> dict[str, Any]:
    """What is compared with the targets, and whether all are met."""
    worst: dict[str, Any] = {}
    if "tiles" in many:
        worst |= _of_tiles(few["tiles"], many["tiles"])
    if "upkeep" in many:
        worst["upkeep_ms"] = many["upkeep"]["ms_per_event"]
    if "listing" in many:
        for who, name in (("serializer", "list_to_serializer"), ("tipg", "list_to_tipg")):
            if who in many["listing"]:
                worst[name] = round(many["listing"][who]["p50"] / many["listing"]["ours"]["p50"], 1)
    if "table" in many:
        worst["csv_to_copy"] = round(many["table"]["copy"] / many["table"]["ours"], 2)
        worst["csv_mb"] = many["table"]["mb"]
    at_least = {"tile_to_tipg", "list_to_serializer", "list_to_tipg", "csv_to_copy"}
    missed = [
        name for name, value in worst.items() if (value < TARGETS[name] if name in at_least else value > TARGETS[name])
    ]
    return {"ok": not missed, "missed": missed, "targets": TARGETS, "worst": worst}


def _of_tiles(few: dict[str, Any], many: dict[str, Any]) -> dict[str, float]:
    p95: Callable[[Any, str, int], float] = lambda told, name, zoom: told[name][zoom]["ours"]["p95"]  # noqa: E731
    worst = {
        "deep_tile_to_z10": max(
            p95(many, name, zoom) / p95(many, name, 10) for name in many for zoom in ZOOMS if zoom > 12
        ),
        "growth": max(
            p95(many, name, zoom) / p95(few, name, zoom) for name in many if name not in OTHER_FILTERS for zoom in ZOOMS
        ),
        "growth_of_other_filters": max(p95(many, name, z) / p95(few, name, z) for name in OTHER_FILTERS for z in ZOOMS),
    }
    to_tipg = [
        told[zoom]["tipg"]["p95"] / told[zoom]["ours"]["p95"]
        for told in many.values()
        for zoom in PYRAMID
        if "tipg" in told[zoom]
    ]
    if to_tipg:
        worst["tile_to_tipg"] = min(to_tipg)
    return {name: round(value, 2) for name, value in worst.items()}
