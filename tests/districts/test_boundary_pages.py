"""The administrators' pages: a file goes from upload to force and back, in each language, and nobody else may look."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from districts.importing import drafts
from districts.importing.comparing import work_on_comparisons
from districts.importing.drafts import KEPT, remove_old_drafts, work_on_drafts
from districts.models import BoundaryDraft, BoundaryEdition, DraftDefect, EditionActivation, EditionComparison
from tests.builders import build_gridville, build_staff
from tests.conftest import SignIn
from tests.districts.drawn import archive, collection, feature, quarters, square, write

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def overlapping() -> bytes:
    """Four columns, the first reaching into the second; the third wholly elsewhere named twice."""
    return collection([feature("a", square(0, 0, 1.1, 2), population=10), *quarters()[1:]])


@pytest.fixture
def client(administrator: User, signed_in: SignIn) -> Client:
    return signed_in(administrator)


def send(client: Client, content: bytes, name: str = "new.geojson", layer: str = "districts") -> int:
    file = SimpleUploadedFile(name, content)
    data = {"layer": layer, "file": file, "source": "Agence urbaine", "license": "ODbL-1.0", "data_date": "2026-10-01"}
    return client.post("/fr/boundaries/new/", data).status_code


def bring(client: Client, content: bytes, name: str = "new.geojson", layer: str = "districts") -> BoundaryDraft:
    """A file uploaded and read."""
    assert send(client, content, name, layer) == 302
    work()
    return BoundaryDraft.objects.latest("pk")


def work() -> None:
    work_on_drafts(now=timezone.now())
    work_on_comparisons(now=timezone.now())


def page(client: Client, draft: BoundaryDraft, query: str = "", language: str = "fr") -> str:
    response = client.get(f"/{language}/boundaries/files/{draft.public_id}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def choose(client: Client, draft: BoundaryDraft, **other: str) -> BoundaryDraft:
    """Take the fields as they were guessed, but for `other`, and have the file checked."""
    draft.refresh_from_db()
    layer = draft.offer["layers"][0]
    data = {"source_layer": layer["name"], **layer["guess"], **other}
    response = client.post(reverse("boundary_choose", args=[draft.public_id]), data)
    assert response.status_code == 302
    work()
    draft.refresh_from_db()
    return draft


def decide(client: Client, draft: BoundaryDraft, decision: str, **which: str) -> None:
    response = client.post(reverse("boundary_decide", args=[draft.public_id]), {"decision": decision, **which})
    assert response.status_code == 302


def store(client: Client, draft: BoundaryDraft) -> BoundaryEdition:
    client.post(reverse("boundary_store", args=[draft.public_id]))
    work()
    draft.refresh_from_db()
    assert draft.edition is not None
    return draft.edition


def test_a_file_goes_from_upload_to_force_and_back(client: Client) -> None:
    draft = bring(client, overlapping())
    assert draft.stage == "choosing"
    assert 'value="name_ar" selected' in page(client, draft)
    assert choose(client, draft).stage == "deciding"
    text = page(client, draft)
    assert "Chevauchement" in text and "24,61 ha" in text and "objet 2 (b), objet 1 (a)" in text
    client.post(reverse("boundary_store", args=[draft.public_id]))
    draft.refresh_from_db()
    assert draft.stage == "deciding", "what is open keeps the file out"
    decide(client, draft, "accept", key="overlap-2-1")
    edition = store(client, draft)
    assert (edition.number, edition.is_active, edition.imported_by, edition.origin) == (2, False, "adil", "file")
    assert (edition.source, str(edition.data_date), edition.file_name) == (
        "Agence urbaine",
        "2026-10-01",
        "new.geojson",
    )
    shown = client.get(reverse("boundary_edition", args=[edition.pk])).content.decode()
    assert "Comparée à l" in shown and "4 nouveaux" in shown
    client.post(reverse("boundary_activate", args=[edition.pk]), {"when": "now"})
    edition.refresh_from_db()
    assert edition.is_active and BoundaryEdition.objects.filter(layer="districts", is_active=True).count() == 1
    back = client.post(reverse("boundary_back", args=[edition.pk]))
    first = BoundaryEdition.objects.get(layer="districts", number=1)
    assert first.is_active and back["Location"].endswith(f"/boundaries/editions/{first.pk}/")


def test_decisions_are_made_one_by_one_by_kind_or_all_and_taken_back(client: Client) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0.03, 0], [0.04, 0.02], [0.04, 0], [0.03, 0.02], [0.03, 0]]]}
    draft = choose(
        client, bring(client, collection([feature("a", square(0, 0, 1.1, 2)), *quarters()[1:3], feature("d", bow_tie)]))
    )
    blocking = DraftDefect.objects.filter(draft=draft, blocks=True)
    assert set(blocking.values_list("code", flat=True)) == {"overlap", "invalid"}
    decide(client, draft, "keep", key="invalid-4")
    assert blocking.get(code="invalid").resolution == "", "what is invalid may not be kept"
    decide(client, draft, "keep", kind="overlap")
    assert blocking.get(code="overlap").resolution == "keep"
    decide(client, draft, "accept")
    assert set(blocking.values_list("resolution", flat=True)) == {"repair"}
    decide(client, draft, "open", key="overlap-2-1")
    assert blocking.get(code="overlap").resolution == ""
    assert "à décider" in page(client, draft, "?code=overlap")


def test_what_is_left_as_drawn_stays_as_drawn(client: Client) -> None:
    draft = choose(client, bring(client, overlapping()))
    decide(client, draft, "keep", key="overlap-2-1")
    edition = store(client, draft)
    assert edition.districts.get(code="a").geometry.extent[2] == pytest.approx(0.011)


def test_a_file_that_cannot_be_read_says_why(client: Client) -> None:
    draft = bring(client, archive({"../../x.geojson": collection(quarters())}), "bad.zip")
    assert draft.stage == "refused" and draft.queue_state == "done"
    assert "../../x.geojson" in page(client, draft)


def test_a_file_that_was_cut_off_is_refused_in_words(client: Client, tmp_path: Path) -> None:
    whole = write(tmp_path / "quarters.fgb", quarters()).read_bytes()
    draft = bring(client, whole[: len(whole) // 2], "quarters.fgb")
    draft.refresh_from_db()
    assert draft.stage == "refused" and draft.refused_code
    assert "ne peut pas être" in page(client, draft)


def test_an_empty_file_and_one_without_a_source_are_sent_back_with_what_was_typed(client: Client) -> None:
    response = client.post(
        "/fr/boundaries/new/", {"layer": "districts", "file": SimpleUploadedFile("a.json", b""), "license": "X-1"}
    )
    text = response.content.decode()
    assert response.status_code == 400 and "Le fichier est vide" in text and 'value="X-1"' in text
    assert not BoundaryDraft.objects.exists()


def test_other_fields_may_be_chosen_after_the_check(client: Client) -> None:
    draft = choose(client, bring(client, overlapping()))
    assert 'name="code"' in page(client, draft, "?fields")
    again = choose(client, draft, code="name_fr", name_fr="name_en")
    assert again.fields["code"] == "name_fr" and again.stage == "deciding"


def test_a_coordinate_system_may_be_named(client: Client) -> None:
    draft = bring(client, overlapping())
    response = client.post(reverse("boundary_choose", args=[draft.public_id]), {"crs_other": "Lambert", "code": "code"})
    assert response.status_code == 400 and "EPSG:26191" in response.content.decode()
    choose(client, draft, crs_other="26191")
    assert draft.crs == "EPSG:26191"


def test_one_of_several_layers_is_chosen(client: Client) -> None:
    data = archive({"old.geojson": collection(quarters()[:2]), "new.geojson": collection(quarters())})
    draft = bring(client, data, "both.zip")
    assert "source_layer=old" in page(client, draft)
    layer = draft.offer["layers"][0]
    client.post(reverse("boundary_choose", args=[draft.public_id]), {"source_layer": "old", **layer["guess"]})
    work()
    draft.refresh_from_db()
    assert (draft.source_layer, draft.read_count) == ("old", 2)


def test_an_edition_is_planned_for_a_day_and_the_plan_cancelled(client: Client) -> None:
    edition = store(client, choose(client, bring(client, collection(quarters()))))
    url = reverse("boundary_activate", args=[edition.pk])
    assert client.post(url, {"when": "date"}).status_code == 400
    assert client.post(url, {"when": "date", "day": "2001-01-01"}).status_code == 400
    day = (timezone.now() + 30 * DAY).date().isoformat()
    assert client.post(url, {"when": "date", "day": day}).status_code == 302
    assert EditionActivation.objects.filter(edition=edition, queue_state="due").count() == 1
    client.post(reverse("boundary_cancel", args=[edition.pk]))
    assert not EditionActivation.objects.filter(queue_state="due").exists()


def test_a_draft_is_discarded_with_its_file(client: Client, settings: Settings) -> None:
    draft = bring(client, overlapping())
    path = Path(settings.MEDIA_ROOT) / draft.path
    assert path.exists()
    client.post(reverse("boundary_discard", args=[draft.public_id]))
    assert not path.exists() and not BoundaryDraft.objects.exists()


def test_old_drafts_are_forgotten(client: Client, now: datetime) -> None:
    draft = bring(client, overlapping())
    assert remove_old_drafts(now=draft.uploaded_at + KEPT / 2) == 0
    assert remove_old_drafts(now=draft.uploaded_at + KEPT + DAY) == 1


def test_what_was_decided_is_kept_when_the_catalogue_changed_before_storing(
    client: Client, gridville: Jurisdiction
) -> None:
    areas = [feature("all", square(0, 0, 4, 2), unit="bin-team")]
    draft = choose(client, bring(client, collection(areas), layer="service-areas:cleanliness"))
    gridville.units.filter(code="bin-team").update(code="bins")
    client.post(reverse("boundary_store", args=[draft.public_id]))
    work()
    draft.refresh_from_db()
    assert draft.stage == "deciding" and draft.defects.get(blocks=True).code == "unknown_unit"


def test_a_worker_that_dies_leaves_the_file_to_the_next_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    send(client, overlapping())
    with monkeypatch.context() as dying:
        dying.setattr(drafts, "inspect_file", lambda *given, **named: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work_on_drafts(now=timezone.now())
    assert work_on_drafts(now=timezone.now()) == 0, "the lease still holds"
    assert work_on_drafts(now=timezone.now() + drafts.LEASE + DAY) == 1
    assert BoundaryDraft.objects.get().stage == "choosing"


def test_who_waits_is_told_for_what(client: Client) -> None:
    send(client, overlapping())
    send(client, overlapping(), "second.geojson")
    first, second = BoundaryDraft.objects.order_by("pk")
    assert "waits until the server is free" in page(client, first, language="en")
    assert "1 other file comes before it" in page(client, second, language="en")
    BoundaryDraft.objects.filter(pk=first.pk).update(leased_until=timezone.now() + DAY)
    assert "The file is being read" in page(client, first, language="en")


def test_only_administrators_of_the_city_come_in(
    client: Client, gridville: Jurisdiction, clerk: User, signed_in: SignIn
) -> None:
    draft = bring(client, overlapping())
    edition = BoundaryEdition.objects.get(layer="districts")
    pages = [
        "/fr/boundaries/", "/fr/boundaries/new/", reverse("boundary_draft", args=[draft.public_id]),
        reverse("boundary_draft_shapes", args=[draft.public_id]), reverse("boundary_edition", args=[edition.pk]),
        reverse("boundary_edition_shapes", args=[edition.pk]),
    ]  # fmt: skip
    assert {client.get(url).status_code for url in pages} == {200}
    assert {Client().get(url).status_code for url in pages} == {302}
    assert {signed_in(clerk).get(url).status_code for url in pages} == {403}
    other = build_gridville("elsewhere", "ELS", shift=10)
    stranger = signed_in(build_staff("sam", Role.ADMINISTRATOR, other))
    assert [stranger.get(url).status_code for url in pages] == [200, 200, 404, 404, 404, 404]
    verbs = [
        reverse(name, args=[draft.public_id])
        for name in ("boundary_choose", "boundary_decide", "boundary_store", "boundary_discard")
    ] + [reverse(name, args=[edition.pk]) for name in ("boundary_activate", "boundary_cancel", "boundary_back")]
    assert {stranger.post(url).status_code for url in verbs} == {404}
    assert {signed_in(clerk).post(url).status_code for url in verbs} == {403}


def test_the_menu_leads_administrators_there_and_nobody_else(client: Client, clerk: User, signed_in: SignIn) -> None:
    assert 'href="/fr/boundaries/"' in client.get("/fr/boundaries/").content.decode()
    assert 'href="/fr/boundaries/"' not in signed_in(clerk).get("/fr/desk/").content.decode()


def test_maps_get_features_defects_and_what_moves(client: Client) -> None:
    draft = choose(client, bring(client, overlapping()))
    shapes = client.get(reverse("boundary_draft_shapes", args=[draft.public_id])).json()
    assert len(shapes["features"]["features"]) == 4
    (overlap,) = shapes["defects"]["features"]
    assert overlap["properties"]["key"] == "overlap-2-1" and overlap["geometry"]["type"] == "Polygon"
    decide(client, draft, "accept")
    edition = store(client, draft)
    both = client.get(reverse("boundary_edition_shapes", args=[edition.pk])).json()
    assert (len(both["new"]["features"]), len(both["old"]["features"])) == (4, 6)
    assert len(both["moved"]["features"]) == EditionComparison.objects.get().changes.exclude(kind="same").count()


def test_old_and_new_are_told_apart_code_by_code(client: Client) -> None:
    first = store(client, choose(client, bring(client, collection(quarters()))))
    client.post(reverse("boundary_activate", args=[first.pk]), {"when": "now"})
    moved = [feature("a", square(0, 0, 0.9, 2), population=90), feature("b", square(0.9, 0, 2, 2), population=210)]
    renamed = {**quarters()[2], "properties": quarters()[2]["properties"] | {"name_fr": "Autre nom"}}
    second = store(
        client, choose(client, bring(client, collection([*moved, renamed, feature("e", square(3, 0, 4, 2))])))
    )
    text = client.get(reverse("boundary_edition", args=[second.pk])).content.decode()
    assert "2 retracés" in text and "1 nouveau" in text and "1 disparu" in text and "1 avec" in text
    changes = {change.code: change for change in EditionComparison.objects.get(edition=second).changes.all()}
    assert {code: change.kind for code, change in changes.items()} == {
        "a": "changed", "b": "changed", "c": "same", "d": "removed", "e": "added",
    }  # fmt: skip
    assert changes["a"].moved_m2 == pytest.approx(0.1 * 2 * 1113.2 * 1105.7, rel=0.01)
    assert "Autre nom" in text and "autres mots ou chiffres" in text


def test_who_will_answer_in_an_area_is_told_before_and_after(client: Client, gridville: Jurisdiction) -> None:
    def area(code: str, unit: str, priority: int) -> dict[str, object]:
        shape = square(0, 0, 4, 1) if code == "south" else square(0, 1, 4, 2)
        return feature(code, shape, service="cleanliness", unit=unit, priority=priority)

    for unit, priority in (("waste-north", 10), ("bin-team", 20)):
        sent = collection([area("north", unit, priority), area("south", "waste-south", 0)])
        draft = choose(client, bring(client, sent, "areas.geojson", "service-areas:cleanliness"))
        decide(client, draft, "accept")
        edition = store(client, draft)
        work()
        shown = client.get(f"/en/boundaries/editions/{edition.pk}/").content.decode()
        client.post(reverse("boundary_activate", args=[edition.pk]), {"when": "now"})
    assert "1 with other words or rules" in shown and "1 unchanged" in shown
    assert "waste-north en · priority 10" in shown and "bin-team en · priority 20" in shown


def test_a_fault_of_ours_is_tried_again_and_said_when_it_stays(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    send(client, overlapping())
    monkeypatch.setattr(drafts, "inspect_file", lambda *given, **named: 1 / 0)
    now = timezone.now()
    for day in range(10):
        work_on_drafts(now=now + day * DAY)
    draft = BoundaryDraft.objects.get()
    assert (draft.stage, draft.refused_code) == ("refused", "could_not_check")
    assert "la faute est à nous" in page(client, draft)


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_every_page_speaks_the_reader_s_language(client: Client, language: str) -> None:
    draft = choose(client, bring(client, overlapping()))
    decide(client, draft, "accept")
    words = {"fr": "Défauts", "ar": "العيوب", "en": "Defects"}[language]
    assert words in page(client, draft, language=language)
    assert client.get(f"/{language}/boundaries/").status_code == 200
    edition = store(client, draft)
    assert client.get(f"/{language}/boundaries/editions/{edition.pk}/").status_code == 200


def test_a_list_of_a_thousand_defects_asks_as_little_as_a_short_one(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    draft = choose(client, bring(client, overlapping()))
    DraftDefect.objects.bulk_create(
        DraftDefect(draft=draft, key=f"missing_name-{n}", code="missing_name", blocks=True, features=[1])
        for n in range(1000)
    )
    with django_assert_max_num_queries(16):
        text = page(client, draft)
    assert text.count('class="boundary-defect"') == 40
