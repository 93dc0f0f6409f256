"""Shape and types of what administrators type about boundaries. No rule of the city lives here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.models import Jurisdiction
from districts.importing.child import FileRefused
from districts.importing.drafts import MOST_UPLOADED, Upload
from districts.importing.imports import Choices, has_code, system_code
from districts.importing.words.facts import guess_text

_ENCODINGS = (
    ("utf-8", "UTF-8"), ("cp1256", "Windows-1256 (العربية)"), ("cp1252", "Windows-1252 (latin)"),
    ("iso8859-6", "ISO-8859-6 (العربية)"), ("latin-1", "ISO-8859-1 (latin-1)"), ("cp720", "CP720 (العربية)"),
    ("cp850", "CP850"), ("iso8859-15", "ISO-8859-15 (latin-9)"), ("cp1250", "Windows-1250"), ("cp1251", "Windows-1251"),
)  # fmt: skip
_ROLES = {
    "code": gettext_lazy("Code"),
    "level": gettext_lazy("Level"),
    "parent": gettext_lazy("District above it"),
    "population": gettext_lazy("Population"),
    "service": gettext_lazy("Service"),
    "unit": gettext_lazy("Unit"),
    "category": gettext_lazy("Category"),
    "priority": gettext_lazy("Priority"),
    "schedule": gettext_lazy("Hours"),
    "fallback_unit": gettext_lazy("Unit for other hours"),
}
_DISTRICT_ROLES = ("level", "parent", "population")
_AREA_ROLES = ("unit", "category", "priority", "schedule", "fallback_unit", "service")


class UploadForm(forms.Form):
    """A file and where it comes from."""

    layer = forms.ChoiceField(label=gettext_lazy("What the file holds"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "GeoJSON, GeoPackage, zipped Shapefile, FlatGeobuf or KML. It is checked before anything changes."
        ),
        widget=forms.ClearableFileInput(
            attrs={"accept": ".geojson,.json,.topojson,.gpkg,.zip,.fgb,.kml,.kmz,application/geo+json,application/zip"}
        ),
        max_length=200,
        allow_empty_file=True,
    )
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=300,
        help_text=gettext_lazy("Who drew it, such as: Urban agency of Tétouan"),
    )
    license = forms.CharField(label=gettext_lazy("Licence"), max_length=60)
    data_date = forms.DateField(
        label=gettext_lazy("Date of the drawing"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(
        self, city: Jurisdiction, layers: Mapping[str, str], data: Any = None, files: Any = None, **more: Any
    ) -> None:
        super().__init__(data, files, initial={"license": city.license} | more.pop("initial", {}), **more)
        self.fields["layer"].choices = list(layers.items())  # type: ignore[attr-defined]

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_UPLOADED:
            raise forms.ValidationError(
                _("The file is larger than %(most)s.") % {"most": filesizeformat(MOST_UPLOADED)}
            )
        if not file.size:
            raise forms.ValidationError(_("The file is empty."))
        return file

    @property
    def upload(self) -> Upload:
        """What was sent; the form must be valid."""
        given = self.cleaned_data
        return Upload(given["file"].name, given["file"].read(), given["source"], given["license"], given["data_date"])


class ChoicesForm(forms.Form):
    """Which layer of the file, how its texts and coordinates are read, and which field says what."""

    source_layer = forms.ChoiceField(label=gettext_lazy("Layer of the file"), required=False)
    encoding = forms.ChoiceField(label=gettext_lazy("Text encoding"), required=False)
    crs = forms.ChoiceField(label=gettext_lazy("Coordinate system"), required=False)
    crs_other = forms.CharField(
        label=gettext_lazy("Another coordinate system"),
        required=False,
        max_length=20,
        help_text=gettext_lazy(
            "Its number, such as EPSG:26191 (Merchich / Nord Maroc). It stands over the choice above."
        ),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )

    def __init__(
        self,
        city: Jurisdiction,
        offer: Mapping[str, Any],
        layer: Mapping[str, Any],
        *,
        for_areas: bool,
        chosen: Choices,
        data: Any = None,
    ) -> None:
        super().__init__(data)
        self.roles = (
            "code",
            *(f"name_{code}" for code in city.languages),
            *(_AREA_ROLES if for_areas else _DISTRICT_ROLES),
        )
        names = [(one["name"], one["name"]) for one in offer["layers"] if "refused" not in one]
        self._offer("source_layer", names, layer["name"])
        if len(names) < 2:
            self.fields["source_layer"].widget = forms.HiddenInput()
        as_read = (
            _("As the file says: %(encoding)s")
            if not layer["encoding_doubtful"]
            else _("As it reads best: %(encoding)s")
        )
        found = as_read % {"encoding": layer["encoding"]["encoding"]}
        self._offer("encoding", [("", found), *_ENCODINGS], chosen.encoding)
        self._offer("crs", _systems(layer["crs"]), chosen.crs)
        self._offer_fields(layer, chosen.fields)

    def _offer(self, name: str, choices: Iterable[tuple[str, str]], initial: str) -> None:
        field = self.fields[name]
        known = list(choices)
        if initial and initial not in dict(known):
            known.append((initial, initial))
        field.choices = known  # type: ignore[attr-defined]
        field.initial = initial

    def _offer_fields(self, layer: Mapping[str, Any], chosen: Mapping[str, str]) -> None:
        samples: Mapping[str, Sequence[str]] = layer["samples"]
        offered = [("", "—")] + [
            (name, f"{name} ({', '.join(samples.get(name, [])[:2])})" if samples.get(name) else name)
            for name in layer["fields"]
        ]
        current = {**layer["guess"], **chosen}
        for role in self.roles:
            self.fields[role] = forms.ChoiceField(
                label=_role_label(role), choices=offered, required=False, initial=current.get(role, "")
            )

    def clean_crs_other(self) -> str:
        try:
            return system_code(self.cleaned_data["crs_other"])
        except FileRefused:
            raise forms.ValidationError(_("Write it like EPSG:26191.")) from None

    @property
    def choices(self) -> Choices:
        """What was chosen; the form must be valid. A field left empty means that the file has none for it."""
        given = self.cleaned_data
        return Choices(
            source_layer=given["source_layer"],
            encoding=given["encoding"],
            crs=given["crs_other"] or given["crs"],
            fields={role: given[role] for role in self.roles},
        )

    @property
    def reading_fields(self) -> list[forms.BoundField]:
        names = ["encoding", "crs", "crs_other"]
        return [self[name] for name in (names if self["source_layer"].is_hidden else ["source_layer", *names])]

    @property
    def role_fields(self) -> list[forms.BoundField]:
        return [self[role] for role in self.roles]


def _role_label(role: str) -> str:
    if role.startswith("name_"):
        code = role.removeprefix("name_")
        return _("Name: %(language)s") % {"language": dict(settings.LANGUAGES).get(code, code)}
    return str(_ROLES[role])


def _systems(crs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The file's own system, or the likeliest one; then the others that put the file into the city."""
    guesses = crs["params"].get("guesses", [])
    if not crs["code"]:
        return [("", _("As the file says: %(system)s") % {"system": crs["use"] or "—"})]
    first = _("As proposed: %(system)s") % {"system": guess_text(guesses[0])} if guesses else _("As the file says")
    others = [guess for guess in guesses if not guess["swapped"] and has_code(guess["crs"])]
    return [("", first), *((guess["crs"], guess_text(guess)) for guess in others)]


class ActivationForm(forms.Form):
    """When an edition comes into force."""

    when = forms.ChoiceField(
        label=gettext_lazy("In force"),
        choices=[("now", gettext_lazy("at once")), ("date", gettext_lazy("on a date"))],
        initial="now",
        widget=forms.RadioSelect,
    )
    day = forms.DateField(
        label=gettext_lazy("From the beginning of this day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reroute_open = forms.BooleanField(
        label=gettext_lazy("Route open complaints again"),
        required=False,
        help_text=gettext_lazy("Those whose unit changes are handed over, and everybody concerned is told."),
    )

    def __init__(self, city: Jurisdiction, data: Any = None) -> None:
        super().__init__(data)
        self.city = city

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("when") == "date" and not given.get("day") and "day" not in self.errors:
            self.add_error("day", _("Say from which day."))
        return given

    @property
    def at(self) -> datetime | None:
        """The first instant of the day on the city's clock; None for at once."""
        day = self.cleaned_data["day"] if self.cleaned_data["when"] == "date" else None
        return datetime.combine(day, time(), ZoneInfo(self.city.time_zone)) if day else None
