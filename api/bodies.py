"""Reading what strangers send: JSON or multipart, within limits, into one plain dictionary and a list of files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from api.problems import Fault, Refused, malformed, too_large
from complaints.errors import FileTooLarge, TooManyFiles
from complaints.services.files import MAX_FILES
from complaints.services.quarantine import NewFile
from sandbox.uploads import MAX_BYTES

MAX_BODY_BYTES = 60_000_000
MAX_JSON_BYTES = 1_000_000
JSON_TYPE, MULTIPART_TYPE, FORM_TYPE = "application/json", "multipart/form-data", "application/x-www-form-urlencoded"
# Fields of a multipart body that hold objects: as JSON text, or as parts named `reporter.email`.
NESTED_FIELDS = ("answers", "reporter")


@dataclass(frozen=True)
class Body:
    """A request's fields, and its files."""

    fields: Mapping[str, Any]
    files: list[NewFile] = field(default_factory=list)

    def digest(self) -> str:
        """The same for the same content, however it was spaced, ordered or cut into parts."""
        digest = hashlib.sha256(orjson.dumps(self.fields, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))
        for file in self.files:
            digest.update(hashlib.sha256(file.data).digest() + file.name.encode(errors="replace"))
        return digest.hexdigest()


def read_body(request: HttpRequest) -> Body:
    """The body by its content type. Raises Refused (400, 413, 415), TooManyFiles or FileTooLarge; never anything else."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if length.isascii() and length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise too_large()
    kind = request.content_type or ""
    if kind in (MULTIPART_TYPE, FORM_TYPE):
        return _read_form(request)
    if kind in ("", JSON_TYPE) or kind.endswith("+json"):
        return Body(_json_object(_read_at_most(request, MAX_JSON_BYTES)))
    raise Refused("unsupported_media_type", _("Send application/json or multipart/form-data."))


def _read_at_most(request: HttpRequest, limit: int) -> bytes:
    data = request.read(limit + 1)
    if len(data) > limit:
        raise too_large()
    return data


def _json_object(data: bytes) -> dict[str, Any]:
    # orjson refuses NaN, infinite numbers, lone surrogates, bad UTF-8 and deep nesting by itself.
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise malformed() from None
    if not isinstance(parsed, dict):
        raise malformed()
    return parsed


def _read_form(request: HttpRequest) -> Body:
    fields: dict[str, Any] = {}
    for name, value in _parts(request).items():
        outer, dot, inner = name.partition(".")
        if dot and outer in NESTED_FIELDS:
            nested = fields.setdefault(outer, {})
            if isinstance(nested, dict):
                nested[inner] = value
        elif name in NESTED_FIELDS:
            fields[name] = _nested(name, str(value)) | fields.get(name, {})
        else:
            fields[name] = value
    return Body(fields, _files(request))


def _parts(request: HttpRequest) -> QueryDict:
    # Reading POST parses the body. What Django raises on a broken one is answered in problems.py, but for a charset that
    # is no charset of text, which escapes it.
    try:
        return request.POST
    except (LookupError, UnicodeError):
        raise malformed() from None


def _nested(name: str, text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        parsed = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        parsed = None
    if not isinstance(parsed, dict):
        raise Refused.invalid(Fault(name, "invalid", _("Give a JSON object.")))
    return parsed


def _files(request: HttpRequest) -> list[NewFile]:
    uploads = [*request.FILES.getlist("files"), *request.FILES.getlist("files[]")]
    if len(uploads) > MAX_FILES:
        raise TooManyFiles
    if any((upload.size or 0) > MAX_BYTES for upload in uploads):
        raise FileTooLarge
    return [NewFile(upload.name or "file", upload.read()) for upload in uploads]
