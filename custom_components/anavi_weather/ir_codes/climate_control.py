"""Control of an air conditioner: what it is set to, and which commands change that."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from .climate import AUTO, SETTINGS, AirConditioner, ClimateState, Power

USUAL_CELSIUS = 24.0
USUAL_FAHRENHEIT = 75.0
ON_BEFORE_EACH_STATE = "on"  # SmartIR sends this command before each state, and others only to switch on
LASTING = ("fan", "swing", "temperature")  # settings to return to after a mode that does not have them


class ClimateControl:
    """What an air conditioner is set to, as far as is known from what was sent and received."""

    def __init__(self, codes: Mapping[str, Sequence[str]]) -> None:
        """Initialize the control of an air conditioner that is off, with the codes of its commands by name."""
        self.model = AirConditioner(codes)
        self.is_on = False
        usual = USUAL_FAHRENHEIT if self.model.is_fahrenheit else USUAL_CELSIUS
        self._last: dict[str, Any] = {"fan": AUTO, "temperature": usual}  # values of lasting settings
        self.set_to = self._possible(ClimateState("cool", fan=AUTO, temperature=usual))
        """What it is set to; while it is off, what it was set to before."""

    def use_commands(self, codes: Mapping[str, Sequence[str]]) -> None:
        """Use other commands, and keep what is set as far as they allow."""
        self.model = AirConditioner(codes)
        self.set_to = self._possible(self.set_to)

    def as_dict(self) -> dict[str, Any]:
        """Return what is set in the form that `restore` takes."""
        return {"is_on": self.is_on, "last": dict(self._last), **asdict(self.set_to)}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what was set, as far as the commands still allow."""
        self.is_on = bool(stored.get("is_on"))
        if isinstance(last := stored.get("last"), Mapping):
            self._last |= {key: value for key in LASTING if (value := last.get(key)) is not None}
        values: dict[str, Any] = {key: stored.get(key) for key in SETTINGS}
        self.use(ClimateState(**values))

    def _possible(self, wanted: ClimateState) -> ClimateState:
        """Return the nearest state that there is a command for, if there is any."""
        if not (modes := self.model.modes):
            return wanted
        return self.model.nearest(wanted if wanted.mode in modes else replace(wanted, mode=modes[0]))

    @property
    def can_turn_off(self) -> bool:
        """Whether there is a command to turn off."""
        return any(self.model.power_command(power) for power in (Power.OFF, Power.TOGGLE))

    @property
    def has_plain_states(self) -> bool:
        """Whether the mode has states without a preset."""
        return any(state.mode == self.set_to.mode and state.preset is None for state in self.model.commands)

    def nearest(self, setting: str, changes: Mapping[str, Any]) -> ClimateState:
        """Return the state with changes of what is set that is nearest among those that there are commands for.

        Args:
            setting: The setting that matters most, if not all changes are possible together.
            changes: New values of settings.
        """
        remembered = {key: value for key, value in self._last.items() if getattr(self.set_to, key) is None}
        return self.model.nearest(replace(self.set_to, **(remembered | dict(changes))), setting)

    def commands(self, state: ClimateState) -> list[str]:
        """Return the commands that set a state, one after another."""
        before = self.model.power_command(Power.ON)
        if before is None and not self.model.power_command(Power.OFF):
            before = self.model.power_command(Power.TOGGLE)
        is_needed = before is not None and (not self.is_on or before.lower() == ON_BEFORE_EACH_STATE)
        return [*([before] if before and is_needed else []), self.model.commands[state]]

    def off_command(self) -> str | None:
        """Return the command that turns off. A toggle does so only while the air conditioner is on."""
        toggle = self.model.power_command(Power.TOGGLE) if self.is_on else None
        return self.model.power_command(Power.OFF) or toggle

    def receive(self, names: Collection[str]) -> bool:
        """Take over what a message sets that these commands send. Return whether that is certain."""
        meaning = self.model.received(names, self.set_to)
        if meaning is None:
            return False
        self.is_on = self.is_on or isinstance(meaning, ClimateState)
        self.use(meaning)
        return True

    def use(self, meaning: ClimateState | Power) -> None:
        """Take over what was sent or received, or the nearest state if its command was deleted meanwhile."""
        if isinstance(meaning, ClimateState):
            self.set_to = self._possible(meaning)
            self._last |= {key: value for key in LASTING if (value := getattr(self.set_to, key)) is not None}
        else:
            self.is_on = meaning is Power.ON or (meaning is Power.TOGGLE and not self.is_on)
