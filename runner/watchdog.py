"""Restarts what lives but no longer works: a web server that does not answer, a worker that lets due rows grow old."""

import http.client
import os
import signal
import sys
import time
import xmlrpc.client
from dataclasses import dataclass, field
from pathlib import Path

from runner import environment, supervise
from runner.cluster import find_client, url_sql
from runner.steps import StepFailed

PERIOD_SECONDS = 10
OLD_SECONDS = 60
STUCK_SECONDS = 30
GRACE_SECONDS = 60
PROBE_TIMEOUT_SECONDS = 5
PROBES = 6
FAILED_PROBES_TO_RESTART = 3

# Every table that is a queue is recognised by its columns. Names come from the catalogue and are quoted by quote_ident.
QUEUES_SQL = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.columns
WHERE column_name IN ('queue_state', 'next_attempt_at', 'leased_until') AND table_schema = 'public'
GROUP BY 1 HAVING count(*) = 3 ORDER BY 1
"""
DUE_SQL = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)::bigint FROM {table}
WHERE queue_state = 'due' AND next_attempt_at <= now() AND (leased_until IS NULL OR leased_until < now())
"""


@dataclass(frozen=True)
class Backlog:
    """Due rows that no worker holds: how many, and how many seconds the oldest has been due."""

    due: int
    oldest_seconds: int


@dataclass
class WorkerWatch:
    """Decides when the worker is stuck: something is old, and for a while neither count nor age went down."""

    progressed_at: float = 0.0
    last: Backlog = field(default_factory=lambda: Backlog(0, 0))

    def must_restart(self, backlog: Backlog, at: float) -> bool:
        """Take a new reading at monotonic time `at`; after a restart the worker has a minute to get going."""
        shrank = backlog.due < self.last.due or backlog.oldest_seconds < self.last.oldest_seconds
        if backlog.oldest_seconds <= OLD_SECONDS or shrank or self.progressed_at == 0.0:
            self.progressed_at = max(self.progressed_at, at)
        self.last = backlog
        if at - self.progressed_at < STUCK_SECONDS:
            return False
        self.progressed_at = at + GRACE_SECONDS
        return True


@dataclass
class WebWatch:
    """Decides when the web server hangs: three of its last six probes failed."""

    answers: list[bool] = field(default_factory=list)

    def must_restart(self, answered: bool) -> bool:
        self.answers = [*self.answers, answered][-PROBES:]
        if self.answers.count(False) < FAILED_PROBES_TO_RESTART:
            return False
        self.answers = []
        return True


def main() -> None:
    """Watch for ever. Faults of the database are not ours to mend: the supervisor restarts it."""
    url = os.environ["DATABASE_URL"]
    host, port = environment.reachable_host(os.environ["HOST"]), int(os.environ["PORT"])
    binaries = find_client()
    worker, web = WorkerWatch(), WebWatch()
    started, told = time.monotonic(), set[int]()
    while True:
        time.sleep(PERIOD_SECONDS)
        told = end_orphans(told)
        if time.monotonic() - started < GRACE_SECONDS:
            continue
        if web.must_restart(answers(host, port)):
            restart("web", f"{host}:{port} does not answer")
        try:
            backlog = read_backlog(binaries, url)
        except StepFailed as fault:
            print(f"no reading: {fault}", file=sys.stderr)
        else:
            if worker.must_restart(backlog, time.monotonic()):
                reason = f"{backlog.due} rows are due, the oldest for {backlog.oldest_seconds} s, and none gets done"
                restart("worker", reason)
                restart("beat", reason)


def end_orphans(told: set[int]) -> set[int]:
    """Ask orphans to end, and kill those that were asked ten seconds ago. Returns whom it asked."""
    found = supervise.orphans(Path(os.environ[supervise.MARK]))
    for pid in found:
        print(f"ending process {pid}, whose program died", file=sys.stderr, flush=True)
        supervise.signal_process(pid, signal.SIGKILL if pid in told else signal.SIGTERM)
    return set(found)


def read_backlog(binaries: Path, url: str) -> Backlog:
    """Due rows over all queues. Raises StepFailed if the database does not answer."""
    tables = url_sql(binaries, url, QUEUES_SQL).splitlines()
    if not tables:
        return Backlog(0, 0)
    readings = url_sql(binaries, url, ";".join(DUE_SQL.format(table=table) for table in tables)).splitlines()
    pairs = [tuple(int(part) for part in line.split("|")) for line in readings]
    return Backlog(sum(count for count, _ in pairs), max(age for _, age in pairs))


def answers(host: str, port: int) -> bool:
    """Whether the server answers at all in time. An error or a redirect (to https, in production) is an answer."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/live")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def restart(program: str, reason: str) -> None:
    """Restart one program of the application through the supervisor."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} restarting {program}: {reason}", file=sys.stderr, flush=True)
    interface = supervise.connect(Path(os.environ["RUN_SUPERVISOR_SOCKET"]))
    for action in (interface.stopProcess, interface.startProcess):
        try:
            action(f"application:{program}")
        except xmlrpc.client.Fault as fault:
            # Dead already, or already being started: either is what we want.
            print(f"  {fault.faultString}", file=sys.stderr, flush=True)
