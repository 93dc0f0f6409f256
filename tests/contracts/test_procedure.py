"""Hearing the operator, deciding, signing, appealing: who may do what when, and what each step means."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.models import Message
from complaints.services.merging import merge
from contracts.errors import (
    AlreadyAlleged,
    ArgumentsMissing,
    AuthorityMissing,
    PeriodOver,
    RepliesMissing,
    TooManyArguments,
    WaiverTooLarge,
)
from contracts.models import Contract, Decision, Finding, LedgerEntry
from contracts.permissions import verbs_of
from contracts.procedure import (
    FINAL,
    LINK,
    STEPS,
    SYSTEM,
    FindingState,
    FindingVerb,
    PersonNotAllowed,
    ProcedureError,
    SamePerson,
    Silence,
    StepNotAllowed,
    WordsRequired,
    check_step,
    verbs_for,
)
from contracts.services.decisions import Ruling, decide, sign, withdraw_finding
from contracts.services.findings import (
    accept_finding,
    add_files,
    appeal_finding,
    contest_finding,
    lapse_due,
    open_finding,
    remind_due,
)
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_contract, build_staff, new_version
from tests.contracts.conftest import NORTH, build_finding, clause_of

pytestmark = pytest.mark.django_db
V = FindingVerb
ALL_ACTORS = [*(role.value for role in Role), LINK, SYSTEM]


@pytest.fixture
def finding(contract: Contract, contract_manager: User, now: datetime) -> Finding:
    return build_finding(contract, contract_manager, now)


# --- the table, pure


@pytest.mark.parametrize("verb", list(V))
def test_each_step_is_open_to_its_actors_in_its_states_and_to_nobody_else(verb: FindingVerb) -> None:
    for state, actor, silence in product(FindingState, ALL_ACTORS, Silence.values):
        step = STEPS[verb]
        late = verb == V.CONTEST and state == FindingState.LAPSED and silence == Silence.ACCEPTS
        allowed = state in step.sources and actor in step.actors and not late
        actors = frozenset({actor})
        try:
            check_step(verb, state, actors=actors, words="x", silence=silence)
            passed = True
        except ProcedureError:
            passed = False
        assert passed == allowed
        assert (verb in verbs_for(state, actors=actors, silence=silence)) == allowed


def test_nothing_leads_out_of_a_final_state_but_a_waiver_of_what_was_upheld() -> None:
    out = {(verb, state) for verb, step in STEPS.items() for state in step.sources & FINAL}
    assert out == {(V.WAIVE, FindingState.UPHELD)}


def test_only_a_decision_leads_to_a_penalty() -> None:
    """Which steps end where money is owed: each of them is a contract manager's, or a signature under her decision."""
    assert {verb for verb, step in STEPS.items() if step.target == FindingState.JUSTIFIED} == {V.JUSTIFY}
    assert STEPS[V.JUSTIFY].actors == {Role.CONTRACT_MANAGER}
    assert STEPS[V.JUSTIFY].sources == {FindingState.ACCEPTED, FindingState.CONTESTED, FindingState.LAPSED}


# --- the operator's answer


def test_the_operator_contests_point_by_point(finding: Finding, operator_user: User, now: datetime) -> None:
    contest_finding(
        finding.pk, ["Le bac était vide.", "  ", "La rue était barrée."], acting_user=operator_user, now=now
    )
    finding.refresh_from_db()
    assert finding.state == "contested"
    assert [argument.text for argument in finding.arguments.all()] == ["Le bac était vide.", "La rue était barrée."]
    assert finding.events.order_by("-pk")[0].data["arguments"] == 2


def test_a_contest_needs_arguments_and_not_too_many(finding: Finding, operator_user: User, now: datetime) -> None:
    with pytest.raises(ArgumentsMissing):
        contest_finding(finding.pk, ["", " "], acting_user=operator_user, now=now)
    with pytest.raises(TooManyArguments):
        contest_finding(finding.pk, ["x"] * 11, acting_user=operator_user, now=now)


def test_another_operator_may_not_answer(finding: Finding, other_operator: User, now: datetime) -> None:
    for step in (
        lambda: accept_finding(finding.pk, acting_user=other_operator, now=now),
        lambda: contest_finding(finding.pk, ["x"], acting_user=other_operator, now=now),
        lambda: add_files(finding.pk, [], acting_user=other_operator, now=now),
    ):
        with pytest.raises(PersonNotAllowed):
            step()


