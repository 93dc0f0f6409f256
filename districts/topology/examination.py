"""The whole way of a file: what is in it, what is wrong with it, and what becomes of it under somebody's decisions.

`inspect`, `examine` and `compare` are what the parent asks the child for, through the door `child`. A refusal
is a SandboxFailed whose message is JSON: the params of the sentence that the parent will write.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

import numpy as np
import shapely

from districts.topology import comparison
from districts.topology.archives import Opened, open_upload
from districts.topology.attributes import Described
from districts.topology.belonging import check_nesting, describe
from districts.topology.defects import REMARK, Decisions, Defect, Refused, give_keys, point_of
from districts.topology.encodings import known_codec
from districts.topology.fields import Known, guess_fields
from districts.topology.messages import pack, tell, unpack
from districts.topology.neighbours import check_doubles, check_elsewhere, check_tiling, present
from districts.topology.placing import City, area_m2, place_file, to_wgs84
from districts.topology.reading import LayerName, Prepared, RawLayer, encoding_defect, layers_of, prepare, read_layer
from districts.topology.repairs import apply_accepted
from districts.topology.shapes import (
    Shapes,
    check_degrees,
    check_slivers,
    check_validity,
    check_vertices,
    parse,
)  # fmt: skip
from sandbox.child import SandboxFailed

STEPS = 6
_MOST_LAYERS = 20
_SAMPLES = 3
# A drawing on a screen: this part of the city's width is less than a pixel.
_SCREEN = 3000

Call = Callable[[bytes], bytes]


def _refusing(function: Call) -> Call:
    """Refusals cross the border of the process as the sandbox's own."""

    @wraps(function)
    def guarded(payload: bytes) -> bytes:
        try:
            return function(payload)
        except Refused as refusal:
            raise SandboxFailed(refusal.code, refusal.as_message()) from None
        except RecursionError:
            raise SandboxFailed("too_deep", "{}") from None

    return guarded


@_refusing
def inspect(payload: bytes) -> bytes:
    """What a file offers: its layers with fields, samples, guesses, alphabet and coordinate system."""
    request, (data,) = unpack(payload)
    opened = open_upload(bytes(data), request["name"])
    known, city = _known(request), _city(request)
    sources = [prepare(source) for source in opened.sources[:_MOST_LAYERS]]
    names = layers_of(sources)
    if not names:
        raise Refused("no_geometry_at_all", file=request["name"])
    layers = [_offer(sources[name.source], name, known, city) for name in names[:_MOST_LAYERS]]
    return pack({"layers": layers, "ignored": opened.ignored[:20]}, [])


def _offer(source: Prepared, name: LayerName, known: Known, city: City) -> dict[str, Any]:
    try:
        raw = read_layer(source, name)
    except Refused as refusal:
        return {"name": name.title, "refused": refusal.code, "params": refusal.params}
    samples = {
        field: [str(value)[:60] for value in column if value not in (None, "")][:_SAMPLES]
        for field, column in zip(raw.fields, raw.columns, strict=True)
    }
    said = encoding_defect(raw)
    return {
        "name": name.title,
        "format": raw.format,
        "count": len(raw.wkb),
        "fields": raw.fields,
        "samples": samples,
        "guess": guess_fields(raw.fields, raw.columns, known),
        "encoding": asdict(raw.encoding),
        "encoding_doubtful": said is not None,
        "crs": _placing_in_words(raw, city),
    }


def _placing_in_words(raw: RawLayer, city: City) -> dict[str, Any]:
    shapes = shapely.force_2d(shapely.from_wkb(raw.wkb, on_invalid="ignore"))
    try:
        placement = place_file(shapes, raw.crs, None, city)
    except Refused as refusal:
        return {"declared": raw.crs or "", "code": refusal.code, "params": refusal.params, "use": ""}
    found = next((defect for defect in placement.defects if defect.severity != REMARK), None)
    return {
        "declared": raw.crs or "",
        "code": found.code if found else "",
        "params": found.params if found else {},
        "use": placement.crs,
    }


