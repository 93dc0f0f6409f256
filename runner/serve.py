"""`./run`: the demo, from whatever state the machine is in to a served page, and back to nothing running on Ctrl-C."""

import json
import signal
import subprocess
import time
from types import FrameType

from runner import broker, cluster, preflight, services, supervise
from runner.cluster import Cluster
from runner.environment import Environment, address, listening, manage, port_is_free, reachable_host
from runner.places import REPOSITORY, Places
from runner.prepare import ALL_DEMO_COMPLAINTS, Preparation
from runner.probing import status_of
from runner.programs import all_programs
from runner.steps import StepFailed, last_lines, say, step

WEB_PATIENCE_SECONDS = 90


class Stopped(BaseException):
    """Somebody asked us to stop; not an Exception, so that nothing on the way takes it for a fault."""


class SupervisorDied(Exception):
    """The one process that nothing else watches has gone."""


def serve(environment: Environment, places: Places) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP. Returns the exit status."""
    host, port = listening(environment.variables)
    if pid := supervise.running_pid(places):
        say(f"This checkout is being served already (supervisor {pid}); its log files are in {places.logs}")
        return 1
    supervise.end_leftovers(places)
    if not port_is_free(host, port):
        raise StepFailed(
            f"Port {port} on {host} is taken by another program. Mend: PORT={port + 1} ./run   "
            f"(who has it: ss -ltnp 'sport = :{port}')"
        )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    try:
        preflight.check_settings(environment)
        preflight.check_outside_servers(environment, cluster.find_client())
        with services.owned(environment, places) as own:
            while True:
                try:
                    _run_supervised(environment, places, own)
                except SupervisorDied as fault:
                    say(f"{fault} Everything is started again.")
    except Stopped:
        say("Stopped.")
    return 0


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not break the orderly stop.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


def _run_supervised(environment: Environment, places: Places, own: Cluster | None) -> None:
    supervisor = supervise.start(all_programs(environment, own, places), places, environment.serving())
    background: subprocess.Popen[bytes] | None = None
    try:
        if own is not None:
            cluster.wait_until_ready(own)
            cluster.prepare(own)
        if environment.private_broker:
            broker.wait_until_ready(places)
        preparation = Preparation(environment, places, cluster.find_client())
        preparation.everything()
        supervise.start_web(places)
        _wait_for_page(environment, places)
        supervise.start_application(places)
        print_welcome(environment, places)
        if environment.demo and not preparation.demo_is_complete():
            background = _load_rest(environment, places, preparation)
        _watch(supervisor, background, preparation)
    finally:
        say("Stopping…")
        if background is not None and background.poll() is None:
            background.terminate()
            background.wait()
        supervise.stop(supervisor)
        supervise.end_leftovers(places)
        services.stop(own, environment, places)


def _wait_for_page(environment: Environment, places: Places) -> None:
    host, port = listening(environment.variables)
    deadline = time.monotonic() + WEB_PATIENCE_SECONDS
    with step("Starting the web server"):
        while (status_of(reachable_host(host), port) or 500) >= 500:
            if time.monotonic() > deadline:
                log = places.logs / "web.log"
                raise StepFailed(
                    f"The web server does not answer. The end of {log}:\n" + "\n".join(last_lines(log, 20))
                )
            time.sleep(0.1)


def _load_rest(environment: Environment, places: Places, preparation: Preparation) -> subprocess.Popen[bytes]:
    say(f"The rest of the demo ({ALL_DEMO_COMPLAINTS:,} complaints in all) loads in the background.")
    with (places.logs / "demo.log").open("ab") as output:
        return subprocess.Popen(
            ["nice", "-n", "10", *manage("load_demo", *preparation.demo_of_city(str(ALL_DEMO_COMPLAINTS)))],
            cwd=REPOSITORY, env=environment.variables, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip


def _watch(
    supervisor: subprocess.Popen[bytes], background: subprocess.Popen[bytes] | None, preparation: Preparation
) -> None:
    """Until a signal ends it. The supervisor watches the programs; we watch the supervisor."""
    while True:
        if supervisor.poll() is not None:
            raise SupervisorDied(f"The supervisor ended by itself (status {supervisor.returncode}).")
        if background is not None and background.poll() is not None:
            if background.returncode == 0:
                preparation.note_complete_demo()
                say("The demo is complete.")
            else:
                say(f"The rest of the demo did not load; {preparation.places.logs / 'demo.log'} says why.")
            background = None
        time.sleep(0.5)


def print_welcome(environment: Environment, places: Places) -> None:
    """Address and demo accounts, on standard output."""
    host, port = listening(environment.variables)
    lines = ["", f"  Geoportal is served at {address(host, port)}/", ""]
    accounts = places.var / "demo-accounts.json"
    if environment.demo and accounts.exists():
        rows = json.loads(accounts.read_text(encoding="utf-8"))
        width = max((len(row["username"]) for row in rows), default=0)
        lines += ["  Demo accounts (this machine only):"]
        lines += [f"    {row['username']:<{width}}  {row['password']}  {row['role']:<18} {row['home']}" for row in rows]
        lines += [""]
    if reachable_host(host) != host:
        lines += [f"  It listens on every address of this machine ({host}).", ""]
    print("\n".join([*lines, "  Ctrl-C stops everything; ./run again goes on where it was.", ""]), flush=True)
