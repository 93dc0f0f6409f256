"""Whatever dies comes back, everything stops on request, and nothing outlives a supervisor that was killed."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from runner import supervise
from runner.environment import compose
from runner.places import Places
from runner.programs import Program, all_programs, supervisor_configuration

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Wait for a condition, with an end."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    sockets = Path("/tmp") / f"supervision-{os.getpid()}"
    sockets.mkdir(exist_ok=True)
    made = Places(var=tmp_path / "50% é", sockets=sockets, cluster=tmp_path / "pg", server_user=None)
    for folder in (made.var, made.run, made.logs):
        folder.mkdir()
    yield made
    shutil.rmtree(sockets)


@pytest.fixture
def supervisor(places: Places) -> Iterator[Popen[bytes]]:
    programs = [
        Program("server", SLEEPER, 10, server=True),
        Program("web", SLEEPER, 900),
        Program("worker", SLEEPER, 900),
    ]
    process = supervise.start(programs, places, dict(os.environ))
    yield process
    supervise.stop(process)
    supervise.end_leftovers(places)


def pid_of(places: Places, name: str) -> int:
    states = {row["name"]: row for row in supervise.connect(places.supervisor_socket).getAllProcessInfo()}
    return int(states[name]["pid"]) if states[name]["statename"] == "RUNNING" else 0


def test_servers_start_by_themselves_and_the_application_on_request(places: Places, supervisor: Popen[bytes]) -> None:
    until(lambda: pid_of(places, "server"))
    assert pid_of(places, "web") == 0
    supervise.start_web(places)
    until(lambda: pid_of(places, "web"))
    assert pid_of(places, "worker") == 0
    supervise.start_application(places)
    until(lambda: pid_of(places, "worker"))


def test_what_is_killed_comes_back(places: Places, supervisor: Popen[bytes]) -> None:
    until(lambda: pid_of(places, "server"))
    first = pid_of(places, "server")
    os.kill(first, signal.SIGKILL)
    until(lambda: pid_of(places, "server") not in {0, first})


def test_a_killed_supervisor_leaves_nothing_for_long(places: Places, supervisor: Popen[bytes]) -> None:
    supervise.start_application(places)
    until(lambda: pid_of(places, "web") and pid_of(places, "worker"))
    assert len(supervise.marked_processes(places.var)) >= 3
    supervisor.kill()
    supervisor.wait()
    supervise.end_leftovers(places)
    assert supervise.marked_processes(places.var) == []


def test_children_of_a_killed_program_are_found(places: Places, supervisor: Popen[bytes], tmp_path: Path) -> None:
    until(lambda: pid_of(places, "server"))
    assert supervise.orphans(places.var) == []
    script = f"import subprocess, time; subprocess.Popen({SLEEPER!r}); time.sleep(600)"
    marked = os.environ | {supervise.MARK: str(places.var)}
    program = Popen([sys.executable, "-c", script], env=marked, start_new_session=True)
    # Supervisor, server, program and its child.
    until(lambda: len(supervise.marked_processes(places.var)) >= 4)
    program.kill()
    program.wait()
    until(lambda: len(supervise.orphans(places.var)) == 1)


def test_the_application_stops_before_redis_and_redis_before_the_database(tmp_path: Path) -> None:
    places = Places(var=tmp_path, sockets=tmp_path, cluster=tmp_path, server_user=None)
    programs = all_programs(compose(places, {}), None, places)
    assert [program.name for program in programs] == ["redis", "web", "worker", "long-worker", "beat", "watchdog"]
    assert min(p.priority for p in programs if not p.server) > max(p.priority for p in programs if p.server)


def test_percent_signs_in_paths_survive(places: Places) -> None:
    text = supervisor_configuration([Program("web", ["/50% é/x", "a b"], 900)], places)
    assert "command='/50%% é/x' 'a b'" in text
