"""Correcting a complaint at the desk: its pin, one that is really several, words and parts of photos that nobody else may see."""

import io
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.errors import CannotSplit, ChangedMeanwhile, NeverPublished, OutsideJurisdictions, SamePlace
from complaints.models import Attachment, Complaint, Event, Message, PlaceRecount
from complaints.services.allocation import hand_over
from complaints.services.erasure import erase_reporter
from complaints.services.file_checks import process_due_attachments
from complaints.services.publication import hide_words, review_text
from complaints.services.quarantine import NewFile, media_path
from complaints.services.relocation import move_pin
from complaints.services.splitting import split
from complaints.services.transitions import change_state
from complaints.services.undo import forget_deeds, undo, undoable
from complaints.timeline import public_timeline
from complaints.words import HIDDEN, blacked_out, words_of
from complaints.workflow import ActorNotAllowed, Verb
from geoportal.invariants import violations
from notifications.models import OutboxMessage
from tests.builders import SCALE, build_complaint, build_staff
from tests.conftest import SignIn
from tests.sandbox.files import jpeg


def broken(now: datetime) -> list[str]:
    return [v.invariant.code for v in violations(now) if v.invariant.code not in ("work_not_done", "rung_not_climbed")]


def act(client: Client, complaint: Complaint, slug: str, **data: Any) -> Any:
    with translation.override("fr"):
        address = reverse("desk_action", args=[complaint.tracking_number, slug])
    return client.post(address, data)


# --- the pin


def test_a_pin_is_moved_and_who_answers_follows(gridville: Jurisdiction, triage_officer: User, now: datetime) -> None:
    complaint = build_complaint("litter", at=(0.5, 1.5), now=now - timedelta(days=1), email="rita@example.org")
    promised = (complaint.answer_due_at, complaint.resolution_due_at)
    move_pin(complaint.pk, 2.5 * SCALE, 0.3 * SCALE, acting_user=triage_officer, now=now, note="En face.")
    complaint.refresh_from_db()
    assert (complaint.unit.code, complaint.district and complaint.district.code) == ("waste-south", "e1")
    assert (complaint.point.x, complaint.public_point and complaint.public_point.x) == (0.025, 0.025)
    assert (complaint.answer_due_at, complaint.resolution_due_at) == promised, "promises were made to her"
    event = complaint.events.get(kind=Event.Kind.PIN_MOVED)
    assert event.data["to_unit"] == "waste-south" and event.data["metres"] > 2000
    assert "0.02" not in str(event.data), "history tells no place"
    assert complaint.decisions.count() == 2 and broken(now) == []


