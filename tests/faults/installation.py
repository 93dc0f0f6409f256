"""A whole installation as `./run` makes it: its own servers, supervisor and watchdog, on a port of its own."""

import http.client
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner import supervise
from runner.cluster import Cluster, find_binaries, superuser_sql
from runner.places import find_places
from runner.probing import status_of
from runner.steps import StepFailed
from tests.faults.rig import REPOSITORY, free_port, wait_until

# A fifth of the watchdog's usual times: it looks every two seconds.
PACE = "0.2"
# Other people's tests may have the processors.
PATIENCE_SECONDS = 180


class Installation:
    """One `./run` that serves Tétouan without demo data."""

    def __init__(self, folder: Path, **given: str) -> None:
        self.port = free_port()
        self.places = find_places(folder)
        self.cluster = Cluster(find_binaries(), self.places)
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        settings = {"PORT": str(self.port), "GEOPORTAL_VAR": str(folder), "GEOPORTAL_DEMO": "0"}
        self.environment = inherited | settings | {"RATE_LIMIT_SCALE": "0", "RUN_WATCHDOG_PACE": PACE} | given
        self.log = folder / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "runner", "serve"]
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self._is_up, seconds=PATIENCE_SECONDS * 7, what=f"./run serves; {self.log}")

    def _is_up(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log.read_text()
        return self.answers() and all(self.pid(name) for name in ("web", "worker", "long-worker", "beat", "watchdog"))

    def stop(self) -> int:
        """Ctrl-C. The exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def end(self) -> None:
        """Whatever a test left: nothing stays."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        supervise.end_leftovers(self.places)

    # --- what runs

    def pid(self, program: str) -> int:
        """The supervised process of a program; 0 while it does not run."""
        try:
            rows = supervise.connect(self.places.supervisor_socket).getAllProcessInfo()
        except (OSError, http.client.HTTPException):
            return 0
        return next((int(row["pid"]) for row in rows if row["name"] == program), 0)

    def kill(self, program: str) -> None:
        """kill -9 of a supervised process alone, and wait until another runs in its place."""
        former = self.pid(program)
        os.kill(former, signal.SIGKILL)
        self.wait_for_another(program, former)

    def wait_for_another(self, program: str, former: int) -> None:
        def replaced() -> bool:
            return self.pid(program) not in {0, former}

        wait_until(replaced, seconds=PATIENCE_SECONDS, what=f"another {program} than process {former}")

    @contextmanager
    def frozen(self, *programs: str) -> Iterator[dict[str, int]]:
        """Processes of programs with all their children hang, until somebody kills them. Yields the pids."""
        former = {name: self.pid(name) for name in programs}
        members = [pid for name in programs for pid in family(former[name])]
        for pid in members:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield former
        finally:
            for pid in members:
                supervise.signal_process(pid, signal.SIGCONT)

    # --- what it does

    def answers(self) -> bool:
        return (status_of("127.0.0.1", self.port) or 500) < 500

    def request(self, path: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """GET, or POST of `data`. Raises OSError when the server dies before it answers."""
        request = urllib.request.Request(self.url + path, data=data, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except http.client.HTTPException as cut:
            raise ConnectionError("the answer was cut short") from cut

    def file(self, key: str) -> str:
        """File a complaint as a phone does, again and again under one key until it is answered. The tracking number."""
        reporter = {"email": f"{key}@example.org", "language": "fr", "consent_contact": True}
        fields: dict[str, Any] = {
            "category": "pothole",
            "longitude": -5.3684,
            "latitude": 35.5727,
            "reporter": reporter,
        }
        headers = {"Idempotency-Key": f"a-key-of-enough-length-{key}", "Content-Type": "application/json"}
        numbers: list[str] = []

        def answered() -> bool:
            try:
                status, body = self.request("/api/v1/complaints/", json.dumps(fields).encode(), headers)
            except OSError:
                return False
            if status == 201:
                numbers.append(json.loads(body)["tracking_number"])
            else:
                # A server without a database says so; anything else is no answer to a sound report.
                assert status in {409, 500, 503}, body
            return bool(numbers)

        wait_until(answered, seconds=PATIENCE_SECONDS, what=f"an answer to {key}")
        return numbers[0]

    def sql(self, sql: str) -> str:
        try:
            return superuser_sql(self.cluster, "geoportal", sql)
        except StepFailed as fault:
            return str(fault)

    def mails_to(self, key: str) -> int:
        """Letters to the reporter of `key` that left."""
        needle = f"{key}@example.org".encode()
        return sum(needle in path.read_bytes() for path in (self.places.var / "mail").glob("*.eml"))


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def no_process_of(places_var: Path, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until nothing that belongs to an installation runs: neither application nor servers."""

    def gone() -> bool:
        return not any(_belongs(entry, str(places_var)) for entry in Path("/proc").glob("[0-9]*"))

    wait_until(gone, seconds=seconds, what=f"nothing of {places_var} runs")


def _belongs(entry: Path, var: str) -> bool:
    try:
        command = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
        marked = f"{supervise.MARK}={var}".encode() in (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return bool(command) and (marked or f"{var}/" in command) and int(entry.name) != os.getpid()


def soon(true: Callable[[], bool], what: str) -> None:
    wait_until(true, seconds=PATIENCE_SECONDS, what=what)
