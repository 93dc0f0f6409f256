"""Whatever the order, the doubling and the crowd: a ledger is the sum of decisions less reversals, within caps."""

import random
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

import pytest
from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.db.models import Q, Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from bench.mass_findings import make_decided_findings
from catalogue.models import Jurisdiction
from complaints.errors import Refusal
from contracts.models import Contract, Decision, Finding, LedgerEntry
from contracts.penalties import Calculation, Index, Rule, adjustment, calculate, days_late, monthly_cap
from contracts.permissions import verbs_of
from contracts.procedure import PENALISED, FindingVerb
from contracts.recomputation import recompute
from contracts.services.decisions import Ruling, decide, sign, withdraw_finding
from contracts.services.figures import enter_turnover
from contracts.services.findings import accept_finding, appeal_finding, contest_finding, lapse_due
from contracts.services.ledger import charge_decision, writing_to
from contracts.verification import verify
from tests.builders import SCALE, build_contract, new_version
from tests.contracts.conftest import build_finding

OCTOBER = date(2026, 10, 1)
PLACE = Point(1.5 * SCALE, 1.5 * SCALE, srid=4326)
V = FindingVerb
NOVEMBER = date(2026, 11, 1)
ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


# --- pure


@ANY_MACHINE
@given(st.lists(st.integers(-(10**7), 10**7), max_size=40), st.none() | st.integers(0, 10**8), st.randoms())
def test_a_months_net_does_not_depend_on_the_order_of_its_entries(
    moves: list[int], cap: int | None, shuffled: random.Random
) -> None:
    def net(order: list[int]) -> int:
        charged = adjusted = 0
        for move in order:
            charged += move
            adjusted += adjustment(charged, cap) - adjusted
            assert cap is None or charged + adjusted <= max(cap, charged)
        return charged + adjusted

    other = list(moves)
    shuffled.shuffle(other)
    assert net(moves) == net(other) == (sum(moves) if cap is None else min(sum(moves), cap))


@ANY_MACHINE
@given(
    st.integers(1, 10**7), st.integers(0, 400), st.none() | st.integers(1, 10**8),
    st.none() | st.decimals("0.0001", "9999", places=4), st.decimals("0.0001", "9999", places=4), st.booleans(),
)  # fmt: skip
def test_a_calculation_is_whole_centimes_within_its_limit_and_survives_storage(
    amount: int, days: int, most: int | None, base: Decimal | None, value: Decimal, per_day: bool
) -> None:
    rule = Rule("c", 1, per_day, amount, most, base)
    made = calculate(rule, days=days, index=Index(OCTOBER, value))
    assert isinstance(made.amount_centimes, int) and made.amount_centimes >= 0
    assert most is None or made.amount_centimes <= most
    assert Calculation.of(made.facts()) == made
    if base is None and most is None:
        assert made.amount_centimes == amount * (days if per_day else 1)


