"""What a share may be: against published values, and always around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.intervals import share_interval


@pytest.mark.parametrize(
    ("part", "of", "low", "high"),
    # Newcombe 1998, table I: Wilson's score without correction for continuity.
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_it_is_wilsons(part: int, of: int, low: float, high: float) -> None:
    assert share_interval(part, of) == pytest.approx((low, high), abs=0.01)


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_it_holds_the_share_and_stays_a_share(pair: tuple[int, int]) -> None:
    part, of = pair
    found = share_interval(part, of)
    assert found is not None
    low, high = found
    assert 0 <= low <= 100 * part / of + 1e-9 and 100 * part / of - 1e-9 <= high <= 100


def test_of_nothing_there_is_none() -> None:
    assert share_interval(0, 0) is None
