"""Stored files: their damages, and changes that are on the disk."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import STORAGE_DIR, Store
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .exceptions import StorageError

# What Home Assistant's storage, or a schema, raises for a file that is something else. The storage itself sets one aside
# that is not JSON.
DAMAGES = (HomeAssistantError, LookupError, TypeError, AttributeError, NotImplementedError, vol.Invalid)


def unreadable(path: Path, error: Exception) -> StorageError | None:
    """Return why a file cannot be opened, or None if it can, and is damaged."""
    cause = error if isinstance(error, OSError) else error.__cause__
    if not isinstance(cause, OSError):
        return None
    return StorageError("codes_unreadable", file=f"{STORAGE_DIR}/{path.name}", error=cause.strerror or str(cause))


def can_open(path: Path) -> bool:
    """Return whether a file can be opened and read, or does not exist."""
    try:
        with path.open("rb") as file:
            file.read()  # a damaged disk may open the file, and fail only now
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


async def async_save[T: Mapping[str, Any] | Sequence[Any]](
    hass: HomeAssistant, store: Store[T], other: Store[T], data: T
) -> None:
    """Write data, and return once they are on the disk.

    Args:
        hass: Home Assistant.
        store: The file's storage.
        other: Another storage of the file, which does not remember what the first should have written.
        data: What to write.

    Raises:
        StorageError: if they are not on the disk.
    """
    if hass.is_stopping:  # then the storage writes later
        raise StorageError("codes_stopping")
    await store.async_save(data)
    # The storage only logs that the disk is full or read-only, so read what it has written
    if await other.async_load() != data:
        raise StorageError("codes_not_saved")


async def async_set_aside(hass: HomeAssistant, path: Path, error: Exception) -> str:
    """Rename a damaged file, and return its new name."""
    # Windows and macOS cannot open a file with a colon in its name
    kept = f"{path.name}.corrupt.{dt_util.utcnow():%Y-%m-%dT%H-%M-%S.%fZ}"
    LOGGER.error("Cannot read %s, which is kept as %s: %s: %s", path, kept, type(error).__name__, error)
    with suppress(OSError):
        await hass.async_add_executor_job(path.rename, path.with_name(kept))
    return kept
