"""Tests of the entities as Home Assistant sees them."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.anavi_weather import PLATFORMS
from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.user_station import Forwarder
from custom_components.anavi_weather.user_station.errors import CannotConnectError
from custom_components.anavi_weather.user_station.status import WaitingStates
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .conftest import fail, refuse, value


@pytest.mark.parametrize("platform", sorted({*PLATFORMS} - {Platform.CLIMATE, Platform.DATETIME}))
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "simulator")
async def test_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    entry: MockConfigEntry,
    platform: Platform,
) -> None:
    with patch("custom_components.anavi_weather.PLATFORMS", [platform]):
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    coordinator = entry.runtime_data.coordinator
    # The read time depends on the exact number of transfers of the drivers.
    coordinator.async_set_updated_data(
        replace(coordinator.data, reading=replace(coordinator.data.reading, duration=0.1))
    )

    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


@pytest.mark.usefixtures("station")
async def test_rarely_used_entities_are_disabled_by_default(entity_registry: er.EntityRegistry) -> None:
    disabled = {entry.entity_id for entry in entity_registry.entities.values() if entry.disabled_by}
    assert disabled == {
        "sensor.simulated_phat_absolute_humidity",
        "sensor.simulated_phat_atmospheric_pressure_bmp180",
        "sensor.simulated_phat_frost_point",
        "sensor.simulated_phat_humidity_htu21d",
        "sensor.simulated_phat_illuminance_bh1750",
        "sensor.simulated_phat_read_time",
        "sensor.simulated_phat_temperature_bmp180",
        "sensor.simulated_phat_temperature_htu21d",
        "sensor.simulated_phat_wet_bulb_temperature",
    }


async def test_the_entities_of_a_user_station(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    user_station: ConfigSubentry,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
    forwarder: Forwarder,
) -> None:
    ours = {
        registered.unique_id.removeprefix("01USER_"): registered
        for registered in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
        if registered.config_subentry_id == user_station.subentry_id
    }
    again = {"send_again", "send_again_from", "send_rejected_again"}
    assert ours.keys() == {"connected", "backlog", "last_stored", "stored", "refused", *again}
    assert {one.disabled_by for one in ours.values()} == {None}
    (device_id,) = {one.device_id for one in ours.values()}
    assert device_id
    device = device_registry.async_get(device_id)
    assert device
    assert isinstance(device, dr.DeviceEntry)
    assert (device.name, device.entry_type) == ("User station Casa", dr.DeviceEntryType.SERVICE)
    assert device.identifiers == {(DOMAIN, "01USER")}

    def states() -> dict[str, str]:
        return {key: value(hass, one.entity_id) for key, one in ours.items() if key not in again}

    assert states() == {
        "connected": STATE_UNKNOWN,
        "backlog": STATE_UNKNOWN,
        "last_stored": STATE_UNKNOWN,
        "stored": "0",
        "refused": "0",
    }

    forwarder.checkpoint.record_stored(5, 1_790_000_000.0)
    forwarder.status.async_record_success(all_sent=True)
    assert states() == {
        "connected": STATE_ON,
        "backlog": "0",
        "last_stored": "2026-09-21T14:13:20+00:00",
        "stored": "5",
        "refused": "0",
    }

    refuse(forwarder)
    forwarder.status.async_record_waiting(WaitingStates(7, 864000, 86400))
    fail(forwarder, CannotConnectError("away"), 1)
    assert states() | {"last_stored": ""} == {
        "connected": STATE_OFF,
        "backlog": "7",
        "last_stored": "",
        "stored": "5",
        "refused": "1",
    }
