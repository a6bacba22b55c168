"""Tests of the unit of the pressure tendency."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    async_wait_recording_done,
    do_adhoc_statistics,
    get_start_time,
    statistics_during_period,
)

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.pressure_unit import precision_in
from homeassistant.components.recorder.statistics import async_list_statistic_ids
from homeassistant.components.sensor import async_update_suggested_units
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PressureConverter
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem

from .conftest import number
from .test_sensor import HOUR, PRESSURE, TENDENCY, remember, set_up

HPA_IN_PSI = PressureConverter.convert(1, "hPa", "psi")


@pytest.fixture
def recorded_entities() -> Sequence[str]:
    """Have the recorder store states, which these tests read."""
    return ("*",)


@pytest.fixture
def unit_system() -> UnitSystem:
    """Return the unit system. Tests may parametrize it."""
    return US_CUSTOMARY_SYSTEM


@pytest.fixture
async def falling(hass: HomeAssistant, simulator: object, entry: MockConfigEntry, unit_system: UnitSystem) -> None:
    """Prepare a station whose pressure has fallen by 3 hPa."""
    hass.config.units = unit_system
    await remember(hass, entry, [(3 * HOUR, "1016.25", "hPa")])


def unit(hass: HomeAssistant, entity_id: str = TENDENCY) -> str | None:
    """Return an entity's unit."""
    state = hass.states.get(entity_id)
    assert state
    shown: str | None = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    return shown


def shown_icon(hass: HomeAssistant) -> str | None:
    """Return the icon of the tendency."""
    state = hass.states.get(TENDENCY)
    assert state
    icon: str | None = state.attributes.get("icon")
    return icon


def hectopascals(hass: HomeAssistant) -> float:
    """Return the tendency in hPa, whatever its unit."""
    return PressureConverter.convert(number(hass, TENDENCY), unit(hass), "hPa")


def choose(hass: HomeAssistant, entity_id: str, unit: str | None) -> None:
    """Choose an entity's unit, like the user, or return to the default."""
    options = {ATTR_UNIT_OF_MEASUREMENT: unit} if unit else None
    er.async_get(hass).async_update_entity_options(entity_id, "sensor", options)


@pytest.mark.parametrize(
    ("unit_system", "expected", "decimals"), [(METRIC_SYSTEM, "hPa", 1), (US_CUSTOMARY_SYSTEM, "inHg", 2)]
)
@pytest.mark.usefixtures("simulator")
async def test_the_tendency_has_the_unit_of_the_pressure(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    unit_system: UnitSystem,
    expected: str,
    decimals: int,
) -> None:
    hass.config.units = unit_system

    await set_up(hass, entry)

    assert unit(hass) == unit(hass, PRESSURE) == expected
    tendency = entity_registry.async_get(TENDENCY)
    assert tendency
    assert tendency.options["sensor"]["suggested_display_precision"] == decimals


