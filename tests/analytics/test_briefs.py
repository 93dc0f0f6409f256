"""The brief: figures on paper from the page to the file, and by mail each Monday, once, to those who may see the office."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pikepdf
import pypdfium2
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, User
from analytics import weekly
from analytics.measures import Measure
from analytics.models import BriefSubscription, Report
from analytics.periods import last_monday
from analytics.reports import KEPT, ask_for_report, make_due_reports, remove_old_reports
from analytics.weekly import end, order_weekly_briefs, post, subscribe
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.services.quarantine import media_path
from documents.pdf import PdfFailed
from notifications.channels.email import compose
from notifications.models import OutboxMessage
from tests.builders import build_complaint

if TYPE_CHECKING:
    from tests.conftest import SignIn

WORDS = "Everybody shall hear of this pothole"
WEEK = timedelta(days=7)
Sheets = list[str]


@pytest.fixture
def filed(gridville: Jurisdiction, now: datetime) -> None:
    for number in range(8):
        build_complaint("pothole", at=(0.5, 0.5), now=now - timedelta(days=number), description=WORDS)
    build_complaint("litter", at=(0.5, 1.5), now=now - timedelta(days=3))


@pytest.fixture
def sheets(monkeypatch: pytest.MonkeyPatch) -> Sheets:
    """The pages as they go to the press; typesetting takes seconds."""
    pages: Sheets = []

    def keep(html: str) -> bytes:
        pages.append(html)
        return b"%PDF" + html.encode()

    monkeypatch.setattr("analytics.brief.make_pdf", keep)
    return pages


def asked(user: User, city: Jurisdiction, now: datetime, language: str = "fr", query: str = "") -> Report:
    row = ask_for_report(
        user,
        city,
        query=query or "from=2026-11-01&to=2026-11-24",
        measure=Measure.COUNT,
        language=language,
        now=now,
        kind=Report.Kind.BRIEF,
    )
    make_due_reports(now=now)
    row.refresh_from_db()
    return row


def addressed(user: User) -> User:
    user.email = f"{user.username}@ville.example"
    user.save(update_fields=["email"])
    return user


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_real_pdf_comes_out_with_no_column_cut(
    gridville: Jurisdiction, office_user: User, now: datetime, language: str
) -> None:
    row = asked(office_user, gridville, now, language)
    assert (row.queue_state, row.step) == ("done", 3)
    with pikepdf.open(media_path(row.path)) as pdf:
        assert str(pdf.Root.Lang) == language
    margin = 17 / 25.4 * 72
    for page in pypdfium2.PdfDocument(media_path(row.path)):
        words = page.get_textpage()
        for number in range(words.count_rects()):
            left, _bottom, right, _top = words.get_rect(number)
            assert left > margin - 2 and right < page.get_width() - margin + 2, words.get_text_bounded(
                left, _bottom, right, _top
            )


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_each_map_on_it_has_scale_legend_period_number_and_a_swatch_for_no_data(
    gridville: Jurisdiction, office_user: User, now: datetime, sheets: Sheets, language: str
) -> None:
    asked(office_user, gridville, now, language)
    [html] = sheets
    maps = re.findall(r"<figure>.*?</figure>", html, re.DOTALL)
    assert len(maps) == 2, "the measure asked for and lateness"
    for drawn in maps:
        assert re.search(r">\d+ k?m</text>", drawn), "a scale"
        assert drawn.count('class="swatch"') == 7, "six classes and too few to say"
        assert re.search(r"(n =|العدد:) 9\b", drawn) and "2026" in drawn
        assert drawn.count("font-size") >= 4
    assert "CC0-1.0" in html, "source and licence"


@pytest.mark.usefixtures("filed")
def test_it_holds_nobodys_words_and_only_what_is_public(
    gridville: Jurisdiction, office_user: User, now: datetime, sheets: Sheets
) -> None:
    Complaint.objects.filter(category__code="litter").update(visibility="hidden")
    asked(office_user, gridville, now, "en")
    [html] = sheets
    assert WORDS not in html and "Rita" not in html
    assert "n = 8" in html and "n = 9" not in html
    assert not re.search(r'(href|src)="', html)


@pytest.mark.usefixtures("filed", "sheets")
def test_from_the_page_to_the_file_and_to_nobody_else(
    signed_in: "SignIn", office_user: User, administrator: User
) -> None:
    client = signed_in(office_user)
    answer = client.post("/fr/office/reports/", {"query": "service=roads", "measure": "count", "kind": "brief"})
    waiting = client.get(answer["Location"])
    assert waiting["Refresh"] == "2" and b"<progress" in waiting.content
    make_due_reports(now=timezone.now())
    assert client.get(answer["Location"]).content.count(b"brief.pdf") == 1
    assert str(answer["Location"]) in client.get("/fr/office/").content.decode(), "listed"
    file = client.get(f"{answer['Location']}brief.pdf")
    assert file["Content-Type"] == "application/pdf" and "attachment" in file["Content-Disposition"]
    assert file.getvalue().startswith(b"%PDF")
    assert signed_in(administrator).get(f"{answer['Location']}brief.pdf").status_code == 404


def test_a_press_that_fails_for_good_is_seen_to_have_failed(
    gridville: Jurisdiction, office_user: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_html: str) -> bytes:
        raise PdfFailed("too large", permanent=True)

    monkeypatch.setattr("analytics.brief.make_pdf", fails)
    row = asked(office_user, gridville, now)
    assert (row.queue_state, row.path) == ("failed", "")


@pytest.mark.usefixtures("sheets")
def test_briefs_are_kept_for_a_year(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    row = asked(office_user, gridville, now)
    assert remove_old_reports(now=now + timedelta(days=30)) == 0
    assert remove_old_reports(now=now + KEPT[Report.Kind.BRIEF] + timedelta(minutes=1)) == 1
    assert not media_path(row.path).exists()


@pytest.mark.usefixtures("filed")
def test_each_monday_one_letter_with_the_file_however_often_the_sweep_runs(
    gridville: Jurisdiction, office_user: User, now: datetime, sheets: Sheets
) -> None:
    subscribe(addressed(office_user), gridville, language="ar", now=now)
    assert order_weekly_briefs(now=now) == 0, "from the next Monday on"
    monday = now + WEEK
    assert [order_weekly_briefs(now=monday + timedelta(minutes=later)) for later in (0, 5, 10)] == [1, 0, 0]
    assert make_due_reports(now=monday) == 1
    [letter] = OutboxMessage.objects.all()
    assert letter.recipient == "olivia@ville.example" and letter.language == "ar"
    mail = compose(letter).message()
    [file] = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    assert file.get_filename() == "gridville-2026-11-30.pdf"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    row = Report.objects.get()
    assert "from=2026-11-02" in row.query and "to=2026-11-30" in row.query, "four whole weeks"
    assert len(sheets) == 1
    post(row, now=monday)
    assert OutboxMessage.objects.count() == 1


@pytest.mark.usefixtures("sheets")
def test_two_schedulers_that_read_the_same_mark_order_one(
    gridville: Jurisdiction, office_user: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(addressed(office_user), gridville, language="fr", now=now)
    stale = BriefSubscription.objects.select_related("user", "jurisdiction").get()
    monday = last_monday(gridville, weekly.READY_AT, now + WEEK)
    assert weekly._order(stale, monday, now + WEEK)
    assert not weekly._order(stale, monday, now + WEEK), "its mark has moved"
    stale.refresh_from_db()
    BriefSubscription.objects.update(told_until=now)
    stale.told_until = now
    assert not weekly._order(stale, monday, now + WEEK), "even then: one a week"
    assert Report.objects.count() == 1


@pytest.mark.usefixtures("sheets")
def test_after_an_outage_the_newest_week_comes_and_no_other(
    gridville: Jurisdiction, office_user: User, now: datetime
) -> None:
    subscribe(addressed(office_user), gridville, language="fr", now=now)
    thursday = now + 3 * WEEK + timedelta(days=3)
    assert order_weekly_briefs(now=thursday) == 1
    assert str(Report.objects.get().week) == "2026-12-14"
    assert order_weekly_briefs(now=thursday + timedelta(days=3)) == 0
    assert order_weekly_briefs(now=thursday + timedelta(days=4)) == 1


@pytest.mark.usefixtures("sheets")
def test_who_has_left_the_office_gets_none(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    subscribe(addressed(office_user), gridville, language="fr", now=now)
    order_weekly_briefs(now=now + WEEK)
    Membership.objects.filter(user=office_user).delete()
    assert make_due_reports(now=now + WEEK) == 0, "left after it was ordered"
    assert Report.objects.get().queue_state == "failed"
    assert order_weekly_briefs(now=now + 2 * WEEK) == 0
    assert not BriefSubscription.objects.exists() and not OutboxMessage.objects.exists()


def test_a_unit_manager_gets_her_unit_only(gridville: Jurisdiction, manager: User, now: datetime) -> None:
    subscribe(addressed(manager), gridville, language="fr", now=now)
    order_weekly_briefs(now=now + WEEK)
    assert "unit=roads-dept" in Report.objects.get().query


@pytest.mark.usefixtures("sheets")
def test_what_was_ended_does_not_leave(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    subscribe(addressed(office_user), gridville, language="fr", now=now)
    order_weekly_briefs(now=now + WEEK)
    make_due_reports(now=now + WEEK)
    end(office_user, gridville)
    letter = OutboxMessage.objects.get()
    assert (letter.queue_state, letter.recipient, letter.attachment_path) == ("cancelled", "", "")


@pytest.mark.usefixtures("sheets")
def test_one_post_ends_it_without_signing_in(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    subscribe(addressed(office_user), gridville, language="fr", now=now)
    order_weekly_briefs(now=now + WEEK)
    make_due_reports(now=now + WEEK)
    link = OutboxMessage.objects.get().unsubscribe_url.removeprefix(settings.PUBLIC_URL)
    client = Client(enforce_csrf_checks=True)
    assert client.get(link).status_code == 200
    assert BriefSubscription.objects.exists(), "looking ends nothing"
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not BriefSubscription.objects.exists()
    assert client.get(link).status_code == 404
    assert client.get("/fr/office/weekly/nonsense/end/").status_code == 404


@pytest.mark.usefixtures("gridville")
def test_it_is_asked_for_and_ended_at_the_office(signed_in: "SignIn", office_user: User) -> None:
    client = signed_in(office_user)
    refused = client.post("/en/office/weekly/", {"wanted": "yes"}, follow=True)
    assert "no e-mail address" in refused.content.decode() and not BriefSubscription.objects.exists()
    addressed(office_user)
    shown = client.post("/en/office/weekly/", {"wanted": "yes"}, follow=True).content.decode()
    assert "olivia@ville.example" in shown and BriefSubscription.objects.get().language == "en"
    client.post("/en/office/weekly/", {"wanted": "no"})
    assert not BriefSubscription.objects.exists()


def test_a_file_that_is_gone_does_not_hold_up_its_letter(now: datetime) -> None:
    row = OutboxMessage(
        pk=7, recipient="o@example.org", language="fr", subject="x", body="y", reference="brief-1",
        attachment_path="reports/none.pdf", attachment_name="none.pdf", created_at=now, next_attempt_at=now,
    )  # fmt: skip
    parts = [part.get_content_type() for part in compose(row).message().walk()]
    assert "application/pdf" not in parts and "text/plain" in parts
