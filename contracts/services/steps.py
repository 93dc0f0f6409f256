"""What every step of a finding shares: taking hold of it, and recording what was done."""

from datetime import datetime

from accounts.models import User
from complaints.models import Complaint
from complaints.services.locking import lock as lock_complaint
from contracts.models import Contract, Finding, FindingEvent
from contracts.permissions import acting_role, hats
from contracts.procedure import SYSTEM, FindingVerb, check_step
from contracts.services.webhooks import announce


def lock(finding_id: int) -> Finding:
    """The finding, locked until the caller's transaction ends, with everything its steps read.

    Locks come in one order everywhere: complaint, contract, finding, ledger.
    """
    return (
        Finding.objects.select_for_update(of=("self",))
        .select_related(
            "jurisdiction", "contract__unit", "version", "clause", "complaint__unit", "complaint__jurisdiction"
        )
        .get(pk=finding_id)
    )


def lock_with_contract(finding_id: int) -> Finding:
    """The same after its thing and its contract: for decisions, which count what was decided before."""
    known = Finding.objects.only("complaint_id", "contract_id").get(pk=finding_id)
    lock_complaint(root_of(Complaint.objects.get(pk=known.complaint_id)).pk)
    lock_contract(known.contract_id)
    return lock(finding_id)


def lock_contract(contract_id: int) -> Contract:
    return Contract.objects.select_for_update(of=("self",)).select_related("unit", "jurisdiction").get(pk=contract_id)


def root_of(complaint: Complaint) -> Complaint:
    """The complaint that stands for its thing: the one it was merged into, or itself."""
    return complaint.merged_into or complaint


def others_about(finding: Finding) -> "list[Finding]":
    """Other findings, not withdrawn, about the same thing: complaints may be merged after both were opened."""
    root = root_of(finding.complaint)
    group = [root.pk, *root.merged.values_list("pk", flat=True)]
    return list(Finding.objects.filter(complaint__in=group).exclude(state="withdrawn").exclude(pk=finding.pk))


def role_for(
    finding: Finding, verb: FindingVerb, user: User | None, *, words: str = "", by_system: bool = False
) -> str:
    """Check that `user` (None: by the single-case link) may make this step now; the role it is signed under.

    Raises a ProcedureError.
    """
    worn = frozenset({SYSTEM}) if by_system else hats(user, finding.contract)
    step = check_step(verb, finding.state, actors=worn, words=words, silence=finding.version.silence)
    return acting_role(step.actors, worn)


def move(
    finding: Finding,
    verb: str,
    to_state: str,
    *,
    role: str,
    actor: User | None,
    now: datetime,
    data: dict[str, object] | None = None,
) -> FindingEvent:
    """Set the state and append the event that says so."""
    event = FindingEvent(
        finding=finding,
        at=now,
        verb=verb,
        from_state=finding.state,
        to_state=to_state,
        actor_role=role,
        actor=actor,
        data=data or {},
    )
    event.save(force_insert=True)
    finding.state = to_state
    finding.updated_at = now
    finding.save(update_fields=["state", "updated_at", "appeal_due_at"])
    announce(finding, event)
    return event
