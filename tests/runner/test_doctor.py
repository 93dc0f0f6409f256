"""Each way in which a machine is known to fail is recognised, with one sentence and the line that mends it."""

import json
import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from runner import cluster, doctor, machine

ROOT = os.getuid() == 0


def test_a_folder_that_the_database_user_cannot_pass(tmp_path: Path) -> None:
    if not ROOT:
        pytest.skip("only root runs the database as another user")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    finding = doctor.closed_parent(closed / "var", user="nobody")
    assert finding is not None
    assert finding.code == "parent_closed"
    assert "chmod o+x" in finding.mend and str(closed) in finding.mend


def test_a_cluster_behind_a_closed_folder_is_a_fault_not_a_note(tmp_path: Path) -> None:
    if not ROOT:
        pytest.skip("only root runs the database as another user")
    data = tmp_path / "closed" / "var" / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    (tmp_path / "closed").chmod(0o700)
    finding = doctor.closed_parent(tmp_path / "closed" / "var", user="nobody")
    assert finding is not None
    assert finding.fault


@pytest.mark.parametrize("folder", ["/srv/" + "x" * 100, "/srv/with space/run", "/srv/é/run"])
def test_a_path_that_no_socket_can_have(folder: str) -> None:
    finding = doctor.long_socket_path(Path(folder))
    assert finding is not None
    assert finding.code == "socket_path"
    assert not finding.fault
    assert doctor.long_socket_path(Path("/srv/geoportal/var/run")) is None


def test_a_database_that_is_not_utf8() -> None:
    finding = doctor.wrong_encoding("geoportal", "SQL_ASCII")
    assert finding is not None
    assert finding.code == "encoding"
    assert "mv " in finding.mend
    assert doctor.wrong_encoding("geoportal", "UTF8") is None


def test_a_lock_left_by_a_killed_database(tmp_path: Path) -> None:
    assert doctor.stale_lock(tmp_path) is None
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / "postmaster.pid").write_text(f"{dead.pid}\n")
    finding = doctor.stale_lock(tmp_path)
    assert finding is not None
    assert finding.code == "stale_lock"
    assert finding.mend == "./run"


def test_a_lock_whose_number_now_belongs_to_another_program(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getppid()}\n")
    assert doctor.stale_lock(tmp_path) is not None


def test_template1_without_postgis() -> None:
    finding = doctor.missing_extensions(
        ["plpgsql", "pg_trgm", "unaccent", "btree_gist", "btree_gin"], "psql -d template1"
    )
    assert finding is not None
    assert finding.mend == 'psql -d template1 -c "CREATE EXTENSION postgis;"'
    assert doctor.missing_extensions([*cluster.EXTENSIONS], "psql") is None


def test_the_system_cluster_on_5432_is_broken(tmp_path: Path) -> None:
    listing = tmp_path / "pg_lsclusters"
    listing.write_text("#!/bin/sh\necho '15 main 5432 down postgres /var/lib/postgresql/15/main /var/log/x.log'\n")
    listing.chmod(0o755)
    finding = doctor.broken_package_cluster([str(listing)])
    assert finding is not None
    assert not finding.fault
    assert finding.mend.startswith("pg_dropcluster 15 main")
    assert doctor.broken_package_cluster(["/nowhere/pg_lsclusters"]) is None


def test_a_socket_folder_that_others_can_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    finding = doctor.open_socket_folder(tmp_path)
    assert finding is not None
    assert finding.mend == f"chmod 0700 '{tmp_path}'"
    tmp_path.chmod(stat.S_IRWXU)
    assert doctor.open_socket_folder(tmp_path) is None


def test_python_without_venv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PYTHON", Path("/nowhere/python"))
    finding = doctor.python_without_venv(modules=("no_such_module",))
    assert finding is not None
    assert finding.mend == "apt-get install python3-venv"
    assert doctor.python_without_venv(modules=("json",)) is None


