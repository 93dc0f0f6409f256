"""Shape and types of what staff types. No rule of the city lives here: services have them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from catalogue.models import Body, Category, Unit
from catalogue.snapshot import current_snapshot
from catalogue.translated import text_in
from complaints.forms import FilesField, SeveralFilesInput
from complaints.models import Attachment, Complaint
from complaints.replies import left_over
from complaints.workflow import EvidenceReason, RejectReason
from districts.gate import PointRefused, accept_point

_WORDS_REQUIRED = {"required": _("Please write a few words.")}


class StaffForm(forms.Form):
    """What one person decides about one complaint; `seen` is the state of the page on which she decided."""

    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    # Set where somebody else was quicker: what happened after this moment is shown beside the words that were kept.
    changed_since: datetime | None = None
    # The field of what the reporter or the public will read; empty for none.
    words = ""

    def __init__(self, complaint: Complaint, data: Any = None, files: Any = None, *, slug: str) -> None:
        initial = {"seen": complaint.updated_at.isoformat()}
        super().__init__(data, files, initial=initial, auto_id=f"{slug}-%s")
        self.complaint = complaint
        self.slug = slug
        self.offer(complaint)

    def offer(self, complaint: Complaint) -> None:
        """Fill the choices that depend on the complaint."""

    def clean_seen(self) -> datetime | None:
        """The moment, or None where the page did not say; a token that is none was not written by us."""
        text = self.cleaned_data["seen"]
        if not text:
            return None
        try:
            seen = parse_datetime(text)
        except ValueError:
            seen = None
        if seen is None or seen.tzinfo is None:
            raise forms.ValidationError(_("Please open the page again."))
        return seen

    def _choices(self, name: str, choices: Iterable[Any]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = list(choices)


class WordsField(forms.CharField):
    """Words for people. A placeholder of a ready-made text that is still in them was forgotten."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        left = left_over(value or "")
        if left:
            raise forms.ValidationError(
                _("Write what stands in place of %(names)s, or take it out.")
                % {"names": ", ".join(f"{{{name}}}" for name in left)}
            )


def words_field(label: Any, help_text: Any = "", *, required: bool = True, rows: int = 4) -> WordsField:
    return WordsField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": rows, "dir": "auto"}),
        error_messages=_WORDS_REQUIRED,
    )


def categories_by_service(complaint: Complaint, *, but: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """Choices of what is in use in the complaint's city, all but one, under the names of their services."""
    language = get_language() or "fr"
    groups: dict[str, list[tuple[str, str]]] = {}
    for category in current_snapshot(complaint.jurisdiction).categories.values():
        if category.is_active and category.service.is_active and category.pk != but:
            service = text_in(category.service.name, language)
            groups.setdefault(service, []).append((category.code, text_in(category.name, language)))
    return list(groups.items())


class PlainForm(StaffForm):
    """A button and nothing to fill in."""


class AnswerForm(StaffForm):
    words = "text"
    text = words_field(
        _("Answer"), _("Public: the reporter gets it by e-mail, and everybody can read it on the complaint's page.")
    )


class NoteForm(StaffForm):
    text = words_field(_("Internal note"), _("Only colleagues read it."))


class InternalNoteForm(StaffForm):
    note = words_field(_("Internal note"), _("Only colleagues read it."), required=False, rows=2)


class ReopenForm(StaffForm):
    note = words_field(_("Why is it opened again?"), _("Only colleagues read it."))


class AskForm(StaffForm):
    words = "note"
    note = words_field(
        _("Question to the reporter"), _("The clock stands still until the reporter answers. Others do not see it.")
    )


class OutOfScopeForm(StaffForm):
    words = "note"
    body = forms.ChoiceField(
        label=_("Who answers for it?"),
        help_text=_("Name, phone and address are added to your words."),
        required=False,
    )
    note = words_field(_("What do you tell the reporter?"), _("Public: why it is not the city's, and whose it is."))
    consented = forms.BooleanField(
        label=_("The reporter has agreed: pass the report on by e-mail, with her contact"), required=False
    )

    def offer(self, complaint: Complaint) -> None:
        language = get_language() or "fr"
        self.bodies = {
            row.code: row for row in Body.objects.filter(jurisdiction=complaint.jurisdiction, is_active=True)
        }
        if not self.bodies:
            del self.fields["body"], self.fields["consented"]
            return
        names = [(code, text_in(row.name, language)) for code, row in self.bodies.items()]
        self._choices("body", [("", _("Somebody else, named below")), *names])

    def clean_body(self) -> Body | None:
        """The body of that code; None for one that only the words name."""
        return self.bodies.get(self.cleaned_data["body"])


class RejectForm(StaffForm):
    words = "note"
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=RejectReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose a reason.")},
    )
    note = words_field(_("Explanation"), _("Public: the reporter gets it by e-mail."))


class PhotosField(FilesField):
    """Photos of the work; on a phone the camera is offered first."""

    def __init__(self, label: Any, **options: Any) -> None:
        widget = SeveralFilesInput(attrs={"accept": "image/*", "capture": "environment"})
        super().__init__(label=label, widget=widget, help_text=_("Up to 5 photos of 10 MB."), **options)


class OnSiteForm(StaffForm):
    """A step that may be taken on site: the phone says where it is, if its owner lets it (js/lib/position.js)."""

    longitude = forms.CharField(required=False, max_length=30, widget=forms.HiddenInput(attrs={"data-position": "lon"}))
    latitude = forms.CharField(required=False, max_length=30, widget=forms.HiddenInput(attrs={"data-position": "lat"}))

    def position(self) -> tuple[float, float] | None:
        """Longitude and latitude of the phone; None where it does not say, or says nonsense: nothing hangs on it alone."""
        given = self.cleaned_data
        if not given.get("longitude") or not given.get("latitude"):
            return None
        try:
            return accept_point(given["longitude"], given["latitude"])
        except PointRefused:
            return None


