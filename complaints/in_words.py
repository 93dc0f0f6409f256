"""How long ago and how far, as people say it in the reader's language. Pure."""

from datetime import datetime, timedelta

from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

_KILOMETRE = 1000


def ago(instant: datetime, now: datetime) -> str:
    """In its largest unit; what happened within the last minute did so just now."""
    if now - instant < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(instant, now, depth=1)}


def distance(metres: float) -> str:
    if metres < _KILOMETRE:
        return _("%(n)d m") % {"n": round(metres)}
    return _("%(n)s km") % {"n": number_format(round(metres / _KILOMETRE, 1), decimal_pos=1)}
