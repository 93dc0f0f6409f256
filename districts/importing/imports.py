"""From a file to an edition: the one way that the command and the pages go."""

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from districts.importing.child import Answer, FileRefused, Progress, ask
from districts.importing.storing import Provenance, store_edition
from districts.importing.target import Target, child_request, outline_of_today
from districts.models import BoundaryEdition

MOST_BYTES = 1024 * 1024 * 1024
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_CRS = re.compile(r"(?:([A-Za-z]{2,10}):)?(\d{1,6})")


@dataclass(frozen=True)
class Choices:
    """What somebody chose: the layer of the file, its alphabet and system ("" for what the file says), {role: field},
    and by key, code or "all" which proposals she accepts and what she leaves as it is."""

    source_layer: str = ""
    encoding: str = ""
    crs: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()


def read_file(path: Path) -> bytes:
    """A file of this machine. The parts beside a bare .shp are taken along as one archive. Raises FileRefused."""
    if not path.is_file():
        raise FileRefused("missing_file")
    parts = [path]
    if path.suffix.lower() == ".shp":
        wanted = {f"{path.stem}{ending}".lower() for ending in _SHAPEFILE_PARTS}
        parts = [part for part in sorted(path.parent.iterdir()) if part.name.lower() in wanted]
    if sum(part.stat().st_size for part in parts) > MOST_BYTES:
        raise FileRefused("file_too_large", {"most": "1 GB"})
    if path.suffix.lower() != ".shp":
        return path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for part in parts:
            archive.writestr(part.name, part.read_bytes())
    return packed.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def has_code(crs: str) -> bool:
    """Whether a coordinate system can be named by its number; others have only their definition."""
    return _CRS.fullmatch(crs) is not None


def system_code(text: str) -> str:
    """ "26191", "epsg:26191" → "EPSG:26191". Raises FileRefused."""
    if not text:
        return ""
    found = _CRS.fullmatch(text.strip())
    if found is None:
        raise FileRefused("unknown_crs", {"crs": text[:60]})
    return f"{(found[1] or 'EPSG').upper()}:{found[2]}"


def inspect_file(target: Target, name: str, data: bytes, *, on_step: Progress | None = None) -> dict[str, Any]:
    """What a file offers (see topology.examination.inspect). Raises FileRefused."""
    return ask("inspect", {"name": name, **child_request(target)}, [data], on_step=on_step).header


def examine_file(
    target: Target,
    name: str,
    data: bytes,
    choices: Choices,
    *,
    display: bool = False,
    on_step: Progress | None = None,
    seconds: int | None = None,
) -> Answer:
    """Everything that is wrong with a layer, and its shapes if nothing is left to decide. Raises FileRefused."""
    request: dict[str, Any] = {
        "name": name,
        "source_layer": choices.source_layer,
        "encoding": choices.encoding,
        "crs": system_code(choices.crs) or None,
        "fields": dict(choices.fields),
        "accept": sorted(choices.accept),
        "keep": sorted(choices.keep),
        "display": display,
        **child_request(target),
    }
    today = outline_of_today(target.city)
    blobs = [data] if today is None else [data, today]
    return ask("examine", request, blobs, on_step=on_step, **({"seconds": seconds} if seconds else {}))


@transaction.atomic
def store_answer(target: Target, answer: Answer, about: Provenance, *, now: datetime) -> BoundaryEdition:
    """An edition of what the child made of a file. Raises FileRefused where the catalogue changed meanwhile."""
    assert answer.header["ready"]
    try:
        return store_edition(target, answer.header["features"], answer.blobs, about, now=now)
    except KeyError:
        raise FileRefused("catalogue_changed") from None
