"""Reading one layer of a vector file with GDAL, from memory: columns as texts and numbers, geometry as WKB."""

import os
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyogrio
import pyproj

from districts.topology import encodings
from districts.topology.archives import GEOJSON, KML, SHAPEFILE, Source
from districts.topology.defects import REMARK, Defect, Refused
from districts.topology.structure import Checked, check_json

MOST_FEATURES = 100_000
MOST_FIELDS = 400
# An unclosed ring is ours to name: GDAL would only warn.
os.environ.setdefault("OGR_GEOMETRY_ACCEPT_UNCLOSED_RING", "YES")

_ERRORS = (
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError,
    pyogrio.errors.FeatureError, pyogrio.errors.GeometryError, pyogrio.errors.CRSError,
    ValueError, RuntimeError, NotImplementedError,
)  # fmt: skip


@dataclass
class RawLayer:
    """A layer as its file has it. `crs` is what the file declares (None: nothing that can be used)."""

    name: str
    format: str
    fields: list[str]
    columns: list[list[Any]]
    wkb: Any
    crs: str | None
    encoding: encodings.Verdict
    defects: list[Defect] = field(default_factory=list)
    # Positions had a measure (M), which is gone already.
    measured: bool = False


@dataclass(frozen=True)
class LayerName:
    """A layer on offer: its source, which of the source's layers it is, and what people call it."""

    source: int
    index: int
    title: str


@dataclass
class Prepared:
    """A source as GDAL is given it: JSON checked, texts of JSON and KML in UTF-8."""

    source: Source
    data: bytes
    checked: Checked
    verdict: encodings.Verdict


def prepare(source: Source, *, encoding: str = "") -> Prepared:
    """Look through a source before GDAL does. `encoding` is somebody's choice. Raises Refused."""
    data, verdict = source.data, encodings.Verdict("utf-8", "utf-8")
    if source.format in (GEOJSON, KML):
        data, verdict = _as_utf8(data, encoding)
    checked = check_json(data) if source.format == GEOJSON else Checked(data)
    return Prepared(source, checked.data, checked, verdict)


def layers_of(sources: list[Prepared]) -> list[LayerName]:
    """The layers with geometry in all sources. Raises Refused where GDAL cannot read one."""
    found = []
    for index, source in enumerate(sources):
        if source.source.format == GEOJSON and not source.checked.is_topology:
            # There is one, and to ask GDAL for its name takes as long as to read it.
            found.append(LayerName(index, 0, source.source.name))
            continue
        try:
            with warnings.catch_warnings():
                # A file in memory has no ending; GDAL minds.
                warnings.simplefilter("ignore")
                listed = pyogrio.list_layers(source.data)
        except _ERRORS as error:
            raise Refused("unreadable_file", file=source.source.name, reason=_plain_reason(error)) from None
        for number, (name, kind) in enumerate(listed):
            # GDAL calls a layer without a name after the file in memory, anew each time.
            title = source.source.name if len(listed) == 1 or name.startswith("pyogrio_") else str(name)
            if kind is not None:
                found.append(LayerName(index, number, title))
    return found


def read_layer(given: Prepared, layer: LayerName, *, encoding: str = "") -> RawLayer:
    """Read everything of a layer. `encoding` is somebody's choice; else the file's texts are judged. Raises Refused."""
    source = given.source
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            meta, _fids, wkb, columns = pyogrio.raw.read(
                given.data,
                layer=layer.index,
                encoding="ISO-8859-1" if source.format == SHAPEFILE else None,
                max_features=MOST_FEATURES + 1,
            )
    except _ERRORS as error:
        raise Refused("unreadable_file", file=source.name, reason=_plain_reason(error)) from None
    if wkb is None:
        raise Refused("no_geometry_at_all", file=source.name)
    if len(wkb) > MOST_FEATURES or len(meta["fields"]) > MOST_FIELDS:
        raise Refused("too_many_features", most=MOST_FEATURES)
    raw = RawLayer(
        name=layer.title,
        format=source.format,
        fields=[str(name) for name in meta["fields"]],
        columns=[[_plain(value) for value in column] for column in columns],
        wkb=wkb,
        crs=_usable(meta["crs"]),
        encoding=given.verdict,
        defects=given.checked.defects,
        measured=bool(given.checked.measured) or any("Measured" in str(warning.message) for warning in said),
    )
    if source.format == SHAPEFILE:
        _decode(raw, source, encoding)
    _check_count(raw, given.checked)
    return raw


