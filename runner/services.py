"""The private servers for one command: found running or started, and left as they were found."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from runner import broker, cluster
from runner.cluster import Cluster
from runner.environment import Environment
from runner.places import Places
from runner.steps import say

POLL_SECONDS = 0.2


def private_cluster(environment: Environment, places: Places, *, durable: bool = True) -> Cluster | None:
    """Our own cluster, or None where DATABASE_URL names another."""
    if not environment.private_database:
        return None
    return Cluster(cluster.find_binaries(places.data), places, durable=durable)


@contextmanager
def borrowed(environment: Environment, places: Places) -> Iterator[None]:
    """Servers for the life of one command. The last command to leave stops them, unless ./run itself serves.

    Everyone who uses them holds `in-use` shared; whoever starts or stops them holds `gate` alone.
    """
    own = private_cluster(environment, places)
    with _lock(places.run / "gate", fcntl.LOCK_EX):
        in_use = (places.run / "in-use").open("a")
        fcntl.flock(in_use, fcntl.LOCK_SH)
        start(own, environment, places)
    try:
        yield
    finally:
        with _lock(places.run / "gate", fcntl.LOCK_EX):
            fcntl.flock(in_use, fcntl.LOCK_UN)
            if _alone(in_use):
                stop(own, environment, places)
            in_use.close()


@contextmanager
def owned(environment: Environment, places: Places) -> Iterator[Cluster | None]:
    """For ./run: waits until no command uses the servers, ends what an earlier start left, then holds them.

    Yields the private cluster, stopped: the supervisor starts it.
    """
    own = private_cluster(environment, places)
    with (places.run / "gate").open("a") as gate:
        in_use = (places.run / "in-use").open("a")
        _wait_until_alone(gate, in_use)
        stop(own, environment, places)
        if own is not None:
            cluster.warn_of_stale_lock(own.places.data)
            cluster.create(own)
        fcntl.flock(in_use, fcntl.LOCK_SH)
    try:
        yield own
    finally:
        in_use.close()


def start(own: Cluster | None, environment: Environment, places: Places) -> None:
    """Start what is private and not running, and make what is missing in it."""
    if own is not None:
        cluster.create(own)
        cluster.start(own)
        cluster.prepare(own)
    if environment.private_broker:
        broker.start(places)


def stop(own: Cluster | None, environment: Environment, places: Places) -> None:
    """Stop what is private, the database last."""
    if environment.private_broker:
        broker.stop(places)
    if own is not None:
        cluster.stop(own)


@contextmanager
def _lock(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as stream:
        fcntl.flock(stream, kind)
        yield


def _wait_until_alone(gate: IO[str], in_use: IO[str]) -> None:
    """Hold both. Meanwhile the gate stands open: whoever leaves has to pass it."""
    fcntl.flock(gate, fcntl.LOCK_EX)
    if _alone(in_use):
        return
    say("Waiting for another ./run command to end…")
    while not _alone(in_use):
        fcntl.flock(gate, fcntl.LOCK_UN)
        time.sleep(POLL_SECONDS)
        fcntl.flock(gate, fcntl.LOCK_EX)


def _alone(stream: IO[str]) -> bool:
    """Try to hold the file alone; the lock is kept if that succeeds."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
