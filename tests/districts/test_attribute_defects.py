"""Codes, names and references: guessed from any file, and everything that is missing or double is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from districts.topology.attributes import as_code
from districts.topology.encodings import judge, known_codec
from districts.topology.fields import Known, guess_fields
from tests.districts.drawn import collection, feature, quarters, square, zipped_shapefile
from tests.districts.examined import Refused, examined

ARABIC = ["تطوان المدينة", "حي المطار", "باب العقلة", "سيدي المنظري"]


def renamed(**names: Any) -> list[dict[str, Any]]:
    """The four columns with other properties: `renamed(nom=["A", …])`."""
    return [
        {**one, "properties": {name: values[n] for name, values in names.items()}} for n, one in enumerate(quarters())
    ]


def test_fields_are_told_by_their_names_and_letters() -> None:
    known = Known(languages=("fr", "ar", "en"))
    fields = ["OBJECTID", "Code_Quart", "nom", "nom_arabe", "NAME_EN", "Niveau", "Populati_1"]
    columns: list[list[Any]] = [
        [1, 2],
        ["q1", "q2"],
        ["Médina", "Gare"],
        ["المدينة", "المحطة"],
        ["Medina", "Station"],
        [1, 1],
        [10, 20],
    ]
    assert guess_fields(fields, columns, known) == {
        "code": "Code_Quart", "name_fr": "nom", "name_ar": "nom_arabe", "name_en": "NAME_EN", "level": "Niveau",
        "population": "Populati_1",
    }  # fmt: skip


def test_a_name_in_arabic_letters_is_the_arabic_one() -> None:
    known = Known(languages=("fr", "ar"))
    assert guess_fields(["id", "name"], [["1", "2"], ["المدينة", "المحطة"]], known) == {"code": "id", "name_ar": "name"}


def test_fields_that_somebody_chooses_stand() -> None:
    features = renamed(
        x=["k1", "k2", "k3", "k4"], y=list("abcd"), name_fr=list("ABCD"), name_ar=ARABIC, name_en=list("ABCD")
    )
    found = examined(collection(features), fields={"code": "x"})
    assert [f["code"] for f in found.header["features"]] == ["k1", "k2", "k3", "k4"]


def test_a_field_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(Refused) as refused:
        examined(collection(quarters()), fields={"code": "insee"})
    assert (refused.value.code, refused.value.params["field"]) == ("unknown_field", "insee")
    assert "code" in refused.value.params["fields"]


@pytest.mark.parametrize(
    ("given", "code"),
    [("03.531.05.11.", "03-531-05-11"), ("Aïn Khabbaz", "ain-khabbaz"), ("A", "a"), ("المدينة", ""), ("--", "")],
)
def test_codes_are_written_in_our_alphabet(given: str, code: str) -> None:
    assert as_code(given) == code


def test_rewritten_codes_are_told_once() -> None:
    features = [{**one, "properties": one["properties"] | {"code": f"0{n}.1."}} for n, one in enumerate(quarters())]
    found = examined(collection(features))
    assert (found.ready, found.remarks) == (True, ["codes_rewritten"])
    assert [f["code"] for f in found.header["features"]] == ["00-1", "01-1", "02-1", "03-1"]


def test_a_missing_code_is_named_and_made_of_the_name_when_accepted() -> None:
    features = quarters()
    features[1]["properties"] |= {"code": None, "name_fr": "Bab Oqla"}
    found = examined(collection(features))
    assert (found.codes, found.one("missing_code")["features"]) == (["missing_code"], [2])
    assert examined(collection(features), accept=["all"]).header["features"][1]["code"] == "bab-oqla"


def test_two_things_of_one_code_get_codes_of_their_own_when_accepted() -> None:
    features = quarters()
    features[1]["properties"]["code"] = "a"
    found = examined(collection(features))
    assert (found.codes, found.one("duplicate_code")["features"]) == (["duplicate_code"], [1, 2])
    again = examined(collection(features), accept=["all"])
    assert [f["code"] for f in again.header["features"]] == ["a", "a-2", "c", "d"]


def test_a_code_stays_with_what_has_it_today_and_the_other_gets_its_own_back() -> None:
    features = quarters()
    features[0]["properties"]["code"] = "b"
    today = {f["properties"]["code"]: {"name": {"fr": f["properties"]["name_fr"]}} for f in quarters()}
    found = examined(collection(features), known={"today": today})
    assert found.one("duplicate_code")["params"]["proposal"] == "a"
    again = examined(collection(features), known={"today": today}, accept=["all"])
    assert [f["code"] for f in again.header["features"]] == ["a", "b", "c", "d"]


def test_parts_of_one_thing_are_joined_when_accepted() -> None:
    features = [feature("a", square(0, 0, 1, 1)), feature("a", square(0, 1, 1, 2)), *quarters()[1:]]
    found = examined(collection(features))
    assert (found.codes, found.one("duplicate_code")["repair"]) == (["duplicate_code"], "join")
    joined = examined(collection(features), accept=["all"])
    assert joined.shape("a").equals(square(0, 0, 1, 2)) and len(joined.shapes) == 4


def test_a_missing_name_is_named_with_its_language_and_today_s_is_proposed() -> None:
    features = quarters()
    features[2]["properties"]["name_ar"] = ""
    found = examined(collection(features), known={"today": {"c": {"name": {"ar": "اسم اليوم"}}}})
    assert found.codes == ["missing_name"]
    assert found.one("missing_name")["params"] == {"languages": ["ar"], "proposal": "اسم اليوم"}


def test_a_language_without_a_field_is_named_once() -> None:
    features = renamed(code=list("abcd"), nom=["Un", "Deux", "Trois", "Quatre"])
    found = examined(collection(features))
    assert found.codes == ["no_name_field"]
    assert found.one("no_name_field")["params"]["languages"] == ["ar", "en"]
    assert examined(collection(features), accept=["all"]).header["features"][0]["name"] == {
        "fr": "Un",
        "ar": "Un",
        "en": "Un",
    }


def test_levels_and_populations_that_the_file_leaves_out_are_taken_from_today_only_when_accepted() -> None:
    features = [
        {**one, "properties": {k: v for k, v in one["properties"].items() if k not in ("level", "population")}}
        for one in quarters()
    ]
    today = {code: {"name": {}, "level": 2, "parent": "", "population": 7} for code in "ab"}
    found = examined(collection(features), known={"today": today})
    assert set(found.codes) == {"no_level_field", "no_population_field"}
    taken = examined(collection(features), known={"today": today}, accept=["all"]).header["features"]
    assert [(f["level"], f["parent"], f["population"]) for f in taken] == [
        (2, "", 7),
        (2, "", 7),
        (1, "", None),
        (1, "", None),
    ]
    without = examined(collection(features), known={"today": today}, keep=["all"]).header["features"]
    assert {(f["level"], f["population"]) for f in without} == {(1, None)}


@pytest.mark.parametrize(
    ("property", "value", "code"),
    [("level", "high", "bad_level"), ("population", "many", "bad_population"), ("parent", "nobody", "bad_parent")],
)
def test_values_that_make_no_sense_are_named(property: str, value: str, code: str) -> None:
    features = quarters()
    features[3]["properties"] |= {property: value}
    found = examined(collection(features))
    assert code in found.codes and found.one(code)["features"] == [4]


AREAS = {"kind": "service-areas", "service": "cleanliness", "units": ["north", "south"], "categories": ["litter"]}


def test_service_areas_need_a_unit_that_exists() -> None:
    features = [
        feature("a", square(0, 0, 2, 2), unit="north", priority=3, category="litter", service="cleanliness"),
        feature("b", square(2, 0, 3, 2), unit="nobody", priority="x", category="noise"),
        feature("c", square(3, 0, 4, 2), priority=1),
        feature("d", square(3, 0, 4, 2), service="roads", unit="roads"),
    ]
    found = examined(collection(features), known=AREAS)
    assert sorted(found.codes) == ["bad_priority", "missing_unit", "unknown_category", "unknown_unit"]
    assert "other_service" in found.remarks
    assert found.one("unknown_unit")["params"]["known"] == ["north", "south"]
    (first, *_rest) = found.header["features"]
    assert (first["unit"], first["category"], first["priority"]) == ("north", "litter", 3)


@pytest.mark.parametrize(
    ("names", "encoding", "cpg", "codes"),
    [
        (ARABIC, "cp1256", "UTF-8", ["wrong_encoding"]),
        (ARABIC, "cp1256", "ISO-8859-1", ["wrong_encoding"]),
        (ARABIC, "cp1256", None, ["encoding_missing"]),
        (ARABIC, "cp1256", "windows-1256", []),
        (ARABIC, "UTF-8", None, []),
        (["Médina", "Été", "Forêt", "Plaine"], "ISO-8859-1", "UTF-8", ["wrong_encoding"]),
        (["Médina", "Été", "Forêt", "Plaine"], "ISO-8859-1", "88591", []),
    ],
)
def test_texts_of_a_shapefile_are_read_in_their_own_alphabet(
    tmp_path: Path, names: list[str], encoding: str, cpg: str | None, codes: list[str]
) -> None:
    features = renamed(code=list("abcd"), nom=names)
    path = zipped_shapefile(tmp_path, features, encoding=encoding, cpg=cpg)
    fields = {"name_ar": "nom", "name_fr": "nom", "name_en": "nom"}
    found = examined(path.read_bytes(), path.name, fields=fields)
    assert found.codes == codes
    accepted = examined(path.read_bytes(), path.name, fields=fields, accept=["all"])
    assert [f["name"]["fr"] for f in accepted.header["features"]] == names


def test_an_alphabet_that_somebody_names_is_used(tmp_path: Path) -> None:
    path = zipped_shapefile(tmp_path, renamed(code=list("abcd"), nom=ARABIC), encoding="cp1256", cpg="UTF-8")
    found = examined(path.read_bytes(), path.name, encoding="windows-1256", accept=["no_name_field"])
    assert found.ready and found.header["features"][0]["name"]["ar"] == ARABIC[0]
    with pytest.raises(Refused) as refused:
        examined(path.read_bytes(), path.name, encoding="klingon")
    assert refused.value.code == "unknown_encoding"


def test_geojson_in_another_alphabet_than_utf8_is_named() -> None:
    text = collection(renamed(code=list("abcd"), nom=["Médina", "Été", "Forêt", "Plaine"]))
    latin = text.decode("unicode-escape").encode("latin-1")
    found = examined(latin, fields={f"name_{language}": "nom" for language in ("fr", "ar", "en")})
    assert (found.codes, found.one("wrong_encoding")["params"]["encoding"]) == (["wrong_encoding"], "cp1252")


@pytest.mark.parametrize(
    ("names", "mended"),
    [
        (["TÃ©touan", "ForÃªt", "Ã‰tÃ©", "Plaine"], "Tétouan"),
        ([text.encode("cp1256").decode("cp1252") for text in ARABIC], ARABIC[0]),
    ],
)
def test_names_that_were_misread_before_are_named_and_mended_when_accepted(names: list[str], mended: str) -> None:
    features = renamed(code=list("abcd"), name_fr=names, name_ar=names, name_en=names)
    found = examined(collection(features))
    assert found.codes == ["misread_names"]
    assert examined(collection(features), accept=["all"]).header["features"][0]["name"]["fr"] == mended


def test_letters_that_are_lost_are_named() -> None:
    features = renamed(code=list("abcd"), name_fr=["T?????n", "b", "c", "d"], name_ar=ARABIC, name_en=list("abcd"))
    assert examined(collection(features)).codes == ["lost_letters"]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("windows-1256", "cp1256"),
        ("1256", "cp1256"),
        ("CP1252", "cp1252"),
        ("ISO-8859-6", "iso8859-6"),
        ("utf8", "utf-8"),
        ("65001", "utf-8"),
        ("base64", ""),
        ("zip", ""),
        ("", ""),
    ],
)
def test_names_of_alphabets_are_understood(name: str, codec: str) -> None:
    assert known_codec(name) == codec


def test_french_in_windows_1256_stays_french() -> None:
    verdict = judge([text.encode("cp1256") for text in ("Médina", "forêt", "à côté")], "")
    assert [text.encode("cp1256").decode(verdict.encoding) for text in ("Médina", "à côté")] == ["Médina", "à côté"]


def test_the_national_total_at_two_places_is_told() -> None:
    features = [
        *quarters(),
        feature("e", square(0, 2, 1, 3), population=36_828_330),
        feature("f", square(1, 2, 2, 3), population=36_828_330),
    ]
    found = examined(collection(features), city={"bounds": [0, 0, 0.04, 0.03]})
    assert found.one("repeated_population")["features"] == [5, 6]
    assert np.isfinite([f["area_m2"] for f in found.header["features"]]).all()
