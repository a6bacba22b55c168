"""Tests of adding a remote station."""

import errno
from typing import Any, override
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.anavi_weather.const import CONF_BUS, CONF_CHIPS, DOMAIN
from custom_components.anavi_weather.phat import ChipId
from custom_components.anavi_weather.phat.board import PRODUCT
from custom_components.anavi_weather.phat.simulated_bh1750 import SimulatedBH1750
from custom_components.anavi_weather.phat.simulator import SIMULATED, Simulator
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .config_flow_steps import choose, confirm, preselected, start
from .conftest import Machine, PassTime, is_loaded, number

OFFICIAL_CHIPS = ["BH1750 0x23", "BMP180 0x77", "HTU21D 0x40"]
MEASURES = """\
- BH1750 (illuminance) at 0x23
- BMP180 (temperature, pressure) at 0x77
- HTU21D (temperature, humidity) at 0x40"""


def offered(form: ConfigFlowResult) -> dict[str, str]:
    """Return the buses that a form lists, with their labels."""
    assert form["data_schema"]
    return {option["value"]: option["label"] for option in form["data_schema"].schema[CONF_BUS].config["options"]}


async def test_the_boards_bus_is_offered_first_and_suggested(hass: HomeAssistant, machine: Machine) -> None:
    machine.plug(10)
    machine.plug(0)
    machine.plug(1, name="bcm2835 (i2c@7e804000)")

    form = await start(hass)

    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {})
    assert list(offered(form).items()) == [
        (machine.path(1), f"{machine.path(1)} (bcm2835 (i2c@7e804000))"),
        (machine.path(0), machine.path(0)),
        (machine.path(10), machine.path(10)),
        (SIMULATED, "Simulated pHAT"),
    ]
    assert preselected(form) == machine.path(1)


async def test_a_board_is_added_after_the_detected_chips_are_confirmed(hass: HomeAssistant, machine: Machine) -> None:
    simulator = machine.plug()
    simulator.chips[0x5C] = PortExpander(simulator.chips[0x23].air, machine.clock)
    simulator.plugged.add(0x5C)
    simulator.chips[0x10] = PortExpander(simulator.chips[0x23].air, machine.clock)
    simulator.plugged.add(0x10)
    simulator.claimed |= {0x09, 0x68}

    form = await choose(hass, await start(hass), machine.path())

    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "confirm_others")
    assert form["description_placeholders"] == {
        "bus": machine.path(),
        "chips": MEASURES,
        "foreign": "- 0x10 (VEML7700, VEML6030, VEML6075)\n- 0x5c (AM2320, LPS25H)",
        "claimed": "- 0x09\n- 0x68 (DS3231, MPU6050)",
    }

    result = await confirm(hass, form)

    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, PRODUCT)
    assert result["data"] == {CONF_BUS: machine.path(), CONF_CHIPS: OFFICIAL_CHIPS}
    assert result["result"].unique_id == machine.path()
    assert is_loaded(result["result"])


async def test_a_module_with_two_chips_of_today_is_added(hass: HomeAssistant, machine: Machine) -> None:
    machine.plug(chips=(ChipId("AHT20", 0x38), ChipId("BMP280", 0x77)))

    form = await choose(hass, await start(hass), machine.path())
    assert form["description_placeholders"]
    assert form["description_placeholders"]["chips"] == (
        "- AHT20 (temperature, humidity) at 0x38\n- BMP280 (temperature, pressure) at 0x77"
    )
    await confirm(hass, form)

    readings = {
        name: number(hass, f"sensor.anavi_infrared_phat_{name}") for name in ("humidity", "atmospheric_pressure")
    }
    assert readings == pytest.approx({"humidity": 55, "atmospheric_pressure": 1013.25}, abs=0.1)


async def test_the_simulated_phat_is_added(hass: HomeAssistant, machine: Machine, simulator: Simulator) -> None:
    machine.plug()

    form = await choose(hass, await start(hass), SIMULATED)

    assert form["description_placeholders"] == {
        "bus": "Simulated pHAT",
        "chips": MEASURES,
        "foreign": "–",
        "claimed": "–",
    }

    result = await confirm(hass, form)

    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Simulated pHAT")
    assert result["data"] == {CONF_BUS: SIMULATED, CONF_CHIPS: OFFICIAL_CHIPS}
    assert is_loaded(result["result"])


