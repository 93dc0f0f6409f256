"""What every page needs from its template: menus, languages, icons, deadlines, the import map."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import (
    get_language,
    get_language_from_path,
    get_language_info,
    ngettext,
    pgettext,
    pgettext_lazy,
)
from django.utils.translation import gettext as _

from catalogue.templatetags.translated import in_language
from complaints.in_words import ago, distance

register = template.Library()
register.filter("ago", ago)
register.filter("distance", distance)

MENU = (
    ("home", pgettext_lazy("menu", "Map"), "map"),
    ("report", pgettext_lazy("menu", "Report"), "plus"),
    ("track", pgettext_lazy("menu", "Track"), "search"),
    ("open_data", pgettext_lazy("menu", "Data"), "download"),
)
SOON = timedelta(days=1)
# Modules of others, by the names by which they and ours import them.
_PACKAGES = ("@mapbox/point-geometry", "@mapbox/vector-tile", "pbf")
_DEADLINE_ICONS = {"late": "alert", "met": "check", "paused": "pause", "lapsed": "minus"}
MIRRORED_ICONS = {"arrow", "chevron", "external", "list", "megaphone", "state-out_of_scope"}


@register.simple_tag(takes_context=True)
def page_url(context: Mapping[str, Any], name: str, *args: Any, **kwargs: Any) -> str:
    """URL of a page, keeping the city chosen by `?jurisdiction=`; empty when this installation has no such page."""
    try:
        url = reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return ""
    request = context.get("request")
    code = request.GET.get("jurisdiction", "") if isinstance(request, HttpRequest) else ""
    return f"{url}?jurisdiction={code}" if code.replace("-", "").isalnum() else url


@register.simple_tag(takes_context=True)
def menu_links(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The public menu: `{url, label, icon, current}` for each page that exists."""
    path = context["request"].path if "request" in context else ""
    links = []
    for name, label, icon_name in MENU:
        if url := page_url(context, name):
            plain = url.partition("?")[0]
            current = path == plain if name == "home" else path.startswith(plain)
            links.append({"url": url, "label": label, "icon": icon_name, "current": current})
    return links


