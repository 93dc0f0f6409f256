"""What a file is and how large its picture is, read from its first bytes without decoding anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class FileKind(StrEnum):
    """The kinds of file a reporter may send."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIF = "heif"
    PDF = "pdf"

    @property
    def is_image(self) -> bool:
        """Whether it becomes a picture; a document otherwise."""
        return self is not FileKind.PDF


class UnknownKind(ValueError):
    """The content is of no kind that we take."""


class BrokenHeader(ValueError):
    """The content starts like a picture, but says nowhere how large it is."""


@dataclass(frozen=True)
class Size:
    """Width and height in pixels, as the header claims them."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many pixels a decoder would have to hold."""
        return self.width * self.height


# A decoder may need ten bytes a pixel; the best phones make 12 (or 50, then shrunk in the browser).
MAX_PIXELS = 40_000_000

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
HEIF_BRANDS = HEIC_BRANDS | {b"mif1", b"msf1"}


def sniff(data: bytes) -> FileKind:
    """The kind of `data` by its content alone: names and claimed types are whatever the sender likes.

    Raises UnknownKind.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return FileKind.WEBP
    if data.startswith(b"%PDF-"):
        return FileKind.PDF
    if _is_heic(data):
        return FileKind.HEIF
    raise UnknownKind


def picture_size(data: bytes, kind: FileKind) -> Size:
    """The size that the header of a picture claims, before any rotation. A document has none: do not ask.

    Raises BrokenHeader.
    """
    read = {
        FileKind.JPEG: _jpeg_size,
        FileKind.PNG: _png_size,
        FileKind.WEBP: _webp_size,
        FileKind.HEIF: _heif_size,
    }[kind]
    size = read(data)
    if size is None or size.pixels == 0:
        raise BrokenHeader
    return size


def _big(data: bytes, start: int, length: int) -> int:
    """An unsigned big-endian number."""
    return int.from_bytes(data[start : start + length], "big")


def _little(data: bytes, start: int, length: int) -> int:
    """An unsigned little-endian number."""
    return int.from_bytes(data[start : start + length], "little")


def _jpeg_size(data: bytes) -> Size | None:
    """Walk the segments to the frame header (ITU T.81 B.2.2); C4, C8 and CC are no frame headers."""
    position = 2
    while position + 9 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:  # markers without a length
            position += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return Size(width=_big(data, position + 7, 2), height=_big(data, position + 5, 2))
        elif marker in (0xD9, 0xDA):  # end, or pixels before any frame header
            return None
        else:
            position += 2 + _big(data, position + 2, 2)
    return None


def _png_size(data: bytes) -> Size | None:
    """The first chunk is the header."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        return None
    return Size(width=_big(data, 16, 4), height=_big(data, 20, 4))


def _webp_size(data: bytes) -> Size | None:
    """One of three first chunks: extended, lossless or lossy (RFC 9649)."""
    if len(data) < 30:
        return None
    chunk = data[12:16]
    if chunk == b"VP8X":
        return Size(width=1 + _little(data, 24, 3), height=1 + _little(data, 27, 3))
    if chunk == b"VP8L" and data[20] == 0x2F:
        packed = _little(data, 21, 4)
        return Size(width=1 + (packed & 0x3FFF), height=1 + (packed >> 14 & 0x3FFF))
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return Size(width=_little(data, 26, 2) & 0x3FFF, height=_little(data, 28, 2) & 0x3FFF)
    return None


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Boxes of an ISO media file between two offsets: type, start and end of the content. Stops at nonsense."""
    while start + 8 <= end:
        length, kind, header = _big(data, start, 4), data[start + 4 : start + 8], 8
        if length == 1:
            length, header = _big(data, start + 8, 8), 16
        elif length == 0:
            length = end - start
        if length < header or start + length > end:
            return
        yield kind, start + header, start + length
        start += length


def _inside(data: bytes, path: list[bytes], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Contents of every box reached by a path of types."""
    for kind, inner, stop in _boxes(data, start, end):
        if kind == path[0]:
            if len(path) == 1:
                yield inner, stop
            else:
                skipped = 4 if kind == b"meta" else 0  # `meta` begins with a version and flags
                yield from _inside(data, path[1:], inner + skipped, stop)


def _is_heic(data: bytes) -> bool:
    """An ISO media file that names an HEVC still picture among its brands; AVIF and films are something else."""
    if data[4:8] != b"ftyp" or not 16 <= _big(data, 0, 4) <= min(len(data), 256):
        return False
    main, listed = data[8:12], data[16 : _big(data, 0, 4)]
    brands = {main} | {listed[i : i + 4] for i in range(0, len(listed), 4)}
    return main in HEIF_BRANDS and not brands.isdisjoint(HEIC_BRANDS)


def _heif_size(data: bytes) -> Size | None:
    """The largest declared extent: a photo is a grid of tiles, and grid, tiles and previews each declare one."""
    path = [b"meta", b"iprp", b"ipco", b"ispe"]
    sizes = [
        Size(width=_big(data, start + 4, 4), height=_big(data, start + 8, 4))
        for start, end in _inside(data, path, 0, len(data))
        if end - start >= 12
    ]
    return max(sizes, key=lambda size: size.pixels, default=None)
