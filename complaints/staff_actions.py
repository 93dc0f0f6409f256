"""What a member of staff can do on a complaint's page: one entry each, with its form, its right and its service."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalogue.models import Category
from complaints import correction_forms, permissions, staff_forms
from complaints.errors import CannotMerge, NotAlike, NothingToReview
from complaints.models import Attachment, Complaint
from complaints.permissions import ANSWERING, DESK, MODERATING, WORKING
from complaints.services import allocation, correspondence, forwarding, merging, publication, relocation, splitting
from complaints.services.handovers import open_handover
from complaints.services.transitions import change_state
from complaints.staff_forms import MergeForm, StaffForm
from complaints.suggestions import unlike
from complaints.tracking import normalise_tracking_number
from complaints.workflow import TRANSITIONS, Verb

Run = Callable[[Complaint, StaffForm, User, datetime], object]


@dataclass(frozen=True)
class Action:
    """`roles` may try it at all (others get 403); `allowed` says whether it is offered on the page now."""

    slug: str
    label: str | Promise
    icon: str
    form: type[StaffForm]
    roles: frozenset[str]
    allowed: Callable[[User, Complaint], bool]
    run: Run
    look: str = ""
    # Other complaints that it changes: they are locked together with the one of the page.
    touches: Callable[[Complaint, StaffForm, User], Iterable[int]] = lambda complaint, form, user: ()

    @property
    def key(self) -> str:
        """The letter that opens it at the desk; empty for none."""
        return KEYS.get(self.slug, "")

    @property
    def advances(self) -> bool:
        """Whether the desk goes on to the next complaint once it is done."""
        return self.slug in ADVANCES

    @property
    def rare(self) -> bool:
        return self.slug in RARE


# One letter each, on every keyboard; the desk's own are j k x z u g / and ?.
KEYS = {
    "take-over": "t", "refuse": "f", "accept": "a", "start": "w", "resume": "b", "answer": "r", "note": "n", "ask": "q",
    "assign": "s", "photos": "p", "resolve": "e", "hand-over": "h", "recategorise": "c", "merge": "m", "reject": "d",
    "out-of-scope": "o", "reopen": "y", "move-pin": "l", "split": "i",
}  # fmt: skip
# What settles a complaint for now; after notes, photos and reviews one stays.
ADVANCES = frozenset(
    {
        "take-over", "refuse", "accept", "start", "resume", "answer", "ask", "assign", "resolve", "hand-over", "recategorise",
        "merge", "reject", "out-of-scope",
    }
)  # fmt: skip


# What is done now and then; at the desk these wait below "Other actions", so that a phone shows what the day is made of.
RARE = frozenset(
    {
        "recategorise", "move-pin", "split", "merge", "separate", "pass-on", "reject", "out-of-scope", "hide-words", "hide",
        "unhide",
    }
)  # fmt: skip


def _move(
    verb: Verb, label: str | Promise, icon: str, form: type[StaffForm] = staff_forms.PlainForm, look: str = ""
) -> Action:
    def run(complaint: Complaint, filled: StaffForm, user: User, now: datetime) -> object:
        given = filled.cleaned_data
        return change_state(
            complaint.pk,
            verb,
            acting_user=user,
            now=now,
            note=given.get("note", ""),
            reason=given.get("reason", ""),
            files=given.get("files", ()),
            position=filled.position() if isinstance(filled, staff_forms.OnSiteForm) else None,
        )

    def allowed(user: User, complaint: Complaint) -> bool:
        return verb in permissions.can_move(user, complaint)

    slug = verb.value.replace("_", "-")
    return Action(slug, label, icon, form, TRANSITIONS[verb].actors, allowed, run, look)


def _answer(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return correspondence.answer(complaint.pk, form.cleaned_data["text"], acting_user=user, now=now)


def _note(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return correspondence.add_note(complaint.pk, form.cleaned_data["text"], acting_user=user, now=now)


def _photos(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    given = form.cleaned_data
    purpose = Attachment.Purpose(given["purpose"])
    position = form.position() if isinstance(form, staff_forms.OnSiteForm) else None
    return correspondence.add_photos(
        complaint.pk, given["files"], purpose, acting_user=user, now=now, position=position
    )


def _hand_over(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    given = form.cleaned_data
    return allocation.hand_over(complaint.pk, given["unit"], acting_user=user, now=now, note=given["note"])


def _take_over(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return allocation.take_over(complaint.pk, acting_user=user, now=now)


def _refuse(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return allocation.refuse(complaint.pk, acting_user=user, now=now, note=form.cleaned_data["note"])


def _waits_for_us(user: User, complaint: Complaint) -> bool:
    return permissions.can_answer(user, complaint) and open_handover(complaint) is not None


def _recategorise(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    given = form.cleaned_data
    return allocation.recategorise(complaint.pk, given["category"], acting_user=user, now=now, note=given["note"])


def _move_pin(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    longitude, latitude = form.cleaned_data["place"]
    note = form.cleaned_data["note"]
    return relocation.move_pin(complaint.pk, longitude, latitude, acting_user=user, now=now, note=note)


def _split(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    given = form.cleaned_data
    return splitting.split(
        complaint.pk,
        given["category"],
        description=given["description"],
        acting_user=user,
        now=now,
        note=given["note"],
    )


def _out_of_scope(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    given = form.cleaned_data
    body, consented = given.get("body"), given.get("consented", False)
    return forwarding.out_of_scope(
        complaint.pk, body=body, consented=consented, note=given["note"], acting_user=user, now=now
    )


def _assign(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return allocation.assign(complaint.pk, form.cleaned_data["crew_member"], acting_user=user, now=now)


def _named(complaint: Complaint, form: StaffForm, user: User) -> Complaint:
    """The complaint that a form names by its number. Raises CannotMerge if this person sees none of that number."""
    number = normalise_tracking_number(form.cleaned_data["number"]) or ""
    found = Complaint.objects.visible_to(user).select_related("category").filter(tracking_number=number).first()
    if found is None:
        raise CannotMerge(_("No complaint that you can open has this number."))
    return found


def _merge_touches(complaint: Complaint, form: StaffForm, user: User) -> Iterable[int]:
    return [_named(complaint, form, user).pk, *complaint.merged.values_list("pk", flat=True)]


def _merge(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    given, primary = form.cleaned_data, _named(complaint, form, user)
    merged = merging.merge(complaint.pk, primary.pk, acting_user=user, now=now, note=given["note"])
    # After the merge, which is taken back by it: what cannot be merged at all is told so first.
    if not given.get("sure") and (differences := unlike(complaint, primary)):
        cast(MergeForm, form).ask_whether_sure()
        raise NotAlike(" ".join(differences))
    return merged


def _separate_touches(complaint: Complaint, form: StaffForm, user: User) -> Iterable[int]:
    primary = complaint.merged_into_id
    return [primary, *Complaint.objects.filter(merged_into=primary).values_list("pk", flat=True)] if primary else []


def _separate(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return merging.separate(complaint.pk, acting_user=user, now=now, note=form.cleaned_data["note"])


def _pass_on(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return publication.pass_to_operator(complaint.pk, acting_user=user, now=now, note=form.cleaned_data["note"])


def _hide(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return publication.hide(complaint.pk, acting_user=user, now=now, note=form.cleaned_data["note"])


def _unhide(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return publication.unhide(complaint.pk, acting_user=user, now=now, note=form.cleaned_data["note"])


def _review_text(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    release = form.cleaned_data["release"]
    return publication.review_text(complaint.pk, release=release, acting_user=user, now=now)


def _review_photo(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    given = form.cleaned_data
    if not complaint.attachments.filter(pk=given["file"] or 0).exists():
        raise NothingToReview
    return publication.review_photo(complaint.pk, given["file"], release=given["release"], acting_user=user, now=now)


def _hide_words(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    return publication.hide_words(complaint.pk, form.cleaned_data["hidden"], acting_user=user, now=now)


def _black_out(complaint: Complaint, form: StaffForm, user: User, now: datetime) -> object:
    given = form.cleaned_data
    if not complaint.attachments.filter(pk=given["file"]).exists():
        raise NothingToReview
    return publication.black_out(complaint.pk, given["file"], given["boxes"], acting_user=user, now=now)


def _has_words(user: User, complaint: Complaint) -> bool:
    published = complaint.category.publish_text != Category.Release.NEVER
    return permissions.can_moderate(user, complaint) and published and bool(complaint.description.strip())


def _can_hide(user: User, complaint: Complaint) -> bool:
    return permissions.can_moderate(user, complaint) and complaint.visibility != Complaint.Visibility.HIDDEN


def _can_unhide(user: User, complaint: Complaint) -> bool:
    return permissions.can_moderate(user, complaint) and complaint.visibility == Complaint.Visibility.HIDDEN


_HAND_OVER = permissions.can_hand_over

# In the order of the page. The first ones move the work on; the later ones send it elsewhere or end it.
ACTIONS: tuple[Action, ...] = (
    Action(
        "take-over",
        _("Accept the hand-over"),
        "check",
        staff_forms.PlainForm,
        ANSWERING,
        _waits_for_us,
        _take_over,
        look="primary",
    ),
    Action(
        "refuse",
        _("Refuse the hand-over"),
        "close",
        staff_forms.RefuseForm,
        ANSWERING,
        _waits_for_us,
        _refuse,
        look="danger",
    ),
    _move(Verb.ACCEPT, _("Accept"), "check", look="primary"),
    _move(Verb.START, _("Start the work"), "clock", staff_forms.StartForm),
    _move(Verb.RESUME, _("Go on without an answer"), "refresh"),
    Action("answer", _("Answer"), "message", staff_forms.AnswerForm, ANSWERING, permissions.can_answer, _answer),
    Action("note", _("Internal note"), "edit", staff_forms.NoteForm, WORKING | MODERATING, permissions.can_note, _note),
    _move(Verb.ASK, _("Ask the reporter"), "message", staff_forms.AskForm),
    Action(
        "assign", _("Assign to a crew"), "users", staff_forms.AssignForm, ANSWERING, permissions.can_assign, _assign
    ),
    Action("photos", _("Add photos"), "camera", staff_forms.PhotosForm, WORKING, permissions.can_add_photos, _photos),
    _move(Verb.RESOLVE, _("Resolve"), "check", staff_forms.ResolveForm, look="primary"),
    Action("hand-over", _("Hand over"), "arrow", staff_forms.HandOverForm, DESK, _HAND_OVER, _hand_over),
    Action(
        "recategorise", _("Correct the category"), "list", staff_forms.RecategoriseForm, DESK, _HAND_OVER, _recategorise
    ),
    Action("move-pin", _("Correct the place"), "pin", correction_forms.MovePinForm, DESK, _HAND_OVER, _move_pin),
    Action("split", _("Split"), "layers", correction_forms.SplitForm, DESK, permissions.can_split, _split),
    Action(
        "merge",
        _("Merge with another"),
        "layers",
        staff_forms.MergeForm,
        DESK,
        permissions.can_merge,
        _merge,
        touches=_merge_touches,
    ),
    Action(
        "separate",
        _("Separate again"),
        "layers",
        staff_forms.InternalNoteForm,
        DESK,
        permissions.can_separate,
        _separate,
        touches=_separate_touches,
    ),
    Action(
        "pass-on",
        _("Pass on to the operator"),
        "share",
        staff_forms.InternalNoteForm,
        DESK,
        permissions.can_pass_to_operator,
        _pass_on,
    ),
    _move(Verb.REJECT, _("Reject"), "close", staff_forms.RejectForm, look="danger"),
    replace(_move(Verb.OUT_OF_SCOPE, _("Out of scope"), "external", staff_forms.OutOfScopeForm), run=_out_of_scope),
    _move(Verb.REOPEN, _("Open again"), "refresh", staff_forms.ReopenForm),
    Action("hide-words", _("Hide words"), "eye", correction_forms.HideWordsForm, MODERATING, _has_words, _hide_words),
    Action("hide", _("Hide from the public"), "lock", staff_forms.InternalNoteForm, MODERATING, _can_hide, _hide),
    Action("unhide", _("Show to the public"), "eye", staff_forms.InternalNoteForm, MODERATING, _can_unhide, _unhide),
)

# Buttons beside what they decide about, not in the list of actions.
REVIEWS: tuple[Action, ...] = (
    Action("review-text", _("Text"), "eye", staff_forms.ReviewForm, MODERATING, permissions.can_moderate, _review_text),
    Action(
        "review-photo", _("Photo"), "eye", staff_forms.ReviewForm, MODERATING, permissions.can_moderate, _review_photo
    ),
    Action(
        "black-out",
        _("Black out"),
        "camera",
        correction_forms.BlackOutForm,
        MODERATING,
        permissions.can_moderate,
        _black_out,
    ),
)

BY_SLUG = {action.slug: action for action in ACTIONS + REVIEWS}

# What can be done to several complaints at once, in the order of the buttons.
BULK = ("take-over", "accept", "assign", "answer", "resolve", "reject", "merge", "hand-over")


def bulk_actions(roles: frozenset[str]) -> list[Action]:
    """The bulk actions that somebody with these roles may try."""
    return [BY_SLUG[slug] for slug in BULK if BY_SLUG[slug].roles & roles]
