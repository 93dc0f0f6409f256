"""A file on its way: upload, choose, look at the defects, decide, store. Each step is a form that works without a script."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.pages import city_page
from districts.forms import ChoicesForm, UploadForm
from districts.importing import drafts
from districts.importing.child import FileRefused
from districts.importing.drafts import NotNow, StillOpen
from districts.importing.imports import Choices
from districts.importing.target import target_of
from districts.importing.words.defects import defect_sentence, defect_title
from districts.importing.words.facts import area_text, where
from districts.importing.words.refusals import refusal_sentence
from districts.importing.words.repairs import repair_sentence
from districts.layers import layer_name, layer_names
from districts.models import DISTRICTS_LAYER, BoundaryDraft, DraftDefect
from districts.views.access import administrators_page, city_of, draft_of, name_of
from queueing.models import QueueState

PAGE_SIZE = 40
_Stage = BoundaryDraft.Stage
_Resolution = DraftDefect.Resolution
_CHANGEABLE = (_Stage.CHOOSING, _Stage.DECIDING, _Stage.REFUSED)


@administrators_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    city = city_of(request)
    layers = layer_names(city)
    if request.method == "POST":
        form = UploadForm(city, layers, request.POST, request.FILES)
        if form.is_valid():
            target = target_of(city, form.cleaned_data["layer"])
            draft = drafts.begin_draft(target, form.upload, uploaded_by=name_of(request), now=timezone.now())
            return redirect("boundary_draft", public_id=draft.public_id)
    else:
        form = UploadForm(city, layers, initial={"layer": request.GET.get("layer", "")})
    return city_page(request, city, "districts/upload.html", {"form": form}, status=400 if form.errors else 200)


@dataclass(frozen=True)
class DefectShown:
    row: DraftDefect
    title: str
    text: str
    where: str
    repair: str
    moved: str

    @property
    def can_accept(self) -> bool:
        return self.row.blocks and bool(self.row.repair) and self.row.resolution != _Resolution.REPAIR

    @property
    def can_keep(self) -> bool:
        # To accept "leave it as it is" says the same.
        return self.row.keepable and self.row.repair != "leave" and self.row.resolution != _Resolution.KEEP


@administrators_page
@never_cache
@require_safe
def draft(request: HttpRequest, public_id: str) -> HttpResponse:
    """Where the file stands. While the worker is at it the page asks again by itself, without a script too."""
    row = draft_of(request, public_id)
    if row.stage == _Stage.STORED and row.edition is not None:
        return redirect("boundary_edition", pk=row.edition_id)
    names = layer_names(row.jurisdiction)
    working = row.queue_state == QueueState.DUE
    choosing = not working and (row.stage == _Stage.CHOOSING or ("fields" in request.GET and row.stage in _CHANGEABLE))
    context: dict[str, Any] = {
        "draft": row,
        "layer": layer_name(row.layer, names),
        "working": working,
        "choosing": choosing and bool(row.offer),
        "refusal": refusal_sentence(row.refused_code, {"file": row.file_name, **row.refused_params}),
    }
    if context["choosing"]:
        context |= _choices_context(row, request)
    elif working:
        context |= {"at_work": drafts.is_being_worked_on(row, now=timezone.now()), "ahead": drafts.files_before(row)}
    elif row.stage == _Stage.DECIDING:
        context |= _deciding_context(row, request)
    response = city_page(request, row.jurisdiction, "districts/draft.html", context)
    if working:
        response["Refresh"] = "2"
    return response


def _choices_context(row: BoundaryDraft, request: HttpRequest) -> dict[str, Any]:
    layer = _layer_on_offer(row, request.GET.get("source_layer", row.source_layer))
    return {
        "form": _choices_form(row, layer),
        "source_layers": [one for one in row.offer["layers"] if "refused" not in one],
        "source_layer": layer,
        "evidence": defect_sentence(layer["crs"]["code"], layer["crs"]["params"]) if layer["crs"]["code"] else "",
        "not_offered": [
            (one["name"], refusal_sentence(one["refused"], one["params"]))
            for one in row.offer["layers"]
            if "refused" in one
        ],
    }


def _layer_on_offer(row: BoundaryDraft, wanted: str) -> dict[str, Any]:
    layers: list[dict[str, Any]] = [one for one in row.offer["layers"] if "refused" not in one]
    return next((one for one in layers if one["name"] == wanted), layers[0])


def _choices_form(row: BoundaryDraft, layer: dict[str, Any], data: Any = None) -> ChoicesForm:
    # What was chosen for another layer of the file says nothing about this one.
    same = row.source_layer in ("", layer["name"])
    chosen = Choices(layer["name"], row.encoding, row.crs, row.fields if same else {})
    return ChoicesForm(
        row.jurisdiction, row.offer, layer, for_areas=row.layer != DISTRICTS_LAYER, chosen=chosen, data=data
    )


def _deciding_context(row: BoundaryDraft, request: HttpRequest) -> dict[str, Any]:
    code = request.GET.get("code", "")
    found = row.defects.order_by("-blocks", "pk")
    if code:
        found = found.filter(code=code)
    kinds = row.defects.values("code", "blocks").order_by("-blocks", "code")
    open_ones = Q(blocks=True, resolution=_Resolution.OPEN)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    codes = dict(row.features.values_list("number", "code"))
    shown = [_shown(defect, codes) for defect in page.object_list]
    total, left = row.defects.count(), row.defects.filter(open_ones).count()
    blocking = row.defects.filter(blocks=True).count()
    return {
        "page": page,
        "defects": shown,
        "kinds": [
            {**kind, "title": defect_title(kind["code"])}
            for kind in kinds.annotate(total=Count("pk"), left=Count("pk", filter=open_ones))
        ],
        "code": code,
        "total": total,
        "blocking": blocking,
        "left": left,
        "decided": blocking - left,
        "feature_count": len(codes),
        "map_settings": {
            "url": reverse("boundary_draft_shapes", args=[row.public_id]),
            "words": {
                "close": _("Close"),
                "toList": _("To the list"),
                "failed": _("The shapes could not be loaded. The list says the same."),
            },
        },
    }


def _shown(defect: DraftDefect, codes: dict[int, str]) -> DefectShown:
    params = {**defect.params, **defect.repair_params}
    known = {int(number): code for number, code in defect.params.get("codes", {}).items()} | codes
    place = (defect.place.x, defect.place.y) if defect.place else None
    return DefectShown(
        row=defect,
        title=defect_title(defect.code),
        text=defect_sentence(defect.code, params),
        where=where(defect.features, known, place),
        repair=repair_sentence(defect.repair, params) if defect.blocks else "",
        moved=area_text(defect.moved_m2) if defect.moved_m2 else "",
    )


@administrators_page
@require_POST
def choose(request: HttpRequest, public_id: str) -> HttpResponse:
    """Have the file checked with these fields."""
    row = draft_of(request, public_id)
    if not row.offer:
        return _too_late(request, row)
    layer = _layer_on_offer(row, request.POST.get("source_layer", ""))
    form = _choices_form(row, layer, request.POST)
    if not form.is_valid():
        names = layer_names(row.jurisdiction)
        context = {
            "draft": row,
            "layer": layer_name(row.layer, names),
            "choosing": True,
            **_choices_context(row, request),
        }
        return city_page(request, row.jurisdiction, "districts/draft.html", context | {"form": form}, status=400)
    try:
        drafts.choose(row, form.choices, now=timezone.now())
    except NotNow:
        return _too_late(request, row)
    except FileRefused as refused:
        messages.error(request, refusal_sentence(refused.code, refused.params))
    return redirect("boundary_draft", public_id=row.public_id)


@administrators_page
@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """Accept, keep or open again: one defect (`key`), all of a kind (`kind`), or all."""
    row = draft_of(request, public_id)
    resolution = {"accept": _Resolution.REPAIR, "keep": _Resolution.KEEP, "open": _Resolution.OPEN}.get(
        request.POST.get("decision", ""), _Resolution.OPEN
    )
    key, kind = request.POST.get("key", ""), request.POST.get("kind", "")
    try:
        changed = drafts.decide(row, resolution, keys=[key], code=kind, everything=not key and not kind)
    except NotNow:
        return _too_late(request, row)
    if not key:
        text = ngettext("%(n)d decision was noted.", "%(n)d decisions were noted.", changed) % {"n": changed}
        messages.success(request, text)
    query = request.POST.get("query", "")
    anchor = f"#{key}" if key else "#defects"
    return redirect(f"{reverse('boundary_draft', args=[row.public_id])}{'?' + query if query else ''}{anchor}")


@administrators_page
@require_POST
def store(request: HttpRequest, public_id: str) -> HttpResponse:
    """Have an edition made."""
    row = draft_of(request, public_id)
    try:
        drafts.store(row, now=timezone.now())
    except StillOpen:
        messages.warning(request, _("Some defects are still to be decided."))
    except NotNow:
        return _too_late(request, row)
    return redirect("boundary_draft", public_id=row.public_id)


@administrators_page
@require_POST
def discard(request: HttpRequest, public_id: str) -> HttpResponse:
    """Forget a draft."""
    row = draft_of(request, public_id)
    drafts.discard(row)
    messages.success(request, _("“%(file)s” was discarded. Nothing changed.") % {"file": row.file_name})
    return redirect(f"{reverse('boundaries')}?jurisdiction={row.jurisdiction.code}")


def _too_late(request: HttpRequest, row: BoundaryDraft) -> HttpResponse:
    messages.warning(request, _("The file is at another stage now; this is how it stands."))
    return redirect("boundary_draft", public_id=row.public_id)