class ResolveForm(OnSiteForm):
    words = "note"
    note = words_field(_("What was done?"), _("Public: the reporter gets it by e-mail and may confirm or contest it."))
    files = PhotosField(_("Photos after the work"))  # type: ignore[assignment]
    reason = forms.ChoiceField(
        label=_("Why is there no photo?"),
        choices=[("", _("There is a photo")), *EvidenceReason.choices],
        required=False,
    )

    def offer(self, complaint: Complaint) -> None:
        if complaint.category.evidence == Category.Evidence.NONE:
            del self.fields["reason"]
        elif complaint.category.evidence == Category.Evidence.REASON:
            self.fields["reason"].label = _("How was it settled, if no photo shows it?")


class StartForm(OnSiteForm):
    files = PhotosField(_("Photos before the work"))  # type: ignore[assignment]


class PhotosForm(OnSiteForm):
    purpose = forms.ChoiceField(
        label=_("When were they taken?"),
        choices=[
            (Attachment.Purpose.BEFORE, Attachment.Purpose.BEFORE.label),
            (Attachment.Purpose.AFTER, Attachment.Purpose.AFTER.label),
        ],
        widget=forms.RadioSelect,
    )
    files = PhotosField(_("Photos"))  # type: ignore[assignment]


class MergeForm(StaffForm):
    number = forms.CharField(
        label=_("With which complaint?"),
        help_text=_("The tracking number of the one that goes on, as a rule the older one."),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={"required": _("Write a tracking number.")},
    )
    note = words_field(_("Internal note"), _("Only colleagues read it."), required=False, rows=2)

    def offer(self, complaint: Complaint) -> None:
        if self.data.get("sure"):
            self.ask_whether_sure()

    def ask_whether_sure(self) -> None:
        """Asked only where the two are hardly about one thing."""
        self.fields["sure"] = forms.BooleanField(label=_("It is the same thing all the same"), required=False)


class HandOverForm(StaffForm):
    unit = forms.ChoiceField(label=_("To which unit?"), error_messages={"required": _("Choose a unit.")})
    note = words_field(_("Internal note"), _("Only colleagues read it."), required=False, rows=2)

    def offer(self, complaint: Complaint) -> None:
        language = get_language() or "fr"
        units = sorted(
            (text_in(unit.name, language), unit.code)
            for unit in current_snapshot(complaint.jurisdiction).units.values()
            if unit.pk != complaint.unit_id
        )
        self._choices("unit", [("", ""), *((code, name) for name, code in units)])

    def clean_unit(self) -> Unit:
        """The unit of that code in the complaint's city."""
        units = current_snapshot(self.complaint.jurisdiction).units.values()
        return next(unit for unit in units if unit.code == self.cleaned_data["unit"])


class RefuseForm(StaffForm):
    note = words_field(_("Why is it not yours?"), _("Only colleagues read it."))


class RecategoriseForm(StaffForm):
    category = forms.ChoiceField(
        label=_("Right category"),
        help_text=_("The complaint is routed and promised again; its history says so."),
        error_messages={"required": _("Choose a category.")},
    )
    note = words_field(_("Internal note"), _("Only colleagues read it."), required=False, rows=2)

    def offer(self, complaint: Complaint) -> None:
        self._choices("category", [("", ""), *categories_by_service(complaint, but=complaint.category_id)])


class AssignForm(StaffForm):
    crew_member = forms.ChoiceField(label=_("Who goes there?"), required=False)

    def offer(self, complaint: Complaint) -> None:
        self.people = {
            str(person.pk): person
            for person in User.objects.filter(
                memberships__role=Role.CREW_MEMBER, memberships__unit=complaint.unit_id, is_active=True
            )
            .distinct()
            .order_by("last_name", "first_name", "username")
        }
        names = [(pk, person.get_full_name() or person.get_username()) for pk, person in self.people.items()]
        self._choices("crew_member", [("", _("Nobody")), *names])
        self.initial["crew_member"] = str(complaint.assigned_to_id or "")

    def clean_crew_member(self) -> User | None:
        """The person chosen; None takes the assignment back."""
        return self.people.get(self.cleaned_data["crew_member"])


class ReviewForm(StaffForm):
    release = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], widget=forms.HiddenInput)
    file = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean_release(self) -> bool:
        return bool(self.cleaned_data["release"] == "yes")


class MergeTogetherForm(MergeForm):
    """Several chosen complaints become one group: which of them the others are handled under is chosen among them."""

    number = forms.ChoiceField(  # type: ignore[assignment]
        label=_("Under which one are they handled?"), widget=forms.RadioSelect
    )

    def __init__(self, complaints: Sequence[Complaint], data: Any = None, *, slug: str) -> None:
        self.among = sorted(complaints, key=lambda complaint: (complaint.submitted_at, complaint.pk))
        super().__init__(self.among[0], data, slug=slug)

    def offer(self, complaint: Complaint) -> None:
        super().offer(complaint)
        language = get_language() or "fr"
        self._choices(
            "number",
            [
                (
                    row.tracking_number,
                    f"{row.tracking_number} · {text_in(row.category.name, language)} · "
                    f"{date_format(localtime(row.submitted_at), 'SHORT_DATETIME_FORMAT')}",
                )
                for row in self.among
            ],
        )
        self.initial["number"] = complaint.tracking_number
