"""Memory and pace of importing a million old records (`./run bench history`): at most 500 MB resident, whatever their number.

Records are invented: scattered over the city that is loaded, some outside, some without a place, with 200 letters each. The
import runs as `manage import_complaints` does, in a process of its own, whose largest resident set is the figure.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

MOST_MB = 500
MAPPING = """
format = "csv"
source = "bench"
[columns]
id = "id"
longitude = "lon"
latitude = "lat"
submitted_at = "at"
state = "state"
category = "kind"
description = "text"
[dates]
formats = ["%Y-%m-%dT%H:%M:%S"]
time_zone = "Africa/Casablanca"
[states]
"*" = "confirmed"
[categories]
"""


def main() -> int:
    """Print one JSON object; exit status 0 if the target was met, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geoportal.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        code = _write(Path(folder), options.rows)
        begun = time.perf_counter()
        peak_mb, counts = _import(Path(folder), code)
        seconds = time.perf_counter() - begun
    ok = peak_mb <= MOST_MB and counts["read"] == options.rows
    report = {"bench": "history", "ok": ok, "rows": options.rows, "peak_mb": round(peak_mb, 1), "target_mb": MOST_MB}
    report |= {"seconds": round(seconds, 1), "rows_per_second": round(options.rows / seconds), "counts": counts}
    print(json.dumps(report))
    return 0 if ok else 1


def _write(folder: Path, rows: int) -> str:
    """The records and their mapping; the code of the city."""
    from catalogue.models import Jurisdiction

    city = Jurisdiction.objects.order_by("pk")[0]
    west, south, east, north = city.bounds
    codes = list(city.categories.filter(is_active=True).values_list("code", flat=True))
    (folder / "mapping.toml").write_text(MAPPING + "\n".join(f'"{code}" = "{code}"' for code in codes))
    draw, start = random.Random(5), datetime(2016, 1, 1, tzinfo=UTC)
    with (folder / "old.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "lon", "lat", "at", "state", "kind", "text"])
        for number in range(rows):
            at = start + timedelta(minutes=draw.randrange(10 * 365 * 1440))
            place = ("", "") if number % 50 == 0 else (draw.uniform(west, east), draw.uniform(south, north))
            text = f"{number} " + "Le bac déborde depuis trois jours, les sacs sont sur le trottoir. " * 3
            writer.writerow([number, *place, at.strftime("%Y-%m-%dT%H:%M:%S"), "done", draw.choice(codes), text])
    return city.code


def _import(folder: Path, code: str) -> tuple[float, dict[str, int]]:
    """The largest resident set in MB of the process that imports, and its counts."""
    told = folder / "told.json"
    command = [sys.executable, "manage.py", "import_complaints", str(folder / "old.csv"), "--jurisdiction", code]
    command += ["--mapping", str(folder / "mapping.toml"), "--json"]
    with told.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("the import failed")
    counts: dict[str, int] = json.loads(told.read_text().strip().splitlines()[-1])["counts"]
    return usage.ru_maxrss / 1024, counts


if __name__ == "__main__":
    sys.exit(main())
