"""Our supervisord: started with the private servers, told to start the application, stopped with the database last."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from runner.environment import PYTHON
from runner.places import REPOSITORY, Places
from runner.programs import Program, supervisor_configuration
from runner.steps import StepFailed, last_lines, say

START_PATIENCE_SECONDS = 20
STOP_PATIENCE_SECONDS = 120
PR_SET_PDEATHSIG = 1
# Marks the processes of one installation, so that what a killed supervisor left behind can be found again.
MARK = "RUN_SUPERVISED_FOR"


def start(programs: list[Program], places: Places, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start supervisord in a session of its own (Ctrl-C must reach us first) and wait until it answers.

    It is told to stop everything if we die, however we die.
    """
    configuration = places.run / "supervisor.conf"
    configuration.write_text(supervisor_configuration(programs, places), encoding="utf-8")
    libc = ctypes.CDLL(None)
    process = subprocess.Popen(
        [PYTHON, "-m", "supervisor.supervisord", "-n", "-c", configuration],
        cwd=REPOSITORY,
        env=variables | {MARK: str(places.var), "RUN_SUPERVISOR_SOCKET": str(places.supervisor_socket)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(places.logs / "supervisor.err").open("ab"),
        start_new_session=True,
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
    )
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while running_pid(places) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(
                last_lines(places.logs / "supervisor.log", 8) + last_lines(places.logs / "supervisor.err", 8)
            )
            raise StepFailed(f"The supervisor does not start:\n{tail}")
        time.sleep(0.05)
    return process


def connect(socket: Path) -> Any:
    """The supervisor's remote interface."""
    transport = SupervisorTransport(None, None, f"unix://{socket}")
    return xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor


def running_pid(places: Places) -> int | None:
    """The process of this installation's supervisor, None if none answers."""
    if not places.supervisor_socket.exists():
        return None
    try:
        return int(connect(places.supervisor_socket).getPID())
    except (OSError, xmlrpc.client.Error, ValueError):
        return None


def start_web(places: Places) -> None:
    """Start the web server alone: the first page comes sooner while nothing else competes for the processors."""
    connect(places.supervisor_socket).startProcess("application:web", False)


def start_application(places: Places) -> None:
    """Start what is not running of web, worker, beat and watchdog, without waiting for each."""
    connect(places.supervisor_socket).startProcessGroup("application", False)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop all: first the application, then Redis, the database last. Returns when everything is down."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    while True:
        try:
            process.wait(timeout=5)
            return
        except subprocess.TimeoutExpired:
            waited = time.monotonic() - begun
            say(f"  … still stopping, {waited:.0f} s")
            if waited > STOP_PATIENCE_SECONDS:
                process.kill()


def end_leftovers(places: Places) -> None:
    """End application processes that a killed supervisor left behind (servers are stopped by their own means)."""
    patience = time.monotonic() + 15
    sent: dict[int, int] = {}
    while found := marked_processes(places.var):
        number = signal.SIGTERM if time.monotonic() < patience else signal.SIGKILL
        for pid in found:
            if sent.get(pid) != number:
                say(f"Ending process {pid}, left behind by an earlier start")
                sent[pid] = number
                signal_process(pid, number)
        time.sleep(0.2)


def orphans(var: Path) -> list[int]:
    """Processes whose program died without them: the supervisor made its program a group leader, and that is gone.

    A web server killed with -9 leaves workers that go on serving, unseen, with the code and settings of yesterday.
    """
    found = []
    for pid in marked_processes(var):
        with contextlib.suppress(ProcessLookupError):
            if not Path(f"/proc/{os.getpgid(pid)}").exists():
                found.append(pid)
    return found


def marked_processes(var: Path) -> list[int]:
    """Processes with the mark of this installation in their environment, other than servers and ourselves."""
    mark = f"{MARK}={var}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            marked = mark in (entry / "environ").read_bytes().split(b"\0")
            servers = (b"postgres", b"redis-server", b"valkey-server")
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if marked and int(entry.name) != os.getpid() and not any(name in command for name in servers):
            found.append(int(entry.name))
    return found


def signal_process(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
