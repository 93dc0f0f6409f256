"""Every address of the site against every kind of person. An address without a declared policy fails here.

The reporter's name, e-mail, phone and unreleased words are canaries: they may appear only where this file says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import translation
from pytest_django import Settings

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Reporter
from complaints.services.allocation import assign
from complaints.services.publication import hide
from complaints.services.quarantine import media_path
from complaints.staff_actions import BY_SLUG
from complaints.tracking import CLOSING, secret_token
from districts.models import BoundaryEdition
from following.links import END, MANAGE
from following.models import Subscription
from tests.builders import build_complaint, build_staff

IDENTITY = ("Canarina Sentinelle", "canary@reporter.example", "+212600000042")
WORDS = ("unreleased-words-canary", "unreleased-place-canary")

# --- policies
PUBLIC = "public"  # anybody; never a canary
SECRET = "secret"  # only with the right token
FOLLOWER = "follower"  # only with the right token, and while what it is about is public
SIGNED_IN = "signed in"  # anybody who is signed in
STEP = "step"  # a step of signing in
DEMO = "demo"  # exists in the demo only
FILE = "file"  # as its complaint and its review say
ADMIN = "admin"  # administrators


@dataclass(frozen=True)
class Staff:
    """A staff page: who may enter, what others get, what those who may enter find when nothing was filled in.

    `finds` None, of a form: refused in words, or forbidden to who may not write at all.
    """

    roles: frozenset[str]
    post: bool = False
    outsiders: int = 403
    finds: frozenset[int] | None = frozenset({200})


DESK_STAFF = frozenset({"clerk", "triage_officer", "administrator"})
DESK_READERS = DESK_STAFF | {"operator_user", "moderator", "office"}
CREW = frozenset({"crew_member"})

OFFICE_STAFF = frozenset({"office", "administrator"})
ADMINISTRATORS = frozenset({"administrator"})

# --- who may do what at the desk (product.md, workflow)
ANSWERING = DESK_STAFF | {"operator_user"}
MODERATING = DESK_STAFF | {"moderator"}
WORKING = ANSWERING | CREW

# Contracts and findings: to who has no part in them the pages do not exist. Whose rows they show: tests/contracts.
TREASURY_STAFF = frozenset({"contract_manager", "treasury_officer", "administrator"})
FINDING_STAFF = TREASURY_STAFF | {"triage_officer"}
OPERATORS = frozenset({"operator_user"})

_PUBLIC = """
    home report report_check report_places report_preview track complaint privacy accessibility open_data exports export
    export_file health_live health_ready service_colours
    api_complaints api_complaint api_complaints_geojson api_complaints_csv api_route
    api_catalogue api_districts api_service_areas api_heat api_map api_schema api_docs tile account_login account_logout
    account_inactive account_signup account_reset_password account_reset_password_done account_reset_password_from_key
    account_reset_password_from_key_done account_confirm_email
    account_email_verification_sent follow feed join
"""
_SCORECARDS = "services scorecards scorecard_script scorecard_table api_findings_csv api_ledger_csv"
# By a contract's key, or by a single-case link; anything else is 401 or 404.
_KEYED = """
    api_operator_cases api_operator_case api_operator_answer api_operator_resolve api_operator_photos
    api_operator_findings api_operator_finding api_operator_accept api_operator_contest api_operator_appeal
    api_operator_files operator_link operator_link_accept operator_link_files operator_link_exchange
    operator_link_paper operator_link_exhibit operator_link_argue
"""
_TREASURY = """
    treasury treasury_contract treasury_figures treasury_candidates treasury_statement treasury_issue treasury_line
    treasury_ledger treasury_heads treasury_orders treasury_order treasury_correct
"""
_FINDINGS = """
    treasury_findings finding_new finding_candidate_photo treasury_finding finding_exchange finding_action
