"""Every page, file and endpoint of contracts and findings × every kind of person × own, other and hidden: no leak.

The reporter's name, e-mail, phone and unreleased words are canaries: none of them may appear in any answer to the operator's
side, nor her identity in any answer at all.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, TestCase, override_settings
from django.urls import reverse
from django.utils import translation
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Role, User
from complaints.models import Reporter
from complaints.services.publication import hide
from contracts import exchange, statement_files
from contracts.links import token_of
from contracts.models import Contract, Finding, Paper, Statement, WebhookDelivery
from contracts.procedure import FindingVerb
from contracts.services.decisions import Ruling, decide
from contracts.services.findings import accept_finding
from contracts.services.keys import make_key
from contracts.services.papers import ask_for_exchange, make_due_papers
from contracts.services.statements import issue_statement
from contracts.services.webhooks import add_webhook, announce_cases
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_contract, build_gridville, build_staff
from tests.conftest import NOW
from tests.contracts.conftest import NORTH, build_finding

pytestmark = pytest.mark.django_db
IDENTITY = ("Canarina Sentinelle", "canary@reporter.example", "+212600000042")
WORDS = ("unreleased-words-canary", "unreleased-place-canary")
SOUTH = (1.5, 0.5)
DECEMBER_2 = datetime(2026, 12, 2, 9, tzinfo=UTC)

PEOPLE: dict[str, tuple[Role, str] | None] = {
    "anonymous": None,
    "contract manager": (Role.CONTRACT_MANAGER, ""),
    "treasury officer": (Role.TREASURY_OFFICER, ""),
    "administrator": (Role.ADMINISTRATOR, ""),
    "triage officer": (Role.TRIAGE_OFFICER, ""),
    "operator": (Role.OPERATOR_USER, "waste-north"),
    "another operator": (Role.OPERATOR_USER, "waste-south"),
    "clerk": (Role.CLERK, "roads-dept"),
    "clerk of the operator": (Role.CLERK, "waste-north"),
    "moderator": (Role.MODERATOR, ""),
    "office": (Role.OFFICE, ""),
}
TREASURY = {"contract manager", "treasury officer", "administrator"}
FINDINGS = TREASURY | {"triage officer"}
OPENERS = {"contract manager", "administrator", "triage officer"}
CASES = ("own", "hidden", "other", "elsewhere")
VERBS = ("justify", "dismiss", "sign", "send-back", "uphold", "reverse", "waive", "withdraw")


@dataclass
class World:
    media: Path
    contracts: dict[str, Contract]
    findings: dict[str, Finding]
    statements: dict[str, Statement]
    people: dict[str, User | None]
    foreigner: User
    webhook: int
    key_prefix: str
    secrets: dict[str, str]


@pytest.fixture(scope="module")
def made_world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The world, built once in a transaction of its own: what a test does to it is undone to here.

    Its papers can be searched for words: what would be set as PDF lies there as it is.
    """
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock():
        atomics = TestCase._enter_atomics()  # type: ignore[attr-defined]
        with pytest.MonkeyPatch.context() as patch, override_settings(MEDIA_ROOT=media), translation.override("fr"):
            for module in (exchange, statement_files):
                patch.setattr(module, "make_pdf", lambda html, **_more: html.encode())
            made = build_world(media, NOW)
        yield made
        TestCase._rollback_atomics(atomics)  # type: ignore[attr-defined]


@pytest.fixture
def world(made_world: World, db: None, settings: Settings) -> World:
    settings.MEDIA_ROOT = made_world.media
    return made_world


