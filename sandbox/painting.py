"""Paint rectangles of a picture black. Runs in the child only."""

import io
import json

from PIL import Image, ImageDraw
from PIL.Image import Resampling

from sandbox.child import SandboxFailed
from sandbox.images import PICTURE_QUALITY, THUMBNAIL_QUALITY, THUMBNAIL_SIDE

# ImageDraw imports these when it first draws; by then the child can import nothing.
ImageDraw.Draw(Image.new("RGB", (2, 2))).rectangle((0, 0, 1, 1), fill="black")


def black_out(payload: bytes) -> bytes:
    """The picture and its thumbnail with the boxes painted over, as two JPEGs.

    `payload`: one line of JSON with boxes [left, top, width, height] in fractions of the picture, then a JPEG of ours. The
    answer is the picture's length (4 bytes, big-endian), the picture, the thumbnail. Raises SandboxFailed: `damaged_image`.
    """
    line, _rest, data = payload.partition(b"\n")
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG",)).convert("RGB")
    except Exception as error:
        raise SandboxFailed("damaged_image", f"{type(error).__name__}: {error}") from error
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    for left, top, across, down in json.loads(line):
        box = (left * width, top * height, (left + across) * width, (top + down) * height)
        pen.rectangle(tuple(round(side) for side in box), fill="black")
    thumbnail = picture.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Resampling.LANCZOS)
    large, small = _jpeg(picture, PICTURE_QUALITY), _jpeg(thumbnail, THUMBNAIL_QUALITY)
    return len(large).to_bytes(4, "big") + large + small


def _jpeg(image: Image.Image, quality: int) -> bytes:
    output = io.BytesIO()
    image.save(output, "JPEG", quality=quality, progressive=True)
    return output.getvalue()
