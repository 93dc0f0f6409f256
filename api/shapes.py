"""The shape of a filing: types, lengths, formats. It knows no rule of the city; all faults are told at once.

Written by hand because it runs for each complaint: REST framework's serializers take three times as long. What it
accepts is documented by `documents.NewComplaintDocument`; a test holds the two together.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from api.bodies import Body
from api.problems import Fault, Refused
from complaints.models import Complaint
from complaints.services.submission import Idempotency, NewComplaint, NewReporter
from districts.gate import PointRefused, accept_point

LIMITS = {
    "category": 60,
    "description": 4000,
    "location_text": 300,
    "reporter.name": 120,
    "reporter.email": 254,
    "reporter.phone": 20,
}
MAX_ANSWERS = 50
KEY = re.compile(r"[\x21-\x7e]{16,255}")
DEGREES = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_PHONE = re.compile(r"\+?[\d ().\-/]{5,}", re.ASCII)
# C0 controls that no keyboard types and no export can carry; NUL is refused, line breaks and tabs stay.
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


def new_complaint(body: Body, *, language: str) -> NewComplaint:
    """The filing in a request's body; `language` is the reporter's unless she names another.

    Raises Refused (`invalid`) with every fault of shape.
    """
    fields = _Fields(body.fields)
    reporter = fields.nested("reporter")
    category = fields.text("category", required=True)
    longitude, latitude = fields.place()
    new = NewComplaint(
        category=category,
        longitude=longitude,
        latitude=latitude,
        description=fields.text("description"),
        location_text=fields.text("location_text"),
        answers=fields.answers(),
        kind=fields.kind(),
        reporter=NewReporter(
            language=reporter.language(language),
            name=reporter.text("name"),
            email=reporter.email(),
            phone=reporter.phone(),
            consent_contact=reporter.flag("consent_contact"),
            consent_sms=reporter.flag("consent_sms"),
        ),
        channel=Complaint.Channel.API,
        files=body.files,
    )
    if fields.faults:
        raise Refused.invalid(*fields.faults)
    return new


def idempotency(key: str | None, body: Body) -> Idempotency | None:
    """The Idempotency-Key header with the content it stands for; None without one. Raises Refused for a malformed one."""
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise Refused.invalid(Fault("Idempotency-Key", "invalid", _("Use 16 to 255 random characters without spaces.")))
    return Idempotency(key, body.digest())


class _Fields:
    """Reads values out of a mapping and collects what is wrong with them; a wrong value reads as an empty one."""

    def __init__(self, values: Mapping[str, Any], prefix: str = "", faults: list[Fault] | None = None) -> None:
        self.values = values
        self.prefix = prefix
        self.faults: list[Fault] = [] if faults is None else faults

    def fault(self, name: str, message: str | Promise, code: str = "invalid") -> None:
        self.faults.append(Fault(self.prefix + name, code, message))

    def text(self, name: str, *, required: bool = False) -> str:
        value = self.values.get(name)
        if value is None or value == "":
            if required:
                self.fault(name, _("This is needed."), "required")
            return ""
        if not isinstance(value, str) or "\x00" in value:
            self.fault(name, _("Give a text."))
            return ""
        limit = LIMITS[self.prefix + name]
        clean = _CONTROLS.sub("", value).strip()
        if len(clean) > limit:
            self.fault(name, _("This is too long."), "too_long")
        return clean

    def nested(self, name: str) -> "_Fields":
        return _Fields(self.mapping(name), f"{self.prefix}{name}.", self.faults)

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.values.get(name)
        if value is None or isinstance(value, dict):
            return value or {}
        self.fault(name, _("Give a JSON object."))
        return {}

    def answers(self) -> Mapping[str, object]:
        given = self.mapping("answers")
        if len(given) > MAX_ANSWERS:
            self.fault("answers", _("This is too long."), "too_long")
        return given

    def place(self) -> tuple[float, float]:
        values = []
        for name in ("longitude", "latitude"):
            value = self.values.get(name)
            if value is None or value == "":
                self.fault(name, _("This is needed."), "required")
            elif isinstance(value, str) and not DEGREES.fullmatch(value.strip()):
                self.fault(name, _("Give a number of degrees."))
            else:
                values.append(value)
        if len(values) < 2:
            return 0.0, 0.0
        try:
            return accept_point(*values)
        except PointRefused as refused:
            self.fault(refused.field, refused.message)
            return 0.0, 0.0

    def kind(self) -> Complaint.Kind:
        value = self.values.get("kind") or Complaint.Kind.COMPLAINT
        if value not in Complaint.Kind.values:
            self.fault("kind", _("There is no such value here."))
            return Complaint.Kind.COMPLAINT
        return Complaint.Kind(value)

    def language(self, default: str) -> str:
        value = self.values.get("language")
        if value is None or value == "":
            return default
        known = [code for code, _name in settings.LANGUAGES]
        code = value.lower().partition("-")[0] if isinstance(value, str) else ""
        if code not in known:
            self.fault("language", _("There is no such value here."))
            return default
        return code

    def email(self) -> str:
        value = self.text("email")
        if value:
            try:
                validate_email(value)
            except ValidationError as error:
                self.fault("email", error.messages[0])
        return value

    def phone(self) -> str:
        value = self.text("phone")
        if value and not _PHONE.fullmatch(value):
            self.fault("phone", _("Write the phone number in digits, for example +212612345678."))
        return value

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if value in (None, "", False, "false", "0", 0):
            return False
        if value in (True, "true", "1", 1, "on"):
            return True
        self.fault(name, _("Use true or false."))
        return False
