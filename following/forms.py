"""Shape of what followers send."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalogue.models import Category, Jurisdiction, Service
from catalogue.snapshot import Snapshot
from catalogue.translated import text_in
from districts.choices import district_choices
from districts.models import Landmark
from following.models import Subscription
from following.services import Wish
from following.subjects import RADII_M, AreaRefused, accept_area, round_place


class DeliveryForm(forms.Form):
    """How often."""

    delivery = forms.ChoiceField(
        label=_("How often?"), choices=Subscription.Delivery.choices, initial="instant", widget=forms.RadioSelect
    )


class FollowComplaintForm(forms.Form):
    """From the page of a complaint: me too, with or without an address."""

    same = forms.BooleanField(label=_("I have the same problem"), required=False)
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    delivery = forms.ChoiceField(choices=Subscription.Delivery.choices, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("same") and not cleaned.get("email") and not self.errors:
            raise forms.ValidationError(_("Say that you have the same problem, or leave an address: or both."))
        return cleaned


class FollowForm(DeliveryForm):
    """A district, a street or place, or an area drawn on the map; of all services or one."""

    subject = forms.ChoiceField(
        label=_("What do you want to follow?"),
        choices=[(value, label) for value, label in Subscription.Subject.choices if value != "complaint"],
        widget=forms.RadioSelect,
    )
    district = forms.ChoiceField(label=_("District"), required=False)
    place = forms.ChoiceField(label=_("Street or place"), required=False)
    radius = forms.TypedChoiceField(
        label=_("Within"), choices=[(n, n) for n in RADII_M], coerce=int, required=False, initial=200
    )
    area = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    about = forms.ChoiceField(label=_("About"), required=False)
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    field_order = ["subject", "district", "place", "radius", "area", "about", "delivery", "email"]

    def __init__(self, city: Jurisdiction, catalogue: Snapshot, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.city, self.catalogue = city, catalogue
        language = get_language() or "fr"
        self.landmarks = {row.code: row for row in Landmark.objects.filter(jurisdiction=city)}
        self._offer("district", [("", _("Choose a district")), *district_choices(city.pk)])
        kinds = {"street": _("Streets"), "quarter": _("Quarters"), "landmark": _("Landmarks")}
        places = [
            (
                label,
                sorted(
                    ((row.code, text_in(row.name, language)) for row in self.landmarks.values() if row.kind == kind),
                    key=lambda pair: pair[1],
                ),
            )
            for kind, label in kinds.items()
        ]
        self._offer("place", [("", _("Choose a street or place")), *(group for group in places if group[1])])
        self._offer("radius", [(n, _("%(n)d m") % {"n": n}) for n in RADII_M])
        self._offer("about", [("", _("All services")), *self._services(language)])

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _services(self, language: str) -> list[Any]:
        services = sorted((s for s in self.catalogue.services.values() if s.is_active), key=lambda s: (s.order, s.code))
        groups = []
        for service in services:
            categories = [
                (f"{service.code}/{c.code}", text_in(c.name, language))
                for c in self.catalogue.categories.values()
                if c.service_id == service.pk and c.is_active and c.place_precision != Category.Publication.NEVER
            ]
            name = text_in(service.name, language)
            if categories:
                groups.append((name, [(service.code, _("%(service)s: everything") % {"service": name}), *categories]))
        return groups

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        subject = cleaned.get("subject")
        if subject == "district" and not cleaned.get("district") and "district" not in self.errors:
            self.add_error("district", _("Choose a district."))
        if subject == "street" and not cleaned.get("place") and "place" not in self.errors:
            self.add_error("place", _("Choose a street or place."))
        if subject == "area":
            try:
                cleaned["polygon"] = accept_area(cleaned.get("area", ""))
            except AreaRefused as refused:
                self.add_error("subject", refused.message)
        return cleaned

    def wish(self) -> Wish:
        """What was asked for. After is_valid()."""
        cleaned, language = self.cleaned_data, get_language() or "fr"
        service, category = self._chosen()
        wish: dict[str, Any] = {
            "city": self.city,
            "email": cleaned["email"],
            "language": language,
            "delivery": cleaned["delivery"],
            "service": service,
            "category": category,
        }
        if cleaned["subject"] == "district":
            wish["district_code"] = cleaned["district"]
        elif cleaned["subject"] == "street":
            landmark = self.landmarks[cleaned["place"]]
            wish["area"] = round_place(landmark.point.x, landmark.point.y, cleaned["radius"] or 200)
            wish["place"] = text_in(landmark.name, language)
        else:
            wish["area"] = cleaned["polygon"]
        return Wish(**wish)

    def _chosen(self) -> tuple[Service | None, Category | None]:
        """The service, or the service and category, that were chosen."""
        service, _slash, category = self.cleaned_data.get("about", "").partition("/")
        return self.catalogue.services.get(service), self.catalogue.categories.get(category)
