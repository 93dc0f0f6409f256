"""What the desk fills in to correct what a complaint says: its pin, its parts, its words, its photos."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms import Degrees
from complaints.models import Complaint
from complaints.staff_forms import StaffForm, categories_by_service, words_field
from complaints.words import HIDDEN, words_of
from districts.gate import PointRefused, accept_point
from sandbox.uploads import Box

MAX_BOXES = 50


class MovePinForm(StaffForm):
    """Where it really is; with scripts the desk's map fills the two numbers."""

    latitude = Degrees(label=_("Latitude"))
    longitude = Degrees(label=_("Longitude"))
    note = words_field(_("Internal note"), _("Only colleagues read it."), required=False, rows=2)

    def offer(self, complaint: Complaint) -> None:
        self.initial["latitude"] = f"{complaint.point.y:.6f}"
        self.initial["longitude"] = f"{complaint.point.x:.6f}"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            cleaned["place"] = accept_point(cleaned.get("longitude", ""), cleaned.get("latitude", ""))
        except PointRefused as refused:
            self.add_error(refused.field, refused.message)
        return cleaned


class SplitForm(StaffForm):
    category = forms.ChoiceField(
        label=_("What is the part about?"),
        help_text=_("It becomes a complaint of its own, with its own number; promises count from the first filing."),
        error_messages={"required": _("Choose a category.")},
    )
    description = words_field(
        _("What of the description belongs to it?"), _("The reporter's words; they wait for review like any."), rows=3
    )
    note = words_field(_("Internal note"), _("Only colleagues read it."), required=False, rows=2)

    def offer(self, complaint: Complaint) -> None:
        groups = categories_by_service(complaint, but=complaint.category_id)
        self._choices("category", [("", ""), *groups])
        self.initial["description"] = complaint.description


class HideWordsForm(StaffForm):
    hidden = forms.MultipleChoiceField(
        label=_("Choose the words that the public must not read"),
        help_text=_("The rest is released. Colleagues go on reading all of it."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def offer(self, complaint: Complaint) -> None:
        words, shown = words_of(complaint.description), words_of(complaint.public_description)
        self._choices("hidden", [(str(number), word) for number, word in enumerate(words)])
        self.initial["hidden"] = [str(number) for number, word in enumerate(shown) if word == HIDDEN]

    def clean_hidden(self) -> list[int]:
        return [int(number) for number in self.cleaned_data["hidden"]]


class BlackOutForm(StaffForm):
    """Boxes over a photo: "left top width height" in percent of the picture, one box a line."""

    file = forms.IntegerField(widget=forms.HiddenInput)
    boxes = forms.CharField(
        label=_("Parts to paint black"),
        help_text=_("One box a line: from the left, from the top, width, height, in percent of the picture."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "ltr", "autocomplete": "off"}),
        error_messages={"required": _("Mark at least one part of the photo.")},
    )

    def clean_boxes(self) -> list[Box]:
        """Boxes in fractions of the picture, cut at its edges."""
        found = []
        for line in self.cleaned_data["boxes"].replace(",", ".").splitlines()[:MAX_BOXES]:
            try:
                left, top, width, height = (float(part) / 100 for part in line.split())
            except ValueError:
                raise forms.ValidationError(_("Write four numbers in each line.")) from None
            right, bottom = min(left + width, 1.0), min(top + height, 1.0)
            left, top = max(left, 0.0), max(top, 0.0)
            # Not a number is no number in any comparison.
            if not (left < right <= 1 and top < bottom <= 1):
                raise forms.ValidationError(_("A box lies outside the picture, or has no size."))
            found.append((left, top, right - left, bottom - top))
        return found
