"""Writer of hourly statistics, which changes them as Home Assistant's own dialogs and integrations do."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import text

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    async_change_statistics_unit,
    async_import_statistics,
    async_update_statistics_metadata,
)
from homeassistant.core import HomeAssistant

START = datetime(2023, 1, 1, tzinfo=UTC)


def hour(number: int) -> datetime:
    """Return the beginning of an hour."""
    return START + timedelta(hours=number)


class Statistics:
    """Writer like the recorder's."""

    def __init__(self, hass: HomeAssistant, instance: Recorder) -> None:
        """Initialize the writer."""
        self.hass = hass
        self.instance = instance

    async def add(self, *means: float, first: int = 0, statistic_id: str = "sensor.t", unit: str = "°C") -> None:
        """Import means of consecutive hours, which overwrites those that exist."""
        stats = [
            StatisticData(start=hour(first + number), mean=mean, min=mean - 1, max=mean + 1)
            for number, mean in enumerate(means)
        ]
        await self._import(statistic_id, unit, stats, StatisticMeanType.ARITHMETIC, has_sum=False)

    async def add_sums(self, *sums: float, statistic_id: str = "sensor.energy") -> None:
        """Import sums of consecutive hours."""
        stats = [StatisticData(start=hour(number), state=value + 100, sum=value) for number, value in enumerate(sums)]
        await self._import(statistic_id, "kWh", stats, StatisticMeanType.NONE, has_sum=True)

    async def _import(
        self, statistic_id: str, unit: str, stats: list[StatisticData], mean_type: StatisticMeanType, *, has_sum: bool
    ) -> None:
        is_external = ":" in statistic_id
        metadata = StatisticMetaData(
            mean_type=mean_type,
            has_sum=has_sum,
            name="Imported" if is_external else None,
            source=statistic_id.partition(":")[0] if is_external else "recorder",
            statistic_id=statistic_id,
            unit_class={"°C": "temperature", "kWh": "energy"}.get(unit),
            unit_of_measurement=unit,
        )
        add = async_add_external_statistics if is_external else async_import_statistics
        add(self.hass, metadata, stats)
        await async_wait_recording_done(self.hass)

    async def adjust(self, statistic_id: str, number: int, by: float) -> None:
        """Adjust the sums from an hour on."""
        self.instance.async_adjust_statistics(statistic_id, hour(number), by, "kWh")
        await async_wait_recording_done(self.hass)

    async def convert(self, statistic_id: str, old: str, new: str) -> None:
        """Convert all values to another unit."""
        await async_change_statistics_unit(
            self.hass, statistic_id, new_unit_of_measurement=new, old_unit_of_measurement=old
        )
        await async_wait_recording_done(self.hass)

    async def rename(self, statistic_id: str, new: str) -> None:
        """Rename a statistic as the recorder does when its entity is renamed."""
        async_update_statistics_metadata(self.hass, statistic_id, new_statistic_id=new)
        await async_wait_recording_done(self.hass)

    async def clear(self, *statistic_ids: str) -> None:
        """Delete statistics."""
        self.instance.async_clear_statistics(list(statistic_ids))
        await async_wait_recording_done(self.hass)

    async def run(self, statement: str, **values: Any) -> None:
        """Change the database without the recorder's knowledge."""

        def run() -> None:
            assert self.instance.engine
            with self.instance.engine.begin() as connection:
                connection.execute(text(statement), values)

        await self.instance.async_add_executor_job(run)
