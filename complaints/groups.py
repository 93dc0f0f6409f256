"""The promises of complaints about one thing, between their columns and `deadlines.Promise`."""

from datetime import datetime

from django.db import models

from complaints.deadlines import Promise


def promise_in(row: models.Model, name: str) -> Promise | None:
    """The promise "answer" or "resolution" as the columns of a complaint or of its part in a group hold it."""
    instant: datetime | None = getattr(row, f"{name}_due_at")
    return Promise(datetime.fromisoformat(getattr(row, f"{name}_due_wall")), instant) if instant else None


def put_promise(row: models.Model, name: str, promise: Promise | None) -> None:
    """Write a promise into those columns; the caller saves the row."""
    setattr(row, f"{name}_due_at", promise.instant if promise else None)
    setattr(row, f"{name}_due_wall", promise.wall.replace(tzinfo=None).isoformat(timespec="seconds") if promise else "")
