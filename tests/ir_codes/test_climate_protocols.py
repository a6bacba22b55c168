"""Tests of the air conditioners whose protocol infrared_protocols encodes."""

from random import Random

import pytest

from custom_components.anavi_weather.ir_codes import parse, to_text
from custom_components.anavi_weather.ir_codes.climate import AirConditioner, ClimateState, Power
from custom_components.anavi_weather.ir_codes.climate_protocols import CLIMATE_PROTOCOLS, ClimateProtocol
from custom_components.anavi_weather.ir_codes.decode import Decoded, decode_message

from .helpers import received

WITHOUT_DECODER = {"panasonic_ac"}  # in infrared_protocols


def decoded(text: str) -> Decoded:
    """Return the contents of a code as it is received."""
    found = decode_message(received(parse(text).get_raw_timings(), stretch=70, random=Random(1)))
    assert found
    return found


@pytest.fixture(params=list(CLIMATE_PROTOCOLS.values()), ids=list(CLIMATE_PROTOCOLS))
def protocol(request: pytest.FixtureRequest) -> ClimateProtocol:
    """Return each protocol."""
    protocol: ClimateProtocol = request.param
    return protocol


def test_every_state_has_a_command_of_its_own(protocol: ClimateProtocol) -> None:
    commands = protocol.commands()
    codes = {name: [to_text(command)] for name, command in commands.items()}
    found = AirConditioner(codes)
    assert set(found.commands.values()) == commands.keys() - {"off"}
    assert found.power_command(Power.OFF) == "off"
    assert found.modes == list(protocol.modes)
    assert found.options("fan", None) == list(protocol.fans)
    assert found.options("swing", None) == [swing for swing in protocol.swings if swing]
    assert found.temperatures("cool") == list(range(16, 31))
    assert len({tuple(command.get_raw_timings()) for command in commands.values()}) == len(commands)


@pytest.mark.parametrize("name", sorted(CLIMATE_PROTOCOLS.keys() - WITHOUT_DECODER))
def test_commands_are_recognized(name: str) -> None:
    protocol = CLIMATE_PROTOCOLS[name]
    commands = protocol.commands()
    for command in ("off", *Random(1).sample(sorted(commands), 40)):
        timings = received(commands[command].get_raw_timings(), stretch=70, random=Random(1))
        found = decode_message(timings[:-1] if timings[-1] < 0 else timings)
        assert found
        assert protocol.command_name(found) == command


def test_whatever_else_a_message_sets_is_ignored() -> None:
    found = decoded("gree_ac:mode=cool,temperature=24,fan=low,turbo=true,display=false")
    assert CLIMATE_PROTOCOLS["gree_ac"].command_name(found) == "cool_low_off_24"


@pytest.mark.parametrize(
    "text", ["gree_ac:power=false,mode=heat,temperature=30", "gree_ac:power=false,mode=auto,temperature=16"]
)
def test_off_in_any_mode(text: str) -> None:
    assert CLIMATE_PROTOCOLS["gree_ac"].command_name(decoded(text)) == "off"


@pytest.mark.parametrize("text", ["nec:0x04,0x08", "gree_ac:mode=cool,temperature=24", "lg_ac_fixed:0x1000"])
def test_other_messages_set_no_state(text: str) -> None:
    assert CLIMATE_PROTOCOLS["lg_ac"].command_name(decoded(text)) is None


def test_mode_without_a_temperature() -> None:
    found = AirConditioner({name: [name] for name in CLIMATE_PROTOCOLS["lg_ac"].commands()})
    assert found.meaning("dry_medium-low") == ClimateState("dry", fan="medium_low")
    assert found.temperatures("dry") == found.temperatures("fan_only") == []
