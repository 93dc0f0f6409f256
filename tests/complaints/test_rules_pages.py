"""Pages about the rules of routing: coverage, simulation, routing again, why here; and the desk's counter."""

import json
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Role, User
from catalogue.models import Jurisdiction, Schedule
from complaints.models import Complaint, Rerouting, Simulation
from complaints.services.routing_jobs import run_due_reroutings, run_due_simulations
from districts.models import BoundaryEdition, District, ServiceArea
from tests.builders import SCALE, build_complaint, build_edition, build_gridville, build_staff, named
from tests.complaints.test_rerouting import redraw
from tests.conftest import NOW, SignIn


@pytest.fixture
def admin(signed_in: SignIn, administrator: User) -> Client:
    return signed_in(administrator)


@pytest.fixture
def north_grows(gridville: Jurisdiction) -> BoundaryEdition:
    return redraw(gridville, north=(0.0, 0.5, 3.0, 2.0))


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize(
    "page", ["boundaries/coverage/", "boundaries/why/", "boundaries/rerouting/", "boundaries/what-if/"]
)
def test_the_pages_open_in_every_language(admin: Client, language: str, page: str) -> None:
    response = admin.get(f"/{language}/{page}")
    assert response.status_code == 200
    assert f'lang="{language}"' in response.content.decode()


@pytest.mark.parametrize(
    ("role", "page", "status"),
    [
        (Role.TRIAGE_OFFICER, "coverage/", 200),
        (Role.OFFICE, "coverage/", 200),
        (Role.MODERATOR, "coverage/", 403),
        (Role.CLERK, "coverage/", 403),
        (Role.TRIAGE_OFFICER, "why/", 200),
        (Role.OFFICE, "why/", 403),
        (Role.TRIAGE_OFFICER, "rerouting/", 403),
    ],
)
def test_each_page_is_for_who_looks_after_the_rules(
    gridville: Jurisdiction, signed_in: SignIn, role: Role, page: str, status: int
) -> None:
    unit = "roads-dept" if role == Role.CLERK else None
    client = signed_in(build_staff("somebody", role, gridville, unit=unit))
    assert client.get(f"/en/boundaries/{page}").status_code == status


def test_nobody_sees_another_citys_edition(admin: Client, north_grows: BoundaryEdition) -> None:
    elsewhere = build_gridville("elsewhere", "ELS", shift=10)
    foreign = BoundaryEdition.objects.filter(jurisdiction=elsewhere).first()
    assert foreign is not None
    assert admin.get(f"/en/boundaries/editions/{foreign.pk}/simulation/").status_code == 404
    assert admin.get("/en/boundaries/coverage/?jurisdiction=elsewhere").status_code == 404


CITY_PAGES = ("boundaries/", "boundaries/new/", "boundaries/coverage/", "boundaries/what-if/", "office/", "treasury/")


def city_shown(client: Client, page: str) -> str:
    city: Jurisdiction = client.get(f"/en/{page}").context["city"]
    return city.code


@pytest.mark.parametrize("superuser", [False, True])
def test_every_page_of_the_staff_opens_with_the_same_city_and_keeps_the_one_that_was_chosen(
    gridville: Jurisdiction, signed_in: SignIn, superuser: bool
) -> None:
    second = build_gridville("elsewhere", "ELS", shift=10)
    person = build_staff("of-both", Role.ADMINISTRATOR, second)
    Membership.objects.create(user=person, role=Role.ADMINISTRATOR, jurisdiction=gridville)
    User.objects.filter(pk=person.pk).update(is_superuser=superuser)
    client = signed_in(User.objects.get(pk=person.pk))
    assert {city_shown(client, page) for page in CITY_PAGES} == {"elsewhere"}, "the city where she got her first role"
    client.get("/en/boundaries/coverage/?jurisdiction=gridville")
    assert {city_shown(client, page) for page in CITY_PAGES} == {"gridville"}
    assert city_shown(client, "boundaries/?jurisdiction=elsewhere") == "elsewhere"
    assert {city_shown(client, page) for page in CITY_PAGES} == {"elsewhere"}


