"""States of an air conditioner, derived from the names of the commands that set them, such as `cool_high_swing_24`."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum, auto
from itertools import pairwise
import re
from typing import NamedTuple

MODES: Mapping[str, str] = {
    "auto": "auto",
    "cold": "cool",
    "cool": "cool",
    "dry": "dry",
    "fan": "fan_only",
    "fan-only": "fan_only",
    "fan_only": "fan_only",
    "heat": "heat",
    "heat-cool": "heat_cool",
    "heat_cool": "heat_cool",
}
"""By the first word of a name, Home Assistant's mode."""
# Modes that only some manufacturers have: by the first word of a name, the nearest mode, of which they are a preset
PRESET_MODES: Mapping[str, str] = {
    "ai": "auto",
    "feal": "auto",
    "feel": "auto",
    "humidity": "dry",
    "ifeel": "auto",
    "money_saver": "cool",
}
MIN_TEMPERATURE = 8  # a lower number is a fan speed
MAX_CELSIUS = 45  # a higher temperature is in °F
AUTO = "auto"  # to prefer if the wanted fan speed or swing does not exist
ABSENT = "-"  # in files for a fork of SmartIR, in place of a setting that the mode does not have
# In files for a fork of SmartIR, where the preset of a state comes before its fan speed: these are or mean none
NO_PRESETS = {"-", "none"}
PLAIN_PRESETS = {"none", "normal"}
FAN_SPEEDS = {"auto", "high", "low", "med", "medium", "mid", "quiet"}
SYNONYMS: Mapping[str, str] = {"med": "medium", "mid": "medium", "middle": "medium"}

_LONGEST_FIRST = "|".join(sorted((*MODES, *PRESET_MODES), key=len, reverse=True))
_FIRST_WORD = re.compile(rf"({_LONGEST_FIRST})(?=[_ 0-9]|$)[_ ]?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?", re.ASCII)
_WORD_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|[^A-Za-z0-9]+")


class Power(Enum):
    """What a command does that sets no state."""

    OFF = auto()
    ON = auto()
    TOGGLE = auto()


# By name, in the order of preference
POWER_COMMANDS: Mapping[str, Power] = {
    "off": Power.OFF,
    "power_off": Power.OFF,
    "on": Power.ON,
    "on_once": Power.ON,
    "power_on": Power.ON,
    "toggle": Power.TOGGLE,
    "power_toggle": Power.TOGGLE,
    "power": Power.TOGGLE,
    "on_off": Power.TOGGLE,
}


@dataclass(frozen=True, slots=True)
class ClimateState:
    """What an air conditioner that is on is set to."""

    mode: str
    preset: str | None = None
    fan: str | None = None
    swing: str | None = None
    temperature: float | None = None


SETTINGS = tuple(field.name for field in fields(ClimateState))


class _Name(NamedTuple):
    """The parts of a state's name."""

    mode: str
    preset: str | None
    words: tuple[str, ...]  # besides the mode and the temperature
    temperature: float | None

    def with_preset_of(self, presets: Collection[str]) -> _Name:
        """Return the parts with the first word as the preset if it is one of these."""
        if not self.words or self.words[0].lower() not in presets:
            return self
        word, *words = self.words
        preset = None if word.lower() in NO_PRESETS else word
        return _Name(self.mode, self.preset or preset, tuple(words), self.temperature)


class AirConditioner:
    """The states that an air conditioner has commands for."""

    def __init__(self, codes: Mapping[str, Sequence[str]]) -> None:
        """Derive the states from the codes of the commands, by name. Commands that set no state are ignored."""
        self.commands: dict[ClimateState, str] = {}
        """The name of the command that sets each state."""
        self._meanings: dict[str, ClimateState | Power] = _power(codes)
        for name, state in _states(codes):
            self.commands.setdefault(state, name)
            self._meanings[name] = state

    @property
    def is_fahrenheit(self) -> bool:
        """Whether the temperatures are in °F."""
        return any(state.temperature is not None and state.temperature > MAX_CELSIUS for state in self.commands)

    @property
    def modes(self) -> list[str]:
        """The modes, without off."""
        return list(dict.fromkeys(state.mode for state in self.commands))

    def meaning(self, name: str) -> ClimateState | Power | None:
        """Return what a command does, or None if it sets no state."""
        return self._meanings.get(name)

    def power_command(self, power: Power) -> str | None:
        """Return the name of the command that switches the power, or None if there is none."""
        return next((name for name, meaning in self._meanings.items() if meaning is power), None)

    def options(self, setting: str, mode: str | None) -> list[str]:
        """Return the presets, fan speeds or swings of a mode (None: of all)."""
        found = dict.fromkeys(getattr(state, setting) for state in self._of_mode(mode))
        return [option for option in found if option is not None]

    def temperatures(self, mode: str | None) -> list[float]:
        """Return the temperatures of a mode (None: of all), the lowest first."""
        return sorted({state.temperature for state in self._of_mode(mode) if state.temperature is not None})

    def temperature_step(self, mode: str | None) -> float | None:
        """Return the smallest step between the temperatures of a mode (None: of all), or None if there is none."""
        return min((higher - lower for lower, higher in pairwise(self.temperatures(mode))), default=None)

    def nearest(self, wanted: ClimateState, most_important: str = "mode") -> ClimateState:
        """Return the state of the wanted mode that is nearest to a state, which need not exist.

        Args:
            wanted: The state.
            most_important: The setting that may be different only if no state has it.
        """
        order = (most_important, *SETTINGS)
        return min(self._of_mode(wanted.mode), key=_distance(wanted, order))

    def received(self, names: Iterable[str], current: ClimateState) -> ClimateState | Power | None:
        """Return what a received message means to an air conditioner, or None if that is uncertain.

        Args:
            names: The commands that send the message. Many files have one code for states that make no difference, such as
                the fan speeds while drying: those settings stay as they are.
            current: What the air conditioner is or was set to.
        """
        meanings = {meaning for name in names if (meaning := self._meanings.get(name)) is not None}
        states = {meaning for meaning in meanings if isinstance(meaning, ClimateState)}
        if powers := meanings - states - ({Power.ON} if states else set()):
            return powers.pop() if len(meanings) == 1 else None
        if len({state.mode for state in states}) > 1:
            states = {state for state in states if state.mode == current.mode}
        in_order = [state for state in self.commands if state in states]
        return min(in_order, key=_distance(current, SETTINGS), default=None)

    def _of_mode(self, mode: str | None) -> Iterator[ClimateState]:
        return (state for state in self.commands if mode in (None, state.mode))


