"""A complaint as it stands, so that it can be put back: its columns, and the rows beside it that desk actions change.

Only what an action really changed is put back: what others wrote beside it (a "me too", a note) stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.db import models
from django.db.models import Q

from complaints.models import Attachment, Complaint, Forwarding, GroupPromise, Handover, Reporter, RoutingAlert

Values = dict[str, Any]
# table → key of a row → its columns; a row that is not there has no key
Picture = dict[str, dict[str, Values]]

_TABLES: dict[str, type[models.Model]] = {
    "complaint": Complaint,
    "attachment": Attachment,
    "reporter": Reporter,
    "alert": RoutingAlert,
    "promise": GroupPromise,
    "handover": Handover,
    "forwarding": Forwarding,
}
# A queue's own columns are its worker's; `updated_at` tells that something happened, and an undo happens too.
_NOT_OURS = {"updated_at", "queue_state", "attempts", "next_attempt_at", "leased_until", "last_error", "next_rung_at"}


@dataclass(frozen=True)
class Difference:
    """What an action changed: old values of changed rows, whole rows that are gone, keys of rows that are new."""

    changed: Picture
    gone: Picture
    new: dict[str, list[str]]

    @property
    def is_empty(self) -> bool:
        return not (any(self.changed.values()) or any(self.gone.values()) or any(self.new.values()))

    def to_json(self) -> dict[str, Any]:
        return {"changed": self.changed, "gone": self.gone, "new": self.new}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Difference":
        return cls(raw["changed"], raw["gone"], raw["new"])


def picture(complaint_ids: Iterable[int]) -> Picture:
    """Complaints and what belongs to them, as plain values."""
    ids = list(complaint_ids)
    querysets: dict[str, models.QuerySet[Any]] = {
        "complaint": Complaint.objects.filter(pk__in=ids),
        "attachment": Attachment.objects.filter(complaint__in=ids),
        "reporter": Reporter.objects.filter(complaint__in=ids),
        "alert": RoutingAlert.objects.filter(complaint__in=ids),
        "promise": GroupPromise.objects.filter(Q(primary__in=ids) | Q(holder__in=ids)),
        "handover": Handover.objects.filter(complaint__in=ids),
        "forwarding": Forwarding.objects.filter(complaint__in=ids),
    }
    return {name: {str(row.pk): _values(row) for row in rows} for name, rows in querysets.items()}


def difference(before: Picture, after: Picture) -> Difference:
    changed: Picture = {name: {} for name in before}
    gone: Picture = {name: {} for name in before}
    new: dict[str, list[str]] = {}
    for name, rows in before.items():
        for key, old in rows.items():
            if key not in after[name]:
                gone[name][key] = old
                continue
            now = after[name][key]
            if kept := {column: value for column, value in old.items() if now[column] != value}:
                changed[name][key] = kept
        new[name] = [key for key in after[name] if key not in rows]
    return Difference(changed, gone, new)


def put_back(change: Difference, complaints: Mapping[int, Complaint]) -> list[str]:
    """Undo a difference in the rows; the caller has locked `complaints`, which get their old values and are not saved.

    Returns paths of files that no row knows any more; the caller deletes them when its transaction has committed.
    """
    for key, values in change.changed["complaint"].items():
        _set(complaints[int(key)], values)
    Handover.objects.filter(pk__in=change.new["handover"]).delete()
    Forwarding.objects.filter(pk__in=change.new["forwarding"]).delete()
    for name in ("attachment", "reporter", "alert", "promise", "handover", "forwarding"):
        for key, values in change.changed[name].items():
            row = _TABLES[name]._default_manager.filter(pk=key).first()
            if row is not None:
                _set(row, values)
                row.save(update_fields=list(values))
    for values in change.gone["promise"].values():
        row = GroupPromise()
        _set(row, values)
        row.save(force_insert=True)
    GroupPromise.objects.filter(pk__in=map(int, change.new["promise"])).delete()
    alerts = RoutingAlert.objects.filter(pk__in=change.new["alert"], closed_at=None)
    alerts.update(closed_at=models.F("raised_at"))
    return _take_away(change.new["attachment"])


def replaced_files(change: Difference) -> list[str]:
    """Files that the rows pointed to before: superfluous once nobody can undo any more."""
    rows = change.changed["attachment"].values()
    return [values[column] for values in rows for column in ("path", "thumbnail_path") if values.get(column)]


def _take_away(keys: list[str]) -> list[str]:
    """Files that came with an action that is undone: they never came."""
    files = Attachment.objects.filter(pk__in=keys)
    paths = [path for row in files for path in (row.quarantine_path, row.path, row.thumbnail_path) if path]
    files.delete()
    return paths


def _values(row: models.Model) -> Values:
    return {
        str(field.attname): _plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if not field.generated and field.name not in _NOT_OURS
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, GEOSGeometry):
        return value.hexewkb.decode()
    return value if isinstance(value, str | int | float | list | dict | None) else str(value)


def _set(row: models.Model, values: Values) -> None:
    by_column = {str(field.attname): field for field in row._meta.concrete_fields}
    for column, value in values.items():
        field = by_column[column]
        if isinstance(value, str) and isinstance(field, models.DateTimeField):
            setattr(row, column, datetime.fromisoformat(value))
        elif isinstance(value, str) and hasattr(field, "srid"):
            setattr(row, column, GEOSGeometry(value))
        else:
            setattr(row, column, field.to_python(value) if not isinstance(value, dict | list) else value)