def test_who_administers_every_city_looks_after_the_rules_of_each(gridville: Jurisdiction, signed_in: SignIn) -> None:
    build_gridville("elsewhere", "ELS", shift=10)
    person = build_staff("of-all", Role.ADMINISTRATOR, gridville)
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client = signed_in(User.objects.get(pk=person.pk))
    client.get("/en/boundaries/?jurisdiction=elsewhere")
    pages = ("", "coverage/", "why/", "what-if/", "rerouting/")
    assert {city_shown(client, f"boundaries/{page}") for page in pages} == {"elsewhere"}
    edition = BoundaryEdition.objects.filter(jurisdiction__code="elsewhere")[0]
    assert client.get(f"/en/boundaries/editions/{edition.pk}/simulation/").status_code == 200


def test_who_administers_every_city_needs_no_role_for_its_rules(gridville: Jurisdiction, signed_in: SignIn) -> None:
    client = signed_in(User.objects.create_superuser("of-all", password="not for a person"))
    for page in ("", "coverage/", "coverage/shapes.json", "why/", "what-if/", "rerouting/"):
        assert client.get(f"/en/boundaries/{page}").status_code == 200, page
    tabs = client.get("/en/boundaries/").context["rules_nav"]
    assert [str(tab["label"]) for tab in tabs] == ["Boundaries", "Coverage", "Why here?", "What if?", "Route again"]
    menu = client.get("/en/boundaries/").context["staff_nav"]
    assert [str(link["label"]) for link in menu] == ["Boundaries"], "no desk without a role"


def test_a_city_kept_from_a_page_is_left_aside_where_she_has_no_role_in_it(
    gridville: Jurisdiction, signed_in: SignIn
) -> None:
    second = build_gridville("elsewhere", "ELS", shift=10)
    person = build_staff("of-both", Role.ADMINISTRATOR, gridville)
    Membership.objects.create(user=person, role=Role.TRIAGE_OFFICER, jurisdiction=second)
    client = signed_in(person)
    assert city_shown(client, "boundaries/coverage/?jurisdiction=elsewhere") == "elsewhere"
    assert city_shown(client, "boundaries/what-if/") == "gridville"
    assert client.get("/en/boundaries/what-if/?jurisdiction=elsewhere").status_code == 404


def test_coverage_tells_the_hole_and_whom_it_hits(admin: Client, gridville: Jurisdiction) -> None:
    complaint = build_complaint("litter", at=(3.8, 1.8), now=NOW)
    page = admin.get("/en/boundaries/coverage/").content.decode()
    assert "5.62 %" in page or "5.63 %" in page
    assert complaint.tracking_number in page and "No unit answers" in page
    shapes = admin.get("/en/boundaries/coverage/shapes.json?jurisdiction=gridville").json()
    assert {feature["properties"]["kind"] for feature in shapes["features"]} == {"no_unit"}
    for feature in shapes["features"]:
        assert f'id="{feature["properties"]["key"]}"' in page


def test_the_desk_counts_complaints_that_lack_a_rule(
    gridville: Jurisdiction, signed_in: SignIn, triage_officer: User, clerk: User
) -> None:
    build_complaint("litter", at=(3.8, 1.8), now=NOW)
    assert "1 open complaint came to triage" in signed_in(triage_officer).get("/en/desk/").content.decode()
    assert "came to triage" not in signed_in(clerk).get("/en/desk/").content.decode()


def test_a_simulation_is_asked_for_waited_for_and_read(
    admin: Client, gridville: Jurisdiction, north_grows: BoundaryEdition
) -> None:
    build_complaint("litter", at=(0.4, 0.7), now=NOW)
    address = f"/en/boundaries/editions/{north_grows.pk}/simulation/"
    assert "Simulate" in admin.get(address).content.decode()
    assert admin.post(address, {"months": "12"}).status_code == 302
    waiting = admin.get(address)
    assert waiting["Refresh"] == "2" and "<progress" in waiting.content.decode()
    row = Simulation.objects.get()
    Simulation.objects.update(requested_at=NOW + timedelta(days=1))
    assert run_due_simulations(now=row.requested_at + timedelta(seconds=1)) == 1
    done = admin.get(address)
    page = done.content.decode()
    assert "Refresh" not in done and "waste-south en" in page and "waste-north en" in page
    assert "simulation-cells" in page
    assert admin.post(address, {"months": "7"}).status_code == 400


