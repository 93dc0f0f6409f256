"""The child's side of `run_limited`: limits first, then the function. Started by `sandbox.child` only."""

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable

from sandbox.child import EXIT_FAILED, EXIT_OUT_OF_MEMORY, SandboxFailed
from sandbox.syscalls import only_compute

NOBODY = 65534
OPEN_FILES = 64
PR_SET_PDEATHSIG = 1


def main() -> int:
    """Read the payload from standard input, write the answer to what was standard output; the exit status tells."""
    function, memory_bytes, cpu_seconds, output_bytes, may_read, parent = sys.argv[1:]
    answer = _take_standard_output()
    _limit(int(memory_bytes), int(cpu_seconds), int(output_bytes))
    try:
        call = _find(function)
        payload = sys.stdin.buffer.read()
        _give_up_rights(int(parent), may_read=may_read == "1")
        _write(answer, call(payload))
    except MemoryError:
        return EXIT_OUT_OF_MEMORY
    except SandboxFailed as refusal:
        _write(answer, json.dumps({"code": refusal.code, "message": refusal.message[:1000]}).encode())
        return EXIT_FAILED
    except BaseException as error:
        if "bad_alloc" in str(error):
            # How C++ libraries say it.
            return EXIT_OUT_OF_MEMORY
        traceback.print_exc()
        return 1
    return 0


def _take_standard_output() -> int:
    """Keep the result's file to ourselves: what a library prints must not become part of the answer."""
    answer = os.dup(1)
    os.dup2(2, 1)
    return answer


def _limit(memory_bytes: int, cpu_seconds: int, output_bytes: int) -> None:
    """Set the limits that also hold while modules are imported. They cannot be raised again."""
    _at_most(resource.RLIMIT_AS, memory_bytes, memory_bytes)
    _at_most(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    _at_most(resource.RLIMIT_FSIZE, output_bytes, output_bytes)
    _at_most(resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)
    _at_most(resource.RLIMIT_CORE, 0, 0)


def _at_most(limit: int, soft: int, hard: int) -> None:
    """Set a limit, or keep a lower one that the machine's owner has set already."""
    _, ceiling = resource.getrlimit(limit)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(limit, (soft, hard))


def _give_up_rights(parent: int, *, may_read: bool) -> None:
    """Be nobody where we are root, die with the parent, and from here on only compute (and read)."""
    if os.geteuid() == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        except OSError:
            pass  # a container without the right to change users: the other limits still hold
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user clears it, so it comes after
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    if not only_compute(may_read=may_read):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # no process, but no thread either: HEIF then fails


def _find(function: str) -> Callable[[bytes], bytes]:
    """The function named "package.module:name"."""
    module, _, name = function.partition(":")
    found: Callable[[bytes], bytes] = getattr(importlib.import_module(module), name)
    return found


def _write(answer: int, content: bytes) -> None:
    """Replace the answer by `content`."""
    os.ftruncate(answer, 0)
    rest = memoryview(content)
    position = 0
    while position < len(rest):
        position += os.pwrite(answer, rest[position:], position)
