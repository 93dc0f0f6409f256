"""`./run test` and `./run bench`: every check, then the tests, on throw-away servers that nothing else uses."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runner import cluster, services, toolchain
from runner.environment import PYTHON, VENV, Environment, WrongUse, compose, manage
from runner.places import REPOSITORY, Places, find_places, make_places, var_folder
from runner.prepare import Preparation, compile_messages
from runner.steps import say, step

THROW_AWAY = "test"
# What somebody set for serving must not reach the tests: least of all the address of a real database.
NOT_FOR_TESTS = {
    "DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "HOST", "PORT", "ALLOWED_HOSTS", "PUBLIC_URL", "EMAIL_URL",
    "SECRET_KEY", "SECRET_KEY_FILE", "GEOPORTAL_DEMO", "GEOPORTAL_CITY", "DEFAULT_JURISDICTION", "RATE_LIMIT_SCALE", "HTTPS",
    "TRUSTED_PROXIES", "BASEMAP_URL", "BASEMAP_ATTRIBUTION", "MFA_REQUIRED_ROLES",
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One command that must end with status 0. `variables` go on top of the environment of tests."""

    name: str
    command: list[str]
    variables: Mapping[str, str]


def test(arguments: list[str]) -> int:
    """Checks, then pytest with its closing lines last but one. With arguments for pytest it runs alone."""
    everything = "--all" in arguments
    pytest_arguments = [argument for argument in arguments if argument != "--all"]
    with throw_away_servers(durable=False, env="test") as (environment, places):
        compile_messages(places.logs / "messages.log")
        failed = [] if pytest_arguments else run_checks(all_checks(), environment.variables)
        say("pytest" + (" with the slow tests" if everything else ""))
        status = subprocess.run(
            pytest_command(pytest_arguments, everything=everything), cwd=REPOSITORY, env=environment.variables
        ).returncode
    if status != 0:
        failed.append("pytest")
    say(f"FAILED: {', '.join(failed)}" if failed else "Every check and every test is fine.")
    return 1 if failed else 0


def pytest_command(arguments: list[str], *, everything: bool) -> list[str]:
    """pytest on all cores, a file's tests on the same one."""
    command = [str(PYTHON), "-m", "pytest", "-p", "no:cacheprovider"]
    if not everything:
        command += ["-m", "not slow"]
    if not arguments:
        command += ["-q", "-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile"]
    return command + arguments


def all_checks() -> list[Check]:
    """The checks, longest first: two run at a time."""
    programs = VENV / "bin"
    production = {
        "GEOPORTAL_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "ALLOWED_HOSTS": "reclamations.example.org",
        "PUBLIC_URL": "https://reclamations.example.org",
    }
    return [
        Check("types (mypy)", [str(PYTHON), "-m", "mypy", "."], {}),
        Check("templates (djlint)", [str(programs / "djlint"), "templates", "--lint", "--quiet"], {}),
        Check("deployment (manage check)", manage("check", "--deploy", "--fail-level", "WARNING"), production),
        Check("migrations complete", manage("makemigrations", "--check", "--dry-run"), {}),
        Check("messages complete", manage("check_messages"), {}),
        Check("rooms (lint-imports)", [str(programs / "lint-imports"), "--no-cache"], {}),
        Check("style (ruff check)", [str(PYTHON), "-m", "ruff", "check", "."], {}),
        Check("format (ruff format)", [str(PYTHON), "-m", "ruff", "format", "--check", "."], {}),
    ]


def run_checks(checks: list[Check], variables: dict[str, str]) -> list[str]:
    """Run all checks; print what the failing ones said. Returns the names of those."""
    with step("Checks"), ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 4)) as pool:
        passed = list(pool.map(lambda check: _run_check(check, variables), checks))
    return [check.name for check, good in zip(checks, passed, strict=True) if not good]


def _run_check(check: Check, variables: dict[str, str]) -> bool:
    begun = time.monotonic()
    done = subprocess.run(
        check.command, cwd=REPOSITORY, env={**variables, **check.variables}, capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    good = done.returncode == 0
    said = "" if good else "\n" + (done.stdout + done.stderr).rstrip()
    say(f"  {'ok    ' if good else 'FAILED'} {check.name} ({time.monotonic() - begun:.0f} s){said}")
    return good


def bench(arguments: list[str]) -> int:
    """Run bench/NAME.py on a database of its own that is as durable as the real one, with the city loaded."""
    known = sorted(path.stem for path in (REPOSITORY / "bench").glob("[!_]*.py"))
    if not arguments or arguments[0] not in known:
        raise WrongUse(f"./run bench NAME; NAME is one of: {', '.join(known) or 'none yet'}")
    with throw_away_servers(durable=True, env="demo") as (environment, places):
        Preparation(environment, places, cluster.find_client()).everything()
        command = [str(PYTHON), "-m", f"bench.{arguments[0]}", *arguments[1:]]
        return subprocess.run(command, cwd=REPOSITORY, env=environment.variables).returncode


@contextmanager
def throw_away_servers(*, durable: bool, env: str) -> Iterator[tuple[Environment, Places]]:
    """A database and a Redis under var/test, gone at the end; several runs at once do not meet."""
    folder = var_folder() / THROW_AWAY
    _clear_away_the_dead(folder)
    places = find_places(folder / str(os.getpid()))
    make_places(places)
    given = {name: value for name, value in os.environ.items() if name not in NOT_FOR_TESTS}
    given |= {"GEOPORTAL_ENV": env, "GEOPORTAL_DEMO": "0"}
    # Tests talk to this machine; a proxy for the world outside is not asked for it.
    given |= {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
    if env != "test":
        given["RATE_LIMIT_SCALE"] = "0"
    if program := toolchain.browser():
        given["CHROMIUM"] = str(program)
    environment = compose(places, given)
    own = services.private_cluster(environment, places, durable=durable)
    try:
        with step("Starting throw-away servers"):
            services.start(own, environment, places)
        yield environment, places
    finally:
        services.stop(own, environment, places)
        _remove(places)


def _clear_away_the_dead(folder: Path) -> None:
    """Stop and remove what an interrupted run left: folders named after a process that is no more."""
    for left in folder.glob("[0-9]*"):
        if Path(f"/proc/{left.name}").exists():
            continue
        places = find_places(left)
        environment = compose(places, {})
        services.stop(services.private_cluster(environment, places), environment, places)
        _remove(places)


def _remove(places: Places) -> None:
    for path in (places.cluster, places.sockets, places.var):
        shutil.rmtree(path, ignore_errors=True)
