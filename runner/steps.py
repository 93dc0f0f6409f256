"""Progress that people can watch: one line when a step begins and ends, and one every few seconds in between."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HEARTBEAT_SECONDS = 10
# The clock goes on when the first Python hands over to the one in .venv.
_started = float(os.environ.setdefault("RUN_STARTED", str(time.monotonic())))


class StepFailed(Exception):
    """A step could not be done; the message says what happened and, where known, the line that mends it."""


def say(message: str) -> None:
    """Print a line with the seconds since ./run began, on standard error (standard output belongs to the commands)."""
    print(f"[{time.monotonic() - _started:6.1f} s] {message}", file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce `title` and, where it took noticeable time, its end."""
    say(title)
    begun = time.monotonic()
    yield
    if (took := time.monotonic() - begun) > 2:
        say(f"  done in {took:.1f} s: {title}")


def run_logged(
    title: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run `command` with its output in `log`, printing the last line of it every ten seconds.

    Raises StepFailed with the end of the log if the command fails or cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with step(title), log.open("ab") as output:
        begun_at = output.tell()
        try:
            process = subprocess.Popen(
                [os.fspath(part) for part in command], stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                env=env, cwd=cwd,
            )  # fmt: skip
        except OSError as error:
            raise StepFailed(f"{title}: {command[0]} cannot be started: {error}") from error
        try:
            _wait_with_heartbeat(process, title, log)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode != 0:
        tail = "\n".join(f"    {line}" for line in last_lines(log, 25, since=begun_at))
        raise StepFailed(f"{title}: failed with status {process.returncode}. The end of {log}:\n{tail}")


def _wait_with_heartbeat(process: subprocess.Popen[bytes], title: str, log: Path) -> None:
    begun = time.monotonic()
    while True:
        try:
            process.wait(timeout=HEARTBEAT_SECONDS)
            return
        except subprocess.TimeoutExpired:
            last = "".join(last_lines(log, 1))[:90]
            say(f"  … {time.monotonic() - begun:.0f} s  {title}: {last}")


def last_lines(log: Path, count: int, *, since: int = 0) -> list[str]:
    """The last `count` lines of a log file that were written after byte `since`; empty if there is no such file."""
    try:
        with log.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(since, end - 20_000))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return []
    # Progress bars rewrite one line with carriage returns; splitlines() takes each state as a line.
    return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]
