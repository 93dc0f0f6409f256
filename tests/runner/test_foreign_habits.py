"""What somebody has set for other projects changes nothing here: paths, databases, installers, links, moved folders."""

import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from runner import doctor, toolchain

REPOSITORY = Path(__file__).resolve().parents[2]
# Answers what `run` asks of a Python, and shows what it would be started with.
STUB = '#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "in $PWD"; echo "as $*"; env\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "with space" / "geoportal"
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(REPOSITORY / "run", folder / "run")
    stub = folder / ".venv" / "bin" / "python"
    stub.write_text(STUB)
    stub.chmod(0o755)
    return folder


def started(command: str, cwd: Path, **variables: str) -> list[str]:
    environment = {"PATH": os.environ["PATH"]} | variables
    done = subprocess.run(["bash", command, "doctor"], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_it_finds_its_folder_by_a_link_and_past_cdpath(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "geoportal").symlink_to(checkout / "run")
    decoy = tmp_path / "decoy" / "bin"
    decoy.mkdir(parents=True)
    said = started("bin/geoportal", tmp_path, CDPATH=str(tmp_path / "decoy"))
    assert said[:2] == [f"in {checkout}", "as -m runner doctor"]
    assert f"RUN_CALLED_FROM={tmp_path}" in said


def test_another_projects_python_and_database_do_not_leak_in(checkout: Path) -> None:
    foreign = {"VIRTUAL_ENV": "/x", "PYTHONPATH": "/x", "PYTHONHOME": "/x", "CONDA_PREFIX": "/x"}
    database = {"PGPORT": "99", "PGHOST": "elsewhere", "PGOPTIONS": "-c search_path=x"}
    names = {line.partition("=")[0] for line in started("run", checkout, **foreign, **database)}
    assert not names & (set(foreign) | set(database))
    kept = started("run", checkout, DATABASE_URL="postgres://db/x", PGSSLROOTCERT="/ca.pem")
    assert "PGSSLROOTCERT=/ca.pem" in kept, "what belongs to an outside database stays"


def test_modules_are_compiled_once_whatever_the_terminal_forbids(checkout: Path) -> None:
    """Without compiled modules each process of the first start and of the tests takes three times as long to begin."""
    said = started("run", checkout, PYTHONDONTWRITEBYTECODE="1")
    assert not [line for line in said if line.startswith("PYTHONDONTWRITEBYTECODE")]


def test_a_language_that_the_machine_has_not_got_reaches_no_program(checkout: Path) -> None:
    said = started("run", checkout, LANG="fr_MA.UTF-8", LC_ALL="ar_MA.UTF-8", LC_COLLATE="xx")
    assert "LC_ALL=C.UTF-8" in said


def test_installers_do_as_the_lock_files_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in toolchain.MISLEADING:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.org/simple")
    environment = toolchain._installer_environment()
    assert not toolchain.MISLEADING & set(environment)
    assert environment["PIP_INDEX_URL"] == "https://mirror.example.org/simple", "a mirror is meant"


def test_a_moved_or_copied_virtual_environment_is_made_again(tmp_path: Path) -> None:
    """Its Python still runs, but its programs begin with the path of the old one, which may be another checkout."""
    here, there = tmp_path / "here" / ".venv", tmp_path / "there" / ".venv"
    venv.create(here, with_pip=False)
    assert toolchain.virtual_environment_works(here)
    assert doctor.broken_virtual_environment(here / "bin" / "python") is None
    shutil.copytree(here, there, symlinks=True)
    assert not toolchain.virtual_environment_works(there)
    finding = doctor.broken_virtual_environment(there / "bin" / "python")
    assert finding is not None
    assert finding.code == "venv_broken" and finding.mend == f"rm -r '{there}'"
