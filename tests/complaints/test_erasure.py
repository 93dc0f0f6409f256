"""After an erasure no table, file or mail holds a word of the person; counts, states and routing stay."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Event, IdempotencyKey, Message, Reporter
from complaints.services import erasure
from complaints.services.correspondence import answer
from complaints.services.erasure import erase_reporter, remove_erased_remains
from complaints.services.file_checks import process_due_attachments
from complaints.services.messages import add_reporter_message
from complaints.services.quarantine import NewFile
from complaints.services.retention import apply_retention, remove_orphans
from complaints.services.submission import Idempotency, NewComplaint, NewReporter, submit
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from notifications.delivery import deliver_due
from notifications.models import OutboxMessage
from tests.builders import SCALE
from tests.sandbox.files import jpeg, pdf

CANARY = "zqcanaryzq"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT_BY_STAFF = "after-the-work"


@pytest.fixture(autouse=True)
def mails_are_files(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "notifications.channels.folder.MailFolder"


@pytest.fixture
def told_everywhere(clerk: User, now: datetime) -> Complaint:
    """A complaint whose reporter left her canary wherever one can."""
    reporter = NewReporter(
        language="fr", name=f"Rita {CANARY}", email=f"{CANARY}@example.org", phone="+212600999888", consent_contact=True
    )
    given = submit(
        NewComplaint(
            category="overflowing-bin",
            longitude=0.5 * SCALE,
            latitude=0.5 * SCALE,
            reporter=reporter,
            channel=Complaint.Channel.WEB,
            description=f"Je suis {CANARY}",
            location_text=f"chez {CANARY}",
            answers={"container": "green"},
            files=[NewFile(f"{CANARY}.jpg", jpeg()), NewFile(f"{CANARY}.pdf", pdf())],
        ),
        now=now,
        idempotency=Idempotency("k" * 20, "hash"),
    )
    complaint = Complaint.objects.get(tracking_number=given.tracking_number)
    Complaint.objects.filter(pk=complaint.pk).update(unit=clerk.memberships.get().unit, text_review="released")
    process_due_attachments(now=now)
    Attachment.objects.filter(kind="jpeg").update(review="released")
    deliver_due(now=now)
    add_reporter_message(
        complaint.pk, text=f"Encore {CANARY}", files=[NewFile(f"{CANARY}2.jpg", jpeg())], now=now + HOUR
    )
    answer(complaint.pk, "Nous passons demain.", acting_user=clerk, now=now + 2 * HOUR)
    change_state(
        complaint.pk,
        Verb.RESOLVE,
        acting_user=clerk,
        now=now + 3 * HOUR,
        note="Fait.",
        files=[NewFile(KEPT_BY_STAFF, jpeg())],
    )
    change_state(complaint.pk, Verb.CONTEST, acting_user=None, now=now + 4 * HOUR, note=f"Non ! {CANARY}")
    return complaint


def tables_with(needle: str) -> list[str]:
    """Every table that holds a text anywhere in a row, found by reading all of them."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT count(*) FROM {name} t WHERE t::text ILIKE %s", [f"%{needle}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def files_with(needle: str, settings: Settings) -> list[Path]:
    files = [*Path(settings.MEDIA_ROOT).rglob("*"), *Path(settings.MAIL_DIR).rglob("*")]
    return [path for path in files if path.is_file() and needle.encode() in path.read_bytes()]


def reporters_files(settings: Settings) -> list[Path]:
    kept = {Attachment.objects.get(purpose="after").quarantine_path}
    root = Path(settings.MEDIA_ROOT)
    return [p for p in root.rglob("*") if p.is_file() and str(p.relative_to(root)) not in kept]


def test_the_search_would_find_what_must_go(told_everywhere: Complaint, settings: Settings) -> None:
    assert set(tables_with(CANARY)) >= {
        "complaints_complaint",
        "complaints_reporter",
        "complaints_message",
        "complaints_attachment",
        "complaints_idempotencykey",
        "notifications_outboxmessage",
    }
    assert files_with(CANARY, settings)
    assert reporters_files(settings)


def test_nothing_of_her_is_left_in_any_table_or_file(
    told_everywhere: Complaint,
    settings: Settings,
    now: datetime,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        erase_reporter(told_everywhere.pk, now=now + DAY)
    assert tables_with(CANARY) == []
    assert tables_with("600999888") == []
    assert files_with(CANARY, settings) == []
    assert reporters_files(settings) == []
    assert not IdempotencyKey.objects.exists()


def test_history_counts_and_what_staff_wrote_stay(told_everywhere: Complaint, now: datetime) -> None:
    before = Event.objects.filter(complaint=told_everywhere).count()
    decisions = told_everywhere.decisions.count()
    erased = erase_reporter(told_everywhere.pk, now=now + DAY)
    assert Event.objects.filter(complaint=erased).count() == before + 1
    assert erased.decisions.count() == decisions
    assert (erased.state, erased.unit.code, erased.category.code) == ("reopened", "roads-dept", "overflowing-bin")
    assert set(Message.objects.filter(from_reporter=False).values_list("text", flat=True)) == {
        "Nous passons demain.",
        "Fait.",
    }
    assert Attachment.objects.get(purpose="after").name == KEPT_BY_STAFF
    reporter = Reporter.objects.get(complaint=erased)
    assert (reporter.erased_at, reporter.consent_version, reporter.language) == (now + DAY, "2026-11", "fr")


def test_mails_still_due_do_not_go_out_any_more(told_everywhere: Complaint, settings: Settings, now: datetime) -> None:
    assert OutboxMessage.objects.filter(queue_state="due").exists()
    erase_reporter(told_everywhere.pk, now=now + DAY)
    assert deliver_due(now=now + DAY) == 0
    assert not OutboxMessage.objects.filter(queue_state="due").exists()


def test_erased_twice_is_erased_once(told_everywhere: Complaint, now: datetime) -> None:
    erase_reporter(told_everywhere.pk, now=now + DAY)
    erase_reporter(told_everywhere.pk, now=now + 2 * DAY, by_system=True)
    event = Event.objects.get(complaint=told_everywhere, kind=Event.Kind.ERASED)
    assert (event.actor_role, event.data) == ("reporter", {})


def test_a_death_between_commit_and_deletion_is_made_good(
    told_everywhere: Complaint, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction committed, nothing was deleted: the hourly sweep finds photos and mails alike."""
    monkeypatch.setattr(erasure, "_remove_remains", lambda *args: None)
    erase_reporter(told_everywhere.pk, now=now + DAY)
    assert reporters_files(settings)
    remove_orphans(now=now + DAY)
    assert files_with(CANARY, settings) == []
    assert reporters_files(settings) == []
    assert remove_erased_remains() == 0


def test_released_photos_are_gone_from_their_public_address(
    told_everywhere: Complaint, client: Client, now: datetime
) -> None:
    photo = Attachment.objects.filter(purpose="report", kind="jpeg").get()
    address = f"/fr/files/{photo.public_id}/full/{photo.version}/"
    assert client.get(address).status_code == 200
    erase_reporter(told_everywhere.pk, now=now + DAY)
    assert client.get(address).status_code == 404


def test_the_city_says_how_long_reporters_are_kept(
    told_everywhere: Complaint, clerk: User, gridville: Jurisdiction, now: datetime
) -> None:
    closed = now + DAY
    change_state(told_everywhere.pk, Verb.WITHDRAW, acting_user=None, now=closed)
    assert apply_retention(now=closed + 364 * DAY)["reporters"] == 0
    assert Reporter.objects.get().email
    kept = apply_retention(now=closed + 366 * DAY)
    assert (kept["reporters"], Reporter.objects.get().email) == (1, "")
    assert Event.objects.get(kind=Event.Kind.ERASED).actor_role == "system"
    assert apply_retention(now=closed + 367 * DAY)["reporters"] == 0


def test_idempotency_keys_are_forgotten_after_a_week(told_everywhere: Complaint, now: datetime) -> None:
    assert apply_retention(now=now + 6 * DAY)["idempotency_keys"] == 0
    assert apply_retention(now=now + 8 * DAY)["idempotency_keys"] == 1


def run(*arguments: str) -> tuple[int, dict[str, object]]:
    out, status = StringIO(), 0
    try:
        call_command("erase", *arguments, "--json", stdout=out, stderr=StringIO())
    except SystemExit as exit_:
        status = int(str(exit_.code))
    return status, json.loads(out.getvalue().splitlines()[-1])


def test_the_command_erases_by_number_or_address(told_everywhere: Complaint, now: datetime) -> None:
    status, report = run("--email", f"{CANARY.upper()}@EXAMPLE.org", "--dry-run")
    assert (status, report["counts"]) == (0, {"complaints": 1, "messages": 2, "files": 3, "mails": 3, "followed": 0})
    assert Reporter.objects.get().email
    status, report = run("GRI-2222-2223")
    assert (status, report["ok"]) == (1, False)
    status, report = run(told_everywhere.tracking_number.lower())
    assert (status, report["ok"]) == (0, True)
    assert not Reporter.objects.get().email
