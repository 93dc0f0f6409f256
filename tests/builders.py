"""Typed builders that call the real services, so that no test holds a state that production cannot reach.

Gridville is a city of unit squares: longitude 0 to 4, latitude 0 to 2, in hundredths of a degree (about 1.1 km a side).

    west  = districts w1 (0..1, 0..2) and w2 (1..2, 0..2)      east = e1 (2..3, 0..2) and e2 (3..4, 0..2)
    roads:        roads-dept everywhere (default unit, no areas)
    cleanliness:  waste-north over latitude 1..2, waste-south over 0..1, both reach into 0.9..1.1 (north has priority);
                  "bins" (category overflowing-bin) over w1 for bin-team; nothing over e2's top right quarter → triage
    noise:        grid precision · domestic: never public · live-wire: urgent
"""

from datetime import date, datetime
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.utils import timezone

from accounts.models import Membership, Role, User
from catalogue.ladders import DEFAULT_LADDER
from catalogue.models import Calendar, Category, Jurisdiction, Question, Rung, Service, Unit
from complaints.models import Complaint, PlaceRecount
from complaints.services.small_places import settle_places
from complaints.services.submission import NewComplaint, NewReporter, submit
from contracts.citypack.loading import load_contracts
from contracts.citypack.reading import NewClause, NewContract, NewVersion, PackContracts
from contracts.models import Contract
from districts.models import BoundaryEdition, District, ServiceArea, service_areas_layer
from reporting.commands import Report

SCALE = 0.01  # degrees a side
WEEK = {day: ["08:30-16:30"] for day in ("mon", "tue", "wed", "thu", "fri")}
PASSWORD = "a-long-enough-password"


def box(west: float, south: float, east: float, north: float) -> MultiPolygon:
    """A rectangle in Gridville units."""
    return MultiPolygon(Polygon.from_bbox((west * SCALE, south * SCALE, east * SCALE, north * SCALE)), srid=4326)


def named(text: str) -> dict[str, str]:
    return {"fr": text, "ar": f"{text} ar", "en": f"{text} en"}


def build_gridville(code: str = "gridville", prefix: str = "GRI", shift: float = 0.0) -> Jurisdiction:
    """Gridville with its catalogue and both layers active; `shift` moves it east by that many units (a second city)."""
    city = Jurisdiction.objects.create(
        code=code,
        name=named("Gridville"),
        tracking_prefix=prefix,
        languages=["fr", "ar", "en"],
        time_zone="Africa/Casablanca",
        country="MA",
        bounds=[shift * SCALE, 0.0, (shift + 4) * SCALE, 2 * SCALE],
        license="CC0-1.0",
        source=named("made up"),
        consent_version="2026-11",
        consent_text=named("Vos données servent à traiter cette réclamation."),
        emergency=[{"number": "19", "name": named("Police")}],
    )
    office = Calendar.objects.create(jurisdiction=city, code="office", name=named("Bureau"), week=WEEK)
    units = {
        unit: Unit.objects.create(
            jurisdiction=city, code=unit, name=named(unit), kind=kind, calendar=office, email=f"{unit}@example.org"
        )
        for unit, kind in [
            ("roads-dept", "department"),
            ("waste-north", "operator"),
            ("waste-south", "operator"),
            ("bin-team", "department"),
            ("registry", "department"),
        ]
    }
    city.triage_unit = units["registry"]
    city.save(update_fields=["triage_unit"])
    _build_catalogue(city, units)
    _build_layers(city, units, shift)
    return city


