"""Looking for hot spots: asked for as rows, worked off by a task, the statistics done in a child process (getis.py)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q

from analytics.hotspots.grid import Grid, counted_by_service, counts_by_month, grid_of
from analytics.hotspots.naming import kind_of
from analytics.models import HotSpotSearch, HotSquare, TallyVersion
from analytics.periods import months_until
from analytics.tally.versions import version_of
from catalogue.models import Jurisdiction, Service
from queueing.models import QueueState, claim, fail, finish
from sandbox.child import MEBIBYTE, KillReason, SandboxFailed, SandboxKilled, run_limited

MONTHS = 12
# Fewer complaints than this on a map show chance and little else: it is not looked at.
FEWEST = 30
PERMUTATIONS = 9999
# Of counts that have changed meanwhile.
LOOKED_AT_AGAIN_AFTER = timedelta(hours=6)
# Sooner where so many came or went that what was found is no more about the same city: history was loaded.
MANY_MORE, MANY_AFTER = 0.1, timedelta(minutes=3)
FUNCTION = "analytics.hotspots.getis:find"
_LEASE = timedelta(minutes=15)
# What one child does in a minute; the others wait their turn.
_AT_ONCE = 9
_TURN = timedelta(seconds=30)


def last_full_month(city: Jurisdiction, until: datetime) -> date:
    """The first day of the latest month that is over at `until`, in the city's zone."""
    day = until.astimezone(ZoneInfo(city.time_zone)).date()
    return months_until(day, 2)[0]


def ask_for_search(city: Jurisdiction, service: Service | None, last_month: date, *, now: datetime) -> HotSpotSearch:
    """Put a search in the queue, or find the one that waits."""
    search, new = HotSpotSearch.objects.get_or_create(
        jurisdiction=city,
        service=service,
        last_month=last_month,
        defaults={"requested_at": now, "next_attempt_at": now},
    )
    if not new and search.queue_state != QueueState.DUE:
        HotSpotSearch.objects.filter(pk=search.pk).exclude(queue_state=QueueState.DUE).update(
            queue_state=QueueState.DUE, attempts=0, step=0, leased_until=None, requested_at=now, next_attempt_at=now
        )
    return search


def ask_for_the_latest(*, now: datetime) -> int:
    """Ask for the last full month of every city, all services and each, where it is missing or the counts have changed.

    A city whose counts are still being made waits. Returns how many searches were asked for.
    """
    asked = 0
    for city in Jurisdiction.objects.filter(pk__in=TallyVersion.objects.values("jurisdiction")).order_by("pk"):
        version, month = version_of(city.pk, now=now), last_full_month(city, now)
        counted = counted_by_service(city, months_until(month, MONTHS)[:-1])
        known = {
            search.service_id: search
            for search in HotSpotSearch.objects.filter(jurisdiction=city, last_month=month).only(
                "service_id", "found_at", "version", "counted", "queue_state"
            )
        }
        for service in (None, *Service.objects.filter(jurisdiction=city).order_by("order", "code")):
            key = service.pk if service else None
            search, counts = known.get(key), counted.get(key, 0)
            if search is None:
                is_due = version.settled
            else:
                is_due = _is_old(search, version.number, now) or (version.settled and _is_outgrown(search, counts, now))
            if is_due:
                ask_for_search(city, service, month, now=now)
                asked += 1
    return asked


def _is_old(search: HotSpotSearch, version: int, now: datetime) -> bool:
    return (
        search.queue_state == QueueState.DONE
        and search.found_at is not None
        and search.version != version
        and search.found_at < now - LOOKED_AT_AGAIN_AFTER
    )


def _is_outgrown(search: HotSpotSearch, counted: int, now: datetime) -> bool:
    return (
        search.queue_state == QueueState.DONE
        and search.found_at is not None
        and search.found_at < now - MANY_AFTER
        and abs(counted - search.counted) > max(FEWEST, MANY_MORE * search.counted)
    )


def work_off_searches(*, now: datetime) -> int:
    """Search for some of what is due, a city and month at a time; returns how many searches ended."""
    due = claim(HotSpotSearch, now=now, limit=_AT_ONCE, lease=_LEASE)
    let_wait(now=now)
    groups: dict[tuple[int, date], list[HotSpotSearch]] = {}
    for search in due:
        groups.setdefault((search.jurisdiction_id, search.last_month), []).append(search)
    for searches in groups.values():
        try:
            _search(searches, now=now)
        except SandboxKilled as killed:
            busy = killed.reason in (KillReason.WALL, KillReason.KILLED)
            for search in searches:
                fail(search, str(killed), now=now, permanent=not busy)
        except SandboxFailed as failure:
            for search in searches:
                fail(search, str(failure), now=now, permanent=True)
    return len(due)


