"""Switches that plug and unplug the chips of the simulated pHAT, to try dashboards and automations."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AnaviWeatherConfigEntry, AnaviWeatherCoordinator
from .entity import AnaviWeatherEntity, async_follow_chips
from .phat import ChipId
from .phat.simulator import OFFICIAL_CHIPS, SPARE_CHIP, Simulator

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: AnaviWeatherConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the slots of the simulated pHAT. A real board has none."""
    coordinator = entry.runtime_data.coordinator
    simulator = coordinator.simulator

    def create() -> list[AnaviWeatherEntity]:
        chips = (*OFFICIAL_CHIPS, SPARE_CHIP)
        return [SlotSwitch(coordinator, simulator, chip) for chip in chips] if simulator else []

    async_follow_chips(coordinator, async_add_entities, create)


class SlotSwitch(AnaviWeatherEntity, SwitchEntity):
    """A switch that is on while the chip is plugged in."""

    _attr_translation_key = "slot"

    def __init__(self, coordinator: AnaviWeatherCoordinator, simulator: Simulator, chip: ChipId) -> None:
        """Initialize the slot of a chip."""
        description = SwitchEntityDescription(
            key=f"slot_{chip.kind.lower()}_{chip.address:02x}", entity_category=EntityCategory.CONFIG
        )
        super().__init__(coordinator, description)
        self._simulator = simulator
        self._address = chip.address
        self._attr_translation_placeholders = {"chip": chip.kind}

    @property
    @override
    def is_on(self) -> bool:
        return self._address in self._simulator.plugged

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._simulator.plug(self._address)
        await self._async_read()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self._simulator.unplug(self._address)
        await self._async_read()

    async def _async_read(self) -> None:
        self.async_write_ha_state()
        await self.coordinator.async_request_refresh()
