"""Asking a server as fast as it answers: prepared requests over a few connections that stay open."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

Request = Callable[[], bytes]


class WrongAnswer(Exception):
    """The server answered something else than 200 or 201."""


def get_bytes(path: str) -> bytes:
    """A GET as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: fr\r\n\r\n".encode()


def post_bytes(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def opened(port: int, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that stay open: which of the server's processes answers one is settled when it is made."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
        for connection in sockets:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sockets


def rate(port: int, make: Request, *, seconds: float, connections: int) -> float:
    """Answers a second to requests that `make()` prepares, over so many new connections for so long."""
    with opened(port, connections) as sockets:
        return rate_over(sockets, make, seconds=seconds)


def rate_over(sockets: Sequence[socket.socket], make: Request, *, seconds: float) -> float:
    """Answers a second over these connections, each of which asks again when it was answered."""
    counts = [0] * len(sockets)
    faults: list[BaseException] = []
    begin = threading.Barrier(len(sockets) + 1)

    def ask(index: int) -> None:
        connection = sockets[index]
        begin.wait()
        end = time.perf_counter() + seconds
        try:
            while time.perf_counter() < end:
                connection.sendall(make())
                _read_answer(connection)
                counts[index] += 1
        except (OSError, WrongAnswer) as fault:
            faults.append(fault)

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(sockets))]
    for thread in threads:
        thread.start()
    begin.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return sum(counts) / (time.perf_counter() - started)


def _read_answer(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _receive(connection)
    if head.split(b" ", 2)[1] not in (b"200", b"201"):
        raise WrongAnswer((head + b"\r\n\r\n" + body)[:2000].decode(errors="replace"))


def _receive(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise WrongAnswer("the server closed the connection")
    return received