@pytest.mark.parametrize("unit_system", [METRIC_SYSTEM, US_CUSTOMARY_SYSTEM])
@pytest.mark.usefixtures("freezer", "falling")
async def test_the_tendency_follows_the_unit_that_the_user_chooses_for_the_pressure(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await set_up(hass, entry)
    default = unit(hass)

    for chosen in ("mmHg", "kPa", "Pa", "hPa", "psi"):
        choose(hass, PRESSURE, chosen)
        await hass.async_block_till_done()
        assert unit(hass) == chosen
        assert hectopascals(hass) == pytest.approx(-3, abs=0.03)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert unit(hass) == "psi"

    choose(hass, PRESSURE, None)
    await hass.async_block_till_done()
    assert unit(hass) == default


@pytest.mark.usefixtures("freezer", "falling")
async def test_a_unit_that_the_user_chose_for_the_tendency_stays(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await set_up(hass, entry)
    choose(hass, TENDENCY, "kPa")

    choose(hass, PRESSURE, "mmHg")
    er.async_get(hass).async_update_entity_options(PRESSURE, "conversation", {"should_expose": True})
    er.async_get(hass).async_update_entity(PRESSURE, name="Barometer")
    await hass.async_block_till_done()

    assert unit(hass) == "kPa"


@pytest.mark.parametrize(
    ("unit_system", "other", "expected"),
    [(METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, "inHg"), (US_CUSTOMARY_SYSTEM, METRIC_SYSTEM, "hPa")],
)
@pytest.mark.usefixtures("freezer", "falling")
async def test_the_tendency_follows_the_unit_system(
    hass: HomeAssistant, entry: MockConfigEntry, other: UnitSystem, expected: str
) -> None:
    await set_up(hass, entry)

    hass.config.units = other
    async_update_suggested_units(hass)  # as Home Assistant does when its unit system changes
    await hass.async_block_till_done()

    assert unit(hass) == unit(hass, PRESSURE) == expected
    assert hectopascals(hass) == pytest.approx(-3, abs=0.03)


def remember_version_1_0(hass: HomeAssistant, entry: MockConfigEntry, options: dict[str, dict[str, str]]) -> None:
    """Register the tendency as version 1.0 did."""
    registry = er.async_get(hass)
    private = options.get("sensor.private", {}).get("suggested_unit_of_measurement", "hPa")
    registry.async_get_or_create(
        "sensor",
        DOMAIN,
        "01STATION_pressure_tendency",
        config_entry=entry,
        suggested_object_id=TENDENCY.removeprefix("sensor."),
        unit_of_measurement=options.get("sensor", {}).get(ATTR_UNIT_OF_MEASUREMENT, private),
        original_device_class="pressure",
    )
    for domain, of_domain in options.items():
        registry.async_update_entity_options(TENDENCY, domain, of_domain)


PSI = {"sensor.private": {"suggested_unit_of_measurement": "psi"}}


@pytest.mark.parametrize(
    ("unit_system", "pressure", "tendency", "expected"),
    [
        pytest.param(US_CUSTOMARY_SYSTEM, None, PSI, "inHg", id="psi was nobody's choice"),
        pytest.param(US_CUSTOMARY_SYSTEM, "mmHg", PSI, "mmHg", id="the pressure's unit was chosen"),
        pytest.param(US_CUSTOMARY_SYSTEM, "psi", PSI, "psi", id="psi was chosen for the pressure"),
        pytest.param(
            US_CUSTOMARY_SYSTEM, None, {**PSI, "sensor": {ATTR_UNIT_OF_MEASUREMENT: "psi"}}, "psi", id="psi was chosen"
        ),
        pytest.param(US_CUSTOMARY_SYSTEM, None, {}, "hPa", id="before US units"),
        pytest.param(METRIC_SYSTEM, None, {}, "hPa", id="metric"),
        pytest.param(METRIC_SYSTEM, "mmHg", {}, "hPa", id="automations compare it with hPa"),
    ],
)
@pytest.mark.usefixtures("freezer", "falling")
async def test_a_tendency_of_version_1_0(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pressure: str | None,
    tendency: dict[str, dict[str, str]],
    expected: str,
) -> None:
    remember_version_1_0(hass, entry, tendency)
    choose(hass, PRESSURE, pressure)

    await set_up(hass, entry)

    assert unit(hass) == expected
    assert hectopascals(hass) == pytest.approx(-3, abs=0.03)


@pytest.mark.usefixtures("simulator")
async def test_the_statistics_of_a_tendency_of_version_1_0_go_on(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    assert await async_setup_component(hass, "sensor", {})  # compiles the statistics
    start = get_start_time(dt_util.utcnow())
    freezer.move_to(start)
    remember_version_1_0(hass, entry, PSI)
    of_version_1_0 = {"state_class": "measurement", "device_class": "pressure", ATTR_UNIT_OF_MEASUREMENT: "psi"}
    hass.states.async_set(TENDENCY, str(-3 * HPA_IN_PSI), of_version_1_0)
    freezer.tick(300)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=start)
    await async_recorder_block_till_done(hass)
    hass.states.async_remove(TENDENCY)
    await remember(hass, entry, [(3.1 * HOUR, "1016.25", "hPa"), (2.9 * HOUR, "1016.25", "hPa")])

    freezer.tick(1)
    await set_up(hass, entry)
    later = start + timedelta(minutes=5)
    freezer.tick(300)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=later)
    await async_recorder_block_till_done(hass)

    assert unit(hass) == "inHg"
    (statistic,) = await async_list_statistic_ids(hass, {TENDENCY})
    assert (statistic["unit_class"], statistic["statistics_unit_of_measurement"]) == ("pressure", "psi")
    rows: Iterable[dict[str, float]] = statistics_during_period(
        hass, start, period="5minute", statistic_ids={TENDENCY}, units={"pressure": "hPa"}
    )[TENDENCY]
    assert [row["mean"] for row in rows] == [pytest.approx(-3, abs=0.05), pytest.approx(-3, abs=0.05)]


@pytest.mark.parametrize(
    ("unit_system", "pressure", "icon"),
    [
        (METRIC_SYSTEM, 1000.0, "mdi:trending-down"),
        (US_CUSTOMARY_SYSTEM, 1015.7, "mdi:trending-down"),
        (METRIC_SYSTEM, 1015.8, None),
        (US_CUSTOMARY_SYSTEM, 1016.7, None),
        (US_CUSTOMARY_SYSTEM, 1016.8, "mdi:trending-up"),
        (METRIC_SYSTEM, 1030.0, "mdi:trending-up"),
    ],
)
@pytest.mark.usefixtures("freezer", "falling")
async def test_the_icon_is_that_of_the_trend_in_every_unit(
    hass: HomeAssistant, entry: MockConfigEntry, air: Air, pressure: float, icon: str | None
) -> None:
    air.pressure = pressure

    await set_up(hass, entry)

    assert shown_icon(hass) == icon
    for chosen in ("kPa", "Pa", "mmHg", "inHg"):
        choose(hass, PRESSURE, chosen)
        await hass.async_block_till_done()
        assert (unit(hass), shown_icon(hass)) == (chosen, icon)


@pytest.mark.parametrize(
    ("unit", "decimals"),
    [("hPa", 1), (None, 1), ("Pa", 0), ("mmHg", 1), ("inHg", 2), ("kPa", 2), ("psi", 2), ("bar", 4)],
)
def test_the_tendency_has_about_the_same_precision_in_every_unit(unit: str | None, decimals: int) -> None:
    assert precision_in(unit, 1) == decimals
