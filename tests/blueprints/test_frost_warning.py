"""Tests of the blueprint that warns of frost."""

from datetime import timedelta

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall

from .conftest import Automate, Wait, measure, minutes

AIR = "sensor.temperature"
DEW = "sensor.dew_point"


async def test_a_warning_of_frost(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await measure(hass, AIR, 8, "°C")
    await measure(hass, DEW, 4, "°C")
    await automate("frost_warning", temperature=AIR, dew_point=DEW)

    for air, dew in ((2, 1), (5, -2), (1, STATE_UNAVAILABLE), (STATE_UNKNOWN, -3)):
        await measure(hass, AIR, air, "°C")
        await measure(hass, DEW, dew, "°C")
        await wait(minutes(11))
    assert not warnings

    await measure(hass, AIR, 1.5, "°C")
    await wait(minutes(10))
    [warning] = warnings
    assert "temperature 1.5 °C, dew point -3 °C" in warning.data["message"]

    for air in (4, 1, STATE_UNAVAILABLE, 1):
        await measure(hass, AIR, air, "°C")
        await wait(minutes(11))
    assert len(warnings) == 1
    await measure(hass, AIR, 10, "°C")
    await wait(timedelta(hours=12))
    await measure(hass, AIR, 1, "°C")
    await wait(minutes(10))
    assert len(warnings) == 2


async def test_a_warning_when_the_dew_point_falls_last(
    hass: HomeAssistant, automate: Automate, wait: Wait, warnings: list[ServiceCall]
) -> None:
    await measure(hass, AIR, 2, "°C")
    await measure(hass, DEW, 1, "°C")
    await automate("frost_warning", temperature=AIR, dew_point=DEW)

    await measure(hass, DEW, -1, "°C")
    assert not warnings
    await wait(minutes(10))

    assert len(warnings) == 1
