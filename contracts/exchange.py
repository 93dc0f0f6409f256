"""The whole exchange about a finding as one dated file: what was alleged, what was answered, what was decided, on what evidence.

It is what the operator may see, too: no reporter, and of words and photos only what was released or passed on by then.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.translated import colon, text_in
from complaints.services.quarantine import media_path
from contracts.evidence import operator_reads_words, operator_sees_photo
from contracts.explain import Line, about_clock, event_words, moment, per_words, person, reckoning
from contracts.models import Argument, Decision, Evidence, Finding, FindingFile
from contracts.penalties import Calculation
from contracts.procedure import FindingState, Silence
from contracts.wording import dirhams
from districts.place_map import place_map
from documents.pdf import make_pdf

# As many pictures as a file can carry without becoming a burden; the index names all.
MAX_PICTURES = 12


@dataclass(frozen=True)
class Exhibit:
    """One line of the index of evidence."""

    position: int
    what: str
    when: str
    sha256: str
    shown: bool
    picture: str = ""


def exchange_pdf(finding: Finding, *, dated: datetime) -> bytes:
    """The file, in the current language. Slow: for tasks. Raises PdfFailed."""
    pictures: dict[str, bytes] = {}
    facts = exchange_facts(finding, dated=dated, pictures=pictures)
    return make_pdf(render_to_string("contracts/paper/exchange.html", facts), pictures=pictures)


def exchange_facts(finding: Finding, *, dated: datetime, pictures: dict[str, bytes]) -> dict[str, Any]:
    """What the paper shows; `pictures` is filled with those it calls."""
    language = get_language() or "fr"
    city, contract, complaint = finding.jurisdiction, finding.contract, finding.complaint
    decisions = list(
        finding.decisions.select_related("decided_by", "signature__signed_by").prefetch_related("replies__argument")
    )
    return {
        "finding": finding,
        "dated": dated,
        "reference": finding.number,
        "city_name": text_in(city.name, language),
        "contract_name": text_in(contract.name, language),
        "operator": text_in(contract.unit.name, language),
        "clause_name": text_in(finding.clause.name, language),
        "clause_text": text_in(finding.clause.text, language),
        "rate": per_words(finding.clause, finding.version.currency),
        "state": FindingState(finding.state).label,
        "silence": Silence(finding.version.silence).label,
        "category": text_in(complaint.category.name, language),
        "district": text_in(complaint.district.name, language) if complaint.district else "",
        "words": complaint.description if operator_reads_words(complaint) else "",
        "opened_by": person(finding.opened_by),
        "clock": list(about_clock(finding)) if finding.due_at else [],
        "map": place_map(city, complaint.point.x, complaint.point.y, language=language, title=_("Place")),
        "exhibits": _exhibits(finding, pictures),
        "contest": _points(finding, Argument.Stage.CONTEST, decisions),
        "appeal": _points(finding, Argument.Stage.APPEAL, decisions),
        "decisions": [_decision(decision, finding) for decision in decisions],
        "events": [
            Line(moment(event.at, city.time_zone), event_words(event))
            for event in finding.events.select_related("actor")
        ],
    }


def _exhibits(finding: Finding, pictures: dict[str, bytes]) -> list[Exhibit]:
    zone, complaint = finding.jurisdiction.time_zone, finding.complaint
    exhibits = []
    for piece in finding.evidence.select_related("attachment"):
        shown, name = True, ""
        if piece.kind == Evidence.Kind.PHOTO and piece.attachment is not None:
            shown = operator_sees_photo(piece.attachment, complaint)
            name = _picture(pictures, f"evidence-{piece.position}", piece.attachment.path if shown else "")
        when = str(piece.facts.get("added_at") or piece.facts.get("submitted_at") or "")
        exhibits.append(
            Exhibit(
                piece.position,
                str(Evidence.Kind(piece.kind).label),
                moment(datetime.fromisoformat(when), zone) if when else "",
                piece.sha256,
                shown,
                name,
            )
        )
    for position, file in enumerate(finding.files.all(), start=len(exhibits) + 1):
        ready = file.status == FindingFile.Status.READY
        name = _picture(pictures, f"file-{file.pk}", file.path if ready and file.is_image else "")
        what = f"{FindingFile.Party(file.party).label}{colon()}{file.name}"
        exhibits.append(
            Exhibit(position, what, moment(file.uploaded_at, zone), file.kept_sha256 or file.sha256, ready, name)
        )
    return exhibits


def _picture(pictures: dict[str, bytes], name: str, path: str) -> str:
    """Take a picture along under a name; empty if it is not to be shown, not there, or one too many."""
    if not path or len(pictures) >= MAX_PICTURES:
        return ""
    try:
        pictures[name] = media_path(path).read_bytes()
    except FileNotFoundError:
        return ""
    return name


def _points(finding: Finding, stage: Argument.Stage, decisions: list[Decision]) -> list[dict[str, Any]]:
    """Each argument with what was replied to it."""
    replies: dict[int, list[str]] = {}
    for decision in decisions:
        for reply in decision.replies.all():
            replies.setdefault(reply.argument_id, []).append(reply.text)
    zone = finding.jurisdiction.time_zone
    return [
        {
            "position": argument.position,
            "text": argument.text,
            "at": moment(argument.made_at, zone),
            "replies": replies.get(argument.pk, []),
        }
        for argument in finding.arguments.filter(stage=stage)
    ]


def _decision(decision: Decision, finding: Finding) -> dict[str, Any]:
    zone, currency = finding.jurisdiction.time_zone, finding.version.currency
    signature = decision.signature_or_none
    reckoned = reckoning(Calculation.of(decision.calculation), currency) if decision.calculation else ""
    return {
        "title": f"{Decision.Kind(decision.kind).label}{colon()}{Decision.Outcome(decision.outcome).label}",
        "reasons": decision.reasons,
        "authority": decision.authority,
        "by": person(decision.decided_by),
        "at": moment(decision.decided_at, zone),
        "amount": dirhams(decision.amount_centimes, currency) if decision.amount_centimes else "",
        "reckoning": reckoned,
        "in_force": decision.in_force,
        "signature": signature,
        "signed": f"{person(signature.signed_by)}, {moment(signature.signed_at, zone)}" if signature else "",
    }
