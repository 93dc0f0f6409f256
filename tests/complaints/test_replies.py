"""Ready-made texts: put in for one complaint in its reporter's language, looked at before sending, used for several."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.desk.replies import replies_for
from complaints.errors import ReplyRefused
from complaints.models import Attachment, Complaint, Deed, Event, Message, Reply, Reporter
from complaints.replies import check_texts, fill
from complaints.services.merging import merge
from complaints.tracking import secret_token
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_staff
from tests.conftest import SignIn

Write = Callable[..., Reply]


@pytest.fixture
def soon() -> datetime:
    return timezone.now()


@pytest.fixture
def desk(signed_in: SignIn, clerk: User) -> Client:
    return signed_in(clerk)


@pytest.fixture
def write(gridville: Jurisdiction, soon: datetime) -> Write:
    def written(name: str = "Reçu", step: str = "answer", *, unit: str = "", category: str = "", **texts: str) -> Reply:
        return Reply.objects.create(
            jurisdiction=gridville,
            name=name,
            step=step,
            unit=gridville.units.get(code=unit) if unit else None,
            category=gridville.categories.get(code=category) if category else None,
            texts=texts or {"fr": "Bien reçu : {number}.", "ar": "توصلنا بشكايتكم {number}."},
            updated_at=soon,
        )

    return written


def act(client: Client, complaint: Complaint, slug: str, **data: Any) -> Any:
    with translation.override("fr"):
        address = reverse("desk_action", args=[complaint.tracking_number, slug])
    return client.post(address, data)


def offered(client: Client, complaint: Complaint, slug: str = "answer") -> list[str]:
    with translation.override("fr"):
        page = client.get(reverse("desk_complaint", args=[complaint.tracking_number]))
    offer = next(offer for offer in page.context["offers"] if offer.slug == slug)
    return [reply.name for reply in offer.replies]


def test_every_placeholder_is_filled_in_the_readers_language(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    text = "{number}|{category}|{ unit }|{district}|{filed}|{answer_by}|{resolve_by}"
    reply = Reply(jurisdiction=gridville, texts={"fr": text, "ar": text})
    french, arabic = fill(reply, complaint, "fr"), fill(reply, complaint, "ar")
    assert french.is_translated and not french.missing and "{" not in french.text
    assert french.text.split("|")[:4] == [complaint.tracking_number, "pothole", "roads-dept", "w1"]
    assert french.text.split("|")[4] == "23 novembre 2026"
    assert arabic.text.split("|")[0] == f"\u2068{complaint.tracking_number}\u2069", "its parts keep their order"
    assert arabic.text.split("|")[1] == "pothole ar"


def test_what_a_complaint_does_not_have_stays_and_is_named(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now, kind=Complaint.Kind.OBSERVATION)
    filled = fill(Reply(texts={"fr": "Avant le {resolve_by}, {resolve_by} !"}), complaint, "ar")
    assert filled.text == "Avant le {resolve_by}, {resolve_by} !"
    assert (filled.missing, filled.language, filled.is_translated) == (("resolve_by",), "fr", False)


@pytest.mark.parametrize("texts", [{}, {"fr": "  "}, {"fr": "Bonjour {name}"}, {"fr": "x" * 2001}])
def test_texts_that_say_nothing_or_name_what_is_not_known_are_refused(texts: dict[str, str]) -> None:
    with pytest.raises(ReplyRefused):
        check_texts(texts)


def test_a_form_offers_what_fits_the_closest_first(desk: Client, write: Write, soon: datetime) -> None:
    write("Pour tous")
    write("Nid-de-poule", category="pothole")
    write("De la voirie", unit="roads-dept")
    write("Trottoir", category="pavement")
    write("Des déchets", unit="waste-north")
    write("Pour demander", step="ask")
    assert offered(desk, build_complaint(now=soon)) == ["Nid-de-poule", "De la voirie", "Pour tous"]
    Reply.objects.update(is_active=False)
    assert offered(desk, build_complaint(now=soon)) == []


def test_a_text_is_put_in_in_the_reporters_language_and_nothing_is_done(
    desk: Client, write: Write, soon: datetime
) -> None:
    complaint, reply = build_complaint(now=soon), write()
    Reporter.objects.update(language="ar")
    page = act(desk, complaint, "answer", insert="1", reply=reply.pk, text="")
    offer = next(offer for offer in page.context["offers"] if offer.slug == "answer")
    assert page.status_code == 200 and offer.is_open and not offer.form.errors
    assert offer.form["text"].value() == f"توصلنا بشكايتكم \u2068{complaint.tracking_number}\u2069."
    assert complaint.events.count() == 1
    kept = act(desk, complaint, "answer", insert="1", reply=reply.pk, text="Mes mots")
    offer = next(offer for offer in kept.context["offers"] if offer.slug == "answer")
    assert offer.form["text"].value().startswith("Mes mots\n\nتوصلنا")
    put = page.context["filled"].text
    again = act(desk, complaint, "answer", insert="1", reply=reply.pk, text=put.replace("\n", "\r\n"), put=put)
    assert next(o for o in again.context["offers"] if o.slug == "answer").form["text"].value() == put


def test_a_missing_translation_is_pointed_out_by_name(desk: Client, write: Write, soon: datetime) -> None:
    complaint, reply = build_complaint(now=soon), write(fr="Bien reçu.")
    Reporter.objects.update(language="ar")
    page = act(desk, complaint, "answer", insert="1", reply=reply.pk, text="").content.decode()
    assert "Arabe" in page
    assert "Bien reçu." in page


def test_a_text_of_another_unit_or_step_is_not_put_in(desk: Client, write: Write, soon: datetime) -> None:
    complaint = build_complaint(now=soon)
    for pk in (write(unit="waste-north").pk, write(step="ask").pk, "999", "x", ""):
        page = act(desk, complaint, "answer", insert="1", reply=pk, text="Mes mots")
        offer = next(offer for offer in page.context["offers"] if offer.slug == "answer")
        assert offer.form["text"].value() == "Mes mots"


def test_a_placeholder_that_was_left_in_is_not_sent(desk: Client, soon: datetime) -> None:
    complaint = build_complaint(now=soon)
    refused = act(desk, complaint, "answer", text="Avant le {resolve_by}.")
    assert refused.status_code == 422 and "{resolve_by}" in str(refused.context["refused"].errors)
    assert act(desk, complaint, "answer", text="Un {mot} entre accolades.").status_code == 302


def test_what_people_will_read_is_shown_to_the_letter_and_nothing_is_stored(
    desk: Client, clerk: User, soon: datetime
) -> None:
    complaint = build_complaint(now=soon, email="rita@example.org")
    Reporter.objects.update(language="ar")
    OutboxMessage.objects.all().delete()
    before = Complaint.objects.filter(pk=complaint.pk).values().get()
    page = act(desk, complaint, "answer", preview="1", text="نصلح يوم الثلاثاء.")
    [letter] = page.context["foretold"].letters
    assert page.status_code == 200
    assert Complaint.objects.filter(pk=complaint.pk).values().get() == before
    assert not OutboxMessage.objects.exists() and not Deed.objects.exists() and not Message.objects.exists()
    token = secret_token(complaint.pk, 1)
    assert token not in page.content.decode(), "the reporter's own link is hers"
    act(desk, complaint, "answer", text="نصلح يوم الثلاثاء.")
    sent = OutboxMessage.objects.get()
    assert (letter.subject, letter.language, letter.to) == (sent.subject, "ar", "rita@example.org")
    line = next(line for line in sent.body.splitlines() if "http" in line)
    assert letter.body == sent.body.replace(line, letter.body.splitlines()[-1]).strip()
    assert any(entry.words == "نصلح يوم الثلاثاء." for entry in page.context["foretold"].page)


def test_a_preview_refuses_what_sending_would_refuse(desk: Client, soon: datetime) -> None:
    complaint = build_complaint(now=soon)
    page = act(desk, complaint, "resolve", preview="1", note="Rebouché.")
    assert page.status_code == 422 and page.context["foretold"] is None and page.context["refused"].errors
    assert not Attachment.objects.exists() and Event.objects.filter(complaint=complaint).count() == 1


def test_an_operator_is_not_shown_the_reporters_address(signed_in: SignIn, operator_user: User, soon: datetime) -> None:
    complaint = build_complaint("litter", at=(0.5, 1.5), now=soon, email="rita@example.org")
    page = act(signed_in(operator_user), complaint, "answer", preview="1", text="Nous venons.")
    assert [letter.to for letter in page.context["foretold"].letters] == [""]
    assert "rita@example.org" not in page.content.decode()


def test_several_are_answered_each_in_its_reporters_language(desk: Client, write: Write, soon: datetime) -> None:
    rows = [build_complaint(now=soon) for _ in range(3)]
    for row, language in zip(rows, ("fr", "ar", "en"), strict=True):
        Reporter.objects.filter(complaint=row).update(language=language)
    data = {"action": "answer", "n": [row.tracking_number for row in rows], "step": "do", "reply": write().pk}
    page = desk.post("/fr/desk/bulk/", data)
    assert [(row.tracking_number, "Anglais" in row.fault) for row in page.context["rows"]] == [
        (rows[2].tracking_number, True)
    ]
    texts = [Message.objects.get(complaint=row).text for row in rows[:2]]
    assert texts[0] == f"Bien reçu : {rows[0].tracking_number}." and texts[1].startswith("توصلنا")
    assert not Message.objects.filter(complaint=rows[2]).exists()


def test_managers_write_for_their_unit_and_triage_for_the_city(
    signed_in: SignIn, gridville: Jurisdiction, manager: User, triage_officer: User, write: Write
) -> None:
    citys = write("De la ville")
    form = {"name": "Voirie", "step": "answer", "unit": "roads-dept", "is_active": "on", "text_fr": "Reçu {number}"}
    client = signed_in(manager)
    assert client.post("/fr/desk/replies/", form).status_code == 302
    own = Reply.objects.get(name="Voirie")
    assert own.unit is not None and own.unit.code == "roads-dept" and own.texts == {"fr": "Reçu {number}"}
    assert client.post("/fr/desk/replies/", form | {"unit": ""}).status_code == 422, "not for the whole city"
    assert client.post("/fr/desk/replies/", form | {"unit": "waste-north"}).status_code == 422
    assert client.get(f"/fr/desk/replies/{citys.pk}/").status_code == 404
    bad = client.post("/fr/desk/replies/", form | {"text_fr": "Bonjour {name}"})
    assert bad.status_code == 422 and "{name}" in bad.content.decode()
    client.post(f"/fr/desk/replies/{own.pk}/", form | {"text_ar": "توصلنا", "name": "Autre"})
    own.refresh_from_db()
    assert (own.name, own.texts["ar"]) == ("Autre", "توصلنا")
    client = signed_in(triage_officer)
    assert client.get(f"/fr/desk/replies/{own.pk}/").status_code == 200
    client.post(f"/fr/desk/replies/{own.pk}/", {"delete": "1"})
    assert [reply.name for reply in Reply.objects.all()] == ["De la ville"]
    other = build_staff("moha", Role.UNIT_MANAGER, gridville, unit="waste-north")
    assert signed_in(other).get("/fr/desk/replies/").context["rows"] == []


def test_a_group_that_reads_several_languages_is_pointed_out_and_gets_each_of_them(
    desk: Client, clerk: User, write: Write, soon: datetime
) -> None:
    primary, other = (build_complaint(now=soon, email=f"{name}@example.org") for name in ("rita", "zineb"))
    alone = desk.get(f"/fr/desk/{primary.tracking_number}/")
    assert alone.context["read_in"] == {"fr": 1} and "des langues différentes" not in alone.content.decode()
    Reporter.objects.filter(complaint=other).update(language="ar")
    merge(other.pk, primary.pk, acting_user=clerk, now=soon)
    page = desk.get(f"/fr/desk/{primary.tracking_number}/")
    assert page.context["read_in"] == {"fr": 1, "ar": 1} and "des langues différentes" in page.content.decode()
    both, french = write(), write("Sans arabe", fr="Nous passons.")
    put = act(desk, primary, "answer", insert="1", reply=both.pk)
    assert put.context["filled"].text.startswith("Bien reçu") and "\n\nتوصلنا" in put.context["filled"].text
    lacking = act(desk, primary, "answer", insert="1", reply=french.pk)
    assert (
        lacking.context["filled"].untranslated == ("ar",) and "Quelqu’un dans ce groupe lit" in lacking.content.decode()
    )
    names = {reply.name: reply.is_translated for reply in replies_for(primary, ["fr", "ar"])["answer"]}
    assert names == {"Reçu": True, "Sans arabe": False}
