"""Loading a checked city pack: one transaction, idempotent; what an administrator edited since is kept and reported."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.db import connection, transaction
from django.db.models import Max

from catalogue.ladders import DEFAULT_LADDER
from catalogue.models import (
    Body,
    Calendar,
    Category,
    Closure,
    Jurisdiction,
    PackRow,
    Question,
    Rung,
    Schedule,
    Service,
    Unit,
)
from catalogue.translated import text_in
from districts.citypack.boundaries import PackShapes, Shape, read_shapes
from districts.citypack.tables import PackTables, read_tables
from districts.editions import activate
from districts.models import DISTRICTS_LAYER, BoundaryEdition, District, Landmark, ServiceArea, service_areas_layer
from reporting.commands import Fault, Report


def load_city(folder: Path, *, now: datetime, overwrite: bool = False, imported_by: str = "load_city") -> Report:
    """Load or update the city pack in `folder`: all of it, or nothing and every fault named."""
    report = Report()
    if not folder.is_dir():
        report.faults.append(Fault("missing_file", "no such folder", str(folder)))
        return report
    pack = read_tables(folder)
    shapes = read_shapes(pack)
    report.faults = [*pack.faults, *shapes.faults]
    report.remarks = list(shapes.remarks)
    if report.ok:
        _check_prefix(pack, report)
    if report.ok:
        with transaction.atomic():
            _Loader(pack, shapes, report, now, overwrite, imported_by).load()
    return report


def _check_prefix(pack: PackTables, report: Report) -> None:
    prefix = pack.city["tracking_prefix"]
    if Jurisdiction.objects.filter(tracking_prefix=prefix).exclude(code=pack.city["code"]).exists():
        report.faults.append(Fault("duplicate_code", f"tracking_prefix {prefix} belongs to another city", "city.toml"))


_CITY_VALUES = (
    "name",
    "tracking_prefix",
    "languages",
    "time_zone",
    "country",
    "bounds",
    "edge_tolerance_m",
    "legal_answer_limit_days",
    "verdict_days",
    "license",
    "source",
)


class _Loader:
    """One run of the loader: what it reads, where it reports, and the city it fills."""

    def __init__(
        self, pack: PackTables, shapes: PackShapes, report: Report, now: datetime, overwrite: bool, imported_by: str
    ) -> None:
        self.pack, self.shapes, self.report = pack, shapes, report
        self.now, self.overwrite, self.imported_by = now, overwrite, imported_by
        self.city = Jurisdiction()
        self.units: dict[str, Unit] = {}
        self.schedules: dict[str, Schedule] = {}
        self.services: dict[str, Service] = {}
        self.categories: dict[str, Category] = {}

    def load(self) -> None:
        self._load_city()
        self._load_units()
        self._load_catalogue()
        self._load_districts()
        self._load_service_areas()
        self._load_landmarks()

    def _count(self, name: str, number: int = 1) -> None:
        self.report.counts[name] = self.report.counts.get(name, 0) + number

    def _put(self, row: PackRow | ServiceArea, values: dict[str, Any], where: str) -> None:
        """Save `values` on a new or existing row, except those that differ from what was loaded last: an edit made here."""
        created = row.pk is None
        changed = created
        for name, value in values.items():
            known = name in row.loaded
            stored = _plain(getattr(row, name)) if known or not created else None
            if known and stored != row.loaded[name] and stored != _plain(value) and not self.overwrite:
                message = f"{name} was edited here; the pack's value was not taken (--overwrite takes it)"
                self.report.remarks.append(Fault("edited_here", message, where))
                self._count("kept_edits")
                continue
            if (created and not known) or stored != _plain(value):
                setattr(row, name, value)
                changed = True
            row.loaded[name] = _plain(value)
        if changed:
            row.save()
            self._count(f"{row._meta.model_name}_{'created' if created else 'updated'}")
        else:
            row.save(update_fields=["loaded"])

    def _load_city(self) -> None:
        pack = self.pack.city
        self.city = Jurisdiction.objects.filter(code=pack["code"]).first() or Jurisdiction(code=pack["code"])
        consent = pack.get("consent", {})
        values = {name: pack[name] for name in _CITY_VALUES}
        values |= {
            "reporter_days_after_close": pack["retention"]["reporter_days_after_close"],
            "emergency": pack.get("emergency", []),
            "consent_version": consent.get("version", "1"),
            "consent_text": consent.get("text", {}),
        }
        self._put(self.city, values, "city.toml")
        keep = []
        for closure in pack.get("closure", []):
            row, _ = Closure.objects.update_or_create(
                jurisdiction=self.city,
                kind=closure["kind"],
                first_day=closure["first_day"],
                last_day=closure["last_day"],
                defaults={"name": closure["name"]},
            )
            keep.append(row.pk)
        if self.overwrite:
            self.city.closures.exclude(pk__in=keep).delete()

    def _load_units(self) -> None:
        calendars: dict[str, Calendar] = {}
        for code, table in self.pack.calendars.items():
            row = Calendar.objects.filter(jurisdiction=self.city, code=code).first()
            row = row or Calendar(jurisdiction=self.city, code=code)
            name = table.get("name", {})
            self._put(row, {"name": name, "week": table["week"], "ramadan": table.get("ramadan")}, f"calendar {code}")
            calendars[code] = row
        for code, table in self.pack.schedules.items():
            schedule = Schedule.objects.filter(jurisdiction=self.city, code=code).first()
            schedule = schedule or Schedule(jurisdiction=self.city, code=code)
            hours = {name: table.get(name) for name in ("name", "week", "seasons")}
            self._put(schedule, hours, f"schedule {code}")
            self.schedules[code] = schedule
        for code, table in self.pack.units.items():
            unit = Unit.objects.filter(jurisdiction=self.city, code=code).first()
            unit = unit or Unit(jurisdiction=self.city, code=code)
            values = {"name": table["name"], "kind": table["kind"], "calendar": calendars[table["calendar"]]}
            values |= {"email": table.get("email", ""), "phone": str(table.get("phone", ""))}
            self._put(unit, values, f"unit {code}")
            self.units[code] = unit
        for code, table in self.pack.bodies.items():
            body = Body.objects.filter(jurisdiction=self.city, code=code).first()
            body = body or Body(jurisdiction=self.city, code=code)
            values = {name: str(table.get(name, "")) for name in ("email", "phone", "website")}
            self._put(body, values | {"name": table["name"]}, f"body {code}")
        triage = self.units[self.pack.triage_unit]
        if self.city.triage_unit_id is None or self.overwrite:
            self.city.triage_unit = triage
            self.city.save(update_fields=["triage_unit"])

    def _load_catalogue(self) -> None:
        for order, (code, table) in enumerate(self.pack.services.items()):
            row = Service.objects.filter(jurisdiction=self.city, code=code).first()
            row = row or Service(jurisdiction=self.city, code=code)
            default_unit = self.units[table["default_unit"]] if table.get("default_unit") else None
            values = {"name": table["name"], "icon": table.get("icon", ""), "order": order, "is_active": True}
            values |= {"default_unit": default_unit, "colour": table.get("colour", "#1F6F54")}
            self._put(row, values, f"service {code}")
            self.services[code] = row
            self._load_rungs(row, table["rung"])
        for order, (code, table) in enumerate(self.pack.categories.items()):
            self._load_category(code, table, order)
        retired = Category.objects.filter(jurisdiction=self.city, is_active=True).exclude(code__in=self.categories)
        for category in retired:
            category.is_active = False
            category.save(update_fields=["is_active"])
            self.report.remarks.append(
                Fault("retired", "no longer in the pack: closed to new complaints", category.code)
            )
        Service.objects.filter(jurisdiction=self.city).exclude(code__in=self.services).update(is_active=False)

    def _load_rungs(self, service: Service, tables: list[dict[str, Any]] | None) -> None:
        """The ladder of a service. Without one in the pack it gets the default once, for administrators to change."""
        if tables is None:
            if service.rungs.exists():
                return
            tables = [dict(zip(("code", "deadline", "at", "tell"), rung, strict=True)) for rung in DEFAULT_LADDER]
        for order, table in enumerate(tables):
            rung = Rung.objects.filter(service=service, code=table["code"]).first()
            rung = rung or Rung(service=service, code=table["code"])
            values = {name: table[name] for name in ("deadline", "at", "tell")}
            values |= {"name": table.get("name", {}), "order": order}
            self._put(rung, values, f"rung {service.code}.{rung.code}")
        service.rungs.exclude(code__in=[table["code"] for table in tables]).delete()

    def _load_category(self, code: str, table: dict[str, Any], order: int) -> None:
        row = Category.objects.filter(jurisdiction=self.city, code=code).first()
        row = row or Category(jurisdiction=self.city, code=code)
        deadlines = (row.answer_within, row.resolve_within)
        values = {name: table[name] for name in ("name", "answer_within", "resolve_within", "publication")}
        values |= {name: table[name] for name in ("publish_text", "publish_photos", "evidence", "urgent", "keywords")}
        values |= {"service": self.services[table["service"]], "help": table.get("help", {}), "order": order}
        values["is_active"] = True
        self._put(row, values, f"category {code}")
        if deadlines[0] and deadlines != (row.answer_within, row.resolve_within):
            row.policy_version += 1
            row.save(update_fields=["policy_version"])
        self.categories[code] = row
        for number, question in enumerate(table["question"]):
            item = Question.objects.filter(category=row, code=question["code"]).first()
            item = item or Question(category=row, code=question["code"])
            fields = {"name": question["label"], "kind": question["kind"], "required": question.get("required", False)}
            fields |= {"choices": question.get("choices", []), "order": number}
            self._put(item, fields, f"question {code}.{question['code']}")
        row.questions.exclude(code__in=[question["code"] for question in table["question"]]).delete()

    def _load_districts(self) -> None:
        edition, is_new = self._edition(DISTRICTS_LAYER, self.shapes.districts)
        if edition is None:
            return
        for shape in self.shapes.districts:
            values = {
                "name": shape.name,
                "level": int(float(shape.properties.get("level", 1))),
                "parent_code": shape.properties.get("parent") or "",
                "population": _whole(shape.properties.get("population")),
            }
            if is_new:
                District.objects.create(
                    edition=edition, jurisdiction=self.city, code=shape.code, area_m2=0, geometry=_geos(shape), **values
                )
            else:
                District.objects.filter(edition=edition, code=shape.code).update(**values)
        _measure(District, edition, is_new)

    def _load_service_areas(self) -> None:
        for code, service in self.services.items():
            shapes = [shape for shape in self.shapes.service_areas if shape.properties.get("service") == code]
            layer = service_areas_layer(code)
            if not shapes and not BoundaryEdition.objects.filter(jurisdiction=self.city, layer=layer).exists():
                continue
            before = {area.code: area for area in self._active_areas(layer)}
            edition, is_new = self._edition(layer, shapes)
            if edition is None:
                continue
            for shape in shapes:
                area = before.get(shape.code) or ServiceArea(jurisdiction=self.city, code=shape.code)
                if is_new:
                    # As the last edition had it, edits and all, with the new edition's shape.
                    area.pk, area._state.adding = None, True
                    area.edition, area.area_m2, area.geometry = edition, 0, _geos(shape)
                self._put(area, self._area_values(shape, service), f"service area {shape.code}")
            _measure(ServiceArea, edition, is_new)

    def _active_areas(self, layer: str) -> Iterable[ServiceArea]:
        active = ServiceArea.objects.filter(jurisdiction=self.city, edition__layer=layer, edition__is_active=True)
        return active.select_related("service", "category", "unit", "schedule", "fallback_unit").defer("geometry")

    def _area_values(self, shape: Shape, service: Service) -> dict[str, Any]:
        category, schedule, fallback = (shape.properties.get(key) for key in ("category", "schedule", "fallback_unit"))
        return {
            "name": shape.name,
            "service": service,
            "category": self.categories[category] if category else None,
            "unit": self.units[shape.properties["unit"]],
            "priority": int(shape.properties.get("priority") or 0),
            "schedule": self.schedules[schedule] if schedule else None,
            "fallback_unit": self.units[fallback] if fallback else None,
        }

    def _edition(self, layer: str, shapes: Iterable[Shape]) -> tuple[BoundaryEdition | None, bool]:
        """The active edition if its geometry is the pack's, else a new one, made active; True if it is new.

        None where somebody imported other boundaries since, or went back to earlier ones: those stay in force.
        """
        digest = _digest(shapes)
        editions = BoundaryEdition.objects.filter(jurisdiction=self.city, layer=layer)
        active = editions.filter(is_active=True).first()
        if active is not None and active.file_hash == digest:
            self._count("editions_unchanged")
            return active, False
        if active is not None and not self.overwrite and self._was_chosen_here(active):
            message = (
                "other boundaries are in force by somebody's choice; the pack's were not taken (--overwrite takes them)"
            )
            self.report.remarks.append(Fault("edited_here", message, f"{layer} edition {active.number}"))
            self._count("kept_edits")
            return None, False
        number = (editions.aggregate(last=Max("number"))["last"] or 0) + 1
        edition = BoundaryEdition.objects.create(
            jurisdiction=self.city,
            layer=layer,
            number=number,
            source=text_in(self.city.source, self.city.languages[0])[:300],
            license=self.city.license,
            file_hash=digest,
            imported_at=self.now,
            imported_by=self.imported_by,
        )
        activate(edition, requested_by=self.imported_by, now=self.now)
        self._count("editions_created")
        return edition, True

    def _was_chosen_here(self, active: BoundaryEdition) -> bool:
        """True unless the edition in force was put there by loading a pack."""
        last = active.activations.filter(done_at__isnull=False).order_by("-done_at", "-pk").first()
        by_pack = last is None or (last.requested_by == self.imported_by and not last.is_rollback)
        return active.origin != BoundaryEdition.Origin.PACK or not by_pack

    def _load_landmarks(self) -> None:
        for shape in self.shapes.landmarks:
            kind = shape.properties.get("kind")
            Landmark.objects.update_or_create(
                jurisdiction=self.city,
                code=shape.code,
                defaults={
                    "name": shape.name,
                    "kind": kind if kind in Landmark.Kind.values else Landmark.Kind.LANDMARK,
                    "point": Point(shape.geometry.x, shape.geometry.y, srid=4326),
                },
            )
        Landmark.objects.filter(jurisdiction=self.city).exclude(
            code__in=[s.code for s in self.shapes.landmarks]
        ).delete()


def _plain(value: Any) -> Any:
    """A value as JSON keeps it: rows by their code."""
    return value.code if isinstance(value, PackRow) else value


def _whole(value: Any) -> int | None:
    return int(value) if value is not None else None


def _geos(shape: Shape) -> MultiPolygon:
    geometry = GEOSGeometry(memoryview(shapely.to_wkb(shape.geometry)), srid=4326)
    assert isinstance(geometry, MultiPolygon)
    return geometry


def _digest(shapes: Iterable[Shape]) -> str:
    """Hash of codes and normalised geometry: the same polygons give the same digest in whatever order they come."""
    parts = sorted((shape.code, shapely.to_wkb(shapely.normalize(shape.geometry))) for shape in shapes)
    digest = hashlib.sha256()
    for code, wkb in parts:
        digest.update(code.encode() + b"\0" + wkb)
    return digest.hexdigest()


def _measure(model: type[District] | type[ServiceArea], edition: BoundaryEdition, is_new: bool) -> None:
    """Fill area_m2 (on the spheroid) of a new edition's polygons."""
    if is_new:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {model._meta.db_table} SET area_m2 = ST_Area(geometry::geography) WHERE edition_id = %s",  # noqa: S608
                [edition.pk],
            )
