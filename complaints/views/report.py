"""Filing a complaint: one form that works without a map and without JavaScript, and what it says before anything is sent."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.quotas import Quota, QuotaExceeded, spend
from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from catalogue.snapshot import Snapshot, snapshot
from catalogue.translated import text_in
from complaints.errors import (
    AnswerInvalid,
    ComplaintError,
    FileRefused,
    FileTooLarge,
    IdempotencyMismatch,
    OutsideJurisdictions,
    TooManyFiles,
)
from complaints.filter_grammar import jurisdiction_of
from complaints.forms import ReportForm
from complaints.models import Complaint
from complaints.previews import Place, Preview, district_place, given_place, preview
from complaints.receipts import Receipt
from complaints.tracking import secret_token
from complaints.views.storing import store
from districts.choices import district_choices
from districts.gate import PointRefused, accept_point
from districts.gazetteer import search_places
from districts.selectors import place_at


@dataclass(frozen=True)
class Intake:
    """Who fills in the form: a citizen for herself, or (`by`) a member of staff for somebody who calls or comes."""

    form: type[ReportForm] = ReportForm
    by: User | None = None

    @property
    def url(self) -> str:
        return reverse("desk_new") if self.by else reverse("report")

    def address_of(self, given: Receipt) -> str:
        """Where who filed it goes next."""
        if self.by and Complaint.objects.visible_to(self.by).filter(pk=given.complaint_id).exists():
            return reverse("desk_complaint", args=[given.tracking_number])
        if self.by:
            return reverse("desk")
        return reverse("secret_link", args=[secret_token(given.complaint_id, link_version=1)]) + "?new=1"


CITIZEN = Intake()


def report(request: HttpRequest) -> HttpResponse:
    """The form; a complete and reviewed one becomes a complaint, and its secret page says so."""
    return take_in(request, jurisdiction_of(request), CITIZEN)


def take_in(request: HttpRequest, city: Jurisdiction, intake: Intake) -> HttpResponse:
    """The form of an intake. Staff see what will happen beside it and need no second look."""
    catalogue = snapshot(city.pk, city.catalogue_version)
    if request.method != "POST":
        return _page(request, catalogue, _new_form(catalogue, intake, initial=_preset(request.GET, catalogue)))
    form = intake.form(catalogue, district_choices(city.pk), _with_found_place(request.POST), request.FILES)
    form.intake = intake
    if "find" in request.POST:
        return _found_places(request, catalogue, form)
    if not form.is_valid():
        return _refused(request, catalogue, form)
    now = timezone.now()
    try:
        place = _place(city, form)
        is_seen = _wants_json(request) or intake.by is not None
        if not is_seen and form.cleaned_data["reviewed"] != _signature(form):
            return _review(request, catalogue, form, _previewed(city, place, form, now))
        if intake.by is None:
            spend(request, Quota.COMPLAINT, now=now)
        given = store(request, city, form, place, now=now)
    except ComplaintError as error:
        return _refused(request, catalogue, _with_error(form, error, city), error)
    except QuotaExceeded as error:
        return _too_many(request, catalogue, form, error)
    address = intake.address_of(given)
    if intake.by is not None:
        messages.success(
            request,
            _("Filed under %(number)s: tell this number. The secret link goes out by e-mail only.")
            % {"number": given.tracking_number},
        )
    if _wants_json(request):
        return JsonResponse({"tracking_number": given.tracking_number, "next": address}, status=201)
    return HttpResponseRedirect(address)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """What the page shows of a place and a category before sending, as a piece of HTML; stores nothing.

    With her words it comes as a POST: words of people belong into no address.
    """
    spend(request, Quota.ROUTE, now=timezone.now())
    city = jurisdiction_of(request)
    catalogue = snapshot(city.pk, city.catalogue_version)
    asked = request.POST if request.method == "POST" else request.GET
    form = ReportForm(catalogue, district_choices(city.pk), initial=_preset(asked, catalogue))
    context: dict[str, Any] = {"form": form, "city": city, "now": timezone.now()}
    try:
        place = given_place(city, asked)
        if place is not None and form.chosen is not None:
            context["preview"] = preview(
                city,
                place,
                category=form.chosen.code,
                kind=asked.get("kind", ""),
                now=context["now"],
                text=asked.get("description", "")[:4000],
            )
    except (ComplaintError, PointRefused) as error:
        context["place_fault"] = _where_else(error, city, asked.get("longitude"), asked.get("latitude"))
    with timezone.override(catalogue.time_zone):
        return render(request, "complaints/_check.html", context)


@require_safe
def places(request: HttpRequest) -> JsonResponse:
    """Quarters, streets and landmarks whose name answers `q`, best first."""
    spend(request, Quota.ROUTE, now=timezone.now())
    city = jurisdiction_of(request)
    language = get_language() or "fr"
    found = search_places(city.pk, request.GET.get("q", "")[:100])
    rows = [
        {
            "name": text_in(place.name, language),
            "kind": place.kind,
            "kind_label": place_kind(place.kind),
            "longitude": place.longitude,
            "latitude": place.latitude,
        }
        for place in found
    ]
    return JsonResponse({"places": rows})


def place_kind(kind: str) -> str:
    """What a place of the gazetteer is, in words."""
    words = {"district": _("district"), "quarter": _("quarter"), "street": _("street")}
    return words.get(kind, _("landmark"))


# --- reading


def _preset(asked: QueryDict, catalogue: Snapshot) -> dict[str, str]:
    """Values that a link brings along (from the map, or a code on a lamp post); what is unknown is dropped."""
    names = ("category", "longitude", "latitude", "district", "location_text", "kind")
    preset = {name: str(asked.get(name))[:300] for name in names if asked.get(name)}
    if preset.get("category") not in catalogue.categories:
        preset.pop("category", None)
    preset["asked"] = preset.get("category", "")
    return preset


def _with_found_place(posted: QueryDict) -> QueryDict:
    """Without JavaScript a place found by name arrives as "longitude latitude"; it counts where no coordinates are given."""
    found = posted.get("found_place", "").split()
    if len(found) != 2 or posted.get("longitude") or posted.get("latitude"):
        return posted
    data = posted.copy()
    data["longitude"], data["latitude"] = found
    return data


def _new_form(catalogue: Snapshot, intake: Intake, *, initial: Mapping[str, Any]) -> ReportForm:
    form = intake.form(catalogue, district_choices(catalogue.jurisdiction.pk), initial=dict(initial))
    form.intake = intake
    return form


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _signature(form: ReportForm) -> str:
    """What the review was about; another place or category must be reviewed again."""
    cleaned = form.cleaned_data
    parts = [cleaned["category"], cleaned["longitude"], cleaned["latitude"], cleaned["district"], cleaned["kind"]]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def _place(city: Jurisdiction, form: ReportForm) -> Place:
    if point := form.cleaned_data.get("place"):
        return Place(*point)
    return district_place(city, form.cleaned_data["district"])


def _previewed(city: Jurisdiction, place: Place, form: ReportForm, now: datetime) -> Preview:
    chosen = form.cleaned_data
    return preview(city, place, category=chosen["category"], kind=chosen["kind"], now=now, text=chosen["description"])


# --- answering


def _page(
    request: HttpRequest, catalogue: Snapshot, form: ReportForm, *, status: int = 200, **more: object
) -> HttpResponse:
    language = get_language() or "fr"
    services = sorted({c.service for c in form.offered}, key=lambda s: (s.order, s.code))
    offered = [(s, [c for c in form.offered if c.service_id == s.pk]) for s in services]
    context: dict[str, object] = {
        "now": timezone.now(),
        "form": form,
        "by_staff": form.intake.by is not None,
        "intake_url": f"{form.intake.url}?jurisdiction={catalogue.jurisdiction.code}" if form.intake.by else "",
        "services": offered,
        "search_index": [
            {"code": c.code, "texts": [*c.name.values(), *c.keywords, *c.service.name.values()]} for c in form.offered
        ],
        "consent": text_in(catalogue.jurisdiction.consent_text, language),
    }
    response = city_page(request, catalogue.jurisdiction, "complaints/report.html", context | more, status=status)
    response["Cache-Control"] = "no-store" if request.method == "POST" else "private, max-age=0"
    return response


def _review(request: HttpRequest, catalogue: Snapshot, form: ReportForm, shown: Preview) -> HttpResponse:
    """The same form once more, with what will happen above it. Files are chosen here: nothing can lose them any more."""
    again = _again(form, reviewed=_signature(form), asked=form.chosen_code())
    return _page(request, catalogue, again, preview=shown, review=True, lost_files=_names(request))


def _refused(
    request: HttpRequest,
    catalogue: Snapshot,
    form: ReportForm,
    error: ComplaintError | QuotaExceeded | None = None,
    *,
    status: int = 400,
) -> HttpResponse:
    if _wants_json(request):
        faults = [
            {"field": name if name != "__all__" else "", "message": str(message)}
            for name, messages in form.errors.items()
            for message in messages
        ]
        body: dict[str, object] = {
            "title": _("Please check these points"),
            "code": error.code if error else "invalid",
            "errors": faults,
        }
        return JsonResponse(body | {"status": status}, status=status, content_type="application/problem+json")
    more = {"review": bool(form.data.get("reviewed")), "lost_files": _names(request)}
    return _page(request, catalogue, form, status=status, preview=_still_known(catalogue.jurisdiction, form), **more)


def _still_known(city: Jurisdiction, form: ReportForm) -> Preview | None:
    """What will happen with it, although something else must be mended; None while place or category is open."""
    try:
        place = given_place(city, form.data)
        if place is None or form.chosen is None:
            return None
        words = str(form.data.get("description", ""))[:4000]
        kind = str(form.data.get("kind", ""))
        return preview(city, place, category=form.chosen.code, kind=kind, now=timezone.now(), text=words)
    except (ComplaintError, PointRefused):
        return None


def _too_many(request: HttpRequest, catalogue: Snapshot, form: ReportForm, error: QuotaExceeded) -> HttpResponse:
    """429 with everything typed still there."""
    form.add_error(None, f"{error.message} {error.when}")
    response = _refused(request, catalogue, form, error, status=429)
    response["Retry-After"] = str(error.retry_after)
    return response


def _found_places(request: HttpRequest, catalogue: Snapshot, form: ReportForm) -> HttpResponse:
    """The place search without JavaScript: the form comes back, everything kept, with what was found to choose from."""
    wanted = str(form.data.get("place_query", ""))[:100]
    found = search_places(catalogue.jurisdiction.pk, wanted)
    rows = [(place, place_kind(place.kind)) for place in found]
    again = _again(form)
    return _page(request, catalogue, again, found=rows, place_query=wanted, lost_files=_names(request))


def _typed(form: ReportForm) -> dict[str, Any]:
    """What was typed so far, to be shown again without judging it."""
    data = cast(QueryDict, form.data)
    multiple = {f"answer_{q.code}" for q in form.questions if q.kind == "multichoice"}
    return {name: data.getlist(name) if name in multiple else data.get(name) for name in form.fields if name in data}


def _again(form: ReportForm, **changes: str) -> ReportForm:
    """The same filing as an unbound form: nothing is marked as wrong, everything is kept."""
    choices = form.fields["district"].choices[1:]  # type: ignore[attr-defined]
    again: ReportForm = form.intake.form(form.catalogue, choices, initial=_typed(form) | changes)
    again.intake = form.intake
    return again


def _names(request: HttpRequest) -> list[str]:
    """Names of files that a browser will not send again by itself."""
    return [file.name or "" for file in request.FILES.getlist("files")]


def _with_error(form: ReportForm, error: ComplaintError, city: Jurisdiction) -> ReportForm:
    """The form with a service's refusal at the field it is about."""
    if isinstance(error, OutsideJurisdictions):
        field = "district" if error.field == "district" else "latitude"
        message = _where_else(error, city, form.cleaned_data.get("longitude"), form.cleaned_data.get("latitude"))
        form.add_error(field, message)
    elif isinstance(error, AnswerInvalid):
        name = error.field.replace("answers.", "answer_")
        form.add_error(name if name in form.fields else None, str(error.message))
    elif isinstance(error, FileRefused | FileTooLarge | TooManyFiles):
        form.add_error("files", str(error.message))
    elif isinstance(error, IdempotencyMismatch):
        data = cast(QueryDict, form.data).copy()
        data["key"] = uuid.uuid4().hex
        form.data = data
        form.add_error(None, _("You have already sent this form. To file another complaint, send it once more."))
    else:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
    return form


def _where_else(error: ComplaintError | PointRefused, city: Jurisdiction, longitude: object, latitude: object) -> str:
    """The refusal of a place in words; names the other city where that one is served here too."""
    if isinstance(error, OutsideJurisdictions) and error.field != "district":
        try:
            elsewhere = place_at(*accept_point(longitude, latitude))
        except PointRefused:
            elsewhere = None
        if elsewhere is not None and elsewhere.jurisdiction_id != city.pk:
            other = Jurisdiction.objects.get(pk=elsewhere.jurisdiction_id)
            return _("This place is in %(city)s, which has its own page here.") % {
                "city": text_in(other.name, get_language() or "fr")
            }
        return _("This place lies outside %(city)s. Move the pin into the city, or choose a district.") % {
            "city": text_in(city.name, get_language() or "fr")
        }
    return str(error.message)
