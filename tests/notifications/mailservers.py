"""Mail servers for tests: a real SMTP server whose answers are chosen, and one that never answers."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


class Answers:
    """Collects mails. `recipient` and `data` are the replies to RCPT and DATA."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipient = "250 OK"
        self.data = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.data


@contextmanager
def smtp_server() -> Iterator[tuple[Answers, int]]:
    """The answers and the port of a server on the loopback interface."""
    answers = Answers()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(answers, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield answers, port
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(listener.accept()[0])
                except OSError:
                    return

        Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        for connection in kept:
            connection.close()
