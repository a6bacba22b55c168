"""Location of a station, rounded as its user chose. Nothing is sent without that choice."""

from collections.abc import Mapping
from enum import StrEnum
import math
from typing import NamedTuple

DEGREE = 111.195  # km along a meridian, on a sphere of 6371 km
DECIMALS = 4  # about 10 m

# Attributes of trackers, zones and people. `Location` is that of the companion apps' geocoded location
COORDINATES = frozenset({"latitude", "longitude", "Location"})


class Precision(StrEnum):
    """How precisely a station's location is sent."""

    NONE = "none"
    EXACT = "exact"
    ONE_KILOMETER = "one_kilometer"
    TEN_KILOMETERS = "ten_kilometers"


# The width of the grid in km, and the step of the elevation in m: an exact elevation would show where in a cell the station is
GRIDS = {Precision.ONE_KILOMETER: (1, 10), Precision.TEN_KILOMETERS: (10, 100)}


class Location(NamedTuple):
    """A location, and its elevation in m."""

    latitude: float
    longitude: float
    elevation: float

    @property
    def point(self) -> Mapping[str, float]:
        """Return the point as Elasticsearch's `geo_point` has it."""
        return {"lat": self.latitude, "lon": self.longitude}


def round_location(location: Location, precision: Precision) -> Location | None:
    """Return a location as precisely as it may be sent, or None if it may not be sent.

    All locations in a cell of a fixed grid become the same one, so many documents reveal no more than one does.
    """
    if precision is Precision.NONE:
        return None
    if precision is Precision.EXACT:
        return location
    width, step = GRIDS[precision]
    rows = round(180 * DEGREE / width)
    row = round((location.latitude + 90) * rows / 180)
    latitude = row * 180 / rows - 90
    # Degrees of longitude shrink towards the poles, so that each row has its own number of cells
    columns = max(1, round(360 * DEGREE * math.cos(math.radians(latitude)) / width))
    column = round((location.longitude + 180) * columns / 360) % columns
    longitude = column * 360 / columns - 180
    return Location(
        round(latitude, DECIMALS), round(longitude, DECIMALS), float(round(location.elevation / step) * step)
    )
