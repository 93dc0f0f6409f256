"""Asking a server as fast as it answers: prepared requests over a few connections that stay open."""

import socket
import threading
import time
from collections.abc import Callable

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


def rate(port: int, make: Request, *, seconds: float, connections: int) -> float:
    """Answers a second to requests that `make()` prepares, over so many connections for so long."""
    counts = [0] * connections
    faults: list[BaseException] = []
    begin = threading.Barrier(connections + 1)
    threads = [
        threading.Thread(target=_ask, args=(port, make, seconds, counts, index, begin, faults))
        for index in range(connections)
    ]
    for thread in threads:
        thread.start()
    begin.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return sum(counts) / (time.perf_counter() - started)


def _ask(
    port: int,
    make: Request,
    seconds: float,
    counts: list[int],
    index: int,
    begin: threading.Barrier,
    faults: list[BaseException],
) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin.wait()
        end = time.perf_counter() + seconds
        try:
            while time.perf_counter() < end:
                connection.sendall(make())
                _read_answer(connection)
                counts[index] += 1
        except (OSError, WrongAnswer) as fault:
            faults.append(fault)


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
