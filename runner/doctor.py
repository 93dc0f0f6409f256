"""`./run doctor`: each known way in which this fails on a real machine, in one sentence, with the line that mends it.

Changes nothing and needs only the standard library, so that it runs where nothing is installed yet.
"""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner import cluster, machine
from runner.environment import PYTHON, WrongUse, listening, port_is_free
from runner.places import (
    REPOSITORY,
    can_traverse,
    find_places,
    mend_ownership,
    mend_traversal,
    socket_path_fits,
    var_folder,
)
from runner.steps import StepFailed
from runner.toolchain import virtual_environment_works

WANTED_MEGABYTES = 1500
PACKAGE_CLUSTER_STATUS = ["pg_lsclusters", "--no-header"]


@dataclass(frozen=True)
class Finding:
    """Something seen. `fault` False: worth knowing, stops nothing. `mend` is a line for a shell, if one helps."""

    code: str
    message: str
    mend: str = ""
    fault: bool = True


def main(arguments: list[str]) -> int:
    """Print findings; status 1 if one of them is a fault. `--json` puts the findings in one object on the last line."""
    if set(arguments) - {"--json"}:
        print("./run doctor [--json]", file=sys.stderr)
        return 2
    findings = examine()
    faults = [finding for finding in findings if finding.fault]
    for finding in findings:
        print(f"{'FAULT' if finding.fault else 'note '}  {finding.message}")
        if finding.mend:
            print(f"       {finding.mend}")
    print("Nothing stands in the way of ./run." if not faults else f"{len(faults)} to mend.")
    if "--json" in arguments:
        rows = [{"code": f.code, "message": f.message, "where": f.mend} for f in faults]
        counts = {"faults": len(faults), "notes": len(findings) - len(faults)}
        print(json.dumps({"ok": not faults, "counts": counts, "faults": rows}))
    return 1 if faults else 0


def examine() -> list[Finding]:
    """All findings about this machine and this checkout."""
    var = var_folder()
    checks: list[Callable[[], Finding | None]] = [
        python_without_venv,
        lambda: broken_virtual_environment(PYTHON),
        lambda: little_space(var),
        lambda: foreign_folder(var),
        lambda: closed_parent(var),
        lambda: long_socket_path(var / "run"),
        lambda: port_taken(dict(os.environ)),
        no_node,
        broken_package_cluster,
        lambda: None if machine.real_browser() else snap_chromium(),
    ]
    findings = [finding for check in checks if (finding := check())]
    return findings + missing_packages() + data_findings(var) + native_libraries(PYTHON)


def python_without_venv(modules: tuple[str, ...] = ("venv", "ensurepip")) -> Finding | None:
    code = ";".join(f"import {module}" for module in modules)
    if subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0 or PYTHON.exists():
        return None
    return Finding(
        "python_without_venv", "Python cannot make virtual environments: Debian packs that apart.",
        "apt-get install python3-venv",
    )  # fmt: skip


def broken_virtual_environment(python: Path) -> Finding | None:
    """A virtual environment dies when the Python that made it goes away or the checkout moves."""
    folder = python.parent.parent
    if not folder.exists() or virtual_environment_works(folder):
        return None
    message = (
        "The virtual environment does not run (its Python went away, or it was made elsewhere); ./run makes it again."
    )
    return Finding("venv_broken", message, f"rm -r '{folder}'", fault=False)


def little_space(var: Path, wanted: int = WANTED_MEGABYTES) -> Finding | None:
    existing = next(path for path in (var, *var.parents) if path.exists())
    free = shutil.disk_usage(existing).free // 1_000_000
    if free >= wanted:
        return None
    return Finding("disk_full", f"Only {free} MB are free under {existing}; {wanted} MB are wanted.", "df -h")


def foreign_folder(var: Path) -> Finding | None:
    """The usual end of running once as root and then as oneself."""
    for folder in (var, var / "run", var / "log", var / "pg"):
        if not folder.exists() or os.getuid() == 0:
            continue
        if folder.stat().st_uid != os.getuid():
            owner = folder.stat().st_uid
            return Finding("var_foreign", f"{folder} belongs to user {owner}, not to you.", mend_ownership(var))
    return None


