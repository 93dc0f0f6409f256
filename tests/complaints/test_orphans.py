"""Files that no row knows are removed after a day; everything that a row knows stays."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import QuotaWindow
from catalogue.models import Jurisdiction
from complaints.services.file_checks import process_due_attachments
from complaints.services.quarantine import NewFile, media_path
from complaints.services.retention import apply_retention, remove_orphans
from notifications.delivery import deliver_due
from notifications.models import OutboxMessage
from sandbox.storage import write_atomically
from tests.builders import build_complaint
from tests.sandbox.files import jpeg, pdf

DAY = timedelta(days=1)
UNKNOWN = "0123456789abcdef0123456789abcdef"


def aged(path: Path, at: datetime) -> Path:
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def put(relative: str, at: datetime) -> Path:
    write_atomically(media_path(relative), b"x")
    return aged(media_path(relative), at)


def test_only_old_files_without_a_row_go(gridville: Jurisdiction, settings: Settings, now: datetime) -> None:
    waiting = build_complaint(now=now, files=[NewFile("a.jpg", jpeg())])
    OutboxMessage.objects.all().delete()
    ready = build_complaint(now=now - DAY, files=[NewFile("b.jpg", jpeg()), NewFile("c.pdf", pdf())])
    process_due_attachments(now=now - DAY)
    known = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    for path in known:
        aged(path, now - 9 * DAY)
    old = [
        put(f"quarantine/01/{UNKNOWN}", now - 2 * DAY),
        put(f"files/01/{UNKNOWN}-1.jpg", now - 2 * DAY),
        put(f"files/{ready.attachments.all()[0].public_id.hex[:2]}/.unfinished-abc", now - 2 * DAY),
        put(f"files/01/{ready.attachments.all()[0].public_id.hex}-7.jpg", now - 2 * DAY),
    ]
    young = put(f"quarantine/02/{UNKNOWN}", now - timedelta(hours=1))
    assert remove_orphans(now=now)["files"] == len(old)
    assert not any(path.exists() for path in old)
    assert young.exists()
    assert all(path.exists() for path in known)
    assert waiting.attachments.get().quarantine_path


@pytest.mark.django_db
def test_mails_on_disk_go_with_their_message(gridville: Jurisdiction, settings: Settings, now: datetime) -> None:
    settings.EMAIL_BACKEND = "notifications.channels.folder.MailFolder"
    build_complaint(now=now, email="rita@example.org")
    deliver_due(now=now)
    folder = Path(settings.MAIL_DIR)
    (kept,) = folder.iterdir()
    for name in ("GRI-2222-2222.999.eml", "0f0f0f.eml"):
        write_atomically(folder / name, b"x")
    aged(folder / "0f0f0f.eml", now - 31 * DAY)
    assert remove_orphans(now=now)["mails"] == 2
    assert list(folder.iterdir()) == [kept]


@pytest.mark.django_db
def test_quotas_of_days_past_are_forgotten(now: datetime) -> None:
    for days in (0, 1, 3):
        QuotaWindow.objects.create(key=str(days), window_start=now - days * DAY, used=1)
    assert apply_retention(now=now)["quota_windows"] == 1
