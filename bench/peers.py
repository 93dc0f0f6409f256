"""tipg, a public tile and feature server for PostGIS, on the same tables: what our maps and lists are measured against."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from bench.servers import free_port

PINNED = ("tipg==1.6.1", "uvicorn==0.35.0")
START_SECONDS = 60
# What a map needs of a row; without this it sends every column.
COLUMNS = "id,tracking_number,state,service_id,category_id,submitted_at"
COLLECTION = "/collections/public.complaints_complaint"


def tile_path(z: int, x: int, y: int, query: str = "") -> str:
    return f"{COLLECTION}/tiles/WebMercatorQuad/{z}/{x}/{y}?geom-column=public_point&properties={COLUMNS}{query}"


def list_path(box: str, limit: int) -> str:
    return f"{COLLECTION}/items?geom-column=public_point&properties={COLUMNS}&bbox={box}&limit={limit}"


@contextmanager
def tipg(folder: Path) -> Iterator[int | None]:
    """Its port; None where it cannot be fetched. Installed in a virtual environment of its own under `folder`."""
    program = _install(folder)
    if program is None:
        yield None
        return
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": _address(),
        "TIPG_DB_SCHEMAS": '["public"]',
        "TIPG_MAX_FEATURES_PER_QUERY": "10000",
    }
    command = [
        str(program), "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--workers", "2", "--log-level", "warning",
        "--timeout-keep-alive", "600",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=sys.stderr, start_new_session=True)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(15)


def _install(folder: Path) -> Path | None:
    folder = folder.resolve()
    program = folder / "bin" / "python"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    done = subprocess.run([str(program), "-m", "pip", "install", "-q", *PINNED], stdout=sys.stderr)
    return program if done.returncode == 0 else None


def _address() -> str:
    """The database's address as asyncpg takes it, the socket's folder as the host. It makes temporary tables: the owner's."""
    parts = urlsplit(os.environ["DATABASE_OWNER_URL"])
    host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    who = f"{parts.username}:{parts.password}" if parts.password else parts.username
    return f"postgresql://{who}@{quote(host, safe='')}:{parts.port or 5432}{parts.path}"


def _wait_for(port: int) -> None:
    """Until it has read the tables of the database."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{COLLECTION}", timeout=10) as answer:
                if answer.status == 200:
                    return
        except (OSError, urllib.error.URLError):
            time.sleep(0.3)
    raise SystemExit("tipg did not start")