"""
_OPERATORS = """
    operator operator_contract operator_access operator_new_key operator_end_key operator_new_webhook
    operator_end_webhook operator_finding operator_accept operator_files operator_exchange operator_argue
    operator_statement operator_line
"""
_SIGNED_IN = """
    staff_home account_reauthenticate account_email account_change_password account_set_password mfa_index
    mfa_reauthenticate mfa_activate_totp mfa_deactivate_totp mfa_view_recovery_codes mfa_generate_recovery_codes
    mfa_download_recovery_codes
"""
_BOUNDARIES = """
    boundaries boundary_upload boundary_edition boundary_edition_shapes boundary_simulation
"""
_BOUNDARY_FILES = """
    boundary_draft boundary_draft_shapes boundary_choose boundary_decide boundary_store boundary_discard
"""
_BOUNDARY_ACTS = "boundary_activate boundary_cancel boundary_back"
POLICIES: dict[str, object] = {
    **dict.fromkeys(["", *_PUBLIC.split()], PUBLIC),
    **dict.fromkeys(_SIGNED_IN.split(), SIGNED_IN),
    # Steps of signing in: who is not in the middle of it is sent to its beginning.
    "account_confirm_login_code": STEP,
    "mfa_authenticate": STEP,
    "mail_list": DEMO,
    "mail_detail": DEMO,
    "desk": Staff(DESK_READERS),
    "desk_new": Staff(DESK_STAFF),
    "desk_tile": Staff(DESK_READERS),
    "desk_complaint": Staff(DESK_READERS),
    "hotspots": Staff(DESK_READERS - {"operator_user"}),
    "desk_action": Staff(DESK_READERS, post=True, finds=None),
    "desk_papers": Staff(DESK_READERS),
    "desk_paper_file": Staff(DESK_READERS, finds=frozenset({404})),
    "desk_save_filter": Staff(DESK_READERS, post=True, finds=frozenset({302})),
    "desk_forget_filter": Staff(DESK_READERS, post=True, finds=frozenset({302})),
    "desk_columns": Staff(DESK_READERS, post=True, finds=frozenset({302})),
    "desk_bulk": Staff(DESK_READERS, post=True, finds=frozenset({400})),
    "desk_replies": Staff(frozenset({"unit_manager", "triage_officer", "administrator"})),
    "desk_reply": Staff(frozenset({"unit_manager", "triage_officer", "administrator"}), finds=frozenset({404})),
    "desk_undo": Staff(WORKING | MODERATING, post=True, finds=frozenset({400})),
    "desk_here": Staff(DESK_READERS, post=True, finds=frozenset({204})),
    "moderation": Staff(DESK_STAFF | {"moderator"}),
    "field": Staff(CREW),
    "field_points": Staff(CREW),
    "field_complaint": Staff(CREW),
    "field_action": Staff(CREW, post=True, finds=None),
    "office": Staff(OFFICE_STAFF, outsiders=404),
    "office_table": Staff(OFFICE_STAFF, outsiders=404, finds=frozenset({200, 404})),
    "office_month_squares": Staff(OFFICE_STAFF, outsiders=404),
    "office_hot_spots": Staff(OFFICE_STAFF, outsiders=404, finds=frozenset({302, 405})),
    "office_reports": Staff(OFFICE_STAFF, outsiders=404, finds=frozenset({200, 302, 405})),
    "office_report": Staff(OFFICE_STAFF, outsiders=404, finds=frozenset({404})),
    "office_report_file": Staff(OFFICE_STAFF, outsiders=404, finds=frozenset({404})),
    "office_brief_file": Staff(OFFICE_STAFF, outsiders=404, finds=frozenset({404})),
    "office_weekly": Staff(OFFICE_STAFF, outsiders=404, post=True, finds=frozenset({302})),
    # By the token of a letter; anything else is 404.
    "office_weekly_end": PUBLIC,
    "coverage": Staff(OFFICE_STAFF | {"triage_officer"}),
    "coverage_shapes": Staff(OFFICE_STAFF | {"triage_officer"}),
    "why_here": Staff(ADMINISTRATORS | {"triage_officer"}),
    **dict.fromkeys(_BOUNDARIES.split(), Staff(ADMINISTRATORS)),
    # No such file is on its way.
    **dict.fromkeys(_BOUNDARY_FILES.split(), Staff(ADMINISTRATORS, finds=frozenset({404, 405}))),
    **dict.fromkeys(_BOUNDARY_ACTS.split(), Staff(ADMINISTRATORS, finds=frozenset({405}))),
    "rerouting": Staff(ADMINISTRATORS),
    "what_if": Staff(ADMINISTRATORS),
    "what_if_result": Staff(ADMINISTRATORS, finds=frozenset({404})),
    **dict.fromkeys([*_KEYED.split(), *_SCORECARDS.split()], PUBLIC),
    **dict.fromkeys(_TREASURY.split(), Staff(TREASURY_STAFF, outsiders=404, finds=frozenset({200, 404, 405}))),
    **dict.fromkeys(_FINDINGS.split(), Staff(FINDING_STAFF, outsiders=404, finds=frozenset({200, 404, 405}))),
    **dict.fromkeys(_OPERATORS.split(), Staff(OPERATORS, outsiders=404, finds=frozenset({200, 404, 405}))),
    "finding_exhibit": Staff(FINDING_STAFF | OPERATORS, outsiders=404, finds=frozenset({404})),
    "paper": Staff(FINDING_STAFF | OPERATORS, outsiders=404, finds=frozenset({404})),
    "secret_link": SECRET,
    "closing": SECRET,
    "subscription": SECRET,
    "subscription_end": SECRET,
    "follower_closing": FOLLOWER,
    "attachment": FILE,
}
# What the token of an address is for, where it is not the reporter's secret link.
FOLLOWING = ("subscription", "subscription_end", "follower_closing")
TOKENS = {"closing": CLOSING, "subscription": MANAGE, "subscription_end": END, "follower_closing": MANAGE}
# Public pages are the same for everybody but for the menu: these three stand for all.
STAND_FOR_ALL = ("anonymous", "clerk", "operator")

# --- people
PERSONAS: dict[str, tuple[Role, str] | None] = {
    "anonymous": None,
    "clerk": (Role.CLERK, "roads-dept"),
    "clerk of another unit": (Role.CLERK, "waste-south"),
    "operator": (Role.OPERATOR_USER, "waste-north"),
    "another operator": (Role.OPERATOR_USER, "waste-south"),
    "crew": (Role.CREW_MEMBER, "roads-dept"),
    "colleague of the crew": (Role.CREW_MEMBER, "roads-dept"),
    "triage": (Role.TRIAGE_OFFICER, ""),
    "moderator": (Role.MODERATOR, ""),
    "office": (Role.OFFICE, ""),
    "administrator": (Role.ADMINISTRATOR, ""),
    "treasury officer": (Role.TREASURY_OFFICER, ""),
}
CASES = ("roads", "hidden", "waste", "private")
ALL = frozenset(CASES)
SEES: dict[str, frozenset[str]] = {
    "clerk": frozenset({"roads", "hidden"}),
    "operator": frozenset({"waste"}),
    "crew": frozenset({"roads"}),
    "triage": ALL,
    "moderator": ALL,
    "office": ALL,
    "administrator": ALL,
}
KNOWS_REPORTER = {"clerk", "triage", "administrator"}
READS_UNRELEASED = KNOWS_REPORTER | {"moderator", "crew"}

ACTIONS: dict[str, frozenset[str]] = {
    "accept": ANSWERING,
    "take-over": ANSWERING,
    "refuse": ANSWERING,
    "start": ANSWERING | CREW,
    "resume": ANSWERING,
    "answer": ANSWERING,
    "note": ANSWERING | CREW | MODERATING,
    "ask": ANSWERING,
    "assign": ANSWERING,
    "photos": ANSWERING | CREW,
    "resolve": ANSWERING | CREW,
    "hand-over": DESK_STAFF,
    "recategorise": DESK_STAFF,
    "move-pin": DESK_STAFF,
    "split": DESK_STAFF,
    "hide-words": MODERATING,
    "black-out": MODERATING,
    "pass-on": DESK_STAFF,
    "reject": DESK_STAFF,
    "out-of-scope": DESK_STAFF,
    "reopen": DESK_STAFF,
    "hide": MODERATING,
    "unhide": MODERATING,
    "review-text": MODERATING,
    "review-photo": MODERATING,
    "merge": DESK_STAFF,
    "separate": DESK_STAFF,
}
FIELD_STEPS = ("start", "photos", "resolve", "note")


@dataclass
class World:
    cases: dict[str, Complaint]
    photos: dict[str, Attachment]
    edition: BoundaryEdition
    people: dict[str, User | None] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def role(self, persona: str) -> str:
        given = PERSONAS[persona]
        return given[0].value if given else ""


@pytest.fixture
def world(gridville: Jurisdiction, now: datetime) -> World:
    people = {
        name: build_staff(name.replace(" ", "-"), given[0], gridville, unit=given[1] or None) if given else None
        for name, given in PERSONAS.items()
    }
    words: dict[str, Any] = {"description": WORDS[0], "location_text": WORDS[1]}
    cases = {
        "roads": build_complaint(now=now, **words),
        "hidden": build_complaint(now=now, **words),
        "waste": build_complaint("litter", at=(0.5, 1.5), now=now, **words),
        "private": build_complaint("domestic", now=now, **words),
    }
    Reporter.objects.update(name=IDENTITY[0], email=IDENTITY[1], phone=IDENTITY[2])
    boss = people["administrator"]
    assert boss is not None
    assign(cases["roads"].pk, people["crew"], acting_user=boss, now=now)
    hide(cases["hidden"].pk, acting_user=boss, now=now)
    photos = {
        name: Attachment.objects.create(
            complaint=complaint,
            name=IDENTITY[0],
            kind="jpeg",
            size=1,
            sha256="0" * 64,
            status="ready",
            path="none",
            thumbnail_path="none",
            queue_state="done",
            created_at=now,
            next_attempt_at=now,
        )
        for name, complaint in cases.items()
    }
    subscriptions = {
        name: Subscription.objects.create(
            jurisdiction=gridville, email=IDENTITY[1], language="fr", subject="complaint", complaint=complaint,
            created_at=now, confirmed_at=now, told_until=now,
        )
        for name, complaint in cases.items()
    }  # fmt: skip
    edition = BoundaryEdition.objects.filter(jurisdiction=gridville).order_by("pk")[0]
    return World(cases, photos, edition, people, subscriptions)


def routes() -> list[tuple[str, tuple[str, ...]]]:
    """Name and parameters of every address of the URL configuration, the administration's aside."""
    return sorted(set(_walk(get_resolver())))