async def test_simulated_phats_are_numbered(hass: HomeAssistant, machine: Machine, station: MockConfigEntry) -> None:
    for serial in (2, 3):
        form = await start(hass)
        assert list(offered(form).items()) == [(f"simulated-{serial}", "Simulated pHAT")]
        result = await confirm(hass, await choose(hass, form, f"simulated-{serial}"))
        assert (result["title"], result["result"].unique_id) == (f"Simulated pHAT {serial}", f"simulated-{serial}")
        assert is_loaded(result["result"])

    await hass.config_entries.async_remove(station.entry_id)
    result = await confirm(hass, await choose(hass, await start(hass), SIMULATED))
    assert result["title"] == "Simulated pHAT"


async def test_the_form_speaks_the_language_of_home_assistant(
    hass: HomeAssistant, machine: Machine, simulator: Simulator
) -> None:
    hass.config.language = "pt-BR"

    form = await start(hass)
    assert list(offered(form).values()) == ["pHAT simulado"]
    form = await choose(hass, form, SIMULATED)
    assert form["description_placeholders"]
    assert form["description_placeholders"]["chips"] == (
        "- BH1750 (iluminância) em 0x23\n- BMP180 (temperatura, pressão) em 0x77\n- HTU21D (temperatura, umidade) em 0x40"
    )
    assert (await confirm(hass, form))["title"] == "pHAT simulado"


async def test_without_a_bus_the_simulated_phat_can_be_added(
    hass: HomeAssistant, machine: Machine, simulator: Simulator
) -> None:
    """The missing bus is explained, and is no error because nothing was chosen yet."""
    form = await start(hass)

    assert form["errors"] == {}
    assert form["description_placeholders"]
    assert form["description_placeholders"]["hint"].startswith("No I2C bus was found. Enable I2C")
    assert list(offered(form)) == [preselected(form)] == [SIMULATED]
    result = await confirm(hass, await choose(hass, form, SIMULATED))
    assert result["type"] is FlowResultType.CREATE_ENTRY


class PortExpander(SimulatedBH1750):
    """A chip like the PCF8574, which returns the byte that was written last."""

    @override
    def write(self, data: bytes) -> None:
        self._pins = data[-1:] or b"\0"

    @override
    def read(self, length: int) -> bytes:
        return self._pins * length


async def test_one_of_two_windows_adds_a_bus(hass: HomeAssistant, machine: Machine) -> None:
    machine.plug()

    first, second = [await choose(hass, await start(hass), machine.path()) for _ in range(2)]

    assert (first["step_id"], second["step_id"]) == ("confirm", "confirm")
    assert (await confirm(hass, second))["type"] is FlowResultType.CREATE_ENTRY
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize(
    ("state", "error", "claimed"),
    [
        ({"plugged": set()}, "no_chip", "–"),
        ({"plugged": set(), "claimed": {0x09, 0x68}}, "no_chip", "0x09, 0x68 (DS3231, MPU6050)"),
        ({"stuck": True}, "bus_stuck", "–"),
    ],
)
async def test_an_error_is_shown_until_its_cause_is_fixed(
    hass: HomeAssistant, machine: Machine, state: dict[str, Any], error: str, claimed: str
) -> None:
    vars(machine.plug()).update(state)

    form = await choose(hass, await start(hass), machine.path())

    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {"base": error})
    assert form["description_placeholders"] == {"bus": machine.path(), "hint": "", "foreign": "–", "claimed": claimed}
    assert machine.descriptors() == 0

    machine.plug()
    form = await choose(hass, form, machine.path())
    result = await confirm(hass, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {CONF_BUS: machine.path(), CONF_CHIPS: OFFICIAL_CHIPS}


@pytest.mark.parametrize(("number", "error"), [(errno.EACCES, "no_permission"), (errno.ENXIO, "no_bus")])
async def test_an_error_of_opening_a_bus_is_shown_until_its_cause_is_fixed(
    hass: HomeAssistant, machine: Machine, number: int, error: str
) -> None:
    machine.plug()
    form = await start(hass)

    with patch("custom_components.anavi_weather.phat.i2c.LinuxAdapter", side_effect=OSError(number, "Not today")):
        form = await choose(hass, form, machine.path())

    assert (form["step_id"], form["errors"]) == ("user", {"base": error})
    assert form["description_placeholders"] == {"bus": machine.path(), "hint": "", "foreign": "–", "claimed": "–"}
    assert preselected(form) == machine.path()
    result = await confirm(hass, await choose(hass, form, machine.path()))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_an_unknown_chip_is_shown_by_its_address(hass: HomeAssistant, machine: Machine) -> None:
    simulator = machine.plug(chips=(ChipId("BH1750", 0x5C),))
    simulator.chips[0x5C] = PortExpander(simulator.chips[0x5C].air, machine.clock)

    form = await choose(hass, await start(hass), machine.path())

    assert form["errors"] == {"base": "no_chip"}
    assert form["description_placeholders"] == {
        "bus": machine.path(),
        "hint": "",
        "foreign": "0x5c (AM2320, LPS25H)",
        "claimed": "–",
    }
    machine.plug()
    result = await confirm(hass, await choose(hass, form, machine.path()))
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("refusal", [None, errno.EBUSY])  # EBUSY: an old kernel lets only one program open the device
async def test_a_board_without_chips_is_added_for_its_infrared(
    hass: HomeAssistant, machine: Machine, pass_time: PassTime, refusal: int | None
) -> None:
    simulator = machine.plug(chips=(ChipId("HTU21D", 0x40),))
    simulator.unplug(0x40)
    machine.pair.plug()
    machine.pair.refusal = refusal

    form = await choose(hass, await start(hass), machine.path())

    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "infrared", None)
    assert form["description_placeholders"] == {"bus": machine.path(), "foreign": "–", "claimed": "–"}
    assert machine.descriptors() == 0

    machine.pair.refusal = None
    result = await confirm(hass, form)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, PRODUCT)
    assert result["data"] == {CONF_BUS: machine.path(), CONF_CHIPS: []}
    assert is_loaded(result["result"])
    assert hass.states.get("remote.anavi_infrared_phat")
    assert not hass.states.get("sensor.anavi_infrared_phat_temperature")

    simulator.plug(0x40)
    await pass_time()
    assert number(hass, "sensor.anavi_infrared_phat_temperature") == pytest.approx(21, abs=0.02)


