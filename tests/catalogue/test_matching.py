"""Names are found as people type them: without accents, with any hamza, in Darija with Latin letters and digits."""

import pytest

from catalogue.matching import fold, score


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ensanche", "L'Ensanche"),
        ("mhanech", "M'hannech"),
        ("M’hannech", "Mhannech"),
        ("ecole", "École El Kendi"),
        ("مدينه عتيقه", "المدينة العتيقة"),
        ("الأزهر", "ازهر"),
        ("7ofra", "hofra"),
        ("lou9a", "luqa"),
        ("hofra", "7ofra f tri9"),
        ("زنقة ١٢", "زنقة 12"),
    ],
)
def test_it_is_found(typed: str, name: str) -> None:
    assert score(typed, [name]) > 0


@pytest.mark.parametrize(
    ("typed", "name"), [("lampe", "Poubelle"), ("", "Médina"), ("...", "Médina"), ("ab", "Cabane")]
)
def test_it_is_not_found(typed: str, name: str) -> None:
    assert score(typed, [name]) == 0


def test_a_whole_word_comes_before_a_beginning_and_a_part() -> None:
    whole, beginning, part = (score("bab", [name]) for name in ("Bab", "Babel", "Le Kebab"))
    assert whole > beginning > part > 0


def test_folding_twice_changes_nothing() -> None:
    for text in ("L'Ensanche", "المدينة العتيقة", "7ofra f tri9", "Boussaffou"):
        assert fold(fold(text)) == fold(text)
