"""Files as strangers send them, good and hostile, made on the spot."""

import io
import struct
import zlib
from collections.abc import Callable

import pikepdf
import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base

RED, BLUE = (200, 30, 30), (30, 30, 200)
SECRET = "Fatima Zahra, 12 rue El Wahda"


def photo(width: int = 640, height: int = 480) -> Image.Image:
    """The left half red, the right half blue: one sees which way up it is."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    return saved(image or photo(), "JPEG", **options)


def telling_exif(orientation: int = 1) -> bytes:
    """Who, when, with what and where."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Artist] = SECRET
    exif[Base.DateTime] = "2026:11:23 10:00:00"
    exif[Base.Make] = "Phone"
    place = exif.get_ifd(IFD.GPSInfo)
    place[GPS.GPSLatitudeRef], place[GPS.GPSLatitude] = "N", (35.0, 34.0, 12.5)
    place[GPS.GPSLongitudeRef], place[GPS.GPSLongitude] = "W", (5.0, 22.0, 6.5)
    return exif.tobytes()


def telling_jpeg(orientation: int = 1) -> bytes:
    """EXIF with a place, a comment, XMP and a colour profile."""
    return jpeg(
        exif=telling_exif(orientation),
        comment=SECRET,
        xmp=f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode(),
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    )


def telling_png() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET)
    text.add_itxt("XML:com.adobe.xmp", SECRET, zip=True)
    return saved(photo(), "PNG", pnginfo=text, exif=telling_exif())


def telling_webp() -> bytes:
    return saved(photo(), "WEBP", exif=telling_exif(), xmp=SECRET.encode())


def telling_heic(image: Image.Image | None = None, **options: object) -> bytes:
    output = io.BytesIO()
    heif = pillow_heif.from_pillow(image or photo())
    heif.save(output, exif=telling_exif(), xmp=SECRET.encode(), **options)
    return output.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_bomb(side: int, claimed: int | None = None) -> bytes:
    """A black square of one bit a pixel, kilobytes for megapixels; `claimed` lies in the header."""
    header = struct.pack(">IIBBBBB", claimed or side, claimed or side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + side)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    chunks = png_chunk(b"IHDR", header), png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def pdf(change: Callable[[pikepdf.Pdf], object] | None = None, **options: object) -> bytes:
    """A page, with a title and an author; `change` makes it hostile."""
    document = pikepdf.new()
    document.add_blank_page()
    document.docinfo["/Author"] = SECRET
    with document.open_metadata() as metadata:
        metadata["dc:title"] = SECRET
    if change:
        change(document)
    output = io.BytesIO()
    document.save(output, **options)  # type: ignore[arg-type]
    return output.getvalue()
