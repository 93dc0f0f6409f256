"""Small pictures for made-up complaints: a wall, a pavement, and something on it in the service's colour. Nobody's photo."""

import io
from random import Random

from PIL import Image, ImageDraw, ImageFilter

SIZE = (960, 720)


def photo(number: int, colour: str) -> bytes:
    """A JPEG that differs for each number and is the same each time."""
    rng = Random(number)
    wall = rng.randint(205, 240)
    image = Image.new("RGB", SIZE, (wall, wall - 4, wall - 14))
    draw = ImageDraw.Draw(image)
    ground = rng.randint(400, 520)
    draw.rectangle((0, ground, *SIZE), fill=(150 + rng.randint(-15, 15),) * 3)
    for x in range(0, SIZE[0], 120):
        draw.line((x, ground, x - 160, SIZE[1]), fill=(128, 128, 128), width=3)
    door = rng.randint(60, 700)
    draw.rounded_rectangle((door, ground - 260, door + 150, ground), radius=70, fill=(38, 104, 80))
    for _ in range(rng.randint(4, 11)):
        x, y, r = rng.randint(100, 800), rng.randint(ground - 20, 660), rng.randint(20, 80)
        draw.ellipse((x - r, y - r // 2, x + r, y + r // 2), fill=colour if rng.random() < 0.6 else (70, 66, 60))
    stream = io.BytesIO()
    image.filter(ImageFilter.BoxBlur(1.5)).save(stream, "JPEG", quality=80)
    return stream.getvalue()
