"""`./run` keeps everything alive: what dies or hangs is replaced, and no report is lost or answered twice."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import supervise
from tests.faults.installation import Installation, family, no_process_of, soon

# The first test waits for a whole first start.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    # Sockets need a short path.
    folder = Path(tempfile.mkdtemp(prefix="gps-", dir="/tmp"))
    folder.chmod(0o711)
    installation = Installation(folder)
    try:
        installation.start()
        yield installation
    finally:
        installation.end()
        shutil.rmtree(folder)


def everything_is_done(site: Installation, keys: list[str], numbers: dict[str, str]) -> None:
    """Each report is there once, and its sender got one letter."""
    listed = ", ".join(f"'{number}'" for number in numbers.values())
    soon(lambda: all(site.mails_to(key) for key in keys), "a letter to each reporter")
    assert site.sql(f"SELECT count(*) FROM complaints_complaint WHERE tracking_number IN ({listed})") == str(len(keys))
    assert [site.mails_to(key) for key in keys] == [1] * len(keys)
    assert site.sql("SELECT count(*) FROM notifications_outboxmessage WHERE queue_state = 'failed'") == "0"


def test_what_is_killed_comes_back_and_nothing_is_lost_or_doubled(running: Installation) -> None:
    keys = [f"killed-{number}" for number in range(30)]
    numbers: dict[str, str] = {}

    def residents() -> None:
        for key in keys:
            numbers[key] = running.file(key)

    sending = threading.Thread(target=residents)
    sending.start()
    for program in ("beat", "redis", "worker", "long-worker", "web", "postgres", "watchdog"):
        running.kill(program)
    sending.join()
    assert sorted(numbers) == sorted(keys)
    assert len(set(numbers.values())) == len(keys)
    # What a minute of waiting would do: leases of killed workers run out.
    running.sql("UPDATE notifications_outboxmessage SET leased_until = now() WHERE leased_until > now()")
    everything_is_done(running, keys, numbers)


def test_a_worker_and_a_beat_that_hang_are_replaced(running: Installation) -> None:
    with running.frozen("worker", "beat") as former:
        number = running.file("hanging-worker")
        running.wait_for_another("worker", former["worker"])
        running.wait_for_another("beat", former["beat"])
        running.sql("UPDATE notifications_outboxmessage SET leased_until = now() WHERE leased_until > now()")
        everything_is_done(running, ["hanging-worker"], {"": number})


def test_a_web_server_and_a_redis_that_hang_are_replaced(running: Installation) -> None:
    with running.frozen("web", "redis") as former:
        running.wait_for_another("web", former["web"])
        running.wait_for_another("redis", former["redis"])
        everything_is_done(running, ["hanging-web"], {"": running.file("hanging-web")})


def test_one_hung_process_of_the_web_server_keeps_nobody_waiting_for_long(running: Installation) -> None:
    soon(lambda: len(servers(running)) == 2 and running.answers(), "both processes of the web server")
    hung = servers(running)[0]
    os.kill(hung, signal.SIGSTOP)
    try:
        soon(lambda: all(running.answers() for _ in range(10)), "ten answers in a row")
    finally:
        supervise.signal_process(hung, signal.SIGCONT)


def servers(site: Installation) -> list[int]:
    """The processes that answer requests: children of the web server's first."""
    parent = site.pid("web")
    return [pid for pid in family(parent) if pid != parent and b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_killed_supervisor_is_started_again_with_all_its_programs(running: Installation) -> None:
    former = {name: running.pid(name) for name in ("web", "worker", "beat")}
    supervisor = supervise.running_pid(running.places)
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    for name, pid in former.items():
        running.wait_for_another(name, pid)
    everything_is_done(running, ["supervisor"], {"": running.file("supervisor")})


def test_killed_itself_it_leaves_nothing_behind_and_starts_again(running: Installation) -> None:
    number = running.file("before-the-kill")
    assert running.process is not None
    running.process.kill()
    running.process.wait()
    no_process_of(running.places.var)
    running.start()
    assert running.sql(f"SELECT count(*) FROM complaints_complaint WHERE tracking_number = '{number}'") == "1"


def test_ctrl_c_stops_everything_in_order(running: Installation) -> None:
    assert running.stop() == 0
    no_process_of(running.places.var)
    assert "database system is shut down" in (running.places.logs / "postgres.log").read_text().splitlines()[-1]
    running.start()
