"""Air conditioners whose protocol infrared_protocols encodes: the commands of all states, named as those of files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import product

from infrared_protocols.commands import Command

from .climate import ClimateState, state_name
from .decode import Decoded
from .named import LIBRARY, parse_named

TEMPERATURES = range(16, 31)  # °C, of all protocols here
ANY_TEMPERATURE = 24  # °C, for modes that have none, in messages that must have one

_GREE_SWINGS: Mapping[str | None, Mapping[str, str]] = {
    "off": {"swing_v": "false", "swing_h": "false"},
    "vertical": {"swing_v": "true", "swing_h": "false"},
    "horizontal": {"swing_v": "false", "swing_h": "true"},
    "both": {"swing_v": "true", "swing_h": "true"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClimateProtocol:
    """How a protocol writes the states of an air conditioner."""

    name: str
    brand: str
    modes: tuple[str, ...]
    fans: tuple[str, ...]
    swings: Mapping[str | None, Mapping[str, str]] = field(default_factory=lambda: {None: {}})
    """By swing, the fields that set it."""
    off: str
    """The command that switches off."""
    off_fields: Mapping[str, str]
    """Fields by which a received message switches off."""
    mode_field: str = "mode"
    temperature_field: str = "temperature"
    fan_field: str = "fan"
    on_fields: Mapping[str, str] = field(default_factory=dict)
    """Fields that all states have."""
    modes_without_temperature: tuple[str, ...] = ("fan_only",)
    modes_with_one_fan: tuple[str, ...] = ()
    """Modes that choose the fan speed, so that it is always the first."""

    @property
    def is_available(self) -> bool:
        """Whether the installed version of infrared_protocols encodes all of it."""
        return {self.name, self._off_protocol} <= LIBRARY.keys()

    @property
    def _off_protocol(self) -> str:
        return self.off.partition(":")[0]

    def commands(self) -> dict[str, Command]:
        """Return the commands of all states, by name. It takes a second, so it runs in the executor."""
        return {"off": parse_named(self.off)} | {state_name(state): self._command(state) for state in self._states()}

    def command_name(self, decoded: Decoded) -> str | None:
        """Return the name of the command that sets what a received message sets, or None if it sets no state.

        Whatever else the message sets, such as a timer or the display, is ignored.
        """
        fields = {name: _text(value) for name, value in decoded.extra.items()}
        if decoded.protocol == self._off_protocol and self.off_fields.items() <= fields.items():
            return "off"
        mode = fields.get(self.mode_field)
        if decoded.protocol != self.name or mode not in self.modes:
            return None
        swing = next((swing for swing, wanted in self.swings.items() if wanted.items() <= fields.items()), None)
        temperature = None if mode in self.modes_without_temperature else float(fields[self.temperature_field])
        fan = self.fans[0] if mode in self.modes_with_one_fan else fields[self.fan_field]
        return state_name(ClimateState(mode, None, fan, swing, temperature))

    def _states(self) -> Iterator[ClimateState]:
        for mode, swing in product(self.modes, self.swings):
            temperatures = [None] if mode in self.modes_without_temperature else map(float, TEMPERATURES)
            fans = self.fans[:1] if mode in self.modes_with_one_fan else self.fans
            for fan, temperature in product(fans, temperatures):
                yield ClimateState(mode, None, fan, swing, temperature)

    def _command(self, state: ClimateState) -> Command:
        fields = {
            self.mode_field: state.mode,
            self.temperature_field: f"{state.temperature or ANY_TEMPERATURE:g}",
            self.fan_field: state.fan,
            **self.swings[state.swing],
            **self.on_fields,
        }
        return parse_named(f"{self.name}:{','.join(f'{name}={value}' for name, value in fields.items())}")


def _swings(field_name: str, *swings: str) -> Mapping[str | None, Mapping[str, str]]:
    return {swing: {field_name: swing} for swing in swings}


def _text(value: object) -> str:
    return value.name.lower() if isinstance(value, Enum) else str(value).lower()


CLIMATE_PROTOCOLS: Mapping[str, ClimateProtocol] = {
    protocol.name: protocol
    for protocol in (
        ClimateProtocol(
            name="fujitsu_ac",
            brand="Fujitsu General",
            modes=("auto", "cool", "dry", "fan_only", "heat"),
            fans=("auto", "quiet", "low", "medium", "high"),
            swings=_swings("swing", "off", "vertical", "horizontal", "both"),
            off="fujitsu_ac_fixed:code=0x02",
            off_fields={"code": "2"},
            on_fields={"power": "true"},  # a running one ignores this
        ),
        ClimateProtocol(
            name="gree_ac",
            brand="Gree",
            modes=("auto", "cool", "dry", "fan_only", "heat"),
            fans=("auto", "low", "medium", "high"),
            swings=_GREE_SWINGS,
            off="gree_ac:power=false,mode=cool,temperature=24",
            off_fields={"power": "false"},
        ),
        ClimateProtocol(
            name="lg_ac",
            brand="LG",
            modes=("cool", "dry", "fan_only", "heat"),
            fans=("auto", "quiet", "low", "medium_low", "medium", "medium_high", "high"),
            off="lg_ac:mode=off",
            off_fields={"mode": "off"},
            modes_without_temperature=("dry", "fan_only"),
        ),
        ClimateProtocol(
            name="panasonic_ac",
            brand="Panasonic",
            modes=("auto", "cool", "dry", "heat"),
            fans=("auto", "low", "medium_low", "medium", "medium_high", "high"),
            off="panasonic_ac:power=false,mode=cool,temperature=24",
            off_fields={"power": "false"},
        ),
        ClimateProtocol(
            name="samsung_ac0292",
            brand="Samsung",
            modes=("auto", "cool", "dry", "fan_only", "heat"),
            fans=("auto", "low", "medium", "high"),
            swings=_swings("swing_mode", "off", "vertical"),
            off="samsung_ac0292:hvac_mode=off",
            off_fields={"hvac_mode": "off"},
            mode_field="hvac_mode",
            temperature_field="target_temperature",
            fan_field="fan_mode",
            modes_with_one_fan=("auto",),
        ),
    )
    if protocol.is_available
}
"""The protocols that the installed version of infrared_protocols encodes."""
