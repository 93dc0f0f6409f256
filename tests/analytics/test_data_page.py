"""The open-data page: every column is explained, every download answers, the filter goes along."""

import csv
import io
import re
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from analytics.views.data import COLUMNS
from catalogue.models import Jurisdiction
from districts.models import BoundaryEdition, District
from tests.builders import build_complaint


@pytest.fixture
def filed(gridville: Jurisdiction) -> None:
    build_complaint("pothole", now=timezone.now())
    build_complaint("litter", at=(0.5, 1.5), now=timezone.now())
    build_complaint("domestic", now=timezone.now())


def read(client: Client, url: str) -> bytes:
    response = client.get(url)
    assert response.status_code == 200, url
    return b"".join(response) if response.streaming else response.content


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_every_download_answers(client: Client, language: str) -> None:
    html = client.get(f"/{language}/data/").content.decode()
    links = [unescape(url) for url in re.findall(r'href="(/api/v1/[^"]+)"', html)]
    assert len(links) >= 6
    for url in links:
        read(client, url)


@pytest.mark.usefixtures("filed")
def test_the_files_hold_what_the_page_says(client: Client) -> None:
    response = client.get("/en/data/?service=roads")
    assert response.context["count"] == 1
    url = next(file.url for file in response.context["complaints"] if file.format == "CSV")
    rows = list(csv.reader(io.StringIO(read(client, url).decode("utf-8-sig"))))
    assert len(rows) == 2
    explained = {name for names, _kind, _meaning in COLUMNS for name in names.split(", ")}
    assert set(rows[0]) == explained


@pytest.mark.usefixtures("filed")
def test_a_filter_that_cannot_be_read_is_named(client: Client) -> None:
    response = client.get("/en/data/?from=yesterday")
    assert response.status_code == 400 and "from:" in response.content.decode()


@pytest.mark.usefixtures("filed")
def test_the_form_shows_the_filter_that_the_files_have(client: Client, gridville: Jurisdiction) -> None:
    inner = District.objects.filter(jurisdiction=gridville).exclude(parent_code="").first()
    assert inner is not None
    html = client.get(f"/en/data/?district={inner.code}&state=open").content.decode()
    assert f'<option value="{inner.code}" selected>' in html
    assert '<option value="open" selected>' in html


@pytest.mark.usefixtures("filed")
def test_layers_and_the_citys_source_are_named_in_the_readers_language(client: Client, gridville: Jurisdiction) -> None:
    Jurisdiction.objects.filter(pk=gridville.pk).update(source={"fr": "Relevé", "ar": "المصدر", "en": "Survey"})
    BoundaryEdition.objects.filter(jurisdiction=gridville).update(source="Relevé")
    rows = client.get("/ar/data/").context["editions"]
    assert {source for _edition, _layer, source in rows} == {"المصدر"}
    assert rows[0][1] == "الأحياء" and "service-areas:roads" not in [layer for _edition, layer, _source in rows]
