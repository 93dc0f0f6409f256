"""The ledger under a crowd (`./run bench ledger`): 20,000 decisions, each delivered three times, by sixteen at once.

Whatever arrives twice, late or out of order, each decision must be entered once, the sum must be that of the decisions within
the month's cap, the chain whole, and everything come out the same when it is computed again: that is what is judged. The pace
is told beside the limit (rows added one by one to a bare table under the same lock, by as many at once, in the same run), not
judged: nothing waits for it. Some are delivered alone before the crowd and as many after it: `end_to_beginning` is the pace
at the end of the month by that at its beginning.
"""

import argparse
import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime

import django
import psycopg2

AT_ONCE, TIMES = 16, 3
BARE_ROWS = 2000
# Delivered alone at each end of the month.
ALONE = 200
MONTH = date(2026, 10, 1)
_BARE_LOCK = 0x9E99


def main() -> int:
    """Print one JSON object; exit status 0 if everything holds, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=20_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geoportal.settings")
    django.setup()
    report = _measure(options.decisions)
    print(json.dumps(report))
    return 0 if report["ok"] else 1


def _measure(decisions: int) -> dict[str, object]:
    from django.contrib.gis.geos import Point
    from django.db.models import Q, Sum

    from accounts.models import Membership, Role, User
    from bench.mass_findings import make_decided_findings
    from contracts.models import Contract, LedgerEntry
    from contracts.recomputation import recompute
    from contracts.services.figures import enter_turnover
    from contracts.services.ledger import charge_decision
    from contracts.verification import verify

    contract = (
        Contract.objects.select_related("jurisdiction", "unit").filter(versions__cap_percent=10).order_by("code")[0]
    )
    city, now = contract.jurisdiction, datetime(2026, 11, 2, 9, tzinfo=UTC)
    people = [User.objects.create(username=f"bench-{name}") for name in ("manager", "signer")]
    for person in people:
        Membership.objects.create(user=person, role=Role.CONTRACT_MANAGER, jurisdiction=city)
    west, south, east, north = city.bounds
    place = Point((west + east) / 2, (south + north) / 2, srid=4326)
    _say(f"making {decisions:,} decided findings")
    made = make_decided_findings(contract, *people, count=decisions, month=MONTH, place=place)
    # Ten per cent of it are nine tenths of what would be charged: the cap is at work.
    cap = made.total_centimes * 9 // 10
    enter_turnover(contract.pk, MONTH, cap * 10, acting_user=people[0], now=now)
    draw = random.Random(7)
    draw.shuffle(made.decisions)
    alone = min(ALONE, len(made.decisions) // 10)
    deliveries = made.decisions[alone:-alone] * TIMES
    draw.shuffle(deliveries)

    def deliver(decision: int) -> int:
        return len(charge_decision(decision, now=now))

    beginning = _pace_alone(deliver, made.decisions[:alone])
    entries = LedgerEntry.objects.filter(contract=contract)
    before = entries.count()
    _say(f"{len(deliveries):,} deliveries by {AT_ONCE} at once")
    seconds, faults = _crowd(deliver, deliveries)
    pace = (entries.count() - before) / seconds
    end = _pace_alone(deliver, made.decisions[-alone:])
    bare = BARE_ROWS / _bare()
    sums = entries.aggregate(
        net=Sum("amount_centimes"), charged=Sum("amount_centimes", filter=~Q(kind="cap_adjustment"))
    )
    _say("computing everything again")
    again = recompute(city)
    entered = entries.filter(decision__isnull=False).count()
    holds = {
        "each_once": entered == len(made.decisions),
        "sum_is_that_of_the_decisions": sums["charged"] == made.total_centimes,
        "within_the_cap": sums["net"] == cap,
        "chain_is_whole": verify(city).broken is None,
        "computed_again_the_same": not again.differences,
        "no_fault": not faults,
    }
    return {
        "bench": "ledger", "ok": all(holds.values()), "decisions": len(made.decisions),
        "deliveries": len(deliveries), "at_once": AT_ONCE, "entries": entries.count(), **holds,
        "faults": [repr(fault) for fault in faults[:5]], "seconds": round(seconds, 1), "entries_per_second": round(pace, 1),
        "bare_rows_per_second": round(bare, 1), "ratio": round(pace / bare, 3),
        "end_to_beginning": round(end / beginning, 3),
    }  # fmt: skip


def _pace_alone(deliver: Callable[[int], int], decisions: Sequence[int]) -> float:
    """Entries a second while nobody else writes."""
    begun = time.perf_counter()
    return sum(deliver(decision) for decision in decisions) / (time.perf_counter() - begun)


def _crowd(work: Callable[[int], object], parts: Sequence[int]) -> tuple[float, list[Exception]]:
    """Do the work for each part, sixteen at once; seconds, and what went wrong."""
    from django.db import connection

    faults: list[Exception] = []

    def several(mine: Sequence[int]) -> None:
        try:
            for part in mine:
                work(part)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=several, args=(parts[number::AT_ONCE],)) for number in range(AT_ONCE)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun, faults


def _bare() -> float:
    """Seconds to add BARE_ROWS rows to a table without anything, each in a transaction that holds a lock."""
    from django.db import connection, transaction

    with closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as owner, owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare_ledger (id bigserial PRIMARY KEY, hash text)")
        cursor.execute("GRANT ALL ON bench_bare_ledger, bench_bare_ledger_id_seq TO PUBLIC")

    def add(number: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_BARE_LOCK])
            cursor.execute("INSERT INTO bench_bare_ledger (hash) VALUES (%s)", [f"{number:064d}"])

    seconds, faults = _crowd(add, range(BARE_ROWS))
    if faults:
        raise faults[0]
    return seconds


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
