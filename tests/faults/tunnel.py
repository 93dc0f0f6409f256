"""A socket in front of PostgreSQL that can be cut: for its clients the database is away, whoever's database it is."""

import contextlib
import selectors
import socket
from pathlib import Path
from threading import Thread
from typing import Any


class Tunnel:
    """Listens on `<folder>/.s.PGSQL.5432` and passes bytes to the server of psycopg2's connection arguments."""

    def __init__(self, server: dict[str, Any], folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.path = folder / ".s.PGSQL.5432"
        self.listener: socket.socket | None = None
        self.open_sockets: set[socket.socket] = set()

    def open(self) -> None:
        """Let clients through."""
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(64)
        Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self) -> None:
        """Drop every connection and refuse new ones."""
        if self.listener is not None:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        self.path.unlink(missing_ok=True)
        for each in list(self.open_sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        server = self._connect()
        pair = {client: server, server: client}
        self.open_sockets |= pair.keys()
        with client, server, selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            for end in pair:
                selector.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    data = source.recv(65536)
                    if not data:
                        return
                    pair[source].sendall(data)

    def _connect(self) -> socket.socket:
        host, port = str(self.server.get("host", "127.0.0.1")), int(self.server.get("port", 5432))
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server
