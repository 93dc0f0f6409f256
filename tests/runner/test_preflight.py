"""A start that cannot succeed ends at once, with one sentence that names what to mend and how."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured

from geoportal.env import public_url
from runner import preflight
from runner.cluster import find_client, url_sql
from runner.environment import Environment, compose
from runner.places import Places
from runner.steps import StepFailed

SOUND = {
    "GEOPORTAL_ENV": "production",
    "SECRET_KEY": "k" * 20 + "e" * 20 + "y" * 20,
    "ALLOWED_HOSTS": "reclamations.example.org,www.example.org",
    "TRUSTED_PROXIES": "1",
    "EMAIL_URL": "smtp://mail.example.org",
    "PATH": os.environ["PATH"],
}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(var=tmp_path, sockets=tmp_path / "run", cluster=tmp_path / "pg", server_user=None)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY or SECRET_KEY_FILE must be given in production"),
        ({"SECRET_KEY": "geheim"}, "SECRET_KEY must be random and at least 32 characters long"),
        ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE cannot be read"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS=* lets anybody"),
        ({"RATE_LIMIT_SCALE": "0"}, "RATE_LIMIT_SCALE=0 switches quotas off"),
        ({"EMAIL_URL": "mail.example.org"}, "EMAIL_URL must look like"),
        ({"GEOPORTAL_ENV": "prod"}, "GEOPORTAL_ENV must be demo, production or test, not 'prod'"),
        ({"HTTPS": "maybe"}, "HTTPS must be 1 or 0"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start(places: Places, changed: dict[str, str], words: str) -> None:
    with pytest.raises(StepFailed) as fault:
        preflight.check_settings(compose(places, SOUND | changed))
    assert str(fault.value).startswith(words)
    assert "Traceback" not in str(fault.value)


def test_sound_settings_are_passed_over_in_silence(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    preflight.check_settings(compose(places, SOUND))
    assert capsys.readouterr().err == ""


def test_links_begin_with_the_first_host_unless_an_address_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def url(given: str, *, https: bool = True, production: bool = True) -> str:
        monkeypatch.setenv("PUBLIC_URL", given)
        return public_url("PUBLIC_URL", hosts=[".example.org", "other.ma"], https=https, production=production)

    assert url("") == "https://example.org"
    assert url("", https=False) == "http://example.org"
    assert url("https://www.example.org/") == "https://www.example.org"
    assert url("http://anything", production=False) == "http://anything"
    for wrong, words in (
        ("http://www.example.org", "https://"),
        ("https://elsewhere.org", "ALLOWED_HOSTS"),
        ("www.example.org", "must look like"),
        ("https://[::1", "must look like"),
    ):
        with pytest.raises(ImproperlyConfigured, match=words):
            url(wrong)


def test_what_works_but_is_hardly_meant_is_said() -> None:
    told = preflight.remarks_on({"GEOPORTAL_ENV": "production"})
    assert len(told) == 2 and "TRUSTED_PROXIES" in told[0] and "EMAIL_URL" in told[1]
    assert preflight.remarks_on({"GEOPORTAL_ENV": "production", "HTTPS": "0", "EMAIL_URL_FILE": "/run/mail"}) == []
    assert preflight.remarks_on({"GEOPORTAL_ENV": "demo"}) == []


# --- servers that are not ours

Databases = Callable[..., str]


def superuser(name: str = "postgres") -> str:
    folder = parse_qs(urlsplit(os.environ["DATABASE_OWNER_URL"]).query)["host"][-1]
    return f"postgres://postgres@/{name}?host={folder}"


@pytest.fixture
def database() -> Iterator[Databases]:
    """Makes databases of a role of their own, without any extension, as another's server would have them."""
    with ExitStack() as stack:

        def make(*, encoding: str = "UTF8", owned: bool = True) -> str:
            mark = uuid.uuid4().hex[:8]
            name, role = f"outside_{mark}", f"mayor_{mark}"
            url_sql(find_client(), superuser(), f"CREATE ROLE {role} LOGIN")
            stack.callback(url_sql, find_client(), superuser(), f"DROP ROLE {role}")
            owner = f"OWNER {role}" if owned else ""
            shape = f"TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
            url_sql(find_client(), superuser(), f"CREATE DATABASE {name} {owner} {shape}")
            stack.callback(url_sql, find_client(), superuser(), f"DROP DATABASE {name} WITH (FORCE)")
            return superuser(name).replace("postgres@", f"{role}@")

        yield make


def outside(places: Places, url: str, owner_url: str = "") -> Environment:
    return compose(places, SOUND | {"DATABASE_URL": url, "DATABASE_OWNER_URL": owner_url})


def test_a_database_without_postgis_is_told_with_the_line_for_a_superuser(places: Places, database: Databases) -> None:
    url = database()
    with pytest.raises(
        StepFailed, match=r"lacks postgis, which only a superuser may add\. Mend, as one: psql -d outside_"
    ):
        preflight.check_outside_servers(outside(places, url), find_client())
    # The rest was made on the way: an owner may.
    made = url_sql(find_client(), url, "SELECT count(*) FROM pg_extension WHERE extname IN ('pg_trgm', 'unaccent')")
    assert made == "2"


def test_a_database_of_another_encoding_or_owner_is_refused(places: Places, database: Databases) -> None:
    with pytest.raises(StepFailed, match="encoding SQL_ASCII; make one with ENCODING 'UTF8'"):
        preflight.check_outside_servers(outside(places, database(encoding="SQL_ASCII")), find_client())
    with pytest.raises(StepFailed, match="GRANT CREATE ON DATABASE outside_"):
        preflight.check_outside_servers(outside(places, database(owned=False)), find_client())


def test_two_addresses_must_lead_to_one_database(places: Places, database: Databases) -> None:
    one, other = database(), database()
    for url in (one, other):
        url_sql(find_client(), superuser(urlsplit(url).path.lstrip("/")), "CREATE EXTENSION postgis")
    with pytest.raises(StepFailed, match="different databases"):
        preflight.check_outside_servers(outside(places, one, other), find_client())


def test_a_role_that_could_rewrite_history_is_mentioned(
    places: Places, database: Databases, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = database()
    name = urlsplit(owner).path.lstrip("/")
    url_sql(find_client(), superuser(name), "CREATE EXTENSION postgis")
    preflight.check_outside_servers(outside(places, owner), find_client())
    assert "DATABASE_OWNER_URL is not given" in capsys.readouterr().err
    preflight.check_outside_servers(outside(places, superuser(name), owner), find_client())
    assert "role postgres of DATABASE_URL is a superuser or owns tables" in capsys.readouterr().err


def test_a_database_that_does_not_answer_is_named_without_its_password(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "DATABASE_PATIENCE_SECONDS", 0)
    with pytest.raises(StepFailed, match=r"The database at 127\.0\.0\.1:1/x cannot be used") as fault:
        preflight.check_outside_servers(outside(places, "postgres://me:hush@127.0.0.1:1/x"), find_client())
    assert "hush" not in str(fault.value)


def test_a_broker_that_does_not_answer_stops_nothing(
    places: Places, database: Databases, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = compose(places, SOUND | {"BROKER_URL": "redis://127.0.0.1:1/0"})
    preflight.check_outside_servers(environment, find_client())
    assert "BROKER_URL does not answer" in capsys.readouterr().err
