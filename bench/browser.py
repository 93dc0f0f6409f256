"""The home map in a browser with two million complaints behind it, and the desk while robots ask (`./run bench browser`).

In Chromium, with the processor as it is and slowed down four times: the data that the first map takes, the longest time that
the page did not answer (load, three zooms, two drags), and the heap after a collection. Then the desk's list, alone and while
fifty random tiles and boxes a second are asked for: half of the desk's requests come before, half after, so that what the
machine does besides falls out.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import django

from bench.map import CITY, load

TARGETS = {
    "data_kb": 30,
    "freeze_ms": 100,
    "freeze_ms_slowed": 250,
    "heap_mb": 40,
    "desk_with_robots": 1.1,
    "refused_without_retry_after": 0,
}
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SLOWED = 4
# Keeps the main thread's tasks of 50 ms and more, from the first line of the page on: [begun, taken] in milliseconds.
_WATCH = """
window.tasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.tasks.push([Math.round(task.startTime), Math.round(task.duration)]);
}).observe({ type: "longtask", buffered: true });
"""


def main() -> int:
    """Print one JSON object; exit status 0 if every target was met, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=2_000_000)
    parser.add_argument("--seconds", type=float, default=60, help="of robots")
    parser.add_argument("--rate", type=float, default=50, help="requests of robots a second")
    parser.add_argument("--figures", nargs="+", choices=("browser", "robots"), default=("browser", "robots"))
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    django.setup()
    from bench.servers import serving

    loaded = load(options.points)
    worst: dict[str, float] = {}
    if "browser" in options.figures:
        with serving("granian") as port:
            plain, slowed = (_browse(port, slowdown) for slowdown in (1, SLOWED))
        loaded |= {"plain": plain, "slowed": slowed}
        worst |= {name: plain[name] for name in ("data_kb", "freeze_ms", "heap_mb")}
        worst["freeze_ms_slowed"] = slowed["freeze_ms"]
    if "robots" in options.figures:
        with serving("granian", rate_limit_scale="1") as port:
            loaded["robots"] = _robots(port, options.rate, options.seconds)
        worst["desk_with_robots"] = loaded["robots"]["times"]
        worst["refused_without_retry_after"] = loaded["robots"]["robots"]["refused without Retry-After"]
    missed = [name for name, value in worst.items() if value > TARGETS[name]]
    print(
        json.dumps(
            {"bench": "browser", "ok": not missed, "missed": missed, "targets": TARGETS, "worst": worst} | loaded
        )
    )
    return 1 if missed else 0


def _browse(port: int, slowdown: int) -> dict[str, Any]:
    """The home page, its map zoomed and dragged."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(_WATCH)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Performance.enable")
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        data, asked = _listen(devtools)
        page.goto(f"http://127.0.0.1:{port}/fr/", wait_until="networkidle")
        page.wait_for_selector("#map .leaflet-marker-icon")
        page.wait_for_timeout(1500)
        first, of_load = sum(data.values()), page.evaluate("window.tasks")
        box = page.locator("#map").bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(*middle)
        for _ in range(3):
            page.mouse.wheel(0, -400)
            page.wait_for_timeout(1200)
        for step in (150, -220):
            page.mouse.down()
            page.mouse.move(middle[0] + step, middle[1] + step / 2, steps=8)
            page.mouse.up()
            page.mouse.move(*middle)
            page.wait_for_timeout(1200)
        tasks = page.evaluate("window.tasks")
        devtools.send("HeapProfiler.collectGarbage")
        metrics = {row["name"]: row["value"] for row in devtools.send("Performance.getMetrics")["metrics"]}
        markers = page.locator("#map .leaflet-marker-icon").count()
        browser.close()
    return {
        "data_kb": round(first / 1000, 1),
        "freeze_ms": max((taken for _, taken in tasks), default=0),
        "freeze_ms_of_load": max((taken for _, taken in of_load), default=0),
        "longest_of_load_begun_and_taken_ms": sorted(of_load, key=lambda task: -task[1])[:5],
        "heap_mb": round(metrics["JSHeapUsedSize"] / 1e6, 1),
        "markers": markers,
        "asked": len(asked),
    }


def _listen(devtools: Any) -> tuple[dict[str, int], list[str]]:
    """Bytes on the wire of what comes from the API and as tiles, by request; and their addresses."""
    asked: dict[str, str] = {}
    data: dict[str, int] = {}
    addresses: list[str] = []

    def begun(event: Any) -> None:
        path = "/" + event["request"]["url"].split("/", 3)[-1]
        if path.startswith(("/api/", "/tiles/")):
            asked[event["requestId"]] = path
            addresses.append(path)

    def ended(event: Any) -> None:
        if event["requestId"] in asked:
            data[event["requestId"]] = int(event["encodedDataLength"])

    devtools.on("Network.requestWillBeSent", begun)
    devtools.on("Network.loadingFinished", ended)
    return data, addresses


def _robots(port: int, rate: float, seconds: float) -> dict[str, Any]:
    """The desk's median alone (before and after) and while robots ask."""
    from catalogue.models import Jurisdiction

    desk = _Desk(port)
    for _ in range(5):
        desk.ask()
    box = [str(edge) for edge in Jurisdiction.objects.get(code=CITY).bounds]
    before = desk.ask_for(seconds / 2)
    command = [sys.executable, "-m", "bench.robots", str(port), f"--rate={rate}", f"--seconds={seconds}", "--box", *box]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        during = desk.ask_for(seconds)
        told, _ = running.communicate()
    after = desk.ask_for(seconds / 2)
    alone, beside = statistics.median(before + after), statistics.median(during)
    return {
        "times": round(beside / alone, 2),
        "times_p95": round(_p95(during) / _p95(before + after), 2),
        "alone_ms": round(alone, 1),
        "with_robots_ms": round(beside, 1),
        "before_ms": round(statistics.median(before), 1),
        "after_ms": round(statistics.median(after), 1),
        "robots": json.loads(told),
    }


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


class _Desk:
    """A clerk's list over one connection, once in two fifths of a second: as a busy unit reads it."""

    def __init__(self, port: int) -> None:
        from django.conf import settings
        from django.test import Client

        from bench.desk import clerk

        client = Client()
        client.force_login(clerk(), backend="django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Accept-Language": "fr"}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(self) -> float:
        begun = time.perf_counter()
        self.connection.request("GET", "/fr/desk/", headers=self.headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"the desk answered {answer.status}")
        return (time.perf_counter() - begun) * 1000

    def ask_for(self, seconds: float) -> list[float]:
        # Meanwhile the server may have hung up.
        self.connection.close()
        end, taken = time.monotonic() + seconds, []
        while time.monotonic() < end:
            taken.append(self.ask())
            time.sleep(0.4)
        return taken


if __name__ == "__main__":
    sys.exit(main())
