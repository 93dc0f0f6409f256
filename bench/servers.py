"""Starting the site as production serves it, or under another server, on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.programs import web_command

BIN = Path(sys.executable).parent
START_SECONDS = 60


def command(server: str, port: int) -> list[str]:
    """The command line of `granian` (as `./run` starts it), `gthread` or `sync` (gunicorn)."""
    if server == "granian":
        return web_command("127.0.0.1", str(port))
    kind = ["--worker-class", server, *(["--threads", "2"] if server == "gthread" else [])]
    return [
        str(BIN / "gunicorn"), "--bind", f"127.0.0.1:{port}", "--workers", "2", *kind, "--keep-alive", "60",
        "--log-level", "warning", "geoportal.wsgi:application",
    ]  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(server: str, *, rate_limit_scale: str = "1000000") -> Iterator[int]:
    """The port of a running server, which is stopped at the end. Quotas are out of the way unless they are scaled otherwise."""
    port = free_port()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "bench.settings", "RATE_LIMIT_SCALE": rate_limit_scale}
    process = subprocess.Popen(command(server, port), env=environment, start_new_session=True, stdout=sys.stderr)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")
