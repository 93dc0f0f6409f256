"""Names on the map stand inside their districts, once each, in the reader's language."""

import pytest
from django.contrib.gis.geos import Point
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from catalogue.models import Jurisdiction
from districts.choices import DistrictsOnMap, district_choices
from districts.models import District


def test_each_innermost_district_is_named_inside_itself(
    gridville: Jurisdiction, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        on_map = DistrictsOnMap(gridville.pk)
        labels, choices = on_map.labels, on_map.choices
    assert choices == district_choices(gridville.pk)
    active = District.objects.active().filter(jurisdiction=gridville)
    parents = set(active.values_list("parent_code", flat=True))
    inner = {district.name["fr"]: district for district in active if district.code not in parents}
    assert {name for _lon, _lat, name in labels} == set(inner) and len(labels) == len(inner)
    for longitude, latitude, name in labels:
        assert inner[name].geometry.covers(Point(longitude, latitude, srid=4326))


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_names_are_in_the_language_of_the_page(gridville: Jurisdiction, language: str) -> None:
    District.objects.update(name={"fr": "Ville", "ar": "المدينة", "en": "Town"})
    with translation.override(language):
        names = {name for _lon, _lat, name in DistrictsOnMap(gridville.pk).labels}
    assert names == {{"fr": "Ville", "ar": "المدينة", "en": "Town"}[language]}