def _walk(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""))
        else:
            yield namespace + (entry.name or ""), tuple(entry.pattern.regex.groupindex)


def test_every_address_has_a_policy() -> None:
    undeclared = [name for name, _ in routes() if name not in POLICIES and not name.startswith("admin:")]
    assert not undeclared, f"say in POLICIES who may open: {undeclared}"


def test_every_action_has_a_policy() -> None:
    assert set(BY_SLUG) == set(ACTIONS)


def values_of(name: str, parameters: tuple[str, ...], world: World, case: str) -> dict[str, object]:
    complaint = world.cases[case]
    held = world.subscriptions[case] if name in FOLLOWING else complaint
    known: dict[str, object] = {
        "tracking_number": complaint.tracking_number,
        "token": secret_token(held.pk, held.link_version, purpose=TOKENS.get(name, "reporter")),
        "public_id": world.photos[case].public_id,
        "variant": "full",
        "slug": "note",
        "z": 12,
        "x": 2048,
        "y": 2047,
        "name": "none",
        "key": "none",
        "uidb36": "1",
        "pk": world.edition.pk,
        "seq": 1,
        "year": 2026,
        "number": 1,
    }
    return {parameter: known.get(parameter, "none") for parameter in parameters}


def requests_of(world: World) -> Iterator[tuple[str, str, str]]:
    """(route, case, address) for every route, once for each complaint where the address names one."""
    with translation.override("fr"):
        for name, parameters in routes():
            if name.startswith("admin:"):
                continue
            per_case = {"tracking_number", "token", "public_id"} & set(parameters)
            for case in CASES if per_case else CASES[:1]:
                if name == "":
                    yield name, case, "/"
                else:
                    yield name, case, reverse(name, kwargs=values_of(name, parameters, world, case))


