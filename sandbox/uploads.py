"""The gate for files that strangers send: a cheap look when they arrive, the real work later in a child process.

    kind = check_upload(data)               in the request: microseconds, decodes nothing
    result = process_upload(data, kind)     in a sweep: up to seconds, in a child with limits

Codes of UploadRefused, all final: `empty_file`, `file_too_large`, `type_not_supported`, `damaged_image`,
`too_many_pixels` (both calls may say these two), `took_too_long`, `too_much_memory`, `damaged_pdf`, `encrypted_pdf`,
`active_pdf`, `pdf_with_attachments`. Whoever shows them has the words.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.child import MEBIBYTE, KillReason, SandboxFailed, SandboxKilled, run_limited
from sandbox.sniffing import MAX_PIXELS, BrokenHeader, FileKind, Size, UnknownKind, picture_size, sniff

MAX_BYTES = 10_000_000

MEMORY_BYTES = 1024 * MEBIBYTE
CPU_SECONDS = 20
WALL_SECONDS = 60.0
OUTPUT_BYTES = 32 * MEBIBYTE

IMAGE_FUNCTION = "sandbox.images:reencode"
PDF_FUNCTION = "sandbox.pdfs:inspect"
PAINT_FUNCTION = "sandbox.painting:black_out"

# Left, top, width, height in fractions of a picture.
Box = tuple[float, float, float, float]


class UploadRefused(Exception):
    """The file will never be taken; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Picture:
    """A JPEG of ours and its size in pixels."""

    data: bytes
    size: Size


@dataclass(frozen=True)
class ProcessedImage:
    """What is kept of a picture: longest side at most 2048 pixels, and a thumbnail of at most 480. No metadata.

    `look` is a perceptual hash, a signed 64-bit number: pictures of one scene differ in few bits.
    """

    picture: Picture
    thumbnail: Picture
    look: int


@dataclass(frozen=True)
class ProcessedDocument:
    """A PDF without anything active, written anew. Serve it as an attachment only, never inline."""

    data: bytes


def check_upload(data: bytes) -> FileKind:
    """The kind of a file just received, by content, size and header; its name and claimed type do not count.

    Raises UploadRefused. A file that passes may still be refused by `process_upload`.
    """
    if not data:
        raise UploadRefused("empty_file")
    if len(data) > MAX_BYTES:
        raise UploadRefused("file_too_large")
    try:
        kind = sniff(data)
        if kind.is_image and picture_size(data, kind).pixels > MAX_PIXELS:
            raise UploadRefused("too_many_pixels")
    except UnknownKind:
        raise UploadRefused("type_not_supported") from None
    except BrokenHeader:
        raise UploadRefused("damaged_image") from None
    return kind


def process_upload(data: bytes, kind: FileKind) -> ProcessedImage | ProcessedDocument:
    """Make what we keep of a file that `check_upload` let in. The original is then to be deleted.

    Raises UploadRefused when the file is at fault: that is final. Raises SandboxKilled when the machine may be (too
    slow on the wall clock, killed from outside), and SandboxFailed(`unexpected`) for a fault of ours: try again later,
    a few times.
    """
    answer = _run(data, kind)
    if not kind.is_image:
        return ProcessedDocument(answer)
    length, look, pictures = answer[:4], answer[4:12], answer[12:]
    end = int.from_bytes(length, "big")
    return ProcessedImage(
        picture=_picture(pictures[:end]),
        thumbnail=_picture(pictures[end:]),
        look=int.from_bytes(look, "big", signed=True),
    )


def _run(data: bytes, kind: FileKind) -> bytes:
    """Run the child, and tell the file's faults from the machine's."""
    try:
        return run_limited(
            IMAGE_FUNCTION if kind.is_image else PDF_FUNCTION,
            data,
            memory_bytes=MEMORY_BYTES,
            cpu_seconds=CPU_SECONDS,
            wall_seconds=WALL_SECONDS,
            output_bytes=OUTPUT_BYTES,
        )
    except SandboxFailed as failure:
        if failure.code == "unexpected":
            raise
        raise UploadRefused(failure.code) from failure
    except SandboxKilled as killed:
        if killed.reason in (KillReason.WALL, KillReason.KILLED):
            raise
        raise UploadRefused(_fault(killed.reason, kind)) from killed


def _fault(reason: KillReason, kind: FileKind) -> str:
    """The code for a file that ended its child."""
    if reason is KillReason.CPU:
        return "took_too_long"
    if reason is KillReason.MEMORY:
        return "too_much_memory"
    return "damaged_image" if kind.is_image else "damaged_pdf"


def _picture(data: bytes) -> Picture:
    """A picture from the child, whose word is not taken: a hostile file may have taken it over."""
    try:
        if sniff(data) is FileKind.JPEG:
            return Picture(data=data, size=picture_size(data, FileKind.JPEG))
    except (UnknownKind, BrokenHeader):
        pass
    raise SandboxFailed("unexpected", "the child's answer is not a picture")


def painted(jpeg: bytes, boxes: Sequence[Box]) -> tuple[Picture, Picture]:
    """A picture that we keep, and its thumbnail, with these boxes painted black. Raises SandboxKilled or SandboxFailed."""
    answer = run_limited(
        PAINT_FUNCTION,
        json.dumps([list(box) for box in boxes]).encode() + b"\n" + jpeg,
        memory_bytes=MEMORY_BYTES,
        cpu_seconds=CPU_SECONDS,
        wall_seconds=WALL_SECONDS,
        output_bytes=OUTPUT_BYTES,
    )
    length = int.from_bytes(answer[:4], "big")
    return _picture(answer[4 : 4 + length]), _picture(answer[4 + length :])
