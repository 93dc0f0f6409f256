"""Robots that ask for random tiles and boxes (`python -m bench.robots PORT --rate 50 --seconds 60 --box …`). Prints JSON."""

import argparse
import http.client
import json
import random
import statistics
import sys
import threading
import time
from collections import Counter, defaultdict
from math import asinh, pi, radians, tan

THREADS = 16


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--box", type=float, nargs=4, required=True, metavar=("WEST", "SOUTH", "EAST", "NORTH"))
    given = parser.parse_args()
    told: Counter[str] = Counter()
    taken: dict[str, list[float]] = defaultdict(list)
    lock, begun, asked = threading.Lock(), time.monotonic(), iter(range(int(given.rate * given.seconds)))

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", given.port, timeout=60)
        while True:
            with lock:
                number = next(asked, None)
            if number is None:
                return
            time.sleep(max(0.0, begun + number / given.rate - time.monotonic()))
            address, sent = _address(given.box), time.perf_counter()
            connection.request("GET", address)
            answer = connection.getresponse()
            answer.read()
            refused = answer.status == 429
            with lock:
                told[str(answer.status)] += 1
                if not refused:
                    taken[_kind(address)].append((time.perf_counter() - sent) * 1000)
                told["refused without Retry-After"] += int(refused and not answer.getheader("Retry-After"))

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    medians = {kind: round(statistics.median(values), 1) for kind, values in taken.items()}
    print(json.dumps(dict(told) | {"seconds": round(time.monotonic() - begun, 1), "median_ms": medians}))
    return 0


def _kind(address: str) -> str:
    """Such as mvt."""
    return address.partition("?")[0].rpartition(".")[2]


def _address(box: list[float]) -> str:
    """A tile of the city or of anywhere, or what a map or a list of some box asks for."""
    west, south, east, north = box
    kind = random.random()
    if kind < 0.5:
        zoom = random.randint(6, 17)
        side = 2**zoom
        x = int((random.uniform(west, east) + 180) / 360 * side)
        y = int((1 - asinh(tan(radians(random.uniform(south, north)))) / pi) / 2 * side)
        return f"/tiles/complaints/{zoom}/{x}/{y}.mvt?state=open&late={random.choice(['', 'true'])}"
    lon, lat, size = random.uniform(west, east), random.uniform(south, north), random.choice([0.002, 0.01, 0.05])
    bbox = f"{lon:.5f},{lat:.5f},{lon + size:.5f},{lat + size:.5f}"
    if kind < 0.8:
        return f"/api/v1/map.json?bbox={bbox}&zoom={random.randint(11, 17)}"
    return f"/api/v1/complaints.geojson?bbox={bbox}"


if __name__ == "__main__":
    sys.exit(main())
