"""How often one address may use one thing. Counted in SQL, so every web process counts together; a restart forgets nothing.

An address is an IPv4 address or an IPv6 /64 (one household or phone owns a whole /64). The limits are wide: many phones
of one café, school or mobile network share an address.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import QuotaWindow
from districts.prepared import execute_prepared

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Limit:
    """So many uses in a window of so many seconds."""

    uses: int
    seconds: int


class Quota(Enum):
    """What is counted, by name, and how much of it one address may have."""

    COMPLAINT = "complaint", (Limit(100, 10 * MINUTE), Limit(600, DAY))
    # Messages, confirmations, withdrawals, extra files: what a reporter does with her secret link.
    REPORTER_ACTION = "reporter_action", (Limit(60, 10 * MINUTE), Limit(400, DAY))
    # Looking up numbers: 27 thousand million are possible, so guessing one of a million takes years at this pace.
    LOOKUP = "lookup", (Limit(300, 10 * MINUTE), Limit(3000, DAY))
    SECRET_PAGE = "secret_page", (Limit(300, 10 * MINUTE), Limit(3000, DAY))
    # Asking to be told, and "me too".
    FOLLOW = "follow", (Limit(30, 10 * MINUTE), Limit(200, DAY))
    ROUTE = "route", (Limit(900, 10 * MINUTE),)
    # Tiles, and what counts as several: a hand that drags a map all the time asks for ten a second, and a mobile network may
    # show many hands as one address. By ten seconds: a minute's worth at once would keep the desk waiting, and who is refused
    # (her map asks again by itself) would wait up to a minute.
    MAP = "map", (Limit(500, 10),)
    EXPORT = "export", (Limit(100, 10 * MINUTE),)

    def __init__(self, label: str, limits: tuple[Limit, ...]) -> None:
        self.label = label
        self.limits = limits


class QuotaExceeded(Exception):
    """This address used up its share. `retry_after` is in whole seconds, at least 1."""

    code = "rate_limited"
    message = _("There were too many requests from your connection. Please try again later.")

    def __init__(self, retry_after: int, beyond: float = 0) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after
        # How many of the uses that were asked for lie beyond the limit.
        self.beyond = beyond

    @property
    def when(self) -> str:
        """How long it is to wait, in the current language; rounded up, in hours where minutes would be a riddle."""
        minutes = math.ceil(self.retry_after / MINUTE)
        if minutes <= 90:
            return ngettext("You can go on in %(n)d minute.", "You can go on in %(n)d minutes.", minutes) % {
                "n": minutes
            }
        hours = math.ceil(self.retry_after / HOUR)
        return ngettext("You can go on in %(n)d hour.", "You can go on in %(n)d hours.", hours) % {"n": hours}


# Address and quota → the window, and how many uses are left of the block taken from it (spend_from_block).
_blocks: dict[str, tuple[datetime, int]] = {}
_MOST_BLOCKS, _BLOCK = 10_000, 20
# Those whose window is used up, until when: a robot that goes on costs no statement.
_used_up: dict[tuple[str, Limit, float], datetime] = {}


def spend(request: HttpRequest, quota: Quota, *, now: datetime) -> None:
    """Count one use by the request's address. One statement, committed at once if no transaction is open.

    Raises QuotaExceeded; a refused use counts too. With RATE_LIMIT_SCALE=0 nothing is counted.
    """
    scale = settings.RATE_LIMIT_SCALE
    if scale:
        spend_by_key(f"{quota.label}:{address_key(client_address(request))}", quota.limits, now=now, scale=scale)


def spend_from_block(request: HttpRequest, quota: Quota, *, now: datetime, uses: int = 1) -> None:
    """As `spend`, for quick questions: a process takes uses by the block, and counts the rest of a block itself.

    What a process has taken and not used is lost to the others: a limit may be reached that much early. A question that
    counts as several `uses` is answered while any are left; what it overdraws comes off the next block.
    """
    scale = settings.RATE_LIMIT_SCALE
    if not scale:
        return
    (limit,) = quota.limits
    start = _window_start(now, limit.seconds)
    key = f"{quota.label}:{address_key(client_address(request))}"
    until = _used_up.get((key, limit, scale))
    if until is not None and start < until <= start + timedelta(seconds=limit.seconds):
        raise QuotaExceeded(max(1, math.ceil((until - now).total_seconds())))
    block = _blocks.get(key)
    if block is None or block[0] != start or block[1] <= 0:
        if len(_blocks) >= _MOST_BLOCKS:
            _blocks.clear()
        overdrawn = block[1] if block is not None and block[0] == start else 0
        size = max(uses, min(_BLOCK, int(limit.uses * scale) // 20))
        try:
            block = _blocks[key] = (start, overdrawn + _take(key, limit, size, now=now, scale=scale))
        except QuotaExceeded:
            if len(_used_up) >= _MOST_BLOCKS:
                _used_up.clear()
            _used_up[key, limit, scale] = start + timedelta(seconds=limit.seconds)
            raise
    _blocks[key] = (start, block[1] - uses)


def _take(key: str, limit: Limit, size: int, *, now: datetime, scale: float) -> int:
    """Take up to `size` uses; how many there were. Raises QuotaExceeded if there was none."""
    try:
        spend_by_key(key, (limit,), now=now, scale=scale, uses=size)
    except QuotaExceeded as exceeded:
        left = int(size - exceeded.beyond)
        if left <= 0:
            raise
        return left
    return size


def spend_by_key(key: str, limits: tuple[Limit, ...], *, now: datetime, scale: float = 1.0, uses: int = 1) -> None:
    """Count so many uses of `key` in each limit's present window, in one upsert. Raises QuotaExceeded."""
    windows = [(f"{key}:{limit.seconds}", _window_start(now, limit.seconds), limit) for limit in limits]
    counting = _counting(len(windows), unhurried=not connection.in_atomic_block)
    with connection.cursor() as cursor:
        execute_prepared(cursor, counting, [uses, *(part for key_, start, _limit in windows for part in (key_, start))])
        used = {row[0]: row[1] for row in cursor.fetchall()}
    passed = [
        (start + timedelta(seconds=limit.seconds), used[window_key] - max(1, limit.uses * scale))
        for window_key, start, limit in windows
        if used[window_key] > max(1, limit.uses * scale)
    ]
    if passed:
        until, beyond = max(end for end, _ in passed), max(more for _, more in passed)
        raise QuotaExceeded(max(1, math.ceil((until - now).total_seconds())), beyond)


