"""Documents of stations of one region, some of which are wrong."""

from datetime import UTC, datetime
import json
import random
import time
from typing import Any

from custom_components.anavi_weather.meteorology import STANDARD_PRESSURE
from homeassistant.util.unit_conversion import PressureConverter, TemperatureConverter

from .files import Json

HOUR, DAY = 3600, 86400
HEALTHY = tuple(f"{number:032x}" for number in range(1, 7))
BIASED, WRONG_ALTITUDE, YOUNG, BLIND, DRIFTING = (letter * 32 for letter in "abcde")


class Stations:
    """Documents of stations of one region, at different altitudes."""

    def __init__(self) -> None:
        """Initialize without documents."""
        self._random = random.Random(1)
        self._lines: list[str] = []
        self._end = int(time.time()) // HOUR * HOUR
        self._renamed = 6 * HOUR  # before the end

    @property
    def bulk(self) -> bytes:
        """Return the body of a request."""
        return "".join(self._lines).encode()

    def send(self, station: str, altitude: float = 0.0, **more: Any) -> None:
        """Send the readings of a day."""
        hours = more.pop("hours", 24)
        for age in range(hours):
            at = self._end - age * HOUR - 600
            readings = self._air(at, altitude, **more)
            for key, (number, unit) in readings.items():
                self._add(station, key, at, unit, {"state": {"number": number}})

    def summarize(
        self, station: str, altitude: float = 0.0, drift: float = 0.0, bias: float = 0.0, **more: Any
    ) -> None:
        """Send the statistics of some weeks, in which a station drifts at the end."""
        self._renamed = 3 * DAY
        hours = more.pop("hours", more.pop("days", 28) * 24)
        for age in range(hours):
            at = self._end - (age + 1) * HOUR
            added = drift * max(1 - age * HOUR / (21 * DAY), 0)
            for key, (number, its_unit) in self._air(at, altitude, bias=bias + added, **more).items():
                self._add(station, key, at, its_unit, {"statistics": {"mean": number}})

    def _air(
        self,
        at: float,
        altitude: float,
        bias: float = 0.0,
        error: float = 0.0,
        unit: str = "°C",
        *,
        blind: bool = False,
    ) -> dict[str, tuple[float, str]]:
        """Return the readings at a time, in the units of the user."""
        hour = at / HOUR
        temperature = 10 - 0.0065 * altitude + 8 * ((hour % 24) / 24) + bias + self._random.gauss(0, 0.3)
        pressure = STANDARD_PRESSURE * (1 - 0.0065 * altitude / 288.15) ** 5.2559 + self._random.gauss(0, 0.2)
        sea_level = STANDARD_PRESSURE + error + self._random.gauss(0, 0.2)
        found = {"temperature": (TemperatureConverter.convert(temperature, "°C", unit), unit)}
        if not blind:
            pressure_unit = "inHg" if unit == "°F" else "hPa"
            for key, value in (("atmospheric_pressure", pressure), ("sea_level_pressure", sea_level)):
                found[key] = PressureConverter.convert(value, "hPa", pressure_unit), pressure_unit
        return found

    def _add(self, station: str, key: str, at: float, unit: str, value: Json) -> None:
        document = {
            "@timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
            "station": {"id": station, "name": name_of(station, at < self._end - self._renamed)},
            "entity": {"id": f"sensor.{key}", "platform": "anavi_weather", "key": key, "unit": unit},
        }
        self._lines.append('{"create":{}}\n' + json.dumps(document | value) + "\n")


def name_of(station: str, is_former: bool) -> str:
    """Return the name of a station. Each has been renamed."""
    return f"Zona {station[0]}" if is_former else f"Casa {station[-1]} da praia"
