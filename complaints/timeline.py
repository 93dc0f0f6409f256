"""A complaint's history in words, as the public, the reporter or a member of staff may read it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Role, User
from catalogue.models import Body, Rung
from catalogue.snapshot import current_snapshot
from catalogue.translated import colon, text_in
from complaints.disclosure import Disclosure
from complaints.models import Complaint, Event, Message, Verdict
from complaints.undone import effective
from complaints.workflow import REPORTER, EvidenceReason, RejectReason, state_label

_Kind = Event.Kind
_Audience = Message.Audience

# What concerns the reporter alone: her own messages and files, her link, her data.
_REPORTERS_OWN = frozenset({_Kind.MESSAGE_RECEIVED, _Kind.FILE_ADDED, _Kind.LINK_RENEWED, _Kind.ERASED})


@dataclass(frozen=True)
class Entry:
    """One step of the history. `detail` is ours, `words` are a person's; `mine` marks the reporter's own steps."""

    at: datetime
    title: str
    detail: str = ""
    words: str = ""
    state: str = ""
    mine: bool = False
    late: bool = False
    who: str = ""
    internal: bool = False
    undone: bool = False


def public_timeline(complaint: Complaint) -> list[Entry]:
    """What anybody may read, newest first: public events, and of words the public answers only."""
    events = [event for event in effective(complaint.events.all()) if event.is_public]
    words = _words(complaint, {_Audience.PUBLIC})
    return _entries(complaint, events, words, names_units=complaint.shown_unit is not None)


def reporter_timeline(complaint: Complaint) -> list[Entry]:
    """What the reporter may read, newest first: the public history, and all that was written between her and the staff.

    Where hers is merged into another complaint, that one's public history too.
    """
    events = [
        event
        for event in effective(complaint.events.all())
        if event.is_public or (event.kind in _REPORTERS_OWN and event.actor_role == REPORTER)
    ]
    words = _words(complaint, {_Audience.PUBLIC, _Audience.REPORTER})
    entries = _entries(complaint, events, words, to_reporter=True)
    primary = complaint.merged_into
    if primary is not None:
        left_out = (_Kind.SUBMITTED, _Kind.MERGED, _Kind.SEPARATED)
        steps = [e for e in effective(primary.events.all()) if e.is_public and e.kind not in left_out]
        entries += _entries(primary, steps, _words(primary, {_Audience.PUBLIC}))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def staff_timeline(complaint: Complaint, shown: Disclosure) -> list[Entry]:
    """What one member of staff may read, newest first: internal steps and words as far as `shown` lets her.

    What was undone at once is told, marked as undone.
    """
    words = {m.pk: m for m in shown.messages(complaint.messages.all())}
    events = list(complaint.events.select_related("actor"))
    told_plainly = {event.pk for event in effective(events)}
    told_plainly |= {event.pk for event in events if event.kind == _Kind.UNDONE}
    entries = []
    for event in events:
        message = words.pop(_number(event.data.get("message")), None)
        if shown.sees_event(event) or message is not None:
            entries.append((event, message))
    units = {u.code: u.name for u in current_snapshot(complaint.jurisdiction).units.values()}
    told = [
        replace(
            _staff_entry(complaint, event, message, units, shown),
            undone=event.pk not in told_plainly,
        )
        for event, message in entries
    ]
    told += [_message_entry(message) for message in words.values()]
    return sorted(told, key=lambda entry: entry.at, reverse=True)


def _staff_entry(
    complaint: Complaint,
    event: Event,
    message: Message | None,
    units: Mapping[str, Mapping[str, str]],
    shown: Disclosure,
) -> Entry:
    entry = _entry(event, message, units)
    if event.kind == _Kind.HANDED_OVER and event.data.get("refused"):
        entry = replace(entry, title=_("Hand-over refused"))
    internal = not event.is_public or (message is not None and message.audience == _Audience.INTERNAL)
    detail = entry.detail or _staff_detail(complaint, event)
    return replace(entry, who=_who(event, shown), internal=internal, detail=detail, mine=False)


def _who(event: Event, shown: Disclosure) -> str:
    """Colleagues know each other by name; to others a step was taken by a role."""
    if event.actor_role == REPORTER:
        return _("Reporter")
    if event.actor is None:
        return ""
    role = str(dict(Role.choices).get(event.actor_role, ""))
    name = event.actor.get_full_name() or event.actor.get_username()
    return f"{name} · {role}" if shown.sees_notes else role


def _staff_detail(complaint: Complaint, event: Event) -> str:
    data, language = event.data, get_language() or "fr"
    if event.kind == _Kind.RECATEGORISED:
        names = {
            c.code: text_in(c.name, language) for c in current_snapshot(complaint.jurisdiction).categories.values()
        }
        old, new = (names.get(str(data.get(key)), "") for key in ("from", "to"))
        return _("%(old)s, now %(new)s") % {"old": old, "new": new}
    if event.kind == _Kind.REVIEWED:
        outcome = dict(Complaint.Review.choices).get(str(data.get("outcome")), "")
        what = _("Text") if data.get("what") == "text" else _("Photo")
        if data.get("what") == "black_out":
            outcome = _("parts painted black")
        if data.get("hidden_words"):
            outcome = _("released, some words hidden")
        return f"{what}{colon()}{outcome}"
    if event.kind == _Kind.PIN_MOVED:
        return _("Moved by %(metres)d m") % {"metres": _number(data.get("metres"))}
    if event.kind == _Kind.SPLIT:
        other = Complaint.objects.filter(pk=_number(data.get("part") or data.get("whole"))).first()
        return _("The other part: %(number)s") % {"number": other} if other else ""
    if event.kind == _Kind.VISIBILITY_CHANGED:
        return str(capfirst(dict(Complaint.Visibility.choices).get(str(data.get("to")), "")))
    if event.kind == _Kind.MESSAGE_RECEIVED and "via" in data:
        return _("By e-mail") if data["via"] == "mail" else _("By e-mail, from another address than the reporter's")
    if event.kind == _Kind.ESCALATED:
        return str(dict(Rung.Tell.choices).get(str(data.get("told")), ""))
    if event.kind == _Kind.ASSIGNED:
        person = User.objects.filter(pk=_number(data.get("to"))).first()
        return (person.get_full_name() or person.get_username()) if person else _("Nobody any more")
    return ""


def _words(complaint: Complaint, audiences: set[Message.Audience]) -> dict[int, Message]:
    return {message.pk: message for message in complaint.messages.filter(audience__in=audiences)}


def _entries(
    complaint: Complaint,
    events: list[Event],
    words: Mapping[int, Message],
    *,
    to_reporter: bool = False,
    names_units: bool = True,
) -> list[Entry]:
    known = current_snapshot(complaint.jurisdiction).units.values() if names_units else ()
    units = {u.code: u.name for u in known}
    shown: set[int] = set()
    entries = []
    for event in events:
        message = words.get(_number(event.data.get("message")))
        if message is not None:
            shown.add(message.pk)
        entries.append(_entry(event, message, units, to_reporter=to_reporter))
    # Words that no event of this list carries: an answer to the reporter alone, for instance.
    entries += [_message_entry(message) for message in words.values() if message.pk not in shown]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _entry(
    event: Event, message: Message | None, units: Mapping[str, Mapping[str, str]], *, to_reporter: bool = False
) -> Entry:
    return Entry(
        at=event.at,
        title=_title(event, to_reporter=to_reporter),
        detail=_detail(event, units),
        words=_text(message),
        state=event.to_state if event.kind in (_Kind.STATE_CHANGED, _Kind.SUBMITTED) else "",
        mine=event.actor_role == REPORTER,
        late=event.kind == _Kind.BREACHED,
    )


def _message_entry(message: Message) -> Entry:
    title = _("Your message") if message.from_reporter else _("Message from the unit")
    return Entry(at=message.created_at, title=title, words=_text(message), mine=message.from_reporter)


def _text(message: Message | None) -> str:
    if message is None:
        return ""
    return _("(erased)") if message.erased_at else message.text


def _title(event: Event, *, to_reporter: bool) -> str:
    if event.kind == _Kind.STATE_CHANGED:
        return capfirst(str(state_label(event.to_state, to_reporter=to_reporter)))
    if event.kind == _Kind.ESCALATED and event.data.get("level") == 1:
        return _("Reminded that a promise runs out")
    if event.kind == _Kind.VOICED:
        contested = event.data.get("outcome") == Verdict.Outcome.CONTESTED
        return _("Somebody concerned contested it") if contested else _("Somebody concerned confirmed it")
    if event.kind == _Kind.BREACHED:
        answer = event.data.get("deadline") == "answer"
        return _("The deadline for the first answer passed") if answer else _("The deadline for the resolution passed")
    return str(_Kind(event.kind).label)


def _detail(event: Event, units: Mapping[str, Mapping[str, str]]) -> str:
    data = event.data
    if event.kind == _Kind.DEADLINE_CHANGED:
        return _deadline_detail(data)
    if event.kind == _Kind.SILENT:
        return _("Silence is not taken for consent.")
    if event.kind == _Kind.STATE_CHANGED:
        reasons = dict(RejectReason.choices) | dict(EvidenceReason.choices)
        return str(capfirst(reasons.get(str(data.get("reason")), "")))
    if event.kind == _Kind.FORWARDED:
        body = Body.objects.filter(jurisdiction=event.complaint.jurisdiction_id, code=str(data.get("body"))).first()
        return text_in(body.name, get_language() or "fr") if body else ""
    if event.kind in (_Kind.SUBMITTED, _Kind.HANDED_OVER, _Kind.REROUTED):
        code = str(data.get("unit") or data.get("to") or "")
        name = text_in(units.get(code), get_language() or "fr")
        return _("Who answers: %(unit)s") % {"unit": name} if name else ""
    return ""


def _deadline_detail(data: Mapping[str, object]) -> str:
    causes = {
        "reopened": _("The complaint was reopened."),
        "resumed": _("The clock went on after a pause."),
        "recategorised": _("The category was corrected."),
        "handed_over": _("Another unit answers now."),
        "holiday": _("A holiday was announced."),
        "merged": _("It is handled together with another report, which was promised earlier."),
        "separated": _("Another report turned out to be about something else."),
    }
    label = _("First answer by") if data.get("deadline") == "answer" else _("Resolution by")
    parts = [causes.get(str(data.get("cause")), "")]
    if data.get("new"):
        parts.append(f"{label}{colon()}{_when(data.get('new'))}.")
    if data.get("old"):
        parts.append(_("It was %(date)s before.") % {"date": _when(data.get("old"))})
    return " ".join(part for part in parts if part)


def _when(value: object) -> str:
    instant = localtime(datetime.fromisoformat(str(value)))
    return f"{date_format(instant, 'DATE_FORMAT')} · {date_format(instant, 'H:i')}"


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
