"""Before anything is started: are the settings usable, and are servers that are not ours what we need?"""

import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from runner import cluster
from runner.environment import PYTHON, Environment
from runner.places import REPOSITORY
from runner.steps import StepFailed, say

DATABASE_PATIENCE_SECONDS = 20
OLDEST_POSTGRESQL = 14
# Prints one sentence and no traceback: what is wrong is a variable, not the program.
READ_SETTINGS = """
from django.core.exceptions import ImproperlyConfigured
try:
    import geoportal.settings
except ImproperlyConfigured as fault:
    raise SystemExit(str(fault))
"""
STATE_SQL = """
SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
       has_database_privilege(current_database(), 'CREATE'), has_schema_privilege('public', 'CREATE'), current_user,
       current_database(), (SELECT string_agg(extname, ',') FROM pg_extension)
"""
WHICH_SQL = "SELECT current_database() || ' since ' || pg_postmaster_start_time()"
POWER_SQL = """
SELECT rolsuper OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                           WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE'))
FROM pg_roles WHERE rolname = current_user
"""


def check_settings(environment: Environment) -> None:
    """Raises StepFailed with the sentence of the first setting that cannot be used."""
    command = [str(PYTHON), "-c", READ_SETTINGS]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment.variables, capture_output=True, text=True)
    if done.returncode != 0:
        raise StepFailed(done.stderr.strip() or "The settings cannot be read.")
    for remark in remarks_on(environment.variables):
        say(f"NOTE: {remark}")


def remarks_on(variables: dict[str, str]) -> list[str]:
    """What works, but is hardly meant in production."""
    if variables["GEOPORTAL_ENV"] != "production":
        return []
    found = []
    https = variables.get("HTTPS", "").strip().lower() not in {"0", "false", "no", "off"}
    if https and variables.get("TRUSTED_PROXIES", "").strip() in {"", "0"}:
        found.append(
            "Everything is redirected to https, which a proxy in front must end. Until TRUSTED_PROXIES says how many there "
            "are, the site believes none of them and every request is redirected again."
        )
    if not variables.get("EMAIL_URL", "").strip() and not variables.get("EMAIL_URL_FILE", "").strip():
        found.append("Without EMAIL_URL no mail leaves: letters to residents and units are only files in var/mail.")
    return found


def check_outside_servers(environment: Environment, binaries: Path) -> None:
    """Look at a database and a broker that were given. Raises StepFailed where the site could not be served from them."""
    if not environment.private_database:
        _check_database(environment, binaries)
    if not environment.private_broker and not _broker_listens(environment.variables["BROKER_URL"]):
        say(
            "NOTE: BROKER_URL does not answer. Reports are taken in and kept; mails and file checks wait until it does."
        )


def _check_database(environment: Environment, binaries: Path) -> None:
    state = _patiently(binaries, environment.owner_url, STATE_SQL)
    version, encoding, may_create_schema, may_create_table, role, database, extensions = state.split("|")
    if int(version) < OLDEST_POSTGRESQL:
        raise StepFailed(f"The database runs on PostgreSQL {version}; {OLDEST_POSTGRESQL} or newer is needed.")
    if encoding != "UTF8":
        raise StepFailed(f"The database {database} has the encoding {encoding}; make one with ENCODING 'UTF8'.")
    if may_create_schema != "t" or may_create_table != "t":
        raise StepFailed(
            f"The role {role} may not create tables in {database}. As its owner: "
            f"GRANT CREATE ON DATABASE {database} TO {role}; GRANT CREATE ON SCHEMA public TO {role};"
        )
    _make_extensions(environment.owner_url, binaries, database, set(extensions.split(",")))
    if environment.runtime_url == environment.owner_url:
        if environment.variables["GEOPORTAL_ENV"] == "production":
            say(
                "NOTE: DATABASE_OWNER_URL is not given: the site serves as the role that owns the tables, and nothing but"
            )
            say("      its own code keeps it from rewriting history. Give DATABASE_URL a role of its own.")
        return
    if _patiently(binaries, environment.runtime_url, WHICH_SQL) != _patiently(
        binaries, environment.owner_url, WHICH_SQL
    ):
        raise StepFailed(
            "DATABASE_URL and DATABASE_OWNER_URL lead to different databases; they must name the same one."
        )
    if cluster.url_sql(binaries, environment.runtime_url, POWER_SQL) == "t":
        say(
            f"NOTE: The role {cluster.role_of(environment.runtime_url)} of DATABASE_URL is a superuser or owns tables: it"
        )
        say("      could rewrite history. A role that owns nothing is enough: README.md, Operations.")


def _make_extensions(owner_url: str, binaries: Path, database: str, present: set[str]) -> None:
    """An owner may add most extensions by herself; PostGIS needs a superuser once."""
    missing = [name for name in cluster.EXTENSIONS if name not in present]
    refused = []
    for name in missing:
        try:
            cluster.url_sql(binaries, owner_url, f"CREATE EXTENSION IF NOT EXISTS {name}")
        except StepFailed:
            refused.append(name)
    if refused:
        statements = " ".join(f"CREATE EXTENSION {name};" for name in refused)
        raise StepFailed(
            f"The database {database} lacks {', '.join(refused)}, which only a superuser may add. "
            f'Mend, as one: psql -d {database} -c "{statements}"'
        )


def _patiently(binaries: Path, url: str, sql: str) -> str:
    """Ask a database that may still be starting. Raises StepFailed when it does not answer in time."""
    deadline = time.monotonic() + DATABASE_PATIENCE_SECONDS
    while True:
        try:
            return cluster.url_sql(binaries, url, sql)
        except StepFailed as fault:
            words = str(fault)
            passing = "Connection refused" in words or "starting up" in words or "No such file" in words
            if not passing or time.monotonic() > deadline:
                raise StepFailed(f"The database at {_address(url)} cannot be used. {words}") from None
        say(f"Waiting for the database at {_address(url)}…")
        time.sleep(2)


def _address(url: str) -> str:
    """Where a URL leads, without its password."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}{'?' * bool(parts.query)}{parts.query}"


def _broker_listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        if parts.scheme.endswith("+socket"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(3)
                connection.connect(parts.path)
        else:
            socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=3).close()
    except OSError:
        return False
    return True