def _as_utf8(data: bytes, chosen: str) -> tuple[bytes, encodings.Verdict]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode(), encodings.Verdict("utf-8", "utf-8")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        verdict = encodings.judge((part for part in data.split(b'"') if len(part) < 500), "utf-8")
        if chosen:
            verdict = encodings.Verdict(chosen, chosen)
        return data.decode(verdict.encoding, "replace").encode(), verdict
    return data, encodings.Verdict("utf-8", "utf-8")


def _decode(raw: RawLayer, source: Source, chosen: str) -> None:
    """Turn the texts of a .dbf, read byte by byte as latin-1, into what they are."""
    texts = [value for column in raw.columns for value in column if isinstance(value, str)]
    as_bytes = [text.encode("latin-1", "replace") for text in (*raw.fields, *texts)]
    declared = encodings.declared_encoding(source.parts.get(".cpg"), source.parts[".dbf"])
    raw.encoding = encodings.judge(as_bytes, declared)
    codec = chosen or raw.encoding.encoding
    if chosen:
        raw.encoding = encodings.Verdict(chosen, chosen)

    def text(value: Any) -> Any:
        return value.encode("latin-1", "replace").decode(codec, "replace") if isinstance(value, str) else value

    raw.fields = [text(name) for name in raw.fields]
    raw.columns = [[text(value) for value in column] for column in raw.columns]


def _check_count(raw: RawLayer, checked: Checked) -> None:
    """GDAL leaves out features that it cannot read; none may go missing unseen."""
    if checked.count is not None and checked.count != len(raw.wkb):
        raw.defects.append(
            Defect("features_skipped", params={"count": checked.count - len(raw.wkb), "read": len(raw.wkb)})
        )
    if not len(raw.wkb):
        raise Refused("no_features", layer=raw.name)


def _usable(crs: Any) -> str | None:
    """A CRS on the earth, or None: local engineering systems and "undefined" say nothing about a place."""
    if not crs:
        return None
    try:
        found = pyproj.CRS.from_user_input(crs)
    except (pyproj.exceptions.CRSError, ValueError):
        return None
    return None if found.is_engineering or "ndefined" in found.name or found.name == "unknown" else str(crs)


def _plain(value: Any) -> Any:
    """A value as Python knows it; NaN, NaT and empty become None, whole floats become integers."""
    if value is None or value != value:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, bytes | list | dict) or hasattr(value, "tolist"):
        return str(value)
    return value


def _plain_reason(error: BaseException) -> str:
    """GDAL's words without the names that files have in memory."""
    text = str(error).replace("; It might help to specify the correct driver explicitly", "")
    parts = [part for part in text.split("'") if "/vsi" not in part]
    return " ".join("'".join(parts).split())[:160]


def encoding_defect(raw: RawLayer) -> Defect | None:
    """What is to be said about the alphabet of a layer's texts."""
    verdict = raw.encoding
    if verdict.agrees:
        return None
    params = {"declared": verdict.declared, "encoding": verdict.encoding, "sample": verdict.sample}
    if not verdict.declared and verdict.encoding == "utf-8":
        return Defect("encoding_missing", REMARK, params=params)
    code = "wrong_encoding" if verdict.declared else "encoding_missing"
    return Defect(code, params=params, repair="use_encoding", moved_m2=0.0)
