"""The office's page in a browser: the heat map's legend, tables that sort, months that move, by district and by square."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.http import QueryDict
from django.utils import timezone, translation
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from analytics.feed import consume
from analytics.folium_map import draw
from analytics.hotspots.naming import Kind
from analytics.measures import Measure
from analytics.models import HotSpotSearch, HotSquare
from analytics.office import Office
from analytics.periods import months_until
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from queueing.models import QueueState
from tests.builders import build_complaint
from tests.e2e.conftest import DESKTOP, PHONE, Open
from tests.e2e.test_staff import sign_in

W1, E1 = (0.5, 0.5), (2.5, 0.5)


@pytest.fixture
def filed(city: Jurisdiction) -> list[str]:
    """Seven in w1 and one in e1 last month, six in w1 the month before; the two months as addresses name them."""
    now = timezone.now()
    before, last, this = months_until(now.date(), 3)[:3]
    for at, month, n in ((W1, last, 7), (E1, last, 1), (W1, before, 6)):
        for _ in range(n):
            build_complaint("pothole", at=at, now=now - timedelta(days=(now.date() - month).days - 9))
    while consume(now=now):
        pass
    search = HotSpotSearch.objects.create(
        jurisdiction=city, last_month=last, requested_at=now, found_at=now, next_attempt_at=now, queue_state=QueueState.DONE,
        zoom=15, side_m=1200, squares=9, n=14, months=[],
    )  # fmt: skip
    HotSquare.objects.create(search=search, x=16384, y=16383, kind=Kind.PERSISTENT, n=13, expected=5.0, z=3.0, p=0.001)
    assert this > last
    return [f"{last:%Y-%m}", f"{before:%Y-%m}"]


def test_months_move_tables_sort_and_the_legend_says_what_it_shows(
    open_page: Open, office_user: User, filed: list[str]
) -> None:
    last, before = filed
    page = open_page("/fr/accounts/login/", size=DESKTOP)
    sign_in(page, office_user, "/fr/")
    page.goto(f"/fr/office/?measure=count&from={before}-01")
    _legend_is_whole(page)
    _districts_sort(page)
    _complaints_come_and_go(page)
    b = page.locator('[data-side="month"]')
    expect(b.locator("[data-n]")).to_have_text("8")
    # back by the slider, then by the list
    page.locator("#months-slider").press("ArrowLeft")
    expect(b.locator("[data-n]")).to_have_text("6")
    expect(b.locator('[data-code="w1"]')).to_have_attribute("href", re.compile(f"from={before}-01"))
    page.locator("#office-month").select_option(last)
    expect(b.locator('[data-code="w1"] title')).to_have_text(re.compile(r": 7 \(n = 7\)"))
    page.locator("#office-by").select_option("squares")
    expect(b.locator("rect.district")).to_have_count(2)
    page.locator("#months-slider").press("ArrowLeft")
    expect(b.locator("[data-n]")).to_have_text("6")
    expect(b.locator("rect.district")).to_have_count(1)
    expect(page.locator('[data-table="month"] tbody tr')).to_have_count(1)
    page.locator("#months-over").check()
    expect(page.locator("#months-curtain")).to_be_visible()
    page.locator("#months-slider").press("Home")
    page.locator("#months-play").click()
    expect(page.locator("#months-play")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#months-slider")).to_have_value("2")
    page.locator("#months-play").click()
    expect(page.locator("#months-play")).to_have_attribute("aria-pressed", "false")


def _legend_is_whole(page: Page) -> None:
    """Title, unit, classes, a swatch for no data, number and period, source, and what the outlines are."""
    legend = page.locator("#heat-legend")
    expect(legend.locator("h2")).to_have_text("Réclamations")
    expect(legend).to_contain_text("réclamations par carré")
    assert legend.locator(".heat-swatch:not(.heat-hatched)").count() >= 2
    expect(legend.locator(".heat-hatched")).to_have_count(1)
    expect(legend).to_contain_text(re.compile(r"n = 14, .*20\d\d"))
    expect(legend).to_contain_text("Source")
    expect(legend).to_contain_text("points chauds")
    expect(page.locator("#map .hot-outline--persistent")).to_have_count(1)


def _complaints_come_and_go(page: Page) -> None:
    """The complaints themselves, in the page's period: none until asked for; a heap opens its list."""
    expect(page.locator("#map button")).to_have_count(1)
    page.locator("#office-complaints").check()
    heap = page.locator("#map button.map-cell").first
    expect(heap).to_have_accessible_name(re.compile(r"Réclamations\s:\s\d+\s; ouvertes"))
    heap.press("Enter")
    expect(page.locator(".map-popup__list a").first).to_have_attribute("href", re.compile("/fr/desk/GRI-"))
    page.keyboard.press("Escape")
    page.locator("#office-complaints").uncheck()
    expect(page.locator("#map button.map-cell, #map button.map-pin")).to_have_count(0)


def _districts_sort(page: Page) -> None:
    table = page.locator("table[data-sortable]").filter(has=page.locator("th[scope=row]", has_text="w1")).last
    heading = table.locator("thead th").nth(1)
    heading.locator("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    falling = table.locator("tbody td:nth-child(2)").evaluate_all(
        "cells => cells.map(cell => Number(cell.dataset.order))"
    )
    assert falling == sorted(falling, reverse=True) and len(falling) == 4
    heading.locator("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")


_DARKEST = """() => {
  const canvas = document.querySelector(".leaflet-heatmap-layer");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.reduce((most, value, at) => (at % 4 === 3 && value > most ? value : most), 0) / 255;
}"""


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_the_map_to_take_away_opens_without_a_network(
    browser: Browser, city: Jurisdiction, office_user: User, filed: list[str], tmp_path: Path, size: dict[str, int]
) -> None:
    _last, before = filed
    filters = parse_filters(QueryDict(f"from={before}-01"), now=timezone.now(), jurisdiction=city)
    with translation.override("ar"):
        *_steps, content = draw(Office(office_user, filters, timezone.now(), public=True), Measure.PER_1000)
    file = tmp_path / "map.html"
    file.write_bytes(content)
    context = browser.new_context(viewport=size, offline=True)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    chart = page.locator(".folium-map")
    expect(chart).to_be_in_viewport(ratio=0.3)
    page.locator("input#slider").press("Home")
    expect(page.locator("#month")).not_to_be_empty()
    over = "of => Number(getComputedStyle(document.querySelector(of)).zIndex)"
    glow, districts = (page.evaluate(over, of) for of in (".leaflet-heatmap-layer", ".leaflet-overlay-pane svg"))
    assert glow > districts, "the glow lies over the districts"
    assert page.evaluate(_DARKEST) > 0.5, "and can be seen"
    # in the first months nothing was filed: every district is hatched
    few = page.locator(".leaflet-overlay-pane path").first
    expect(few).to_have_css("fill", re.compile("#few"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    context.close()
