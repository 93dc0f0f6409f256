"""Numbers as pages say them are rounded, not cut off."""

import pytest
from django.utils import translation

from analytics.numbers import rounded


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [(0.99, 1, "1.0"), (66.7, 0, "67"), (27, 0, "27"), (0.04, 1, "0.0"), (12.345, 2, "12.35")],
)
def test_a_number_is_rounded(value: float, decimals: int, said: str) -> None:
    with translation.override("en"):
        assert rounded(value, decimals) == said
