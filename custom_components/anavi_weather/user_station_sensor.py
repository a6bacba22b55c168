"""Sensors of the forwarding to a user station."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from .entity import UserStationEntity
from .user_station.forwarder import Forwarder


@dataclass(frozen=True, kw_only=True)
class UserStationSensorEntityDescription(SensorEntityDescription):
    """Description of a sensor of the forwarding to a user station."""

    value_fn: Callable[[Forwarder], int | datetime | None]


USER_STATION_SENSORS = (
    UserStationSensorEntityDescription(
        key="backlog",
        translation_key="backlog",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda forwarder: forwarder.status.backlog,
    ),
    UserStationSensorEntityDescription(
        key="last_stored",
        translation_key="last_stored",
        entity_category=EntityCategory.DIAGNOSTIC,
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda forwarder: (
            None
            if (stored_ts := forwarder.checkpoint.last_stored_ts) is None
            else dt_util.utc_from_timestamp(stored_ts)
        ),
    ),
    UserStationSensorEntityDescription(
        key="stored",
        translation_key="stored",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda forwarder: forwarder.checkpoint.stored_count,
    ),
    UserStationSensorEntityDescription(
        key="refused",
        translation_key="refused",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=lambda forwarder: forwarder.checkpoint.refused_count,
    ),
)


class UserStationSensor(UserStationEntity, SensorEntity):
    """A sensor of the forwarding to one user station."""

    entity_description: UserStationSensorEntityDescription

    @property
    @override
    def native_value(self) -> int | datetime | None:
        return self.entity_description.value_fn(self.forwarder)
