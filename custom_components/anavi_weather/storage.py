"""Damages of stored files."""

import voluptuous as vol

from homeassistant.exceptions import HomeAssistantError

# What Home Assistant's storage, or a schema, raises for a file that is something else. The storage itself sets one aside
# that is not JSON.
DAMAGES = (HomeAssistantError, LookupError, TypeError, AttributeError, NotImplementedError, vol.Invalid)
