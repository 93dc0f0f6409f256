"""A contract with waste-north, its people on both sides, and complaints that something can be alleged about."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.services.breaches import record_breaches
from contracts.models import Contract, Finding
from contracts.procedure import FindingVerb
from contracts.services.decisions import Ruling, decide
from contracts.services.findings import accept_finding, open_finding
from tests.builders import build_complaint, build_contract, build_staff

# A place that waste-north answers for.
NORTH = (1.5, 1.5)


@pytest.fixture
def contract(gridville: Jurisdiction) -> Contract:
    return build_contract(gridville)


@pytest.fixture
def contract_manager(gridville: Jurisdiction) -> User:
    return build_staff("nadia", Role.CONTRACT_MANAGER, gridville)


@pytest.fixture
def second_manager(gridville: Jurisdiction) -> User:
    return build_staff("samir", Role.CONTRACT_MANAGER, gridville)


@pytest.fixture
def treasury_officer(gridville: Jurisdiction) -> User:
    return build_staff("younes", Role.TREASURY_OFFICER, gridville)


@pytest.fixture
def other_operator(gridville: Jurisdiction) -> User:
    return build_staff("olga", Role.OPERATOR_USER, gridville, unit="waste-south")


def clause_of(contract: Contract, code: str) -> int:
    """The key of a clause of the newest version."""
    return contract.versions.latest("number").clauses.get(code=code).pk


def build_late_complaint(now: datetime, *, days: int = 20, **more: Any) -> Complaint:
    """A complaint filed so many days ago that nobody touched, its missed promises recorded."""
    complaint = build_complaint("litter", at=NORTH, now=now - timedelta(days=days), **more)
    record_breaches(now=now)
    return complaint


def build_finding(
    contract: Contract,
    manager: User,
    now: datetime,
    *,
    clause: str = "founded-complaint",
    complaint: Complaint | None = None,
) -> Finding:
    """A finding that the operator was just told of."""
    thing = complaint or build_complaint("litter", at=NORTH, now=now - timedelta(days=1))
    return open_finding(
        thing.pk, clause_of(contract, clause), grounds="Constaté sur place.", acting_user=manager, now=now
    )


@pytest.fixture
def penalised(contract: Contract, contract_manager: User, now: datetime) -> Callable[..., Finding]:
    """`penalised()` makes a finding that was accepted and decided: a penalty of 500."""

    def make(at: datetime = now, **more: object) -> Finding:
        finding = build_finding(contract, contract_manager, at, **more)  # type: ignore[arg-type]
        accept_finding(finding.pk, acting_user=None, now=at)
        decide(finding.pk, FindingVerb.JUSTIFY, Ruling("Fondé."), acting_user=contract_manager, now=at)
        finding.refresh_from_db()
        return finding

    return make