def closed_parent(var: Path, user: str | None = None) -> Finding | None:
    """As root the database runs as `postgres`, who must be able to pass every folder above the data."""
    if user is None:
        if os.getuid() != 0:
            return None
        try:
            user = pwd.getpwnam("postgres").pw_name
        except KeyError:
            return None
    if can_traverse(user, var):
        return None
    has_data = (var / "pg" / "data" / "PG_VERSION").exists()
    message = f"The user {user} cannot pass through a folder above {var}; " + (
        "so the database there cannot be started."
        if has_data
        else "the database is kept under /var/lib/geoportal instead."
    )
    return Finding("parent_closed", message, mend_traversal(user, var).removeprefix("Mend: "), fault=has_data)


def long_socket_path(sockets: Path) -> Finding | None:
    if socket_path_fits(sockets):
        return None
    message = f"{sockets} is too long for a socket (107 bytes) or has special characters: sockets go to /tmp."
    return Finding("socket_path", message, "GEOPORTAL_VAR=/srv/geoportal ./run", fault=False)


def port_taken(environ: dict[str, str]) -> Finding | None:
    try:
        host, port = listening(environ)
    except WrongUse as fault:
        return Finding("port_wrong", str(fault), "PORT=8000 ./run")
    if port_is_free(host, port):
        return None
    message = f"Port {port} on {host} is taken: by ./run itself, or by another program."
    return Finding("port_taken", message, f"PORT={port + 1} ./run", fault=False)


def no_node() -> Finding | None:
    if shutil.which("node") and shutil.which("npm"):
        return None
    return Finding("no_node", "This machine has no Node; ./run takes one from PyPI for set-up.", fault=False)


def broken_package_cluster(command: list[str] = PACKAGE_CLUSTER_STATUS) -> Finding | None:
    """Installing PostgreSQL's package makes a cluster on 5432. We use none of it, running or broken."""
    try:
        listed = subprocess.run(command, capture_output=True, text=True).stdout
    except OSError:
        return None
    down = [line.split() for line in listed.splitlines() if len(line.split()) > 3 and "down" in line.split()[3]]
    if not down:
        return None
    version, name = down[0][0], down[0][1]
    message = f"The system's own database cluster {version}/{name} is down. ./run does not use it; it may stay so."
    return Finding(
        "package_cluster", message, f"pg_dropcluster {version} {name}   # only if nobody else needs it", False
    )


def snap_chromium(program: str | None = None) -> Finding | None:
    """Ubuntu's package is a stub for a snap, which cannot be driven from a service or a container."""
    found = program or next((path for name in machine.BROWSERS if (path := shutil.which(name))), None)
    if not found or not machine.is_snap(Path(found)):
        return None
    message = "Chromium is a snap here, which tests cannot drive; ./run test fetches one from npm for itself."
    return Finding("chromium_snap", message, "CHROMIUM=/path/to/another ./run test   # if you have one", False)


def missing_packages(
    to_run: tuple[machine.Need, ...] = machine.TO_RUN, to_test: tuple[machine.Need, ...] = machine.TO_TEST
) -> list[Finding]:
    """Packages that ./run would install by itself as root or with sudo; a fault only where it could not."""
    findings = []
    cannot = machine.root_prefix() is None
    for need in machine.missing(to_run + to_test):
        line = "apt-get install --no-install-recommends " + " ".join(need.packages)
        purpose = " (for ./run test)" if need in to_test else "" if need.needed else " (for documents)"
        message = f"{need.what} is missing{purpose}" + ("." if cannot else "; ./run installs it.")
        findings.append(Finding("package_missing", message, line, fault=cannot and need in to_run and need.needed))
    return findings


