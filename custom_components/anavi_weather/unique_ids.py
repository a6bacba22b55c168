"""Unique ids of the entities. Users' entity registries contain them, so they never change."""

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from .phat import ChipId, Quantity

EMITTER = "emitter"
RECEIVER = "receiver"
REMOTE = "remote"


def chip_sensor_key(chip: ChipId, quantity: Quantity) -> str:
    """Return the key of the sensor of a chip's own reading."""
    return f"{chip.kind.lower()}_{chip.address:02x}_{quantity}"


def station_unique_id(entry: ConfigEntry, key: str) -> str:
    """Return the unique id of an entity of the station as a whole."""
    return f"{entry.entry_id}_{key}"


def infrared_unique_id(entry: ConfigEntry, key: str) -> str:
    """Return the unique id of an entity of the infrared pair."""
    return f"{entry.entry_id}-{key}"


def user_station_unique_id(subentry: ConfigSubentry, key: str) -> str:
    """Return the unique id of an entity of a user station."""
    return f"{subentry.subentry_id}_{key}"


def fleet_unique_id(subentry: ConfigSubentry, key: str) -> str:
    """Return the unique id of an entity of a fleet, or the identifier of the device of one of its stations."""
    return f"{subentry.subentry_id}_{key}"


def device_unique_id(subentry: ConfigSubentry, key: str) -> str:
    """Return the unique id of an entity of an infrared device."""
    return f"{subentry.subentry_id}_{key}"


def command_unique_id(subentry: ConfigSubentry, command: str) -> str:
    """Return the unique id of the button of an infrared device's command."""
    return device_unique_id(subentry, f"command_{command}")


def climate_unique_id(subentry_id: str) -> str:
    """Return the unique id of the climate entity of an air conditioner."""
    return f"{subentry_id}_climate"
