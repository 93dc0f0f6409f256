"""The virtual environment and the browser packages, both from lock files with hashes; nothing is done twice."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from runner.environment import PYTHON, VENV
from runner.places import REPOSITORY
from runner.steps import StepFailed, run_logged, say, step

LOCKS = Path(__file__).parent / "locks"
RUN_LOCK = REPOSITORY / "requirements.lock"
DEVELOPMENT_LOCK = REPOSITORY / "requirements-dev.lock"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
NODE_PACKAGES = REPOSITORY / "node_modules"


def prepare(log: Path, *, development: bool) -> None:
    """Bring .venv and node_modules to what the lock files say. Quick when they already are."""
    _virtual_environment()
    _python_packages(log, development=development)
    _browser_packages(log)


def fingerprint(*files: Path) -> str:
    """One hash over the contents of files."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _virtual_environment() -> None:
    works = PYTHON.exists() and subprocess.run([PYTHON, "-c", "import sys"], capture_output=True).returncode == 0
    if works:
        return
    with step("Making the virtual environment .venv"):
        if VENV.exists():
            say("  the one that lies there does not run any more; it is made again")
            shutil.rmtree(VENV)
        done = subprocess.run([_base_python(), "-m", "venv", VENV], capture_output=True, text=True)
        if done.returncode != 0:
            raise StepFailed(f".venv cannot be made: {done.stderr.strip() or done.stdout.strip()}")


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
    environment = dict(os.environ)
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
    environment = _installer_environment()
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        if not (VENV / "bin" / "npm").exists():
            _pip(log, "Installing Node into .venv (this machine has none)", LOCKS / "node.txt")
        npm = str(VENV / "bin" / "npm")
        environment["PATH"] = f"{VENV / 'bin'}:{environment.get('PATH', '/usr/bin:/bin')}"
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run_logged("Installing browser packages (npm ci)", command, log=log, env=environment, cwd=REPOSITORY)
    stamp.write_text(wanted + "\n")
