"""Each day's head of the ledger leaves the database: by mail to the treasury, and as a line in an export."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, OuterRef

from catalogue.models import Jurisdiction
from contracts.chain import Head, genesis
from contracts.models import Contract, DayHead, LedgerEntry, Treasury
from contracts.months import local_day
from contracts.notices import head_mail
from contracts.services.ledger import writing_to
from sandbox.storage import write_atomically


def take_heads(*, now: datetime) -> int:
    """The head of yesterday for every city that has entries and none of it yet; how many. Each once, however often it runs.

    A day that was missed has no head of its own: the next one covers it. A ledger without entries has nothing to vouch for.
    """
    taken = 0
    begun = Exists(LedgerEntry.objects.filter(jurisdiction=OuterRef("pk")))
    for city in Jurisdiction.objects.filter(begun).order_by("code"):
        day = local_day(now, city.time_zone) - timedelta(days=1)
        if not DayHead.objects.filter(jurisdiction=city, day__gte=day).exists():
            taken += _take(city, now)
    return taken


def _take(city: Jurisdiction, now: datetime) -> bool:
    """Under the ledger's lock: whoever writes next knows the head, and writes under a later day."""
    day = local_day(now, city.time_zone) - timedelta(days=1)
    with writing_to(city, now=now):
        if DayHead.objects.filter(jurisdiction=city, day__gte=day).exists():
            return False
        last = LedgerEntry.objects.filter(jurisdiction=city, day__lte=day).order_by("-seq").first()
        row = DayHead.objects.create(
            jurisdiction=city,
            day=day,
            count=last.seq if last else 0,
            hash=last.hash if last else genesis(city.code),
            made_at=now,
        )
        treasury = Treasury.objects.filter(jurisdiction=city).exclude(email="").first()
        if treasury is not None:
            head_mail(city, head_of(row), recipient=treasury.email, now=now).save(force_insert=True)
    return True


def head_of(row: DayHead) -> Head:
    return Head(row.jurisdiction.code, row.day, row.count, row.hash)


def heads(city: Jurisdiction) -> Iterator[Head]:
    """Every head of a city, oldest first."""
    for row in DayHead.objects.filter(jurisdiction=city).select_related("jurisdiction").order_by("day"):
        yield head_of(row)


def export_heads(folder: Path | None = None) -> dict[str, int]:
    """Write each city's heads to `ledger-heads/<city>.txt` under VAR_DIR/exports; how many lines each has.

    A copy elsewhere (the mail, another machine's backup) is what makes them worth something.
    """
    target = folder or Path(settings.VAR_DIR) / "exports" / "ledger-heads"
    written = {}
    for code in Contract.objects.order_by().values_list("jurisdiction__code", flat=True).distinct():
        lines = [head.line() for head in heads(Jurisdiction.objects.get(code=code))]
        write_atomically(target / f"{code}.txt", "".join(f"{line}\n" for line in lines).encode())
        written[code] = len(lines)
    return written
