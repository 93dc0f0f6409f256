"""Operators' machines: keys that do what the operator may do, and messages that arrive signed, at least once, or stop visibly."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from jsonschema import Draft202012Validator
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from catalogue.models import Category, Jurisdiction
from contracts.errors import AddressRefused, TooManyKeys, TooManyWebhooks
from contracts.models import Contract, WebhookDelivery
from contracts.outward import NotAllowed, is_public, post
from contracts.procedure import PersonNotAllowed
from contracts.services.findings import contest_finding
from contracts.services.keys import make_key, revoke_key
from contracts.services.webhooks import (
    add_webhook,
    announce_cases,
    forget_old_deliveries,
    remove_webhook,
    secret_of,
    send_due,
)
from queueing.models import QueueState
from tests.builders import build_complaint
from tests.clocks import stopped_at
from tests.complaints.test_evidence import taken_at
from tests.contracts.conftest import NORTH, build_finding
from tests.sandbox.files import jpeg

pytestmark = pytest.mark.django_db
CASES = ["case.received"]
FINDINGS = ["finding.opened", "finding.changed"]


class Receiver:
    """An operator's server on this machine: answers with the next of `answers`, keeps what came."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/in?shop=1"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_TARGETS = True
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


# --- messages


def test_a_message_arrives_signed_so_that_its_receiver_can_tell(
    receiver: Receiver, contract: Contract, operator_user: User, contract_manager: User, now: datetime
) -> None:
    hook = add_webhook(contract, receiver.url, FINDINGS, acting_user=operator_user, now=now)
    finding = build_finding(contract, contract_manager, now)
    assert send_due(now=now) == 1 and send_due(now=now + timedelta(hours=1)) == 0
    [(headers, body)] = receiver.got
    seconds, _comma, signature = headers["Geoportal-Signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(secret_of(hook).encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert signature == expected and int(seconds) == int(now.timestamp())
    told = json.loads(body)
    assert told["id"] == headers["Geoportal-Delivery"] and told["type"] == "finding.opened"
    assert told["contract"] == contract.code and told["finding"]["number"] == finding.number
    assert "Constaté" not in body.decode(), "words stay on the page"


def test_what_does_not_arrive_is_sent_again_later_each_time_and_once_only_after_it_arrived(
    receiver: Receiver, contract: Contract, operator_user: User, contract_manager: User, now: datetime
) -> None:
    add_webhook(contract, receiver.url, FINDINGS, acting_user=operator_user, now=now)
    build_finding(contract, contract_manager, now)
    receiver.answers = [500, 302, 200]
    assert send_due(now=now) == 0
    assert send_due(now=now + timedelta(seconds=4)) == 0 and len(receiver.got) == 1, "not before its time"
    assert send_due(now=now + timedelta(minutes=1)) == 0 and len(receiver.got) == 2, "a redirect is not followed"
    assert send_due(now=now + timedelta(hours=1)) == 1 and send_due(now=now + timedelta(hours=2)) == 0
    assert len({headers["Geoportal-Delivery"] for headers, _body in receiver.got}) == 1


def test_what_never_arrives_is_given_up_where_people_see_it(
    receiver: Receiver, contract: Contract, operator_user: User, contract_manager: User, now: datetime, client: Client
) -> None:
    add_webhook(contract, receiver.url, FINDINGS, acting_user=operator_user, now=now)
    build_finding(contract, contract_manager, now)
    receiver.answers = [503] * 20
    for days in range(10):
        send_due(now=now + timedelta(days=days))
    delivery = WebhookDelivery.objects.get()
    assert (delivery.queue_state, delivery.status_code, delivery.attempts) == (QueueState.FAILED, 503, 8)
    client.force_login(operator_user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/fr/operator/contracts/{contract.code}/machines/").content.decode()
    assert "503" in page


def test_an_address_that_is_gone_for_good_is_asked_once(
    receiver: Receiver, contract: Contract, operator_user: User, contract_manager: User, now: datetime
) -> None:
    add_webhook(contract, receiver.url, FINDINGS, acting_user=operator_user, now=now)
    build_finding(contract, contract_manager, now)
    receiver.answers = [410]
    assert send_due(now=now) == send_due(now=now + timedelta(days=1)) == 0
    assert len(receiver.got) == 1


def test_new_cases_are_announced_once_to_who_wants_to_know(
    receiver: Receiver, contract: Contract, operator_user: User, now: datetime
) -> None:
    build_complaint("litter", at=NORTH, now=now - timedelta(minutes=1))
    add_webhook(contract, receiver.url, CASES, acting_user=operator_user, now=now)
    add_webhook(contract, receiver.url + "&other=1", FINDINGS, acting_user=operator_user, now=now)
    mine = build_complaint("litter", at=NORTH, now=now + timedelta(minutes=1), description="unreleased words")
    build_complaint("pothole", now=now + timedelta(minutes=1))
    build_complaint("litter", at=(1.5, 0.5), now=now + timedelta(minutes=1))
    soon = now + timedelta(minutes=2)
    assert announce_cases(now=soon) == 1 and announce_cases(now=soon) == 0
    assert send_due(now=soon) == 1
    [(_headers, body)] = receiver.got
    assert json.loads(body)["case"]["tracking_number"] == mine.tracking_number
    assert "unreleased" not in body.decode()


def test_a_step_that_is_not_taken_is_not_announced(
    receiver: Receiver, contract: Contract, operator_user: User, contract_manager: User, now: datetime
) -> None:
    finding = build_finding(contract, contract_manager, now)
    add_webhook(contract, receiver.url, FINDINGS, acting_user=operator_user, now=now)
    with transaction.atomic():
        contest_finding(finding.pk, ["Rien vu."], acting_user=operator_user, now=now)
        assert WebhookDelivery.objects.count() == 1
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()


def test_a_removed_address_hears_nothing_more(
    receiver: Receiver,
    contract: Contract,
    operator_user: User,
    other_operator: User,
    contract_manager: User,
    now: datetime,
) -> None:
    hook = add_webhook(contract, receiver.url, FINDINGS, acting_user=operator_user, now=now)
    build_finding(contract, contract_manager, now)
    with pytest.raises(PersonNotAllowed):
        remove_webhook(hook, acting_user=other_operator)
    remove_webhook(hook, acting_user=operator_user)
    build_finding(contract, contract_manager, now)
    assert send_due(now=now) == 0 and not receiver.got


def test_five_addresses_at_most_and_ended_messages_are_kept_a_month(
    receiver: Receiver, contract: Contract, operator_user: User, contract_manager: User, now: datetime
) -> None:
    for number in range(5):
        add_webhook(contract, f"{receiver.url}{number}", FINDINGS, acting_user=operator_user, now=now)
    with pytest.raises(TooManyWebhooks):
        add_webhook(contract, receiver.url, FINDINGS, acting_user=operator_user, now=now)
    build_finding(contract, contract_manager, now)
    assert send_due(now=now) == 5
    assert forget_old_deliveries(now=now + timedelta(days=29)) == 0
    assert forget_old_deliveries(now=now + timedelta(days=31)) == 5


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/", "ftp://hooks.example.org/", "//hooks.example.org/", "hooks.example.org", "",
        "https://", "https:///x", "https://user:secret@hooks.example.org/", "https://hooks.example.org:8443/",
        "https://hooks.example.org:99999/", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/",
        "https://127.1/", "https://hooks.example.org\\@inside/", "https://hooks.example.org/ x", "https://[::1",
        "https://hooks.example.org/\r\nHost: inside", "https://" + "a" * 400 + ".example.org/",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_a_public_one_is_refused_at_once(
    url: str, contract: Contract, operator_user: User, now: datetime, settings: Settings
) -> None:
    settings.WEBHOOK_PRIVATE_TARGETS = False
    with pytest.raises(AddressRefused):
        add_webhook(contract, url, FINDINGS, acting_user=operator_user, now=now)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"]
)
def test_nothing_is_sent_to_a_machine_inside(host: str, settings: Settings) -> None:
    settings.WEBHOOK_PRIVATE_TARGETS = False
    with pytest.raises(NotAllowed):
        post(f"https://{host}/", b"{}", {})


def test_addresses_that_stand_for_inner_ones_are_not_public() -> None:
    inner = [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.0.1", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "240.0.0.1", "::", "::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "not an address",
    ]  # fmt: skip
    assert not [address for address in inner if is_public(address)]
    assert is_public("93.184.216.34") and is_public("2606:2800:220:1:248:1893:25c8:1946")


# --- keys


@pytest.fixture
def key(contract: Contract, operator_user: User, now: datetime) -> str:
    return make_key(contract, "ERP", acting_user=operator_user, now=now).secret


Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def call(client: Client, key: str, now: datetime) -> Call:
    """`call(method, path, data, secret=…)` answers (status, body), at `now`."""

    def sent(
        method: str, path: str, data: Any = None, *, secret: str = key, form: bool = False, at: datetime = now
    ) -> tuple[int, dict[str, Any]]:
        more = {} if form else {"content_type": "application/json"}
        with stopped_at(at):
            response = getattr(client, method)(
                f"/api/v1/operator/{path}", data, headers={"Authorization": f"Bearer {secret}"}, **more
            )
        return response.status_code, response.json()

    return sent


def test_a_machine_lists_its_cases_by_time_left_and_answers_one(call: Call, contract: Contract, now: datetime) -> None:
    late = build_complaint("litter", at=NORTH, now=now - timedelta(days=9))
    fresh = build_complaint("litter", at=NORTH, now=now - timedelta(hours=2))
    status, listed = call("get", "cases/")
    assert status == 200 and [row["tracking_number"] for row in listed["cases"]] == [
        late.tracking_number,
        fresh.tracking_number,
    ]
    assert [row["late"] for row in listed["cases"]] == [True, False] and listed["next"] is None
    status, case = call("post", f"cases/{fresh.tracking_number}/answer/", {"text": "Passage demain à 8 h."})
    assert status == 200 and case["answered_at"]
    fresh.refresh_from_db()
    last = fresh.events.order_by("-pk")[0]
    assert last.actor is not None and last.actor.username.startswith("api-"), "the history names the machine"


def test_a_machine_sends_photos_and_closes_a_case(call: Call, contract: Contract, now: datetime) -> None:
    case = build_complaint("litter", at=NORTH, now=now - timedelta(hours=2))
    path = f"cases/{case.tracking_number}/"
    photo = SimpleUploadedFile("après.jpg", jpeg(), "image/jpeg")
    status, body = call("post", path + "files/", {"purpose": "after", "files": [photo]}, form=True)
    assert status == 200, body
    assert case.attachments.get().purpose == "after"
    status, body = call("post", path + "resolve/", {"note": "Ramassé."})
    assert (status, body["state"]) == (200, "resolved")
    status, body = call("post", path + "resolve/", {"note": "Encore."})
    assert status == 409, "the desk's rules hold for machines"


def test_a_machine_closes_nothing_without_the_evidence_that_its_category_asks_for(
    call: Call, contract: Contract, now: datetime
) -> None:
    case = build_complaint("litter", at=NORTH, now=now - timedelta(hours=2))
    address, evidence = f"cases/{case.tracking_number}/resolve/", Category.objects.filter(code="litter")
    evidence.update(evidence="photo")
    elsewhere = SimpleUploadedFile("ailleurs.jpg", taken_at(2.5, 0.5), "image/jpeg")
    for sent, form, words in (
        ({"note": "Ramassé."}, False, "photo"),
        ({"note": "Ramassé.", "files": [elsewhere]}, True, " m "),
        ({"note": "Ramassé.", "reason": "too_late"}, False, "reason"),
    ):
        status, body = call("post", address, sent, form=form)
        assert status in (400, 409) and words in json.dumps(body), body
        case.refresh_from_db()
        assert (case.state, case.attachments.count()) == ("received", 0), "wholly or not at all"
    status, body = call("post", address, {"note": "Ramassé.", "reason": "no_trace"})
    assert (status, body["state"]) == (200, "resolved")
    other = build_complaint("litter", at=NORTH, now=now - timedelta(hours=2))
    near = SimpleUploadedFile("ici.jpg", taken_at(other.point.x, other.point.y), "image/jpeg")
    status, body = call(
        "post", f"cases/{other.tracking_number}/resolve/", {"note": "Fait.", "files": [near]}, form=True
    )
    assert (status, body["state"]) == (200, "resolved")


def test_a_machine_contests_a_finding_point_by_point_with_files(
    call: Call, contract: Contract, contract_manager: User, now: datetime
) -> None:
    finding = build_finding(contract, contract_manager, now)
    proof = SimpleUploadedFile("tournée.jpg", jpeg(), "image/jpeg")
    sent = {"arguments": json.dumps(["Le bac était vide.", "الشارع كان مغلقاً"]), "files": [proof]}
    status, body = call("post", f"findings/{finding.number}/contest/", sent, form=True)
    assert status == 200, body
    assert [row["text"] for row in body["arguments"]] == ["Le bac était vide.", "الشارع كان مغلقاً"]
    assert (body["state"], len(body["files"])) == ("contested", 1)
    status, body = call("post", f"findings/{finding.number}/accept/")
    assert (status, body["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("cases/{case}/answer/", {}, 400), ("cases/{case}/answer/", {"text": ["x"]}, 400),
        ("cases/{case}/answer/", {"text": "x" * 4001}, 400), ("cases/{case}/answer/", {"text": "a\0b"}, 400),
        ("cases/{case}/resolve/", {"note": "x", "reason": "because"}, 400), ("cases/{case}/files/", {}, 400),
        ("findings/{finding}/contest/", {}, 400), ("findings/{finding}/contest/", {"arguments": []}, 400),
        ("findings/{finding}/contest/", {"arguments": [1]}, 400), ("findings/{finding}/contest/", {"arguments": ["  "]}, 400),
        ("findings/{finding}/appeal/", {"arguments": ["x"]}, 409), ("findings/{finding}/files/", {}, 400),
        ("cases/NONE/answer/", {"text": "x"}, 404), ("findings/é/contest/", {"arguments": ["x"]}, 404),
    ],
)  # fmt: skip
def test_what_a_machine_sends_wrong_is_answered_in_words_and_changes_nothing(
    path: str, data: Any, status: int, call: Call, contract: Contract, contract_manager: User, now: datetime
) -> None:
    case = build_complaint("litter", at=NORTH, now=now - timedelta(hours=2))
    finding = build_finding(contract, contract_manager, now, complaint=case)
    answered, body = call("post", path.format(case=case.tracking_number, finding=finding.number), data)
    assert answered == status, body
    assert body["detail"]
    finding.refresh_from_db()
    assert finding.state == "notified" and not finding.arguments.exists()


def test_bad_pages_and_states_are_refused(call: Call, contract: Contract) -> None:
    wrong = ["page=0", "page=-1", "page=x", "page=99999", "page=٣", "state=none"]
    for path in ("cases/", "findings/"):
        assert [call("get", f"{path}?{query}")[0] for query in wrong] == [400] * len(wrong)


def test_a_key_ends_after_a_year_or_when_it_is_taken_back(
    call: Call, contract: Contract, operator_user: User, contract_manager: User, now: datetime
) -> None:
    assert call("get", "cases/")[0] == 200
    assert call("get", "cases/", at=now + timedelta(days=366))[0] == 401
    made = make_key(contract, "Tablettes", acting_user=operator_user, now=now)
    revoke_key(made.key, acting_user=contract_manager, now=now)
    status, body = call("get", "cases/", secret=made.secret)
    assert (status, body["code"]) == (401, "unauthorized")
    assert made.secret not in str(made.key.__dict__), "only its hash is kept"


def test_only_the_operators_people_make_keys_and_ten_at_most(
    contract: Contract, operator_user: User, other_operator: User, contract_manager: User, now: datetime
) -> None:
    for stranger in (other_operator, contract_manager):
        with pytest.raises(PersonNotAllowed):
            make_key(contract, "ERP", acting_user=stranger, now=now)
    for number in range(10):
        make_key(contract, f"ERP {number}", acting_user=operator_user, now=now)
    with pytest.raises(TooManyKeys):
        make_key(contract, "ERP", acting_user=operator_user, now=now)


def test_a_machines_account_cannot_be_used_by_a_person(key: str, gridville: Jurisdiction, client: Client) -> None:
    machine = User.objects.get(username__startswith="api-")
    assert not machine.has_usable_password() and not machine.is_staff and not machine.email


def test_lists_of_a_machine_take_the_same_few_queries_however_long(
    call: Call,
    contract: Contract,
    contract_manager: User,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for minutes in range(6):
        case = build_complaint("litter", at=NORTH, now=now - timedelta(hours=2, minutes=minutes))
        build_finding(contract, contract_manager, now, complaint=case)
    call("get", "cases/")
    with django_assert_max_num_queries(6):
        assert len(call("get", "cases/")[1]["cases"]) == 6
    with django_assert_max_num_queries(6):
        assert len(call("get", "findings/")[1]["findings"]) == 6


def test_the_documentation_says_the_keys_endpoints(client: Client) -> None:
    schema = client.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    paths = [path for path in schema["paths"] if "/operator/" in path]
    assert len(paths) == 11 and "contractKey" in schema["components"]["securitySchemes"]
    assert all(
        method["security"] == [{"contractKey": []}] for path in paths for method in schema["paths"][path].values()
    )


def test_messages_are_what_the_documentation_says(
    client: Client, contract: Contract, contract_manager: User, operator_user: User, now: datetime
) -> None:
    add_webhook(contract, "https://example.org/", [*CASES, *FINDINGS], acting_user=operator_user, now=now)
    finding = build_finding(contract, contract_manager, now)
    contest_finding(finding.pk, ["Non."], acting_user=operator_user, now=now)
    build_complaint("litter", at=NORTH, now=now)
    announce_cases(now=now)
    document = json.loads(client.get("/api/v1/schema/?format=json").content)
    told = {delivery.event: delivery.body for delivery in WebhookDelivery.objects.all()}
    assert set(told) == {"case.received", "finding.opened", "finding.changed"} < set(document["webhooks"])
    for component in document["components"]["schemas"].values():
        component.setdefault("unevaluatedProperties", component.get("type") != "object")
    for event, body in told.items():
        described = document["webhooks"][event]["post"]["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator({**described, "components": document["components"]}).validate(body)
