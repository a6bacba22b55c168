"""States of a remote station with the simulator's weather, in the form of the recorder's rows.

Entities and attributes are the ones that Home Assistant records of a simulated pHAT. Values are from the weather, with the
same rounding. Only changes are recorded.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
import json
import random
from typing import NamedTuple

from custom_components.anavi_weather import meteorology
from custom_components.anavi_weather.const import DEFAULT_INTERVAL, DOMAIN
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import Weather
from custom_components.anavi_weather.user_station.documents import Origin
from custom_components.anavi_weather.user_station.recorder_rows import Row

ALTITUDE = 760.0  # m
DEVICE = "Simulated pHAT"
TENDENCY = 10_800.0  # seconds
STATUS_INTERVAL = 60.0  # seconds; forwarding's own status
LARGE_INTERVAL = 225.0  # seconds; an integration with large attributes that always differ


class Moment(NamedTuple):
    """Inputs of a reading."""

    time: float
    air: Air
    tendency: float
    """Change of the pressure in three hours, in hPa."""
    written: int
    """Number of rows so far."""

    @property
    def sea_level_pressure(self) -> float:
        """Return the pressure at sea level, in hPa."""
        return meteorology.sea_level_pressure(self.air.pressure, ALTITUDE, self.air.temperature)


class Entity(NamedTuple):
    """Entity in the recorder and in the entity registry."""

    entity_id: str
    attributes: str
    """JSON."""
    origin: Origin
    value: Callable[[Moment], str]
    interval: float = DEFAULT_INTERVAL
    """Seconds between two readings."""


def _sensor(name: str, key: str, unit: str, device_class: str, value: Callable[[Moment], str]) -> Entity:
    attributes = {
        "state_class": "measurement",
        "unit_of_measurement": unit,
        "device_class": device_class,
        "friendly_name": f"{DEVICE} {name}",
    }
    object_id = f"{DEVICE} {name}".lower().replace(" ", "_").replace("-", "_")
    return Entity(f"sensor.{object_id}", _json(attributes), Origin(DOMAIN, key), value)


def _plain(entity_id: str, key: str, attributes: dict[str, str], value: Callable[[Moment], str]) -> Entity:
    return Entity(entity_id, _json(attributes), Origin(DOMAIN, key), value, STATUS_INTERVAL)


def _json(attributes: Mapping[str, object]) -> str:
    return json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))


def _number(value: float) -> str:
    return str(round(value, 2))


ENTITIES = (
    _sensor("Temperature", "temperature", "°C", "temperature", lambda moment: _number(moment.air.temperature)),
    _sensor("Humidity", "humidity", "%", "humidity", lambda moment: _number(moment.air.humidity)),
    _sensor(
        "Atmospheric pressure",
        "atmospheric_pressure",
        "hPa",
        "atmospheric_pressure",
        lambda moment: _number(moment.air.pressure),
    ),
    _sensor("Illuminance", "illuminance", "lx", "illuminance", lambda moment: _number(moment.air.illuminance)),
    _sensor(
        "Dew point",
        "dew_point",
        "°C",
        "temperature",
        lambda moment: _number(meteorology.dew_point(moment.air.temperature, moment.air.humidity) or 0.0),
    ),
    _sensor(
        "Sea-level pressure",
        "sea_level_pressure",
        "hPa",
        "atmospheric_pressure",
        lambda moment: _number(moment.sea_level_pressure),
    ),
    _sensor("Pressure tendency", "pressure_tendency", "hPa", "pressure", lambda moment: str(round(moment.tendency, 1))),
    _plain(
        "sensor.simulated_phat_forecast",
        "forecast",
        {"device_class": "enum", "friendly_name": f"{DEVICE} Forecast"},
        lambda moment: meteorology.forecast(
            moment.sea_level_pressure, moment.tendency, datetime.fromtimestamp(moment.time, UTC).month, True
        ),
    ),
    _plain(
        "sensor.simulated_phat_errors",
        "errors",
        {
            "state_class": "total_increasing",
            "unit_of_measurement": "errors",
            "friendly_name": f"{DEVICE} Errors",
        },
        lambda moment: "0",
    ),
    _plain(
        "binary_sensor.simulated_phat_light_above_range",
        "illuminance_above_range",
        {"device_class": "problem", "friendly_name": f"{DEVICE} Light above range"},
        lambda moment: "on" if moment.air.illuminance > 121_000 else "off",
    ),
    _plain(
        "sensor.user_station_stored",
        "stored",
        {"state_class": "total", "unit_of_measurement": "states", "friendly_name": "User station Stored"},
        lambda moment: str(moment.written),
    ),
    _plain(
        "sensor.user_station_last_stored",
        "last_stored",
        {"device_class": "timestamp", "friendly_name": "User station Last stored"},
        lambda moment: datetime.fromtimestamp(moment.time - 5, UTC).isoformat(timespec="seconds"),
    ),
)
LARGE_ID = "sensor.energy_price"
ORIGINS = {entity.entity_id: entity.origin for entity in ENTITIES} | {LARGE_ID: Origin("energy_price", None)}


def rows(seed: int, start: float, *, large: bool = False) -> Iterator[Row]:
    """Yield the rows of a station, without end.

    Args:
        seed: Selects the weather.
        start: The time of the first reading, in seconds since 1970.
        large: Whether to add an entity with large attributes.
    """
    now = start
    weather = Weather(seed, ALTITUDE, lambda: now)
    generator = random.Random(seed)
    ids = count(1)
    last: dict[str, str] = {}
    looked: dict[str, float] = {}
    large_at = start

    def row(entity_id: str, state: str, attributes: str) -> Row:
        # The entities of one reading are written one after another
        return Row(next(ids), entity_id, state, round(now + generator.uniform(0, 0.01), 6), None, attributes, 0)

    written = 0
    while True:
        now -= TENDENCY
        past = weather().pressure
        now += TENDENCY
        air = weather()
        moment = Moment(now, air, air.pressure - past, written)
        for entity in ENTITIES:
            if now - looked.get(entity.entity_id, 0.0) < entity.interval:
                continue
            looked[entity.entity_id] = now
            if (value := entity.value(moment)) != last.get(entity.entity_id):
                last[entity.entity_id] = value
                written += 1
                yield row(entity.entity_id, value, entity.attributes)
        if large and now >= large_at:
            large_at += LARGE_INTERVAL
            written += 1
            yield row(LARGE_ID, _number(generator.uniform(0.3, 1.2)), _large_attributes(now, generator))
        now += DEFAULT_INTERVAL


def states_per_day(seed: int = 0) -> int:
    """Return the number of states that a station records in a day."""
    day = 1_795_500_000.0
    return next(n for n, row in enumerate(rows(seed, day)) if (row.last_updated_ts or 0.0) >= day + 86_400)


def _large_attributes(now: float, generator: random.Random) -> str:
    """Return about 3 kB of attributes: hourly prices of two days."""
    prices = [
        {
            "start": datetime.fromtimestamp(now + hour * 3600, UTC).isoformat(timespec="seconds"),
            "price": round(generator.uniform(0.3, 1.2), 4),
        }
        for hour in range(48)
    ]
    return _json({"unit_of_measurement": "BRL/kWh", "friendly_name": "Energy price", "prices": prices})
