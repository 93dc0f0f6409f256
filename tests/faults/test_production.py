"""A production site as a city hall would run it: outside servers, two database roles, a proxy for https, real mail."""

import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from runner.cluster import find_client, url_sql
from runner.steps import StepFailed
from tests.faults.installation import Installation, soon
from tests.faults.rig import REPOSITORY, free_port, wait_until
from tests.faults.tls_proxy import tls_proxy
from tests.faults.visitor import Page, Visitor
from tests.notifications.mailservers import Answers, smtp_server

pytestmark = pytest.mark.timeout(900)

NAME = "reclamations.example.org"
PASSWORD = "a-long-password-of-the-first-administrator"


@dataclass
class Production:
    site: Installation
    mails: Answers
    proxy: int
    runtime_url: str
    owner_url: str

    def visitor(self) -> Visitor:
        return Visitor(NAME, self.proxy, self.site.places.var / "proxy.pem")


@pytest.fixture(scope="module")
def production() -> Iterator[Production]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="gpp-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)
        runtime_url, owner_url = database_with_two_roles(stack)
        mails, mail_port = stack.enter_context(smtp_server())
        (folder / "key").write_text(uuid.uuid4().hex * 2 + "\n")
        site = Installation(
            folder,
            GEOPORTAL_ENV="production",
            SECRET_KEY_FILE=str(folder / "key"),
            ALLOWED_HOSTS=f"{NAME},127.0.0.1",
            TRUSTED_PROXIES="1",
            DATABASE_URL=runtime_url,
            DATABASE_OWNER_URL=owner_url,
            BROKER_URL=f"redis://127.0.0.1:{redis(stack, folder)}/0",
            EMAIL_URL=f"smtp://127.0.0.1:{mail_port}",
            DEFAULT_FROM_EMAIL=f"Geoportal <noreply@{NAME}>",
            GEOPORTAL_DEMO="1",  # not believed in production
            RATE_LIMIT_SCALE="1",
        )
        stack.callback(site.end)
        site.start()
        proxy = stack.enter_context(tls_proxy(NAME, site.port, folder))
        yield Production(site, mails, proxy, runtime_url, owner_url)


def database_with_two_roles(stack: ExitStack) -> tuple[str, str]:
    """URLs of a new database, for a role that owns nothing and for the owner, made as an administrator makes them."""
    socket_folder = parse_qs(urlsplit(os.environ["DATABASE_OWNER_URL"]).query)["host"][-1]
    superuser = f"postgres://postgres@/postgres?host={socket_folder}"
    binaries, mark = find_client(), uuid.uuid4().hex[:8]
    runtime, owner, name = f"site_{mark}", f"owner_{mark}", f"production_{mark}"
    for statement in (
        f"CREATE ROLE {owner} LOGIN",
        f"CREATE ROLE {runtime} LOGIN",
        f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
    ):
        url_sql(binaries, superuser, statement)
    # The one thing that takes a superuser; the other extensions the owner makes herself.
    url_sql(binaries, f"postgres://postgres@/{name}?host={socket_folder}", "CREATE EXTENSION postgis")

    def drop() -> None:
        url_sql(binaries, superuser, f"DROP DATABASE {name} WITH (FORCE)")
        url_sql(binaries, superuser, f"DROP ROLE {runtime}")
        url_sql(binaries, superuser, f"DROP ROLE {owner}")

    stack.callback(drop)
    return f"postgis://{runtime}@/{name}?host={socket_folder}", f"postgres://{owner}@/{name}?host={socket_folder}"


def redis(stack: ExitStack, folder: Path) -> int:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return port


