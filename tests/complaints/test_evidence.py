"""Closing needs what its category asks for: a photo of the finished work taken near the place, or a reason."""

from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from catalogue.models import Category
from complaints.models import Attachment, Complaint
from complaints.services.correspondence import add_photos
from complaints.services.quarantine import NewFile
from complaints.services.transitions import change_state
from complaints.workflow import EvidenceElsewhere, EvidenceRequired, EvidenceReused, State, Verb
from sandbox.sniffing import FileKind
from sandbox.whereabouts import photo_position
from tests.builders import build_complaint
from tests.conftest import SignIn
from tests.sandbox.files import jpeg, photo, saved, telling_jpeg, telling_png, telling_webp

HERE = (0.005, 0.005)


def taken_at(longitude: float, latitude: float, **more: Any) -> bytes:
    """A JPEG whose GPS tags name a place."""
    image = photo(64, 48)
    exif = image.getexif()
    exif[0x8825] = {
        1: "S" if latitude < 0 else "N",
        2: (abs(latitude), 0.0, 0.0),
        3: "W" if longitude < 0 else "E",
        4: (abs(longitude), 0.0, 0.0),
    }
    return jpeg(image, exif=exif.tobytes(), **more)


def close(complaint: Complaint, clerk: User, now: datetime, **more: Any) -> Complaint:
    return change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now, note="Fait", **more)


def test_where_a_photo_was_taken_is_read_from_its_header() -> None:
    longitude, latitude = photo_position(taken_at(-5.25, 35.5), FileKind.JPEG) or (0.0, 0.0)
    assert abs(longitude + 5.25) < 1e-6
    assert abs(latitude - 35.5) < 1e-6
    for data, kind in ((telling_jpeg(), FileKind.JPEG), (telling_png(), FileKind.PNG), (telling_webp(), FileKind.WEBP)):
        found = photo_position(data, kind)
        assert found is not None, kind
        assert abs(found[0]) <= 180 and abs(found[1]) <= 90
    assert photo_position(jpeg(), FileKind.JPEG) is None
    assert photo_position(taken_at(0, 0), FileKind.JPEG) is None


def test_no_header_however_damaged_breaks_the_reader() -> None:
    good = taken_at(-5.25, 35.5)
    for at in range(2, min(len(good), 400)):
        for wrong in (0, 255):
            photo_position(good[:at] + bytes([wrong]) + good[at + 1 :], FileKind.JPEG)
        photo_position(good[:at], FileKind.JPEG)
    for kind in (FileKind.JPEG, FileKind.PNG, FileKind.WEBP, FileKind.HEIF, FileKind.PDF):
        photo_position(b"", kind)
        photo_position(b"\xff\xd8\xff\xe1\xff\xffExif\0\0II*\0" + b"\xff" * 50, kind)


def test_a_photo_taken_near_the_place_closes_it_and_the_history_says_how_near(clerk: User, now: datetime) -> None:
    complaint = close(build_complaint(now=now), clerk, now, files=[NewFile("a.jpg", taken_at(0.0055, 0.005))])
    assert complaint.state == State.RESOLVED
    data = complaint.events.filter(to_state="resolved").get().data
    assert (data["evidence"], data["metres"]) == ("photo", 56)
    assert Attachment.objects.get().metres_off == 56


def test_a_photo_from_elsewhere_is_refused_with_the_distance_and_nothing_is_stored(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    with pytest.raises(EvidenceElsewhere) as refused:
        close(complaint, clerk, now, files=[NewFile("a.jpg", taken_at(0.035, 0.005))])
    assert "3340 m" in str(refused.value.message)
    assert Complaint.objects.get(pk=complaint.pk).state == State.RECEIVED
    assert not Attachment.objects.exists()
    # The same from the phone that sends a photo without a place of its own.
    with pytest.raises(EvidenceElsewhere):
        close(complaint, clerk, now, files=[NewFile("a.jpg", jpeg())], position=(0.035, 0.005))
    assert close(complaint, clerk, now, files=[NewFile("a.jpg", jpeg())], position=HERE).state == State.RESOLVED


def test_a_photo_that_says_no_place_counts_and_one_of_several_is_enough(clerk: User, now: datetime) -> None:
    assert close(build_complaint(now=now), clerk, now, files=[NewFile("a.jpg", jpeg())]).state == State.RESOLVED
    files = [NewFile("far.jpg", taken_at(0.035, 0.005)), NewFile("near.jpg", taken_at(0.005, 0.0051))]
    assert close(build_complaint(now=now), clerk, now, files=files).state == State.RESOLVED


def test_the_reporters_own_photo_proves_no_repair(clerk: User, now: datetime) -> None:
    damage = jpeg(photo(200, 100))
    complaint = build_complaint(now=now, files=[NewFile("trou.jpg", damage)])
    with pytest.raises(EvidenceReused):
        close(complaint, clerk, now, files=[NewFile("apres.jpg", damage)])
    assert close(complaint, clerk, now, files=[NewFile("apres.jpg", jpeg(photo(100, 200)))]).state == State.RESOLVED


def test_photos_sent_before_count_unless_they_are_from_elsewhere(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    far = [NewFile("a.jpg", taken_at(0.035, 0.005))]
    add_photos(complaint.pk, far, Attachment.Purpose.AFTER, acting_user=clerk, now=now)
    with pytest.raises(EvidenceElsewhere):
        close(complaint, clerk, now)
    near = [NewFile("b.jpg", taken_at(0.005, 0.005))]
    add_photos(complaint.pk, near, Attachment.Purpose.AFTER, acting_user=clerk, now=now)
    assert close(complaint, clerk, now).state == State.RESOLVED


@pytest.mark.parametrize("reason", ["no_trace", "already_gone"])
def test_a_reason_code_stands_for_the_photo(clerk: User, now: datetime, reason: str) -> None:
    assert close(build_complaint(now=now), clerk, now, reason=reason).state == State.RESOLVED


@pytest.mark.parametrize("evidence", ["photo", "reason"])
def test_without_either_closing_is_refused(clerk: User, now: datetime, evidence: str) -> None:
    Category.objects.filter(code="pothole").update(evidence=evidence)
    complaint = build_complaint(now=now)
    for reason in ("", "because"):
        with pytest.raises(EvidenceRequired):
            close(complaint, clerk, now, reason=reason)
    assert close(complaint, clerk, now, reason="at_the_desk").state == State.RESOLVED


def test_a_crew_closes_from_its_phone(crew_member: User, clerk: User, now: datetime, signed_in: SignIn) -> None:
    complaint = build_complaint(now=now)
    Complaint.objects.filter(pk=complaint.pk).update(assigned_to=crew_member)
    page = f"/fr/field/{complaint.tracking_number}/resolve/"
    client = signed_in(crew_member)

    def send(longitude: str) -> Any:
        picture = saved(photo(90, 60), "JPEG")
        upload = {"files": _upload(picture), "note": "Bouché", "longitude": longitude, "latitude": "0.005"}
        return client.post(page, upload)

    refused = send("0.035")
    assert refused.status_code == 422
    assert "3340 m" in refused.content.decode()
    assert send("0.0051").status_code == 302
    assert Attachment.objects.get().metres_off == 11


def _upload(data: bytes) -> Any:
    return SimpleUploadedFile("a.jpg", data, "image/jpeg")
