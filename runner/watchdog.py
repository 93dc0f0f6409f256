"""Restarts what lives but no longer works: a server that does not answer, a worker that lets due rows grow old.

What dies is none of its business: the supervisor sees to that.
"""

import os
import signal
import sys
import time
import xmlrpc.client
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner import broker, cluster, environment, supervise
from runner.cluster import url_sql
from runner.places import find_places, var_folder
from runner.probing import status_of
from runner.steps import StepFailed

# All times but that of a probe shrink or grow with this; tests of real processes have no minutes to wait.
PACE = float(os.environ.get("RUN_WATCHDOG_PACE", "1"))
PERIOD_SECONDS = 10 * PACE
OLD_SECONDS = 60 * PACE
STUCK_SECONDS = 30 * PACE
GRACE_SECONDS = 60 * PACE
PROBES = 6
FAILED_PROBES_TO_RESTART = 3

# What the long worker works off; every other queue is the worker's. Work here takes minutes, and what is due waits for it.
LONG_WORK = frozenset(
    {
        "analytics_export",
        "analytics_hotspotsearch",
        "analytics_report",
        "complaints_casepaper",
        "complaints_rerouting",
        "complaints_simulation",
        "contracts_paper",
        "districts_boundarydraft",
        "districts_editioncomparison",
    }
)

# Every table that is a queue is recognised by its columns. Names come from the catalogue and are quoted by quote_ident.
QUEUES_SQL = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.columns
WHERE column_name IN ('queue_state', 'next_attempt_at', 'leased_until') AND table_schema = 'public'
GROUP BY 1 HAVING count(*) = 3 ORDER BY 1
"""
DUE_SQL = """
SELECT count(*) FILTER (WHERE free), coalesce(extract(epoch FROM now() - min(next_attempt_at) FILTER (WHERE free)), 0)::bigint,
  coalesce(extract(epoch FROM max(leased_until)), 0)::bigint, count(*) FILTER (WHERE NOT free)
