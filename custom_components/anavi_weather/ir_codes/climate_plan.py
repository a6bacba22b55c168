"""Plan of the states of an air conditioner to learn from its handset, one after another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

from .climate import ClimateState, state_name

MAX_STATES = 1_000
OFF = "off"
MODES_WITHOUT_TEMPERATURE = ("fan_only",)


@dataclass(frozen=True, slots=True)
class ClimatePlan:
    """The modes, fan speeds, swings and temperatures whose combinations are learned."""

    modes: Sequence[str]
    fan_modes: Sequence[str]
    swing_modes: Sequence[str]
    min_temperature: float
    max_temperature: float
    temperature_step: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the plan of a form."""
        return cls(
            tuple(data["modes"]),
            tuple(data.get("fan_modes", ())),
            tuple(data.get("swing_modes", ())),
            data["min_temperature"],
            data["max_temperature"],
            data["temperature_step"],
        )

    @property
    def temperatures(self) -> list[float]:
        """The temperatures, the lowest first. Too many for a plan are cut."""
        count = int((self.max_temperature - self.min_temperature) / self.temperature_step + 1e-6) + 1
        return [self.min_temperature + number * self.temperature_step for number in range(min(count, MAX_STATES))]

    @property
    def states(self) -> dict[str, ClimateState | None]:
        """The states by the names of their commands, in the order of learning; None is off.

        From one state to the next, only the temperature is one step higher, as often as possible.
        """
        return {OFF: None} | {state_name(state): state for state in self._states()}

    def _states(self) -> Iterator[ClimateState]:
        for mode, fan, swing in product(self.modes, self.fan_modes or (None,), self.swing_modes or (None,)):
            for temperature in (None,) if mode in MODES_WITHOUT_TEMPERATURE else self.temperatures:
                yield ClimateState(mode, None, fan, swing, temperature)

    @property
    def is_too_large(self) -> bool:
        """Whether it has more states than anybody learns."""
        options = len(self.modes) * max(1, len(self.fan_modes)) * max(1, len(self.swing_modes))
        return options * len(self.temperatures) > MAX_STATES
