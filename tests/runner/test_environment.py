"""What ./run passes on: completed, never overruled, and never more than a program needs."""

from pathlib import Path

import pytest

from runner.environment import WrongUse, address, compose, listening
from runner.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(var=tmp_path, sockets=tmp_path / "run", cluster=tmp_path / "pg", server_user=None)


def test_a_demo_needs_no_variable_at_all(places: Places) -> None:
    composed = compose(places, {})
    assert composed.private_database and composed.private_broker and composed.demo
    assert composed.runtime_url == f"postgres://geoportal@/geoportal?host={places.database_sockets}"
    assert composed.owner_url.startswith("postgres://geoportal_owner@")
    assert composed.variables["BROKER_URL"] == f"redis+socket://{places.broker_socket}"
    assert composed.variables["PUBLIC_URL"] == "http://127.0.0.1:8000"


def test_the_secret_key_is_made_once_and_private(places: Places) -> None:
    path = Path(compose(places, {}).variables["SECRET_KEY_FILE"])
    key = path.read_text()
    assert len(key) > 50
    assert path.stat().st_mode & 0o777 == 0o600
    compose(places, {})
    assert path.read_text() == key


def test_production_is_given_its_secrets_not_made_up_ones(places: Places) -> None:
    composed = compose(places, {"GEOPORTAL_ENV": "production"})
    assert not {"SECRET_KEY", "SECRET_KEY_FILE", "ALLOWED_HOSTS", "PUBLIC_URL"} & set(composed.variables)
    assert not composed.demo


def test_outside_servers_replace_private_ones(places: Places) -> None:
    given = {"DATABASE_URL": "postgis://app:secret@db/x", "BROKER_URL": "amqp://broker"}
    composed = compose(places, given)
    assert not composed.private_database and not composed.private_broker
    assert composed.owner_url == given["DATABASE_URL"]
    assert compose(places, given | {"DATABASE_OWNER_URL": "postgres://boss@db/x"}).owner_url == "postgres://boss@db/x"


def test_serving_programs_do_not_learn_the_owners_address(places: Places) -> None:
    composed = compose(places, {})
    assert "DATABASE_OWNER_URL" not in composed.serving()
    assert composed.migrating()["DATABASE_URL"] == composed.owner_url


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80 80", "٨٠٠٠"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(WrongUse, match="PORT"):
        listening({"PORT": port})


def test_the_address_shown_can_be_opened() -> None:
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert address("::", 80) == "http://[::1]:80"
    assert address("192.0.2.7", 8000) == "http://192.0.2.7:8000"