def build_world(media: Path, now: datetime) -> World:
    gridville = build_gridville()
    elsewhere = build_gridville("otherville", "OTH", shift=10)
    people = {
        name: build_staff(name.replace(" ", "-"), given[0], gridville, unit=given[1] or None) if given else None
        for name, given in PEOPLE.items()
    }
    foreigner = build_staff("foreigner", Role.CONTRACT_MANAGER, elsewhere)
    contracts = {
        "own": build_contract(gridville),
        "other": build_contract(gridville, code="waste-south-contract", unit="waste-south", prefix="WS"),
        "elsewhere": build_contract(elsewhere, code="far-contract", prefix="FA"),
    }
    contracts["hidden"] = contracts["own"]
    words = {"description": WORDS[0], "location_text": WORDS[1]}
    places = {"own": NORTH, "hidden": NORTH, "other": SOUTH, "elsewhere": (NORTH[0] + 10, NORTH[1])}
    findings, statements = {}, {}
    manager, boss, treasurer = people["contract manager"], people["administrator"], people["treasury officer"]
    assert manager and boss and treasurer
    for case, place in places.items():
        complaint = build_complaint("litter", at=place, now=now - timedelta(days=1), **words)
        if case == "hidden":
            hide(complaint.pk, acting_user=boss, now=now)
        acting = foreigner if case == "elsewhere" else manager
        finding = build_finding(contracts[case], acting, now, complaint=complaint)
        accept_finding(finding.pk, acting_user=None, now=now)
        decide(finding.pk, FindingVerb.JUSTIFY, Ruling("Fondé."), acting_user=acting, now=now)
        ask_for_exchange(finding, "fr", acting_user=acting, now=now)
        findings[case] = Finding.objects.get(pk=finding.pk)
    Reporter.objects.update(name=IDENTITY[0], email=IDENTITY[1], phone=IDENTITY[2], consent_contact=True)
    for case in ("own", "other", "elsewhere"):
        acting = foreigner if case == "elsewhere" else treasurer
        statements[case] = issue_statement(contracts[case].pk, date(2026, 11, 1), acting_user=acting, now=DECEMBER_2)
    statements["hidden"] = statements["own"]
    make_due_papers(now=DECEMBER_2, limit=50)
    operators = {"own": people["operator"], "other": people["another operator"]}
    assert operators["own"]
    hook = add_webhook(
        contracts["own"], "https://hooks.example.org/in", ["case.received", "finding.changed"],
        acting_user=operators["own"], now=now - timedelta(days=2),
    )  # fmt: skip
    announce_cases(now=now)
    keys = {
        case: make_key(contracts[case], "ERP", acting_user=user, now=now) for case, user in operators.items() if user
    }
    return World(
        media, contracts, findings, statements, people, foreigner, hook.pk, keys["own"].key.prefix,
        {case: made.secret for case, made in keys.items()},
    )  # fmt: skip


def addresses(world: World, case: str) -> Iterator[tuple[str, str, set[str]]]:
    """(name, address, who finds it) for every page about one case."""
    finding, contract, statement = world.findings[case], world.contracts[case], world.statements[case]
    at_home = case != "elsewhere"
    treasury = TREASURY if at_home else set()
    readers = FINDINGS if at_home else set()
    operator = {"own": {"operator"}, "hidden": {"operator"}, "other": {"another operator"}}.get(case, set())
    entry = finding.ledger.get(kind="penalty")
    order = statement.order
    month = f"{statement.month:%Y-%m}"
    piece = finding.evidence.all()[0]
    yield "treasury_contract", reverse("treasury_contract", args=[contract.code]), treasury
    yield "treasury_candidates", reverse("treasury_candidates", args=[contract.code]), treasury
    yield "treasury_statement", reverse("treasury_statement", args=[contract.code, month]), treasury
    # Lines and orders are numbered by city: the same number is another entry elsewhere.
    if at_home:
        yield "treasury_line", reverse("treasury_line", args=[entry.seq]), treasury
        yield "treasury_order", reverse("treasury_order", args=[order.year, order.number]), treasury
        yield "operator_line", reverse("operator_line", args=[entry.seq]), operator
    yield "treasury_finding", reverse("treasury_finding", args=[finding.number]), readers
    yield "finding_exhibit", reverse("finding_exhibit", args=[finding.number, "photo", piece.pk]), set()
    yield "operator_finding", reverse("operator_finding", args=[finding.number]), operator
    yield "operator_argue", reverse("operator_argue", args=[finding.number, "appeal"]), operator
    yield "operator_contract", reverse("operator_contract", args=[contract.code]), operator
    yield "operator_access", reverse("operator_access", args=[contract.code]), operator
    yield "operator_statement", reverse("operator_statement", args=[contract.code, month]), operator
    for paper in Paper.objects.filter(statement=statement):
        yield f"paper {paper.format}", reverse("paper", args=[paper.public_id]), treasury | operator
    for paper in Paper.objects.filter(finding=finding):
        yield "exchange", reverse("paper", args=[paper.public_id]), readers | operator


