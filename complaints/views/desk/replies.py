"""Ready-made texts: the page on which managers write them, in the city's languages."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import staff_page
from catalogue.models import Jurisdiction, Unit
from catalogue.pages import city_page
from catalogue.snapshot import current_snapshot
from catalogue.translated import text_in
from complaints.desk.replies import WRITERS, units_written_for, written_by
from complaints.errors import ReplyRefused
from complaints.models import Reply
from complaints.replies import PLACEHOLDERS, check_texts
from complaints.views.staff import city_of, staff_user


class ReplyForm(forms.Form):
    """One text; a field `text_LANGUAGE` for each of the city's languages."""

    name = forms.CharField(label=_("Name"), help_text=_("As colleagues see it in the menu."), max_length=80)
    step = forms.ChoiceField(label=_("What is it for?"), choices=Reply.Step.choices)
    category = forms.ChoiceField(label=_("Category"), required=False)
    unit = forms.ChoiceField(label=_("Who may use it?"), required=False)
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, city: Jurisdiction, units: list[Unit], data: Any = None, *, reply: Reply | None = None) -> None:
        super().__init__(data, initial=_initial(reply) if reply else None)
        language = get_language() or "fr"
        catalogue = current_snapshot(city)
        self.categories = {category.code: category for category in catalogue.categories.values()}
        self.units = {unit.code: unit for unit in units or catalogue.units.values()}
        whole_city = [] if units else [("", _("Everybody at the desk"))]
        self.fields["category"].choices = [  # type: ignore[attr-defined]
            ("", _("All categories")),
            *((code, text_in(category.name, language)) for code, category in self.categories.items()),
        ]
        self.fields["unit"].choices = [  # type: ignore[attr-defined]
            *whole_city,
            *((code, text_in(unit.name, language)) for code, unit in self.units.items()),
        ]
        self.fields["unit"].required = bool(units)
        self.languages = [str(code) for code in city.languages]
        for code in self.languages:
            attributes = {"rows": 5, "lang": code, "dir": "rtl" if get_language_info(code)["bidi"] else "ltr"}
            self.fields[f"text_{code}"] = forms.CharField(
                label=get_language_info(code)["name_translated"].capitalize(),
                required=False,
                max_length=2000,
                widget=forms.Textarea(attrs=attributes),
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            cleaned["texts"] = check_texts({code: cleaned.get(f"text_{code}", "") for code in self.languages})
        except ReplyRefused as refused:
            self.add_error(f"text_{self.languages[0]}", str(refused.message))
        return cleaned


def _initial(reply: Reply) -> dict[str, object]:
    return {
        "name": reply.name,
        "step": reply.step,
        "category": reply.category.code if reply.category else "",
        "unit": reply.unit.code if reply.unit else "",
        "is_active": reply.is_active,
    } | {f"text_{code}": text for code, text in reply.texts.items()}


@staff_page(WRITERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def replies(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The texts that this person may change, and the form for a new one or (`pk`) one of them."""
    user, city = staff_user(request), city_of(request, WRITERS)
    known = written_by(user, city)
    reply = get_object_or_404(known, pk=pk) if pk is not None else None
    units = units_written_for(user, city)
    if request.method == "POST" and "delete" in request.POST:
        if reply is None:
            raise PermissionDenied
        reply.delete()
        messages.success(request, _now("The text is deleted."))
        return redirect("desk_replies")
    form = ReplyForm(city, units, request.POST if request.method == "POST" else None, reply=reply)
    if request.method == "POST" and form.is_valid():
        _store(form, city, reply)
        messages.success(request, _now("The text is kept."))
        return redirect("desk_replies")
    language = get_language() or "fr"
    context = {
        "now": timezone.now(),
        "form": form,
        "reply": reply,
        "placeholders": PLACEHOLDERS.items(),
        "rows": [
            {
                "reply": row,
                "category": text_in(row.category.name, language) if row.category else "",
                "unit": text_in(row.unit.name, language) if row.unit else "",
                "without": [
                    get_language_info(code)["name_translated"] for code in city.languages if not row.texts.get(code)
                ],
            }
            for row in known
        ],
    }
    status = 422 if form.errors else 200
    return city_page(request, city, "complaints/desk/replies.html", context, status=status)


def _store(form: ReplyForm, city: Jurisdiction, reply: Reply | None) -> None:
    given = form.cleaned_data
    row = reply or Reply(jurisdiction=city)
    row.name, row.step, row.is_active = given["name"], given["step"], given["is_active"]
    row.category = form.categories.get(given["category"])
    row.unit = form.units.get(given["unit"])
    # Languages that the city has given up keep their text: it may come back.
    kept = {code: text for code, text in row.texts.items() if code not in form.languages}
    row.texts, row.updated_at = kept | given["texts"], timezone.now()
    row.save()