def test_a_virtual_environment_whose_python_went_away(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    assert doctor.broken_virtual_environment(python) is None
    python.parent.mkdir(parents=True)
    python.symlink_to("/nowhere/python3")
    finding = doctor.broken_virtual_environment(python)
    assert finding is not None
    assert finding.mend == f"rm -r '{tmp_path}/.venv'"


def test_packages_are_a_fault_only_where_run_cannot_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = machine.Need("Redis", ("redis-server",), lambda: False)
    monkeypatch.setattr(machine, "root_prefix", lambda: None)
    finding = doctor.missing_packages((absent,), ())[0]
    assert finding.fault
    assert finding.mend == "apt-get install --no-install-recommends redis-server"
    monkeypatch.setattr(machine, "root_prefix", lambda: ["sudo"])
    assert not doctor.missing_packages((absent,), ())[0].fault


def test_a_database_of_a_version_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    monkeypatch.setattr(doctor, "find_places", lambda var: doctor_places(tmp_path))
    finding = doctor.data_findings(tmp_path)[0]
    assert finding.code == "database_version"
    assert finding.mend == "apt-get install postgresql-9 postgresql-9-postgis-3"


def doctor_places(var: Path) -> object:
    from runner.places import Places

    return Places(var=var, sockets=var / "run", cluster=var / "pg", server_user=None)


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = doctor.port_taken({"PORT": str(port)})
    assert finding is not None
    assert finding.mend == f"PORT={port + 1} ./run"
    assert doctor.port_taken({"PORT": "http"}).code == "port_wrong"  # type: ignore[union-attr]


def test_a_full_disk(tmp_path: Path) -> None:
    finding = doctor.little_space(tmp_path / "var", wanted=10**12)
    assert finding is not None
    assert finding.code == "disk_full"
    assert doctor.little_space(tmp_path / "var", wanted=0) is None


def test_ubuntus_chromium_is_a_stub_for_a_snap(tmp_path: Path) -> None:
    stub = tmp_path / "chromium-browser"
    stub.write_text('#!/bin/sh\nexec /snap/bin/chromium "$@"\n')
    finding = doctor.snap_chromium(str(stub))
    assert finding is not None
    assert not finding.fault
    stub.write_text("#!/bin/sh\nexec /usr/lib/chromium/chromium\n")
    assert doctor.snap_chromium(str(stub)) is None


def test_a_stub_is_not_taken_for_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    stub, browser = tmp_path / "chromium", tmp_path / "google-chrome"
    stub.write_text('#!/bin/sh\nexec /snap/bin/chromium "$@"\n')
    stub.chmod(0o755)
    assert machine.real_browser(str(tmp_path)) is None
    browser.write_bytes(b"\x7fELF")
    browser.chmod(0o755)
    assert machine.real_browser(str(tmp_path)) == browser
    monkeypatch.setenv("CHROMIUM", "/bin/true")
    assert machine.real_browser(str(tmp_path)) == Path("/bin/true")


@pytest.mark.parametrize(("text", "ubuntu"), [("ID=ubuntu\n", True), ("ID=linuxmint\nID_LIKE=ubuntu\n", False)])
def test_ubuntu_is_known_by_its_name(tmp_path: Path, text: str, ubuntu: bool) -> None:
    (tmp_path / "os-release").write_text("NAME=x\n" + text)
    assert machine.is_ubuntu(tmp_path / "os-release") == ubuntu
    assert not machine.is_ubuntu(tmp_path / "nothing")


def test_libraries_that_do_not_load(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    assert [finding.code for finding in doctor.native_libraries(python)] == ["native_libraries"]


def test_json_is_the_last_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Finding("x", "Something is wrong.", "mend it")])
    assert doctor.main(["--json"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last == {
        "ok": False,
        "counts": {"faults": 1, "notes": 0},
        "faults": [{"code": "x", "message": "Something is wrong.", "where": "mend it"}],
    }
    assert doctor.main(["--unknown"]) == 2
