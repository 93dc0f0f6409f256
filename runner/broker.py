"""The private Redis: a doorbell behind a unix socket. Losing it loses nothing: the work is rows in the database."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from runner.places import Places
from runner.steps import StepFailed, last_lines

PATIENCE_SECONDS = 20


def find_server() -> str:
    """Redis, or Valkey where a system has that instead. Raises StepFailed if neither is installed."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path="/usr/bin:/usr/local/bin:/usr/sbin:/bin"):
            return found
    raise StepFailed("Redis is missing. Mend: apt-get install redis-server")


def command(places: Places) -> list[str]:
    """How the server is started, by us and by the supervisor alike."""
    return [
        find_server(), "--port", "0", "--unixsocket", str(places.broker_socket), "--unixsocketperm", "600",
        "--dir", str(places.broker), "--appendonly", "yes", "--save", "", "--daemonize", "no",
        "--maxmemory", "256mb", "--maxmemory-policy", "noeviction",
    ]  # fmt: skip


def start(places: Places) -> None:
    """Start Redis outside the supervisor and wait until it answers."""
    if is_running(places):
        return
    with (places.logs / "redis.log").open("ab") as output:
        subprocess.Popen(
            command(places), stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    wait_until_ready(places)


def wait_until_ready(places: Places) -> None:
    """Wait until Redis answers. Raises StepFailed with the end of its log."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_running(places):
        if time.monotonic() > deadline:
            log = places.logs / "redis.log"
            raise StepFailed(f"The private Redis does not start. The end of {log}:\n" + "\n".join(last_lines(log, 8)))
        time.sleep(0.05)


def is_running(places: Places) -> bool:
    return _ask(places.broker_socket, b"PING\r\n").startswith(b"+PONG")


def stop(places: Places) -> None:
    """Ask Redis to save and leave. Does nothing if none runs."""
    if not is_running(places):
        return
    _ask(places.broker_socket, b"SHUTDOWN\r\n")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_running(places) and time.monotonic() < deadline:
        time.sleep(0.05)


def _ask(path: Path, request: bytes) -> bytes:
    """Send one inline command; empty bytes if nobody listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
            connection.sendall(request)
            return connection.recv(200)
        except OSError:
            return b""