@_refusing
def examine(payload: bytes) -> bytes:
    """Everything that is wrong with one layer, and its features as they are after what was decided.

    The final shapes are the answer's blobs if nothing is left to decide; else there are none.
    """
    request, (data, *more) = unpack(payload)
    today = shapely.from_wkb(bytes(more[0])) if more else None
    examined = _Examination(request, today).run(bytes(data))
    return pack(*examined)


class _Examination:
    """One run: the request, and what was found so far."""

    def __init__(self, request: dict[str, Any], today: Any) -> None:
        self.request, self.today = request, today
        self.known, self.city = _known(request), _city(request)
        self.decisions = Decisions(frozenset(request.get("accept", ())), frozenset(request.get("keep", ())))

    def run(self, data: bytes) -> tuple[dict[str, Any], list[bytes]]:
        tell(f"step 1/{STEPS}")
        raw, opened = self._read(data)
        tell(f"step 2/{STEPS}")
        shapes = parse(raw.wkb, measured=raw.measured, said=raw.defects)
        if said := encoding_defect(raw):
            shapes.defects.append(said)
        for path in opened.ignored:
            shapes.defects.append(Defect("archive_ignored", REMARK, params={"entry": path}))
        placement = place_file(shapes.proposed, raw.crs, self.request.get("crs"), self.city)
        shapes.defects += placement.defects
        shapes.proposed = to_wgs84(shapes.proposed, placement.crs, swapped=placement.swapped)
        check_degrees(shapes)
        tell(f"step 3/{STEPS}")
        chosen = self._chosen_fields(raw)
        rows, said_of_rows = describe(len(raw.wkb), raw.fields, raw.columns, chosen, self.known, self.decisions)
        # Of features that are left out for their shape nothing more is to be said.
        there = {position + 1 for position in present(shapes)}
        shapes.defects += [said for said in said_of_rows if there and (not said.features or there & set(said.features))]
        for row in rows:
            if row.service and row.service != self.known.service and self.known.kind != "districts":
                shapes.proposed[row.number - 1] = None
        check_validity(shapes)
        check_vertices(shapes)
        check_slivers(shapes)
        tell(f"step 4/{STEPS}")
        check_doubles(shapes, rows, self.known)
        check_elsewhere(shapes, self.city, self.today, self.decisions)
        left = [rows[position] for position in present(shapes)]
        if not left:
            # Everything was said about each of them already.
            shapes.defects.append(Defect("nothing_left"))
        if self.known.kind == "districts":
            shapes.defects += check_nesting(left)
        tell(f"step 5/{STEPS}")
        check_tiling(shapes, rows, self.known, self.today)
        tell(f"step 6/{STEPS}")
        return self._answer(raw, shapes, rows, chosen, placement.crs)

    def _read(self, data: bytes) -> tuple[RawLayer, Opened]:
        opened = open_upload(data, self.request["name"])
        codec = known_codec(self.request.get("encoding") or "")
        if self.request.get("encoding") and not codec:
            raise Refused("unknown_encoding", encoding=self.request["encoding"])
        sources = [prepare(source, encoding=codec) for source in opened.sources]
        names = layers_of(sources)
        wanted = self.request.get("source_layer")
        fitting = [name for name in names if not wanted or wanted == name.title]
        if len(fitting) != 1:
            code = (
                "no_geometry_at_all" if not names else ("several_layers" if not wanted or fitting else "unknown_layer")
            )
            raise Refused(
                code, layers=[name.title for name in names][:30], wanted=wanted or "", file=self.request["name"]
            )
        return read_layer(sources[fitting[0].source], fitting[0], encoding=codec), opened

    def _chosen_fields(self, raw: RawLayer) -> dict[str, str]:
        """The fields that people chose, and guesses for the others; an empty choice means none."""
        given: dict[str, str] = self.request.get("fields") or {}
        unknown = [name for name in given.values() if name and name not in raw.fields]
        if unknown:
            raise Refused("unknown_field", field=unknown[0], fields=raw.fields[:60])
        guessed = guess_fields(raw.fields, raw.columns, self.known)
        free = {role: name for role, name in guessed.items() if role not in given and name not in given.values()}
        return free | {role: name for role, name in given.items() if name}

    def _answer(
        self, raw: RawLayer, shapes: Shapes, rows: list[Described], chosen: dict[str, str], crs: str
    ) -> tuple[dict[str, Any], list[bytes]]:
        defects = give_keys(shapes.defects)
        ready = all(self.decisions.settles(defect) for defect in defects)
        final = apply_accepted(shapes, self.decisions)
        if ready and (vanished := self._vanished(shapes, final)):
            defects += give_keys(vanished)
            ready = False
        positions = [position for position in present(shapes) if final[position] is not None]
        sizes = area_m2(final[positions]) if positions else np.array([])
        features = []
        for position, size in zip(positions, sizes, strict=True):
            facts = asdict(rows[position])
            vertices = int(shapely.get_num_coordinates(final[position]))
            features.append(facts | {"area_m2": round(float(size), 2), "vertices": vertices})
        header = {
            "layer": raw.name,
            "format": raw.format,
            "read": len(raw.wkb),
            "crs": crs,
            "fields": chosen,
            "ready": ready,
            "codes": [row.code for row in rows],
            "defects": [_as_json(defect, self.decisions) for defect in defects],
            "features": features,
        }
        if self.request.get("display"):
            header["drawings"] = _drawings(final, positions)
        return header, _stored_form(final, positions) if ready else []

    def _vanished(self, shapes: Shapes, final: Any) -> list[Defect]:
        return [
            Defect("vanished", features=(position + 1,), place=point_of(shapes.proposed[position]))
            for position in present(shapes)
            if final[position] is None
        ]


