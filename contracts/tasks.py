"""What beat rings for. A ring that is lost costs nothing: the next one finds the same rows."""

from celery import shared_task
from django.utils import timezone

from contracts.services import files, findings, heads, papers, webhooks
from queueing.alone import alone


@shared_task(name="contracts.check_files")  # type: ignore[untyped-decorator]
def check_files() -> None:
    """Rebuild or refuse the files that wait, in one process at a time (complaints' files included)."""
    with alone("file-checks") as is_mine:
        if is_mine:
            files.check_due_files(now=timezone.now())


@shared_task(name="contracts.watch_findings")  # type: ignore[untyped-decorator]
def watch_findings() -> None:
    """Remind operators; let findings lapse whose time is over."""
    with alone("watch-findings") as is_mine:
        if is_mine:
            now = timezone.now()
            findings.lapse_due(now=now)
            findings.remind_due(now=now)


@shared_task(name="contracts.take_heads")  # type: ignore[untyped-decorator]
def take_heads() -> None:
    """Send yesterday's head of each ledger away, and write the export."""
    with alone("ledger-heads") as is_mine:
        if is_mine and heads.take_heads(now=timezone.now()):
            heads.export_heads()


@shared_task(name="contracts.make_papers")  # type: ignore[untyped-decorator]
def make_papers() -> None:
    """Typeset what was asked for."""
    papers.make_due_papers(now=timezone.now())


@shared_task(name="contracts.announce_cases")  # type: ignore[untyped-decorator]
def announce_cases() -> None:
    """Put new cases in the queue of the operators' machines."""
    with alone("announce-cases") as is_mine:
        if is_mine:
            webhooks.announce_cases(now=timezone.now())


@shared_task(name="contracts.send_webhooks")  # type: ignore[untyped-decorator]
def send_webhooks() -> None:
    """Send what operators' machines are to be told."""
    webhooks.send_due(now=timezone.now())


@shared_task(name="contracts.remove_orphans")  # type: ignore[untyped-decorator]
def remove_orphans() -> None:
    """Delete files that no row knows."""
    with alone("contract-orphans") as is_mine:
        if is_mine:
            files.remove_orphans(now=timezone.now())
            papers.remove_old_exchanges(now=timezone.now())
            webhooks.forget_old_deliveries(now=timezone.now())
