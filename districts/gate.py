"""The one function that lets geometry of the outside in."""

import math
from decimal import Decimal

from django.utils.translation import gettext_lazy as _


class PointRefused(Exception):
    """The numbers are no place on earth. `field` is longitude or latitude; `message` is for the person who sent them."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field)
        self.field = field
        self.message = message


def accept_point(longitude: object, latitude: object) -> tuple[float, float]:
    """Longitude and latitude in degrees WGS 84, finite and in range, rounded to 7 decimals (a centimetre).

    Raises PointRefused naming the first field at fault. Whether a city is there is routing's question.
    """
    return _degrees("longitude", longitude, 180.0), _degrees("latitude", latitude, 90.0)


def _degrees(field: str, value: object, limit: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise PointRefused(field, str(_("Give a number of degrees.")))
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise PointRefused(field, str(_("Give a number of degrees."))) from None
    if not math.isfinite(number) or abs(number) > limit:
        raise PointRefused(field, str(_("This number of degrees does not exist.")))
    return round(number, 7)
