"""A case on paper: map, history and photos for whoever may see them, in French and Arabic; never the reporter."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, CasePaper, Complaint, Reporter
from complaints.papers import make_due_papers
from complaints.services.correspondence import answer
from complaints.services.erasure import erase_reporter
from complaints.services.file_checks import process_due_attachments
from complaints.services.paper_files import KEPT, paper_path, remove_old_papers, remove_stray_papers
from complaints.services.publication import black_out
from complaints.services.quarantine import NewFile, media_path
from documents.pdf import PdfFailed
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

    monkeypatch.setattr("complaints.papers.make_pdf", keep)
    return pages


def ask(client: Client, case: Complaint, language: str = "fr") -> Any:
    """The page after asking for a document."""
    return client.post(f"/{language}/desk/{case.tracking_number}/paper/", follow=True)


def files(client: Client, case: Complaint, language: str = "fr") -> list[str]:
    """Addresses of the documents that can be downloaded."""
    page = client.get(f"/{language}/desk/{case.tracking_number}/paper/").content.decode()
    return re.findall(r'href="([^"]+[.]pdf)"', page)


def make() -> int:
    return make_due_papers(now=timezone.now())


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_real_pdf_comes_out_of_the_queue(signed_in: SignIn, clerk: User, case: Complaint, language: str) -> None:
    client = signed_in(clerk)
    page = ask(client, case, language)
    assert page["Refresh"] == "2" and b"<progress" in page.content and files(client, case, language) == []
    # Whoever asks twice waits for the same one.
    ask(client, case, language)
    assert make() == 1
    assert "Refresh" not in client.get(f"/{language}/desk/{case.tracking_number}/paper/")
    (address,) = files(client, case, language)
    response = client.get(address)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{case.tracking_number}-{language}.pdf"'
    assert response["Cache-Control"] == "private, no-store"
    with pikepdf.open(io.BytesIO(b"".join(response.streaming_content))) as pdf:  # type: ignore[attr-defined]
        assert str(pdf.Root.Lang) == language
        images = {image for page in pdf.pages for image in page.images}
        assert len(images) == 1, "the photo"


def test_each_language_has_a_document_of_its_own(
    signed_in: SignIn, clerk: User, case: Complaint, printed: Printed
) -> None:
    client = signed_in(clerk)
    ask(client, case, "fr")
    make()
    offered = [b'<form method="post">' in client.get(f"/{language}/desk/{case.tracking_number}/paper/").content
               for language in ("fr", "ar")]  # fmt: skip
    assert offered == [False, True]
    ask(client, case, "ar")
    make()
    page = client.get(f"/fr/desk/{case.tracking_number}/paper/").content.decode()
    assert re.findall(r"\(PDF, (\w+),", page) == ["Arabe", "Français"]


def test_it_tells_what_the_page_tells(signed_in: SignIn, clerk: User, case: Complaint, printed: Printed) -> None:
    ask(signed_in(clerk), case)
    make()
    [(html, pictures)] = printed
    for fact in ("Un trou profond", "Nous passons mardi.", case.tracking_number, "<svg", "0.005000", "Clara"):
        assert fact in html, fact
    assert list(pictures.values()) == [media_path(Attachment.objects.get().path).read_bytes()]
    assert "Zineb" not in html and "600000042" not in html


def test_who_sees_less_prints_less(signed_in: SignIn, office_user: User, case: Complaint, printed: Printed) -> None:
    ask(signed_in(office_user), case)
    make()
    [(html, pictures)] = printed
    assert not pictures and "Un trou profond" not in html and "Clara" not in html
    Complaint.objects.update(
        place_precision="district", place_shown="district", public_point=None, updated_at=timezone.now()
    )
    ask(signed_in(office_user), case)
    make()
    assert "<svg" not in printed[1][0] and "0.005000" not in printed[1][0]


def test_what_may_no_longer_be_seen_is_not_made_and_nobody_gets_anothers(
    signed_in: SignIn, clerk: User, manager: User, case: Complaint, printed: Printed
) -> None:
    client = signed_in(clerk)
    ask(client, case)
    make()
    (address,) = files(client, case)
    assert signed_in(manager).get(address).status_code == 404
    Complaint.objects.update(updated_at=timezone.now())
    ask(signed_in(clerk), case)
    clerk.memberships.all().delete()
    assert make() == 0
    assert CasePaper.objects.filter(queue_state="failed").count() == 1 and len(printed) == 1
    assert signed_in(clerk).get(address).status_code in (403, 404)


def test_a_failure_is_tried_again_or_told(
    signed_in: SignIn, clerk: User, case: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, faults = signed_in(clerk), [PdfFailed("too slow", permanent=False), PdfFailed("too large", permanent=True)]

    def fails(html: str, pictures: dict[str, bytes]) -> bytes:
        raise faults.pop(0)

    monkeypatch.setattr("complaints.papers.make_pdf", fails)
    ask(client, case)
    assert make() == 0 and CasePaper.objects.get().queue_state == "due"
    assert make_due_papers(now=timezone.now() + timedelta(minutes=1)) == 0
    assert CasePaper.objects.get().queue_state == "failed"
    page = client.get(f"/fr/desk/{case.tracking_number}/paper/")
    assert "Refresh" not in page and b'<form method="post"' in page.content


def test_papers_go_in_time_and_with_what_is_erased_or_painted_over(
    signed_in: SignIn,
    clerk: User,
    moderator: User,
    case: Complaint,
    printed: Printed,
    django_capture_on_commit_callbacks: Any,
) -> None:
    client, photo = signed_in(clerk), Attachment.objects.get()

    def made() -> Path:
        ask(client, case)
        assert make() == 1
        return paper_path(CasePaper.objects.get())

    reasons: list[Callable[[], object]] = [
        lambda: remove_old_papers(now=timezone.now() + KEPT + timedelta(minutes=1)),
        lambda: black_out(case.pk, photo.pk, [(0, 0, 0.5, 0.5)], acting_user=moderator, now=timezone.now()),
        lambda: erase_reporter(case.pk, now=timezone.now()),
    ]
    for reason in reasons:
        path = made()
        assert path.is_file()
        with django_capture_on_commit_callbacks(execute=True):
            reason()
        assert not path.exists() and not CasePaper.objects.exists() and files(client, case) == []


def test_a_file_whose_row_went_while_it_was_made_is_swept(case: Complaint, clerk: User) -> None:
    stray = paper_path(CasePaper(complaint=case, requested_by=clerk))
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"%PDF")
    assert remove_stray_papers(before=timezone.now() - timedelta(days=1)) == 0
    assert remove_stray_papers(before=timezone.now() + timedelta(minutes=1)) == 1 and not stray.exists()
