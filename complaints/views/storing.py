"""From the report form, once it is valid, to a stored complaint."""

import hashlib
import time
from datetime import datetime

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.models import Jurisdiction
from catalogue.translated import text_in
from complaints.errors import IdempotencyInProgress
from complaints.forms import ReportForm
from complaints.models import Complaint
from complaints.previews import Place
from complaints.receipts import Receipt
from complaints.services.submission import Idempotency, NewComplaint, NewReporter, submit

# While the first tap of two is still being stored, the second waits for its receipt.
_WAITS, _WAIT_SECONDS = 10, 0.2


def store(request: HttpRequest, city: Jurisdiction, form: ReportForm, place: Place, *, now: datetime) -> Receipt:
    """Store what a valid form holds, once for each key; a second tap waits for the first one's receipt. Raises as `submit`."""
    new = _new_complaint(city, form, place)
    key = request.headers.get("Idempotency-Key") or form.cleaned_data["key"]
    idempotency = Idempotency(f"form:{key}", _fingerprint(new)) if len(key) >= 16 else None
    for attempt in range(_WAITS):
        try:
            return submit(new, now=now, idempotency=idempotency)
        except IdempotencyInProgress:
            if attempt + 1 == _WAITS:
                raise
            time.sleep(_WAIT_SECONDS)
    raise AssertionError("unreachable")


def _new_complaint(city: Jurisdiction, form: ReportForm, place: Place) -> NewComplaint:
    cleaned = form.cleaned_data
    reporter = NewReporter(
        language=cleaned.get("language") or get_language() or "fr",
        name=cleaned["name"],
        email=cleaned["email"],
        phone=cleaned["phone"],
        consent_contact=cleaned["consent_contact"],
        consent_sms=cleaned.get("consent_sms", False),
    )
    return NewComplaint(
        category=cleaned["category"],
        longitude=place.longitude,
        latitude=place.latitude,
        reporter=reporter,
        channel=Complaint.Channel(cleaned.get("channel") or Complaint.Channel.WEB),
        description=cleaned["description"],
        location_text=_location_text(city, place, cleaned["location_text"]),
        answers=form.answers(),
        kind=Complaint.Kind(cleaned["kind"]),
        files=cleaned["files"],
        jurisdiction_id=city.pk,
        district_only=place.district_only,
        filed_by=form.intake.by,
    )


def _location_text(city: Jurisdiction, place: Place, typed: str) -> str:
    """Her words; where only the district is known, the staff are told so in the city's own language."""
    if place.district is None:
        return typed
    language = city.languages[0]
    with translation.override(language):
        mark = _("%(district)s, district only: the point is just its middle") % {
            "district": text_in(place.district.name, language)
        }
    return f"{typed} ({mark})"[-300:] if typed else mark


def _fingerprint(new: NewComplaint) -> str:
    """Hash of everything that was sent."""
    digest = hashlib.sha256()
    parts = (
        new.category, new.kind, new.longitude, new.latitude, new.description, new.location_text,
        sorted(new.answers.items()), new.reporter,
    )  # fmt: skip
    digest.update(repr(parts).encode("utf-8", "surrogatepass"))
    for file in new.files:
        digest.update(hashlib.sha256(file.data).digest())
    return digest.hexdigest()
