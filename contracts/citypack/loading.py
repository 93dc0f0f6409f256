"""Loading checked contracts of a city pack. Terms are only ever added: what a finding was opened under stays as it was."""

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon

from catalogue.models import Category, Jurisdiction, Service, Unit
from contracts.citypack.reading import FILE, NewContract, NewVersion, PackContracts
from contracts.models import Clause, Contract, ContractVersion, Finding, Treasury
from reporting.commands import Fault, Report


def load_contracts(city: Jurisdiction, pack: PackContracts, report: Report) -> None:
    """Load or update a city's contracts, in the caller's transaction. A contract that left the file stays as it is.

    A fault in `report` afterwards means that the caller must roll back.
    """
    if not pack.is_given:
        return
    Treasury.objects.update_or_create(
        jurisdiction=city, defaults={"email": pack.treasury_email, "payment_days": pack.payment_days}
    )
    for new in pack.contracts:
        _load_contract(city, new, report)


def _load_contract(city: Jurisdiction, new: NewContract, report: Report) -> None:
    where = f"{FILE} contract {new.code}"
    if Contract.objects.filter(prefix=new.prefix).exclude(jurisdiction=city, code=new.code).exists():
        report.faults.append(Fault("duplicate_code", f"prefix {new.prefix} belongs to another contract", where))
        return
    known = Contract.objects.filter(jurisdiction=city, code=new.code).first()
    unit = Unit.objects.get(jurisdiction=city, code=new.unit)
    if known is not None and Finding.objects.filter(contract=known).exists():
        changed = [name for name, old, now in (("unit", known.unit_id, unit.pk), ("prefix", known.prefix, new.prefix))
                   if old != now]  # fmt: skip
        if changed:
            message = f"{' and '.join(changed)} cannot change: there are findings. Write a new contract."
            report.faults.append(Fault("in_use", message, where))
            return
    contract = known or Contract(jurisdiction=city, code=new.code)
    contract.unit, contract.prefix, contract.reference = unit, new.prefix, new.reference
    contract.name, contract.email = new.name, new.email
    contract.starts_on, contract.ends_on = new.starts_on, new.ends_on
    contract.territory = _multipolygon(new.territory) if new.territory else None
    contract.save()
    contract.services.set(Service.objects.filter(jurisdiction=city, code__in=new.services))
    _count(report, "contracts_created" if known is None else "contracts_kept")
    for version in sorted(new.versions, key=lambda version: version.valid_from):
        _load_version(contract, version, report, where)


def _load_version(contract: Contract, new: NewVersion, report: Report, where: str) -> None:
    """A new version unless the newest one of that day has the same terms."""
    newest = contract.versions.filter(valid_from=new.valid_from).order_by("-number").first()
    if newest is not None and newest.digest == new.digest:
        return
    if newest is not None:
        message = (
            f"the terms of {new.valid_from} changed: findings from now on follow the new ones, earlier ones do not"
        )
        report.remarks.append(Fault("terms_changed", message, where))
    last = contract.versions.order_by("-number").first()
    version = ContractVersion.objects.create(
        contract=contract,
        number=(last.number if last else 0) + 1,
        digest=new.digest,
        **{name: value for name, value in vars(new).items() if name != "clauses"},
    )
    for clause in new.clauses:
        values = {name: value for name, value in vars(clause).items() if name != "categories"}
        row = Clause.objects.create(version=version, **values)
        row.categories.set(Category.objects.filter(jurisdiction=contract.jurisdiction_id, code__in=clause.categories))
    _count(report, "contract_versions_created")


def _multipolygon(wkb: bytes) -> MultiPolygon:
    geometry = GEOSGeometry(memoryview(wkb), srid=4326)
    assert isinstance(geometry, MultiPolygon)
    return geometry


def _count(report: Report, name: str) -> None:
    report.counts[name] = report.counts.get(name, 0) + 1