@lru_cache(maxsize=8)
def _counting(windows: int, *, unhurried: bool) -> str:
    """The upsert of so many windows: $1 uses, then a key and a start for each.

    `unhurried`: it commits without waiting for the disk, a wait that all who share the address would share too. A database
    that crashes forgets a second of counting. Only for a statement that is a transaction of its own.
    """
    rows = ", ".join(f"(${2 * place + 2}, ${2 * place + 3}::timestamptz, $1::int)" for place in range(windows))
    return (
        f"INSERT INTO accounts_quotawindow (key, window_start, used) VALUES {rows}"  # noqa: S608 (placeholders only)
        " ON CONFLICT (key, window_start) DO UPDATE SET used = accounts_quotawindow.used + $1::int RETURNING key, used"
        + (", set_config('synchronous_commit', 'off', true)" if unhurried else "")
    )


def forget_windows(*, now: datetime) -> int:
    """Delete the windows that can no longer count (the nightly sweep); how many there were."""
    return QuotaWindow.objects.filter(window_start__lt=now - timedelta(seconds=DAY)).delete()[0]


def client_address(request: HttpRequest) -> str:
    """The address that reached the outermost of exactly TRUSTED_PROXIES proxies; without proxies the peer's own.

    Each proxy appends its peer to X-Forwarded-For. So the client stands that many places from the right, and everything
    to the left of it is what the client itself wrote: never believed.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.TRUSTED_PROXIES
    if proxies == 0:
        return peer
    hops = [hop.strip() for hop in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    return hops[-proxies] if len(hops) >= proxies and _parse(hops[-proxies]) else peer


@lru_cache(maxsize=10_000)
def address_key(address: str) -> str:
    """What is counted for an address, as a keyed hash: the table holds no address of anybody."""
    parsed = _parse(address)
    counted = str(parsed or "unknown")
    if isinstance(parsed, ipaddress.IPv6Address):
        counted = str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return salted_hmac("accounts.quotas", counted, algorithm="sha256").hexdigest()[:32]


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address without its port, brackets or zone; IPv4 inside IPv6 as IPv4. None if it is none."""
    text = address.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed


def _window_start(now: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