@_refusing
def compare(payload: bytes) -> bytes:
    """How two sets of districts differ, code by code (see `comparison`)."""
    request, blobs = unpack(payload)
    split = len(request["old"])
    old = dict(zip(request["old"], shapely.from_wkb([bytes(blob) for blob in blobs[:split]]), strict=True))
    new = dict(zip(request["new"], shapely.from_wkb([bytes(blob) for blob in blobs[split:]]), strict=True))
    changes, moved = comparison.compare(old, new)
    return pack({"changes": [asdict(change) for change in changes]}, [shapely.to_wkb(shape) for shape in moved])


def _as_json(defect: Defect, decisions: Decisions) -> dict[str, Any]:
    facts = {name: value for name, value in vars(defect).items() if name != "shape"}
    shape = defect.shape
    facts["shape"] = shapely.to_wkb(shape, hex=True) if shape is not None and not shapely.is_empty(shape) else None
    facts["settled"] = decisions.settles(defect)
    facts["accepted"] = decisions.accepts(defect)
    return facts


def _drawings(final: Any, positions: list[int]) -> list[str]:
    """Each feature as it is drawn on a screen: few vertices, good for nothing else."""
    if not positions:
        return []
    west, south, east, north = shapely.total_bounds(final[positions])
    tolerance = max(east - west, north - south) / _SCREEN
    return list(shapely.to_wkb(shapely.simplify(final[positions], tolerance, preserve_topology=True), hex=True))


def _stored_form(final: Any, positions: list[int]) -> list[bytes]:
    """MultiPolygons as PostGIS takes them: EWKB with their system."""
    multi = [final[p] if final[p].geom_type == "MultiPolygon" else shapely.multipolygons([final[p]]) for p in positions]
    return list(shapely.to_wkb(shapely.set_srid(np.array(multi, dtype=object), 4326), include_srid=True))


def _known(request: dict[str, Any]) -> Known:
    given = request["known"]
    return Known(
        languages=tuple(given["languages"]), kind=given["kind"], service=given["service"], units=frozenset(given["units"]),
        categories=frozenset(given["categories"]), schedules=frozenset(given.get("schedules", ())), today=given["today"],
    )  # fmt: skip


def _city(request: dict[str, Any]) -> City:
    given = request["city"]
    today = tuple(given["today"]) if given.get("today") else None
    return City(tuple(given["bounds"]), today, tuple(given["candidates"]))
