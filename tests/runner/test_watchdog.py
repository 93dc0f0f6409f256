"""The watchdog restarts what is stuck, and leaves alone what is only busy."""

import socket
import threading

from django.apps import apps
from django.conf import settings

from queueing.models import QueueRow
from runner.probing import status_of
from runner.watchdog import LONG_WORK, Backlog, ServerWatch, WorkerWatch, long_backlogs


def readings(watch: WorkerWatch, *pairs: tuple[int, int], start: float = 100.0) -> list[bool]:
    """Feed one reading (due rows, age of the oldest) every ten seconds."""
    return [
        watch.must_restart([Backlog("mail", due, age)], start + 10 * i) is not None
        for i, (due, age) in enumerate(pairs)
    ]


def probes(watch: ServerWatch, *answered: bool, start: float = 100.0) -> list[bool]:
    """Feed the outcome of one probe every ten seconds."""
    return [watch.must_restart(each, start + 10 * i) for i, each in enumerate(answered)]


def test_an_empty_queue_is_no_reason() -> None:
    assert not any(readings(WorkerWatch(), *[(0, 0)] * 20))


def test_a_queue_that_only_ages_restarts_the_worker_and_each_vain_time_waits_twice_as_long() -> None:
    verdicts = readings(WorkerWatch(), *[(5, 10 * i) for i in range(1, 61)])
    first, second, third = [i for i, verdict in enumerate(verdicts) if verdict][:3]
    # Due for more than 60 s, then 30 s without progress.
    assert 7 <= first <= 10
    assert (second - first, third - second) == (6, 12)


def test_a_queue_that_flows_does_not_hide_one_that_is_blocked() -> None:
    watch = WorkerWatch()
    blamed = [
        watch.must_restart([Backlog("feed", 3 + i % 2, 5), Backlog("mail", 4, 10 * i)], 100.0 + 10 * i)
        for i in range(1, 15)
    ]
    assert [backlog.table for backlog in blamed if backlog] == ["mail"]


def test_a_long_queue_that_shrinks_is_being_worked_off() -> None:
    assert not any(readings(WorkerWatch(), *[(1000 - i, 100 + 10 * i) for i in range(30)]))


def test_a_queue_whose_oldest_row_changes_is_being_worked_off() -> None:
    assert not any(readings(WorkerWatch(), *[(1000 + i, 200 - i) for i in range(30)]))


def test_a_queue_that_grows_while_one_row_after_the_other_is_taken_is_being_worked_off() -> None:
    watch = WorkerWatch()
    busy = [Backlog("files", 100 + 5 * i, 1000 + 60 * i, newest_lease=5000 + 10 * i) for i in range(12)]
    assert not any(watch.must_restart([reading], 100.0 + 10 * i) for i, reading in enumerate(busy))
    hung = [Backlog("files", 160 + 5 * i, 2000 + 60 * i, newest_lease=5110) for i in range(6)]
    assert any(watch.must_restart([reading], 220.0 + 10 * i) for i, reading in enumerate(hung))


def test_work_of_minutes_lets_other_long_work_wait_and_then_has_its_turn() -> None:
    watch = WorkerWatch()

    def must_restart(second: int, held: int) -> bool:
        export = Backlog("analytics_export", 0, 0, held=held)
        paper, mail = Backlog("contracts_paper", 1, second), Backlog("mail", 1, second)
        return watch.must_restart(long_backlogs([export, paper, mail]), 100.0 + second) is not None

    assert not any(must_restart(second, held=1) for second in range(10, 600, 10)), "an export of ten minutes"
    assert not any(must_restart(second, held=0) for second in (600, 610)), "its turn comes"
    assert any(must_restart(second, held=0) for second in range(620, 660, 10)), "and does not"


def test_what_is_called_long_work_is_a_queue_and_a_task_that_beat_rings_for() -> None:
    queues = {model._meta.db_table for model in apps.get_models() if issubclass(model, QueueRow)}
    assert queues >= LONG_WORK
    assert {row["task"] for row in settings.CELERY_BEAT_SCHEDULE.values()} >= set(settings.CELERY_TASK_ROUTES)


def test_three_of_six_probes_restart_the_web_server() -> None:
    watch = ServerWatch()
    assert probes(watch, False, True, False, True, False) == [False] * 4 + [True]


def test_what_was_restarted_has_a_minute_to_come_up_and_then_two() -> None:
    verdicts = probes(ServerWatch(), *[False] * 30)
    assert [i for i, verdict in enumerate(verdicts) if verdict] == [2, 10, 24]
    back = probes(ServerWatch(), *[False] * 3, *[True] * 2, *[False] * 6)
    assert [i for i, verdict in enumerate(back) if verdict] == [2, 10]


def test_a_database_is_restarted_only_when_a_whole_minute_brought_no_answer() -> None:
    assert probes(ServerWatch(6), *[False] * 5, True, *[False] * 6) == [False] * 11 + [True]


def test_single_slow_answers_do_not() -> None:
    watch = ServerWatch()
    assert not any(probes(watch, *[i % 6 == 0 or i % 3 != 1 for i in range(60)]))


def test_a_server_that_accepts_and_says_nothing_does_not_answer(monkeypatch: object) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(
            target=_say, args=(server, b"HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n"), daemon=True
        ).start()
        assert status_of("127.0.0.1", port) == 503
        threading.Thread(target=_say, args=(server, b""), daemon=True).start()
        assert status_of("127.0.0.1", port) is None
    assert status_of("127.0.0.1", port) is None


def _say(server: socket.socket, words: bytes) -> None:
    connection, _ = server.accept()
    connection.recv(1000)
    connection.sendall(words)
    connection.close()