def plainly(port: int, path: str, host: str) -> tuple[int, str]:
    """Status and destination of an answer without the proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": host})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, str(response.headers.get("Location", ""))


def test_plain_http_leads_to_https_and_strange_names_nowhere(production: Production) -> None:
    assert plainly(production.site.port, "/fr/", NAME) == (301, f"https://{NAME}/fr/")
    assert plainly(production.site.port, "/fr/", "evil.example.org")[0] == 400
    assert "does not answer" not in production.site.log.read_text()


def test_pages_promise_https_and_run_no_strangers_script(production: Production) -> None:
    visitor = production.visitor()
    page = visitor.get("/fr/accounts/login/")
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    policy = page.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
    assert nonce and "unsafe" not in policy and "default-src 'none'" in policy
    assert f'nonce="{nonce[1]}"' in page.text
    assert "; Secure" in visitor.set_cookies["csrftoken"]
    sheet = re.search(r'href="(/static/css/[a-z]+\.[0-9a-f]{12}\.css)"', page.text)
    assert sheet, "style sheets carry a fingerprint"
    assert "immutable" in visitor.get(sheet[1]).headers["Cache-Control"]


def test_there_is_nothing_of_the_demo(production: Production) -> None:
    assert production.visitor().get("/dev/mail/").status == 404
    assert not (production.site.places.var / "demo-accounts.json").exists()
    assert "demo-" not in production.site.log.read_text()
    assert url_sql(find_client(), production.owner_url, "SELECT count(*) FROM complaints_complaint") == "0"
    assert url_sql(find_client(), production.owner_url, "SELECT count(*) FROM accounts_user") == "0"


def test_a_report_brings_a_letter_whose_links_lead_back(production: Production) -> None:
    visitor = production.visitor()
    reporter = {"email": "sara@example.org", "language": "fr", "consent_contact": True}
    report = {"category": "pothole", "longitude": -5.3684, "latitude": 35.5727, "reporter": reporter}
    answer = visitor.post("/api/v1/complaints/", json.dumps(report).encode(), Content_Type="application/json")
    assert answer.status == 201, answer.text
    links = json.loads(answer.text)
    assert links["secret_url"].startswith(f"https://{NAME}/fr/c/")
    soon(lambda: any("sara@example.org" in str(mail["To"]) for mail in production.mails.mails), "a letter")
    letter = next(mail for mail in production.mails.mails if "sara@example.org" in str(mail["To"]))
    assert letter["From"] == f"Geoportal <noreply@{NAME}>"
    body = letter.get_body(("plain",))
    assert body is not None and links["secret_url"] in body.get_content()
    assert visitor.get(urlsplit(links["secret_url"]).path).status == 200
    assert visitor.get(urlsplit(links["track_url"]).path).status == 200


def test_quotas_count_the_visitor_whom_the_proxy_saw(production: Production) -> None:
    """Whatever she says of her own address: it would be a quota for the asking."""
    visitor = production.visitor()
    form = visitor.get("/fr/accounts/login/")
    answers = [attempt(visitor, form, f"nobody-{number}", f"192.0.2.{number}") for number in range(12)]
    assert answers[-1].status in {200, 429}
    assert answers[-1].status == 429 or "Trop de tentatives" in answers[-1].text


def attempt(visitor: Visitor, form: Page, username: str, claimed: str) -> Page:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
    assert token
    body = f"csrfmiddlewaretoken={token[1]}&login={username}&password=wrong".encode()
    return visitor.post(
        form.path,
        body,
        Content_Type="application/x-www-form-urlencoded",
        Referer=f"https://{NAME}{form.path}",
        X_Forwarded_For=claimed,
    )


def test_the_first_administrator_must_have_a_second_factor(production: Production) -> None:
    made = subprocess.run(
        ["./run", "manage", "createsuperuser", "--no-input", "--username", "samira", "--email", "samira@example.org"],
        cwd=REPOSITORY,
        env=production.site.environment | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    url_sql(find_client(), production.owner_url, "DELETE FROM django_cache")  # failures of the test before
    visitor = production.visitor()
    signed_in = visitor.send(visitor.get("/fr/accounts/login/"), login="samira", password=PASSWORD)
    assert signed_in.status == 302
    assert "; Secure" in visitor.set_cookies["sessionid"] and "; HttpOnly" in visitor.set_cookies["sessionid"]
    for page in ("/admin/", "/fr/desk/", "/fr/staff/"):
        assert visitor.get(page).leads_to.endswith("/accounts/2fa/totp/activate/"), page

    activate = visitor.get("/fr/accounts/2fa/totp/activate/")
    if activate.status == 302:
        again = visitor.get(activate.leads_to)
        assert visitor.send(again, password=PASSWORD).status == 302
        activate = visitor.get("/fr/accounts/2fa/totp/activate/")
    secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"|value="([A-Z2-7]{16,})"', activate.text)
    assert secret, activate.text
    assert visitor.send(activate, code=code_of(secret[1] or secret[2])).status == 302
    assert visitor.get("/admin/").status == 200

    other = production.visitor()
    asked = other.send(other.get("/fr/accounts/login/"), login="samira", password=PASSWORD)
    assert asked.leads_to.startswith("/fr/accounts/2fa/authenticate/")
    assert other.get("/admin/").status == 302


def code_of(secret: str) -> str:
    """What her telephone would show now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_the_role_that_serves_owns_nothing_and_cannot_rewrite_history(production: Production) -> None:
    runtime, binaries = production.runtime_url, find_client()
    owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
    assert url_sql(binaries, runtime, owned) == "0"
    for forbidden in (
        "DELETE FROM complaints_event",
        "UPDATE complaints_event SET kind = ''",
        "CREATE TABLE mine (id int)",
    ):
        with pytest.raises(StepFailed, match="permission denied"):
            url_sql(binaries, runtime, forbidden)
    environ = Path(f"/proc/{production.site.pid('web')}/environ").read_bytes()
    assert b"DATABASE_OWNER_URL" not in environ and b"DATABASE_URL" in environ


def test_a_start_again_is_quiet_about_what_is_well(production: Production) -> None:
    assert production.site.stop() == 0
    production.site.log.unlink()
    production.site.start()
    said = production.site.log.read_text()
    assert "NOTE" not in said and "Migrating" not in said
    wait_until(lambda: production.visitor().get("/ar/").status == 200, seconds=30, what="the page in Arabic")
