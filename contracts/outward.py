"""One POST to an address that a stranger gave: to a public machine only, by https, without redirects, within limits.

The name is resolved once, every address it has is looked at, and the connection goes to the one that was looked at: what the
name means a moment later does not matter (threat T19).
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS = 5.0
# Everything together, whatever drips.
TOTAL_SECONDS = 15.0
READ_BYTES = 4096
_TRANSLATED = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class NotAllowed(Exception):
    """This address is never written to."""


@dataclass(frozen=True)
class Target:
    """Where a POST goes: the name for the certificate and the Host header, the machine for the connection."""

    host: str
    port: int
    path: str
    secure: bool
    address: str


def check_address(url: str) -> None:
    """Refuse at once what can be refused without asking the network. Raises NotAllowed."""
    _parse(url)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send `body`; the answer's status. Raises NotAllowed, or OSError (also http.client's faults) when it was not delivered."""
    target = _resolve(url)
    connection = _Connection(target)
    watch = threading.Timer(TOTAL_SECONDS, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target.path, body=body, headers=dict(headers))
        response = connection.getresponse()
        response.read(READ_BYTES)
        return int(response.status)
    except http.client.HTTPException as fault:
        raise OSError(f"{type(fault).__name__}: {fault}") from fault
    finally:
        watch.cancel()
        connection.close()


def is_public(address: str) -> bool:
    """True for an address of the internet: not private, local, reserved, multicast, nor one that stands for such a one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        if any(parsed in net for net in _TRANSLATED):
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _parse(url: str) -> tuple[str, int, str, bool]:
    if any(ord(character) <= 32 or ord(character) == 127 for character in url) or len(url) > 300:
        raise NotAllowed("no address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise NotAllowed("no address") from None
    inside = settings.WEBHOOK_PRIVATE_TARGETS
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        raise NotAllowed("https only")
    if not host or parts.username is not None or parts.password is not None or "\\" in url:
        raise NotAllowed("no address")
    secure = parts.scheme == "https"
    port = port if port is not None else (443 if secure else 80)
    if port != 443 and not inside:
        raise NotAllowed("port 443 only")
    try:
        name = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        raise NotAllowed("no address") from None
    # What looks like a number is an address in disguise (2130706433, 0x7f.1, 0177.0.0.1) unless it is one in plain dress.
    last = name.rstrip(".").rpartition(".")[2]
    if last[:1].isdigit() and not _is_plain_address(name):
        raise NotAllowed("no address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return name, port, path, secure


def _is_plain_address(name: str) -> bool:
    try:
        return str(ipaddress.ip_address(name)) == name
    except ValueError:
        return False


def _resolve(url: str) -> Target:
    host, port, path, secure = _parse(url)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise OSError("the name has no address")
    if not settings.WEBHOOK_PRIVATE_TARGETS and not all(is_public(address) for address in addresses):
        raise NotAllowed("not a public address")
    return Target(host, port, path, secure, addresses[0])


class _Connection(http.client.HTTPConnection):
    """A connection to the machine that was looked at, under the name that was given."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target = target

    def connect(self) -> None:
        self.sock = socket.create_connection((self._target.address, self._target.port), CONNECT_SECONDS)
        if self._target.secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self._target.host)

    def cut(self) -> None:
        """End it from outside: a read that hangs fails at once."""
        held = self.sock
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