def client_of(world: World, persona: str) -> Client:
    client = Client(headers={"Accept-Language": "fr"}, raise_request_exception=False)
    person = world.people[persona]
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(response: HttpResponseBase) -> str:
    if isinstance(response, StreamingHttpResponse):
        return b"".join(response).decode("utf-8", "replace")
    assert isinstance(response, HttpResponse)
    return response.content.decode("utf-8", "replace")


def asks_to_sign_in(response: HttpResponseBase) -> bool:
    return response.status_code == 302 and "/accounts/login/" in response.headers["Location"]


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_address_answers_each_person_as_declared(world: World, persona: str) -> None:
    client = client_of(world, persona)
    faults = []
    for name, case, address in requests_of(world):
        policy = POLICIES.get(name, PUBLIC)
        if policy == PUBLIC and persona not in STAND_FOR_ALL:
            continue
        response = client.post(address) if isinstance(policy, Staff) and policy.post else client.get(address)
        if name == "account_logout" or "_auth_user_id" not in client.session:
            client = client_of(world, persona)
        if fault := fault_of(policy, response, world, persona, case, has_case="tracking_number" in address_kind(name)):
            faults.append(f"{name} {case} {address}: {fault}")
        faults += [f"{name} {case}: shows {leak}" for leak in leaks(text_of(response), policy, persona, case)]
    assert not faults, "\n".join(faults)


