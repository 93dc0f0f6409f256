"""An uploaded file is rebuilt or refused once, whatever dies on the way, and reaches only those who may see it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Event
from complaints.services import file_checks, quarantine
from complaints.services.erasure import erase_reporter
from complaints.services.file_checks import process_due_attachments
from complaints.services.quarantine import LEASE, NewFile, media_path, remove_left_uploads
from complaints.tracking import secret_token
from queueing.models import MAX_ATTEMPTS, claim
from sandbox.child import KillReason, SandboxKilled
from tests.builders import build_complaint
from tests.conftest import SignIn
from tests.sandbox.files import SECRET, jpeg, pdf, telling_jpeg

# A lease begins when the row is claimed, a little after the sweep did.
A_MOMENT = timedelta(seconds=30)

PHOTO = NewFile("bin.jpg", telling_jpeg())


def files_on_disk(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def checked(now: datetime, *files: NewFile, category: str = "pothole") -> tuple[Complaint, list[Attachment]]:
    complaint = build_complaint(category, now=now, files=files)
    process_due_attachments(now=now)
    return complaint, list(complaint.attachments.all())


def address(file: Attachment, variant: str = "full", token: str = "") -> str:
    path = reverse("attachment", args=(file.public_id, variant, file.version))
    return f"{path}?c={token}" if token else path


def test_a_photo_is_rebuilt_without_metadata_and_leaves_quarantine(
    gridville: Jurisdiction, settings: Settings, now: datetime
) -> None:
    complaint, (photo,) = checked(now, PHOTO)
    assert (photo.status, photo.queue_state, photo.quarantine_path) == ("ready", "done", "")
    assert (photo.width, photo.height, photo.review) == (640, 480, "pending")
    kept = files_on_disk(settings)
    assert sorted(kept) == sorted([media_path(photo.path), media_path(photo.thumbnail_path)])
    assert not any(SECRET.encode() in path.read_bytes() for path in kept)
    assert complaint.events.get(kind=Event.Kind.FILE_ADDED).data["files"] == [str(photo.public_id)]


def test_the_same_file_is_never_checked_twice(gridville: Jurisdiction, now: datetime) -> None:
    complaint, _ = checked(now, PHOTO)
    assert process_due_attachments(now=now + LEASE + A_MOMENT) == 0
    assert complaint.events.filter(kind=Event.Kind.FILE_ADDED).count() == 1


def test_a_hostile_file_is_refused_with_its_reason(gridville: Jurisdiction, settings: Settings, now: datetime) -> None:
    _, (photo,) = checked(now, NewFile("cut.jpg", jpeg()[:2000]))
    assert (photo.status, photo.refused_code, photo.queue_state) == ("refused", "damaged_image", "done")
    assert files_on_disk(settings) == []


def test_where_photos_are_never_published_they_are_withheld_from_the_start(
    gridville: Jurisdiction, now: datetime
) -> None:
    _, (photo,) = checked(now, PHOTO, category="domestic")
    assert photo.review == "withheld"


def test_a_worker_that_dies_leaves_the_file_to_the_next(
    gridville: Jurisdiction, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after it wrote the pictures: the row was not touched, the remains are an orphan's."""

    class Died(BaseException):
        pass

    def die(name: str) -> None:
        if name == "files.written":
            raise Died

    complaint = build_complaint(now=now, files=[PHOTO])
    monkeypatch.setattr(quarantine, "failpoint", die)
    with pytest.raises(Died):
        process_due_attachments(now=now)
    monkeypatch.undo()
    assert complaint.attachments.get().status == "checking"
    assert process_due_attachments(now=now) == 0, "the dead worker's lease still runs"
    assert process_due_attachments(now=now + LEASE + A_MOMENT) == 1
    photo = complaint.attachments.get()
    assert photo.status == "ready"
    assert media_path(photo.path).exists()


