"""A case on paper: map, history and photos for whoever may see them, in French and Arabic; never the reporter."""

import io
from datetime import datetime

import pikepdf
import pytest
from django.utils import timezone

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Reporter
from complaints.services.correspondence import answer
from complaints.services.file_checks import process_due_attachments
from complaints.services.quarantine import NewFile, media_path
from documents.pdf import PdfFailed
from queueing.alone import alone
from tests.builders import build_complaint
from tests.conftest import SignIn
from tests.sandbox.files import jpeg

Printed = list[tuple[str, dict[str, bytes]]]


@pytest.fixture
def case(gridville: Jurisdiction, clerk: User) -> Complaint:
    soon = timezone.now()
    complaint = build_complaint(now=soon, description="Un trou profond", files=[NewFile("photo.jpg", jpeg())])
    Reporter.objects.update(name="Zineb Canari", phone="+212600000042")
    process_due_attachments(now=soon)
    answer(complaint.pk, "Nous passons mardi.", acting_user=clerk, now=soon)
    return complaint


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Printed:
    pages: Printed = []

    def keep(html: str, pictures: dict[str, bytes]) -> bytes:
        pages.append((html, pictures))
        return b"%PDF"

    monkeypatch.setattr("complaints.views.desk.paper.make_pdf", keep)
    return pages


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_real_pdf_comes_out(signed_in: SignIn, clerk: User, case: Complaint, language: str) -> None:
    response = signed_in(clerk).get(f"/{language}/desk/{case.tracking_number}/case.pdf")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{case.tracking_number}.pdf"'
    with pikepdf.open(io.BytesIO(response.content)) as pdf:
        assert str(pdf.Root.Lang) == language
        images = {image for page in pdf.pages for image in page.images}
        assert len(images) == 1, "the photo"


def test_it_tells_what_the_page_tells(signed_in: SignIn, clerk: User, case: Complaint, printed: Printed) -> None:
    signed_in(clerk).get(f"/fr/desk/{case.tracking_number}/case.pdf")
    [(html, pictures)] = printed
    for fact in ("Un trou profond", "Nous passons mardi.", case.tracking_number, "<svg", "0.005000", "Clara"):
        assert fact in html, fact
    assert list(pictures.values()) == [media_path(Attachment.objects.get().path).read_bytes()]
    assert "Zineb" not in html and "600000042" not in html


def test_who_sees_less_prints_less(signed_in: SignIn, office_user: User, case: Complaint, printed: Printed) -> None:
    signed_in(office_user).get(f"/fr/desk/{case.tracking_number}/case.pdf")
    [(html, pictures)] = printed
    assert not pictures and "Un trou profond" not in html and "Clara" not in html
    Complaint.objects.update(place_precision="district", place_shown="district", public_point=None)
    signed_in(office_user).get(f"/fr/desk/{case.tracking_number}/case.pdf")
    assert "<svg" not in printed[1][0] and "0.005000" not in printed[1][0]


def test_one_is_made_at_a_time_and_a_failure_says_come_again(
    signed_in: SignIn, clerk: User, case: Complaint, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    def fails(html: str, pictures: dict[str, bytes]) -> bytes:
        raise PdfFailed("too slow", permanent=False)

    monkeypatch.setattr("complaints.views.desk.paper.make_pdf", fails)
    response = signed_in(clerk).get(f"/fr/desk/{case.tracking_number}/case.pdf")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    with alone("another") as mine:
        assert mine
