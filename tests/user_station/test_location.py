"""Tests of the precision of locations."""

import math

from hypothesis import given, strategies as st
import pytest

from custom_components.anavi_weather.user_station.location import Location, Precision, round_location

RADIUS = 6371.0  # km
WIDTHS = {Precision.ONE_KILOMETER: 1, Precision.TEN_KILOMETERS: 10}
HOME = Location(-23.5505199, -46.6333094, 763)

latitudes = st.floats(min_value=-90, max_value=90)
longitudes = st.floats(min_value=-180, max_value=180)
locations = st.builds(Location, latitudes, longitudes, st.floats(min_value=-430, max_value=8848))


def distance(one: Location, other: Location) -> float:
    """Return a distance in km (haversine)."""
    latitudes = [math.radians(location.latitude) for location in (one, other)]
    half = math.sin((latitudes[1] - latitudes[0]) / 2) ** 2
    half += math.prod(map(math.cos, latitudes)) * math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * RADIUS * math.asin(math.sqrt(min(1, half)))


def rounded(location: Location, precision: Precision) -> Location:
    """Return the location that is sent."""
    found = round_location(location, precision)
    assert found is not None
    return found


def test_nothing_is_sent_without_consent() -> None:
    assert round_location(HOME, Precision.NONE) is None


def test_an_exact_location_is_unchanged() -> None:
    assert round_location(HOME, Precision.EXACT) == HOME


@pytest.mark.parametrize(("precision", "elevation"), [(Precision.ONE_KILOMETER, 760), (Precision.TEN_KILOMETERS, 800)])
def test_an_elevation_is_rounded_too(precision: Precision, elevation: float) -> None:
    assert rounded(HOME, precision).elevation == elevation


@pytest.mark.parametrize("precision", WIDTHS)
@given(location=locations)
def test_a_rounded_location_is_in_the_same_cell(precision: Precision, location: Location) -> None:
    """The centers of the cells are at most half a diagonal away."""
    found = rounded(location, precision)
    assert distance(location, found) <= 0.72 * WIDTHS[precision]
    assert -90 <= found.latitude <= 90
    assert -180 <= found.longitude < 180


@pytest.mark.parametrize("precision", WIDTHS)
@given(location=locations, north=st.floats(-0.4, 0.4), east=st.floats(-0.4, 0.4))
def test_a_cell_has_one_location(precision: Precision, location: Location, north: float, east: float) -> None:
    """Otherwise many documents of one place would reveal where it is in its cell."""
    center = rounded(location, precision)
    width = WIDTHS[precision]
    shrinking = max(math.cos(math.radians(center.latitude)), 1e-6)
    degree = math.pi * RADIUS / 180
    if shrinking * 360 * degree < 10 * width:
        return  # the few cells around a pole are no squares
    moved = Location(
        max(-90, min(90, center.latitude + north * width / degree)),
        (center.longitude + 180 + east * width / degree / shrinking) % 360 - 180,
        center.elevation,
    )
    assert rounded(moved, precision) == center


def test_longitudes_have_no_seam() -> None:
    for precision in WIDTHS:
        assert rounded(Location(10, 179.9999, 0), precision) == rounded(Location(10, -179.9999, 0), precision)


def test_a_grid_is_as_coarse_as_chosen() -> None:
    """Stations of one city get few different locations."""
    city = [Location(-23.5 - row / 200, -46.6 - column / 200, 0) for row in range(20) for column in range(20)]
    counts = {precision: len({rounded(location, precision) for location in city}) for precision in WIDTHS}
    assert 100 <= counts[Precision.ONE_KILOMETER] <= 144
    assert counts[Precision.TEN_KILOMETERS] <= 6