def test_a_move_between_two_districts_of_one_name_says_their_codes(admin: Client, gridville: Jurisdiction) -> None:
    build_complaint("pothole", at=(0.5, 0.5), now=timezone.now() - timedelta(hours=1))
    edition = build_edition(gridville, "districts", active=False, number=2)
    for district in District.objects.filter(edition__number=1):
        district.pk, district._state.adding, district.edition = None, True, edition
        district.code = "w1-new" if district.code == "w1" else district.code
        district.save()
    address = f"/en/boundaries/editions/{edition.pk}/simulation/"
    admin.post(address, {"months": "1"})
    run_due_simulations(now=timezone.now())
    page = admin.get(address).content.decode()
    assert "w1 en (w1)</th>" in page and "w1 en (w1-new)</td>" in page


def test_routing_again_shows_what_it_would_do_and_does_it(
    admin: Client, gridville: Jurisdiction, administrator: User
) -> None:
    complaint = build_complaint("litter", at=(0.4, 0.7), now=NOW)
    assert "Nothing would move" in admin.get("/en/boundaries/rerouting/").content.decode()
    ServiceArea.objects.filter(code="south").update(unit=gridville.units.get(code="bin-team"))
    page = admin.get("/en/boundaries/rerouting/").content.decode()
    assert complaint.tracking_number in page and "Route 1 complaint again" in page
    assert admin.post("/en/boundaries/rerouting/?jurisdiction=gridville").status_code == 302
    assert admin.get("/en/boundaries/rerouting/")["Refresh"] == "2"
    job = Rerouting.objects.get()
    assert job.requested_by == administrator.username
    assert run_due_reroutings(now=job.requested_at) == 1
    assert Complaint.objects.get().unit.code == "bin-team"
    assert "Nothing would move" in admin.get("/en/boundaries/rerouting/").content.decode()


def test_another_rule_is_tried_before_it_is_put_in_force(admin: Client, gridville: Jurisdiction) -> None:
    complaint = build_complaint("litter", at=(0.4, 0.7), now=timezone.now() - timedelta(hours=1))
    south = ServiceArea.objects.get(code="south")
    assert "Choose" in admin.get("/en/boundaries/what-if/").content.decode()
    address = f"/en/boundaries/what-if/?rule={south.pk}"
    same = {"unit": "waste-south", "priority": south.priority, "schedule": "", "fallback_unit": "", "months": "12"}
    assert admin.post(address, same).status_code == 400
    assert admin.post(address, same | {"fallback_unit": "bin-team"}).status_code == 400
    answer = admin.post(address, same | {"unit": "bin-team"})
    assert answer.status_code == 302
    assert admin.get(answer["Location"])["Refresh"] == "2"
    assert run_due_simulations(now=timezone.now()) == 1
    page = admin.get(answer["Location"]).content.decode()
    assert "waste-south en" in page and "bin-team en" in page and "simulation-cells" in page
    south.refresh_from_db()
    assert south.unit.code == "waste-south", "a simulation changes nothing"
    assert admin.post(answer["Location"], {"reroute_open": "1"}).status_code == 302
    assert run_due_reroutings(now=timezone.now()) == 1
    complaint.refresh_from_db()
    assert complaint.unit.code == "bin-team"
    assert "This rule is in force" in admin.get(answer["Location"]).content.decode()


def test_another_unit_where_no_area_answers_is_tried_too(admin: Client, gridville: Jurisdiction) -> None:
    complaint = build_complaint("pothole", at=(0.4, 0.7), now=timezone.now() - timedelta(hours=1))
    address = "/en/boundaries/what-if/?rule=default:roads"
    assert "where no area answers" in admin.get(address).content.decode()
    assert admin.post(address, {"unit": "roads-dept", "months": "12"}).status_code == 400
    answer = admin.post(address, {"unit": "", "months": "12"})
    run_due_simulations(now=timezone.now())
    page = admin.get(answer["Location"]).content.decode()
    assert "roads-dept en" in page and "registry en" in page and "nobody: the triage unit decides" in page
    assert gridville.services.get(code="roads").default_unit is not None, "a simulation changes nothing"
    assert admin.post(answer["Location"], {"reroute_open": "1"}).status_code == 302
    assert run_due_reroutings(now=timezone.now()) == 1
    complaint.refresh_from_db()
    assert complaint.unit.code == "registry"
    gridville.services.filter(code="roads").update(is_active=False)
    assert "is history" in admin.get(answer["Location"]).content.decode()


