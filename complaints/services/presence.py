"""Who has which complaint open: said to colleagues, so that two do not answer the same person. It locks nothing."""

from datetime import datetime

from django.db import connection

from accounts.models import User
from complaints.models import Complaint, Presence
from complaints.models.deskwork import HERE_FOR

_ARRIVE = """
INSERT INTO complaints_presence (complaint_id, user_id, seen_at) VALUES (%s, %s, %s)
ON CONFLICT (complaint_id, user_id) DO UPDATE SET seen_at = greatest(complaints_presence.seen_at, excluded.seen_at)
"""


def arrive(complaint: Complaint, user: User, *, now: datetime) -> None:
    """This person has the complaint open now. One statement, however often it is said."""
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVE, [complaint.pk, user.pk, now])


def leave(tracking_number: str, user: User) -> None:
    """She has closed it. It need not be hers any more: handing it over is how it is left most often."""
    Presence.objects.filter(complaint__tracking_number=tracking_number, user=user).delete()


def others(complaint: Complaint, user: User, *, now: datetime) -> list[Presence]:
    """Who else has it open, the latest first."""
    here = Presence.objects.filter(complaint=complaint, seen_at__gt=now - HERE_FOR).exclude(user=user)
    return list(here.select_related("user").order_by("-seen_at"))


def forget(*, now: datetime) -> int:
    """Delete the traces of who has left; how many."""
    return Presence.objects.filter(seen_at__lt=now - HERE_FOR).delete()[0]
