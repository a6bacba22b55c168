"""Buttons that send states again, those of commands, and those of a simulated remote control, which send to the receiver."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .command_buttons import CommandButtons
from .coordinator import AnaviWeatherConfigEntry
from .entity import InfraredPairEntity, UserStationEntity
from .exceptions import InvalidActionError
from .forwarding import loaded_user_stations
from .ir_codes import parse
from .permissions import async_require_admin
from .phat.simulated_lirc import SimulatedLirc
from .send_again import async_send_again_from, async_send_rejected_again
from .transceiver import Transceiver
from .user_station.forwarder import Forwarder

PARALLEL_UPDATES = 0

KEYS = {
    "power": "samsung32:0x07,0x02",
    "volume_up": "samsung32:0x07,0x07",
    "volume_down": "samsung32:0x07,0x0b",
}


async def _async_send_again_from_chosen_time(forwarder: Forwarder) -> None:
    if (start := forwarder.send_again_from) is None:
        raise InvalidActionError("start_missing")
    await async_send_again_from(forwarder, start)


@dataclass(frozen=True, kw_only=True)
class UserStationButtonEntityDescription(ButtonEntityDescription):
    """Description of a button of the forwarding to a user station."""

    press_fn: Callable[[Forwarder], Awaitable[None]]


USER_STATION_BUTTONS = (
    UserStationButtonEntityDescription(
        key="send_rejected_again",
        translation_key="send_rejected_again",
        entity_category=EntityCategory.CONFIG,
        press_fn=async_send_rejected_again,
    ),
    UserStationButtonEntityDescription(
        key="send_again",
        translation_key="send_again",
        entity_category=EntityCategory.CONFIG,
        press_fn=_async_send_again_from_chosen_time,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons. Only the simulated pHAT has keys, because a real board receives real remote controls."""
    for subentry, forwarder in loaded_user_stations(entry):
        async_add_entities(
            [UserStationButton(subentry, forwarder, description) for description in USER_STATION_BUTTONS],
            config_subentry_id=subentry.subentry_id,
        )
    station = entry.runtime_data
    if station.sender and station.codes.error is None:
        entry.async_on_unload(await CommandButtons(hass, entry, station.sender, async_add_entities).async_start())
    if station.transceiver and station.simulated_pair:
        async_add_entities(
            SimulatedKey(entry, station.transceiver, station.simulated_pair, key, code) for key, code in KEYS.items()
        )


class SimulatedKey(InfraredPairEntity, ButtonEntity):
    """A key of a television's remote control."""

    def __init__(
        self, entry: AnaviWeatherConfigEntry, transceiver: Transceiver, pair: SimulatedLirc, key: str, code: str
    ) -> None:
        """Initialize the button with the code it sends."""
        super().__init__(entry, transceiver, f"simulated_{key}")
        self._attr_translation_key = f"simulated_{key}"
        self._pair = pair
        self._command = parse(code)

    @override
    async def async_press(self) -> None:
        self._pair.press(self._command.get_raw_timings(), self._command.modulation)


class UserStationButton(UserStationEntity, ButtonEntity):
    """A button of the forwarding to one user station."""

    entity_description: UserStationButtonEntityDescription

    @override
    async def async_press(self) -> None:
        await async_require_admin(self.hass, self._context)
        await self.entity_description.press_fn(self.forwarder)
