"""From started servers to an application that can serve: schema, city, demo, files. What has not changed is skipped."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runner import cluster
from runner.environment import PYTHON, Environment, manage
from runner.places import REPOSITORY, Places
from runner.steps import run_logged

FIRST_DEMO_COMPLAINTS = 600
ALL_DEMO_COMPLAINTS = 6000
# What a complete demo is stamped with: an installation from before the findings loads those too.
WHOLE_DEMO = f"{ALL_DEMO_COMPLAINTS} and findings"
RUN_LOCK = REPOSITORY / "requirements.lock"
# In a schema of its own: the application's role gets no rights there.
STAMP_TABLE = "runner.stamp"


class DatabaseStamps:
    """What was done to this very database, kept inside it: a stamp cannot outlive what it vouches for."""

    def __init__(self, binaries: Path, owner_url: str) -> None:
        self._binaries = binaries
        self._url = owner_url
        create = f"CREATE TABLE IF NOT EXISTS {STAMP_TABLE} (name text PRIMARY KEY, value text NOT NULL)"
        quietly = "SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS runner"
        rows = self._sql(f"{quietly}; {create}; TABLE {STAMP_TABLE}")
        self._known = dict(line.split("|", 1) for line in rows.splitlines())

    def get(self, name: str) -> str:
        return self._known.get(name, "")

    def set(self, name: str, value: str) -> None:
        self._known[name] = value
        self._sql(
            f"INSERT INTO {STAMP_TABLE} VALUES ('{name}', '{value}') "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )

    def _sql(self, sql: str) -> str:
        return cluster.url_sql(self._binaries, self._url, sql)


class Preparation:
    """One pass of preparation; `log` takes the output of the commands."""

    def __init__(self, environment: Environment, places: Places, binaries: Path) -> None:
        self.environment = environment
        self.places = places
        self.log = places.logs / "prepare.log"
        self.stamps = DatabaseStamps(binaries, environment.owner_url)

    def everything(self) -> None:
        """All that must be done before the first page is served; files beside the database, a processor each."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            files = pool.submit(self._files)
            self.schema()
            self._city()
            if self.environment.demo:
                self._streets()
                self._first_demo()
            files.result()

    def _files(self) -> None:
        log = self.places.logs / "prepare-files.log"
        city = self.environment.city
        pack = _tree(city.folder)
        if city.has_basemap and self._file_differs("basemap", pack, folder="made"):
            self._manage("Drawing the basemap", "build_basemap", str(city.folder), log=log)
            self._note_file("basemap", pack)
        # The drawn basemap is one of the files that are collected.
        static = _tree(REPOSITORY / "static", REPOSITORY / "package-lock.json", RUN_LOCK, city.folder)
        if self._file_differs("static", static, folder="static"):
            quietly = ["--no-input", "--verbosity", "0"]
            # Large, and no page shows it: the documentation of the API is drawn by Swagger UI.
            unused = ["--ignore", "redoc"]
            self._manage("Collecting static files", "collectstatic", *quietly, *unused, log=log)
            self._note_file("static", static)

    def _city(self) -> None:
        city = self.environment.city
        pack = _tree(city.folder)
        if self.stamps.get(f"city {city.code}") != pack:
            self._manage(f"Loading the city pack of {city.name}", "load_city", str(city.folder))
            self.stamps.set(f"city {city.code}", pack)

    def _streets(self) -> None:
        """The drawn streets of the pack, by the way any city loads its own: complaints can then be shown per kilometre."""
        city = self.environment.city
        if city.streets is None:
            return
        drawn = _tree(city.streets)
        if self.stamps.get(f"streets {city.code}") != drawn:
            asked = ["--jurisdiction", city.code, "--kind", "streets", "--source", city.source or city.streets.name]
            self._manage(f"Loading the streets of {city.name}", "load_layer", str(city.streets), *asked)
            self.stamps.set(f"streets {city.code}", drawn)

    def schema(self) -> None:
        """What every command needs: the tables as the code knows them, and the words."""
        compile_messages(self.log)
        rights = REPOSITORY / "geoportal" / "management" / "commands" / "grant_runtime.py"
        migrations = _tree(*sorted(REPOSITORY.glob("*/migrations")), rights, RUN_LOCK)
        if self.stamps.get("migrations") != migrations:
            self._manage("Migrating the database", "migrate", "--no-input", owner=True)
            owner, runtime = (
                cluster.role_of(url) for url in (self.environment.owner_url, self.environment.runtime_url)
            )
            if runtime and runtime != owner:
                self._manage(f"Setting the rights of the role {runtime}", "grant_runtime", runtime, owner=True)
            self.stamps.set("migrations", migrations)

    def _first_demo(self) -> None:
        accounts = self.places.var / "demo-accounts.json"
        if self.stamps.get(self._demo) and accounts.exists():
            return
        count = str(FIRST_DEMO_COMPLAINTS)
        self._manage(f"Loading {count} demo complaints", "load_demo", *self.demo_of_city(count), "--no-findings")
        if not self.stamps.get(self._demo):
            self.stamps.set(self._demo, count)

    @property
    def _demo(self) -> str:
        return f"demo {self.environment.city.code}"

    def demo_of_city(self, count: str) -> list[str]:
        """Arguments of `load_demo`: the demo belongs to the pack's city, whatever page is shown first."""
        return ["--count", count, "--jurisdiction", self.environment.city.code]

    def demo_is_complete(self) -> bool:
        return self.stamps.get(self._demo) == WHOLE_DEMO

    def note_complete_demo(self) -> None:
        self.stamps.set(self._demo, WHOLE_DEMO)

    def _file_differs(self, name: str, wanted: str, *, folder: str) -> bool:
        stamp = self.places.var / "stamps" / name
        # Somebody may have cleared away the folder that the stamp vouches for.
        return not (self.places.var / folder).is_dir() or not stamp.exists() or stamp.read_text() != wanted

    def _note_file(self, name: str, value: str) -> None:
        (self.places.var / "stamps" / name).write_text(value)

    def _manage(self, title: str, *arguments: str, owner: bool = False, log: Path | None = None) -> None:
        variables = self.environment.migrating() if owner else self.environment.variables
        run_logged(title, manage(*arguments), log=log or self.log, env=variables, cwd=REPOSITORY)


def compile_messages(log: Path) -> None:
    """Compile the message catalogues whose .mo is missing or older than its .po (no gettext tools needed)."""
    for source in sorted(REPOSITORY.glob("locale/*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        language = source.parent.parent.name
        command: list[str | Path] = [
            PYTHON,
            "-m",
            "babel.messages.frontend",
            "compile",
            "-i",
            source,
            "-o",
            compiled,
            "-l",
            language,
        ]
        run_logged(f"Compiling the messages of {language}", command, log=log, env=dict(os.environ))


def _tree(*roots: Path) -> str:
    """One hash over names and contents of all files below `roots` (a city pack may lie anywhere)."""
    digest = hashlib.sha256()
    for root in roots:
        files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
        for path in files:
            if "__pycache__" in path.parts or not path.exists():
                continue
            digest.update(f"{root.parent.name}/{root.name}/{path.relative_to(root)}".encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
