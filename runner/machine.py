"""System packages of Debian and Ubuntu: what is missing, and its installation as root or through sudo."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner import cluster
from runner.steps import StepFailed, run_logged, say


@dataclass(frozen=True)
class Need:
    """Something that packages bring. `needed` False: its absence stops nothing, it only rides along."""

    what: str
    packages: tuple[str, ...]
    present: Callable[[], bool]
    needed: bool = True


def has_program(*names: str) -> Callable[[], bool]:
    folders = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    return lambda: any(shutil.which(name, path=folders) for name in names)


def has_library(pattern: str) -> Callable[[], bool]:
    folders = (Path("/usr/lib"), *Path("/usr/lib").glob("*-linux-gnu*"), Path("/usr/local/lib"))
    return lambda: any(next(folder.glob(pattern), None) for folder in folders)


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def real_browser(folders: str = "/usr/local/bin:/usr/bin:/bin") -> Path | None:
    """A Chromium that tests can drive: what CHROMIUM names, or the system's, unless that is a stub for a snap."""
    given = os.environ.get("CHROMIUM", "").strip()
    if given and os.access(given, os.X_OK):
        return Path(given)
    found = [Path(path) for name in BROWSERS if (path := shutil.which(name, path=folders))]
    return next((path for path in found if not is_snap(path)), None)


def is_snap(program: Path) -> bool:
    """Ubuntu's package only leads to a snap, which a service or a container cannot drive."""
    if "snap" in str(program.resolve()):
        return True
    try:
        with program.open("rb") as stream:
            beginning = stream.read(2000)
    except OSError:
        return False
    return beginning.startswith(b"#!") and b"snap" in beginning


def is_ubuntu(release: Path = Path("/etc/os-release")) -> bool:
    try:
        return "ID=ubuntu" in release.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False


def has_database() -> bool:
    return any(cluster.has_postgis(path) for path in cluster.INSTALLATIONS.glob("[0-9]*"))


# Since this edition the zone data knows that Morocco stays on UTC+0 (from 2026-09-20). The application brings its own
# copy by the lock file; PostgreSQL and other programs read the system's, which is freshened whenever packages are installed.
ZONE_DATA = "2026c"


def has_recent_zones(file: Path = Path("/usr/share/zoneinfo/tzdata.zi")) -> bool:
    try:
        first = file.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError):
        return False
    return first.removeprefix("# version ").strip() >= ZONE_DATA


# The PostGIS package carries the server's version in its name: see database_packages().
DATABASE = Need("PostgreSQL with PostGIS", ("postgresql", "postgresql-NN-postgis-3"), has_database)
TO_RUN = (
    DATABASE,
    Need("Redis", ("redis-server",), has_program("redis-server", "valkey-server")),
    Need("Pango", ("libpango-1.0-0", "libpangoft2-1.0-0", "libpangocairo-1.0-0"), has_library("libpango-1.0.so*")),
    Need("Time-zone data", ("tzdata",), has_recent_zones, False),
    Need("Arabic fonts", ("fonts-noto-core",), lambda: bool(list(Path("/usr/share/fonts").rglob("*Arabic*")))),
)
# Ubuntu has Chromium as a snap only: there it comes from npm (toolchain.py), and the system brings what it links to.
CHROMIUM = Need("Chromium", ("chromium",), lambda: real_browser() is not None)
CHROMIUM_FROM_NPM = Need("Libraries of Chromium", ("libnss3",), has_library("libnss3.so*"))
TO_TEST = (
    CHROMIUM_FROM_NPM if is_ubuntu() and real_browser() is None else CHROMIUM,
    Need("gettext", ("gettext",), has_program("msgfmt")),
)


def missing(needs: tuple[Need, ...]) -> list[Need]:
    return [need for need in needs if not need.present()]


def install(needs: tuple[Need, ...], log: Path) -> None:
    """Install what is missing of `needs`; silent, quick and offline when nothing needed is.

    Raises StepFailed with the line to give an administrator where we are neither root nor have sudo.
    """
    wanting = missing(needs)
    if not any(need.needed for need in wanting):
        return
    names = ", ".join(need.what for need in wanting)
    line = "apt-get install --no-install-recommends " + " ".join(p for need in wanting for p in need.packages)
    if not shutil.which("apt-get"):
        raise StepFailed(
            f"Missing: {names}. This is neither Debian nor Ubuntu: install them by hand, then start again."
        )
    prefix = root_prefix()
    if prefix is None:
        raise StepFailed(f"Missing: {names}. This user is neither root nor has sudo. As root: {line}")
    say(f"Missing on this machine: {names}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    run_logged("Reading the lists of packages (apt-get update)", [*apt, "update"], log=log)
    packages = packages_of(wanting)
    run_logged(
        f"Installing {' '.join(packages)}", [*apt, "install", "-y", "--no-install-recommends", *packages], log=log
    )
    if still := [need.what for need in missing(needs) if need.needed]:
        raise StepFailed(f"Still missing after installation: {', '.join(still)}. {log} tells what apt did.")


def root_prefix() -> list[str] | None:
    """How to become root: nothing to put before, sudo, or None where neither will do."""
    if os.getuid() == 0:
        return []
    return ["sudo"] if shutil.which("sudo") else None


def packages_of(needs: list[Need]) -> list[str]:
    """Package names, with the database's versioned name filled in. Wants current package lists."""
    names: list[str] = []
    for need in needs:
        names += database_packages() if need is DATABASE else need.packages
    return names


def database_packages() -> list[str]:
    """The newest `postgresql-NN` that the system's archive offers PostGIS for."""
    command = ["apt-cache", "search", "--names-only", r"^postgresql-[0-9]+-postgis-3$"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    versions = [int(found) for found in re.findall(r"^postgresql-(\d+)-postgis-3\b", listed, re.MULTILINE)]
    if not versions:
        raise StepFailed("This system's package archive has no PostGIS: Debian 12, Ubuntu 24.04 or newer is needed.")
    return [f"postgresql-{max(versions)}", f"postgresql-{max(versions)}-postgis-3"]
