"""The private PostgreSQL + PostGIS: made, started and stopped without touching any other cluster of the machine."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from runner.places import Places
from runner.steps import StepFailed, last_lines, say, step

DATABASE = "geoportal"
OWNER_ROLE = "geoportal_owner"
RUNTIME_ROLE = "geoportal"
EXTENSIONS = ("postgis", "pg_trgm", "unaccent", "btree_gist", "btree_gin")
INSTALLATIONS = Path("/usr/lib/postgresql")
# With an empty environment initdb chooses SQL_ASCII; messages stay English so that they can be recognised.
LOCALE = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
START_PATIENCE_SECONDS = 30
STOP_PATIENCE_SECONDS = 60

# Can run again. The runtime role gets its rights on tables after each migration, from the application itself.
ROLES_SQL = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER_ROLE}') THEN CREATE ROLE {OWNER_ROLE} LOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{RUNTIME_ROLE}') THEN
    CREATE ROLE {RUNTIME_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
  END IF;
END $$;
-- The owner may put on the weaker rights (tests do, to see what the application may not).
GRANT {RUNTIME_ROLE} TO {OWNER_ROLE};
"""
EXTENSIONS_SQL = "SET client_min_messages = warning;\n" + "\n".join(
    f"CREATE EXTENSION IF NOT EXISTS {name};" for name in EXTENSIONS
)


@dataclass(frozen=True)
class Cluster:
    """One private cluster. `durable=False` trades safety for speed: throw-away clusters of tests only."""

    binaries: Path
    places: Places
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        """How the server is started, by us and by the supervisor alike."""
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.places.database_sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "60",
            "shared_buffers": "256MB",
            "work_mem": "16MB",
            "random_page_cost": "1.1",
            "jit": "off",
            "log_min_duration_statement": "2s",
            "timezone": "UTC",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings |= self.settings
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.places.data), *options]


def find_binaries(data: Path | None = None, installations: Path = INSTALLATIONS) -> Path:
    """The `bin` folder of the newest PostgreSQL that has PostGIS; for an existing cluster, of that cluster's version.

    Debian keeps these programs off PATH. Raises StepFailed if there is none.
    """
    found = {int(path.name): path for path in installations.glob("[0-9]*") if has_postgis(path)}
    wanted = data / "PG_VERSION" if data else None
    if wanted is not None and wanted.exists():
        version = int(wanted.read_text().strip())
        if version not in found:
            raise StepFailed(
                f"The database in {data} was made by PostgreSQL {version}, which is not installed with PostGIS. "
                f"Mend: apt-get install postgresql-{version} postgresql-{version}-postgis-3"
            )
        return found[version] / "bin"
    if not found:
        raise StepFailed(
            "No PostgreSQL with PostGIS was found. Mend: apt-get install postgresql postgis postgresql-postgis"
        )
    return found[max(found)] / "bin"


def find_client() -> Path:
    """The folder of the newest psql, for a database that is not ours. Raises StepFailed if there is none."""
    folders = [path / "bin" for path in INSTALLATIONS.glob("[0-9]*") if (path / "bin" / "psql").exists()]
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name))
    if found := shutil.which("psql"):
        return Path(found).parent
    raise StepFailed("psql is missing. Mend: apt-get install postgresql-client")


def has_postgis(installation: Path) -> bool:
    """Whether the PostgreSQL in /usr/lib/postgresql/NN is a server and has PostGIS's control file."""
    share = Path("/usr/share/postgresql") if installation.parent == INSTALLATIONS else installation.parent / "share"
    control = share / installation.name / "extension" / "postgis.control"
    return installation.name.isdigit() and (installation / "bin" / "postgres").exists() and control.exists()


def create(cluster: Cluster) -> None:
    """Make the data directory unless it exists. Interrupted work leaves no half-made cluster behind."""
    data = cluster.places.data
    if (data / "PG_VERSION").exists():
        return
    with step(f"Making a private database in {cluster.places.cluster}"):
        partial = data.with_name("data.partial")
        shutil.rmtree(partial, ignore_errors=True)
        command = [
            str(cluster.binaries / "initdb"), "-D", str(partial), "-U", "postgres", "--locale=C.UTF-8",
            "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject",
        ]  # fmt: skip
        if not cluster.durable:
            command.append("--no-sync")
        done = _as_server_user(cluster, command)
        if done.returncode != 0:
            raise StepFailed(f"initdb failed: {done.stderr.strip()}")
        partial.rename(data)


def _as_server_user(cluster: Cluster, command: list[str]) -> subprocess.CompletedProcess[str]:
    user = cluster.places.server_user
    group = pwd.getpwnam(user).pw_gid if user else None
    return subprocess.run(
        command, user=user, group=group, extra_groups=[] if user else None, cwd="/", capture_output=True, text=True,
        env={**os.environ, **LOCALE},
    )  # fmt: skip