FROM (SELECT *, leased_until IS NULL OR leased_until < now() AS free FROM {table}) rows
WHERE queue_state = 'due' AND next_attempt_at <= now()
"""


@dataclass(frozen=True)
class Backlog:
    """Due rows of one queue that no worker holds: how many, and how many seconds the oldest has been due.

    `newest_lease`: until when (seconds since 1970) the row is held that a worker took last of those that are not done.
    `held`: how many rows a worker is at; whoever hangs or dies holds them until the lease runs out.
    """

    table: str
    due: int
    oldest_seconds: int
    newest_lease: int = 0
    held: int = 0

    def __str__(self) -> str:
        return f"{self.due} rows of {self.table} are due, the oldest for {self.oldest_seconds} s, and none gets done"


@dataclass
class Patience:
    """How long something that was restarted may take to come up: a minute, and twice as long after each vain restart.

    On a machine that is overloaded a start can take minutes; a watchdog that cannot wait would never let it end.
    """

    until: float = 0.0
    wait: float = GRACE_SECONDS

    def restarted(self, at: float) -> None:
        self.until = at + self.wait
        self.wait = min(self.wait * 2, GRACE_SECONDS * 16)

    def is_well(self) -> None:
        self.wait = GRACE_SECONDS


@dataclass
class QueueWatch:
    """Decides of one queue whether it is stuck: something is old, and for a while neither count nor age went down.

    Both rise where old work comes in faster than it is done, as when records of years are loaded: then a worker that takes
    one row after the other shows by its leases. One that hangs takes no more.
    """

    progressed_at: float = 0.0
    last: Backlog = field(default_factory=lambda: Backlog("", 0, 0))

    def is_stuck(self, backlog: Backlog, at: float) -> bool:
        """Take a new reading at monotonic time `at`."""
        shrank = backlog.due < self.last.due or backlog.oldest_seconds < self.last.oldest_seconds
        moves = shrank or backlog.newest_lease > self.last.newest_lease
        if backlog.oldest_seconds <= OLD_SECONDS or moves or self.progressed_at == 0.0:
            self.progressed_at = at
        self.last = backlog
        return at - self.progressed_at >= STUCK_SECONDS


@dataclass
class WorkerWatch:
    """Each queue by itself: one that flows would hide another that a hung process blocks."""

    queues: defaultdict[str, QueueWatch] = field(default_factory=lambda: defaultdict(QueueWatch))
    patience: Patience = field(default_factory=Patience)

    def must_restart(self, backlogs: list[Backlog], at: float) -> Backlog | None:
        """The queue for whose sake the worker must be restarted now, None if all is well or help is on its way."""
        stuck = [backlog for backlog in backlogs if self.queues[backlog.table].is_stuck(backlog, at)]
        if not stuck:
            self.patience.is_well()
            return None
        if at < self.patience.until:
            return None
        self.patience.restarted(at)
        return stuck[0]


@dataclass
class ServerWatch:
    """Decides when a server hangs: so many of its last six probes failed."""

    failures: int = FAILED_PROBES_TO_RESTART
    patience: Patience = field(default_factory=Patience)
    answers: list[bool] = field(default_factory=list)

    def must_restart(self, answered: bool, at: float) -> bool:
        """Take the outcome of a probe at monotonic time `at`."""
        if answered:
            self.patience.is_well()
        elif at < self.patience.until:
            return False
        self.answers = [*self.answers, answered][-PROBES:]
        if self.answers.count(False) < self.failures:
            return False
        self.answers = []
        self.patience.restarted(at)
        return True


def main() -> None:
    """Watch for ever: private servers first, for the application needs them."""
    places, url = find_places(var_folder()), os.environ["DATABASE_URL"]
    # Which servers are ours the supervisor knows; the environment holds the address of either kind.
    supervised = {row["name"] for row in supervise.connect(places.supervisor_socket).getAllProcessInfo()}
    host, port = environment.reachable_host(os.environ["HOST"]), int(os.environ["PORT"])
    binaries = cluster.find_client()
    worker, long_worker, web, redis = WorkerWatch(), WorkerWatch(), ServerWatch(), ServerWatch()
    # A database that is only slow must not be cut off: all of its probes have to fail.
    database = ServerWatch(PROBES)
    started, told = time.monotonic(), set[int]()
    while True:
        time.sleep(PERIOD_SECONDS)
        told = end_orphans(told)
        if time.monotonic() - started < GRACE_SECONDS:
            continue
        now = time.monotonic()
        if "postgres" in supervised and database.must_restart(cluster.responds(binaries, places), now):
            restart("postgres", "the private database does not answer")
        if "redis" in supervised and redis.must_restart(broker.is_running(places), now):
            restart("redis", "the private Redis does not answer")
        if web.must_restart(status_of(host, port) is not None, now):
            restart("application:web", f"{host}:{port} does not answer")
        try:
            backlogs = read_backlogs(binaries, url)
        except StepFailed as fault:
            print(f"no reading: {fault}", file=sys.stderr)
            continue
        quick = [backlog for backlog in backlogs if backlog.table not in LONG_WORK]
        if stuck := worker.must_restart(quick, now):
            restart("application:worker", str(stuck))
            restart("application:beat", str(stuck))
        if stuck := long_worker.must_restart(long_backlogs(backlogs), now):
            restart("application:long-worker", str(stuck))
            restart("application:beat", str(stuck))


def end_orphans(told: set[int]) -> set[int]:
    """Ask orphans to end, and kill those that were asked ten seconds ago. Returns whom it asked."""
    found = supervise.orphans(Path(os.environ[supervise.MARK]))
    for pid in found:
        print(f"ending process {pid}, whose program died", file=sys.stderr, flush=True)
        supervise.signal_process(pid, signal.SIGKILL if pid in told else signal.SIGTERM)
    return set(found)


def read_backlogs(binaries: Path, url: str) -> list[Backlog]:
    """Due rows by queue. Raises StepFailed if the database does not answer."""
    tables = url_sql(binaries, url, QUEUES_SQL).splitlines()
    if not tables:
        return []
    readings = url_sql(binaries, url, ";".join(DUE_SQL.format(table=table) for table in tables)).splitlines()
    return [Backlog(table, *map(int, line.split("|"))) for table, line in zip(tables, readings, strict=True)]


def long_backlogs(backlogs: list[Backlog]) -> list[Backlog]:
    """Those of the long worker. While it is at one of its rows the others wait for their turn: nothing counts as old."""
    waiting = [backlog for backlog in backlogs if backlog.table in LONG_WORK]
    busy = any(backlog.held for backlog in waiting)
    return [replace(backlog, oldest_seconds=0) for backlog in waiting] if busy else waiting


def restart(program: str, reason: str) -> None:
    """Restart one program through the supervisor."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} restarting {program}: {reason}", file=sys.stderr, flush=True)
    interface = supervise.connect(Path(os.environ["RUN_SUPERVISOR_SOCKET"]))
    for action in (interface.stopProcess, interface.startProcess):
        try:
            action(program)
        except xmlrpc.client.Fault as fault:
            # Dead already, or already being started: either is what we want.
            print(f"  {fault.faultString}", file=sys.stderr, flush=True)
