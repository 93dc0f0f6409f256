"""A stranger's file on its way to an edition: what people ask for is written into its row, the worker does it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import transaction
from django.db.models import Q

from districts.importing.child import WALL_FACTOR, WORKER_SECONDS, Answer, FileRefused
from districts.importing.comparing import ensure_comparison
from districts.importing.imports import Choices, digest, examine_file, inspect_file, store_answer, system_code
from districts.importing.storing import Provenance
from districts.importing.target import Target, target_of
from districts.models import BoundaryDraft, DraftDefect, DraftFeature
from queueing.alone import alone
from queueing.models import QueueState, claims, fail, finish, put_back
from sandbox.storage import write_atomically

logger = logging.getLogger(__name__)

# By the pages; the command takes larger ones.
MOST_UPLOADED = 256 * 1024 * 1024
KEPT = timedelta(days=30)
LEASE = timedelta(seconds=WORKER_SECONDS * WALL_FACTOR + 120)
DISK_TROUBLE = timedelta(minutes=1)
# Who waits for another's file asks again after this; due rows that nobody takes would look like a stuck worker.
WAIT_FOR_TURN = timedelta(seconds=10)
FOLDER = "boundaries"

Stage = BoundaryDraft.Stage


class DraftError(Exception):
    """What cannot be done with a draft now; `code` is stable."""

    code = "draft_error"


class NotNow(DraftError):
    """The draft is at another stage: somebody else, or the worker, was quicker."""

    code = "not_now"


class StillOpen(DraftError):
    """Defects are left to decide."""

    code = "still_open"


@dataclass(frozen=True)
class Upload:
    """What somebody brought and says about it."""

    name: str
    data: bytes
    source: str
    license: str
    data_date: date | None = None


def begin_draft(target: Target, upload: Upload, *, uploaded_by: str, now: datetime) -> BoundaryDraft:
    """Keep an upload and have it read."""
    draft = BoundaryDraft(
        jurisdiction=target.city,
        layer=target.layer,
        uploaded_by=uploaded_by,
        uploaded_at=now,
        file_name=upload.name[:200],
        file_hash=digest(upload.data),
        size=len(upload.data),
        source=upload.source[:300],
        license=upload.license[:60],
        data_date=upload.data_date,
        next_attempt_at=now,
    )
    draft.path = f"{FOLDER}/{draft.public_id.hex}"
    # The file first: a file without a row is swept up, a row without its file would be a lie.
    write_atomically(Path(settings.MEDIA_ROOT) / draft.path, upload.data)
    draft.save()
    return draft


def choose(draft: BoundaryDraft, choices: Choices, *, now: datetime) -> None:
    """Have the file checked with these choices; what was found and decided before is forgotten. Raises NotNow, FileRefused."""
    system = system_code(choices.crs)
    changed = BoundaryDraft.objects.filter(pk=draft.pk, stage__in=[Stage.CHOOSING, Stage.DECIDING, Stage.REFUSED])
    if not _resume(
        changed, Stage.CHECKING, now, source_layer=choices.source_layer, encoding=choices.encoding, crs=system,
        fields=dict(choices.fields), refused_code="", refused_params={},
    ):  # fmt: skip
        raise NotNow


def decide(
    draft: BoundaryDraft, resolution: str, *, keys: Iterable[str] = (), code: str = "", everything: bool = False
) -> int:
    """Accept the proposals of some defects, leave them as drawn, or open them again; how many rows changed.

    By key, by code, or all of them. Where nothing is proposed nothing is accepted, what may not be kept is not kept.
    Raises NotNow.
    """
    with transaction.atomic():
        if not BoundaryDraft.objects.select_for_update().filter(pk=draft.pk, stage=Stage.DECIDING).exists():
            raise NotNow
        rows = DraftDefect.objects.filter(draft=draft, blocks=True)
        if not everything:
            rows = rows.filter(code=code) if code else rows.filter(key__in=list(keys))
        if resolution == DraftDefect.Resolution.REPAIR:
            rows = rows.exclude(repair="")
        elif resolution == DraftDefect.Resolution.KEEP:
            rows = rows.filter(keepable=True)
        return rows.update(resolution=resolution)


def store(draft: BoundaryDraft, *, now: datetime) -> None:
    """Have an edition made under the decisions. Raises StillOpen, NotNow."""
    with transaction.atomic():
        held = BoundaryDraft.objects.select_for_update().filter(pk=draft.pk, stage=Stage.DECIDING)
        if not held.exists():
            raise NotNow
        if open_defects(draft):
            raise StillOpen
        _resume(held, Stage.STORING, now)


def open_defects(draft: BoundaryDraft) -> int:
    """How many defects keep the file out."""
    return DraftDefect.objects.filter(draft=draft, blocks=True, resolution=DraftDefect.Resolution.OPEN).count()


def discard(draft: BoundaryDraft) -> None:
    """Forget a draft and its file; an edition made of it stays."""
    path = draft.path
    draft.delete()
    _path(path).unlink(missing_ok=True)


def _resume(rows: Any, stage: str, now: datetime, **changes: Any) -> bool:
    """Put a draft back into the queue at another stage."""
    changed: int = rows.update(
        stage=stage, queue_state=QueueState.DUE, attempts=0, next_attempt_at=now, leased_until=None, last_error="",
        step=0, steps=0, **changes,
    )  # fmt: skip
    return changed == 1


def work_on_drafts(*, now: datetime, limit: int = 3) -> int:
    """Read, check and store what waits, one file at a time on the whole site: each may take gigabytes. How many were done."""
    done = 0
    with alone("boundary-drafts") as is_mine:
        if not is_mine:
            waiting = BoundaryDraft.objects.filter(
                queue_state=QueueState.DUE, leased_until=None, next_attempt_at__lte=now
            )
            waiting.update(next_attempt_at=now + WAIT_FOR_TURN)
            return 0
        for draft in claims(BoundaryDraft, now=now, limit=limit, lease=LEASE):
            _work(draft, now)
            done += 1
    _give_up_on_poison()
    return done


def is_being_worked_on(draft: BoundaryDraft, *, now: datetime) -> bool:
    """Whether a worker holds it; else it waits for one."""
    return draft.leased_until is not None and draft.leased_until > now


def files_before(draft: BoundaryDraft) -> int:
    """How many files of all cities are worked at, or wait since longer, before this one has its turn."""
    waiting = BoundaryDraft.objects.filter(queue_state=QueueState.DUE).exclude(pk=draft.pk)
    earlier = Q(next_attempt_at__lt=draft.next_attempt_at) | Q(next_attempt_at=draft.next_attempt_at, pk__lt=draft.pk)
    return waiting.filter(Q(leased_until__isnull=False) | earlier).count()


def _work(draft: BoundaryDraft, now: datetime) -> None:
    try:
        data = _path(draft.path).read_bytes()
        _WORK[Stage(draft.stage)](draft, data, now)
    except FileNotFoundError:
        _refuse(draft, FileRefused("file_lost"))
    except FileRefused as refused:
        _refuse(draft, refused)
    except OSError as trouble:
        put_back(draft, f"{type(trouble).__name__}: {trouble}", until=now + DISK_TROUBLE)
    except Exception as trouble:
        # The child was killed, or a fault of ours: later again, a few times.
        logger.exception("draft %s", draft.pk)
        fail(draft, f"{type(trouble).__name__}: {trouble}", now=now)


def _read(draft: BoundaryDraft, data: bytes, now: datetime) -> None:
    offer = inspect_file(_target(draft), draft.file_name, data)
    if all("refused" in layer for layer in offer["layers"]):
        # Nothing is left to choose from.
        first = offer["layers"][0]
        raise FileRefused(first["refused"], first["params"])
    finish(draft, stage=Stage.CHOOSING, offer=offer)


def _check(draft: BoundaryDraft, data: bytes, now: datetime) -> None:
    answer = examine_file(_target(draft), draft.file_name, data, _choices(draft), display=True, on_step=_step_of(draft))
    _keep_findings(draft, answer, {})


def _store(draft: BoundaryDraft, data: bytes, now: datetime) -> None:
    """Examine the file under the decisions and store it; where that shows something new, it is to be decided first."""
    decided = dict(DraftDefect.objects.filter(draft=draft).exclude(resolution="").values_list("key", "resolution"))
    choices = _choices(
        draft,
        accept=[key for key, resolution in decided.items() if resolution == DraftDefect.Resolution.REPAIR],
        keep=[key for key, resolution in decided.items() if resolution == DraftDefect.Resolution.KEEP],
    )
    target = _target(draft)
    answer = examine_file(target, draft.file_name, data, choices, display=True, on_step=_step_of(draft))
    if not answer.header["ready"]:
        _keep_findings(draft, answer, decided)
        return
    about = Provenance(
        draft.source, draft.license, draft.file_hash, draft.file_name, draft.data_date, draft.uploaded_by
    )
    with transaction.atomic():
        before = target.active
        edition = store_answer(target, answer, about, now=now)
        if not finish(draft, stage=Stage.STORED, edition=edition):
            # The claim was lost meanwhile: whoever has it now makes the edition.
            transaction.set_rollback(True)
            return
        if before is not None:
            ensure_comparison(edition, before, now=now)


_WORK = {Stage.READING: _read, Stage.CHECKING: _check, Stage.STORING: _store}


def _target(draft: BoundaryDraft) -> Target:
    return target_of(draft.jurisdiction, draft.layer)


def _choices(draft: BoundaryDraft, accept: Sequence[str] = (), keep: Sequence[str] = ()) -> Choices:
    return Choices(draft.source_layer, draft.encoding, draft.crs, draft.fields, frozenset(accept), frozenset(keep))


def _step_of(draft: BoundaryDraft) -> Any:
    def step(number: int, steps: int) -> None:
        BoundaryDraft.objects.filter(pk=draft.pk, attempts=draft.attempts).update(step=number, steps=steps)

    return step


@transaction.atomic
def _keep_findings(draft: BoundaryDraft, answer: Answer, decided: dict[str, str]) -> None:
    """Replace what an earlier check found. Decisions about defects that are found again stay."""
    header = answer.header
    if not finish(draft, stage=Stage.DECIDING, read_count=header["read"], fields=header["fields"]):
        return
    draft.features.all().delete()
    draft.defects.all().delete()
    DraftFeature.objects.bulk_create(
        (
            DraftFeature(
                draft=draft, number=facts["number"], code=facts["code"], name=facts["name"], level=facts["level"],
                population=facts["population"], area_m2=facts["area_m2"], drawing=_geometry(drawing),
            )
            for facts, drawing in zip(header["features"], header["drawings"], strict=True)
        ),
        batch_size=500,
    )  # fmt: skip
    DraftDefect.objects.bulk_create(
        (
            DraftDefect(
                draft=draft, key=found["key"], code=found["code"], blocks=found["severity"] == "fault",
                features=found["features"], params={**found["params"], "codes": _codes(found, header["codes"])},
                place=_point(found["place"]),
                shape=_geometry(found["shape"]), repair=found["repair"], repair_params=found["repair_params"],
                moved_m2=found["moved_m2"], keepable=found["keepable"], resolution=decided.get(found["key"], ""),
            )
            for found in header["defects"]
        ),
        batch_size=500,
    )  # fmt: skip


def _codes(found: dict[str, Any], codes: Sequence[str]) -> dict[str, str]:
    """The codes of the first features that a defect names, by number."""
    return {str(number): codes[number - 1] for number in found["features"][:6]}


def _point(place: Sequence[float] | None) -> Point | None:
    return Point(place[0], place[1], srid=4326) if place else None


def _geometry(wkb: str | None) -> GEOSGeometry | None:
    return GEOSGeometry(wkb, srid=4326) if wkb else None


def _refuse(draft: BoundaryDraft, refused: FileRefused) -> None:
    finish(draft, stage=Stage.REFUSED, refused_code=refused.code[:40], refused_params=refused.params)


def _give_up_on_poison() -> None:
    """Files whose every attempt ended with the death of its worker, or a fault of ours, are refused, and say so."""
    poisoned = BoundaryDraft.objects.filter(queue_state=QueueState.FAILED).exclude(stage=Stage.REFUSED)
    poisoned.update(stage=Stage.REFUSED, refused_code="could_not_check", refused_params={})


def _path(relative: str) -> Path:
    return Path(settings.MEDIA_ROOT) / relative


def remove_old_drafts(*, now: datetime) -> int:
    """Forget drafts after thirty days, and files that no row knows after a day; how many drafts."""
    old = BoundaryDraft.objects.filter(uploaded_at__lt=now - KEPT)
    removed = 0
    for draft in old:
        discard(draft)
        removed += 1
    known = set(BoundaryDraft.objects.values_list("path", flat=True))
    for file in (Path(settings.MEDIA_ROOT) / FOLDER).glob("*"):
        orphan = f"{FOLDER}/{file.name}" not in known
        if orphan and file.stat().st_mtime < (now - timedelta(days=1)).timestamp():
            file.unlink(missing_ok=True)
    return removed
