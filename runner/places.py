"""Where things lie: data, sockets, logs; and the detours that a checkout's path can force."""

import hashlib
import os
import pwd
import re
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.steps import StepFailed

REPOSITORY = Path(__file__).resolve().parent.parent
# sockaddr_un holds 108 bytes, one of them the closing zero.
SOCKET_PATH_LIMIT = 107
DATABASE_SOCKET = ".s.PGSQL.5432"
# Sockets travel in URLs that several libraries decode differently; a path of these characters needs no decoding.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
DETOUR_FOR_DATA = Path("/var/lib/geoportal")


@dataclass(frozen=True)
class Places:
    """The folders of one installation. `server_user` is who PostgreSQL runs as when we are root, else None."""

    var: Path
    sockets: Path
    cluster: Path
    server_user: str | None

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def database_sockets(self) -> Path:
        return self.sockets / "pg"

    @property
    def broker_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def broker(self) -> Path:
        return self.var / "redis"


def var_folder(environ: dict[str, str] | None = None) -> Path:
    """GEOPORTAL_VAR, relative to where ./run was called, or `var` in the checkout."""
    return given_path(os.environ if environ is None else environ, "GEOPORTAL_VAR") or REPOSITORY / "var"


def given_path(given: Mapping[str, str], name: str) -> Path | None:
    """The path in a variable, relative to where ./run was called; None if the variable is empty or absent."""
    value = given.get(name, "").strip()
    return (Path(given.get("RUN_CALLED_FROM") or os.getcwd()) / value).resolve() if value else None


def find_places(var: Path) -> Places:
    """Decide all folders for `var`, without making any.

    An existing cluster is never left behind: where it lies now is where it stays.
    Raises StepFailed if a cluster under `var` can no longer be reached by the user who must run it.
    """
    user = server_user()
    reachable = user is None or can_traverse(user, var)
    detour = DETOUR_FOR_DATA / path_key(var)
    cluster = var / "pg"
    if user is not None and (detour / "data" / "PG_VERSION").exists():
        cluster = detour
    elif not reachable:
        if (cluster / "data" / "PG_VERSION").exists():
            raise StepFailed(f"The user {user} cannot reach the database in {cluster}. {mend_traversal(user, var)}")
        cluster = detour
    sockets = var / "run"
    if not reachable or not socket_path_fits(sockets):
        sockets = Path("/tmp") / f"geoportal-{os.getuid()}-{path_key(var)}"
    return Places(var=var, sockets=sockets, cluster=cluster, server_user=user)


def make_places(places: Places) -> None:
    """Create the folders with the rights they need. Raises StepFailed if one of them belongs to somebody else."""
    root = places.server_user is not None
    for folder in (places.var, places.run, places.logs, places.broker, places.var / "stamps"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StepFailed(f"{folder} cannot be made: {error}. {mend_ownership(places.var)}") from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StepFailed(f"{folder} belongs to another user. {mend_ownership(places.var)}")
    # When we are root, the database's user must pass through; nobody but it and us may enter what lies below.
    _private_folder(places.sockets, 0o711 if root else 0o700)
    for folder in (places.var, places.run):
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o711 if root else 0o700)
    for folder in (places.cluster, places.database_sockets):
        folder.mkdir(parents=True, exist_ok=True)
        if places.server_user:
            entry = pwd.getpwnam(places.server_user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        folder.chmod(0o700)


def _private_folder(folder: Path, mode: int) -> None:
    """Make `folder` ours, refusing one that somebody else laid there first (it may lie in /tmp)."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise StepFailed(f"{folder} is not a folder of ours; look who made it, then: rm -r {folder}")
    folder.chmod(mode)


def server_user() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as `postgres`, the user that its package makes."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise StepFailed("The user postgres is missing. Mend: apt-get install postgresql-common") from None


def can_traverse(user: str, folder: Path) -> bool:
    """Whether `user` may pass through every parent of `folder` (those of them that exist)."""
    existing = folder.parent if folder.parent.exists() else next(p for p in folder.parents if p.exists())
    group = pwd.getpwnam(user).pw_gid
    test = subprocess.run(["test", "-x", existing], user=user, group=group, extra_groups=[], cwd="/")
    return test.returncode == 0


def socket_path_fits(folder: Path) -> bool:
    """Whether sockets in `folder` stay within the system's limit and need no escaping in a URL."""
    longest = os.fsencode(folder / "pg" / DATABASE_SOCKET)
    return len(longest) <= SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(str(folder)) is not None


def path_key(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]


def mend_traversal(user: str | None, folder: Path) -> str:
    closed = [str(p) for p in reversed(folder.parents) if p.exists() and not p.stat().st_mode & stat.S_IXOTH]
    names = " ".join(f"'{name}'" for name in closed) or f"'{folder.parent}'"
    return f"Mend: chmod o+x {names}"


def mend_ownership(var: Path) -> str:
    return f"Mend: sudo chown -R {pwd.getpwuid(os.getuid()).pw_name} '{var}'"
