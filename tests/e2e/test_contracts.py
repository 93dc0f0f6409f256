"""A complaint becomes a penalty, and the penalty is reversed: every step in a real browser, on both sides, to the papers."""

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import openpyxl
import pypdfium2
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.models import Message, Reporter
from contracts.models import Contract, Finding, LedgerEntry, Paper, Statement
from contracts.months import month_of
from contracts.recomputation import recompute
from contracts.services.files import check_due_files
from contracts.services.papers import make_due_papers
from contracts.verification import verify
from notifications.models import OutboxMessage
from tests.builders import PASSWORD, build_complaint, build_contract, build_staff
from tests.clocks import stopped_at
from tests.e2e.conftest import DESKTOP, PHONE, Open
from tests.sandbox.files import jpeg

ARGUMENTS = ("كانت الحاوية فارغة عند مرور الشاحنة صباحا.", "أغلق الزقاق بسبب أشغال الجماعة.")
REPLIES = ("صورة القائد الميداني تظهر الحاوية ممتلئة.", "الأشغال انتهت قبل ذلك بيومين.")
CANARY = "Canarina Sentinelle"
NORTH = (1.5, 1.5)


def sign_in(open_page: Open, person: User, language: str, size: dict[str, int] = DESKTOP) -> Page:
    page = open_page(f"/{language}/accounts/login/", size=size)
    page.locator("input[name=login]").fill(person.username)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile(f"/{language}/(treasury|operator)/"))
    return page


def fetched(page: Page, link: str) -> bytes:
    """What a link of the page leads to, asked for as this person."""
    address = page.locator(link).first.get_attribute("href")
    response = page.request.get(str(address))
    assert response.status == 200, address
    return response.body()


def text_of_pdf(content: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content))


@pytest.fixture
def contract(city: Jurisdiction) -> Contract:
    return build_contract(city)


