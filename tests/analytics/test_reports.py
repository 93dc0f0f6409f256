"""The map to take along: drawn by a task, whole in one file, asking nobody, with names that stay names."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import Membership, Role, User
from analytics.folium_map import plain
from analytics.measures import Measure
from analytics.models import Report
from analytics.reports import KEPT, TooManyWaiting, ask_for_report, make_due_reports, remove_old_reports
from catalogue.models import Jurisdiction
from districts.models import District
from tests.builders import build_complaint, build_gridville

if TYPE_CHECKING:
    from tests.conftest import SignIn

WORDS = "Everybody shall hear of this pothole"
NASTY = "</script><img src=x onerror=hit()>${hit()}`\\`{{ 7 * 7 }}{% endraw %}"
# Names, never addresses that a browser opens by itself.
NAMED_ONLY = {
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xlink",
    "https://leafletjs.com",
    # in comments of Leaflet and leaflet.heat
    "https://bugzilla.mozilla.org/show_bug.cgi",
    "https://bugs.chromium.org/p/chromium/issues/detail",
    "https://github.com/Leaflet/Leaflet.heat",
    "https://github.com/mourner/simpleheat",
}


def drawn(user: User, city: Jurisdiction, now: datetime, language: str = "fr") -> str:
    row = ask_for_report(
        user, city, query="from=2026-10-01&to=2026-12-01", measure=Measure.PER_1000, language=language, now=now
    )
    assert make_due_reports(now=now) == 1
    row.refresh_from_db()
    assert row.queue_state == "done" and row.size > 100_000
    return (Path(settings.MEDIA_ROOT) / row.path).read_text()


@pytest.fixture
def filed(gridville: Jurisdiction, now: datetime) -> None:
    for number in range(8):
        build_complaint("pothole", at=(0.5, 0.5), now=now - timedelta(days=number), description=WORDS)


@pytest.mark.usefixtures("filed")
def test_it_asks_nobody_and_holds_no_words_of_people(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    html = drawn(office_user, gridville, now)
    addresses = set(re.findall(r"https?://[\w./-]+", html))
    assert addresses <= NAMED_ONLY
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", html)
    assert not re.search(r"url\((?!data:|#)", html)
    assert WORDS not in html and "Rita" not in html
    assert html.count("<title>") >= 1 and '<html lang="fr" dir="ltr">' in html
    assert 'type="range" id="slider"' in html and html.count('"label":') == 13, "a slider over thirteen months"
    assert re.search(r'"layer": "(geo_json_\w+)"', html)[1] in re.findall(r"var (\w+) = L.geoJson", html)  # type: ignore[index]
    assert "jquery" not in html.lower() and "bootstrap" not in html.lower()


@pytest.mark.usefixtures("filed")
def test_it_speaks_the_language_of_who_asked(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    html = drawn(office_user, gridville, now, "ar")
    assert '<html lang="ar" dir="rtl">' in html and "Gridville" in html


@pytest.mark.usefixtures("filed")
def test_names_cannot_become_code(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    District.objects.filter(code="w1").update(name={"fr": NASTY, "ar": NASTY, "en": NASTY})
    html = drawn(office_user, gridville, now)
    assert "<img src=x" not in html
    scripts = "".join(re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL))
    assert "${hit()}" not in scripts and "hit()" in scripts, "there as text only"
    assert "{{ 7 * 7 }}" in html


def test_plain_leaves_nothing_that_a_template_string_reads() -> None:
    assert not set("<>`$\\{\"'") & set(plain(NASTY))


def test_a_person_cannot_fill_the_queue(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    for _ in range(3):
        ask_for_report(office_user, gridville, query="", measure=Measure.COUNT, language="fr", now=now)
    with pytest.raises(TooManyWaiting):
        ask_for_report(office_user, gridville, query="", measure=Measure.COUNT, language="fr", now=now)


def test_who_works_in_two_cities_stays_in_the_one_she_was_in(
    signed_in: "SignIn", office_user: User, now: datetime
) -> None:
    second = build_gridville("twin", "TWI", shift=10)
    Membership.objects.create(user=office_user, jurisdiction=second, role=Role.OFFICE)
    client = signed_in(office_user)
    for query, waiting in (("from=soon", 0), ("service=roads", 3)):
        Report.objects.all().delete()
        for _ in range(waiting):
            ask_for_report(office_user, second, query="", measure=Measure.COUNT, language="en", now=now)
        response = client.post("/en/office/reports/?jurisdiction=twin", {"query": query, "measure": "count"})
        assert response["Location"].startswith("/en/office/?jurisdiction=twin")
        assert ("service=roads" in response["Location"]) == (waiting > 0)


def test_what_cannot_be_drawn_is_seen_to_have_failed(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    row = ask_for_report(office_user, gridville, query="service=gone", measure=Measure.COUNT, language="fr", now=now)
    assert make_due_reports(now=now) == 0
    row.refresh_from_db()
    assert (row.queue_state, row.path) == ("failed", "")


@pytest.mark.usefixtures("filed")
def test_from_the_page_to_the_file_and_to_nobody_else(
    signed_in: "SignIn", office_user: User, administrator: User
) -> None:
    client = signed_in(office_user)
    answer = client.post("/fr/office/reports/", {"query": "service=roads", "measure": "count"})
    assert answer.status_code == 302
    waiting = client.get(answer["Location"])
    assert waiting["Refresh"] == "2"
    assert client.get(f"{answer['Location']}report.html").status_code == 404
    make_due_reports(now=timezone.now())
    ready = client.get(answer["Location"])
    assert "Refresh" not in ready
    file = client.get(f"{answer['Location']}report.html")
    assert file.status_code == 200 and "attachment" in file["Content-Disposition"]
    assert file.getvalue().startswith(b"<!DOCTYPE html>")
    assert signed_in(administrator).get(answer["Location"]).status_code == 404


@pytest.mark.usefixtures("filed")
def test_old_files_are_forgotten(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    drawn(office_user, gridville, now)
    assert remove_old_reports(now=now + timedelta(days=1)) == 0
    assert remove_old_reports(now=now + KEPT[Report.Kind.MAP] + timedelta(minutes=1)) == 1
    assert not Report.objects.exists()
    assert not list((Path(settings.MEDIA_ROOT) / "reports").iterdir())