def address_kind(name: str) -> tuple[str, ...]:
    return dict(routes())[name]


def fault_of(
    policy: object, response: HttpResponseBase, world: World, persona: str, case: str, *, has_case: bool
) -> str | None:
    status, signed_in = response.status_code, persona != "anonymous"
    if status >= 500 and status != 503:
        return f"status {status}"
    if policy == PUBLIC and (status == 403 or asks_to_sign_in(response)):
        return f"public, but {status}"
    if policy == SIGNED_IN and asks_to_sign_in(response) == signed_in:
        return f"for the signed in, but {status}"
    if policy == SECRET and status != 200:
        return f"the right token, but {status}"
    if policy == FOLLOWER and status != (404 if case in ("hidden", "private") else 200):
        return f"a follower's token, but {status}"
    if isinstance(policy, Staff):
        return fault_of_staff(policy, response, world, persona, case, has_case=has_case)
    return None


def fault_of_staff(
    policy: Staff, response: HttpResponseBase, world: World, persona: str, case: str, *, has_case: bool
) -> str | None:
    status = response.status_code
    if persona == "anonymous":
        return None if asks_to_sign_in(response) else f"a stranger got {status}"
    expected: set[int] | frozenset[int]
    if world.role(persona) not in policy.roles:
        # Some pages refuse by method before they look at who asks.
        expected = {policy.outsiders, 405}
    elif has_case and case not in SEES.get(persona, frozenset()):
        expected = {404}
    elif policy.finds is None:
        expected = {422} if world.role(persona) in ACTIONS["note"] else {403}
    else:
        expected = policy.finds
    return None if status in expected else f"expected {expected}, got {status}"