def _build_catalogue(city: Jurisdiction, units: dict[str, Unit]) -> None:
    roads = Service.objects.create(
        jurisdiction=city, code="roads", name=named("Voirie"), icon="road", default_unit=units["roads-dept"]
    )
    cleanliness = Service.objects.create(
        jurisdiction=city, code="cleanliness", name=named("Propreté"), icon="broom", order=1
    )
    order = Service.objects.create(
        jurisdiction=city,
        code="security",
        name=named("Sécurité"),
        icon="shield",
        order=2,
        default_unit=units["registry"],
    )

    def category(service: Service, code: str, **more: object) -> Category:
        values: dict[str, object] = {"answer_within": "2 working days", "resolve_within": "5 working days"} | more
        return Category.objects.create(
            jurisdiction=city, service=service, code=code, name=named(code), help=named(f"help {code}"), **values
        )

    category(roads, "pothole", evidence="photo", keywords=["trou", "7ofra"])
    category(roads, "pavement", evidence="none")
    overflowing = category(cleanliness, "overflowing-bin", keywords=["poubelle", "zbel"])
    category(cleanliness, "litter")
    category(order, "noise", publication="grid")
    category(order, "domestic", publication="never", publish_text="never", publish_photos="never")
    category(order, "vagrancy", publication="district", publish_text="never")
    category(order, "live-wire", urgent=True, answer_within="2 hours", resolve_within="24 hours")
    Question.objects.create(
        category=overflowing,
        code="container",
        kind="choice",
        name=named("Couleur"),
        choices=[{"code": "green", "name": named("Vert")}, {"code": "grey", "name": named("Gris")}],
    )


def build_edition(city: Jurisdiction, layer: str, *, active: bool = True, number: int = 1) -> BoundaryEdition:
    at = timezone.now()
    return BoundaryEdition.objects.create(
        jurisdiction=city,
        layer=layer,
        number=number,
        source="made up",
        license="CC0-1.0",
        file_hash="0" * 64,
        imported_at=at,
        imported_by="test",
        is_active=active,
        activated_at=at if active else None,
    )


def _build_layers(city: Jurisdiction, units: dict[str, Unit], shift: float) -> None:
    edition = build_edition(city, "districts")
    rows = [
        ("west", 1, "", (0, 0, 2, 2), 3000),
        ("east", 1, "", (2, 0, 4, 2), 1000),
        ("w1", 2, "west", (0, 0, 1, 2), 2000),
        ("w2", 2, "west", (1, 0, 2, 2), 1000),
        ("e1", 2, "east", (2, 0, 3, 2), 900),
        ("e2", 2, "east", (3, 0, 4, 2), 100),
    ]
    for code, level, parent, (west, south, east, north), population in rows:
        District.objects.create(
            jurisdiction=city,
            edition=edition,
            code=code,
            name=named(code),
            level=level,
            parent_code=parent,
            population=population,
            area_m2=(east - west) * (north - south) * 1_230_000.0,
            geometry=box(west + shift, south, east + shift, north),
        )
    service = city.services.get(code="cleanliness")
    layer = build_edition(city, service_areas_layer("cleanliness"))
    areas = [
        ("north", None, "waste-north", 10, (0.0, 0.9, 3.0, 2.0)),
        ("north-east", None, "waste-north", 10, (3.0, 0.9, 3.5, 2.0)),
        ("south", None, "waste-south", 5, (0.0, 0.0, 4.0, 1.1)),
        ("bins-w1", "overflowing-bin", "bin-team", 1, (0.0, 0.0, 1.0, 2.0)),
    ]
    for code, category, unit, priority, (left, bottom, right, top) in areas:
        ServiceArea.objects.create(
            jurisdiction=city,
            edition=layer,
            code=code,
            name=named(code),
            service=service,
            category=city.categories.get(code=category) if category else None,
            unit=units[unit],
            priority=priority,
            area_m2=(right - left) * (top - bottom) * 1_230_000.0,
            geometry=box(left + shift, bottom, right + shift, top),
        )


def build_ladder(city: Jurisdiction, service: str = "roads") -> None:
    """The default ladder for one service, as a city pack without rungs of its own gets it."""
    for order, (code, deadline, at, tell) in enumerate(DEFAULT_LADDER):
        Rung.objects.create(
            service=city.services.get(code=service), code=code, deadline=deadline, at=at, tell=tell, order=order
        )


