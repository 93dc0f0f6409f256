"""The compose file holds together: it names only what exists, and every service looks after itself."""

from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

REPOSITORY = Path(__file__).resolve().parents[2]
OURS = {"prepare", "web", "worker", "long-worker", "beat"}


@pytest.fixture(scope="module")
def compose_file() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def test_it_has_the_services_of_run(compose_file: dict[str, Any]) -> None:
    assert set(compose_file["services"]) == OURS | {"database", "redis"}


def test_names_refer_to_something(compose_file: dict[str, Any]) -> None:
    for name, service in compose_file["services"].items():
        assert set(service.get("secrets", [])) <= set(compose_file["secrets"]), name
        assert set(service.get("networks", [])) <= set(compose_file["networks"]), name
        assert set(service.get("depends_on", {})) <= set(compose_file["services"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose_file["volumes"] or (REPOSITORY / source).exists(), volume


def test_every_lasting_service_has_a_health_check_and_is_restarted(compose_file: dict[str, Any]) -> None:
    for name, service in compose_file["services"].items():
        if name != "prepare":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_only_the_preparation_learns_the_owners_password(compose_file: dict[str, Any]) -> None:
    knowing = {name for name in OURS if "database_owner_url" in compose_file["services"][name]["secrets"]}
    assert knowing == {"prepare"}


def test_no_secret_stands_in_the_file(compose_file: dict[str, Any]) -> None:
    for service in compose_file["services"].values():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable or "SECRET" in variable:
                assert str(value).startswith("/run/secrets/")


def test_the_image_does_not_run_as_root() -> None:
    instructions = (REPOSITORY / "Dockerfile").read_text().splitlines()
    assert [line for line in instructions if line.startswith("USER ")] == ["USER geoportal"]


def test_every_variable_of_the_file_is_read_by_somebody(compose_file: dict[str, Any]) -> None:
    sources = [REPOSITORY / "geoportal" / "settings.py", *(REPOSITORY / "runner").glob("*.py")]
    read = "".join(path.read_text(encoding="utf-8") for path in sources)
    for name in OURS:
        for variable in compose_file["services"][name]["environment"]:
            assert f'"{variable.removesuffix("_FILE")}"' in read, variable


def test_what_the_image_copies_is_there_and_is_not_left_out() -> None:
    ignored = {line.strip().rstrip("/") for line in (REPOSITORY / ".dockerignore").read_text().splitlines()}
    copied = [
        line.split()[1:-1]
        for line in (REPOSITORY / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
    ]
    assert copied
    for source in (source for sources in copied for source in sources):
        assert (REPOSITORY / source).exists(), source
        assert source.split("/")[0] not in ignored, source
    # What the running site and its preparation need.
    for needed in ("fixtures", "locale", "static", "templates", "runner", "docker", "manage.py"):
        assert needed not in ignored, needed
