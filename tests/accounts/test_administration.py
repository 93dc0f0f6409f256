"""The administration pages: for administrators of a city, about that city only, and roles go through the services."""

import pytest
from django.test import Client

from accounts.models import Role, User
from catalogue.models import Category, Jurisdiction, Schedule
from districts.models import BoundaryEdition, District, ServiceArea
from tests.builders import build_complaint, build_gridville, build_staff, named
from tests.conftest import NOW, SignIn

PAGES = [
    "/admin/",
    "/admin/catalogue/jurisdiction/",
    "/admin/catalogue/calendar/",
    "/admin/catalogue/schedule/",
    "/admin/catalogue/schedule/add/",
    "/admin/catalogue/closure/",
    "/admin/catalogue/closure/add/",
    "/admin/catalogue/unit/",
    "/admin/catalogue/service/",
    "/admin/catalogue/category/",
    "/admin/catalogue/category/add/",
    "/admin/districts/district/",
    "/admin/districts/servicearea/",
    "/admin/districts/boundaryedition/",
    "/admin/complaints/routingdecision/",
    "/admin/accounts/user/",
    "/admin/accounts/user/add/",
]


@pytest.fixture
def admin(signed_in: SignIn, administrator: User) -> Client:
    return signed_in(administrator)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_page_opens_without_anything_the_policy_would_stop(admin: Client, page: str, language: str) -> None:
    response = admin.get(page, headers={"Accept-Language": language})
    assert response.status_code == 200
    body = response.content.decode()
    assert "//cdn" not in body and "https://" not in body.replace("https://www.w3.org", "")
    assert "<style" not in body and " onclick=" not in body and " style=" not in body


def test_who_administers_nothing_is_kept_out(signed_in: SignIn, clerk: User) -> None:
    client = signed_in(clerk)
    for page in ("/admin/", "/admin/accounts/user/", "/admin/catalogue/category/"):
        assert client.get(page, follow=True).status_code == 403


def test_another_city_is_not_there(admin: Client, gridville: Jurisdiction) -> None:
    elsewhere = build_gridville("elsewhere", "ELS", shift=10)
    foreign = elsewhere.categories.get(code="litter")
    assert admin.get(f"/admin/catalogue/category/{foreign.pk}/change/").status_code == 302
    listed = admin.get("/admin/catalogue/category/").content.decode()
    assert f"/admin/catalogue/category/{foreign.pk}/" not in listed
    district = District.objects.filter(jurisdiction=elsewhere).first()
    assert district is not None
    assert admin.get(f"/admin/districts/district/{district.pk}/change/").status_code == 302


@pytest.mark.parametrize(
    ("language", "told"), [("fr", "priorité plus basse"), ("ar", "waste-north ar"), ("en", "has a lower priority")]
)
def test_each_decision_tells_why_here_and_draws_it(
    admin: Client, gridville: Jurisdiction, language: str, told: str
) -> None:
    complaint = build_complaint("litter", at=(0.5, 1.0), now=NOW)
    decision = complaint.decisions.get()
    listed = admin.get("/admin/complaints/routingdecision/", headers={"Accept-Language": language})
    assert complaint.tracking_number in listed.content.decode()
    page = admin.get(f"/admin/complaints/routingdecision/{decision.pk}/change/", headers={"Accept-Language": language})
    body = page.content.decode()
    assert told in body and "50" in body and "+00:00" not in body
    # The area, the one that came second and the district, each with the place in it.
    assert body.count('fill-rule="evenodd"') == body.count("<circle") == 3


def test_another_city_s_decisions_are_not_there(admin: Client, gridville: Jurisdiction) -> None:
    build_gridville("elsewhere", "ELS", shift=10)
    foreign = build_complaint("litter", at=(10.5, 1.0), now=NOW).decisions.get()
    assert admin.get(f"/admin/complaints/routingdecision/{foreign.pk}/change/").status_code == 302


def area_form(area: ServiceArea, **changes: object) -> dict[str, object]:
    """What the form of a service area sends."""
    values = {"name_fr": "a", "name_ar": "b", "name_en": "c", "unit": area.unit_id, "priority": area.priority}
    return values | {"category": "", "schedule": "", "fallback_unit": ""} | changes


