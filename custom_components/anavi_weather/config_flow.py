"""Config flow of a remote station."""

from collections.abc import Callable
from itertools import count
import re
from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig, SelectSelectorMode

from .const import CONF_BUS, CONF_CHIPS, DOMAIN, LOGGER, SUBENTRY_FLEET, SUBENTRY_INFRARED_DEVICE, SUBENTRY_USER_STATION
from .fleet_flow import FleetFlow
from .infrared_device_flow import InfraredDeviceFlow
from .installation import async_error_key
from .options_flow import AnaviWeatherOptionsFlow
from .panel import URL_PATH, async_add_panel, async_can_add_panel
from .phat import BusError, BusNotFoundError, ChipId, Detection, Phat, Quantity, board, likely_chips, quantities
from .phat.lirc import linux_ports
from .phat.simulator import Simulator, is_simulated, simulated_buses
from .texts import async_error_text, async_text
from .transceiver import has_infrared_pair, infrared_pair_owner
from .user_station_flow import UserStationFlow

NO_ADDRESS = "–"
_NUMBER = re.compile(r" [0-9]+$")


class AnaviWeatherConfigFlow(ConfigFlow, domain=DOMAIN):
    """Config flow that adds a remote station or moves it to another bus."""

    VERSION = 2  # 1.0.0 would delete the entities of the station from the registry

    def __init__(self) -> None:
        """Initialize the flow."""
        self._bus = ""
        self._detection = Detection((), (), ())
        self._adds_panel = False

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> AnaviWeatherOptionsFlow:
        return AnaviWeatherOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        return {
            SUBENTRY_FLEET: FleetFlow,
            SUBENTRY_INFRARED_DEVICE: InfraredDeviceFlow,
            SUBENTRY_USER_STATION: UserStationFlow,
        }

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Select a bus."""
        return await self._async_step_bus("user", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Select the bus again and rescan it."""
        return await self._async_step_bus("reconfigure", user_input)

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the detected chips and confirm."""
        if user_input is None:
            has_others = self._detection.foreign or self._detection.claimed
            return self.async_show_form(
                step_id="confirm_others" if has_others else "confirm",
                description_placeholders={
                    "bus": await self._async_kind() if is_simulated(self._bus) else self._bus,
                    "chips": "\n".join([f"- {await self._async_described(chip)}" for chip in self._detection.chips]),
                    **self._others(_listed),
                },
                last_step=True,
            )
        return await self._async_finish()

    async_step_confirm_others = async_step_confirm

    async def async_step_infrared(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Confirm a station that has infrared but no chip."""
        if user_input is None:
            return self.async_show_form(
                step_id="infrared",
                description_placeholders={"bus": self._bus, **self._others(_listed)},
                last_step=True,
            )
        return await self._async_finish()

    async def _async_finish(self) -> ConfigFlowResult:
        """Reconfigure or add the station. The first one comes with an offer of the weather panel."""
        if self.source == SOURCE_RECONFIGURE:
            return await self._async_reconfigure()
        if self._async_current_entries(include_ignore=False) or not await async_can_add_panel(self.hass):
            return await self._async_create()
        return await self.async_step_panel()

    async def async_step_panel(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer the weather panel."""
        return self.async_show_menu(step_id="panel", menu_options=["add_panel", "no_panel"])

    async def async_step_add_panel(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add the station and then the weather panel."""
        self._adds_panel = True
        return await self._async_create("panel_added")

    async def async_step_no_panel(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add the station only."""
        return await self._async_create("no_panel")

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        if self._adds_panel:
            try:
                await async_add_panel(self.hass)
            except HomeAssistantError as err:
                LOGGER.warning("Cannot add the weather panel: %s", err)
                result["description"] = "panel_failed"
        return result

    async def _async_create(self, description: str | None = None) -> ConfigFlowResult:
        return self.async_create_entry(
            title=await self._async_title(),
            data=self._data(),
            description=description,
            description_placeholders={"path": f"/{URL_PATH}"},
        )

    async def _async_reconfigure(self) -> ConfigFlowResult:
        entry = self._get_reconfigure_entry()
        data = {**entry.data, **self._data()}
        if data[CONF_BUS] == entry.data[CONF_BUS] and data[CONF_CHIPS]:
            # A chip that only has a loose cable is not forgotten
            data[CONF_CHIPS] = list(dict.fromkeys((*entry.data[CONF_CHIPS], *data[CONF_CHIPS])))
        kind = await self._async_kind(entry.data[CONF_BUS])
        named_by_user = _NUMBER.sub("", entry.title) != kind
        keeps_title = named_by_user or kind == await self._async_kind()
        title = entry.title if keeps_title else await self._async_title()
        result = self.async_update_and_abort(entry, unique_id=self._bus, title=title, data=data)
        if entry.state in (ConfigEntryState.SETUP_RETRY, ConfigEntryState.SETUP_ERROR):
            # Only a loaded entry listens for updates, and the next retry may be ten minutes away
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return result

    def _data(self) -> dict[str, Any]:
        return {CONF_BUS: self._bus, CONF_CHIPS: [str(chip) for chip in self._detection.chips]}

    async def _async_title(self) -> str:
        """Return a title that no other station has."""
        kind = await self._async_kind()
        taken = {entry.title for entry in self._async_current_entries(include_ignore=False)}
        titles = (kind if number == 1 else f"{kind} {number}" for number in count(1))
        return next(title for title in titles if title not in taken)

    async def _async_kind(self, bus: str | None = None) -> str:
        """Return the name of the pHAT on a bus, or on the selected one, without a number."""
        is_virtual = is_simulated(self._bus if bus is None else bus)
        return await async_text(self.hass, "simulated_phat") if is_virtual else board.PRODUCT

    async def _async_described(self, chip: ChipId) -> str:
        """Return a chip with what it measures."""
        measured = [quantity for quantity in Quantity if quantity in quantities(chip)]
        names = [await async_text(self.hass, f"measures_{quantity}") for quantity in measured]
        return await async_text(
            self.hass, "chip", kind=chip.kind, quantities=", ".join(names), address=f"0x{chip.address:02x}"
        )

    async def _async_step_bus(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Ask for a bus until one has chips, or has infrared without chips."""
        if user_input is None:
            return await self._async_show_buses(step_id)
        self._bus = user_input[CONF_BUS]
        await self._async_abort_if_bus_has_station()
        try:
            self._detection = await self.hass.async_add_executor_job(_detect, self._bus)
        except BusError as err:
            return await self._async_show_buses(step_id, error=err.key)
        if self._detection.chips:
            return await self.async_step_confirm()
        if await self._async_would_have_infrared():
            return await self.async_step_infrared()
        return await self._async_show_buses(step_id, error="no_chip")

    async def _async_abort_if_bus_has_station(self) -> None:
        await self.async_set_unique_id(self._bus, raise_on_progress=False)
        if self.source != SOURCE_RECONFIGURE or self._bus != self._get_reconfigure_entry().unique_id:
            self._abort_if_unique_id_configured()

    async def _async_show_buses(self, step_id: str, *, error: str | None = None) -> ConfigFlowResult:
        """Show the form with the machine's buses and the error of the selected one.

        A missing bus is no error before one was selected, but the form says what to do about it.
        """
        buses = await self.hass.async_add_executor_job(board.buses)
        present = self._get_reconfigure_entry().data[CONF_BUS] if self.source == SOURCE_RECONFIGURE else ""
        if error is not None:
            error = await async_error_key(self.hass, error)
        is_missing = error is None and not buses and not is_simulated(present)
        names = {bus.path: bus.label for bus in buses}
        simulated = present if is_simulated(present) else self._free_simulated_bus()
        names[simulated] = await async_text(self.hass, "simulated_phat")
        suggested = self._bus or present
        if suggested not in names:
            suggested = buses[0].path if buses else simulated
        schema = vol.Schema(
            {
                vol.Required(CONF_BUS, default=suggested): SelectSelector(
                    SelectSelectorConfig(
                        options=[SelectOptionDict(value=path, label=name) for path, name in names.items()],
                        mode=SelectSelectorMode.LIST,
                    )
                )
            }
        )
        return self.async_show_form(
            step_id=step_id,
            data_schema=schema,
            errors={"base": error} if error else {},
            description_placeholders={
                "bus": self._bus,
                "hint": await self._async_no_bus() if is_missing else "",
                **self._others(_in_a_row),
            },
            last_step=False,
        )

    async def _async_no_bus(self) -> str:
        """Return what to do on this installation if there is no bus."""
        return await async_error_text(self.hass, await async_error_key(self.hass, BusNotFoundError.key))

    def _free_simulated_bus(self) -> str:
        taken = {entry.data.get(CONF_BUS) for entry in self._async_current_entries(include_ignore=False)}
        return next(bus for bus in simulated_buses() if bus not in taken)

    def _others(self, texts: Callable[[tuple[int, ...]], str]) -> dict[str, str]:
        """Return placeholders for what responds on the bus besides the chips that are read."""
        return {"foreign": texts(self._detection.foreign), "claimed": texts(self._detection.claimed)}

    async def _async_would_have_infrared(self) -> bool:
        """Return whether this machine has an infrared pair that no other entry owns."""
        owner = infrared_pair_owner(self.hass)
        if owner is not None and (self.source != SOURCE_RECONFIGURE or owner is not self._get_reconfigure_entry()):
            return False
        return await self.hass.async_add_executor_job(has_infrared_pair, linux_ports)


def _detect(bus: str) -> Detection:
    phat = Phat(Simulator().bus("detection")) if is_simulated(bus) else Phat.open(bus)
    try:
        return phat.detect()
    finally:
        phat.close()


def _in_a_row(addresses: tuple[int, ...]) -> str:
    return ", ".join(map(_named, addresses)) or NO_ADDRESS


def _listed(addresses: tuple[int, ...]) -> str:
    return "\n".join(f"- {_named(address)}" for address in addresses) or NO_ADDRESS


def _named(address: int) -> str:
    """Return an address with the chips that commonly have it."""
    chips = likely_chips(address)
    return f"0x{address:02x} ({', '.join(chips)})" if chips else f"0x{address:02x}"