def data_findings(var: Path) -> list[Finding]:
    """What is wrong with the private database that lies here, if one does."""
    try:
        places = find_places(var)
    except StepFailed:
        return []  # told by closed_parent or missing_packages
    data, findings = places.data, []
    if not _readable(data / "PG_VERSION"):
        return []
    try:
        binaries = cluster.find_binaries(data)
    except StepFailed as fault:
        message, _, line = str(fault).partition(" Mend: ")
        return [Finding("database_version", message, line)]
    if finding := stale_lock(data):
        findings.append(finding)
    own = cluster.Cluster(binaries, places)
    if cluster.is_running(own):
        findings += running_database(own)
    elif finding := open_socket_folder(places.database_sockets):
        findings.append(finding)
    return findings


def _readable(path: Path) -> bool:
    return os.access(path, os.R_OK)


def stale_lock(data: Path) -> Finding | None:
    """After kill -9 or a power cut. The server takes the lock over by itself once the old process is really gone."""
    if not (data / "postmaster.pid").exists() or cluster.server_pid(data) is not None:
        return None
    message = "The database was killed last time and left its lock; the next start recovers by itself, within 30 s."
    return Finding("stale_lock", message, "./run", fault=False)


def open_socket_folder(folder: Path) -> Finding | None:
    """Local logins are trusted, which is safe only while nobody else can enter the socket's folder."""
    if not folder.exists() or not stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return None
    return Finding("socket_open", f"Other users can enter {folder} and so the database.", f"chmod 0700 '{folder}'")


def running_database(own: cluster.Cluster) -> list[Finding]:
    """Encoding and extensions of the private database."""
    findings = []
    if finding := open_socket_folder(own.places.database_sockets):
        findings.append(finding)
    rows = cluster.superuser_sql(
        own, "postgres", "SELECT datname, pg_encoding_to_char(encoding) FROM pg_database WHERE NOT datistemplate"
    )
    for name, encoding in (line.split("|") for line in rows.splitlines()):
        if finding := wrong_encoding(name, encoding):
            findings.append(finding)
    names = cluster.superuser_sql(own, "template1", "SELECT extname FROM pg_extension").splitlines()
    if finding := missing_extensions(names, f"psql -h '{own.places.database_sockets}' -U postgres -d template1"):
        findings.append(finding)
    return findings


def wrong_encoding(database: str, encoding: str) -> Finding | None:
    """initdb in an empty environment chooses SQL_ASCII, which takes any bytes and breaks search in Arabic."""
    if encoding == "UTF8":
        return None
    message = f"The database {database} has the encoding {encoding} instead of UTF8; it must be made again."
    return Finding("encoding", message, f"mv '{var_folder()}/pg' '{var_folder()}/pg.old'   # then ./run; pg_dump first")


def missing_extensions(present: list[str], superuser_psql: str) -> Finding | None:
    """PostGIS needs a superuser once; in template1, so that test databases of a plain role have it too."""
    missing = [name for name in cluster.EXTENSIONS if name not in present]
    if not missing:
        return None
    statements = " ".join(f"CREATE EXTENSION {name};" for name in missing)
    message = f"template1 lacks {', '.join(missing)}, which only a superuser may create."
    return Finding("extensions", message, f'{superuser_psql} -c "{statements}"')


def native_libraries(python: Path) -> list[Finding]:
    """GDAL and GEOS come out of the wheels of pyogrio and shapely; a machine without such wheels needs its own."""
    if not python.exists():
        return []
    code = (
        "from geoportal.native import library_path as p; import ctypes;"
        "[ctypes.CDLL(f) for f in (p('GDAL_LIBRARY_PATH', 'pyogrio', 'libgdal*'), p('GEOS_LIBRARY_PATH', 'shapely', "
        "'libgeos_c*'))]; assert p('GDAL_LIBRARY_PATH', 'pyogrio', 'libgdal*')"
    )
    done = subprocess.run([python, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    message = "GDAL or GEOS cannot be loaded from the Python packages; the system's own can stand in."
    return [Finding("native_libraries", message, "apt-get install libgdal-dev libgeos-c1v5", fault=False)]
