"""Turn an untrusted picture into two clean JPEGs. Runs in the child only; the parent never imports a decoder."""

import io
import warnings

import pillow_heif
from PIL import Image, ImageCms, ImageFile, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.Image import Resampling

from sandbox.child import SandboxFailed
from sandbox.sniffing import MAX_PIXELS

LONGEST_SIDE = 2048
THUMBNAIL_SIDE = 480
PICTURE_QUALITY = 85
THUMBNAIL_QUALITY = 75
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")

# Everything is loaded now: once the child has given up its rights it can import nothing.
PLUGINS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)
Image.preinit()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False
warnings.simplefilter("error", Image.DecompressionBombWarning)  # Pillow only warns up to twice the limit
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=0)


def reencode(data: bytes) -> bytes:
    """The picture and its thumbnail, upright, in sRGB, as JPEGs that carry pixels and nothing else, and how it looks.

    The answer is the picture's length (4 bytes, big-endian), its perceptual hash (8 bytes), the picture, the thumbnail.
    Raises SandboxFailed: `too_many_pixels`, `damaged_image`.
    """
    picture = _clean(_decode(data))
    thumbnail = picture.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Resampling.LANCZOS)
    large, small = _jpeg(picture, PICTURE_QUALITY), _jpeg(thumbnail, THUMBNAIL_QUALITY)
    return len(large).to_bytes(4, "big") + _look(picture) + large + small


def _look(picture: Image.Image) -> bytes:
    """A difference hash (64 bits): of 8 × 9 grey cells, is each darker than its right neighbour?

    The same picture saved anew, shrunk or brightened differs in few bits; see complaints/likeness.py.
    """
    grey = picture.convert("L").resize((9, 8), Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (grey[9 * row + column] < grey[9 * row + column + 1])
    return bits.to_bytes(8, "big")


def _decode(data: bytes) -> Image.Image:
    """Decode, no larger than we keep. Decoders raise almost anything on bad input, so almost anything is `damaged`."""
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG can be decoded at a half, a quarter or an eighth
        image.load()
        if image.mode.startswith("I"):
            image = image.point(lambda value: value * (1 / 256)).convert("L")  # 16 bits a pixel
        elif image.mode in ("P", "PA", "LA", "La", "RGBa"):
            image = image.convert("RGBA")  # palettes cannot be resized, and may be transparent
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Resampling.LANCZOS)
        return ImageOps.exif_transpose(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise SandboxFailed("too_many_pixels", str(error)) from error
    except (MemoryError, PermissionError):
        raise  # the child's limits, not the file's fault: PermissionError is an import that came too late
    except Exception as error:
        raise SandboxFailed("damaged_image", f"{type(error).__name__}: {error}") from error


def _clean(image: Image.Image) -> Image.Image:
    """Paste onto a new white picture.

    Saving the decoded object again is not enough: Pillow carries a JPEG's comment along (measured).
    """
    opaque = _in_srgb(image)
    fresh = Image.new("RGB", opaque.size, "white")
    if opaque.mode == "RGBA":
        fresh.paste(opaque, mask=opaque.getchannel("A"))
    else:
        fresh.paste(opaque.convert("RGB"))
    return fresh


def _in_srgb(image: Image.Image) -> Image.Image:
    """Apply the colour profile, since it is about to be dropped; phones use a wider one, and would look pale."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile is no reason to refuse a photo
    return converted or image


def _jpeg(image: Image.Image, quality: int) -> bytes:
    """A progressive JPEG: on a slow phone the whole picture is there early."""
    output = io.BytesIO()
    image.save(output, "JPEG", quality=quality, progressive=True)
    return output.getvalue()