def let_wait(*, now: datetime) -> None:
    """Move what is due and in nobody's hands by half a minute: it waits for others of its kind, and is not stuck."""
    HotSpotSearch.objects.filter(
        Q(leased_until=None) | Q(leased_until__lte=now), queue_state=QueueState.DUE, next_attempt_at__lte=now
    ).update(next_attempt_at=now + _TURN)


@dataclass
class _Task:
    """The maps of one search: first all months together, then each month that can be judged."""

    search: HotSpotSearch
    months: list[int]
    maps: list[list[int]]


def _search(searches: Sequence[HotSpotSearch], *, now: datetime) -> None:
    city, last_month = searches[0].jurisdiction, searches[0].last_month
    version = version_of(city.pk, now=now).number
    grid = grid_of(city)
    months = months_until(last_month, MONTHS)[:-1]
    every = counted_by_service(city, months)
    for search in searches:
        search.counted = every.get(search.service_id, 0)
    counted = counts_by_month(city, grid, months)
    tasks = [_task(search, grid, counted.get(search.service_id, {})) for search in searches]
    maps = [counts for task in tasks for counts in task.maps]
    _tell(searches, steps=len(maps))
    hot = hot_on(grid, maps, on_progress=lambda done: _tell(searches, step=done)) if maps else []
    for task in tasks:
        own, hot = hot[: len(task.maps)], hot[len(task.maps) :]
        _store(task, grid, own, version=version, now=now)


def _task(search: HotSpotSearch, grid: Grid, counted: dict[int, dict[tuple[int, int], int]]) -> _Task:
    by_month = {month: [counts.get(place, 0) for place in grid.places] for month, counts in sorted(counted.items())}
    judged = {month: counts for month, counts in by_month.items() if sum(counts) >= FEWEST}
    together = [sum(column) for column in zip(*by_month.values(), strict=True)]
    maps = [together, *judged.values()] if sum(together) >= FEWEST else []
    search.n = sum(together)
    return _Task(search, list(judged) if maps else [], maps)


def hot_on(
    grid: Grid,
    maps: list[list[int]],
    *,
    permutations: int = PERMUTATIONS,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[dict[int, tuple[float, float]]]:
    """Of each map of counts (one a square of the grid) the hot squares by index: their z and p. Raises SandboxError."""
    asked = {"places": grid.places, "residents": grid.residents, "permutations": permutations, "maps": maps}
    answer = run_limited(
        FUNCTION,
        json.dumps(asked).encode(),
        memory_bytes=3072 * MEBIBYTE,
        cpu_seconds=600,
        wall_seconds=800.0,
        may_read=True,  # what it is made of loads parts of itself when they are first used
        on_progress=lambda lines: on_progress(_last_number(lines)),
    )
    return [{at: (z, p) for at, z, p in found} for found in json.loads(answer)]


def _last_number(lines: str) -> int:
    """Of the child's error output, of which only the end is known; 0 if there is none yet."""
    return next((int(line) for line in reversed(lines.splitlines()) if line.strip().isdigit()), 0)


def _tell(searches: Sequence[HotSpotSearch], **progress: int) -> None:
    HotSpotSearch.objects.filter(pk__in=[search.pk for search in searches]).update(**progress)


@transaction.atomic
def _store(task: _Task, grid: Grid, hot: list[dict[int, tuple[float, float]]], *, version: int, now: datetime) -> None:
    """Replace the spots of a search, if the claim still holds."""
    held = finish(
        task.search,
        step=F("steps"),
        found_at=now,
        version=version,
        zoom=grid.zoom,
        side_m=grid.side_m,
        squares=len(grid.places),
        n=task.search.n,
        counted=task.search.counted,
        by_residents=grid.residents is not None,
        months=task.months,
    )
    if not held:
        return
    HotSquare.objects.filter(search=task.search).delete()
    if hot:
        HotSquare.objects.bulk_create(_squares(task, grid, hot))


def _squares(task: _Task, grid: Grid, hot: list[dict[int, tuple[float, float]]]) -> list[HotSquare]:
    together, by_month = hot[0], hot[1:]
    weights = grid.residents or [1.0] * len(grid.places)
    rate = sum(task.maps[0]) / sum(weights)
    squares = []
    for at in sorted(set().union(*hot)):
        was_hot = [at in found for found in by_month]
        kind = kind_of(was_hot, overall=at in together)
        if kind is None:
            continue
        z, p = together.get(at, (None, None))
        x, y = grid.places[at]
        squares.append(
            HotSquare(
                search=task.search,
                x=x,
                y=y,
                kind=kind,
                n=task.maps[0][at],
                expected=round(rate * weights[at], 2),
                z=z,
                p=p,
                hot_months=[month for month, hot_then in zip(task.months, was_hot, strict=True) if hot_then],
            )
        )
    return squares
