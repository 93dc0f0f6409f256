"""What the person who filed a complaint is told: number, state, unit, district and promises, in her language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from catalogue.translated import text_in
from complaints.models import Attachment, Complaint
from complaints.promises import Promises
from complaints.routing import Decision
from complaints.tracking import secret_token


@dataclass(frozen=True)
class Named:
    """A code and its name in the receipt's language."""

    code: str
    name: str


@dataclass(frozen=True)
class ReceiptFile:
    id: str
    name: str
    status: str


@dataclass(frozen=True)
class Receipt:
    """The answer to a filing, kept with the idempotency key. Deadlines are ISO 8601 with the city's offset, or None."""

    complaint_id: int
    tracking_number: str
    language: str
    state: str
    category: Named
    service: Named
    unit: Named
    district: Named | None
    triage: bool
    answer_due: str | None
    resolution_due: str | None
    files: tuple[ReceiptFile, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the idempotency key's row."""
        named = ("category", "service", "unit", "district")
        values = {name: vars(value) if name in named and value else value for name, value in vars(self).items()}
        return values | {"files": [vars(row) for row in self.files]}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Receipt":
        """The receipt as `to_json` wrote it."""
        values = dict(stored)
        for name in ("category", "service", "unit", "district"):
            values[name] = Named(**values[name]) if values[name] else None
        values["files"] = tuple(ReceiptFile(**row) for row in values["files"])
        return cls(**values)

    @property
    def secret_url(self) -> str:
        return public_url("secret_link", self.language, secret_token(self.complaint_id, link_version=1))


def public_url(name: str, language: str, argument: str) -> str:
    """Absolute address of a page in a language, for messages."""
    return settings.PUBLIC_URL + page_path(name, language, argument)


def page_path(name: str, language: str, argument: str) -> str:
    """The path of a page that takes one argument (a tracking number or a token), in a language."""
    before, after = _path_around(name, language)
    return f"{before}{argument}{after}"


@lru_cache(maxsize=64)
def _path_around(name: str, language: str) -> tuple[str, str]:
    with translation.override(language):
        before, _argument, after = reverse(name, args=["ARGUMENT"]).partition("ARGUMENT")
    return before, after


def receipt(
    complaint: Complaint,
    decision: Decision,
    promises: Promises | None,
    files: Sequence[Attachment],
    *,
    language: str,
) -> Receipt:
    """The receipt of a complaint about to be stored, with names in `language`."""
    place = decision.place
    return Receipt(
        complaint_id=complaint.pk,
        tracking_number=complaint.tracking_number,
        language=language,
        state=str(complaint.state),
        category=Named(decision.category.code, text_in(decision.category.name, language)),
        service=Named(decision.category.service.code, text_in(decision.category.service.name, language)),
        unit=Named(decision.unit.code, text_in(decision.unit.name, language)),
        district=Named(place.district_code, text_in(place.district_name, language)),
        triage=decision.triage,
        answer_due=local_text(promises.answer.instant, decision) if promises else None,
        resolution_due=local_text(promises.resolution.instant, decision) if promises else None,
        files=tuple(ReceiptFile(str(row.public_id), row.name, row.status) for row in files),
    )


def local_text(instant: datetime, decision: Decision) -> str:
    """An instant in the city's zone, ISO 8601 with seconds and offset."""
    return instant.astimezone(decision.catalogue.time_zone).isoformat(timespec="seconds")