def state_name(state: ClimateState) -> str:
    """Return the name of the command that sets a state."""
    words = [word.replace("_", "-") for word in (state.preset, state.fan, state.swing) if word]
    temperature = [] if state.temperature is None else [f"{state.temperature:g}"]
    return "_".join((state.mode, *words, *temperature))


def _distance(wanted: ClimateState, order: Sequence[str]) -> Callable[[ClimateState], tuple[float, ...]]:
    """Return the key to find the state that is nearest in the first of the settings, then in the second, and so on."""

    def difference(state: ClimateState, setting: str) -> float:
        have, want = getattr(state, setting), getattr(wanted, setting)
        if isinstance(have, int | float) and isinstance(want, int | float):
            return abs(have - want)
        return 0 if have == want else 1 if have == AUTO else 2

    return lambda state: tuple(difference(state, setting) for setting in order)


def _power(codes: Mapping[str, Sequence[str]]) -> dict[str, ClimateState | Power]:
    """Return by name what the commands do that set no state. One code for on and off is a toggle."""
    order = list(POWER_COMMANDS)
    found = [name for name in codes if name.lower() in POWER_COMMANDS]
    names = sorted(found, key=lambda name: order.index(name.lower()))
    by_codes: dict[tuple[str, ...], set[Power]] = {}
    for name in names:
        by_codes.setdefault(tuple(codes[name]), set()).add(POWER_COMMANDS[name.lower()])
    return {
        name: Power.TOGGLE if len(by_codes[tuple(codes[name])]) > 1 else POWER_COMMANDS[name.lower()] for name in names
    }


def _states(names: Iterable[str]) -> Iterator[tuple[str, ClimateState]]:
    """Yield the names of states with their states."""
    parsed = {name: parts for name in names if (parts := _parse(name)) is not None}
    begin_with = _first_presets(parts.words for parts in parsed.values())
    parsed = {name: parts.with_preset_of(begin_with) for name, parts in parsed.items()}
    counts = [len(parts.words) for parts in parsed.values() if parts.temperature is not None]
    has_swing = 2 * sum(count > 1 for count in counts) > len(counts)
    fans, swings, presets = _Options(), _Options(), _Options()
    for name, (mode, preset, words, temperature) in parsed.items():
        fan = swing = None
        if has_swing and words:
            fan, swing = words[0], "_".join(words[1:])
        elif words and words[0].lower() in FAN_SPEEDS:
            fan = "_".join(words)
        elif words:  # more words than other names of the device have distinguish a preset
            preset = preset or "_".join(words[:-1])
            fan = words[-1]
        yield name, ClimateState(mode, presets.name(preset), fans.name(fan), swings.name(swing), temperature)


def _first_presets(names: Iterable[Sequence[str]]) -> Collection[str]:
    """Return the first words of names if these are presets and not fan speeds, which come second."""
    pairs = [words[:2] for words in names if len(words) > 1]
    first, second = ({pair[place].lower() for pair in pairs} for place in (0, 1))
    return first if first & PLAIN_PRESETS and not first & FAN_SPEEDS and second & FAN_SPEEDS else ()


def _parse(name: str) -> _Name | None:
    """Return the parts of a name, or None if it is not the name of a state."""
    if not (found := _FIRST_WORD.match(name)):
        return None
    first = found[1].lower()
    words = [word.strip() for word in name[found.end() :].split("_" if "_" in name else " ") if word.strip()]
    temperature = None
    # Some programs write the temperature before the swing
    places = [place for place, word in enumerate(words) if _NUMBER.fullmatch(word) and float(word) >= MIN_TEMPERATURE]
    if places:
        temperature = float(words.pop(places[-1]))
    elif words and words[-1] == ABSENT:
        words.pop()
    for word in {first, MODES.get(first, ""), first.partition("_")[0]} - {AUTO}:
        if word in words[:-1]:  # the path in the file repeats the mode: heat_auto_heat_auto_16
            words = words[words.index(word) + 1 :]
    if first in PRESET_MODES:
        return _Name(PRESET_MODES[first], first, tuple(words), temperature)
    return _Name(MODES[first], None, tuple(words), temperature)


class _Options:
    """The options of a setting, named as Home Assistant names its own."""

    def __init__(self) -> None:
        """Initialize the options: there are none."""
        self._names: dict[str, str] = {}

    def name(self, word: str | None) -> str | None:
        """Return the name of an option: `medium_high` for `mediumHigh`. Two words have two names."""
        if not word or word == ABSENT:
            return None
        if word not in self._names:
            parts = _WORD_BREAK.sub("_", word).lower().strip("_").split("_")
            name = "_".join(SYNONYMS.get(part, part) for part in parts)
            choices = (name, word, *(f"{name}_{number}" for number in range(2, len(self._names) + 2)))
            self._names[word] = next(choice for choice in choices if choice and choice not in self._names.values())
        return self._names[word]