@ANY_MACHINE
@given(st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)), st.integers(1, 60 * 60 * 24 * 90))
def test_days_late_are_days_begun(start: datetime, seconds: int) -> None:
    since = start.replace(tzinfo=UTC)
    until = datetime.fromtimestamp(since.timestamp() + seconds, UTC)
    assert days_late(since, until) == -(-seconds // 86_400)


@ANY_MACHINE
@given(st.decimals("0.01", "100", places=2), st.integers(0, 10**12), st.none() | st.integers(0, 10**10))
def test_a_cap_never_passes_its_share_nor_its_sum(percent: Decimal, turnover: int, fixed: int | None) -> None:
    cap = monthly_cap(percent=percent, fixed_centimes=fixed, turnover_centimes=turnover)
    assert cap is not None and cap * 100 <= turnover * percent and (fixed is None or cap <= fixed)


# --- the services, by random walks


class World:
    """One contract, its people, and a walk over every verb that moves money."""

    def __init__(self, contract: Contract, people: dict[str, User]) -> None:
        self.contract, self.people = contract, people
        self.findings: list[Finding] = []
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.texts = (f"texte {number}" for number in count())

    def step(self, draw: random.Random) -> None:
        """Mostly what somebody may do now, sometimes anything by anybody; what is refused must change nothing."""
        people, now = self.people, self.now
        if len(self.findings) < 5 and (not self.findings or draw.random() < 0.15):
            self.findings.append(build_finding(self.contract, people["manager"], now))
            return
        finding = draw.choice(self.findings)
        finding.refresh_from_db()
        legal = [
            (verb, person) for person in people.values() for verb in verbs_of(person, finding) if verb != V.WITHDRAW
        ]
        if draw.random() < 0.75 and legal:
            verb, actor = draw.choice(legal)
        else:
            verb, actor = draw.choice(list(V)), draw.choice(list(people.values()))
        try:
            with transaction.atomic():
                self.act(finding, verb, actor, draw)
        except Refusal:
            pass
        if draw.random() < 0.1:
            for decision in Decision.objects.filter(finding=finding):
                charge_decision(decision.pk, now=now)
        if draw.random() < 0.1:
            enter_turnover(
                self.contract.pk, NOVEMBER, draw.randrange(2 * 10**6), acting_user=people["manager"],
                now=datetime(2026, 12, 2, tzinfo=UTC),
            )  # fmt: skip

    def act(self, finding: Finding, verb: FindingVerb, actor: User, draw: random.Random) -> None:
        pk, now, arguments = finding.pk, self.now, [next(self.texts), "Autre point."]
        if verb == V.ACCEPT:
            accept_finding(pk, acting_user=actor, now=now)
        elif verb == V.CONTEST:
            contest_finding(pk, arguments, acting_user=actor, now=now)
        elif verb == V.APPEAL:
            appeal_finding(pk, arguments, acting_user=actor, now=now)
        elif verb == V.LAPSE:
            lapse_due(now=finding.answer_due_at.replace(year=2027) if draw.random() < 0.3 else now)
        elif verb in (V.SIGN, V.SEND_BACK):
            sign(pk, self.pending(finding), agreed=verb == V.SIGN, note="n", acting_user=actor, now=now)
        elif verb == V.WITHDRAW:
            withdraw_finding(pk, "x", acting_user=actor, now=now)
        else:
            ruling = Ruling(
                "x",
                {argument.pk: "Oui." for argument in finding.arguments.all()},
                authority=draw.choice(["", "A", "A"]),
                waived_centimes=draw.choice([None, 1, 20_000, 10**9]),
            )
            decide(pk, verb, ruling, acting_user=actor, now=now)

    def pending(self, finding: Finding) -> int:
        row = finding.decisions.filter(needs_second=True, signature=None).last()
        return row.pk if row else 0

    def check(self) -> None:
        city = self.contract.jurisdiction
        for entry in LedgerEntry.objects.filter(decision__isnull=False).select_related("decision__finding"):
            decision = entry.decision
            assert decision is not None and decision.in_force
            if entry.kind == "penalty":
                assert decision.outcome == "justified"
                assert decision.decided_by in (self.people["manager"], self.people["second"])
        charged = set(LedgerEntry.objects.filter(kind="penalty").values_list("finding", flat=True))
        once_charged = PENALISED | {"reversed"}
        for finding in Finding.objects.exclude(state="to_sign"):
            assert (finding.pk in charged) == (finding.state in once_charged), finding.state
        found = recompute(city)
        assert found.differences == []
        assert verify(city).broken is None
        net = LedgerEntry.objects.aggregate(net=Sum("amount_centimes", default=0))["net"]
        assert net == found.total_centimes


@pytest.mark.django_db
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_no_walk_makes_a_penalty_without_a_justified_decision_nor_another_sum(
    contract_manager: User,
    second_manager: User,
    treasury_officer: User,
    operator_user: User,
    clerk: User,
    gridville: Jurisdiction,
    seed: int,
) -> None:
    with transaction.atomic():
        draw = random.Random(seed)
        terms = new_version(
            cap_percent=draw.choice([None, Decimal(10)]), cap_centimes=draw.choice([None, 80_000]),
            silence=draw.choice(["accepts", "disputes"]),
            second_signature_from_centimes=draw.choice([None, 1]),
        )  # fmt: skip
        people = {
            "manager": contract_manager, "second": second_manager, "treasury": treasury_officer,
            "operator": operator_user, "clerk": clerk,
        }  # fmt: skip
        world = World(build_contract(gridville, terms), people)
        for _ in range(45):
            world.step(draw)
        world.check()
        transaction.set_rollback(True)


# --- the crowd


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_thousand_decisions_delivered_three_times_by_sixteen_at_once(
    gridville: Jurisdiction, contract_manager: User, second_manager: User
) -> None:
    deliver_in_a_crowd(gridville, contract_manager, second_manager, decisions=2000)


@pytest.mark.django_db(transaction=True)
def test_two_hundred_decisions_delivered_three_times_by_sixteen_at_once(
    gridville: Jurisdiction, contract_manager: User, second_manager: User
) -> None:
    deliver_in_a_crowd(gridville, contract_manager, second_manager, decisions=200)


def deliver_in_a_crowd(city: Jurisdiction, manager: User, signer: User, *, decisions: int) -> None:
    cap = 40_000 * decisions
    contract = build_contract(city, new_version(cap_centimes=cap))
    made = make_decided_findings(contract, manager, signer, count=decisions, month=OCTOBER, place=PLACE)
    deliveries = made.decisions * 3
    random.Random(7).shuffle(deliveries)
    faults: list[Exception] = []

    def work(mine: list[int]) -> None:
        try:
            for decision in mine:
                charge_decision(decision, now=datetime(2026, 11, 1, 9, tzinfo=UTC))
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(deliveries[number::16],)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    sums = LedgerEntry.objects.aggregate(
        net=Sum("amount_centimes"), charged=Sum("amount_centimes", filter=~Q(kind="cap_adjustment"))
    )
    assert sums["charged"] == made.total_centimes > cap
    assert sums["net"] == cap
    assert LedgerEntry.objects.filter(decision__isnull=False).count() == len(made.decisions)
    assert verify(city).broken is None
    assert recompute(city).differences == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_a_month_of_ten_thousand_lines_recomputes_to_the_same_centime(
    gridville: Jurisdiction, contract_manager: User, second_manager: User
) -> None:
    recompute_a_month(gridville, contract_manager, second_manager, lines=10_000)


@pytest.mark.django_db
def test_a_month_of_three_hundred_lines_recomputes_to_the_same_centime_and_names_what_differs(
    gridville: Jurisdiction, contract_manager: User, second_manager: User
) -> None:
    recompute_a_month(gridville, contract_manager, second_manager, lines=300)
    entry = LedgerEntry.objects.filter(kind="penalty", facts__calculation_days__gt=1)[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contracts_ledgerentry SET amount_centimes = amount_centimes + 1 WHERE id = %s", [entry.pk]
        )
    told = {(difference.code, difference.where) for difference in recompute(gridville, month=OCTOBER).differences}
    assert entry.finding is not None
    assert told == {("decision", entry.finding.number), ("month", "waste-north-contract 2026-10")}


def recompute_a_month(city: Jurisdiction, manager: User, signer: User, *, lines: int) -> None:
    contract = build_contract(city, new_version(cap_centimes=25_000 * lines))
    made = make_decided_findings(contract, manager, signer, count=round(lines / 1.1), month=OCTOBER, place=PLACE)
    at = datetime(2026, 10, 31, 9, tzinfo=UTC)
    with writing_to(city, now=at) as ledger:
        rows = Decision.objects.filter(pk__in=made.decisions).select_related(
            "finding__contract", "finding__jurisdiction", "decided_by", "signature"
        )
        for decision in rows.order_by("pk"):
            ledger.charge(decision, actor=manager)
    with CaptureQueriesContext(connection) as queries:
        found = recompute(city, month=OCTOBER)
    assert found.decisions == len(made.decisions) and found.differences == []
    assert found.total_centimes == min(made.total_centimes, 25_000 * lines)
    assert len(queries) < 20 + lines // 300
