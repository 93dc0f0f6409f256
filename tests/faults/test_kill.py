"""kill -9 between commit and effect: what was acknowledged is there, once, and its work gets done."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from tests.faults.rig import Answer, Site, wait_until
from tests.sandbox.files import jpeg

# The installation is a copy of the test database, which this mark has made.
pytestmark = pytest.mark.django_db(transaction=True)


def until_answered(send: Callable[[], Answer]) -> Answer:
    """Send again until an answer comes, as a phone does."""
    answers: list[Answer] = []

    def came() -> bool:
        try:
            answer = send()
        except OSError:
            return False
        if answer.status not in (409, 503):
            answers.append(answer)
        return bool(answers)

    wait_until(came, seconds=30, what="an answer")
    return answers[0]


def test_a_web_server_killed_after_the_commit_has_not_taken_in_twice(site: Site) -> None:
    site.start_web(dies_at="web.committed")
    with pytest.raises(OSError):
        site.file("cut")
    assert site.count("complaints_complaint WHERE description = 'cut'") == 1
    site.kill("web")
    site.start_web()
    again = site.file("cut")
    assert again.status == 201
    number = again.json()["tracking_number"]
    assert site.rows("SELECT tracking_number FROM complaints_complaint WHERE description = 'cut'") == [(number,)]


def test_workers_killed_at_every_step_leave_their_work_to_the_next(site: Site) -> None:
    site.start_web()
    filed = site.file("steps", jpeg())
    assert filed.status == 201
    number, public_id = filed.json()["tracking_number"], filed.json()["files"][0]["id"]
    photo = f"complaints_attachment WHERE public_id = '{public_id}'"
    mail = f"notifications_outboxmessage WHERE reference = '{number}'"
    steps = ["mail.sent", "files.processed", "files.written", "files.stored"]
    site.start_worker(dies_at=",".join(steps))

    for deaths in range(1, len(steps) + 1):
        died = partial(site.has_died, times=deaths)
        wait_until(died, seconds=30, what=f"death number {deaths}")
        site.leases_run_out()

    def done() -> bool:
        return site.count(f"{photo} AND queue_state = 'done'") + site.count(f"{mail} AND sent_at IS NOT NULL") == 2

    wait_until(done, seconds=30, what="photo and mail are done in spite of four deaths")
    assert sorted(path.name for path in site.folder.glob("died-at-*")) == sorted(f"died-at-{step}" for step in steps)
    assert site.count(f"{photo} AND status = 'ready' AND attempts = 3") == 1
    assert site.count(f"complaints_event WHERE kind = 'file_added' AND data->'files' ? '{public_id}'") == 1
    assert len([path for path in site.mails() if path.name.startswith(number)]) == 1
    for (path,) in site.rows(f"SELECT unnest(ARRAY[path, thumbnail_path]) FROM {photo}"):
        assert (site.folder / "media" / path).exists()


def test_nothing_acknowledged_is_lost_while_everything_is_killed_again_and_again(site: Site) -> None:
    site.start_web()
    site.start_worker()
    before = site.count("complaints_complaint")
    numbers: dict[str, str] = {}

    def residents(letter: str) -> None:
        for number in range(12):
            key = f"{letter}{number}"
            photo = jpeg() if number % 4 == 0 else b""
            answer = until_answered(lambda key=key, photo=photo: site.file(key, photo))  # type: ignore[misc]
            assert answer.status == 201, answer.body
            numbers[key] = answer.json()["tracking_number"]

    threads = [threading.Thread(target=residents, args=(letter,)) for letter in "xyz"]
    for thread in threads:
        thread.start()
    for name in ("web", "worker", "web"):
        threads[0].join(timeout=1.0)
        site.kill(name)
        if name == "web":
            site.start_web()
        else:
            site.start_worker()
    for thread in threads:
        thread.join(timeout=60)
    assert len(numbers) == 36
    assert site.count("complaints_complaint") == before + 36
    assert {number for (number,) in site.rows("SELECT tracking_number FROM complaints_complaint")} >= set(
        numbers.values()
    )

    site.leases_run_out()

    def all_done() -> bool:
        waiting = site.count("notifications_outboxmessage WHERE queue_state = 'due'")
        return waiting + site.count("complaints_attachment WHERE queue_state = 'due'") == 0

    wait_until(all_done, seconds=30, what="all mails left and all photos were checked")
    assert site.count("notifications_outboxmessage WHERE queue_state = 'failed'") == 0
    assert site.count("complaints_attachment WHERE status <> 'ready'") == 0
    sent = {path.name.split(".")[0] for path in site.mails()}
    assert sent >= set(numbers.values())
