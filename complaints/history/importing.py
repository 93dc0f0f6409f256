"""Importing history from elsewhere: set-based, idempotent, without notices and without promises in the past."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from django.contrib.gis.geos import Point
from django.db import connection, transaction

from catalogue.models import Category, Jurisdiction
from catalogue.snapshot import Snapshot, current_snapshot
from complaints.history.mapping import Mapping
from complaints.history.reading import Row, UnreadableFile, read_rows
from complaints.history.records import Record, RowRefused, record_of
from complaints.models import Complaint, Event, FeedItem, RoutingDecision
from complaints.places import district_anchor, public_place
from complaints.services.history import new_event, new_feed_item
from complaints.tracking import new_tracking_number
from districts.batch import Layer, area_layer, district_layer
from districts.selectors import place_at
from reporting.commands import Fault, Report, progress

BATCH = 2000
# So many records on exactly one point are an office's default, not a place.
DEFAULT_POINT_AT = 30
COUNTS = (
    "read",
    "imported",
    "skipped_existing",
    "rejected",
    "unlocated",
    "outside",
    "default_point_suspects",
    "district_compared",
    "district_agreed",
)


@dataclass(frozen=True)
class Place:
    """The district of a record; `outside_by_m` as in districts.selectors.PlaceMatch."""

    district: dict[str, Any]
    outside_by_m: float | None


@dataclass
class Import:
    """One run: the city, the mapping, the shapes that route, and the report it fills."""

    city: Jurisdiction
    mapping: Mapping
    now: datetime
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        self.report.counts = dict.fromkeys(COUNTS, 0)
        self.catalogue: Snapshot = current_snapshot(self.city)
        self.districts: Layer = district_layer(self.city.pk)
        self.names = {row["code"]: _names(row) for row in self.districts.rows}
        self.areas: dict[int, Layer] = {}
        self.anchors: dict[int, Point] = {}

    def run(self, file: Path) -> Report:
        """Import every row that can be taken; the others go to `<file>.rejected.csv` with their reason."""
        try:
            crowded = self._crowded_points(file)
            with _Rejects(file.with_name(file.name + ".rejected.csv")) as rejects:
                rows = progress(read_rows(file, self.mapping), label="rows")
                for batch in _batches(rows, BATCH):
                    self._import_batch(batch, rejects, crowded)
        except UnreadableFile as error:
            self.report.faults.append(Fault("unreadable_file", str(error), file.name))
        return self.report

    def _crowded_points(self, file: Path) -> set[tuple[float, float]]:
        """A first pass over the file: the points on which suspiciously many records lie."""
        points: Counter[tuple[float, float]] = Counter()
        for row in read_rows(file, self.mapping):
            try:
                record = record_of(row, self.mapping, now=self.now)
            except RowRefused:
                continue
            points[record.longitude, record.latitude] += 1
        return {point for point, count in points.items() if count >= DEFAULT_POINT_AT}

    def _import_batch(self, rows: list[Row], rejects: "_Rejects", crowded: set[tuple[float, float]]) -> None:
        counts = self.report.counts
        records: dict[str, tuple[Record, Row]] = {}
        for row in rows:
            counts["read"] += 1
            try:
                record = record_of(row, self.mapping, now=self.now)
            except RowRefused as refused:
                self._reject(rejects, row, refused.code, refused.message)
                continue
            if record.source_id in records:
                counts["skipped_existing"] += 1
            else:
                records[record.source_id] = (record, row)
        known = set(
            Complaint.objects.filter(
                jurisdiction=self.city, source=self.mapping.source, source_id__in=list(records)
            ).values_list("source_id", flat=True)
        )
        counts["skipped_existing"] += len(known)
        fresh = [pair for source_id, pair in records.items() if source_id not in known]
        self._store(list(self._placed(fresh, rejects)), crowded)

    def _reject(self, rejects: "_Rejects", row: Row, code: str, message: str) -> None:
        self.report.counts["rejected"] += 1
        if code in {"unlocated", "outside"}:
            self.report.counts[code] += 1
        rejects.add(row, code, message)

    def _placed(self, pairs: list[tuple[Record, Row]], rejects: "_Rejects") -> Iterator[tuple[Record, Place]]:
        """Records with their district; those outside the city and its edge tolerance are rejected."""
        places = np.array([(record.longitude, record.latitude) for record, _ in pairs], dtype=float).reshape(-1, 2)
        winners, _ = self.districts.pick(places)
        for (record, row), winner in zip(pairs, winners, strict=True):
            place = Place(self.districts.rows[winner], None) if winner >= 0 else self._at_the_edge(record)
            if place is None:
                self._reject(rejects, row, "outside", "the point lies outside the city")
                continue
            self._compare(record, place.district)
            yield record, place

    def _at_the_edge(self, record: Record) -> "Place | None":
        """Few points lie just outside the edge: the same question that a single complaint asks."""
        match = place_at(record.longitude, record.latitude, jurisdiction_id=self.city.pk)
        if match is None:
            return None
        return Place(next(row for row in self.districts.rows if row["id"] == match.district_id), match.outside_by_m)

    def _compare(self, record: Record, district: dict[str, object]) -> None:
        """Does the record state the district that routing finds (or one that holds it), by code or by name?"""
        stated = _folded(record.stated_district)
        if not stated:
            return
        self.report.counts["district_compared"] += 1
        code = str(district["code"])
        parent = str(district["parent_code"] or "")
        if stated in self.names[code] or stated in self.names.get(parent, ()):
            self.report.counts["district_agreed"] += 1

    def _store(self, placed: list[tuple[Record, Place]], crowded: set[tuple[float, float]]) -> None:
        if not placed:
            return
        complaints, decisions, events, feed = [], [], [], []
        numbers = self._new_numbers(len(placed))
        for (record, place), pk, number, decision in zip(
            placed, _new_ids(len(placed)), numbers, self._routed([record for record, _ in placed]), strict=True
        ):
            complaint = self._complaint(record, pk, number, place.district["id"], decision.unit_id)
            complaint.default_point_suspect = (record.longitude, record.latitude) in crowded
            self.report.counts["default_point_suspects"] += complaint.default_point_suspect
            decision.complaint = complaint
            decision.district_id, decision.outside_by_m = place.district["id"], place.outside_by_m
            complaints.append(complaint)
            decisions.append(decision)
            events.append(_imported(complaint, now=self.now))
            feed.append(new_feed_item(complaint, now=self.now))
        with transaction.atomic():
            Complaint.objects.bulk_create(complaints)
            RoutingDecision.objects.bulk_create(decisions)
            Event.objects.bulk_create(events)
            FeedItem.objects.bulk_create(feed)
        self.report.counts["imported"] += len(complaints)

    def _routed(self, records: list[Record]) -> list[RoutingDecision]:
        """The decision for each record, as routing.decide would make it, one vectorised pass per category."""
        decided: dict[int, RoutingDecision] = {}
        for code in {record.category for record in records}:
            category = self.catalogue.categories[code]
            indexes = [index for index, record in enumerate(records) if record.category == code]
            layer = self._layer(category)
            places = np.array([(records[i].longitude, records[i].latitude) for i in indexes], dtype=float).reshape(
                -1, 2
            )
            winners, seconds = layer.pick(places)
            for index, winner, second in zip(indexes, winners, seconds, strict=True):
                decided[index] = self._decision(category, layer, int(winner), int(second))
        return [decided[index] for index in range(len(records))]

    def _layer(self, category: Category) -> Layer:
        if category.pk not in self.areas:
            self.areas[category.pk] = area_layer(category.service_id, category.pk)
        return self.areas[category.pk]

    def _decision(self, category: Category, layer: Layer, winner: int, second: int) -> RoutingDecision:
        reasons = RoutingDecision.Reason
        area = layer.rows[winner] if winner >= 0 else None
        default = category.service.default_unit_id
        if area is not None:
            reason = reasons.CATEGORY_AREA if area["for_category"] else reasons.SERVICE_AREA
            unit_id = area["unit_id"]
        elif default is not None:
            reason, unit_id = reasons.DEFAULT_UNIT, default
        else:
            reason, unit_id = reasons.TRIAGE, self.catalogue.triage_unit.pk
        return RoutingDecision(
            decided_at=self.now,
            reason=reason,
            category_id=category.pk,
            unit_id=unit_id,
            service_area_id=area["id"] if area else None,
            edition_id=area["edition_id"] if area else None,
            runner_up_id=layer.rows[second]["id"] if second >= 0 else None,
        )

    def _complaint(self, record: Record, pk: int, number: str, district_id: int, unit_id: int) -> Complaint:
        category = self.catalogue.categories[record.category]
        precision = category.place_precision
        private = precision == Category.Publication.NEVER
        never = category.publish_text == Category.Release.NEVER
        return Complaint(
            pk=pk,
            tracking_number=number,
            jurisdiction_id=self.city.pk,
            service_id=category.service_id,
            category_id=category.pk,
            channel=Complaint.Channel.IMPORT,
            point=Point(record.longitude, record.latitude, srid=4326),
            public_point=self._public_point(record, precision, district_id),
            place_precision=precision,
            district_id=district_id,
            unit_id=unit_id,
            description=record.description,
            location_text=record.location_text,
            text_review=Complaint.Review.WITHHELD if never else Complaint.Review.PENDING,
            visibility=Complaint.Visibility.PRIVATE if private else Complaint.Visibility.PUBLIC,
            state=record.state,
            submitted_at=record.submitted_at,
            updated_at=record.closed_at or record.submitted_at,
            closed_at=record.closed_at,
            source=self.mapping.source,
            source_id=record.source_id,
        )

    def _public_point(self, record: Record, precision: str, district_id: int) -> Point | None:
        if precision != Category.Publication.DISTRICT:
            return public_place(record.longitude, record.latitude, precision, district_id)
        if district_id not in self.anchors:
            self.anchors[district_id] = district_anchor(district_id)
        return self.anchors[district_id]

    def _new_numbers(self, count: int) -> list[str]:
        """Random tracking numbers that nobody has yet."""
        numbers: set[str] = set()
        while len(numbers) < count:
            drawn = {new_tracking_number(self.city.tracking_prefix) for _ in range(count - len(numbers))}
            taken = Complaint.objects.filter(tracking_number__in=drawn).values_list("tracking_number", flat=True)
            numbers |= drawn - set(taken)
        return list(numbers)


def _imported(complaint: Complaint, *, now: datetime) -> Event:
    return new_event(complaint, Event.Kind.IMPORTED, now=now, is_public=True, to_state=complaint.state)


def _new_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('complaints_complaint_id_seq') FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]


def _names(district: dict[str, object]) -> set[str]:
    names = json.loads(str(district["name"]))
    return {_folded(str(district["code"])), *(_folded(text) for text in names.values())}


def _folded(text: str) -> str:
    """For comparing what a record states with a district: case, spaces and a trailing ".0" of spreadsheets do not count."""
    return " ".join(text.casefold().split()).removesuffix(".0")


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


class _Rejects:
    """The file of rejected rows: made when the first one comes, removed if there were none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream: IO[str] | None = None

    def __enter__(self) -> "_Rejects":
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self.stream is not None:
            self.stream.close()

    def add(self, row: Row, code: str, message: str) -> None:
        if self.stream is None:
            self.stream = self.path.open("w", encoding="utf-8", newline="")
            self.columns = [name for name in row if name]
            csv.writer(self.stream).writerow(["reason", "explanation", *self.columns])
        csv.writer(self.stream).writerow([code, message, *(row.get(name, "") for name in self.columns)])