def test_who_answers_in_an_area_and_when_is_edited_here(admin: Client, gridville: Jurisdiction) -> None:
    area = ServiceArea.objects.get(code="south")
    page = f"/admin/districts/servicearea/{area.pk}/change/"
    nights = Schedule.objects.create(jurisdiction=gridville, code="night", name=named("n"), seasons=["06-15/09-15"])
    other = gridville.units.get(code="bin-team")
    sent = area_form(area, unit=other.pk, priority=30, schedule=nights.pk, fallback_unit=area.unit_id)
    assert admin.post(page, sent).status_code == 302
    area.refresh_from_db()
    assert (area.unit, area.priority, area.schedule) == (other, 30, nights)
    # A fallback unit without a schedule, a category of another service, a unit of another city.
    foreign = build_gridville("elsewhere", "ELS", shift=10)
    for wrong in (
        {"fallback_unit": other.pk},
        {"category": gridville.categories.get(code="pothole").pk},
        {"unit": foreign.units.get(code="bin-team").pk},
    ):
        assert admin.post(page, area_form(area, **wrong)).status_code == 200


def test_an_earlier_editions_areas_are_history(admin: Client, gridville: Jurisdiction) -> None:
    area = ServiceArea.objects.get(code="south")
    BoundaryEdition.objects.filter(pk=area.edition_id).update(is_active=False)
    page = f"/admin/districts/servicearea/{area.pk}/change/"
    assert admin.get(page).status_code == 200
    assert admin.post(page, area_form(area, priority=99)).status_code == 403


