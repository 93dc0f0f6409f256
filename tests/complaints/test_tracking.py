"""Tracking numbers are found however they are typed; secret links open one complaint only, and only while valid."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.tracking import (
    ALPHABET,
    complaint_id_of,
    new_tracking_number,
    normalise_tracking_number,
    secret_token,
    token_matches,
)


def test_a_number_looks_like_the_contract_says() -> None:
    assert re.fullmatch(r"TET-[2-9A-Z]{4}-[2-9A-Z]{4}", new_tracking_number("TET"))
    assert not set("01ILO") & set(ALPHABET)


@pytest.mark.parametrize(
    "write",
    [
        str.lower,
        lambda n: n.replace("-", ""),
        lambda n: n.replace("-", " "),
        lambda n: f"  {n} ",
        lambda n: n.translate(str.maketrans("23456789", "٢٣٤٥٦٧٨٩")),
        lambda n: n.replace("-", "‑"),
    ],
)
def test_a_number_is_found_however_it_is_typed(write: Any) -> None:
    number = new_tracking_number("TET")
    assert normalise_tracking_number(write(number)) == number


@given(position=st.integers(0, 7), other=st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_noticed(position: int, other: str) -> None:
    number = new_tracking_number("TET")
    symbols = list(number[4:].replace("-", ""))
    if symbols[position] != other:
        symbols[position] = other
        assert normalise_tracking_number("TET" + "".join(symbols)) is None


@given(position=st.integers(0, 6))
def test_two_swapped_neighbours_are_noticed(position: int) -> None:
    symbols = list(new_tracking_number("TET")[4:].replace("-", ""))
    if symbols[position] != symbols[position + 1]:
        symbols[position], symbols[position + 1] = symbols[position + 1], symbols[position]
        assert normalise_tracking_number("TET" + "".join(symbols)) is None


@given(st.text(max_size=40))
def test_anything_else_is_no_number_and_no_crash(text: str) -> None:
    found = normalise_tracking_number(text)
    assert found is None or re.fullmatch(r"[A-Z0-9]{1,6}-[2-9A-Z]{4}-[2-9A-Z]{4}", found)


def test_a_token_opens_its_own_complaint_until_the_link_is_renewed() -> None:
    token = secret_token(42, 1)
    assert complaint_id_of(token) == 42
    assert token_matches(token, 42, 1)
    assert not token_matches(token, 42, 2)
    assert not token_matches(token, 43, 1)
    assert not token_matches(secret_token(42, 1, purpose="unsubscribe"), 42, 1)


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")))
def test_no_other_text_is_a_token(text: str) -> None:
    assert not token_matches(text, 42, 1)


def test_a_rotated_key_still_opens_old_links(settings: Any) -> None:
    token = secret_token(42, 1)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key altogether, long enough to be one"
    assert token_matches(token, 42, 1)
    settings.SECRET_KEY_FALLBACKS = []
    assert not token_matches(token, 42, 1)
