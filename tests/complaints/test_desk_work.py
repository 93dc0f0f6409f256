"""A day at the desk: undo, several at once, filters that are kept, columns, who else is on it, what happened meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Deed, Presence, SavedFilter
from complaints.services.presence import arrive
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import build_complaint, build_staff
from tests.conftest import SignIn

DESK = "/fr/desk/"


@pytest.fixture
def desk(signed_in: SignIn, clerk: User) -> Client:
    return signed_in(clerk)


@pytest.fixture
def soon() -> datetime:
    return timezone.now()


def page_of(complaint: Complaint) -> str:
    with translation.override("fr"):
        return reverse("desk_complaint", args=[complaint.tracking_number])


def bulk(client: Client, action: str, complaints: list[Complaint], **more: Any) -> Any:
    return client.post(
        f"{DESK}bulk/", {"action": action, "n": [c.tracking_number for c in complaints]} | more, follow=True
    )


def states(complaints: list[Complaint]) -> list[str]:
    return [Complaint.objects.get(pk=complaint.pk).state for complaint in complaints]


def test_a_button_undoes_what_was_just_done(desk: Client, soon: datetime) -> None:
    complaint = build_complaint(now=soon)
    page = desk.post(f"{page_of(complaint)}accept/", follow=True)
    batch = str(Deed.objects.get().batch)
    assert batch in page.content.decode()
    assert f'(<span class="tracking-number">{complaint.tracking_number}</span>)' in page.content.decode()
    response = desk.post(f"{DESK}undo/", {"batch": batch}, follow=True)
    assert response.redirect_chain == [(page_of(complaint), 302)]
    assert states([complaint]) == ["received"]
    assert 'class="undo"' not in response.content.decode()
    for nonsense in ("", "x", "4b0f2a5e-0000-4000-8000-000000000000"):
        assert desk.post(f"{DESK}undo/", {"batch": nonsense}).status_code in (302, 400)


def test_the_list_stands_beside_the_complaint_and_leads_on_to_the_next(desk: Client, soon: datetime) -> None:
    rows = [build_complaint(now=soon - timedelta(hours=n)) for n in range(3)]
    order = [row.tracking_number for row in desk.get(DESK).context["list"].rows]
    first = desk.get(f"{DESK}?order=left").context["list"].rows[0]
    page = desk.get(first.url)
    shown = page.context["list"]
    assert [row.tracking_number for row in shown.rows] == order
    assert [row.current for row in shown.rows] == [True, False, False]
    assert shown.up_url == "" and order[1] in shown.down_url and "order=left" in shown.down_url
    middle = desk.get(shown.down_url).context["list"]
    assert order[0] in middle.up_url and order[2] in middle.down_url
    done = desk.post(f"{first.url.partition('?')[0]}accept/?order=left", {"next": shown.down_url})
    assert done.headers["Location"] == shown.down_url
    assert desk.get(middle.down_url).context["list"].down_url == ""
    assert len(rows) == 3


def test_the_last_of_a_page_leads_to_the_first_of_the_next(
    desk: Client, soon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.desk.queue.PAGE_SIZE", 2)
    for n in range(3):
        build_complaint(now=soon - timedelta(hours=n))
    shown = desk.get(DESK).context["list"]
    last = desk.get(shown.rows[1].url).context["list"]
    beyond = desk.get(last.down_url).context["list"]
    assert [row.current for row in beyond.rows] == [True]
    assert beyond.rows[0].tracking_number not in [row.tracking_number for row in shown.rows]


def test_panes_alone_are_the_same_page_without_its_frame(desk: Client, soon: datetime) -> None:
    complaint = build_complaint(now=soon, description="Un trou")
    panes = desk.get(page_of(complaint), headers={"X-Desk-Panes": "1"})
    body = panes.content.decode()
    assert "<html" not in body and "Un trou" in body and 'id="desk-settings"' in body
    assert "X-Desk-Panes" in panes.headers["Vary"]


def test_each_of_several_succeeds_or_fails_by_itself(desk: Client, clerk: User, soon: datetime) -> None:
    rows = [build_complaint(now=soon) for _ in range(3)]
    change_state(rows[1].pk, Verb.RESOLVE, acting_user=clerk, now=soon, note="Fait.", reason="no_trace")
    response = bulk(desk, "accept", rows)
    assert states(rows) == ["accepted", "resolved", "accepted"]
    assert [(row.tracking_number, bool(row.fault)) for row in response.context["rows"]] == [
        (rows[1].tracking_number, True)
    ]
    batch = Deed.objects.values_list("batch", flat=True).distinct().get()
    desk.post(f"{DESK}undo/", {"batch": batch})
    assert states(rows) == ["received", "resolved", "received"]


@pytest.mark.parametrize(
    ("action", "data", "state"),
    [
        ("answer", {"text": "Nous venons mardi."}, "accepted"),
        ("resolve", {"note": "Refait.", "reason": "no_trace"}, "resolved"),
        ("reject", {"note": "Voirie privée.", "reason": "private_matter"}, "rejected"),
        ("assign", {}, "received"),
        ("hand-over", {"unit": "registry"}, "received"),
    ],
)
def test_what_asks_for_words_asks_once_for_all(
    desk: Client, crew_member: User, soon: datetime, action: str, data: dict[str, str], state: str
) -> None:
    rows = [build_complaint(now=soon), build_complaint("pavement", now=soon)]
    asked = bulk(desk, action, rows)
    assert asked.status_code == 200 and states(rows) == ["received", "received"]
    assert [row.tracking_number for row in asked.context["rows"]] == [row.tracking_number for row in rows]
    if action == "assign":
        data = {"crew_member": str(crew_member.pk)}
    done = bulk(desk, action, rows, step="do", **data)
    assert done.redirect_chain[-1][0] == DESK
    assert states(rows) == [state, state]
    if action == "assign":
        assert set(Complaint.objects.values_list("assigned_to", flat=True)) == {crew_member.pk}


def test_words_that_fit_nobody_are_kept_and_nothing_is_done(desk: Client, soon: datetime) -> None:
    rows = [build_complaint(now=soon), build_complaint("pavement", now=soon)]
    response = bulk(desk, "reject", rows, step="do", note="Rien à voir ici", reason="")
    assert response.status_code == 422 and states(rows) == ["received", "received"]
    assert "Rien à voir ici" in response.content.decode()
    assert all(row.fault for row in response.context["rows"])


def test_several_become_one_group(desk: Client, soon: datetime) -> None:
    rows = [build_complaint(now=soon - timedelta(hours=n)) for n in range(3)]
    asked = bulk(desk, "merge", rows)
    oldest = rows[2].tracking_number
    assert asked.context["form"]["number"].value() == oldest
    bulk(desk, "merge", rows, step="do", number=oldest)
    assert set(Complaint.objects.exclude(pk=rows[2].pk).values_list("merged_into", flat=True)) == {rows[2].pk}
    desk.post(f"{DESK}undo/", {"batch": Deed.objects.values_list("batch", flat=True).distinct().get()})
    assert not Complaint.objects.exclude(merged_into=None).exists()


def test_what_is_hardly_the_same_thing_is_merged_by_who_says_so(desk: Client, soon: datetime) -> None:
    old = build_complaint(now=soon - timedelta(days=1))
    far, other = build_complaint(at=(2.5, 0.5), now=soon), build_complaint("pavement", now=soon)
    address, named = f"{DESK}{far.tracking_number}/merge/", {"number": old.tracking_number}
    refused = desk.post(address, named)
    assert refused.status_code == 422 and "2,2\N{NO-BREAK SPACE}km" in refused.content.decode()
    assert 'name="sure"' in refused.content.decode()
    asked = bulk(desk, "merge", [old, far, other], step="do", **named)
    assert not Complaint.objects.exclude(merged_into=None).exists()
    faults = {row.tracking_number: row.fault for row in asked.context["rows"]}
    assert "2,2\N{NO-BREAK SPACE}km" in faults[far.tracking_number] and "pavement" in faults[other.tracking_number]
    assert asked.status_code == 422 and not list(asked.context["messages"])
    assert 'name="sure"' in asked.content.decode() and asked.context["form"]["number"].value() == old.tracking_number
    bulk(desk, "merge", [old, far, other], step="do", sure="on", **named)
    assert Complaint.objects.filter(merged_into=old).count() == 2


def test_what_has_just_come_in_came_just_now(desk: Client, soon: datetime) -> None:
    build_complaint(now=soon)
    for language, words in (("fr", "à l’instant"), ("ar", "الآن"), ("en", "just now")):
        assert words in desk.get(f"/{language}/desk/").content.decode()


def test_who_may_not_know_reporters_is_not_told_to_search_for_them(
    desk: Client, signed_in: SignIn, operator_user: User
) -> None:
    assert "rue, déclarant" in desk.get(DESK).content.decode()
    assert "rue, déclarant" not in signed_in(operator_user).get(DESK).content.decode()


def test_nobody_acts_on_what_is_not_hers_not_even_in_bulk(
    desk: Client, signed_in: SignIn, office_user: User, soon: datetime
) -> None:
    foreign, own = build_complaint("litter", at=(0.5, 1.5), now=soon), build_complaint(now=soon)
    bulk(desk, "accept", [foreign, own])
    assert states([foreign, own]) == ["received", "accepted"]
    assert bulk(desk, "accept", []).redirect_chain[-1][0] == DESK
    assert bulk(desk, "hide", [own]).status_code == 400
    reader = signed_in(office_user)
    bulk(reader, "accept", [foreign])
    assert states([foreign]) == ["received"]
    assert not reader.get(DESK).context["bulk_actions"]


def test_a_filter_is_kept_with_its_number_and_shared_with_the_unit(
    desk: Client, signed_in: SignIn, gridville: Jurisdiction, manager: User, outsider: User, soon: datetime
) -> None:
    build_complaint("pavement", now=soon)
    build_complaint(now=soon)
    desk.post(f"{DESK}filters/", {"name": "Trottoirs", "query": "state=open&category=pavement", "shared": "on"})
    desk.post(f"{DESK}filters/", {"name": "À moi", "query": "q=trou"})
    saved = desk.get(DESK).context["list"].saved
    assert {(s.name, s.n, s.is_own, s.is_shared) for s in saved} == {
        ("Trottoirs", "1", True, True), ("À moi", "1", True, False),
    }  # fmt: skip
    saved = signed_in(manager).get(DESK).context["list"].saved
    assert [(s.name, s.n, s.is_own) for s in saved] == [("Trottoirs", "1", False)]
    assert len(signed_in(manager).get(saved[0].url).context["list"].rows) == 1
    assert signed_in(outsider).get(DESK).context["list"].saved == []
    signed_in(manager).post(f"{DESK}filters/{saved[0].pk}/delete/")
    assert SavedFilter.objects.count() == 2, "others' filters stay"


def test_filters_without_sense_or_name_are_refused(desk: Client, soon: datetime) -> None:
    for name, query in [("", "state=open"), ("x", "state=dragons")]:
        desk.post(f"{DESK}filters/", {"name": name, "query": query})
    assert not SavedFilter.objects.exists()
    desk.post(f"{DESK}filters/", {"name": "x", "query": "state=open"})
    desk.post(f"{DESK}filters/", {"name": "x", "query": "late=true"})
    assert SavedFilter.objects.get().query == "late=true"
    SavedFilter.objects.update(query="category=long-gone")
    assert desk.get(DESK).context["list"].saved == []


def test_saved_filters_cost_one_statement_whatever_their_number(desk: Client, soon: datetime) -> None:
    build_complaint(now=soon)
    for n in range(12):
        desk.post(f"{DESK}filters/", {"name": f"n{n}", "query": ["district=w1", "q=trou", "late=true"][n % 3]})
    with CaptureQueriesContext(connection) as queries:
        assert len(desk.get(f"{DESK}?q=trou").context["list"].saved) == 12
    assert len(queries) <= 8, "\n".join(q["sql"][:200] for q in queries)


def test_columns_are_chosen_and_remembered(desk: Client, clerk: User, soon: datetime) -> None:
    build_complaint(now=soon)
    usual = desk.get(DESK).context["list"].columns
    assert "unit" not in usual and "left" in usual, "one unit: no news"
    response = desk.post(f"{DESK}columns/", {"column": ["channel", "number", "dragons"], "next": f"{DESK}?late=true"})
    assert response.headers["Location"] == f"{DESK}?late=true"
    assert desk.get(DESK).context["list"].columns == ["channel", "number"]
    desk.post(f"{DESK}columns/", {"next": "https://evil.example/"})
    assert desk.get(DESK).context["list"].columns == []


def test_who_else_has_it_open_is_said_to_colleagues(
    desk: Client, signed_in: SignIn, gridville: Jurisdiction, clerk: User, manager: User, soon: datetime
) -> None:
    complaint = build_complaint(now=soon)
    assert desk.get(page_of(complaint)).context["others_here"] == []
    assert Presence.objects.get().user == clerk
    client = signed_in(manager)
    assert client.get(page_of(complaint)).context["others_here"] == ["Clara"]
    assert client.get(DESK).context["list"].rows[0].here == "Clara"
    arrive(complaint, build_staff("fatima", Role.CLERK, gridville, unit="roads-dept"), now=soon)
    assert set(client.get(DESK).context["list"].rows[0].here.split(", ")) == {"Clara", "Fatima"}
    Presence.objects.filter(user__username="fatima").delete()
    signed_in(clerk).post(f"{page_of(complaint)}here/", {"gone": "1"})
    assert signed_in(manager).get(page_of(complaint)).context["others_here"] == []
    Presence.objects.update(seen_at=soon - timedelta(minutes=3))
    arrive(complaint, clerk, now=soon - timedelta(minutes=3))
    assert signed_in(manager).get(page_of(complaint)).context["others_here"] == []


def test_who_gave_it_away_is_no_longer_said_to_have_it_open(
    desk: Client, signed_in: SignIn, gridville: Jurisdiction, soon: datetime
) -> None:
    complaint = build_complaint(now=soon)
    desk.get(page_of(complaint))
    for name in ("fatima", "zineb"):
        arrive(complaint, build_staff(name, Role.TRIAGE_OFFICER, gridville), now=soon)
    told = desk.get(page_of(complaint)).content.decode()
    assert "Fatima, Zineb ont aussi" in told or "Zineb, Fatima ont aussi" in told
    Complaint.objects.update(unit=gridville.units.get(code="bin-team"))
    assert desk.post(f"{page_of(complaint)}here/", {"gone": "1"}).status_code == 204
    assert desk.post(f"{page_of(complaint)}here/").status_code == 404
    assert not Presence.objects.filter(user__username="clara").exists()


def test_an_operator_is_not_told_the_names_of_the_towns_clerks(
    signed_in: SignIn, gridville: Jurisdiction, operator_user: User, soon: datetime
) -> None:
    complaint = build_complaint("litter", at=(0.5, 1.5), now=soon)
    arrive(complaint, build_staff("fatima", Role.CLERK, gridville, unit="waste-north"), now=soon)
    client = signed_in(operator_user)
    assert "Fatima" not in client.get(page_of(complaint)).content.decode()
    assert "Fatima" not in client.get(DESK).content.decode()


def test_what_another_did_meanwhile_is_shown_beside_the_words_that_were_kept(
    desk: Client, manager: User, soon: datetime
) -> None:
    complaint = build_complaint(now=soon)
    seen = desk.get(page_of(complaint)).context["seen"]
    change_state(complaint.pk, Verb.ACCEPT, acting_user=manager, now=soon + timedelta(seconds=5))
    response = desk.post(f"{page_of(complaint)}reject/", {"note": "Ma raison", "reason": "other", "seen": seen})
    assert response.status_code == 422 and "Ma raison" in response.content.decode()
    [step] = response.context["meanwhile"]
    assert (step.state, step.who) == ("accepted", "Mona · Responsable du service gestionnaire")
    assert not Deed.objects.exists()
