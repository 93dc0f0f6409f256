"""One finding as one reader may see it: the city's people, the operator, or whoever came by the single-case link.

Everything the page shows goes through here, so that a template has nothing to leak.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.translated import colon, text_in
from complaints.models import Attachment
from contracts.evidence import operator_reads_words, operator_sees_photo
from contracts.explain import Line, about_clock, event_words, moment, per_words, person, reckoning
from contracts.models import Argument, Decision, Evidence, Finding, FindingFile, Paper
from contracts.penalties import Calculation
from contracts.procedure import FindingState, Silence
from contracts.wording import dirhams
from districts.place_map import place_map

ExhibitUrl = Callable[[str, int], str]


@dataclass(frozen=True)
class ExhibitShown:
    """A piece of evidence or a file of a party. `url` is empty where this reader may not open it, or it is not ready."""

    position: int
    what: str
    by: str
    at: str
    sha256: str
    url: str
    is_image: bool
    note: str


@dataclass(frozen=True)
class PointShown:
    pk: int
    position: int
    text: str
    at: str
    replies: list[str]


@dataclass(frozen=True)
class DecisionShown:
    pk: int
    title: str
    reasons: str
    authority: str
    by: str
    at: str
    amount: str
    reckoning: str
    in_force: bool
    signed: str
    agreed: bool
    note: str


@dataclass(frozen=True)
class FindingShown:
    """Facts for a template."""

    number: str
    state: str
    contract_code: str
    contract: str
    reference: str
    operator: str
    clause: str
    article: str
    clause_text: str
    rate: str
    tracking_number: str
    service: Any
    category: str
    district: str
    occurred_on: Any
    opened: str
    grounds: str
    words: str
    words_note: str
    map: SafeString
    clock: list[Line]
    answer_due_at: datetime
    appeal_due_at: datetime | None
    waits_for_operator: bool
    may_appeal: bool
    silence: str
    contest: list[PointShown]
    appeal: list[PointShown]
    decisions: list[DecisionShown]
    exhibits: list[ExhibitShown]
    events: list[Line]
    papers: list[Paper]


def finding_shown(finding: Finding, *, to_operator: bool, exhibit_url: ExhibitUrl, now: datetime) -> FindingShown:
    """The page's facts. `to_operator`: the operator's people, by account or link; they see what was disclosed, no more."""
    language = get_language() or "fr"
    complaint, contract, zone = finding.complaint, finding.contract, finding.jurisdiction.time_zone
    disclosed = operator_reads_words(complaint)
    words = complaint.description if disclosed or not to_operator else ""
    decisions = list(finding.decisions.select_related("decided_by", "signature__signed_by").prefetch_related("replies"))
    if to_operator:
        # Drafts that wait for a second person are the city's own business.
        decisions = [decision for decision in decisions if decision.in_force]
    return FindingShown(
        number=finding.number,
        state=finding.state,
        contract_code=contract.code,
        contract=text_in(contract.name, language),
        reference=contract.reference,
        operator=text_in(contract.unit.name, language),
        clause=text_in(finding.clause.name, language),
        article=finding.clause.article,
        clause_text=text_in(finding.clause.text, language),
        rate=per_words(finding.clause, finding.version.currency),
        tracking_number=complaint.tracking_number,
        service=complaint.category.service,
        category=text_in(complaint.category.name, language),
        district=text_in(complaint.district.name, language) if complaint.district else "",
        occurred_on=finding.occurred_on,
        opened=f"{person(finding.opened_by)}, {moment(finding.opened_at, zone)}",
        grounds=finding.grounds,
        words=words,
        words_note=_words_note(words, disclosed=disclosed, to_operator=to_operator),
        map=place_map(
            finding.jurisdiction,
            complaint.point.x,
            complaint.point.y,
            language=language,
            title=_("Place of the complaint"),
        ),
        clock=list(about_clock(finding)) if finding.due_at is not None else [],
        answer_due_at=finding.answer_due_at,
        appeal_due_at=finding.appeal_due_at,
        waits_for_operator=finding.state == FindingState.NOTIFIED,
        may_appeal=finding.state == FindingState.JUSTIFIED and (finding.appeal_due_at or now) >= now,
        silence=str(Silence(finding.version.silence).label),
        contest=_points(finding, Argument.Stage.CONTEST, decisions, zone),
        appeal=_points(finding, Argument.Stage.APPEAL, decisions, zone),
        decisions=[_decision(decision, finding, zone) for decision in decisions],
        exhibits=_exhibits(finding, exhibit_url, zone, to_operator=to_operator),
        events=[Line(moment(event.at, zone), event_words(event)) for event in finding.events.select_related("actor")],
        papers=list(finding.papers.order_by("-dated")[:6]),
    )


def _words_note(words: str, *, disclosed: bool, to_operator: bool) -> str:
    if to_operator:
        return "" if words else _("What was reported was not passed on to you.")
    if not words or disclosed:
        return ""
    return _("The operator cannot read this: it was neither released nor passed on.")


def _points(finding: Finding, stage: Argument.Stage, decisions: list[Decision], zone: str) -> list[PointShown]:
    replies: dict[int, list[str]] = {}
    for decision in decisions:
        for reply in decision.replies.all():
            replies.setdefault(reply.argument_id, []).append(reply.text)
    return [
        PointShown(row.pk, row.position, row.text, moment(row.made_at, zone), replies.get(row.pk, []))
        for row in finding.arguments.all()
        if row.stage == stage
    ]


def _decision(decision: Decision, finding: Finding, zone: str) -> DecisionShown:
    signature, currency = decision.signature_or_none, finding.version.currency
    calculation = Calculation.of(decision.calculation) if decision.calculation else None
    return DecisionShown(
        pk=decision.pk,
        title=f"{Decision.Kind(decision.kind).label}{colon()}{Decision.Outcome(decision.outcome).label}",
        reasons=decision.reasons,
        authority=decision.authority,
        by=person(decision.decided_by),
        at=moment(decision.decided_at, zone),
        amount=dirhams(decision.amount_centimes, currency) if decision.amount_centimes else "",
        reckoning=reckoning(calculation, currency) if calculation else "",
        in_force=decision.in_force,
        signed=f"{person(signature.signed_by)}, {moment(signature.signed_at, zone)}" if signature else "",
        agreed=bool(signature and signature.agreed),
        note=signature.note if signature else "",
    )


def _exhibits(finding: Finding, url: ExhibitUrl, zone: str, *, to_operator: bool) -> list[ExhibitShown]:
    shown = []
    for piece in finding.evidence.select_related("attachment"):
        address, note = "", ""
        if piece.kind == Evidence.Kind.PHOTO and piece.attachment is not None:
            visible = may_see_photo(piece.attachment, finding, to_operator=to_operator)
            address = url("photo", piece.pk) if visible else ""
            note = "" if visible else _("no longer shown")
        at = str(piece.facts.get("added_at") or piece.facts.get("submitted_at") or "")
        shown.append(
            ExhibitShown(
                position=piece.position,
                what=str(Evidence.Kind(piece.kind).label),
                by="",
                at=moment(datetime.fromisoformat(at), zone) if at else "",
                sha256=piece.sha256,
                url=address,
                is_image=bool(address),
                note=note,
            )
        )
    for position, file in enumerate(finding.files.all(), start=len(shown) + 1):
        ready = file.status == FindingFile.Status.READY
        shown.append(
            ExhibitShown(
                position=position,
                what=file.name,
                by=str(FindingFile.Party(file.party).label),
                at=moment(file.uploaded_at, zone),
                sha256=file.kept_sha256 or file.sha256,
                url=url("file", file.pk) if ready else "",
                is_image=ready and file.is_image,
                note="" if ready else str(FindingFile.Status(file.status).label),
            )
        )
    return shown


def may_see_photo(photo: Attachment, finding: Finding, *, to_operator: bool) -> bool:
    """The city's people see the photo while it exists; the operator while it is disclosed."""
    if to_operator:
        return operator_sees_photo(photo, finding.complaint)
    return photo.status == Attachment.Status.READY and photo.is_image


def exhibit_url_for(finding: Finding) -> ExhibitUrl:
    """Addresses of exhibits for who is signed in."""
    return lambda kind, pk: reverse("finding_exhibit", args=[finding.number, kind, pk])
