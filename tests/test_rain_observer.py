"""Tests of the observation of rain by an entity."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.anavi_weather.rain_observer import async_has_rained, has_rained
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import ATTR_DEVICE_CLASS, ATTR_UNIT_OF_MEASUREMENT, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

BEGIN = datetime(2026, 11, 29, 6, tzinfo=UTC)
END = BEGIN + timedelta(hours=12)
WET, GAUGE, INTENSITY = "binary_sensor.rain", "sensor.gauge", "sensor.intensity"
ATTRIBUTES = {
    WET: {ATTR_DEVICE_CLASS: "moisture"},
    GAUGE: {ATTR_DEVICE_CLASS: SensorDeviceClass.PRECIPITATION, ATTR_UNIT_OF_MEASUREMENT: "mm"},
    INTENSITY: {ATTR_DEVICE_CLASS: SensorDeviceClass.PRECIPITATION_INTENSITY, ATTR_UNIT_OF_MEASUREMENT: "mm/h"},
}


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which these tests read."""
    return ("*",)


def rained(entity_id: str, *states: tuple[float, str], unit: str | None = None) -> bool | None:
    """Return whether it rained according to an entity's states, each with the hour from which on it had it."""
    attributes = ATTRIBUTES[entity_id] | ({ATTR_UNIT_OF_MEASUREMENT: unit} if unit else {})
    history = [
        State(entity_id, state, attributes, last_updated=BEGIN + timedelta(hours=hour)) for hour, state in states
    ]
    return has_rained(history, BEGIN.timestamp(), END.timestamp())


@pytest.mark.parametrize(
    ("entity_id", "states", "expected"),
    [
        (WET, [(0, "off")], False),
        (WET, [(0, "on")], True),
        (WET, [(-3, "off"), (5, "on"), (5.1, "off")], True),
        (INTENSITY, [(0, "0")], False),
        (INTENSITY, [(0, "0"), (3, "0.09")], False),
        (INTENSITY, [(0, "0"), (3, "0.1"), (3.2, "0")], True),
        (GAUGE, [(0, "3.4")], False),
        (GAUGE, [(0, "3.4"), (2, "3.6")], False),
        (GAUGE, [(0, "3.4"), (2, "3.5"), (9, "3.65")], True),
        (GAUGE, [(0, "3.4"), (4, "0")], False),  # starts again each day
        (GAUGE, [(0, "3.4"), (4, "0"), (5, "0.2"), (6, "0.3")], True),
    ],
)
def test_rain(entity_id: str, states: list[tuple[float, str]], expected: bool) -> None:
    assert rained(entity_id, *states) is expected


@pytest.mark.parametrize(("depth", "expected"), [("0.009", False), ("0.01", True)])
def test_a_gauge_in_inches(depth: str, expected: bool) -> None:
    assert rained(GAUGE, (0, "0"), (1, depth), unit="in") is expected


@pytest.mark.parametrize(("intensity", "expected"), [("0.003", False), ("0.005", True)])
def test_an_intensity_in_inches(intensity: str, expected: bool) -> None:
    assert rained(INTENSITY, (0, intensity), unit="in/h") is expected


@pytest.mark.parametrize("away", [STATE_UNAVAILABLE, STATE_UNKNOWN])
@pytest.mark.parametrize(("entity_id", "dry", "wet"), [(WET, "off", "on"), (INTENSITY, "0", "2")])
def test_an_entity_that_is_away_for_more_than_an_hour_says_nothing(
    entity_id: str, dry: str, wet: str, away: str
) -> None:
    assert rained(entity_id, (0, dry), (4, away), (5, dry)) is False
    assert rained(entity_id, (0, dry), (4, away), (5.1, dry)) is None
    assert rained(entity_id, (0, dry), (11.5, away)) is False
    assert rained(entity_id, (1.1, dry)) is None
    assert rained(entity_id, (0, away)) is None
    assert rained(entity_id, (0, wet), (1, away)) is True


def test_without_states_nothing_is_known() -> None:
    assert has_rained([], BEGIN.timestamp(), END.timestamp()) is None


@pytest.mark.parametrize("state", ["nan", "inf"])
@pytest.mark.parametrize("unit", ["mm", "°C"])
def test_what_is_no_amount_of_rain_says_nothing(state: str, unit: str) -> None:
    assert rained(GAUGE, (0, state), unit=unit) is None
    assert rained(GAUGE, (0, "0"), (1, "5"), unit="°C") is None


async def test_the_recorder_is_asked(hass: HomeAssistant) -> None:
    begin = dt_util.utcnow()
    hass.states.async_set(WET, "off")
    hass.states.async_set(WET, "on")
    await get_instance(hass).async_block_till_done()

    assert await async_has_rained(hass, WET, begin, begin + timedelta(minutes=5)) is True
    assert await async_has_rained(hass, WET, begin - timedelta(hours=3), begin) is None
    assert await async_has_rained(hass, "sensor.other", begin, begin + timedelta(hours=1)) is None
