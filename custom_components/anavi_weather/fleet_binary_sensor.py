"""Binary sensors of a fleet: its connection, and the alerts of its server and of its stations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoredExtraData, RestoreEntity
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from .fleet_coordinator import FleetCoordinator
from .fleet_entity import FleetEntity, FleetStationEntity, async_follow_fleet
from .user_station.fleet import Alert, Fleet

ATTR_SINCE = "since"

MAX_DISK_USAGE = 85  # %; Elasticsearch puts no more indices on a disk that is fuller
EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class FleetBinarySensorEntityDescription(BinarySensorEntityDescription):
    """Description of an alert of a fleet's server."""

    is_on_fn: Callable[[Fleet], bool | None]


SERVER_ALERTS = (
    FleetBinarySensorEntityDescription(
        key="disk",
        translation_key="fleet_disk",
        device_class=BinarySensorDeviceClass.PROBLEM,
        is_on_fn=lambda fleet: None if fleet.disk_usage is None else fleet.disk_usage > MAX_DISK_USAGE,
    ),
    FleetBinarySensorEntityDescription(
        key="certificate",
        translation_key="fleet_certificate",
        device_class=BinarySensorDeviceClass.PROBLEM,
        is_on_fn=lambda fleet: (
            None if fleet.certificate_expires is None else fleet.certificate_expires - dt_util.utcnow() < EXPIRES_SOON
        ),
    ),
)

CONNECTED = BinarySensorEntityDescription(
    key="connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)

ALERTS = (
    BinarySensorEntityDescription(
        key=Alert.FROST, translation_key="fleet_frost", device_class=BinarySensorDeviceClass.COLD
    ),
    BinarySensorEntityDescription(
        key=Alert.HEAT, translation_key="fleet_heat", device_class=BinarySensorDeviceClass.HEAT
    ),
    BinarySensorEntityDescription(
        key=Alert.STORM, translation_key="fleet_storm", device_class=BinarySensorDeviceClass.SAFETY
    ),
    BinarySensorEntityDescription(
        key=Alert.SILENT, translation_key="fleet_silent", device_class=BinarySensorDeviceClass.PROBLEM
    ),
    BinarySensorEntityDescription(
        key=Alert.QUALITY, translation_key="fleet_quality", device_class=BinarySensorDeviceClass.PROBLEM
    ),
    BinarySensorEntityDescription(
        key=Alert.DOUBLE, translation_key="fleet_double", device_class=BinarySensorDeviceClass.PROBLEM
    ),
    BinarySensorEntityDescription(
        key=Alert.NEIGHBORS, translation_key="fleet_neighbors", device_class=BinarySensorDeviceClass.PROBLEM
    ),
    BinarySensorEntityDescription(
        key=Alert.DRIFT, translation_key="fleet_drift", device_class=BinarySensorDeviceClass.PROBLEM
    ),
)


def add_fleet_binary_sensors(coordinator: FleetCoordinator, async_add_entities: AddConfigEntryEntitiesCallback) -> None:
    """Add the binary sensors of a fleet, and those of its stations once they are known."""
    async_add_entities(
        [
            FleetConnectedBinarySensor(coordinator, CONNECTED),
            *(FleetBinarySensor(coordinator, description) for description in SERVER_ALERTS),
        ],
        config_subentry_id=coordinator.subentry.subentry_id,
    )
    async_follow_fleet(
        coordinator,
        async_add_entities,
        lambda station: [FleetAlertBinarySensor(coordinator, station, description) for description in ALERTS],
    )


class FleetConnectedBinarySensor(FleetEntity, BinarySensorEntity):
    """A sensor that is on while the summaries of the fleet can be read."""

    @property
    @override
    def available(self) -> bool:
        return True

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.last_update_success


class AlertEntity(CoordinatorEntity[FleetCoordinator], BinarySensorEntity, RestoreEntity):
    """An alert, which remembers over outages and restarts when it began, so that nobody is warned twice."""

    _since: datetime | None = None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if stored := await self.async_get_last_extra_data():
            self._since = dt_util.parse_datetime(str(stored.as_dict().get(ATTR_SINCE)))
        self._remember()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._remember()
        super()._handle_coordinator_update()

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {ATTR_SINCE: self._since} if self._since else {}

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        return RestoredExtraData({ATTR_SINCE: self._since})

    def _remember(self) -> None:
        """Remember when the alert began, also while it is unknown whether it is still on."""
        if not self.available or self.is_on is None:
            return
        self._since = (self._since or dt_util.utcnow()) if self.is_on else None


class FleetBinarySensor(FleetEntity, AlertEntity):
    """A sensor that is on while a fleet's server needs attention."""

    entity_description: FleetBinarySensorEntityDescription

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.is_on_fn(self.coordinator.data)


class FleetAlertBinarySensor(FleetStationEntity, AlertEntity):
    """A sensor that is on while a station of the fleet has an alert."""

    @property
    @override
    def is_on(self) -> bool | None:
        return self.summary.alerts.get(Alert(self.entity_description.key))
