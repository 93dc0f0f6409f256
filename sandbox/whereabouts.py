"""Where a photo says it was taken: its GPS tags, read from the header without decoding anything.

Phones write them into EXIF (JPEG segment APP1, PNG chunk eXIf, WEBP chunk EXIF), which is a small TIFF file: a few tables
of fixed-size entries. Everything is bounds-checked and nothing is followed twice, so hostile bytes end in None. The tags
themselves are dropped with all others when the picture is rebuilt.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.sniffing import FileKind

# Tags of TIFF and EXIF: the pointer to the GPS table, and in it letter and degrees of latitude and longitude.
_GPS_TABLE, _LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 0x8825, 1, 2, 3, 4
_MOST_ENTRIES = 200
_MOST_SEGMENTS = 100


def photo_position(data: bytes, kind: FileKind) -> tuple[float, float] | None:
    """Longitude and latitude in degrees WGS 84; None where the file does not say, or says it badly."""
    for block in _exif_blocks(data, kind):
        found = _Tiff.read(block)
        if found is not None:
            return found
    return None


def _exif_blocks(data: bytes, kind: FileKind) -> Iterator[bytes]:
    if kind is FileKind.JPEG:
        yield from (part[6:] for part in _jpeg_app1(data) if part.startswith(b"Exif\0\0"))
    elif kind is FileKind.PNG:
        yield from _chunks(data, 8, b"eXIf", "big", length_first=True)
    elif kind is FileKind.WEBP:
        yield from _chunks(data, 12, b"EXIF", "little", length_first=False)


def _jpeg_app1(data: bytes) -> Iterator[bytes]:
    position = 2
    for _ in range(_MOST_SEGMENTS):
        if position + 4 > len(data) or data[position] != 0xFF:
            return
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        if marker in (0xDA, 0xD9) or length < 2:
            return
        if marker == 0xE1:
            yield data[position + 4 : position + 2 + length]
        position += 2 + length


def _chunks(data: bytes, start: int, name: bytes, order: str, *, length_first: bool) -> Iterator[bytes]:
    """Chunks called `name` of a PNG (length, name, content, checksum) or RIFF (name, length, content, padding) file."""
    position = start
    for _ in range(_MOST_SEGMENTS):
        head = data[position : position + 8]
        if len(head) < 8:
            return
        size, label = (head[:4], head[4:]) if length_first else (head[4:], head[:4])
        length = int.from_bytes(size, "big" if order == "big" else "little")
        if label == name:
            yield data[position + 8 : position + 8 + length]
        position += 8 + length + (4 if length_first else length % 2)


@dataclass(frozen=True)
class _Tiff:
    """The tables of an EXIF block; offsets count from its beginning."""

    data: bytes
    order: str

    @classmethod
    def read(cls, data: bytes) -> tuple[float, float] | None:
        orders = {b"II*\0": "little", b"MM\0*": "big"}
        if data[:4] not in orders:
            return None
        tiff = cls(data, orders[data[:4]])
        first = tiff._entries(tiff._number(4, 4))
        if _GPS_TABLE not in first:
            return None
        gps = tiff._entries(tiff._number(first[_GPS_TABLE] + 8, 4))
        if not {_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE} <= set(gps):
            return None
        latitude = tiff._degrees(gps[_LATITUDE], gps[_LATITUDE_REF], b"S", 90)
        longitude = tiff._degrees(gps[_LONGITUDE], gps[_LONGITUDE_REF], b"W", 180)
        # Phones without a fix write zeros.
        if latitude is None or longitude is None or (latitude, longitude) == (0, 0):
            return None
        return longitude, latitude

    def _number(self, at: int, size: int) -> int:
        part = self.data[at : at + size]
        return int.from_bytes(part, "little" if self.order == "little" else "big") if len(part) == size else 0

    def _entries(self, at: int) -> dict[int, int]:
        """Where the entry of each tag of a table begins."""
        if not 8 <= at < len(self.data):
            return {}
        count = min(self._number(at, 2), _MOST_ENTRIES)
        places = range(at + 2, at + 2 + 12 * count, 12)
        return {self._number(place, 2): place for place in places if place + 12 <= len(self.data)}

    def _degrees(self, entry: int, letter: int, negative: bytes, limit: int) -> float | None:
        """Three unsigned fractions: degrees, minutes, seconds."""
        values = self._number(entry + 8, 4)
        parts = []
        for place in range(values, values + 24, 8):
            above, below = self._number(place, 4), self._number(place + 4, 4)
            if not below:
                return None
            parts.append(above / below)
        degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
        if not math.isfinite(degrees) or degrees > limit:
            return None
        return -degrees if self.data[letter + 8 : letter + 9] == negative else degrees
