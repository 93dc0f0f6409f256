"""What a child process runs in the tests: each function does one thing that a decoder taken over might do."""

import ctypes
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

from sandbox.child import SandboxFailed


def echo(payload: bytes) -> bytes:
    return payload


def print_and_echo(payload: bytes) -> bytes:
    print("a library's chatter", flush=True)
    return payload


def fail_to_allocate_in_a_library(payload: bytes) -> bytes:
    raise RuntimeError("std::bad_alloc")


def allocate(payload: bytes) -> bytes:
    return bytes(bytearray(int(payload)))


def spin(_: bytes) -> bytes:
    while True:
        pass


def sleep(_: bytes) -> bytes:
    time.sleep(600)
    return b""


def segfault(_: bytes) -> bytes:
    return ctypes.string_at(0)


def abort(_: bytes) -> bytes:
    os.abort()


def refuse(payload: bytes) -> bytes:
    raise SandboxFailed(payload.decode(), "because")


def stumble(_: bytes) -> bytes:
    raise ValueError("a fault of ours")


def flood_answer(payload: bytes) -> bytes:
    return b"x" * int(payload)


def flood_errors(_: bytes) -> bytes:
    while True:
        sys.stderr.write("x" * 65536)
        sys.stderr.flush()


def surroundings(_: bytes) -> bytes:
    """What the child has from its parent: environment, open files, user, session."""
    descriptors = []
    for number in range(64):
        try:
            os.fstat(number)
            descriptors.append(number)
        except OSError:
            pass
    return json.dumps(
        {
            "environment": dict(os.environ),
            "descriptors": descriptors,
            "user": os.getuid(),
            "leads_session": os.getsid(0) == os.getpid(),
            "folder": os.getcwd(),
        }
    ).encode()


def forbidden(payload: bytes) -> bytes:
    """Try everything that is more than computing; answer what was possible. The payload names the parent and a file."""
    parent, file = json.loads(payload)
    attempts: dict[str, Callable[[], object]] = {
        "fork": os.fork,
        "exec": lambda: os.execv("/bin/true", ["/bin/true"]),
        "spawn": lambda: os.posix_spawn("/bin/true", ["/bin/true"], {}),
        "signal the parent": lambda: os.kill(parent, signal.SIGWINCH),
        "read a file": lambda: os.open(file, os.O_RDONLY),
        "write a file": lambda: os.open(file, os.O_WRONLY),
        "read and write a file": lambda: os.open(file, os.O_RDWR),
        "create a file": lambda: os.open(file + ".new", os.O_RDONLY | os.O_CREAT),
        "empty a file": lambda: os.open(file, os.O_RDONLY | os.O_TRUNC),
        "make a nameless file": lambda: os.open(os.path.dirname(file), os.O_RDWR | os.O_TMPFILE),
        "delete a file": lambda: os.unlink(file),
        "rename a file": lambda: os.rename(file, file + "2"),
        "make a folder": lambda: os.mkdir(file + ".d"),
        "use the network": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "talk to a local server": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    }
    possible = []
    for name, attempt in attempts.items():
        try:
            attempt()
            possible.append(name)
        except OSError:
            pass
    return json.dumps(possible).encode()


def use_a_thread(payload: bytes) -> bytes:
    answer = []
    thread = threading.Thread(target=lambda: answer.append(payload))
    thread.start()
    thread.join()
    return answer[0]


def tell(payload: bytes) -> bytes:
    print("half way", file=sys.stderr, flush=True)
    return b"done"


def tell_and_hang(payload: bytes) -> bytes:
    tell(payload)
    time.sleep(60)
    return b""
