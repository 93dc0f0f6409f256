"""The watchdog restarts what is stuck, and leaves alone what is only busy."""

import socket
import threading

from runner.watchdog import Backlog, WebWatch, WorkerWatch, answers


def readings(watch: WorkerWatch, *pairs: tuple[int, int], start: float = 100.0) -> list[bool]:
    """Feed one reading (due rows, age of the oldest) every ten seconds."""
    return [watch.must_restart(Backlog(due, age), start + 10 * i) for i, (due, age) in enumerate(pairs)]


def test_an_empty_queue_is_no_reason() -> None:
    assert not any(readings(WorkerWatch(), *[(0, 0)] * 20))


def test_a_queue_that_only_ages_restarts_the_worker_once_a_minute_at_most() -> None:
    verdicts = readings(WorkerWatch(), *[(5, 10 * i) for i in range(1, 31)])
    first = verdicts.index(True)
    # Due for more than 60 s, then 30 s without progress.
    assert 7 <= first <= 10
    assert not any(verdicts[first + 1 : first + 9])
    assert any(verdicts[first + 9 :])


def test_a_long_queue_that_shrinks_is_being_worked_off() -> None:
    assert not any(readings(WorkerWatch(), *[(1000 - i, 100 + 10 * i) for i in range(30)]))


def test_a_queue_whose_oldest_row_changes_is_being_worked_off() -> None:
    assert not any(readings(WorkerWatch(), *[(1000 + i, 200 - i) for i in range(30)]))


def test_three_of_six_probes_restart_the_web_server() -> None:
    watch = WebWatch()
    assert [watch.must_restart(answered) for answered in (False, True, False, True, False)] == [False] * 4 + [True]


def test_single_slow_answers_do_not() -> None:
    watch = WebWatch()
    assert not any(watch.must_restart(i % 6 == 0 or i % 3 != 1) for i in range(60))


def test_a_server_that_accepts_and_says_nothing_does_not_answer(monkeypatch: object) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(
            target=_say, args=(server, b"HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n"), daemon=True
        ).start()
        assert answers("127.0.0.1", port)
        threading.Thread(target=_say, args=(server, b""), daemon=True).start()
        assert not answers("127.0.0.1", port)
    assert not answers("127.0.0.1", port)


def _say(server: socket.socket, words: bytes) -> None:
    connection, _ = server.accept()
    connection.recv(1000)
    connection.sendall(words)
    connection.close()
