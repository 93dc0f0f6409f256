"""The private database and Redis: made from nothing, weak where the application connects, whole after kill -9."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import broker, cluster, services
from runner.cluster import Cluster, find_binaries, superuser_sql, url_sql
from runner.environment import Environment, compose
from runner.places import Places, find_places, make_places
from runner.steps import StepFailed


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Environment, Places]]:
    """Servers under a path that is too long for a socket, has a space and an accent, and that only we may enter."""
    var = tmp_path_factory.mktemp("long") / ("mairie de Tétouan " + "x" * 90) / "var"
    places = find_places(var)
    make_places(places)
    environment = compose(places, {"PATH": os.environ["PATH"]})
    own = Cluster(find_binaries(), places, durable=False)
    services.start(own, environment, places)
    yield own, environment, places
    services.stop(own, environment, places)
    for folder in (places.sockets, places.cluster):
        shutil.rmtree(folder)


def test_sockets_are_short_and_private(running: tuple[Cluster, Environment, Places]) -> None:
    _, _, places = running
    assert len(os.fsencode(places.database_sockets / ".s.PGSQL.5432")) <= 107
    assert places.database_sockets.stat().st_mode & 0o077 == 0
    assert places.broker_socket.stat().st_mode & 0o077 == 0


def test_it_listens_on_no_network_address(running: tuple[Cluster, Environment, Places]) -> None:
    own, _, _ = running
    assert superuser_sql(own, "postgres", "SHOW listen_addresses") == ""


def test_the_encoding_is_utf8_whatever_the_environment(running: tuple[Cluster, Environment, Places]) -> None:
    own, _, _ = running
    assert superuser_sql(own, "geoportal", "SHOW server_encoding") == "UTF8"
    assert superuser_sql(own, "geoportal", "SELECT datcollate FROM pg_database LIMIT 1") == "C.UTF-8"


def test_the_runtime_role_has_postgis_and_may_create_nothing(running: tuple[Cluster, Environment, Places]) -> None:
    own, environment, _ = running
    assert (
        url_sql(own.binaries, environment.runtime_url, "SELECT ST_AsText(ST_Point(-5.37, 35.57))")
        == "POINT(-5.37 35.57)"
    )
    for forbidden in ("CREATE TABLE mine (id int)", "CREATE SCHEMA mine", "CREATE DATABASE mine", "CREATE ROLE mine"):
        with pytest.raises(StepFailed, match="permission denied"):
            url_sql(own.binaries, environment.runtime_url, forbidden)


def test_the_owner_is_no_superuser_but_makes_tables_and_test_databases(
    running: tuple[Cluster, Environment, Places],
) -> None:
    own, environment, _ = running
    url_sql(own.binaries, environment.owner_url, "CREATE TABLE t (g geometry(Point, 4326))")
    url_sql(own.binaries, environment.owner_url, "CREATE DATABASE test_x TEMPLATE template1")
    assert superuser_sql(own, "test_x", "SELECT count(*) FROM pg_extension WHERE extname = 'postgis'") == "1"
    assert superuser_sql(own, "postgres", "SELECT rolsuper FROM pg_roles WHERE rolname = 'geoportal_owner'") == "f"


def test_preparing_again_changes_nothing(running: tuple[Cluster, Environment, Places]) -> None:
    own, environment, places = running
    services.start(own, environment, places)
    assert cluster.is_running(own)
    assert broker.is_running(places)


def test_after_kill_9_it_starts_again_and_has_what_was_committed(running: tuple[Cluster, Environment, Places]) -> None:
    own, environment, places = running
    url_sql(
        own.binaries, environment.owner_url, "SET synchronous_commit = on; CREATE TABLE kept AS SELECT 42 AS answer"
    )
    pid = cluster.server_pid(places.data)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while cluster.is_running(own):
        time.sleep(0.02)
    cluster.start(own)
    assert url_sql(own.binaries, environment.owner_url, "SELECT answer FROM kept") == "42"


def test_another_database_server_that_got_the_number_is_left_alone(
    running: tuple[Cluster, Environment, Places], tmp_path: Path
) -> None:
    own, _, places = running
    (tmp_path / "postmaster.pid").write_text((places.data / "postmaster.pid").read_text())
    stale = Places(var=tmp_path, sockets=tmp_path, cluster=tmp_path, server_user=None)
    (tmp_path / "data").symlink_to(tmp_path)
    cluster.stop(Cluster(own.binaries, stale, durable=False))
    assert cluster.server_pid(places.data) is not None
    assert cluster.is_running(own)


def test_an_interrupted_making_leaves_nothing_that_is_taken_for_a_cluster(tmp_path: Path) -> None:
    places = find_places(tmp_path / "var")
    make_places(places)
    (places.cluster / "data.partial").mkdir()
    (places.cluster / "data.partial" / "PG_VERSION").write_text("15\n")
    own = Cluster(find_binaries(), places, durable=False)
    cluster.create(own)
    assert (places.data / "postgresql.conf").exists()
    for folder in (places.sockets, places.cluster):
        shutil.rmtree(folder)


def test_a_missing_version_is_told_with_its_package(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9\n")
    with pytest.raises(StepFailed, match="apt-get install postgresql-9 postgresql-9-postgis-3"):
        find_binaries(tmp_path)


def test_a_start_waits_for_a_command_and_the_command_can_end(tmp_path: Path) -> None:
    places = find_places(tmp_path / "var")
    make_places(places)
    foreign = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgis://u@h/d", "BROKER_URL": "redis://h/0"}
    environment = compose(places, foreign)
    started = threading.Event()

    def serve() -> None:
        with services.owned(environment, places):
            started.set()

    with services.borrowed(environment, places):
        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        assert not started.wait(0.3)
    assert started.wait(5)
    serving.join(5)