@register.simple_tag(takes_context=True)
def language_links(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """This very page in each language: `{code, name, short, url, dir, current}`; path and query are kept.

    Addresses differ by their prefix only, so this holds for pages of errors too; without a prefix it leads home.
    """
    request: HttpRequest = context["request"]
    here = request.get_full_path()
    prefix = f"/{get_language_from_path(request.path_info)}/"
    links = []
    for code, _name in settings.LANGUAGES:
        info = get_language_info(code)
        links.append(
            {
                "code": code,
                "name": info["name_local"],
                "short": info["name_local"] if code == "ar" else code.upper(),
                "dir": "rtl" if info["bidi"] else "ltr",
                "url": f"/{code}/{here.removeprefix(prefix)}" if here.startswith(prefix) else f"/{code}/",
                "current": code == get_language(),
            }
        )
    return links


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """A symbol of `static/img/icons.svg`, hidden from screen readers: the text beside it carries the meaning."""
    return _icon(name or "megaphone", css_class, static("img/icons.svg") if settings.DEBUG else "")


@lru_cache(maxsize=1024)
def _icon(name: str, css_class: str, address: str) -> SafeString:
    """A list shows hundreds of the same few: each is written once for as long as the addresses of files stay."""
    mirrors = " icon--mirrors" if name in MIRRORED_ICONS else ""
    return format_html(
        '<svg class="icon{} {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        mirrors,
        css_class,
        address or static("img/icons.svg"),
        name,
    )


@register.simple_tag
def state_badge(state: str, label: str) -> SafeString:
    """A state: words, a shape of its own, and a colour."""
    return format_html('<span class="state state--{}">{} {}</span>', state, icon(f"state-{state}"), label)


@register.simple_tag(takes_context=True)
def import_map(context: Mapping[str, Any]) -> SafeString:
    """The page's import map: `gp/lib/dom` and its like point to their hashed addresses. Must precede module scripts."""
    nonce = getattr(context.get("request"), "csp_nonce", "")
    body = _import_map_json() if not settings.DEBUG else _import_map_json.__wrapped__()
    # format_html would escape the quotes of the JSON; "<" cannot occur in an address, and is written as an escape anyway.
    return format_html('<script type="importmap" nonce="{}">{}</script>', str(nonce), mark_safe(body))  # noqa: S308


@lru_cache(maxsize=1)
def _import_map_json() -> str:
    addresses = {}
    for folder in settings.STATICFILES_DIRS:
        scripts = Path(folder) / "js"
        for path in sorted(scripts.rglob("*.js")):
            name = path.relative_to(scripts).with_suffix("").as_posix()
            addresses[f"gp/{name}"] = static(f"js/{name}.js")
    addresses |= {name: static(f"vendor/{name}/index.js") for name in _PACKAGES}
    return json.dumps({"imports": addresses}, separators=(",", ":")).replace("<", "\\u003c")


@register.simple_tag
def module(name: str) -> SafeString:
    """Start a page's module: `{% module "pages/home" %}` in block scripts."""
    return format_html('<script type="module" src="{}"></script>', static(f"js/{name}.js"))


@register.simple_tag
def map_scripts() -> SafeString:
    """Styles and global scripts that js/map/ stands on. Put it in block head_extra of pages with a map."""
    scripts = ("vendor/leaflet/dist/leaflet.js", "vendor/protomaps-leaflet/dist/protomaps-leaflet.js")
    return format_html(
        '<link rel="stylesheet" href="{}"><link rel="stylesheet" href="{}">{}',
        static("vendor/leaflet/dist/leaflet.css"),
        static("css/map.css"),
        format_html_join("", '<script defer src="{}"></script>', ((static(name),) for name in scripts)),
    )


@register.simple_tag
def map_config(jurisdiction: Any) -> dict[str, Any]:
    """What `_components/map.html` needs: first view and basemaps in the order in which they stand in for each other.

    Raster tiles where BASEMAP_URL is set, else the city's own `basemap/<code>.pmtiles`, else outlines of its districts.
    """
    raster = (
        {"url": settings.BASEMAP_URL, "attribution": settings.BASEMAP_ATTRIBUTION} if settings.BASEMAP_URL else None
    )
    return {
        "bounds": list(jurisdiction.bounds),
        "basemap": {
            "raster": raster,
            "pmtiles": _pmtiles(f"basemap/{jurisdiction.code}.pmtiles", in_language(jurisdiction.source)),
            "outlines": f"/api/v1/districts.geojson?jurisdiction={jurisdiction.code}&level=1",
        },
    }


def _pmtiles(name: str, attribution: str) -> dict[str, Any] | None:
    try:
        return {"url": static(name), "attribution": attribution, "max_zoom": 14}
    except ValueError:  # hashed storage knows no such file: this city has no basemap of its own
        return None


@register.simple_tag(takes_context=True)
def deadline(
    context: Mapping[str, Any],
    due_at: datetime | None,
    label: str = "",
    *,
    met_at: datetime | None = None,
    paused: object = False,
    lapsed: bool = False,
    short: bool = False,
) -> str:
    """A promise: its date, and the time left in words. Compared with the context's `now`, else with the clock.

    `short` is for lists: only the words are seen, the date is in the title.
    `met_at` is when it was fulfilled (None: not yet); `paused` while the reporter must act; `lapsed` when it
    is owed no more. No `due_at`: nothing shown.
    """
    if due_at is None:
        return ""
    now = context.get("now") or timezone.now()
    words = deadline_words(due_at, now, met_at=met_at, paused=bool(paused), lapsed=lapsed)
    look, left = words["look"], words["left"]
    local = timezone.localtime(due_at)
    date = f"{date_format(local, 'DATE_FORMAT')} · {time_format(local, 'H:i')}"
    named = format_html('<span class="deadline__label">{}</span> ', label) if label else ""
    symbol = icon(_DEADLINE_ICONS.get(look, "clock"))
    if short:
        shown = format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), date, left)
        shown = format_html('<span class="deadline__left">{} {}</span>', symbol, shown)
    else:
        shown = format_html(
            '<time datetime="{}">{}</time> <span class="deadline__left">{} {}</span>',
            local.isoformat(), date, symbol, left,
        )  # fmt: skip
    return format_html('<span class="deadline deadline--{}">{}{}</span>', look, named, shown)


def deadline_words(
    due_at: datetime | None, now: datetime, *, met_at: datetime | None, paused: bool, lapsed: bool = False
) -> dict[str, str]:
    """`look` (lapsed, met, paused, late, soon, calm) and `left`, the same in words."""
    if due_at is None:
        return {"look": "calm", "left": ""}
    if lapsed:
        return {"look": "lapsed", "left": pgettext("deadline", "no longer applies")}
    if met_at is not None:
        if met_at <= due_at:
            return {"look": "met", "left": pgettext("deadline", "kept")}
        return {"look": "late", "left": _("kept %(time)s late") % {"time": span_in_words(met_at - due_at)}}
    if paused:
        return {"look": "paused", "left": pgettext("deadline", "paused")}
    if now > due_at:
        return {"look": "late", "left": _("%(time)s late") % {"time": span_in_words(now - due_at)}}
    left = _("%(time)s left") % {"time": span_in_words(due_at - now)}
    return {"look": "soon" if due_at - now < SOON else "calm", "left": left}


def span_in_words(span: timedelta) -> str:
    """One rounded-down unit, the way people say it: 3 days, 5 hours, 12 minutes."""
    minutes = max(int(span.total_seconds() // 60), 1)
    if minutes >= 48 * 60:
        days = minutes // (24 * 60)
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if minutes >= 60:
        hours = minutes // 60
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
