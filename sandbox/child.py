"""Run one function on untrusted bytes in a fresh Python process that cannot hurt its parent."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path

# Isolated mode (-I) keeps the working directory and the environment from lending modules; our own root is put first.
BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sandbox.worker import main; sys.exit(main())"
ROOT = Path(__file__).resolve().parent.parent
MEBIBYTE = 1024 * 1024

# The worker's exit statuses; anything else is an accident of the interpreter or a signal.
EXIT_FAILED = 3
EXIT_OUT_OF_MEMORY = 4

LOOK_SECONDS = 1.0

# Nothing of the parent's environment goes over: no secret, no search path. The thread counts keep numerical
# libraries from starting threads that the process limit would then refuse.
CHILD_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class KillReason(StrEnum):
    """What ended a child before it could answer."""

    WALL = "wall"  # slower than the clock allows: a hard file, or a busy machine
    CPU = "cpu"  # used its processor seconds
    MEMORY = "memory"  # asked for more memory than allowed
    CRASH = "crash"  # a signal of its own making: segmentation fault, abort
    KILLED = "killed"  # SIGKILL from outside: the kernel's memory killer, a shutdown


class SandboxError(Exception):
    """The child gave no result."""


class SandboxKilled(SandboxError):
    """The child was ended before it answered; `reason` says by what."""

    def __init__(self, reason: KillReason) -> None:
        super().__init__(f"the child process was ended: {reason}")
        self.reason = reason


class SandboxFailed(SandboxError):
    """The function refused its input. Raised in the child with a code of its own, raised again in the parent.

    The code is `unexpected` for any other exception; the message then ends with the child's traceback.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


def run_limited(
    function: str,
    payload: bytes,
    *,
    memory_bytes: int,
    cpu_seconds: int,
    wall_seconds: float,
    output_bytes: int = 64 * MEBIBYTE,
    may_read: bool = False,
    on_progress: Callable[[str], None] | None = None,
) -> bytes:
    """Call `function` ("package.module:name", bytes to bytes) with `payload` in a child process and return its answer.

    The child has its own session, an empty environment, none of our open files, limits on address space, processor
    time, written bytes and open files, and dies with its parent. Once the function's module is imported it also gives
    up root and every system call that opens a file, starts a process or speaks to anybody: so the function computes,
    and must not import or read anything any more. `memory_bytes` counts the interpreter and its libraries too (about
    150 MiB); neither result nor error output can pass `output_bytes`. With `may_read` it may still open files to read
    them, as nobody: what typesets needs the system's fonts. `on_progress` hears the end of the child's error output about
    every second and once at the end, however that comes; it is a stranger's text.
    Raises SandboxKilled or SandboxFailed.
    """
    with ExitStack() as files:
        given, result, errors = (
            files.enter_context(os.fdopen(os.memfd_create(name, os.MFD_CLOEXEC), "w+b"))
            for name in ("given", "result", "errors")
        )
        given.write(payload)
        given.seek(0)
        child = subprocess.Popen(
            _command(function, memory_bytes, cpu_seconds, output_bytes, may_read=may_read),
            stdin=given,
            stdout=result,
            stderr=errors,
            env=CHILD_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )

        def look() -> None:
            if on_progress is not None:
                on_progress(_tail(errors.fileno(), 500))

        try:
            status = _wait(child, wall_seconds, look)
        finally:
            look()
        if status == 0:
            result.seek(0)
            return result.read()
        raise _error(status, _tail(result.fileno(), 4000), _tail(errors.fileno(), 2000))


def _command(function: str, memory_bytes: int, cpu_seconds: int, output_bytes: int, *, may_read: bool) -> list[str]:
    """The argument list that starts `sandbox.worker` with its limits and our process id."""
    limits = [str(memory_bytes), str(cpu_seconds), str(output_bytes), str(int(may_read)), str(os.getpid())]
    return [sys.executable, "-I", "-X", "utf8", "-c", BOOT, str(ROOT), function, *limits]


def _wait(child: subprocess.Popen[bytes], wall_seconds: float, look: Callable[[], None]) -> int:
    """Wait for the child's end at most so long, then end its whole process group, on every way out.

    It is reaped last: until then its number cannot pass to a stranger. `look` is called about every second meanwhile.
    """
    ended = False
    process = os.pidfd_open(child.pid)
    try:
        watch = select.poll()
        watch.register(process, select.POLLIN)
        deadline = time.monotonic() + wall_seconds
        while not ended and (left := deadline - time.monotonic()) > 0:
            ended = bool(watch.poll(min(left, LOOK_SECONDS) * 1000))
            if not ended:
                look()
    finally:
        os.close(process)
        os.killpg(child.pid, signal.SIGKILL)
        status = child.wait()
    if not ended:
        raise SandboxKilled(KillReason.WALL)
    return status


def _error(status: int, answer: str, errors: str) -> SandboxError:
    """Translate an exit status (negative: signal) into one of our two errors."""
    if status == EXIT_OUT_OF_MEMORY:
        return SandboxKilled(KillReason.MEMORY)
    if status == EXIT_FAILED:
        try:
            refusal = json.loads(answer)
            return SandboxFailed(str(refusal["code"]), str(refusal["message"]))
        except (ValueError, KeyError, TypeError):
            return SandboxFailed("unexpected", errors)
    if status == -signal.SIGXCPU:
        return SandboxKilled(KillReason.CPU)
    if status == -signal.SIGKILL:
        return SandboxKilled(KillReason.KILLED)
    if status < 0:
        return SandboxKilled(KillReason.CRASH)
    return SandboxFailed("unexpected", errors)


def _tail(descriptor: int, length: int) -> str:
    """The last `length` bytes of a file as text."""
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, length, max(0, size - length)).decode("utf-8", "replace")