def test_an_area_that_is_history_is_changed_by_nobody(admin: Client, gridville: Jurisdiction) -> None:
    south = ServiceArea.objects.get(code="south")
    sent = {"unit": "bin-team", "priority": 0, "schedule": "", "fallback_unit": "", "months": "1"}
    answer = admin.post(f"/en/boundaries/what-if/?rule={south.pk}", sent)
    BoundaryEdition.objects.filter(pk=south.edition_id).update(is_active=False)
    run_due_simulations(now=timezone.now())
    assert Simulation.objects.get().queue_state == "failed"
    assert "is history" in admin.get(answer["Location"]).content.decode()
    assert admin.post(answer["Location"]).status_code == 404


def test_why_here_names_every_area_and_its_part(admin: Client, gridville: Jurisdiction) -> None:
    nights = Schedule.objects.create(
        jurisdiction=gridville, code="night", name=named("La nuit"), week={"mon": ["20:00-06:00"]}
    )
    ServiceArea.objects.filter(code="bins-w1").update(schedule=nights)
    query = f"longitude={0.5 * SCALE}&latitude={1.0 * SCALE}&category=overflowing-bin"
    by_day = admin.get(f"/en/boundaries/why/?{query}&at=2026-11-23T10:00").content.decode()
    assert "out of its hours" in by_day and "waste-north en" in by_day and "comes second" in by_day
    by_night = admin.get(f"/en/boundaries/why/?{query}&at=2026-11-23T23:00").content.decode()
    assert "out of its hours" not in by_night and "bin-team en" in by_night
    drawn = json.loads(by_night.split('<script id="ground" type="application/json">')[1].split("</script>")[0])
    looks = {shape["properties"]["code"]: shape["properties"]["look"] for shape in drawn["shapes"]["features"]}
    assert looks == {"w1": "district", "bins-w1": "decides", "north": "second"}


def test_a_complaint_s_page_leads_whoever_reads_the_rules_to_them(
    gridville: Jurisdiction, signed_in: SignIn, triage_officer: User, clerk: User
) -> None:
    complaint = build_complaint("pothole", at=(0.5, 1.0), now=NOW)
    page = signed_in(triage_officer).get(f"/en/desk/{complaint.tracking_number}/").content.decode()
    link = unescape(page.split('href="/en/boundaries/why/')[1].split('"')[0])
    assert "category=pothole" in link and "at=2026-" in link
    assert signed_in(triage_officer).get(f"/en/boundaries/why/{link}").status_code == 200
    assert "/boundaries/why/" not in signed_in(clerk).get(f"/en/desk/{complaint.tracking_number}/").content.decode()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("longitude=x&latitude=0.01&category=litter", "number of degrees"),
        ("longitude=200&latitude=0.01&category=litter", "does not exist"),
        ("longitude=2&latitude=48&category=litter", "outside"),
        ("longitude=0.01&latitude=0.01&category=dragons", "valid choice"),
        ("longitude=0.01&latitude=0.01&category=litter&at=yesterday", "valid date"),
        ("longitude=0.01&latitude=&category=litter", "required"),
    ],
)
def test_a_place_that_is_none_is_refused_in_words(admin: Client, query: str, told: str) -> None:
    response = admin.get(f"/en/boundaries/why/?{query}")
    assert response.status_code == 400 and told in response.content.decode()


def test_coverage_takes_few_statements(admin: Client, gridville: Jurisdiction) -> None:
    admin.get("/en/boundaries/coverage/")
    with CaptureQueriesContext(connection) as queries:
        admin.get("/en/boundaries/coverage/")
    assert len(queries) <= 14, "\n".join(query["sql"][:120] for query in queries)
