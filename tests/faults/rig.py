"""Real processes on a private database and broker: a granian, a celery worker with beat, killed and started at will."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg2

from tests.faults.tunnel import Tunnel

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = "import django; django.setup(); from tests.builders import build_gridville; build_gridville()"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until `true()`; an AssertionError naming `what` when it takes longer."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


@dataclass
class Site:
    """One installation. `database_url` leads through a tunnel that tests may cut."""

    owner_url: str
    folder: Path
    tunnel: Tunnel
    port: int = field(default_factory=free_port)
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        inside = {name: value for name, value in os.environ.items() if name not in ("GEOPORTAL_FAILPOINT", "EMAIL_URL")}
        return inside | {
            "GEOPORTAL_ENV": "test",
            "GEOPORTAL_VAR": str(self.folder),
            "DATABASE_URL": self.tunnelled_url,
            "DATABASE_OWNER_URL": self.tunnelled_url,
            "BROKER_URL": f"redis+socket://{self.folder}/redis.sock",
            "SECRET_KEY": "the-same-after-each-restart",
            "DEFAULT_JURISDICTION": "gridville",
            "RATE_LIMIT_SCALE": "0",
            "PORT": str(self.port),
        }

    @property
    def tunnelled_url(self) -> str:
        parts = urlsplit(self.owner_url)
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()} | {"host": str(self.tunnel.folder)}
        user = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{user}@", query=urlencode(options | {"port": "5432"})).geturl()

    # --- programs

    def start_redis(self) -> None:
        sock = self.folder / "redis.sock"
        self._start(
            "redis", ["redis-server", "--port", "0", "--unixsocket", str(sock), "--save", "", "--dir", str(self.folder)]
        )
        wait_until(sock.exists, seconds=10, what="redis listens")

    def start_web(self, *, dies_at: str = "") -> None:
        granian = [
            str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(self.port), "--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "warning",
            "geoportal.wsgi:application",
        ]  # fmt: skip
        self._start("web", granian, dies_at=dies_at)
        wait_until(self.is_live, seconds=30, what="the web server answers")

    def start_worker(self, *, dies_at: str = "") -> None:
        celery = [
            str(Path(sys.executable).with_name("celery")), "-A", "geoportal", "worker", "-c", "1", "-B",
            "-s", str(self.folder / "beat"), "--loglevel", "INFO", "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        self._start("worker", celery, dies_at=dies_at)

    def kill(self, name: str) -> None:
        """kill -9 of a program with all its children, as a power cut or the kernel would."""
        process = self.programs.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def is_live(self) -> bool:
        try:
            return self.request("/health/live").status == 200
        except OSError:
            return False

    def _start(self, name: str, command: list[str], *, dies_at: str = "") -> None:
        more = {"GEOPORTAL_FAILPOINT": dies_at} if dies_at else {}
        with (self.folder / f"{name}.log").open("wb") as log:
            self.programs[name] = subprocess.Popen(
                command, cwd=REPOSITORY, env=self.environment | more, stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    # --- looking inside, past the tunnel

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with (
            closing(psycopg2.connect(**connection_arguments(self.owner_url))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
            connection.commit()
            return cursor.fetchall() if cursor.description else []

    def count(self, sql: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {sql}")[0][0])

    def leases_run_out(self) -> None:
        """What a minute of waiting would do, once after a death: a worker that is alive would lose its row each time."""
        for table in ("notifications_outboxmessage", "complaints_attachment", "complaints_feeditem"):
            self.rows(
                f"UPDATE {table} SET next_attempt_at = least(next_attempt_at, now()),"
                " leased_until = least(leased_until, now()) WHERE queue_state = 'due'"
            )

    def has_died(self, *, times: int) -> bool:
        """True once processes have died at so many failpoints."""
        return len(list(self.folder.glob("died-at-*"))) >= times

    def mails(self) -> list[Path]:
        return sorted((self.folder / "mail").glob("*.eml"))

    def request(self, path: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """GET, or POST of `data`. Raises OSError when the server dies before it answers."""
        request = urllib.request.Request(self.url + path, data=data, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())
        except http.client.HTTPException as cut:
            raise ConnectionError("the answer was cut short") from cut

    def file(self, key: str, photo: bytes = b"") -> Answer:
        """File a complaint over the API with an e-mail address and perhaps a photo, under an idempotency key."""
        reporter = {"email": f"{key}@example.org", "language": "fr", "consent_contact": True}
        fields = {
            "category": "pothole",
            "longitude": 0.005,
            "latitude": 0.005,
            "description": key,
            "reporter": reporter,
        }
        headers = {"Idempotency-Key": f"a-key-of-enough-length-{key}"}
        if not photo:
            body = json.dumps(fields).encode()
            return self.request("/api/v1/complaints/", body, headers | {"Content-Type": "application/json"})
        parts = [
            f'--frontier\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{_text(value)}\r\n'.encode()
            for name, value in fields.items()
        ]
        parts.append(b'--frontier\r\nContent-Disposition: form-data; name="files"; filename="p.jpg"\r\n')
        parts.append(b"Content-Type: image/jpeg\r\n\r\n" + photo + b"\r\n--frontier--\r\n")
        kind = {"Content-Type": "multipart/form-data; boundary=frontier"}
        return self.request("/api/v1/complaints/", b"".join(parts), headers | kind)

    def stop(self) -> None:
        for name in list(self.programs):
            self.kill(name)


def connection_arguments(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    given = {
        "dbname": parts.path.lstrip("/"),
        "user": parts.username,
        "password": parts.password,
        "host": parts.hostname,
        "port": parts.port,
    } | options
    return {name: value for name, value in given.items() if value}


def build_site(stack: ExitStack, owner_url: str, template: str) -> Site:
    """A site on a copy of the `template` database, with Gridville in it; all of it goes when `stack` closes."""
    name = f"faults_{uuid.uuid4().hex[:12]}"
    server = connection_arguments(urlsplit(owner_url)._replace(path=f"/{template}").geturl())
    admin = psycopg2.connect(**server | {"dbname": "postgres"})
    admin.autocommit = True
    stack.callback(admin.close)
    with admin.cursor() as cursor:
        # A database is copied only while nobody is connected: connections that earlier tests left behind go first.
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template])
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop() -> None:
        with admin.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    stack.callback(drop)
    # Sockets need a short path.
    folder = Path(tempfile.mkdtemp(prefix="gpf-", dir="/tmp"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    tunnel = Tunnel(server, folder)
    stack.callback(tunnel.cut)
    tunnel.open()
    site = Site(urlsplit(owner_url)._replace(path=f"/{name}").geturl(), folder, tunnel)
    stack.callback(site.stop)
    environment = site.environment | {"DJANGO_SETTINGS_MODULE": "geoportal.settings"}
    subprocess.run([sys.executable, "-c", BUILD], cwd=REPOSITORY, env=environment, check=True)
    return site