def schedule_form(gridville: Jurisdiction, code: str, **changes: str) -> dict[str, object]:
    names = {"name_fr": "a", "name_ar": "b", "name_en": "c"}
    days = {f"week_{day}": "" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    ends = {f"seasons_0_{end}_{part}": "" for end in ("first", "last") for part in ("day", "month", "year")}
    return {"code": code, "jurisdiction": gridville.pk} | names | days | ends | changes


SUMMER = {"first_day": "15", "first_month": "06", "last_day": "15", "last_month": "09"}


def test_hours_and_seasons_are_chosen_and_said_in_words(admin: Client, gridville: Jurisdiction) -> None:
    page = "/admin/catalogue/schedule/add/"
    hours = {f"week_{day}": "20h – 6:00" for day in ("mon", "tue", "wed")} | {"week_sat": "00:00-24:00"}
    season = {f"seasons_0_{name}": value for name, value in SUMMER.items()}
    assert admin.post(page, schedule_form(gridville, "night", **hours)).status_code == 302
    assert admin.post(page, schedule_form(gridville, "summer", **season)).status_code == 302
    night, summer = Schedule.objects.order_by("code")
    assert night.week == {day: ["20:00-06:00"] for day in ("mon", "tue", "wed")} | {"sat": ["00:00-24:00"]}
    assert (night.seasons, summer.week, summer.seasons) == ([], None, ["06-15/09-15"])
    told = admin.get("/admin/catalogue/schedule/", headers={"Accept-Language": "fr"}).content.decode()
    assert "lun–mer 20:00-06:00; sam 00:00-24:00" in told and "15 juin – 15 septembre" in told
    change = admin.get(f"/admin/catalogue/schedule/{summer.pk}/change/").content.decode()
    assert 'name="seasons_0_first_day" aria-label="Jour" placeholder="Jour" value="15"' in change
    assert '<option value="09" selected>' in change


@pytest.mark.parametrize(
    ("field", "sent", "told"),
    [
        ("week", {}, "Indiquez des horaires"),
        ("week", {"week_mon": "20:00-20:00"}, "lundi"),
        ("week", {"week_sun": "tard"}, "dimanche"),
        ("seasons", {f"seasons_0_{name}": value for name, value in (SUMMER | {"first_day": "31"}).items()}, "Saison 1"),
        ("seasons", {"seasons_0_first_day": "3"}, "Saison 1"),
        ("seasons", {f"seasons_0_{n}": v for n, v in (SUMMER | {"first_year": "2026"}).items()}, "Saison 1"),
    ],
)
def test_hours_and_seasons_that_cannot_be_read_are_refused_and_stay_typed(
    admin: Client, gridville: Jurisdiction, field: str, sent: dict[str, str], told: str
) -> None:
    sent = schedule_form(gridville, "night", **sent)  # type: ignore[assignment]
    response = admin.post("/admin/catalogue/schedule/add/", sent, headers={"Accept-Language": "fr"})
    assert response.status_code == 200
    assert told in str(response.context["adminform"].form.errors[field])
    page = response.content.decode()
    assert all(
        f'value="{value}"' in page for name, value in sent.items() if name.startswith(("week_", "seasons_")) and value
    )


def test_emergency_numbers_are_lines_and_keep_what_they_do_not_show(admin: Client, gridville: Jurisdiction) -> None:
    gridville.emergency = [
        {"number": "19", "name": {"fr": "Police", "es": "Policía"}},
        {"number": "15", "name": {"fr": "A"}},
    ]
    gridville.save(update_fields=["emergency"])
    page = f"/admin/catalogue/jurisdiction/{gridville.pk}/change/"
    form = admin.get(page).context["adminform"].form
    sent = {
        name: form[name].value() for name in form.fields if name not in ("name", "source", "consent_text", "emergency")
    }
    sent |= {f"{name}_{code}": "x" for name in ("name", "source", "consent_text") for code in ("fr", "ar", "en")}
    lines = {
        "emergency_0_number": "19",
        "emergency_0_fr": "Police",
        "emergency_0_ar": "الشرطة",
        "emergency_1_number": "",
    }
    half = lines | {"emergency_1_number": "177"}
    assert "Ligne 2" in str(admin.post(page, sent | half, headers={"Accept-Language": "fr"}).context["errors"])
    response = admin.post(page, sent | lines)
    assert response.status_code == 302, response.context["errors"]
    gridville.refresh_from_db()
    assert gridville.emergency == [{"number": "19", "name": {"fr": "Police", "ar": "الشرطة", "es": "Policía"}}]


def test_choices_of_a_question_are_lines(admin: Client, gridville: Jurisdiction) -> None:
    category = gridville.categories.get(code="pothole")
    page = f"/admin/catalogue/category/{category.pk}/change/"
    question = {"code": "size", "name_fr": "Taille", "name_ar": "ح", "name_en": "Size", "kind": "choice", "order": 0}
    question |= {"choices_0_code": "big", "choices_0_fr": "Grand", "choices_1_code": "small", "choices_1_fr": "Petit"}
    sent = category_form(category, **{"questions-TOTAL_FORMS": 1, "questions-0-category": category.pk})
    sent |= {f"questions-0-{name}": value for name, value in question.items()}
    twice = admin.post(page, sent | {"questions-0-choices_1_code": "big"}, headers={"Accept-Language": "fr"})
    assert "deux fois" in str(twice.context["errors"])
    assert admin.post(page, sent).status_code == 302
    choices = category.questions.get(code="size").choices
    assert choices == [{"code": "big", "name": {"fr": "Grand"}}, {"code": "small", "name": {"fr": "Petit"}}]


def test_a_boundary_is_drawn_and_cannot_be_changed(admin: Client, gridville: Jurisdiction) -> None:
    area = ServiceArea.objects.filter(jurisdiction=gridville).first()
    assert area is not None
    page = f"/admin/districts/servicearea/{area.pk}/change/"
    assert "<svg" in admin.get(page).content.decode()
    shape, code = area.geometry.wkt, area.code
    admin.post(page, area_form(area) | {"code": "mine", "geometry": "POINT(0 0)", "area_m2": "1"})
    area.refresh_from_db()
    assert (area.geometry.wkt, area.code) == (shape, code)
    assert admin.post(f"/admin/districts/servicearea/{area.pk}/delete/", {"post": "yes"}).status_code == 403


def category_form(category: Category, **changes: object) -> dict[str, object]:
    form: dict[str, object] = {
        "code": category.code,
        "jurisdiction": category.jurisdiction_id,
        "service": category.service_id,
        "name_fr": "Nid-de-poule",
        "name_ar": "حفرة",
        "name_en": "Pothole",
        "help_fr": "",
        "help_ar": "",
        "help_en": "",
        "keywords": "",
        "publication": category.publication,
        "publish_text": category.publish_text,
        "publish_photos": category.publish_photos,
        "evidence": category.evidence,
        "order": 0,
        "is_active": "on",
        "questions-TOTAL_FORMS": 0,
        "questions-INITIAL_FORMS": 0,
    }
    for name in ("answer_within", "resolve_within"):
        number, _, unit = str(changes.pop(name, getattr(category, name))).partition(" ")
        form |= {f"{name}_number": number, f"{name}_unit": unit.removesuffix("s")}
    return form | changes


def test_a_category_is_edited_in_all_languages_and_a_new_deadline_is_a_new_policy(
    admin: Client, gridville: Jurisdiction
) -> None:
    category = gridville.categories.get(code="pothole")
    category.name = category.name | {"es": "Bache"}
    category.save(update_fields=["name"])
    page = f"/admin/catalogue/category/{category.pk}/change/"
    shown = admin.get(page, headers={"Accept-Language": "fr"}).content.decode()
    assert '<option value="working day" selected>jours ouvrés</option>' in shown
    response = admin.post(page, category_form(category, resolve_within="3 working days"))
    assert response.status_code == 302, response.context["adminform"].form.errors
    category.refresh_from_db()
    assert category.name == {"fr": "Nid-de-poule", "ar": "حفرة", "en": "Pothole", "es": "Bache"}
    assert (category.resolve_within, category.policy_version) == ("3 working days", 2)


def test_a_deadline_that_nobody_could_keep_is_refused(admin: Client, gridville: Jurisdiction) -> None:
    category = gridville.categories.get(code="pothole")
    page = f"/admin/catalogue/category/{category.pk}/change/"
    response = admin.post(page, category_form(category, answer_within="soon"))
    assert response.status_code == 200 and "answer_within" in response.context["adminform"].form.errors


def membership_form(user: User, **row: object) -> dict[str, object]:
    form: dict[str, object] = {
        "username": user.username,
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_active": "on",
        "memberships-TOTAL_FORMS": 2,
        "memberships-INITIAL_FORMS": 1,
        "memberships-0-id": user.memberships.get().pk,
        "memberships-0-user": user.pk,
        "memberships-1-user": user.pk,
    }
    return form | {f"memberships-{name}": value for name, value in row.items()}


def test_a_role_is_given_and_taken_through_the_services(admin: Client, gridville: Jurisdiction, clerk: User) -> None:
    page = f"/admin/accounts/user/{clerk.pk}/change/"
    assert admin.get(page).status_code == 200
    response = admin.post(page, membership_form(clerk, **{"1-role": "moderator", "1-jurisdiction": gridville.pk}))
    assert response.status_code == 302, response.context["errors"]
    clerk.refresh_from_db()
    assert set(clerk.memberships.values_list("role", flat=True)) == {"clerk", "moderator"}
    assert clerk.session_version == 1
    clerk.memberships.get(role="moderator").delete()
    response = admin.post(page, membership_form(clerk, **{"0-DELETE": "on", "TOTAL_FORMS": 1}))
    assert response.status_code == 302
    clerk.refresh_from_db()
    assert not clerk.memberships.exists() and clerk.session_version == 2


def test_nobody_makes_herself_more_than_she_is(admin: Client, gridville: Jurisdiction, administrator: User) -> None:
    root = User.objects.create_superuser("root", password="a-long-enough-password")
    assert admin.get(f"/admin/accounts/user/{root.pk}/change/").status_code == 302
    page = f"/admin/accounts/user/{administrator.pk}/change/"
    admin.post(page, membership_form(administrator, TOTAL_FORMS=1) | {"is_superuser": "on", "is_staff": "on"})
    administrator.refresh_from_db()
    assert not administrator.is_superuser
    elsewhere = build_gridville("elsewhere", "ELS", shift=10)
    admin.post(page, membership_form(administrator, **{"1-role": "administrator", "1-jurisdiction": elsewhere.pk}))
    assert not administrator.memberships.filter(jurisdiction=elsewhere).exists()
    shared = build_staff("shared", Role.CLERK, gridville, unit="roads-dept")
    shared.memberships.create(role=Role.MODERATOR, jurisdiction=elsewhere)
    assert admin.get(f"/admin/accounts/user/{shared.pk}/change/").status_code == 302
