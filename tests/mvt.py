"""Reads vector tiles, as far as tests need it: the attributes of each feature, by layer."""

import struct
from collections.abc import Iterator
from typing import Any


def features(tile: bytes) -> dict[str, list[dict[str, Any]]]:
    """Name of each layer → attributes of its features."""
    found: dict[str, list[dict[str, Any]]] = {}
    for number, layer in _fields(tile):
        assert number == 3
        parts = list(_fields(layer))
        name = next(value for field, value in parts if field == 1).decode()
        keys = [value.decode() for field, value in parts if field == 3]
        values = [_value(value) for field, value in parts if field == 4]
        rows = [list(_packed(dict(_fields(value)).get(2, b""))) for field, value in parts if field == 2]
        found[name] = [{keys[k]: values[v] for k, v in zip(row[::2], row[1::2], strict=True)} for row in rows]
    return found


def _value(message: bytes) -> Any:
    [(field, value)] = _fields(message)
    if field == 1:
        return value.decode()
    if field == 6:
        return (value >> 1) ^ -(value & 1)
    return bool(value) if field == 7 else value


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    position = 0
    while position < len(message):
        head, position = _varint(message, position)
        if head & 7 == 0:
            value: Any
            value, position = _varint(message, position)
        elif head & 7 == 1:
            (value,), position = struct.unpack_from("<d", message, position), position + 8
        else:
            length, position = _varint(message, position)
            value, position = message[position : position + length], position + length
        yield head >> 3, value


def _packed(message: bytes) -> Iterator[int]:
    position = 0
    while position < len(message):
        value, position = _varint(message, position)
        yield value


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (message[position] & 0x7F) << shift
        shift, position = shift + 7, position + 1
        if message[position - 1] < 0x80:
            return value, position