def test_from_complaint_to_penalty_to_reversal(
    open_page: Open, city: Jurisdiction, contract: Contract, tmp_path: Path
) -> None:
    manager = build_staff("nadia", Role.CONTRACT_MANAGER, city)
    treasurer = build_staff("younes", Role.TREASURY_OFFICER, city)
    operator = build_staff("karim", Role.OPERATOR_USER, city, unit="waste-north")
    # The month before, so that its statement can be issued.
    then = (timezone.now().replace(day=1) - timedelta(days=1)).replace(day=10, hour=10, minute=0)
    complaint = build_complaint("litter", at=NORTH, now=then, email="canary@reporter.example")
    Reporter.objects.filter(complaint=complaint).update(name=CANARY)

    with stopped_at(then + timedelta(days=1)):
        # complaint → finding
        page = sign_in(open_page, manager, "fr")
        page.goto(f"/fr/treasury/findings/new/{complaint.tracking_number}/")
        page.get_by_label(re.compile("500,00")).check()
        page.locator("[name=grounds]").fill("Bac débordant constaté sur place.")
        page.locator("main form button[type=submit]").click()
        page.wait_for_url(re.compile("/fr/treasury/findings/WN-"))
        finding = Finding.objects.get()
        assert OutboxMessage.objects.filter(reference=finding.number).exists(), "the operator was told"

    with stopped_at(then + timedelta(days=2)):
        # contest in Arabic, on a phone: the desk, the finding, the arguments; no more screens than these
        page = sign_in(open_page, operator, "ar", PHONE)
        assert page.locator("html").get_attribute("dir") == "rtl"
        page.locator(f"main a[href$='/operator/findings/{finding.number}/']").first.click()
        expect(page.locator("main")).to_contain_text("Bac débordant constaté sur place.")
        expect(page.locator("main")).not_to_contain_text(CANARY)
        page.locator("main a[href$='/contest/']").click()
        for number, text in enumerate(ARGUMENTS, start=1):
            page.locator(f"[name=argument-{number}]").fill(text)
        photo = tmp_path / "tournée.jpg"
        photo.write_bytes(jpeg())
        page.locator("input[type=file]").set_input_files(photo)
        page.locator("main form button[type=submit]").click()
        expect(page.locator("main")).to_contain_text(ARGUMENTS[1])
        check_due_files(now=timezone.now())

    with stopped_at(then + timedelta(days=3)):
        # decision: refused without a reply to each argument, nothing typed is lost; then in force
        page = sign_in(open_page, manager, "ar")
        page.goto(f"/ar/treasury/findings/{finding.number}/")
        page.locator("#step-justify summary").click()
        form = page.locator("#step-justify form")
        form.locator("[name=reasons]").fill("مخالفة ثابتة.")
        boxes = form.locator("textarea[name^=reply-]")
        boxes.first.fill(REPLIES[0])
        form.evaluate("form => form.noValidate = true")
        form.locator("button[type=submit]").click()
        expect(page.locator("#step-justify [name=reasons]")).to_have_value("مخالفة ثابتة.")
        assert not LedgerEntry.objects.exists()
        page.locator("#step-justify textarea[name^=reply-]").nth(1).fill(REPLIES[1])
        page.locator("#step-justify button[type=submit]").click()
        expect(page.locator("main")).to_contain_text(REPLIES[1])
        # penalty
        entry = LedgerEntry.objects.get()
        assert (entry.kind, entry.amount_centimes) == ("penalty", 50_000)
        told = Message.objects.filter(complaint=complaint)
        assert told.exists(), "the resident was told"

    month = month_of(entry.day)
    # statement: issued, PDF and XLSX opened
    page = sign_in(open_page, treasurer, "fr")
    page.goto(f"/fr/treasury/statements/{contract.code}/{month:%Y-%m}/")
    page.locator("form[action$='/issue/'] button[type=submit]").click()
    expect(page.locator("main")).to_contain_text(f"{timezone.now().year}-0001")
    make_due_papers(now=timezone.now(), limit=10)
    assert not Paper.objects.filter(path="").exists()
    page.reload()
    pdf = text_of_pdf(fetched(page, "a:has-text('PDF (fr)')"))
    assert finding.number in pdf and "500,00" in pdf and CANARY not in pdf
    book = openpyxl.load_workbook(io.BytesIO(fetched(page, "a:has-text('XLSX (fr)')")))
    sheet = book.worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(cell.value == 500 and cell.number_format != "General" for cell in cells), "an amount is a number"
    assert any(str(cell.value).startswith("=S") for cell in cells), "the total is a formula"
    arabic = fetched(page, "a:has-text('XLSX (ar)')")
    assert openpyxl.load_workbook(io.BytesIO(arabic)).worksheets[0].sheet_view.rightToLeft
    with zipfile.ZipFile(io.BytesIO(arabic)) as parts:
        assert not any(CANARY.encode() in parts.read(name) for name in parts.namelist())
    # explain this line
    page.locator("main table tbody th a").first.click()
    expect(page.locator("main")).to_contain_text(finding.number)

    # appeal by the single-case link of the mail, without an account
    mail = OutboxMessage.objects.filter(reference=finding.number).order_by("-pk")[0]
    link = re.search(r"https?://\S+/operator/f/\S+", mail.body)
    assert link is not None
    with stopped_at(then + timedelta(days=5)):
        page = open_page(re.sub(r"^https?://[^/]+", "", link[0]), size=PHONE)
        page.locator("main a[href$='/appeal/']").click()
        page.locator("[name=argument-1]").fill("وصل الحكم الإداري لصالحنا.")
        page.locator("main form button[type=submit]").click()
        expect(page.locator("main")).to_contain_text("وصل الحكم الإداري لصالحنا.")

    # won: the manager reverses, a second person signs, a further entry is added; one clock to the end, for a picture that is
    # asked for at another time finds the session over
    with stopped_at(then + timedelta(days=8)):
        page = sign_in(open_page, manager, "fr")
        page.goto(f"/fr/treasury/findings/{finding.number}/")
        page.locator("#step-reverse summary").click()
        form = page.locator("#step-reverse form")
        form.locator("[name=reasons]").fill("Le recours est fondé.")
        form.locator("textarea[name^=reply-]").fill("Il en est tenu compte.")
        form.locator("[name=authority]").fill("Jugement 114/2026")
        form.locator("button[type=submit]").click()
        expect(page.locator(".decision--pending")).to_be_visible()
        assert LedgerEntry.objects.filter(decision__isnull=False).count() == 1
        page = sign_in(open_page, treasurer, "fr")
        page.goto(f"/fr/treasury/findings/{finding.number}/")
        with page.expect_navigation():
            page.locator("form[action$='/sign/'] button[type=submit]").click()
        expect(page.locator(".decision--pending")).to_have_count(0)

        kinds = list(LedgerEntry.objects.order_by("seq").values_list("kind", "amount_centimes"))
        assert kinds == [("penalty", 50_000), ("collection_order", 50_000), ("reversal", -50_000)]
        assert Statement.objects.get().total_centimes == 50_000, "what was issued stays"
        assert verify(city).broken is None and recompute(city).differences == []

        # the whole exchange as one file
        page.locator("#papers form button").click()
        expect(page.locator("#papers li")).to_have_count(1)
        make_due_papers(now=timezone.now(), limit=10)
        page.reload()
        exchange = text_of_pdf(fetched(page, "#papers li a"))
    assert finding.number in exchange and "Le recours est fondé." in exchange and CANARY not in exchange
    evidence = finding.evidence.all()[0]
    assert evidence.sha256[:16] in exchange.replace("\n", "").replace(" ", "")