def test_who_lost_the_row_removes_what_it_wrote(
    gridville: Jurisdiction, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reporter is erased while her photo is being rebuilt."""
    complaint = build_complaint(now=now, files=[PHOTO])

    def erase(name: str) -> None:
        if name == "files.processed":
            erase_reporter(complaint.pk, now=now)

    monkeypatch.setattr(quarantine, "failpoint", erase)
    process_due_attachments(now=now)
    photo = complaint.attachments.get()
    assert (photo.status, photo.refused_code) == ("refused", "erased")
    assert [path for path in files_on_disk(settings) if "quarantine" not in path.parts] == []


def test_an_upload_left_in_quarantine_is_removed_later(
    gridville: Jurisdiction, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = build_complaint(now=now, files=[PHOTO])
    with monkeypatch.context() as patch:
        patch.setattr(quarantine, "_leave_quarantine", lambda attachment: None)
        process_due_attachments(now=now)
    assert remove_left_uploads(Attachment) == 1
    photo = complaint.attachments.get()
    assert sorted(files_on_disk(settings)) == sorted([media_path(photo.path), media_path(photo.thumbnail_path)])


def test_trouble_of_the_machine_is_tried_again_and_then_told(
    gridville: Jurisdiction, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = build_complaint(now=now, files=[PHOTO])

    def too_slow(*args: object) -> None:
        raise SandboxKilled(KillReason.WALL)

    monkeypatch.setattr(quarantine, "process_upload", too_slow)
    for attempt in range(MAX_ATTEMPTS):
        assert complaint.attachments.get().status == "checking", attempt
        process_due_attachments(now=complaint.attachments.get().next_attempt_at)
    photo = complaint.attachments.get()
    assert (photo.status, photo.refused_code, photo.queue_state) == ("refused", "could_not_check", "failed")


def test_a_full_disk_is_waited_for(gridville: Jurisdiction, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = build_complaint(now=now, files=[PHOTO])

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(file_checks, "write_atomically", full)
        process_due_attachments(now=now)
    photo = complaint.attachments.get()
    assert (photo.status, photo.attempts) == ("checking", 0)
    process_due_attachments(now=photo.next_attempt_at)
    assert complaint.attachments.get().status == "ready"


def test_a_file_whose_checks_kill_their_workers_is_refused_in_the_end(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now, files=[PHOTO])
    at = now
    for _ in range(MAX_ATTEMPTS):
        claim(Attachment, now=at, limit=1, lease=LEASE)
        at += LEASE
    assert process_due_attachments(now=at) == 0
    quarantine.give_up_on_poison(Attachment)
    assert complaint.attachments.get().refused_code == "could_not_check"


def test_nobody_outside_sees_a_photo_until_it_is_released(
    gridville: Jurisdiction, client: Client, now: datetime
) -> None:
    _, (photo,) = checked(now, PHOTO)
    assert client.get(address(photo)).status_code == 404
    Attachment.objects.update(review="released")
    answer = client.get(address(photo, "thumbnail"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("inline")
    # Kept where it is looked up again each time: what is withheld or painted over is gone from every cache.
    assert answer["Cache-Control"] == "public, no-cache"
    again = client.get(address(photo, "thumbnail"), headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again["Cache-Control"]) == (304, "public, no-cache")
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")  # type: ignore[attr-defined]
    for hidden in (
        {"visibility": "hidden"},
        {"visibility": "public", "place_precision": "never", "place_shown": "never", "public_point": None},
    ):
        Complaint.objects.update(**hidden)
        assert client.get(address(photo)).status_code == 404


def test_the_reporter_sees_her_own_by_her_link_and_nobody_elses(
    gridville: Jurisdiction, client: Client, now: datetime
) -> None:
    complaint, (photo,) = checked(now, PHOTO)
    other, _ = checked(now, PHOTO)
    answer = client.get(address(photo, token=secret_token(complaint.pk, 1)))
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    assert client.get(address(photo, token=secret_token(other.pk, 1))).status_code == 404
    assert client.get(address(photo, token=secret_token(complaint.pk, 2))).status_code == 404
    assert client.get(address(photo, token="x")).status_code == 404


def test_staff_sees_what_its_role_may(
    signed_in: SignIn, now: datetime, clerk: User, outsider: User, operator_user: User
) -> None:
    _, (photo,) = checked(now, PHOTO)
    assert signed_in(clerk).get(address(photo)).status_code == 200
    assert signed_in(outsider).get(address(photo)).status_code == 404
    waste = build_complaint("litter", at=(1.5, 1.5), now=now, files=[PHOTO])
    process_due_attachments(now=now)
    theirs = waste.attachments.get()
    assert waste.unit.code == "waste-north"
    assert signed_in(operator_user).get(address(theirs)).status_code == 404
    Complaint.objects.filter(pk=waste.pk).update(passed_to_operator=True)
    assert signed_in(operator_user).get(address(theirs)).status_code == 200


def test_a_pdf_is_a_download_and_has_no_thumbnail(signed_in: SignIn, now: datetime, clerk: User) -> None:
    _, (document,) = checked(now, NewFile('x".pdf', pdf()))
    answer = signed_in(clerk).get(address(document))
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert answer["Content-Type"] == "application/pdf"
    assert signed_in(clerk).get(address(document, "thumbnail")).status_code == 404
    assert signed_in(clerk).get(address(document, "other")).status_code == 404
    assert signed_in(clerk).post(address(document)).status_code == 405


def test_a_file_that_is_not_checked_yet_is_not_served(signed_in: SignIn, now: datetime, clerk: User) -> None:
    complaint = build_complaint(now=now, files=[PHOTO])
    assert signed_in(clerk).get(address(complaint.attachments.get())).status_code == 404
    process_due_attachments(now=now + timedelta(seconds=1))
    assert signed_in(clerk).get(address(complaint.attachments.get())).status_code == 200
