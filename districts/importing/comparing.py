"""What one edition changes against another: asked for by a page, reckoned by the worker in the child, kept as rows."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, transaction

from districts.importing.child import WALL_FACTOR, WORKER_SECONDS, FileRefused, ask
from districts.models import DISTRICTS_LAYER, BoundaryEdition, EditionChange, EditionComparison
from queueing.alone import alone
from queueing.models import QueueState, claims, fail, finish

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=WORKER_SECONDS * WALL_FACTOR + 60)


def ensure_comparison(edition: BoundaryEdition, against: BoundaryEdition, *, now: datetime) -> EditionComparison:
    """The comparison of two editions of a layer; put into the queue if nobody asked for it yet."""
    row, _made = EditionComparison.objects.get_or_create(
        edition=edition, against=against, defaults={"next_attempt_at": now}
    )
    return row


def work_on_comparisons(*, now: datetime, limit: int = 5) -> int:
    """Reckon what was asked for; how many comparisons were done."""
    done = 0
    with alone("boundary-comparisons") as is_mine:
        if not is_mine:
            return 0
        for row in claims(EditionComparison, now=now, limit=limit, lease=LEASE):
            try:
                done += _compare(row)
            except FileRefused as refused:
                fail(row, refused.code, now=now, permanent=True)
            except Exception as trouble:
                # The child was killed, or a fault of ours: later again, a few times.
                logger.exception("comparison %s", row.pk)
                fail(row, f"{type(trouble).__name__}: {trouble}", now=now)
    return done


def _compare(row: EditionComparison) -> bool:
    old, new = _shapes(row.against), _shapes(row.edition)
    answer = ask("compare", {"old": list(old), "new": list(new)}, [*old.values(), *new.values()])
    changes: Sequence[dict[str, Any]] = answer.header["changes"]
    with transaction.atomic():
        if not finish(row, state=QueueState.DONE):
            return False
        row.changes.all().delete()
        EditionChange.objects.bulk_create(
            (
                EditionChange(
                    comparison=row, code=change["code"], kind=change["kind"], before_m2=change["before_m2"],
                    after_m2=change["after_m2"], moved_m2=change["moved_m2"], moved=_moved(shape),
                )
                for change, shape in zip(changes, answer.blobs, strict=True)
            ),
            batch_size=500,
        )  # fmt: skip
    return True


def _shapes(edition: BoundaryEdition) -> dict[str, bytes]:
    table = "districts_district" if edition.layer == DISTRICTS_LAYER else "districts_servicearea"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT code, ST_AsBinary(geometry) FROM {table} WHERE edition_id = %s", [edition.pk])  # noqa: S608
        return {code: bytes(shape) for code, shape in cursor.fetchall()}


def _moved(wkb: memoryview) -> Any:
    shape = GEOSGeometry(memoryview(bytes(wkb)), srid=4326)
    return None if shape.empty else shape