def posts(world: World, case: str) -> Iterator[tuple[str, str, set[str]]]:
    """(name, address, who may send it) for everything that changes something about one case."""
    finding, contract, statement = world.findings[case], world.contracts[case], world.statements[case]
    at_home = case != "elsewhere"
    treasury, readers = (TREASURY, FINDINGS) if at_home else (set(), set())
    operator = {"own": {"operator"}, "hidden": {"operator"}, "other": {"another operator"}}.get(case, set())
    yield "figures", reverse("treasury_figures", args=[contract.code]), treasury
    yield "issue", reverse("treasury_issue", args=[contract.code, "2026-11"]), treasury
    if at_home:
        yield "order", reverse("treasury_order", args=[statement.order.year, statement.order.number]), treasury
    # Who may open the finding is one question for all verbs: each verb is asked of one's own, one of every case.
    for verb in VERBS if case == "own" else VERBS[:1]:
        yield verb, reverse("finding_action", args=[finding.number, verb]), readers
    yield "exchange", reverse("finding_exchange", args=[finding.number]), readers
    yield "accept", reverse("operator_accept", args=[finding.number]), operator
    yield "appeal", reverse("operator_argue", args=[finding.number, "appeal"]), operator
    yield "files", reverse("operator_files", args=[finding.number]), operator
    yield "operator exchange", reverse("operator_exchange", args=[finding.number]), operator
    yield "key", reverse("operator_new_key", args=[contract.code]), operator
    yield "webhook", reverse("operator_new_webhook", args=[contract.code]), operator


def of_all_cases(
    world: World, some: Callable[[World, str], Iterator[tuple[str, str, set[str]]]]
) -> list[tuple[str, str, str, set[str]]]:
    """(case, name, address, people) for all cases, each address once: a hidden case's contract is that of the shown one."""
    once = {
        address: (case, page, address, people) for case in CASES[::-1] for page, address, people in some(world, case)
    }
    return list(once.values())


def client_of(person: User | None) -> Client:
    client = Client(headers={"Accept-Language": "fr"}, raise_request_exception=False)
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(response: object) -> str:
    if isinstance(response, StreamingHttpResponse):
        body = b"".join(response)
        if zipfile.is_zipfile(io.BytesIO(body)):
            with zipfile.ZipFile(io.BytesIO(body)) as parts:
                body = b"".join(parts.read(name) for name in parts.namelist())
        return body.decode("utf-8", "replace")
    assert isinstance(response, HttpResponse)
    return response.content.decode("utf-8", "replace")


