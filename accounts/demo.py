"""Demo accounts, one per role, for looking round: made only in the demo environment, written down for who runs it."""

import json
import os
import secrets
from pathlib import Path

from accounts.models import UNIT_ROLES, Membership, Role, User
from catalogue.models import Jurisdiction, Unit

HOMES = {
    Role.CREW_MEMBER: "/fr/field/",
    Role.OFFICE: "/fr/office/",
    Role.MODERATOR: "/fr/desk/moderation/",
    Role.ADMINISTRATOR: "/admin/",
    Role.CONTRACT_MANAGER: "/fr/treasury/",
    Role.TREASURY_OFFICER: "/fr/treasury/",
    Role.OPERATOR_USER: "/fr/operator/",
}
# Invented people, so that histories and menus read like those of a real town hall.
NAMES = {
    Role.CLERK: "Salma Bennis",
    Role.UNIT_MANAGER: "Driss Alami",
    Role.TRIAGE_OFFICER: "Hanane Torres",
    Role.CREW_MEMBER: "Mehdi Ragoun",
    Role.OPERATOR_USER: "Karim Lebbadi",
    Role.CONTRACT_MANAGER: "Nadia Erzini",
    Role.TREASURY_OFFICER: "Younes Khatib",
    Role.MODERATOR: "Imane Medina",
    Role.OFFICE: "Rachid Bennouna",
    Role.ADMINISTRATOR: "Samira Aragon",
}
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def make_demo_accounts(city: Jurisdiction, file: Path) -> list[dict[str, str]]:
    """One user per staff role with a random password, kept in `file` (mode 0600); made again only where one is missing."""
    known = {row["username"]: row for row in _read(file)}
    accounts = [_account(city, role, known) for role in Role if role != Role.API_CLIENT]
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(accounts, stream, ensure_ascii=False, indent=1)
    return accounts


def _read(file: Path) -> list[dict[str, str]]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return rows if isinstance(rows, list) else []


def _account(city: Jurisdiction, role: Role, known: dict[str, dict[str, str]]) -> dict[str, str]:
    username = f"demo-{role.value.replace('_', '-')}"
    unit = _unit_for(city, role)
    first_name, last_name = NAMES[role].split()
    names = {"first_name": first_name, "last_name": last_name, "email": f"{username}@example.org"}
    user, created = User.objects.get_or_create(username=username, defaults=names)
    password = known.get(username, {}).get("password", "")
    if created or not password:
        password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
        user.set_password(password)
    user.is_staff = user.is_superuser = role == Role.ADMINISTRATOR
    user.save()
    Membership.objects.get_or_create(user=user, role=role, jurisdiction=city, unit=unit)
    return {
        "username": username,
        "password": password,
        "role": role.value,
        "scope": f"{city.code}/{unit.code}" if unit else city.code,
        "home": HOMES.get(role, "/fr/desk/"),
    }


def _unit_for(city: Jurisdiction, role: Role) -> Unit | None:
    """An operator for the operator's user; for clerk, manager and crew the department that answers for roads."""
    if role not in UNIT_ROLES:
        return None
    if role == Role.OPERATOR_USER:
        return city.units.filter(kind=Unit.Kind.OPERATOR).first()
    roads = city.services.filter(code="roads").select_related("default_unit").first()
    areas = roads.areas.filter(edition__is_active=True, category=None).order_by("-area_m2") if roads else None
    widest = areas.first() if areas is not None else None
    if widest is not None:
        return widest.unit
    if roads is not None and roads.default_unit is not None:
        return roads.default_unit
    return city.units.filter(kind=Unit.Kind.DEPARTMENT).first()
