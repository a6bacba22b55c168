"""Translated texts, in the language of Home Assistant, that are shown within other texts."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import translation

from .const import DOMAIN


async def async_text(hass: HomeAssistant, key: str, /, **placeholders: str) -> str:
    """Return one of the common texts."""
    texts = await translation.async_get_translations(hass, hass.config.language, "common", [DOMAIN])
    return texts[f"component.{DOMAIN}.common.{key}"].format(**placeholders)


async def async_error_text(hass: HomeAssistant, key: str) -> str:
    """Return the text of an error of the form that adds a station."""
    texts = await translation.async_get_translations(hass, hass.config.language, "config", [DOMAIN])
    return texts[f"component.{DOMAIN}.config.error.{key}"]


async def async_key_label(hass: HomeAssistant, key: str) -> str:
    """Return the name of a key as users see it."""
    return await async_option_label(hass, "infrared_key", key)


async def async_option_label(hass: HomeAssistant, selector: str, option: str) -> str:
    """Return the name of a selector's option as users see it; another value is its own name."""
    texts = await translation.async_get_translations(hass, hass.config.language, "selector", [DOMAIN])
    return texts.get(f"component.{DOMAIN}.selector.{selector}.options.{option}", option)