def leaks(text: str, policy: object, persona: str, case: str) -> list[str]:
    """The canaries in a page that this person may not know of."""
    if policy == SECRET:
        return []
    staff_page = isinstance(policy, Staff)
    own = case in SEES.get(persona, frozenset())
    identity = not (staff_page and own and persona in KNOWS_REPORTER)
    words = not (staff_page and persona in READS_UNRELEASED)
    forbidden = (IDENTITY if identity else ()) + (WORDS if words else ())
    return [canary for canary in forbidden if canary in text]


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_action_is_open_to_the_roles_that_may_and_closed_to_others(world: World, persona: str) -> None:
    client, role, faults = client_of(world, persona), world.role(persona), []
    for slug, case in product(ACTIONS, CASES):
        with translation.override("fr"):
            address = reverse("desk_action", args=[world.cases[case].tracking_number, slug])
        with transaction.atomic():
            status = client.post(address).status_code
            transaction.set_rollback(True)
        if persona == "anonymous":
            expected = {302}
        elif role not in DESK_READERS:
            expected = {403}
        elif case not in SEES.get(persona, frozenset()):
            expected = {404}
        elif role not in ACTIONS[slug]:
            expected = {403}
        else:
            expected = {302, 422}
        if status not in expected:
            faults.append(f"{slug} {case}: expected {expected}, got {status}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("persona", PERSONAS)
def test_the_crews_page_takes_the_steps_of_its_work_only(world: World, persona: str) -> None:
    client, role = client_of(world, persona), world.role(persona)
    for slug in ACTIONS:
        with translation.override("fr"):
            address = reverse("field_action", args=[world.cases["roads"].tracking_number, slug])
        with transaction.atomic():
            status = client.post(address).status_code
            transaction.set_rollback(True)
        if persona == "anonymous":
            assert status == 302
        elif role not in CREW:
            assert status == 403, slug
        elif persona != "crew":
            assert status == 404, slug
        else:
            assert (status == 403) == (slug not in FIELD_STEPS), slug


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_file_is_served_to_those_who_may_see_it(
    world: World, persona: str, tmp_path: Path, settings: Settings
) -> None:
    client = client_of(world, persona)
    settings.MEDIA_ROOT = tmp_path

    media_path("none").parent.mkdir(parents=True, exist_ok=True)
    media_path("none").write_bytes(b"\xff\xd8\xff")
    for case, photo in world.photos.items():
        with translation.override("fr"):
            address = photo.full_url
        own = case in SEES.get(persona, frozenset())
        expected = 200 if own and persona in READS_UNRELEASED else 404
        assert client.get(address).status_code == expected, case
        Attachment.objects.filter(pk=photo.pk).update(review="released")
        public = case in ("roads", "waste")
        assert client.get(address).status_code == (200 if public or own else 404), f"{case} released"


@pytest.mark.parametrize("persona", PERSONAS)
def test_the_administration_is_for_administrators(world: World, persona: str) -> None:
    client = client_of(world, persona)
    for name, parameters in _walk(get_resolver()):
        if not name.startswith("admin:") or parameters or name in ("admin:login", "admin:logout", "admin:jsi18n"):
            continue
        response = client.get(reverse(name), follow=False)
        if persona == "administrator":
            assert response.status_code in (200, 302, 403, 404), name
        else:
            assert response.status_code in (302, 403), name
            assert response.status_code == 403 or "/login/" in response.headers["Location"], name


def test_what_was_passed_on_reaches_the_operator_without_the_reporter(world: World, now: datetime) -> None:
    case = world.cases["waste"]
    client = client_of(world, "operator")
    with translation.override("fr"):
        address = reverse("desk_complaint", args=[case.tracking_number])
    Complaint.objects.filter(pk=case.pk).update(passed_to_operator=True)
    page = text_of(client.get(address))
    assert all(words in page for words in WORDS)
    assert not any(canary in page for canary in IDENTITY)
