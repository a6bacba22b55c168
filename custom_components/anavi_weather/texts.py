"""Translated texts, in the language of Home Assistant, that are shown within other texts."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import translation

from .const import DOMAIN


async def async_text(hass: HomeAssistant, key: str, /, **placeholders: str) -> str:
    """Return one of the common texts."""
    texts = await translation.async_get_translations(hass, hass.config.language, "common", [DOMAIN])
    return texts[f"component.{DOMAIN}.common.{key}"].format(**placeholders)


async def async_key_label(hass: HomeAssistant, key: str) -> str:
    """Return the name of a key as users see it."""
    texts = await translation.async_get_translations(hass, hass.config.language, "selector", [DOMAIN])
    return texts.get(f"component.{DOMAIN}.selector.infrared_key.options.{key}", key)
