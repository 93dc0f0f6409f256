"""Shape and types of what citizens send. No rule of the city lives here: services and catalogue have them."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import phonenumbers
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from catalogue.models import Category, Question
from catalogue.snapshot import Snapshot
from catalogue.translated import text_in
from complaints.answers import MAX_ANSWER_TEXT
from complaints.models import Complaint
from complaints.services.files import MAX_FILES
from complaints.services.quarantine import NewFile
from complaints.tracking import normalise_tracking_number
from districts.gate import PointRefused, accept_point

_ACCEPTED = "image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,application/pdf"
_MAX_RADIOS = 6


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Any number of files as a list of NewFile; what they may be is for the services to say."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", SeveralFilesInput(attrs={"accept": _ACCEPTED}))
        options.setdefault("label", _("Photos or PDF"))
        options.setdefault("help_text", _("Up to 5 files of 10 MB: JPEG, PNG, WEBP, HEIC or PDF."))
        super().__init__(required=False, **options)

    def clean(self, data: Any, initial: Any = None) -> list[NewFile]:
        uploads: Sequence[UploadedFile[Any]] = data if isinstance(data, list | tuple) else [data] if data else []
        # One more than is allowed tells the service that there are too many; the rest need not be read.
        return [NewFile(upload.name or "", upload.read()) for upload in uploads[: MAX_FILES + 1]]


class DistrictField(forms.ChoiceField):
    """One way to say where it is: not optional, but another way will do. The form checks that one was taken."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class Degrees(forms.CharField):
    """A coordinate as people type it: comma or point, Arabic digits. Another way to say where it is will do."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "class": "ltr"})
        super().__init__(max_length=30, widget=widget, **options)

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)

    def to_python(self, value: object) -> str:
        return (
            (super().to_python(value) or "").replace(",", ".").replace("٫", ".").replace("−", "-").replace("\u200e", "")
        )


class DecimalField(forms.FloatField):
    """A number with a decimal comma or point, whatever the page's language."""

    def to_python(self, value: Any) -> float | None:  # type: ignore[override]
        return super().to_python(str(value or "").replace(",", ".").replace("٫", "."))


