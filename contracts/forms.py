"""Shape and types of what the treasury's people and operators type. No rule of a contract lives here: services have them."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.forms import FilesField, SeveralFilesInput
from contracts.models import Argument
from contracts.months import parse_month

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
LARGEST = Decimal(10) ** 9


class MoneyField(forms.CharField):
    """A sum as people write it, with a comma or a point and spaces, Arabic digits too; centimes as a whole number."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "autocomplete": "off"})
        super().__init__(max_length=30, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        return centimes_in(text)


def centimes_in(text: str) -> int:
    """The centimes that a text means. Raises ValidationError for what is no sum or has more than two decimals."""
    plain = re.sub(r"[\s\u00a0\u202f'’]", "", text.translate(_DIGITS)).replace("٫", ".").replace("−", "-")
    # The last comma or point with one or two digits behind it is the decimal one; others group thousands.
    found = re.fullmatch(r"(-?)(\d{1,3}(?:[.,]\d{3})+|\d+)(?:[.,](\d{1,2}))?", plain)
    if found is None:
        raise forms.ValidationError(_("Write a sum such as 1500 or 1500,50."))
    whole = re.sub(r"[.,]", "", found[2])
    try:
        amount = Decimal(f"{found[1]}{whole}.{found[3] or '0'}")
    except InvalidOperation:
        raise forms.ValidationError(_("Write a sum such as 1500 or 1500,50.")) from None
    if abs(amount) > LARGEST:
        raise forms.ValidationError(_("This sum is too large."))
    return int(amount * 100)


class MonthField(forms.CharField):
    """A month as browsers send it: 2026-10."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"type": "month", "dir": "ltr", "pattern": "[0-9]{4}-[0-9]{2}"})
        super().__init__(max_length=7, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        month = parse_month(text) if text else None
        if text and month is None:
            raise forms.ValidationError(_("Write the month as 2026-10."))
        return month


def words_field(label: Any, help_text: Any = "", *, required: bool = True, rows: int = 4) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": rows, "dir": "auto"}),
        error_messages={"required": _("Please write a few words.")},
    )


class NewFindingForm(forms.Form):
    """Which clause, what was found, which of the photos, and photos of the officer's own."""

    clause = forms.TypedChoiceField(
        label=_("Which clause was broken?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a clause.")},
    )
    grounds = words_field(
        _("What was found?"),
        _("The operator reads it. Name no resident, and nothing that leads to one."),
    )
    photos = forms.TypedMultipleChoiceField(
        label=_("Photos that prove it"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only photos that the operator may see: released, of the work, or passed on."),
    )
    files = FilesField(label=_("Photos or documents of your own"))  # type: ignore[assignment]

    def __init__(
        self, data: Any = None, files: Any = None, *, clauses: Iterable[Any], photos: Iterable[Any], **options: Any
    ) -> None:
        super().__init__(data, files, **options)
        self.fields["clause"].choices = list(clauses)  # type: ignore[attr-defined]
        offered = list(photos)
        self.fields["photos"].choices = offered  # type: ignore[attr-defined]
        if not offered:
            del self.fields["photos"]


class RulingForm(forms.Form):
    """A decision: reasons, a reply to each argument, and what its kind asks for."""

    reasons = words_field(_("Reasons"), _("The operator reads them."))

    def __init__(
        self,
        data: Any = None,
        *,
        arguments: Iterable[Argument] = (),
        with_authority: bool = False,
        with_amount: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.arguments = list(arguments)
        for argument in self.arguments:
            label = _("Reply to argument %(number)s") % {"number": argument.position}
            self.fields[f"reply-{argument.pk}"] = words_field(label, argument.text, rows=3)
        if with_authority:
            self.fields["authority"] = forms.CharField(
                label=_("Authority"),
                help_text=_("The deliberation, order or judgment that allows this, with its number and date."),
                max_length=300,
                widget=forms.TextInput(attrs={"dir": "auto"}),
            )
        if with_amount:
            self.fields["amount"] = MoneyField(
                label=_("How much is waived?"), help_text=_("Leave it empty for all of it."), required=False
            )

    @property
    def replies(self) -> dict[int, str]:
        return {argument.pk: self.cleaned_data[f"reply-{argument.pk}"] for argument in self.arguments}


class WordsForm(forms.Form):
    """Reasons alone: to withdraw, or to send a decision back."""

    words = words_field(_("Reasons"))


class ArgumentsForm(forms.Form):
    """An operator's points, one box each, and files. Empty boxes do not count."""

    BOXES = 5
    files = FilesField(label=_("Photos or documents"))  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        last = self.fields.pop("files")
        for number in range(1, self.BOXES + 1):
            label = _("Argument %(number)s") % {"number": number}
            self.fields[f"argument-{number}"] = forms.CharField(
                label=label,
                required=number == 1,
                max_length=4000,
                widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
                error_messages={"required": _("Write at least one argument.")},
            )
        self.fields["files"] = last

    @property
    def arguments(self) -> list[str]:
        boxes = range(1, self.BOXES + 1)
        return [text for number in boxes if (text := self.cleaned_data.get(f"argument-{number}", "").strip())]


class MoreFilesForm(forms.Form):
    files = FilesField(  # type: ignore[assignment]
        label=_("More photos or documents"),
        widget=SeveralFilesInput(attrs={"accept": "image/*,application/pdf"}),
    )


class TurnoverForm(forms.Form):
    month = MonthField(label=_("Month"))
    amount = MoneyField(label=_("Turnover before tax"), help_text=_("Of that month, as the operator reported it."))


class IndexForm(forms.Form):
    month = MonthField(label=_("Month"))
    value = forms.CharField(
        label=_("Index"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr"})
    )

    def clean_value(self) -> Decimal:
        try:
            value = Decimal(self.cleaned_data["value"].translate(_DIGITS).replace(",", ".").strip())
        except InvalidOperation:
            value = Decimal(0)
        if not value.is_finite() or not 0 < value < 10**8 or value != round(value, 4):
            raise forms.ValidationError(_("Write a number such as 118.4."))
        return value


class PaymentForm(forms.Form):
    amount = MoneyField(label=_("Amount received"))
    paid_on = forms.DateField(
        label=_("Day of the payment"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reference = forms.CharField(
        label=_("Receipt or transfer"),
        help_text=_("Its number; it can be entered once only."),
        max_length=80,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )


class CorrectionForm(forms.Form):
    reference = forms.CharField(
        label=_("Reference of the correction"), max_length=80, widget=forms.TextInput(attrs={"dir": "ltr"})
    )
