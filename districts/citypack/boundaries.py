"""Reading the polygons and points of a city pack: any vector format GDAL reads, its declared CRS honoured, WGS 84 out."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from django.contrib.gis.gdal import CoordTransform, OGRGeometry, SpatialReference
from django.contrib.gis.gdal.error import GDALException

from districts.citypack.tables import CODE, PackTables, check_name
from districts.topology.tiling import overlaps_among
from reporting.commands import Fault

WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Shape:
    """A feature of the pack: its code, names, properties and geometry in WGS 84, longitude first."""

    code: str
    name: dict[str, str]
    properties: dict[str, Any]
    geometry: Any  # shapely geometry; polygons are always MultiPolygon


@dataclass
class PackShapes:
    districts: list[Shape] = field(default_factory=list)
    service_areas: list[Shape] = field(default_factory=list)
    landmarks: list[Shape] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)


def read_shapes(pack: PackTables) -> PackShapes:
    """Read and check districts, service areas and landmarks of a pack whose tables were read."""
    shapes = PackShapes()
    file = _vector_file(pack.folder, "districts")
    if file is None:
        shapes.faults.append(Fault("missing_file", "the pack has no districts.geojson", "districts.geojson"))
    else:
        shapes.districts = _read_layer(file, pack, shapes, polygons=True)
        _check_districts(shapes, file.name)
    areas = _vector_file(pack.folder, "service_areas")
    if areas is not None:
        shapes.service_areas = _read_layer(areas, pack, shapes, polygons=True)
        _check_areas(shapes, pack, areas.name)
    landmarks = _vector_file(pack.folder / "layers", "landmarks")
    if landmarks is not None:
        shapes.landmarks = _read_layer(landmarks, pack, shapes, polygons=False)
    _check_units_reachable(shapes, pack)
    return shapes


def _vector_file(folder: Path, stem: str) -> Path | None:
    """The one file of that name, whatever its format; GeoJSON first."""
    found = sorted(folder.glob(f"{stem}.*"), key=lambda path: (path.suffix != ".geojson", path.name))
    return found[0] if found else None


def _read_layer(file: Path, pack: PackTables, shapes: PackShapes, *, polygons: bool) -> list[Shape]:
    try:
        meta, _, wkb, columns = pyogrio.raw.read(file)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        shapes.faults.append(Fault("unreadable_file", f"GDAL cannot read it: {error}", file.name))
        return []
    if wkb is None:
        shapes.faults.append(Fault("no_geometry", "the file holds no geometry", file.name))
        return []
    geometries = to_wgs84(shapely.from_wkb(wkb), meta["crs"], shapes.faults, file.name)
    rows: dict[str, Shape] = {}
    for index, geometry in enumerate(geometries):
        properties = {str(key): _plain(column[index]) for key, column in zip(meta["fields"], columns, strict=True)}
        where = f"{file.name} feature {index + 1} ({properties.get('code')})"
        shape = _shape(properties, geometry, pack, shapes, where, polygons=polygons)
        if shape is not None and shape.code in rows:
            shapes.faults.append(Fault("duplicate_code", f"code {shape.code} is given twice", where))
        elif shape is not None:
            rows[shape.code] = shape
    return list(rows.values())


def to_wgs84(geometries: Any, crs: str | None, faults: list[Fault], where: str) -> Any:
    """Geometries in WGS 84, longitude first. A file without CRS must already be in degrees."""
    if crs is None or crs in {WGS84, "OGC:CRS84", "EPSG:4979"}:
        return geometries
    try:
        source, target = SpatialReference(crs), SpatialReference(4326)
        transform = CoordTransform(source, target)
        moved = []
        for geometry in geometries:
            item = OGRGeometry(memoryview(shapely.to_wkb(geometry)), source)
            item.transform(transform)
            moved.append(shapely.from_wkb(bytes(item.wkb)))
    except GDALException as error:
        faults.append(Fault("bad_crs", f"CRS {crs} cannot be brought to WGS 84: {error}", where))
        return np.array([], dtype=object)
    return np.array(moved, dtype=object)


def _plain(value: Any) -> Any:
    """A value as Python knows it; NaN and missing become None."""
    if value is None or value != value:
        return None
    return value.item() if hasattr(value, "item") else value


def _shape(
    properties: dict[str, Any], geometry: Any, pack: PackTables, shapes: PackShapes, where: str, *, polygons: bool
) -> Shape | None:
    code = properties.get("code")
    code = str(code) if code is not None else ""
    if not CODE.fullmatch(code):
        shapes.faults.append(Fault("bad_code", f"code {code!r} must be 1-60 of a-z, 0-9 and hyphens", where))
        return None
    name = {key[5:]: str(value) for key, value in properties.items() if key.startswith("name_") and value is not None}
    check_name(shapes.faults, name, pack.languages, where)
    geometry = shapely.force_2d(geometry) if geometry is not None else None
    problem = _geometry_problem(geometry, polygons=polygons)
    if problem is not None:
        shapes.faults.append(Fault(*problem, where))
        return None
    if polygons and geometry.geom_type == "Polygon":
        geometry = shapely.multipolygons([geometry])
    return Shape(code, name, properties, geometry)


def _geometry_problem(geometry: Any, *, polygons: bool) -> tuple[str, str] | None:
    if geometry is None or geometry.is_empty:
        return "no_geometry", "the feature has no geometry"
    kinds = {"Polygon", "MultiPolygon"} if polygons else {"Point"}
    if geometry.geom_type not in kinds:
        return "wrong_geometry", f"{geometry.geom_type} where {' or '.join(sorted(kinds))} is needed"
    coordinates = shapely.get_coordinates(geometry)
    if not np.isfinite(coordinates).all():
        return "bad_coordinates", "a coordinate is not a number"
    if (abs(coordinates[:, 0]) > 180).any() or (abs(coordinates[:, 1]) > 90).any():
        return "bad_coordinates", "coordinates are not degrees; declare the file's CRS"
    if not shapely.is_valid(geometry):
        return "invalid_geometry", str(shapely.is_valid_reason(geometry))
    return None


def _check_districts(shapes: PackShapes, where: str) -> None:
    levels: dict[str, int] = {}
    for shape in shapes.districts:
        level = shape.properties.get("level", 1)
        if isinstance(level, bool) or not str(level).replace(".0", "").isdigit() or int(float(level)) < 1:
            shapes.faults.append(Fault("bad_value", "level must be 1, 2, 3…", f"{where} {shape.code}"))
            continue
        levels[shape.code] = int(float(level))
    for shape in shapes.districts:
        parent = shape.properties.get("parent")
        if parent is not None and str(parent) not in levels:
            shapes.faults.append(
                Fault("unknown_reference", f"parent {parent!r} is no district", f"{where} {shape.code}")
            )
        elif parent is not None and levels.get(str(parent), 0) >= levels.get(shape.code, 0):
            shapes.faults.append(Fault("bad_value", "a parent's level must be smaller", f"{where} {shape.code}"))
    if 1 not in levels.values():
        shapes.faults.append(Fault("missing_value", "no district has level 1 (the top)", where))
    for level in sorted(set(levels.values())):
        _remark_overlaps(shapes, [s for s in shapes.districts if levels.get(s.code) == level], level, where)


def _remark_overlaps(shapes: PackShapes, level_shapes: list[Shape], level: int, where: str) -> None:
    """Name the districts of one level that overlap, by the same measure as `import_boundaries`."""
    geometries = np.array([shape.geometry for shape in level_shapes], dtype=object)
    for overlap in overlaps_among(geometries):
        if not overlap.is_noise:
            one, other = (level_shapes[member].code for member in overlap.members)
            message = f"districts {one} and {other} of level {level} overlap by {overlap.area_m2:.0f} m²"
            shapes.remarks.append(Fault("districts_overlap", message, where))


def _check_areas(shapes: PackShapes, pack: PackTables, where: str) -> None:
    for shape in shapes.service_areas:
        place = f"{where} {shape.code}"
        service, category = shape.properties.get("service"), shape.properties.get("category")
        if service not in pack.services:
            shapes.faults.append(Fault("unknown_reference", f"service {service!r} is not in catalogue.toml", place))
        if category is not None and pack.categories.get(category, {}).get("service") != service:
            shapes.faults.append(Fault("unknown_reference", f"category {category!r} is not of that service", place))
        if shape.properties.get("unit") not in pack.units:
            unit = shape.properties.get("unit")
            shapes.faults.append(Fault("unknown_reference", f"unit {unit!r} is not in units.toml", place))
        fallback, schedule = shape.properties.get("fallback_unit"), shape.properties.get("schedule")
        if schedule is not None and schedule not in pack.schedules:
            shapes.faults.append(Fault("unknown_reference", f"schedule {schedule!r} is not in units.toml", place))
        if fallback is not None and fallback not in pack.units:
            shapes.faults.append(Fault("unknown_reference", f"fallback_unit {fallback!r} is not in units.toml", place))
        if fallback is not None and schedule is None:
            message = "fallback_unit answers outside the hours of a schedule, and there is none"
            shapes.faults.append(Fault("bad_value", message, place))
        priority = shape.properties.get("priority")
        if priority is not None and (isinstance(priority, bool | str) or float(priority) != int(priority)):
            shapes.faults.append(Fault("bad_value", "priority must be a whole number", place))


def _check_units_reachable(shapes: PackShapes, pack: PackTables) -> None:
    covered = {shape.properties.get("service") for shape in shapes.service_areas}
    for code, service in pack.services.items():
        if code not in covered and service.get("default_unit") is None:
            message = "the service has neither areas nor default_unit: everything goes to triage"
            shapes.remarks.append(Fault("no_unit", message, f"catalogue.toml service {code}"))
