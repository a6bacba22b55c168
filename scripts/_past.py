"""Gives the simulated station a past: the statistics of the weather that it would have had, so that its graphs are not empty."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
import sys

from _api import HomeAssistant
from _smoke import Entity
from requirements import OURS

sys.path.insert(0, str(OURS.parents[1]))
from custom_components.anavi_weather import meteorology
from custom_components.anavi_weather.phat.simulator import Weather

DAYS = 30
SAMPLES = 12  # an hour
ARITHMETIC_MEAN = 1  # the recorder's name for it

# By the end of a sensor's unique id: its unit, and the recorder's name for the kind of unit.
SENSORS = {
    "temperature": ("°C", "temperature"),
    "dew_point": ("°C", "temperature"),
    "humidity": ("%", "unitless"),
    "pressure": ("hPa", "pressure"),
    "sea_level_pressure": ("hPa", "pressure"),
    "illuminance": ("lx", None),
}


async def import_past(home_assistant: HomeAssistant, entry_id: str, entities: Iterable[Entity]) -> None:
    """Import what the station's entities would have recorded in the days before this hour."""
    altitude = (await home_assistant.call("get_config"))["elevation"]
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=number) for number in range(DAYS * 24, 0, -1)]
    past = [list(_samples(entry_id, altitude, hour.timestamp())) for hour in hours]
    for entity in entities:
        # Of two, the longer: `…_sea_level_pressure` is not the pressure.
        key = max((key for key in SENSORS if entity.unique_id.endswith(f"_{key}")), key=len, default=None)
        if key is None:
            continue
        unit, unit_class = SENSORS[key]
        stats = []
        for hour, samples in zip(hours, past, strict=True):
            values = [sample[key] for sample in samples]
            mean = sum(values) / len(values)
            stats.append({"start": hour.isoformat(), "mean": mean, "min": min(values), "max": max(values)})
        metadata = {
            "has_sum": False,
            "mean_type": ARITHMETIC_MEAN,
            "name": None,
            "source": "recorder",
            "statistic_id": entity.entity_id,
            "unit_class": unit_class,
            "unit_of_measurement": unit,
        }
        await home_assistant.call("recorder/import_statistics", metadata=metadata, stats=stats)


def _samples(entry_id: str, altitude: float, begin: float) -> Iterator[dict[str, float]]:
    """Yield what the sensors would have read in an hour."""
    for number in range(SAMPLES):
        moment = begin + number * 3600 / SAMPLES
        air = Weather(entry_id, altitude, partial(float, moment))()
        yield {
            "temperature": air.temperature,
            "dew_point": meteorology.dew_point(air.temperature, air.humidity) or air.temperature,
            "humidity": air.humidity,
            "pressure": air.pressure,
            "sea_level_pressure": meteorology.sea_level_pressure(air.pressure, altitude, air.temperature),
            "illuminance": air.illuminance,
        }
