"""Date and time from which a user station's states are sent again."""

from datetime import datetime
from typing import override

from homeassistant.components.datetime import DateTimeEntity, DateTimeEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AnaviWeatherConfigEntry
from .entity import UserStationEntity
from .forwarding import loaded_user_stations
from .send_again import start_as_utc

PARALLEL_UPDATES = 0

SEND_AGAIN_FROM = DateTimeEntityDescription(
    key="send_again_from", translation_key="send_again_from", entity_category=EntityCategory.CONFIG
)


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the date and time of each user station."""
    for subentry, forwarder in loaded_user_stations(entry):
        async_add_entities(
            [SendAgainFrom(subentry, forwarder, SEND_AGAIN_FROM)], config_subentry_id=subentry.subentry_id
        )


class SendAgainFrom(UserStationEntity, DateTimeEntity):
    """The date and time that the button of the same device uses. It is unknown until a user sets it."""

    @property
    @override
    def native_value(self) -> datetime | None:
        return self.forwarder.send_again_from

    @override
    async def async_set_value(self, value: datetime) -> None:
        self.forwarder.send_again_from = start_as_utc(value)
        self.async_write_ha_state()