class ReportForm(forms.Form):
    """A filing. The questions of the chosen category are fields of it: `answer_CODE`.

    `asked` names the category whose questions the sender has seen: others are neither required nor read.
    """

    # Who fills it in (views.report.Intake), set by the view that makes it.
    intake: Any = None
    # Browsers do not judge this form: what is required depends on what else was given.
    use_required_attribute = False

    longitude = Degrees(label=_("Longitude"))
    latitude = Degrees(label=_("Latitude"))
    district = DistrictField(label=_("District"))
    location_text = forms.CharField(
        label=_("Street or landmark"),
        help_text=_("For example: opposite the school, near the pharmacy."),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    category = forms.ChoiceField(
        label=_("What is it about?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is about.")},
    )
    kind = forms.ChoiceField(
        label=_("What are you sending?"),
        choices=Complaint.Kind.choices,
        initial=Complaint.Kind.COMPLAINT,
        widget=forms.RadioSelect,
        required=False,
    )
    description = forms.CharField(
        label=_("Description"),
        help_text=_("What do you see? Please do not write names or addresses of people."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )
    files = FilesField()  # type: ignore[assignment]
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    consent_contact = forms.BooleanField(label=_("You may write to me about this complaint."), required=False)
    consent_sms = forms.BooleanField(label=_("Send me a short message (SMS) at each step."), required=False)
    # One filing, however often it is sent.
    key = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    asked = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    reviewed = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(
        self,
        catalogue: Snapshot,
        districts: Sequence[tuple[str, Any]],
        data: Any = None,
        files: "MultiValueDict[str, UploadedFile[Any]] | None" = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, initial={"key": uuid.uuid4().hex, **(initial or {})})
        self.catalogue = catalogue
        if not settings.SMS_URL:
            del self.fields["consent_sms"]
        self.offered = [c for c in catalogue.categories.values() if c.is_active and c.service.is_active]
        language = get_language() or "fr"
        self._choices("category").choices = [(c.code, text_in(c.name, language)) for c in self.offered]
        self._choices("district").choices = [("", _now("Choose a district")), *districts]
        self.questions: Sequence[Question] = ()
        code = self.chosen_code()
        chosen = catalogue.categories.get(code)
        if chosen is not None:
            self.questions = catalogue.questions.get(chosen.pk, ())
            asked = not self.is_bound or self.data.get("asked") == code
            for question in self.questions:
                self.fields[f"answer_{question.code}"] = question_field(question, language, asked=asked)

    def _choices(self, name: str) -> forms.ChoiceField:
        return cast(forms.ChoiceField, self.fields[name])

    def chosen_code(self) -> str:
        """The category's code as sent or preset, checked or not; empty without one."""
        value = self.data.get("category", "") if self.is_bound else self.initial.get("category", "")
        return str(value or "")

    @property
    def chosen(self) -> Category | None:
        """The chosen category; None without one that is offered."""
        return next((c for c in self.offered if c.code == self.chosen_code()), None)

    @property
    def questions_were_asked(self) -> bool:
        return not self.questions or self.data.get("asked") == self.chosen_code()

    def question_fields(self) -> list[forms.BoundField]:
        """The bound fields of the chosen category's questions."""
        return [self[f"answer_{question.code}"] for question in self.questions]

    def clean_phone(self) -> str:
        """The number in international form; numbers without a country are of the city's."""
        text: str = self.cleaned_data["phone"].strip()
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text, self.catalogue.jurisdiction.country)
        except phonenumbers.NumberParseException:
            raise forms.ValidationError(
                _("This is not a phone number. Write it like 0612345678 or +212612345678.")
            ) from None
        if not phonenumbers.is_valid_number(number):
            raise forms.ValidationError(
                _("This phone number does not exist. Write it like 0612345678 or +212612345678.")
            )
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Complaint.Kind.COMPLAINT

    def clean_consent_contact(self) -> bool:
        return bool(self.cleaned_data["consent_contact"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        longitude, latitude = cleaned.get("longitude", ""), cleaned.get("latitude", "")
        if longitude or latitude:
            try:
                cleaned["place"] = accept_point(longitude, latitude)
            except PointRefused as refused:
                self.add_error(refused.field, refused.message)
        elif "district" in cleaned and not cleaned["district"]:
            self.add_error("district", _("Say where it is: put the pin on the map, or choose a district."))
        if cleaned.get("consent_contact") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", _("Leave an e-mail address, or untick “You may write to me”."))
        if cleaned.get("consent_sms") and not cleaned.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Leave a phone number, or untick “Send me a short message”."))
        return cleaned

    def answers(self) -> dict[str, object]:
        """The answers given to the questions that were asked, as `check_answers` takes them."""
        if not self.questions_were_asked:
            return {}
        given = {q.code: self.cleaned_data.get(f"answer_{q.code}") for q in self.questions}
        return {
            code: value.isoformat() if isinstance(value, date) else value
            for code, value in given.items()
            if value not in (None, "", [])
        }


class DeskReportForm(ReportForm):
    """A filing that a member of staff takes down for somebody: how it came, and the language in which she is written to."""

    channel = forms.ChoiceField(
        label=_("How does it come in?"),
        choices=[(kind.value, kind.label) for kind in (Complaint.Channel.PHONE, Complaint.Channel.COUNTER)],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether it came by phone or at the counter.")},
    )
    language = forms.ChoiceField(label=_("Language of the person"))

    def __init__(self, catalogue: Snapshot, *arguments: Any, **options: Any) -> None:
        super().__init__(catalogue, *arguments, **options)
        codes = [str(code) for code in catalogue.jurisdiction.languages]
        self._choices("language").choices = [(code, get_language_info(code)["name_local"]) for code in codes]


def question_field(question: Question, language: str, *, asked: bool) -> forms.Field:
    """The form field that asks a category's question."""
    kinds = Question.Kind
    options: dict[str, Any] = {"label": text_in(question.name, language), "required": question.required and asked}
    options["error_messages"] = {"required": _("Please answer this question.")}
    choices = [(choice["code"], text_in(choice["name"], language)) for choice in question.choices]
    if question.kind == kinds.CHOICE:
        if len(choices) > _MAX_RADIOS:
            return forms.ChoiceField(choices=[("", ""), *choices], **options)
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **options)
    if question.kind == kinds.MULTICHOICE:
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **options)
    if question.kind == kinds.NUMBER:
        attributes = {"inputmode": "decimal", "dir": "ltr", "autocomplete": "off"}
        return DecimalField(widget=forms.TextInput(attrs=attributes), **options)
    if question.kind == kinds.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)
    return forms.CharField(max_length=MAX_ANSWER_TEXT, widget=forms.TextInput(attrs={"dir": "auto"}), **options)


class TrackForm(forms.Form):
    """A tracking number, typed in any way."""

    number = forms.CharField(
        label=_("Tracking number"),
        help_text=_("For example TET-7K3Q-9XWM. Spaces, hyphens and capitals do not matter."),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "dir": "ltr"}
        ),
        error_messages={"required": _("Write the tracking number that you received.")},
    )

    def clean_number(self) -> str:
        """The number as stored. Whether it is malformed or unknown, the answer is the same."""
        number = normalise_tracking_number(self.cleaned_data["number"])
        if number is None or not Complaint.objects.filter(tracking_number=number).exists():
            raise forms.ValidationError(
                _("No complaint has this number. Compare each letter and digit with your receipt.")
            )
        return number


class WordsForm(forms.Form):
    """Words of the reporter, perhaps with files, for a message or an action that needs a reason."""

    text = forms.CharField(
        label=_("Your message"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        error_messages={"required": _("Please write a few words.")},
    )
    files = FilesField()  # type: ignore[assignment]