async def test_a_second_board_without_chips_does_not_get_the_infrared_pair(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    machine.plug(3, chips=())
    machine.pair.plug()

    form = await choose(hass, await start(hass), machine.path(3))

    assert (form["step_id"], form["errors"]) == ("user", {"base": "no_chip"})


async def test_chips_that_a_kernel_driver_has_claimed_are_added(
    hass: HomeAssistant, machine: Machine, pass_time: PassTime
) -> None:
    simulator = machine.plug(chips=(ChipId("HTU21D", 0x40), ChipId("BMP180", 0x77)))
    simulator.claimed |= {0x10, 0x77}
    machine.drivers.bind("veml7700", 0x10, iio={"in_illuminance_raw": "1000", "in_illuminance_scale": "0.0576"})
    machine.drivers.bind("bmp180", 0x77, iio={"in_temp_input": "22500", "in_pressure_input": "98.4"})

    form = await choose(hass, await start(hass), machine.path())

    assert form["step_id"] == "confirm"
    assert form["description_placeholders"] == {
        "bus": machine.path(),
        "chips": "- BMP180 (temperature, pressure) at 0x77\n- HTU21D (temperature, humidity) at 0x40\n"
        "- VEML7700 (illuminance) at 0x10",
        "foreign": "–",
        "claimed": "–",
    }
    result = await confirm(hass, form)
    assert result["data"][CONF_CHIPS] == ["BMP180 0x77", "HTU21D 0x40", "VEML7700 0x10"]
    assert number(hass, "sensor.anavi_infrared_phat_illuminance") == pytest.approx(57.6)
    assert number(hass, "sensor.anavi_infrared_phat_atmospheric_pressure") == pytest.approx(984)

    (machine.drivers.device(0x77) / "in_pressure_input").write_text("99.1\n", encoding="ascii")
    await pass_time()
    assert number(hass, "sensor.anavi_infrared_phat_atmospheric_pressure") == pytest.approx(991)


async def test_a_missing_bus_is_not_preselected(hass: HomeAssistant, machine: Machine) -> None:
    machine.plug(1)
    machine.plug(3)
    form = await start(hass)
    machine.unplug(1)

    form = await choose(hass, form, machine.path(1))

    assert form["errors"] == {"base": "no_bus"}
    assert list(offered(form)) == [machine.path(3), SIMULATED]
    assert preselected(form) == machine.path(3)
    result = await confirm(hass, await choose(hass, form, machine.path(3)))
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_bus_is_added_once(hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry) -> None:
    machine.plug()

    result = await choose(hass, await start(hass), machine.path())

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_two_buses_are_two_stations(hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry) -> None:
    machine.plug(1)
    machine.plug(3)

    result = await confirm(hass, await choose(hass, await start(hass), machine.path(3)))

    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, f"{PRODUCT} 2")
    assert len(hass.config_entries.async_loaded_entries(DOMAIN)) == 2