def test_silence_lapses_once_and_means_what_the_contract_says(
    gridville: Jurisdiction, contract: Contract, contract_manager: User, operator_user: User, now: datetime
) -> None:
    disputes = build_contract(gridville, new_version(silence="disputes"), code="other", prefix="WX")
    # Two contracts of one operator cover the same service: the officer chooses by the clause.
    strict, mild = (
        open_finding(
            build_complaint("litter", at=NORTH, now=now).pk,
            clause_of(one, "founded-complaint"),
            grounds="x",
            acting_user=contract_manager,
            now=now,
        )
        for one in (contract, disputes)
    )
    later = strict.answer_due_at + timedelta(minutes=1)
    with pytest.raises(PeriodOver):
        accept_finding(strict.pk, acting_user=operator_user, now=later)
    assert (lapse_due(now=later), lapse_due(now=later)) == (2, 0)
    with pytest.raises(StepNotAllowed):
        contest_finding(strict.pk, ["x"], acting_user=operator_user, now=later)
    contest_finding(mild.pk, ["x"], acting_user=operator_user, now=later)
    mild.refresh_from_db()
    assert mild.state == "contested"


def test_the_operator_is_reminded_once(finding: Finding, now: datetime) -> None:
    soon = finding.answer_due_at - timedelta(days=1)
    assert (remind_due(now=now), remind_due(now=soon), remind_due(now=soon + timedelta(hours=1))) == (0, 1, 0)
    assert OutboxMessage.objects.filter(dedup_key=f"{finding.number}:remind").count() == 1


# --- deciding


def test_a_finding_cannot_be_decided_before_the_operator_was_heard(
    finding: Finding, contract_manager: User, now: datetime
) -> None:
    for verb in (V.JUSTIFY, V.DISMISS):
        with pytest.raises(StepNotAllowed):
            decide(finding.pk, verb, Ruling("x"), acting_user=contract_manager, now=now)
    assert not LedgerEntry.objects.exists()


def test_each_argument_needs_a_reply_before_anything_is_decided(
    finding: Finding, contract_manager: User, operator_user: User, now: datetime
) -> None:
    contest_finding(finding.pk, ["Un", "Deux"], acting_user=operator_user, now=now)
    first, second = finding.arguments.all()
    for replies in ({}, {first.pk: "Oui."}, {first.pk: "Oui.", second.pk: "  "}):
        for verb in (V.JUSTIFY, V.DISMISS):
            with pytest.raises(RepliesMissing):
                decide(finding.pk, verb, Ruling("x", replies), acting_user=contract_manager, now=now)
    decision = decide(
        finding.pk, V.JUSTIFY, Ruling("Fondé.", {first.pk: "Non.", second.pk: "Non plus."}),
        acting_user=contract_manager, now=now,
    )  # fmt: skip
    assert [reply.text for reply in decision.replies.all()] == ["Non.", "Non plus."]


def test_reasons_are_needed(finding: Finding, contract_manager: User, now: datetime) -> None:
    accept_finding(finding.pk, acting_user=None, now=now)
    with pytest.raises(WordsRequired):
        decide(finding.pk, V.JUSTIFY, Ruling(" "), acting_user=contract_manager, now=now)


@pytest.mark.parametrize("role", [Role.TREASURY_OFFICER, Role.TRIAGE_OFFICER, Role.ADMINISTRATOR, Role.OPERATOR_USER])
def test_only_a_contract_manager_decides(finding: Finding, gridville: Jurisdiction, now: datetime, role: Role) -> None:
    accept_finding(finding.pk, acting_user=None, now=now)
    person = build_staff("x", role, gridville, unit="waste-north" if role == Role.OPERATOR_USER else None)
    with pytest.raises(PersonNotAllowed):
        decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=person, now=now)


