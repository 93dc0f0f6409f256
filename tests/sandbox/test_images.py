"""What is kept of a picture: its pixels, upright, and nothing that says where, when or by whom it was taken."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageCms

from sandbox.sniffing import FileKind, Size
from sandbox.uploads import MAX_BYTES, ProcessedImage, UploadRefused, check_upload, process_upload
from tests.sandbox import files


def processed(data: bytes) -> ProcessedImage:
    result = process_upload(data, check_upload(data))
    assert isinstance(result, ProcessedImage)
    return result


def refusal(data: bytes) -> str:
    with pytest.raises(UploadRefused) as refused:
        process_upload(data, check_upload(data))
    return refused.value.code


def early_refusal(data: bytes) -> str:
    with pytest.raises(UploadRefused) as refused:
        check_upload(data)
    return refused.value.code


def colour(data: bytes, across: float, down: float) -> str:
    """Red, blue or white at a place given in shares of width and height."""
    image = Image.open(io.BytesIO(data))
    pixel = image.convert("RGB").getpixel((int(image.width * across), int(image.height * down)))
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return "white" if min(red, green, blue) > 240 else "red" if red > blue else "blue"


def segments(data: bytes) -> set[int]:
    """The markers of a JPEG before its pixels."""
    found, position = set(), 2
    while data[position + 1] != 0xDA:
        found.add(data[position + 1])
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return found


@pytest.mark.parametrize(
    "make",
    [files.telling_jpeg, files.telling_png, files.telling_webp, files.telling_heic],
    ids=lambda make: make.__name__,
)
def test_no_metadata_survives(make: Callable[[], bytes]) -> None:
    data = make()
    assert files.SECRET.encode() in data or make is files.telling_png
    result = processed(data)
    for picture in (result.picture, result.thumbnail):
        assert files.SECRET.encode() not in picture.data
        assert b"Exif" not in picture.data
        assert segments(picture.data) <= {0xE0, 0xDB, 0xC0, 0xC2, 0xC4}  # JFIF, tables, frame: no APP1.. and no COM
        assert colour(picture.data, 0.25, 0.5) == "red"
        assert colour(picture.data, 0.75, 0.5) == "blue"


@pytest.mark.parametrize(
    ("orientation", "red_at", "size"),
    [
        (1, (0.25, 0.5), Size(640, 480)),
        (2, (0.75, 0.5), Size(640, 480)),
        (3, (0.75, 0.5), Size(640, 480)),
        (6, (0.5, 0.25), Size(480, 640)),
        (8, (0.5, 0.75), Size(480, 640)),
    ],
)
def test_a_picture_is_turned_upright(orientation: int, red_at: tuple[float, float], size: Size) -> None:
    result = processed(files.telling_jpeg(orientation))
    assert result.picture.size == size
    assert colour(result.picture.data, *red_at) == "red"
    assert colour(result.picture.data, 1 - red_at[0], 1 - red_at[1]) == "blue"


def test_a_large_photo_is_shrunk_and_a_small_one_is_not_enlarged() -> None:
    large = processed(files.jpeg(files.photo(4000, 3000)))
    assert large.picture.size == Size(2048, 1536)
    assert large.thumbnail.size == Size(480, 360)
    small = processed(files.jpeg(files.photo(100, 50)))
    assert small.picture.size == small.thumbnail.size == Size(100, 50)


def test_a_tiled_heic_as_phones_make_it_is_read() -> None:
    data = files.telling_heic(files.photo(1200, 900), tile_size=512)
    assert check_upload(data) is FileKind.HEIF
    assert processed(data).picture.size == Size(1200, 900)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_pixel_format_of_png_is_read(mode: str) -> None:
    image = Image.new("I;16", (64, 48), 65535) if mode == "I;16" else files.photo(64, 48).convert(mode)
    assert processed(files.saved(image, "PNG")).picture.size == Size(64, 48)
    if mode == "I;16":
        assert colour(processed(files.saved(image, "PNG")).picture.data, 0.5, 0.5) == "white"


def test_print_colours_are_read() -> None:
    assert colour(processed(files.jpeg(files.photo().convert("CMYK"))).picture.data, 0.25, 0.5) == "red"


def test_what_is_transparent_becomes_white() -> None:
    data = files.saved(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "PNG")
    assert colour(processed(data).picture.data, 0.5, 0.5) == "white"


def test_a_colour_profile_is_applied_before_it_is_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")
    assert colour(processed(files.jpeg(icc_profile=swapped)).picture.data, 0.25, 0.5) == "blue"
    assert colour(processed(files.jpeg(icc_profile=b"no profile at all")).picture.data, 0.25, 0.5) == "red"


def test_what_is_hidden_behind_a_picture_is_gone() -> None:
    script = b"<html><script>alert(1)</script></html>PK\x03\x04"
    for data in (files.jpeg() + script, files.saved(files.photo(), "PNG") + script):
        assert b"<script>" not in processed(data).picture.data


def test_a_bomb_is_refused_by_its_header() -> None:
    bomb = files.png_bomb(13_000)
    assert len(bomb) < 400_000
    assert early_refusal(bomb) == "too_many_pixels"


def test_a_bomb_is_refused_by_the_decoder_too() -> None:
    with pytest.raises(UploadRefused) as refused:
        process_upload(files.png_bomb(7_000), FileKind.PNG)  # 49 million: Pillow alone would only warn
    assert refused.value.code == "too_many_pixels"


def test_the_largest_picture_allowed_fits_the_limits() -> None:
    image = Image.new("RGBA", (7_900, 5_060), (200, 30, 30, 128))
    assert processed(files.saved(image, "PNG", compress_level=1)).picture.size == Size(2048, 1312)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_a_truncated_picture_is_refused(kind: str, keep: float) -> None:
    image = Image.effect_noise((640, 480), 60).convert("RGB")
    data = files.telling_heic(image) if kind == "HEIC" else files.saved(image, kind)
    assert refusal(data[: int(len(data) * keep)]) == "damaged_image"


def test_a_header_without_a_size_is_refused_at_once() -> None:
    for data in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", files.telling_heic()[:40]):
        assert early_refusal(data) == "damaged_image"


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><!DOCTYPE svg><svg/>",
        b"<html><script>alert(1)</script></html>",
        b"GIF89a" + bytes(40),
        b"BM" + bytes(60),
        b"II*\0" + bytes(60),
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"MZ" + bytes(60),
        b"PK\x03\x04" + bytes(60),
        b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(60),
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(60),
        b"junk before %PDF-1.7",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_anything_else_is_refused_whatever_it_is_called(data: bytes) -> None:
    assert early_refusal(data) == "type_not_supported"


def test_empty_and_oversized_files_are_refused() -> None:
    assert early_refusal(b"") == "empty_file"
    assert early_refusal(files.jpeg() + bytes(MAX_BYTES)) == "file_too_large"


def test_whatever_byte_of_a_header_is_wrong_the_gate_says_yes_or_no_with_a_code() -> None:
    codes = set()
    for data in (files.telling_jpeg(), files.saved(files.photo(), "WEBP"), files.telling_heic()):
        for position in range(min(len(data), 400)):
            for value in (0x00, 0xFF):
                broken = data[:position] + bytes([value]) + data[position + 1 :]
                try:
                    check_upload(broken)
                except UploadRefused as refused:
                    codes.add(refused.code)
    assert codes <= {"type_not_supported", "damaged_image", "too_many_pixels"}
