"""What beat rings for. A ring that is lost costs nothing: the next one finds the same rows."""

import logging

from celery import shared_task
from django.utils import timezone

from complaints import papers
from complaints.services import (
    announced_days,
    breaches,
    escalation,
    expectations,
    file_checks,
    handovers,
    hotspot_search,
    mail_replies,
    presence,
    retention,
    routing_jobs,
    small_places,
    undo,
    verdicts,
)
from districts import coverage_reports
from notifications.channels.mailbox import MailboxTrouble
from queueing.alone import alone

logger = logging.getLogger(__name__)


@shared_task(name="complaints.check_attachments")  # type: ignore[untyped-decorator]
def check_attachments() -> None:
    """Rebuild or refuse the files that wait, in one process at a time: the others are there for mails and counts."""
    with alone("file-checks") as is_mine:
        if is_mine:
            file_checks.process_due_attachments(now=timezone.now())


@shared_task(name="complaints.make_papers")  # type: ignore[untyped-decorator]
def make_papers() -> None:
    """Typeset the cases that somebody asked for on paper, one at a time: it takes much memory."""
    with alone("case-papers") as is_mine:
        if is_mine:
            papers.make_due_papers(now=timezone.now())


@shared_task(name="complaints.record_breaches")  # type: ignore[untyped-decorator]
def record_breaches() -> None:
    """Record promises that were missed."""
    with alone("record-breaches") as is_mine:
        if is_mine:
            breaches.record_breaches(now=timezone.now())


@shared_task(name="complaints.climb_ladders")  # type: ignore[untyped-decorator]
def climb_ladders() -> None:
    """Tell who must know that a promise runs out, or has run out."""
    with alone("climb-ladders") as is_mine:
        if is_mine:
            escalation.climb_ladders(now=timezone.now())


@shared_task(name="complaints.settle_places")  # type: ignore[untyped-decorator]
def settle_places() -> None:
    """Count sensitive places where something changed, and show what the numbers allow."""
    with alone("settle-places") as is_mine:
        if is_mine:
            small_places.settle_places(now=timezone.now())


@shared_task(name="complaints.recount_places")  # type: ignore[untyped-decorator]
def recount_places() -> None:
    """Ask for all sensitive places to be counted again."""
    small_places.recount_everything(now=timezone.now())


@shared_task(name="complaints.simulate_routing")  # type: ignore[untyped-decorator]
def simulate_routing() -> None:
    """Answer what new boundaries would move."""
    with alone("simulate-routing") as is_mine:
        if is_mine:
            routing_jobs.run_due_simulations(now=timezone.now())


@shared_task(name="complaints.reroute")  # type: ignore[untyped-decorator]
def reroute() -> None:
    """Route open complaints again where it was asked for."""
    with alone("reroute") as is_mine:
        if is_mine:
            routing_jobs.run_due_reroutings(now=timezone.now())


@shared_task(name="complaints.look_for_holes")  # type: ignore[untyped-decorator]
def look_for_holes() -> None:
    """Look at the rules that say who answers where, if they changed."""
    with alone("look-for-holes") as is_mine:
        if is_mine:
            coverage_reports.refresh_reports(now=timezone.now())


@shared_task(name="complaints.find_hotspots")  # type: ignore[untyped-decorator]
def find_hotspots() -> None:
    """Find the places where the same trouble comes back."""
    with alone("hotspots") as is_mine:
        if is_mine:
            hotspot_search.find_hotspots(now=timezone.now())


@shared_task(name="complaints.record_silence")  # type: ignore[untyped-decorator]
def record_silence() -> None:
    """Record that nobody said anything of a closing in time."""
    verdicts.record_silence(now=timezone.now())


@shared_task(name="complaints.apply_retention")  # type: ignore[untyped-decorator]
def apply_retention() -> None:
    """Erase what was kept long enough."""
    with alone("retention") as is_mine:
        if is_mine:
            retention.apply_retention(now=timezone.now())
            routing_jobs.remove_old_simulations(now=timezone.now())


@shared_task(name="complaints.remove_orphans")  # type: ignore[untyped-decorator]
def remove_orphans() -> None:
    """Delete files that no row knows."""
    with alone("orphans") as is_mine:
        if is_mine:
            retention.remove_orphans(now=timezone.now())


@shared_task(name="complaints.forget_deeds")  # type: ignore[untyped-decorator]
def forget_deeds() -> None:
    """Delete what can no more be undone, and who was looking at what long ago."""
    with alone("forget-deeds") as is_mine:
        if is_mine:
            undo.forget_deeds(now=timezone.now())
            presence.forget(now=timezone.now())


@shared_task(name="complaints.remind_units")  # type: ignore[untyped-decorator]
def remind_units() -> None:
    """Write to units that let a hand-over wait."""
    with alone("remind-units") as is_mine:
        if is_mine:
            handovers.remind_units(now=timezone.now())


@shared_task(name="complaints.fetch_replies")  # type: ignore[untyped-decorator]
def fetch_replies() -> None:
    """Take the answers to mails out of the mailbox, where there is one."""
    with alone("fetch-replies") as is_mine:
        if is_mine:
            try:
                mail_replies.fetch_replies(now=timezone.now())
            except MailboxTrouble as trouble:
                logger.warning("the mailbox could not be read: %s", trouble)


@shared_task(name="complaints.learn_expectations")  # type: ignore[untyped-decorator]
def learn_expectations() -> None:
    """Learn how long complaints take."""
    with alone("learn-expectations") as is_mine:
        if is_mine:
            expectations.learn(now=timezone.now())


@shared_task(name="complaints.move_for_announced_days")  # type: ignore[untyped-decorator]
def move_for_announced_days() -> None:
    """Move promises where holidays were announced."""
    with alone("announced-days") as is_mine:
        if is_mine:
            announced_days.move_for_announced_days(now=timezone.now())