def build_staff(username: str, role: Role, city: Jurisdiction, *, unit: str | None = None) -> User:
    user = User.objects.create_user(username, password=PASSWORD, first_name=username.title())
    Membership.objects.create(user=user, role=role, jurisdiction=city, unit=city.units.get(code=unit) if unit else None)
    return user


def build_complaint(
    category: str = "pothole",
    *,
    at: tuple[float, float] = (0.5, 0.5),
    now: datetime,
    email: str = "",
    **more: object,
) -> Complaint:
    """A complaint filed through the real service at a place in Gridville units; sensitive places are counted at once."""
    reporter = NewReporter(language="fr", name="Rita", email=email, consent_contact=bool(email))
    new = NewComplaint(
        category=category,
        longitude=at[0] * SCALE,
        latitude=at[1] * SCALE,
        reporter=reporter,
        channel=Complaint.Channel.WEB,
        **more,  # type: ignore[arg-type]
    )
    number = submit(new, now=now).tracking_number
    if PlaceRecount.objects.exists():
        settle_places(now=now)
    return Complaint.objects.get(tracking_number=number)


def build_enough(category: str, *, at: tuple[float, float] = (0.5, 0.5), now: datetime) -> list[Complaint]:
    """As many complaints of a sensitive category in one place as it takes to show it (k), as they are shown then."""
    built = [build_complaint(category, at=at, now=now) for _ in range(5)]
    return list(Complaint.objects.filter(pk__in=[complaint.pk for complaint in built]).order_by("pk"))


FOUNDED = NewClause(
    code="founded-complaint", article="1", name=named("Fondée"), text={}, breach="founded_complaint", categories=(),
    per="complaint", amount_centimes=50_000, grace="", most_centimes=None, indexed=False,
)  # fmt: skip
LATE = NewClause(
    code="late-resolution", article="2", name=named("Retard"), text={}, breach="missed_resolution", categories=(),
    per="day_late", amount_centimes=10_000, grace="", most_centimes=None, indexed=False,
)  # fmt: skip
LATE_ANSWER = NewClause(
    code="late-answer", article="3", name=named("Réponse"), text={}, breach="missed_answer", categories=(),
    per="complaint", amount_centimes=20_000, grace="", most_centimes=None, indexed=False,
)  # fmt: skip


def new_version(valid_from: date = date(2026, 1, 1), *clauses: NewClause, **more: Any) -> NewVersion:
    """Terms that cap nothing, ask for no second signature, and take silence for acceptance, unless `more` says otherwise."""
    values: dict[str, Any] = {
        "currency": "MAD", "contest_within": "5 working days", "appeal_within": "10 days", "silence": "accepts",
        "cap_percent": None, "cap_centimes": None, "second_signature_from_centimes": None,
        "second_signature_from_count": None, "index_name": "", "index_base": None,
    }  # fmt: skip
    return NewVersion(valid_from=valid_from, clauses=clauses or (FOUNDED, LATE, LATE_ANSWER), **(values | more))


def build_contract(
    city: Jurisdiction,
    *versions: NewVersion,
    code: str = "waste-north-contract",
    unit: str = "waste-north",
    prefix: str = "WN",
    territory: bytes | None = None,
    starts_on: date = date(2026, 1, 1),
    ends_on: date = date(2030, 12, 31),
    treasury_email: str = "treasury@example.org",
) -> Contract:
    """A contract for cleanliness with an operator of Gridville, loaded as a city pack's is."""
    new = NewContract(
        code=code,
        unit=unit,
        prefix=prefix,
        reference="CGD 1",
        name=named(code),
        services=("cleanliness",),
        starts_on=starts_on,
        ends_on=ends_on,
        email="",
        territory=territory,
        versions=versions or (new_version(),),
    )
    report = Report()
    load_contracts(city, PackContracts(True, treasury_email, 30, [new]), report)
    assert report.ok, report.faults
    return Contract.objects.select_related("jurisdiction", "unit").get(jurisdiction=city, code=code)
