"""Sensor of the quality control, and the attribute of the readings that it suspects."""

from collections.abc import Mapping
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.const import EntityCategory

from .const import ATTR_QUALITY_FLAGS
from .coordinator import StationData
from .entity import AnaviWeatherEntity
from .phat import Quantity
from .quality import Check, is_checked

PASSED = "ok"

QUALITY = SensorEntityDescription(
    key="quality",
    translation_key="quality",
    device_class=SensorDeviceClass.ENUM,
    options=[PASSED, *Check],
    entity_category=EntityCategory.DIAGNOSTIC,
)


class QualitySensor(AnaviWeatherEntity, SensorEntity):
    """The most telling check that a reading of the station has failed."""

    @property
    @override
    def native_value(self) -> str | None:
        """Return the check, or None if there is nothing to check."""
        data = self.coordinator.data
        if not is_checked(data.sources):
            return None
        failed = {check for checks in data.flags.values() for check in checks}
        return next((check for check in Check if check in failed), PASSED)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, list[Check]]:
        """Return the checks that each quantity has failed."""
        return {quantity: list(checks) for quantity, checks in self.coordinator.data.flags.items()}


def flag_attributes(data: StationData, *quantities: Quantity) -> dict[str, list[Check]]:
    """Return the attribute of a reading that failed a check, or of a value derived from one. Others have none."""
    failed = {check for quantity in quantities for check in data.flags.get(quantity, ())}
    return {ATTR_QUALITY_FLAGS: [check for check in Check if check in failed]} if failed else {}