@pytest.fixture(autouse=True)
def in_french(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything in French; the page of what is not there, which knows of no case, is a word: most answers are it."""
    monkeypatch.setattr("geoportal.urls.handler404", lambda request, exception: HttpResponse("nothing", status=404))
    with translation.override("fr"):
        yield


def test_each_page_opens_to_its_people_and_does_not_exist_for_others(world: World) -> None:
    pages, faults = of_all_cases(world, addresses), []
    for name, person in [*world.people.items(), ("foreigner", world.foreigner)]:
        client = client_of(person)
        for case, page, address, finders in pages:
            response = client.get(address)
            text = text_of(response)
            expected = 200 if name in finders else 302 if name == "anonymous" else 404
            if name == "foreigner":
                # The other city's manager finds her own; of an address that names no city she finds her own city's.
                expected = 200 if case == "elsewhere" and "operator" not in page else 404
                if page == "finding_exhibit":
                    expected = 404
            if response.status_code != expected and not (
                name == "foreigner" and page in ("treasury_line", "treasury_order")
            ):
                faults.append(f"{name} {case} {page}: {response.status_code}, expected {expected}")
            faults += [f"{name} {case} {page} shows {canary}" for canary in IDENTITY if canary in text]
            if name not in FINDINGS | {"foreigner"}:
                faults += [f"{name} {case} {page} shows {canary}" for canary in WORDS if canary in text]
    assert not faults, "\n".join(faults)


def test_each_step_is_taken_by_its_people_and_does_not_exist_for_others(world: World) -> None:
    before = (Finding.objects.values_list("state", flat=True).order_by("pk"), Statement.objects.count())
    states = list(before[0])
    steps, faults = of_all_cases(world, posts), []
    for name, person in world.people.items():
        client = client_of(person)
        for case, page, address, senders in steps:
            status = client.post(address).status_code
            # What was sent is empty: refused in words (422), or answered with a message on the page (302).
            expected = {302, 422} if name in senders else {302} if name == "anonymous" else {404}
            if page in ("order", "appeal") and name in senders:
                expected = {422}
            if status not in expected:
                faults.append(f"{name} {case} {page}: {status}, expected {expected}")
    assert not faults, "\n".join(faults)
    assert list(Finding.objects.values_list("state", flat=True).order_by("pk")) == states


def test_lists_show_what_each_person_may_open(world: World) -> None:
    numbers = {case: finding.number for case, finding in world.findings.items()}
    seen = {
        "contract manager": {"own", "hidden", "other"}, "treasury officer": {"own", "hidden", "other"},
        "triage officer": {"own", "hidden", "other"}, "operator": {"own", "hidden"}, "another operator": {"other"},
    }  # fmt: skip
    for name, person in world.people.items():
        client = client_of(person)
        pages = [
            reverse("treasury"),
            reverse("treasury_findings") + "?tab=all",
            reverse("treasury_ledger"),
            reverse("operator"),
        ]
        text = "".join(text_of(client.get(page)) for page in pages)
        found = {case for case, number in numbers.items() if number in text}
        assert found == seen.get(name, set() if name != "administrator" else {"own", "hidden", "other"}), name
        assert not any(canary in text for canary in IDENTITY)


def test_only_who_may_open_a_finding_sees_the_form_and_only_there_the_words(world: World, now: datetime) -> None:
    complaint = build_complaint("litter", at=NORTH, now=now, description=WORDS[0])
    Reporter.objects.filter(complaint=complaint).update(name=IDENTITY[0], email=IDENTITY[1], phone=IDENTITY[2])
    for name, person in world.people.items():
        response = client_of(person).get(reverse("finding_new", args=[complaint.tracking_number]))
        text = text_of(response)
        assert response.status_code == (200 if name in OPENERS else 302 if name == "anonymous" else 404), name
        assert (WORDS[0] in text) == (name in OPENERS)
        assert not any(canary in text for canary in IDENTITY)


def test_the_desk_leads_to_the_finding_or_to_opening_one(world: World, now: datetime) -> None:
    fresh = build_complaint("litter", at=NORTH, now=now)
    with_finding = world.findings["own"]
    for name in ("triage officer", "administrator", "operator", "moderator", "office"):
        client = client_of(world.people[name])
        new = text_of(client.get(reverse("desk_complaint", args=[fresh.tracking_number])))
        assert (reverse("finding_new", args=[fresh.tracking_number]) in new) == (name in OPENERS), name
        known = text_of(client.get(reverse("desk_complaint", args=[with_finding.complaint.tracking_number])))
        assert (with_finding.number in known) == (name in FINDINGS | {"operator"}), name


# --- the single-case link


def test_a_link_opens_its_finding_and_nothing_else(world: World) -> None:
    client = client_of(None)
    own = token_of(world.findings["own"])
    for name, arguments in {
        "operator_link": [own], "operator_link_argue": [own, "appeal"],
    }.items():  # fmt: skip
        text = text_of(client.get(reverse(name, args=arguments)))
        assert world.findings["own"].number in text
        assert not any(canary in text for canary in (*IDENTITY, *WORDS))
    finding = world.findings["own"]
    Finding.objects.filter(pk=finding.pk).update(link_version=2)
    assert client.get(reverse("operator_link", args=[own])).status_code == 404, "revoked by raising the version"
    forged = [own[:-1] + ("A" if own[-1] != "A" else "B"), "x" * 32, "none", "é" * 32]
    for token in forged:
        assert client.get(reverse("operator_link", args=[token])).status_code == 404


def test_a_link_to_one_finding_opens_no_file_of_another(world: World) -> None:
    client, token = client_of(None), token_of(world.findings["own"])
    foreign = Paper.objects.get(finding=world.findings["other"])
    assert client.get(reverse("operator_link_paper", args=[token, foreign.pk])).status_code == 404
    own = Paper.objects.get(finding=world.findings["own"])
    assert client.get(reverse("operator_link_paper", args=[token, own.pk])).status_code == 200
    piece = world.findings["other"].evidence.all()[0]
    assert client.get(reverse("operator_link_exhibit", args=[token, "photo", piece.pk])).status_code == 404


def test_a_reporters_link_is_no_operators_link(world: World) -> None:
    from complaints.tracking import secret_token

    finding = world.findings["own"]
    token = secret_token(finding.pk, 1)
    assert client_of(None).get(reverse("operator_link", args=[token])).status_code == 404


# --- machines


def test_a_key_opens_its_own_contract_and_nothing_else(world: World) -> None:
    client = Client(raise_request_exception=False)
    own, other = world.findings["own"], world.findings["other"]

    def get(address: str, secret: str | None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        response = client.get(address, headers=headers)
        return response.status_code, response.content.decode()

    mine, theirs = (
        [
            f"/api/v1/operator/findings/{finding.number}/",
            f"/api/v1/operator/cases/{finding.complaint.tracking_number}/",
        ]
        for finding in (own, other)
    )
    for address in (*mine, *theirs, "/api/v1/operator/cases/", "/api/v1/operator/findings/"):
        for secret in (None, "gpk_x_y", world.secrets["own"][:-1], "gpk_" + "0" * 60, world.secrets["own"] + "x"):
            assert get(address, secret)[0] == 401, (address, secret)
    for address in mine:
        status, text = get(address, world.secrets["own"])
        assert status == 200 and not any(canary in text for canary in (*IDENTITY, *WORDS))
        assert get(address, world.secrets["other"])[0] == 404
    for address in theirs:
        assert get(address, world.secrets["own"])[0] == 404
    status, text = get("/api/v1/operator/cases/?state=received", world.secrets["own"])
    assert own.complaint.tracking_number in text and other.complaint.tracking_number not in text
    status, text = get("/api/v1/operator/findings/", world.secrets["own"])
    assert own.number in text and other.number not in text


def test_what_leaves_for_machines_and_mailboxes_names_no_reporter(world: World) -> None:
    bodies = [str(body) for body in WebhookDelivery.objects.values_list("body", flat=True)]
    assert bodies, "something was announced"
    to_operators = OutboxMessage.objects.filter(recipient__startswith="waste-")
    assert to_operators
    texts = bodies + [mail.subject + mail.body for mail in to_operators]
    for text, canary in product(texts, (*IDENTITY, *WORDS)):
        assert canary not in text
