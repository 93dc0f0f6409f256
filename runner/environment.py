"""The environment that every program of the installation runs in: composed once, here."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.city import CityPack, NoCity, find_city
from runner.cluster import DATABASE, OWNER_ROLE, RUNTIME_ROLE
from runner.places import REPOSITORY, Places

VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"


class WrongUse(Exception):
    """A variable or argument that cannot be used; the message names it."""


@dataclass(frozen=True)
class Environment:
    """Variables for children, and which servers are our own. `owner_url` migrates, `runtime_url` serves."""

    variables: dict[str, str]
    runtime_url: str
    owner_url: str
    private_database: bool
    private_broker: bool
    city: CityPack

    def serving(self) -> dict[str, str]:
        """For web, worker and beat: they never learn how to connect as the owner."""
        return {name: value for name, value in self.variables.items() if name != "DATABASE_OWNER_URL"}

    def migrating(self) -> dict[str, str]:
        """For commands that change the schema: the owner in the place of the runtime role."""
        return self.variables | {"DATABASE_URL": self.owner_url}

    @property
    def demo(self) -> bool:
        wanted = self.variables["GEOPORTAL_DEMO"].lower() in {"1", "true", "yes", "on"}
        return wanted and self.variables["GEOPORTAL_ENV"] != "production"


def compose(places: Places, given: Mapping[str, str] | None = None) -> Environment:
    """What was given, completed. Raises WrongUse on values that cannot be used."""
    given = os.environ if given is None else given
    host, port = listening(given)
    try:
        city = find_city(given)
    except NoCity as fault:
        raise WrongUse(str(fault)) from None
    sockets = places.database_sockets
    private_database = not given.get("DATABASE_URL", "").strip()
    private_broker = not given.get("BROKER_URL", "").strip()
    private_runtime = f"postgres://{RUNTIME_ROLE}@/{DATABASE}?host={sockets}"
    private_owner = f"postgres://{OWNER_ROLE}@/{DATABASE}?host={sockets}"
    runtime_url = private_runtime if private_database else given["DATABASE_URL"].strip()
    owner_url = private_owner if private_database else given.get("DATABASE_OWNER_URL", "").strip() or runtime_url
    defaults = {
        "GEOPORTAL_ENV": "demo",
        "GEOPORTAL_DEMO": "1",
        "DEFAULT_JURISDICTION": city.code,
        "RATE_LIMIT_SCALE": "1",
        "BROKER_URL": f"redis+socket://{places.broker_socket}",
    }
    variables = {**given, **{name: given.get(name, "").strip() or value for name, value in defaults.items()}}
    variables |= {
        "HOST": host,
        "PORT": str(port),
        "GEOPORTAL_VAR": str(places.var),
        "GEOPORTAL_CITY": str(city.folder),
        "DATABASE_URL": runtime_url,
        "DATABASE_OWNER_URL": owner_url,
        "DJANGO_SETTINGS_MODULE": "geoportal.settings",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{PYTHON.parent}:{given.get('PATH') or '/usr/local/bin:/usr/bin:/bin'}",
    }
    if variables["GEOPORTAL_ENV"] != "production":
        variables |= _demo_defaults(places, given, host, port)
    return Environment(variables, runtime_url, owner_url, private_database, private_broker, city)


def _demo_defaults(places: Places, given: Mapping[str, str], host: str, port: int) -> dict[str, str]:
    """Production must be told these; a demo on one's own machine finds them."""
    found = {}
    if not given.get("ALLOWED_HOSTS", "").strip():
        names = ["localhost", "127.0.0.1", "[::1]", "testserver"]
        if host in {"0.0.0.0", "::"}:
            names += [socket.gethostname(), *_own_addresses()]
        elif host not in names:
            names.append(host)
        found["ALLOWED_HOSTS"] = ",".join(dict.fromkeys(names))
    if not given.get("PUBLIC_URL", "").strip():
        found["PUBLIC_URL"] = address(host, port)
    if not given.get("SECRET_KEY", "").strip() and not given.get("SECRET_KEY_FILE", "").strip():
        found["SECRET_KEY_FILE"] = str(secret_key_file(places.var))
    return found


def _own_addresses() -> list[str]:
    try:
        return sorted({str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)})
    except OSError:
        return []


def secret_key_file(var: Path) -> Path:
    """The demo's secret key: random, made once, readable by its owner only."""
    path = var / "secret_key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(50) + "\n")
    return path


def listening(given: Mapping[str, str]) -> tuple[str, int]:
    """HOST and PORT. Raises WrongUse if PORT is no port number."""
    raw = given.get("PORT", "").strip() or "8000"
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= 65535:
        raise WrongUse(f"PORT must be a number from 1 to 65535, not {raw!r}")
    return given.get("HOST", "").strip() or "127.0.0.1", int(raw)


def address(host: str, port: int) -> str:
    """The URL to open in a browser on this machine."""
    shown = reachable_host(host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def reachable_host(host: str) -> str:
    """Where this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def port_is_free(host: str, port: int) -> bool:
    """Whether we could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def manage(*arguments: str) -> list[str]:
    """The command line of a Django command."""
    return [str(PYTHON), str(REPOSITORY / "manage.py"), *arguments]
