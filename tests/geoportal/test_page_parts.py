"""Deadlines in words, icons, the import map, and the few vendor files that are served."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from catalogue.translated import colon
from complaints.in_words import ago, distance
from geoportal.staticfiles import BrowserPackagesFinder
from geoportal.templatetags.pages import deadline_words, language_links

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("due_in", "look", "left"),
    [
        (timedelta(days=5), "calm", "5 days left"),
        (timedelta(hours=47), "calm", "47 hours left"),
        (timedelta(hours=1), "soon", "1 hour left"),
        (timedelta(seconds=10), "soon", "1 minute left"),
        (timedelta(minutes=-30), "late", "30 minutes late"),
        (timedelta(days=-3), "late", "3 days late"),
    ],
)
def test_a_deadline_says_how_much_time_is_left(due_in: timedelta, look: str, left: str) -> None:
    with translation.override("en"):
        words = deadline_words(NOW + due_in, NOW, met_at=None, paused=False)
    assert words == {"look": look, "left": left}


def test_a_kept_promise_is_never_shown_as_late() -> None:
    due = NOW - timedelta(days=10)
    assert deadline_words(due, NOW, met_at=due, paused=False)["look"] == "met"
    assert deadline_words(due, NOW, met_at=due + timedelta(days=1), paused=False)["look"] == "late"


def test_a_paused_promise_shows_no_time_left() -> None:
    assert deadline_words(NOW - timedelta(days=1), NOW, met_at=None, paused=True)["look"] == "paused"


def test_every_module_is_in_the_import_map_and_the_nonce_is_on_it() -> None:
    request = RequestFactory().get("/")
    request.csp_nonce = "abc"  # type: ignore[attr-defined]
    html = Template("{% load pages %}{% import_map %}").render(Context({"request": request}))
    assert 'nonce="abc"' in html
    imports = json.loads(re.sub(r"</?script[^>]*>", "", html))["imports"]
    assert {"gp/lib/dom", "gp/map/map", "gp/site", "pbf", "@mapbox/vector-tile"} <= imports.keys()
    wanted = set()
    for path in (ROOT / "static" / "js").rglob("*.js"):
        wanted.update(re.findall(r'from "(gp/[\w/-]+)"', path.read_text()))
    assert wanted <= imports.keys()


def test_each_symbol_that_a_template_names_exists() -> None:
    sprite = (ROOT / "static" / "img" / "icons.svg").read_text()
    symbols = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = set()
    for path in (ROOT / "templates").rglob("*.html"):
        named.update(re.findall(r'{% icon "([^"]+)"', path.read_text()))
    assert named - symbols == set()


def test_the_language_switch_keeps_page_and_query() -> None:
    request = RequestFactory().get("/fr/accounts/login/?next=/fr/desk/&jurisdiction=tetouan")
    with translation.override("fr"):
        links = {link["code"]: link for link in language_links({"request": request})}
    assert links["ar"]["url"] == "/ar/accounts/login/?next=/fr/desk/&jurisdiction=tetouan"
    assert links["ar"]["dir"] == "rtl"
    assert links["fr"]["current"]


def test_only_listed_files_of_node_modules_are_served() -> None:
    finder = BrowserPackagesFinder()
    if not (ROOT / "node_modules" / "leaflet").exists():
        pytest.skip("node_modules is not installed")
    assert finder.find("vendor/leaflet/dist/leaflet.js")
    for path in ("vendor/leaflet/package.json", "leaflet/dist/leaflet.js", "vendor/../package.json", "vendor/"):
        assert finder.find(path) == []
    assert {name for name, _storage in finder.list(None)} >= {"leaflet/dist/leaflet.css"}


def test_a_city_in_the_address_is_kept_in_links_and_junk_is_not() -> None:
    template = Template('{% load pages %}{% page_url "account_login" %}')
    for code, kept in (("tetouan", True), ('"><script>', False)):
        request = RequestFactory().get("/", {"jurisdiction": code})
        html = template.render(Context({"request": request, "unused": SimpleNamespace()}))
        assert ("?jurisdiction=tetouan" in html) is kept
        assert "<script>" not in html


def test_after_a_label_french_has_its_colon_with_a_space_and_a_question_its_own_sign() -> None:
    with translation.override("fr"):
        assert (colon("Montant"), colon("Combien\u00a0?"), colon("كم؟")) == ("\u00a0: ", " ", " ")
    with translation.override("ar"):
        assert colon() == ": "


def test_how_far_and_how_long_ago_are_said_in_round_numbers() -> None:
    with translation.override("en"):
        assert [distance(metres) for metres in (0, 499.6, 11_761)] == ["0 m", "500 m", "11.8 km"]
        assert [ago(NOW - timedelta(seconds=n), NOW) for n in (0, 59, 60)] == [
            "just now",
            "just now",
            "1\N{NO-BREAK SPACE}minute ago",
        ]
