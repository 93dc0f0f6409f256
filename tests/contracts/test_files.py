"""Files that the parties send are rebuilt or refused once, whatever dies on the way."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from complaints.services import quarantine
from complaints.services.quarantine import LEASE, NewFile, media_path
from contracts.models import Contract, Finding, FindingFile
from contracts.services.files import check_due_files, keep_files, remove_orphans
from queueing.models import MAX_ATTEMPTS, claim
from tests.contracts.conftest import build_finding
from tests.sandbox.files import jpeg, pdf, telling_jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def finding(contract: Contract, contract_manager: User, now: datetime) -> Finding:
    return build_finding(contract, contract_manager, now)


def sent(finding: Finding, now: datetime, *files: NewFile) -> list[FindingFile]:
    return keep_files(finding, files, party=FindingFile.Party.OPERATOR, acting_user=None, now=now)


def on_disk(settings: Settings) -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in (root / "findings").rglob("*") if path.is_file()}


def test_a_photo_is_rebuilt_a_paper_is_kept_and_quarantine_is_empty(
    finding: Finding, settings: Settings, now: datetime
) -> None:
    sent(finding, now, NewFile("avant.jpg", telling_jpeg()), NewFile("..\\bon.pdf", pdf()))
    assert check_due_files(now=now) == 2
    photo, paper = FindingFile.objects.order_by("pk")
    assert [(row.status, row.name, row.quarantine_path) for row in (photo, paper)] == [
        ("ready", "avant.jpg", ""),
        ("ready", "bon.pdf", ""),
    ]
    assert on_disk(settings) == {photo.path, paper.path}
    assert b"Exif" not in media_path(photo.path).read_bytes()


def test_a_file_that_no_worker_survives_is_refused_in_the_end(finding: Finding, now: datetime) -> None:
    sent(finding, now, NewFile("avant.jpg", jpeg()))
    at = now
    for _ in range(MAX_ATTEMPTS):
        claim(FindingFile, now=at, limit=1, lease=LEASE)
        at += LEASE
    assert check_due_files(now=at) == 0
    remove_orphans(now=at)
    assert FindingFile.objects.get().refused_code == "could_not_check"


def test_what_dead_workers_and_failed_transactions_left_is_removed(
    finding: Finding, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(finding, now, NewFile("avant.jpg", jpeg()))
    with monkeypatch.context() as patch:
        patch.setattr(quarantine, "_leave_quarantine", lambda row: None)
        check_due_files(now=now)
    unknown = media_path("findings/quarantine/ab/abcdef")
    unknown.parent.mkdir(parents=True, exist_ok=True)
    unknown.write_bytes(b"x")
    long_ago = (now - timedelta(days=2)).timestamp()
    os.utime(unknown, (long_ago, long_ago))
    assert remove_orphans(now=now) == 2
    assert on_disk(settings) == {FindingFile.objects.get().path}
