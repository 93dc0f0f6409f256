"""What parent and child say to each other: a header of JSON and blobs behind it, in bytes."""

import json
import struct
import sys
from collections.abc import Sequence
from typing import Any

_LENGTH = struct.Struct(">Q")


def pack(header: dict[str, Any], blobs: Sequence[bytes]) -> bytes:
    """One message. The blobs' lengths travel in the header."""
    head = json.dumps(header | {"blobs": [len(blob) for blob in blobs]}, separators=(",", ":")).encode()
    return b"".join((_LENGTH.pack(len(head)), head, *blobs))


def unpack(message: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """Header and blobs of a message. Raises ValueError for anything that is none."""
    view = memoryview(message)
    if len(view) < _LENGTH.size:
        raise ValueError("too short")
    (length,) = _LENGTH.unpack(view[: _LENGTH.size])
    position = _LENGTH.size + length
    header = json.loads(bytes(view[_LENGTH.size : position]))
    blobs = []
    for size in header.pop("blobs"):
        blobs.append(view[position : position + size])
        position += size
    if position != len(view):
        raise ValueError("lengths do not add up")
    return header, blobs


def tell(text: str) -> None:
    """Say to the parent how far the child is: it reads our error output while it waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
