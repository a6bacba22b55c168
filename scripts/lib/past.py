"""The simulated station's past weather, for its graphs, its tendency and its forecast."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched
import sys
import time

from api import HomeAssistant
from requirements import OURS
from smoke import Entity

from homeassistant.util.unit_conversion import BaseUnitConverter, PressureConverter, TemperatureConverter

sys.path.insert(0, str(OURS.parents[1]))
from custom_components.anavi_weather import meteorology
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import Weather

BATCH = 30 * 24  # hours in a message; Home Assistant refuses messages of over 4 MB
SAMPLES = 12  # per hour
DAY, STEP = 86_400, 180  # seconds: of the readings that are recorded, and between them
ARITHMETIC_MEAN = 1  # the recorder's name for it

# Unit and the recorder's unit class, by the key in a sensor's unique id
SENSORS = {
    "temperature": ("°C", "temperature"),
    "dew_point": ("°C", "temperature"),
    "humidity": ("%", "unitless"),
    "pressure": ("hPa", "pressure"),
    "sea_level_pressure": ("hPa", "pressure"),
    "illuminance": ("lx", None),
}
CONVERTERS: dict[str | None, type[BaseUnitConverter]] = {
    "temperature": TemperatureConverter,
    "pressure": PressureConverter,
}


async def import_past(home_assistant: HomeAssistant, entry_id: str, entities: Iterable[Entity], days: int) -> None:
    """Import statistics of the station's entities for the days before this hour, the newest first."""
    place = await home_assistant.call("get_config")
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    sensors = _sensors(entry_id, entities)
    for numbers in batched(range(1, days * 24 + 1), BATCH, strict=False):
        hours = [this_hour - timedelta(hours=number) for number in reversed(numbers)]
        past = [
            [
                _readings(_air(entry_id, place, hour.timestamp() + 3600 * sample / SAMPLES), place["elevation"])
                for sample in range(SAMPLES)
            ]
            for hour in hours
        ]
        for entity_id, key in sensors.items():
            values = ([sample[key] for sample in samples] for samples in past)
            stats = [_statistics(hour, found) for hour, found in zip(hours, values, strict=True)]
            await home_assistant.call(
                "recorder/import_statistics", metadata=_metadata(entity_id, *SENSORS[key]), stats=stats
            )


def _statistics(hour: datetime, values: Sequence[float]) -> dict[str, object]:
    """Return the statistics of an hour, as the recorder takes them."""
    mean = sum(values) / len(values)
    return {"start": hour.isoformat(), "mean": mean, "min": min(values), "max": max(values)}


def _metadata(entity_id: str, unit: str, unit_class: str | None) -> dict[str, object]:
    """Return the description of an entity's statistics, as the recorder takes it."""
    return {
        "has_sum": False,
        "mean_type": ARITHMETIC_MEAN,
        "name": None,
        "source": "recorder",
        "statistic_id": entity_id,
        "unit_class": unit_class,
        "unit_of_measurement": unit,
    }


async def record_day(home_assistant: HomeAssistant, entry_id: str, entities: Iterable[Entity]) -> None:
    """Record the last day's readings for the graphs, the tendency and the forecast, and reload the station."""
    place = await home_assistant.call("get_config")
    units = {
        state["entity_id"]: state["attributes"].get("unit_of_measurement")
        for state in await home_assistant.call("get_states")
    }
    now = time.time()
    moments = [now - STEP * number for number in range(DAY // STEP, 0, -1)]
    readings = [_readings(_air(entry_id, place, moment), place["elevation"]) for moment in moments]
    for entity_id, key in _sensors(entry_id, entities).items():
        texts = (_text(reading[key], key, units[entity_id]) for reading in readings)
        states = list(zip(texts, moments, strict=True))
        await home_assistant.call("simulated_past/record", entity_id=entity_id, states=states)
    await home_assistant.call(
        "call_service", domain="homeassistant", service="reload_config_entry", service_data={"entry_id": entry_id}
    )


def _sensors(entry_id: str, entities: Iterable[Entity]) -> dict[str, str]:
    """Return the keys of the sensors that have a past, by their entity ids."""
    keys = {entity.entity_id: entity.unique_id.removeprefix(f"{entry_id}_") for entity in entities}
    return {entity_id: key for entity_id, key in keys.items() if key in SENSORS}


def _text(number: float, key: str, unit: str) -> str:
    """Return the state of a sensor that shows a reading in this unit."""
    native, unit_class = SENSORS[key]
    converter = CONVERTERS.get(unit_class)
    return f"{converter.convert(number, native, unit) if converter else number:.4f}"


def _air(entry_id: str, place: Mapping[str, float], moment: float) -> Air:
    """Return the simulated air of a moment, at Home Assistant's place."""
    weather = Weather(entry_id, place["elevation"], partial(float, moment), longitude=place["longitude"])
    return weather()


def _readings(air: Air, altitude: float) -> dict[str, float]:
    """Return the sensors' readings in some air."""
    return {
        "temperature": air.temperature,
        "dew_point": meteorology.dew_point(air.temperature, air.humidity) or air.temperature,
        "humidity": air.humidity,
        "pressure": air.pressure,
        "sea_level_pressure": meteorology.sea_level_pressure(air.pressure, altitude, air.temperature),
        "illuminance": air.illuminance,
    }