def test_a_unit_that_was_chosen_by_hand_stays(gridville: Jurisdiction, triage_officer: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    hand_over(complaint.pk, gridville.units.get(code="bin-team"), acting_user=triage_officer, now=now)
    move_pin(complaint.pk, 2.5 * SCALE, 0.3 * SCALE, acting_user=triage_officer, now=now)
    complaint.refresh_from_db()
    assert complaint.unit.code == "bin-team"


def test_a_sensitive_place_is_counted_again_on_both_sides(
    gridville: Jurisdiction, triage_officer: User, now: datetime
) -> None:
    complaint = build_complaint("noise", at=(0.5, 0.5), now=now)
    PlaceRecount.objects.all().delete()
    move_pin(complaint.pk, 2.5 * SCALE, 0.5 * SCALE, acting_user=triage_officer, now=now)
    complaint.refresh_from_db()
    assert complaint.place_shown == "withheld" and complaint.public_point is None
    assert set(PlaceRecount.objects.values_list("district__code", flat=True)) == {"w1", "e1"}


def test_pins_go_nowhere_else(gridville: Jurisdiction, clerk: User, outsider: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    with pytest.raises(SamePlace):
        move_pin(complaint.pk, complaint.point.x, complaint.point.y, acting_user=clerk, now=now)
    with pytest.raises(OutsideJurisdictions):
        move_pin(complaint.pk, 50.0, 50.0, acting_user=clerk, now=now)
    with pytest.raises(ActorNotAllowed):
        move_pin(complaint.pk, 0.02, 0.01, acting_user=outsider, now=now)
    assert complaint.events.count() == 1


def test_the_form_takes_numbers_as_people_type_them_and_undo_puts_the_pin_back(
    signed_in: SignIn, triage_officer: User, gridville: Jurisdiction
) -> None:
    complaint = build_complaint("litter", at=(0.5, 1.5), now=timezone.now())
    client = signed_in(triage_officer)
    for latitude, longitude in [("x", "0.01"), ("95", "0.01"), ("", "")]:
        assert act(client, complaint, "move-pin", latitude=latitude, longitude=longitude).status_code == 422
    done = client.post(
        reverse_of(complaint, "move-pin"),
        {"latitude": "0,003", "longitude": "0.025"},
        follow=True,
    )
    assert done.status_code == 200
    moved = Complaint.objects.get(pk=complaint.pk)
    assert (moved.point.y, moved.unit.code) == (0.003, "waste-south")
    client.post("/fr/desk/undo/", {"batch": next(iter(done.context["messages"])).extra_tags})
    back = Complaint.objects.get(pk=complaint.pk)
    assert back.point == complaint.point and back.unit.code == "waste-north"


def reverse_of(complaint: Complaint, slug: str) -> str:
    with translation.override("fr"):
        return reverse("desk_action", args=[complaint.tracking_number, slug])


# --- splitting


def test_a_part_becomes_a_complaint_of_its_own_promised_from_the_first_filing(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    filed = now - timedelta(days=3)
    whole = build_complaint(now=filed, email="rita@example.org", description="Un trou, et des sacs.")
    OutboxMessage.objects.all().delete()
    part = split(whole.pk, "litter", description="Des sacs.", acting_user=clerk, now=now)
    part.refresh_from_db()
    assert (part.category.code, part.description, part.submitted_at) == ("litter", "Des sacs.", filed)
    assert part.unit.code == "waste-south" or part.unit.code == "waste-north"
    twin = build_complaint("litter", now=filed)
    assert (part.answer_due_at, part.resolution_due_at) == (twin.answer_due_at, twin.resolution_due_at)
    assert (part.reporter.email, part.channel) == ("rita@example.org", whole.channel)
    first = part.events.get(kind=Event.Kind.SUBMITTED)
    assert (first.actor, first.actor_role, first.at) == (clerk, "clerk", now)
    assert whole.events.get(kind=Event.Kind.SPLIT).data == {"part": part.pk}
    [mail] = OutboxMessage.objects.filter(reference=part.tracking_number)
    assert mail.recipient == "rita@example.org" and part.tracking_number in mail.body
    assert broken(now) == []


def test_an_undone_split_withdraws_the_part_and_nobody_hears_of_it(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    whole, batch = build_complaint(now=now - timedelta(hours=1), email="rita@example.org"), uuid.uuid4()
    OutboxMessage.objects.all().delete()
    with undoable(whole.pk, action="split", acting_user=clerk, now=now, batch=batch):
        part = split(whole.pk, "litter", description="Des sacs.", acting_user=clerk, now=now)
    [undone] = undo(batch, acting_user=clerk, now=now + timedelta(seconds=5))
    part.refresh_from_db()
    assert undone.refusal == "" and (part.state, part.visibility) == ("withdrawn", "hidden")
    assert set(OutboxMessage.objects.values_list("queue_state", flat=True)) == {"cancelled"}
    assert broken(now) == []


def test_a_part_that_somebody_works_on_already_stays(
    gridville: Jurisdiction, triage_officer: User, now: datetime
) -> None:
    whole, batch = build_complaint(now=now - timedelta(hours=1)), uuid.uuid4()
    with undoable(whole.pk, action="split", acting_user=triage_officer, now=now, batch=batch):
        part = split(whole.pk, "litter", description="Des sacs.", acting_user=triage_officer, now=now)
    change_state(part.pk, Verb.ACCEPT, acting_user=triage_officer, now=now + timedelta(seconds=2))
    [undone] = undo(batch, acting_user=triage_officer, now=now + timedelta(seconds=5))
    assert undone.refusal == ChangedMeanwhile.message


def test_nothing_is_filed_in_the_name_of_somebody_who_was_erased(
    gridville: Jurisdiction, clerk: User, outsider: User, now: datetime
) -> None:
    whole = build_complaint(now=now)
    with pytest.raises(ActorNotAllowed):
        split(whole.pk, "litter", description="x", acting_user=outsider, now=now)
    erase_reporter(whole.pk, now=now)
    with pytest.raises(CannotSplit):
        split(whole.pk, "litter", description="x", acting_user=clerk, now=now)
    assert Complaint.objects.count() == 1


# --- hiding words


def test_words_are_counted_as_they_are_read() -> None:
    text = "Chez  Rita,\nأمام المدرسة"
    assert words_of(text) == ["Chez", "Rita,", "أمام", "المدرسة"]
    assert blacked_out(text, {1, 3}) == f"Chez  {HIDDEN}\nأمام {HIDDEN}"


def test_hidden_words_are_nowhere_public_and_cannot_be_searched(
    client: Client, gridville: Jurisdiction, moderator: User, clerk: User, office_user: User, now: datetime
) -> None:
    complaint = build_complaint(now=now, description="Trou devant chez Zineb")
    hide_words(complaint.pk, [3], acting_user=moderator, now=now)
    complaint.refresh_from_db()
    assert (complaint.text_review, complaint.description) == ("released", "Trou devant chez Zineb")
    number = complaint.tracking_number
    for address in (
        f"/fr/complaints/{number}/", f"/api/v1/complaints/{number}/", "/api/v1/complaints.geojson",
        "/api/v1/complaints.csv",
    ):  # fmt: skip
        response: Any = client.get(address, headers={"Accept": "*/*"})
        body = b"".join(response.streaming_content) if response.streaming else response.content
        text = body.decode().encode().decode("unicode_escape").encode("latin-1", "ignore").decode("utf-8", "ignore")
        assert "Zineb" not in body.decode() and ("devant chez" in body.decode() or "devant chez" in text), address
    found = [client.get(f"/api/v1/complaints.geojson?q={word}").json()["numberMatched"] for word in ("zineb", "devant")]
    assert found == [0, 1]
    client.force_login(clerk)
    assert [len(client.get(f"/fr/desk/?q={w}").context["list"].rows) for w in ("zineb", "devant")] == [1, 1]
    client.force_login(office_user)
    assert [len(client.get(f"/fr/desk/?q={w}").context["list"].rows) for w in ("zineb", "devant")] == [0, 1]
    with translation.override("fr"):
        page = client.get(reverse("desk_complaint", args=[number])).content.decode()
    assert "Zineb" not in page and "devant chez" in page


def test_hiding_is_taken_back_kept_to_moderators_and_bound_to_policy(
    gridville: Jurisdiction, moderator: User, operator_user: User, now: datetime
) -> None:
    complaint = build_complaint(now=now, description="Trou devant chez Zineb")
    hide_words(complaint.pk, [3], acting_user=moderator, now=now)
    hide_words(complaint.pk, [], acting_user=moderator, now=now)
    complaint.refresh_from_db()
    assert complaint.released_description == complaint.description
    hide_words(complaint.pk, [3], acting_user=moderator, now=now)
    review_text(complaint.pk, release=False, acting_user=moderator, now=now)
    erase_reporter(complaint.pk, now=now)
    complaint.refresh_from_db()
    assert complaint.public_description == ""
    never = build_complaint("domestic", now=now, description="Jamais")
    with pytest.raises(NeverPublished):
        hide_words(never.pk, [], acting_user=moderator, now=now)
    litter = build_complaint("litter", at=(0.5, 1.5), now=now, description="Sacs")
    with pytest.raises(ActorNotAllowed):
        hide_words(litter.pk, [], acting_user=operator_user, now=now)


def test_the_form_names_each_word_and_remembers_what_was_hidden(
    signed_in: SignIn, moderator: User, gridville: Jurisdiction
) -> None:
    complaint = build_complaint(now=timezone.now(), description="Trou devant chez Zineb")
    client = signed_in(moderator)
    assert act(client, complaint, "hide-words", hidden=["3"]).status_code == 302
    assert act(client, complaint, "hide-words", hidden=["9"]).status_code == 422
    with translation.override("fr"):
        page = client.get(reverse("desk_complaint", args=[complaint.tracking_number]))
    form = next(offer.form for offer in page.context["offers"] if offer.slug == "hide-words")
    assert form["hidden"].value() == ["3"] and "Zineb" in page.content.decode()


# --- painting parts of a photo black


@pytest.fixture
def with_photo(gridville: Jurisdiction) -> Complaint:
    soon = timezone.now()
    complaint = build_complaint(now=soon, files=[NewFile("photo.jpg", jpeg())])
    assert process_due_attachments(now=soon) == 1
    return complaint


def colour(path: str, x: float, y: float) -> tuple[int, ...]:
    with Image.open(io.BytesIO(media_path(path).read_bytes())) as picture:
        pixel = picture.convert("RGB").getpixel((int(x * picture.width), int(y * picture.height)))
    assert isinstance(pixel, tuple)
    return tuple(round(part / 64) for part in pixel)


def test_parts_are_painted_black_in_photo_and_thumbnail_and_review_begins_again(
    signed_in: SignIn, moderator: User, with_photo: Complaint
) -> None:
    client, photo = signed_in(moderator), Attachment.objects.get()
    Attachment.objects.update(review="released")
    done = client.post(
        reverse_of(with_photo, "black-out"), {"file": photo.pk, "boxes": "10 10 30 40\n60,5 50 80 20"}, follow=True
    )
    changed = Attachment.objects.get()
    assert changed.review == "pending" and changed.path != photo.path
    for path in (changed.path, changed.thumbnail_path):
        assert colour(path, 0.2, 0.2) == (0, 0, 0) == colour(path, 0.9, 0.6)
        assert colour(path, 0.2, 0.8) == (3, 0, 0)
    batch = next(iter(done.context["messages"])).extra_tags
    client.post("/fr/desk/undo/", {"batch": batch})
    back = Attachment.objects.get()
    assert (back.path, back.review) == (photo.path, "released") and colour(back.path, 0.2, 0.2) == (3, 0, 0)


def test_the_photo_as_it_was_has_no_address_any_more(
    signed_in: SignIn, client: Client, moderator: User, with_photo: Complaint
) -> None:
    Attachment.objects.update(review="released")
    before = Attachment.objects.get()
    released = client.get(before.full_url)
    act(signed_in(moderator), with_photo, "black-out", file=before.pk, boxes="0 0 50 50")
    Attachment.objects.update(review="released")
    painted = Attachment.objects.get()
    assert painted.full_url != before.full_url and painted.thumbnail_url != before.thumbnail_url
    for known in ({}, {"If-None-Match": released["ETag"]}):
        assert [client.get(url, headers=known).status_code for url in (before.full_url, before.thumbnail_url)] == [
            404
        ] * 2
    assert client.get(painted.full_url, headers={"If-None-Match": released["ETag"]}).status_code == 200
    page = client.get(f"/fr/complaints/{with_photo.tracking_number}/").content.decode()
    assert painted.full_url in page and before.full_url not in page
    told = client.get("/api/v1/complaints.geojson").json()["features"][0]["properties"]["photos"]
    assert [photo["url"] for photo in told] == [f"http://testserver{painted.full_url}"]


def test_what_was_there_before_is_deleted_once_it_can_no_more_be_undone(
    signed_in: SignIn, moderator: User, with_photo: Complaint
) -> None:
    photo = Attachment.objects.get()
    assert act(signed_in(moderator), with_photo, "black-out", file=photo.pk, boxes="0 0 50 50").status_code == 302
    assert media_path(photo.path).exists()
    forget_deeds(now=timezone.now() + timedelta(minutes=2))
    assert not media_path(photo.path).exists() and not media_path(photo.thumbnail_path).exists()
    assert media_path(Attachment.objects.get().path).exists()


@pytest.mark.parametrize("boxes", ["", "10 10 30", "a b c d", "nan 0 10 10", "120 0 10 10", "0 0 0 10"])
def test_boxes_without_sense_are_refused(signed_in: SignIn, moderator: User, with_photo: Complaint, boxes: str) -> None:
    photo = Attachment.objects.get()
    assert act(signed_in(moderator), with_photo, "black-out", file=photo.pk, boxes=boxes).status_code == 422
    assert Attachment.objects.get().path == photo.path


def test_photos_of_others_are_out_of_reach(
    signed_in: SignIn, gridville: Jurisdiction, with_photo: Complaint, now: datetime
) -> None:
    photo, other = Attachment.objects.get(), build_complaint(now=timezone.now())
    reader = signed_in(build_staff("rania", Role.MODERATOR, gridville))
    assert act(reader, other, "black-out", file=photo.pk, boxes="0 0 50 50").status_code == 422
    assert Attachment.objects.get().path == photo.path
    assert not Message.objects.exists() and public_timeline(other)
