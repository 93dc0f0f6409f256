"""A child process that misbehaves in any way costs its parent an exception, and nothing else."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sandbox.child import MEBIBYTE, ROOT, KillReason, SandboxFailed, SandboxKilled, run_limited

HERE = "tests.sandbox.misbehaving"


def run(
    name: str,
    payload: bytes = b"",
    *,
    cpu: int = 5,
    wall: float = 20,
    output: int = 4 * MEBIBYTE,
    may_read: bool = False,
    on_progress: Callable[[str], None] | None = None,
) -> bytes:
    return run_limited(
        f"{HERE}:{name}",
        payload,
        memory_bytes=512 * MEBIBYTE,
        cpu_seconds=cpu,
        wall_seconds=wall,
        output_bytes=output,
        may_read=may_read,
        on_progress=on_progress,
    )


def test_the_answer_comes_back_byte_for_byte_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sandbox.py").write_text("raise SystemExit('a module of the working directory was imported')")
    monkeypatch.chdir(tmp_path)
    payload = os.urandom(3 * MEBIBYTE)
    assert run("echo", payload) == payload


def test_what_a_library_prints_does_not_become_part_of_the_answer() -> None:
    assert run("print_and_echo", b"answer") == b"answer"


def test_a_refusal_keeps_its_code() -> None:
    with pytest.raises(SandboxFailed) as failure:
        run("refuse", b"damaged")
    assert (failure.value.code, failure.value.message) == ("damaged", "because")


def test_a_fault_of_ours_is_told_with_its_traceback() -> None:
    with pytest.raises(SandboxFailed) as failure:
        run("stumble")
    assert failure.value.code == "unexpected"
    assert "ValueError: a fault of ours" in failure.value.message


@pytest.mark.parametrize(
    ("name", "payload", "reason"),
    [
        ("allocate", b"2000000000", KillReason.MEMORY),
        ("fail_to_allocate_in_a_library", b"", KillReason.MEMORY),
        ("spin", b"", KillReason.CPU),
        ("segfault", b"", KillReason.CRASH),
        ("abort", b"", KillReason.CRASH),
    ],
)
def test_a_child_that_asks_too_much_or_breaks_is_ended(name: str, payload: bytes, reason: KillReason) -> None:
    with pytest.raises(SandboxKilled) as killed:
        run(name, payload, cpu=1)
    assert killed.value.reason is reason


def test_a_lower_limit_of_the_machine_stays() -> None:
    call = f"from sandbox.child import run_limited; print(run_limited('{HERE}:echo', b'x', memory_bytes=2**33, "
    command = [
        "bash",
        "-c",
        'ulimit -v 600000; exec "$0" -c "$1"',
        sys.executable,
        call + "cpu_seconds=5, wall_seconds=9))",
    ]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout == "b'x'\n"


def test_two_gigabytes_are_never_touched() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    with pytest.raises(SandboxKilled):
        run("allocate", b"2000000000")
    assert max(before, 512 * 1024) >= resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # KiB


def test_a_child_that_sleeps_is_ended_by_the_wall_clock() -> None:
    started = time.monotonic()
    with pytest.raises(SandboxKilled) as killed:
        run("sleep", wall=1)
    assert killed.value.reason is KillReason.WALL
    assert time.monotonic() - started < 5


def test_answer_and_error_output_are_bounded() -> None:
    with pytest.raises(SandboxFailed, match="File too large"):
        run("flood_answer", b"3000000", output=MEBIBYTE)
    with pytest.raises(SandboxFailed) as failure:
        run("flood_errors", output=MEBIBYTE)
    assert len(failure.value.message) <= 2000


def test_the_child_gets_no_secret_no_file_and_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        found = json.loads(run("surroundings"))
    finally:
        os.close(reading)
        os.close(writing)
    assert "secret" not in json.dumps(found["environment"])
    assert found["descriptors"] == [0, 1, 2, 3]  # the fourth is the answer's file
    assert found["user"] != 0
    assert found["leads_session"]
    assert found["folder"] == "/"


def test_the_child_can_only_compute(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o777)
    file = tmp_path / "file"
    file.write_text("ours")
    file.chmod(0o666)
    assert json.loads(run("forbidden", json.dumps([os.getpid(), str(file)]).encode())) == []
    assert file.read_text() == "ours"


def test_a_child_that_may_read_still_can_do_nothing_else() -> None:
    with TemporaryDirectory() as name:  # pytest's own folders cannot be entered by nobody
        file = Path(name) / "file"
        file.write_text("ours")
        file.chmod(0o666)
        file.parent.chmod(0o777)
        payload = json.dumps([os.getpid(), str(file)]).encode()
        assert json.loads(run("forbidden", payload, may_read=True)) == ["read a file"]
        assert file.read_text() == "ours"
        assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_threads_are_allowed_because_decoders_start_them() -> None:
    assert run("use_a_thread", b"answer") == b"answer"


def test_the_child_dies_with_its_parent() -> None:
    call = f"from sandbox.child import run_limited; run_limited('{HERE}:sleep', b'', memory_bytes=2**29, "
    parent = subprocess.Popen([sys.executable, "-c", call + "cpu_seconds=5, wall_seconds=60)"], cwd=ROOT)
    try:
        child = wait_for(lambda: child_of(parent.pid))
        time.sleep(0.3)  # let it pass from start to sleep; dying earlier is allowed too
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_for(lambda: not alive(child))


def child_of(parent: int) -> int | None:
    """The worker whose last argument names this parent."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"{HERE}:sleep".encode() in words and str(parent).encode() in words:
            return int(entry.parent.name)
    return None


def alive(process: int) -> bool:
    """Whether a process still runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(question: Callable[[], int | bool | None]) -> int:
    """The first answer that is true, within ten seconds."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        if answer := question():
            return int(answer)
        time.sleep(0.02)
    raise AssertionError("it did not happen within ten seconds")


def test_the_parent_hears_how_far_the_child_is_also_when_it_dies() -> None:
    heard: list[str] = []
    assert run("tell", on_progress=heard.append) == b"done"
    assert "half way" in heard[-1]
    heard.clear()
    with pytest.raises(SandboxKilled):
        run("tell_and_hang", wall=2.5, on_progress=heard.append)
    assert len(heard) >= 2 and "half way" in heard[-1]