def test_the_outcome_is_told_in_plain_words_to_all_who_reported_the_thing(
    contract: Contract, contract_manager: User, triage_officer: User, now: datetime
) -> None:
    first = build_complaint("litter", at=NORTH, now=now, email="rita@example.org")
    second = build_complaint("litter", at=NORTH, now=now, email="sami@example.org")
    merge(second.pk, first.pk, acting_user=triage_officer, now=now)
    finding = build_finding(contract, contract_manager, now, complaint=first)
    accept_finding(finding.pk, acting_user=None, now=now)
    decide(finding.pk, V.JUSTIFY, Ruling("Motifs internes."), acting_user=contract_manager, now=now)
    mails = OutboxMessage.objects.filter(dedup_key__endswith=f"finding:{finding.number}:justified")
    assert {mail.recipient for mail in mails} == {"rita@example.org", "sami@example.org"}
    assert Message.objects.filter(audience="reporter", complaint__in=[first, second]).count() == 2
    for mail in mails:
        assert "waste-north" in mail.body and "Motifs internes" not in mail.body


def test_two_findings_about_what_became_one_thing_are_not_both_penalised(
    contract: Contract, contract_manager: User, triage_officer: User, now: datetime
) -> None:
    one, two = (build_finding(contract, contract_manager, now) for _ in range(2))
    for finding in (one, two):
        accept_finding(finding.pk, acting_user=None, now=now)
    merge(two.complaint_id, one.complaint_id, acting_user=triage_officer, now=now)
    decide(one.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    with pytest.raises(AlreadyAlleged):
        decide(two.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    decide(two.pk, V.DISMISS, Ruling("Même chose."), acting_user=contract_manager, now=now)


# --- four eyes


def four_eyes(city: Jurisdiction, **more: Any) -> Contract:
    return build_contract(city, new_version(**more))


def test_above_an_amount_a_second_person_signs(
    gridville: Jurisdiction, contract_manager: User, second_manager: User, now: datetime
) -> None:
    contract = four_eyes(gridville, second_signature_from_centimes=50_000)
    finding = build_finding(contract, contract_manager, now)
    accept_finding(finding.pk, acting_user=None, now=now)
    decision = decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    finding.refresh_from_db()
    assert finding.state == "to_sign" and not decision.in_force and not LedgerEntry.objects.exists()
    second = {V.SIGN, V.SEND_BACK}
    assert not second & set(verbs_of(contract_manager, finding)), "who decided is offered neither"
    assert second <= set(verbs_of(second_manager, finding))
    with pytest.raises(SamePerson):
        sign(finding.pk, decision.pk, agreed=True, acting_user=contract_manager, now=now)
    sign(finding.pk, decision.pk, agreed=True, acting_user=second_manager, now=now)
    finding.refresh_from_db()
    assert finding.state == "justified"
    entry = LedgerEntry.objects.get()
    assert (entry.amount_centimes, entry.facts["signed_by"]) == (50_000, second_manager.pk)


def test_a_decision_may_be_sent_back_and_made_again(
    gridville: Jurisdiction, contract_manager: User, second_manager: User, now: datetime
) -> None:
    contract = four_eyes(gridville, second_signature_from_centimes=1)
    finding = build_finding(contract, contract_manager, now)
    accept_finding(finding.pk, acting_user=None, now=now)
    first = decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    with pytest.raises(WordsRequired):
        sign(finding.pk, first.pk, agreed=False, acting_user=second_manager, now=now)
    sign(finding.pk, first.pk, agreed=False, note="Quel délai ?", acting_user=second_manager, now=now)
    finding.refresh_from_db()
    assert finding.state == "accepted" and not LedgerEntry.objects.exists()
    second = decide(finding.pk, V.JUSTIFY, Ruling("Délai du 3."), acting_user=contract_manager, now=now)
    with pytest.raises(StepNotAllowed):
        sign(finding.pk, first.pk, agreed=True, acting_user=second_manager, now=now)
    sign(finding.pk, second.pk, agreed=True, acting_user=second_manager, now=now)
    assert LedgerEntry.objects.get().decision_id == second.pk


def test_above_a_number_in_a_month_a_second_person_signs(
    gridville: Jurisdiction, contract_manager: User, second_manager: User, now: datetime
) -> None:
    contract = four_eyes(gridville, second_signature_from_count=3)
    states = []
    for at in (now, now, now, now + timedelta(days=10)):
        finding = build_finding(contract, contract_manager, at)
        accept_finding(finding.pk, acting_user=None, now=at)
        decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=at)
        finding.refresh_from_db()
        states.append(finding.state)
    # The fourth is in December: a new month, a new count.
    assert states == ["justified", "justified", "to_sign", "justified"]


# --- appeal, waiver, withdrawal


def test_an_appeal_that_is_won_adds_a_reversal_and_deletes_nothing(
    penalised: Callable[..., Finding], contract_manager: User, second_manager: User, operator_user: User, now: datetime
) -> None:
    finding = penalised()
    appeal_finding(finding.pk, ["La photo montre une autre rue."], acting_user=operator_user, now=now)
    argument = finding.arguments.get(stage="appeal")
    with pytest.raises(AuthorityMissing):
        decide(finding.pk, V.REVERSE, Ruling("x", {argument.pk: "Exact."}), acting_user=contract_manager, now=now)
    ruling = Ruling("Photo d'une autre rue.", {argument.pk: "Exact."}, authority="Décision 4/2026")
    decision = decide(finding.pk, V.REVERSE, ruling, acting_user=contract_manager, now=now)
    assert LedgerEntry.objects.count() == 1, "a reversal always needs two"
    sign(finding.pk, decision.pk, agreed=True, acting_user=second_manager, now=now)
    finding.refresh_from_db()
    assert finding.state == "reversed"
    assert list(LedgerEntry.objects.values_list("kind", "amount_centimes")) == [
        ("penalty", 50_000),
        ("reversal", -50_000),
    ]


def test_an_appeal_that_is_lost_changes_no_money(
    penalised: Callable[..., Finding], contract_manager: User, operator_user: User, now: datetime
) -> None:
    finding = penalised()
    appeal_finding(finding.pk, ["Non."], acting_user=operator_user, now=now)
    replies = {finding.arguments.get(stage="appeal").pk: "Si."}
    decide(finding.pk, V.UPHOLD, Ruling("x", replies), acting_user=contract_manager, now=now)
    finding.refresh_from_db()
    assert finding.state == "upheld" and LedgerEntry.objects.count() == 1


def test_an_appeal_comes_in_time_or_not_at_all(
    penalised: Callable[..., Finding], operator_user: User, now: datetime
) -> None:
    finding = penalised()
    assert finding.appeal_due_at
    late = finding.appeal_due_at + timedelta(minutes=1)
    with pytest.raises(PeriodOver):
        appeal_finding(finding.pk, ["x"], acting_user=operator_user, now=late)


def test_a_waiver_names_its_authority_and_waives_at_most_what_there_is(
    penalised: Callable[..., Finding], contract_manager: User, second_manager: User, now: datetime
) -> None:
    finding = penalised()
    with pytest.raises(AuthorityMissing):
        decide(finding.pk, V.WAIVE, Ruling("x"), acting_user=contract_manager, now=now)
    for amount in (0, -1, 50_001):
        with pytest.raises(WaiverTooLarge):
            decide(
                finding.pk, V.WAIVE, Ruling("x", authority="A", waived_centimes=amount),
                acting_user=contract_manager, now=now,
            )  # fmt: skip
    ruling = Ruling("Crue du 20.", authority="Délibération 12", waived_centimes=20_000)
    decision = decide(finding.pk, V.WAIVE, ruling, acting_user=contract_manager, now=now)
    sign(finding.pk, decision.pk, agreed=True, acting_user=second_manager, now=now)
    assert list(LedgerEntry.objects.values_list("amount_centimes", flat=True)) == [50_000, -20_000]
    assert LedgerEntry.objects.order_by("-pk")[0].facts["authority"] == "Délibération 12"


def test_a_finding_may_be_withdrawn_until_it_is_decided(
    finding: Finding, contract_manager: User, penalised: Callable[..., Finding], now: datetime
) -> None:
    withdraw_finding(finding.pk, "Erreur de lieu.", acting_user=contract_manager, now=now)
    finding.refresh_from_db()
    assert finding.state == "withdrawn"
    with pytest.raises(StepNotAllowed):
        withdraw_finding(penalised().pk, "x", acting_user=contract_manager, now=now)


def test_a_second_click_changes_nothing(finding: Finding, contract_manager: User, now: datetime) -> None:
    accept_finding(finding.pk, acting_user=None, now=now)
    decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    with pytest.raises(StepNotAllowed):
        decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    assert (Decision.objects.count(), LedgerEntry.objects.count()) == (1, 1)
