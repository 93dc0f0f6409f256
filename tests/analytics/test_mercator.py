"""Places on the grid of map tiles and back."""

import pytest

from analytics.mercator import column_row, latitude_of, longitude_of


@pytest.mark.parametrize("place", [(-5.3684, 35.5727), (0.0, 0.0), (-118.2437, 34.0522), (179.5, -80.0)])
def test_a_place_comes_back_from_its_column_and_row(place: tuple[float, float]) -> None:
    column, row = column_row(*place, 17)
    assert (longitude_of(column, 17), latitude_of(row, 17)) == pytest.approx(place, abs=1e-9)


def test_the_world_is_one_square_and_tetouan_in_its_tile() -> None:
    assert (longitude_of(0, 0), longitude_of(1, 0)) == (-180, 180)
    assert latitude_of(0, 0) == pytest.approx(85.0511, abs=1e-4)
    assert [int(part) for part in column_row(-5.3684, 35.5727, 12)] == [1986, 1614]
