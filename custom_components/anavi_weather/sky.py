"""State of the sky by day, from the illuminance."""

from enum import StrEnum
from math import exp, radians, sin, sqrt

SOLAR_ILLUMINANCE = 127_500.0  # lx, outside of the atmosphere at the mean distance from the sun
EXTINCTION = 0.21  # of a clear atmosphere
MIN_ELEVATION = 10.0  # degrees; below that, obstacles and lamps decide on the illuminance

# Parts of a clear sky's illuminance. The average overcast sky of the source below has 0.18 of it with a high sun, and 0.29
# with a low one. A photometer that gets less than a thick overcast lets through is not outdoors.
CLEAR_FROM = 0.7
PARTLY_CLOUDY_FROM = 0.35
CLOUDY_FROM = 0.05


class Sky(StrEnum):
    """State of the sky."""

    CLEAR = "clear"
    PARTLY_CLOUDY = "partly_cloudy"
    CLOUDY = "cloudy"


def clear_illuminance(elevation: float) -> float:
    """Return the horizontal illuminance under a clear sky, in lx.

    Source: Illuminating Engineering Society, *Recommended Practice for the Calculation of Daylight Availability* (RP-21,
    1984).

    Args:
        elevation: The sun's elevation in degrees, above 0.
    """
    height = sin(radians(elevation))
    sunlight = SOLAR_ILLUMINANCE * exp(-EXTINCTION / height) * height
    return sunlight + 800 + 15_500 * sqrt(height)


def sky(illuminance: float, elevation: float) -> Sky | None:
    """Return the sky that an illuminance belongs to.

    A photometer in a room says nothing about the sky. To one in the shade, the sky seems more cloudy than it is.

    Args:
        illuminance: The illuminance in lx, infinite if it is above the range.
        elevation: The sun's elevation in degrees.

    Returns:
        The sky, or None if the sun is too low, or there is less light than outdoors.
    """
    if elevation < MIN_ELEVATION:
        return None
    part = illuminance / clear_illuminance(elevation)
    if part >= CLEAR_FROM:
        return Sky.CLEAR
    if part >= PARTLY_CLOUDY_FROM:
        return Sky.PARTLY_CLOUDY
    return Sky.CLOUDY if part >= CLOUDY_FROM else None