def start(cluster: Cluster) -> None:
    """Start the server outside the supervisor and wait until it answers.

    After a crash the lock file of the old server can outlive it for some seconds: we try again, and never delete it.
    """
    if is_running(cluster):
        return
    user = cluster.places.server_user
    log = cluster.places.logs / "postgres.log"
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while True:
        with log.open("ab") as output:
            process = subprocess.Popen(
                cluster.command(), stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/",
                start_new_session=True, user=user, group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None, env={**os.environ, **LOCALE},
            )  # fmt: skip
        while process.poll() is None and time.monotonic() < deadline:
            if is_running(cluster):
                return
            time.sleep(0.05)
        if process.poll() is None or time.monotonic() > deadline:
            tail = "\n".join(last_lines(log, 8))
            raise StepFailed(f"The private database does not start. The end of {log}:\n{tail}")
        time.sleep(1)


def wait_until_ready(cluster: Cluster, *, patience: float = START_PATIENCE_SECONDS * 2) -> None:
    """Wait until the server answers. Raises StepFailed after `patience` seconds, with the end of its log."""
    deadline = time.monotonic() + patience
    while not is_running(cluster):
        if time.monotonic() > deadline:
            log = cluster.places.logs / "postgres.log"
            raise StepFailed(
                f"The private database does not start. The end of {log}:\n" + "\n".join(last_lines(log, 8))
            )
        time.sleep(0.05)


def is_running(cluster: Cluster) -> bool:
    """Whether the server accepts connections now."""
    command = [str(cluster.binaries / "pg_isready"), "-q", "-h", str(cluster.places.database_sockets)]
    return subprocess.run(command, capture_output=True).returncode == 0


def responds(binaries: Path, places: Places) -> bool:
    """Whether the server says anything at all: one that still recovers refuses connections, and is well."""
    command = [str(binaries / "pg_isready"), "-q", "-h", str(places.database_sockets)]
    return subprocess.run(command, capture_output=True).returncode in {0, 1}


def stop(cluster: Cluster) -> None:
    """Fast shutdown: sessions are cut off, everything committed is kept. Does nothing if no server runs."""
    pid = server_pid(cluster.places.data)
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_PATIENCE_SECONDS
    while server_pid(cluster.places.data) is not None:
        if time.monotonic() > deadline:
            raise StepFailed(f"The private database (process {pid}) does not stop; look into {cluster.places.logs}")
        time.sleep(0.05)


def server_pid(data: Path) -> int | None:
    """The process that serves `data`, by its lock file; None if the file is missing, stale or names another program.

    Numbers are given away again, in containers soon and perhaps to another PostgreSQL, which must not be stopped in our
    server's place. A server works in its data folder; a zombie works nowhere.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        here = Path(f"/proc/{pid}/cwd").samefile(data)
    except (OSError, ValueError):
        return None
    return pid if here and b"postgres" in command else None


def prepare(cluster: Cluster) -> None:
    """Make roles, extensions and the database, each only where missing. The server must be running.

    PostGIS needs a superuser once; in template1 every later database of a plain role has it from birth.
    """
    host = str(cluster.places.database_sockets)
    superuser_sql(cluster, "template1", f"{ROLES_SQL}\n{EXTENSIONS_SQL}")
    if not cluster.durable:
        superuser_sql(cluster, "template1", f"ALTER ROLE {OWNER_ROLE} CREATEDB")
    exists = superuser_sql(cluster, "template1", f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'")
    if not exists:
        with step("Making the database with PostGIS"):
            superuser_sql(cluster, "template1", f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}")
            superuser_sql(cluster, "template1", f"REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC")
    encoding = superuser_sql(cluster, DATABASE, "SHOW server_encoding")
    if encoding != "UTF8":
        raise StepFailed(f"The database behind {host} has the encoding {encoding}, not UTF8; see ./run doctor")


def superuser_sql(cluster: Cluster, database: str, sql: str) -> str:
    return _psql(cluster.binaries, ["-h", str(cluster.places.database_sockets), "-U", "postgres", "-d", database], sql)


def url_sql(binaries: Path, url: str, sql: str) -> str:
    """Run SQL on the database behind a `postgres://` or `postgis://` URL; rows come back as lines, columns with |."""
    url = re.sub(r"^postgis://", "postgres://", url)
    parts = urlsplit(url)
    secret = {}
    if parts.password is not None:
        # Command lines can be read by every user of the machine.
        secret["PGPASSWORD"] = unquote(parts.password)
        user, _, address = parts.netloc.rpartition("@")
        url = urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{address}"))
    return _psql(binaries, ["-d", url], sql, secret)


def _psql(binaries: Path, target: list[str], sql: str, secret: Mapping[str, str] | None = None) -> str:
    command = [str(binaries / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *target]
    variables = {"PGCONNECT_TIMEOUT": "10", **os.environ, **LOCALE, **(secret or {})}
    done = subprocess.run(command, input=sql, capture_output=True, text=True, env=variables)
    if done.returncode != 0:
        raise StepFailed(f"The database refused: {done.stderr.strip()}")
    return done.stdout.strip()


def role_of(url: str) -> str:
    """The role named in a database URL (empty if none is)."""
    return unquote(urlsplit(url).username or "")


def warn_of_stale_lock(data: Path) -> None:
    """Say so when a lock file of a dead server lies there; the server itself decides that it may be taken over."""
    if (data / "postmaster.pid").exists() and server_pid(data) is None:
        say("The database was not stopped in order last time; it recovers now.")
