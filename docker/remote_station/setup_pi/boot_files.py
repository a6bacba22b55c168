"""What config.txt and cmdline.txt become: functions of what they were before, so that a second run changes nothing."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from .firmware import Configuration, Include, Line, Overlay, read
from .pins import PWM_TRANSMITTER, RECEIVER, RECEIVER_PIN, TRANSMITTER, TRANSMITTER_PIN, Claim, claims, pin

BEGIN = "# BEGIN anavi_weather: sudo setup-pi --undo takes this away"
END = "# END anavi_weather"
ASIDE = "#anavi_weather# "
BUS_ON = "dtparam=i2c_arm=on"
RECEIVER_LINE = f"dtoverlay={RECEIVER},gpio_pin={RECEIVER_PIN}"
TRANSMITTER_LINE = f"dtoverlay={TRANSMITTER},gpio_pin={TRANSMITTER_PIN}"
SOUND_OFF = "dtparam=i2s=off"
LIMITS = "cgroup_enable=memory"
LOAD_MODULE = "modules-load=i2c-dev"


class BootFileError(Exception):
    """A file cannot be prepared as it is. The message names the line and what to do."""


@dataclass
class Settings:
    """What config.txt has for the board."""

    bus: bool
    receiver: Overlay | None = None
    transmitter: Overlay | None = None
    wrong: list[Overlay] = field(default_factory=list)
    """Infrared overlays with other pins, or not for every model."""
    claims: list[Claim] = field(default_factory=list)


def settings(configuration: Configuration) -> Settings:
    """Return what a config.txt has for the board."""
    bus = configuration.parameter("i2c", "i2c_arm", "i2c1")
    found = Settings(bus is not None and bus.on, claims=claims(configuration))
    for overlay in configuration.overlays:
        if overlay.name == RECEIVER and overlay.everywhere and pin(overlay) == RECEIVER_PIN and not found.receiver:
            found.receiver = overlay
        elif (
            overlay.name == TRANSMITTER
            and overlay.everywhere
            and pin(overlay) == TRANSMITTER_PIN
            and not found.transmitter
        ):
            found.transmitter = overlay
        elif overlay.name in (RECEIVER, TRANSMITTER) or (
            overlay.name == PWM_TRANSMITTER and pin(overlay) == RECEIVER_PIN
        ):
            found.wrong.append(overlay)
    return found


def config_txt(
    text: str, include: Include = lambda _: None, *, take_pins: bool = False, leave: Collection[int] = ()
) -> str:
    """Put lines aside that give the infrared to other pins, and add the missing ones.

    With `take_pins`, also put aside what else uses the pins. Pins in `leave` get no infrared.

    Raises:
        BootFileError: if a line cannot be put aside alone.
    """
    found = settings(read(text, include))
    put_aside, sound_off = list(found.wrong), False
    if take_pins:
        put_aside += [claim.overlay for claim in found.claims if claim.overlay]
        sound_off = any(claim.overlay is None for claim in found.claims)
    lines = text.split("\n")
    for number in _numbers(put_aside):
        lines[number - 1] = ASIDE + lines[number - 1]
    missing = [
        *([] if found.bus else [BUS_ON]),
        *([SOUND_OFF] if sound_off else []),
        *([] if found.receiver or RECEIVER_PIN in leave else [RECEIVER_LINE]),
        *([] if found.transmitter or TRANSMITTER_PIN in leave else [TRANSMITTER_LINE]),
    ]
    changed = "\n".join(lines)
    if not missing:
        return changed
    return "\n".join(
        [changed + ("\n" if changed and not changed.endswith("\n") else "") + BEGIN, "[all]", *missing, END, ""]
    )


def _numbers(overlays: list[Overlay]) -> set[int]:
    numbers = set()
    for overlay in overlays:
        if overlay.has_base_parameters:
            mixed = overlay.lines[-1]
            raise BootFileError(
                f"{mixed.shown} has parameters of {overlay.name} and of the Pi itself. Write them on two lines"
            )
        for line in overlay.lines:
            _require_config_txt(line)
            numbers.add(line.number)
    return numbers


def _require_config_txt(line: Line) -> None:
    if line.file != "config.txt":
        raise BootFileError(
            f"{line.shown} is in the way, but setup-pi doesn't change included files. Put a # before this line"
        )


def without_block(text: str) -> str:
    """Return a config.txt without what this program did, whatever else was changed meanwhile."""
    kept, inside = [], False
    for line in text.split("\n"):
        plain = line.removesuffix("\r")
        inside |= plain == BEGIN
        if not inside:
            kept.append(line.removeprefix(ASIDE))
        inside &= plain != END
    return "\n".join(kept)


def has_marks(text: str) -> bool:
    """Return whether a config.txt has something of this program."""
    return BEGIN in text or ASIDE in text


def memory_limited(text: str) -> bool:
    """Return whether containers can be limited in memory by a cmdline.txt: the last of opposite words counts."""
    enabled = False  # the firmware puts `cgroup_disable=memory` before the words of the file
    for word in text.split():
        name, _, value = word.partition("=")
        if name in ("cgroup_enable", "cgroup_disable") and "memory" in value.split(","):
            enabled = name == "cgroup_enable"
    return enabled


def loads_module(text: str) -> bool:
    """Return whether a cmdline.txt loads the module of the I2C devices."""
    words = (word.replace("_", "-").partition("=") for word in text.split())
    return any(name == "modules-load" and "i2c-dev" in value.split(",") for name, _, value in words)


def cmdline_txt(text: str, *, load_module: bool = False) -> str:
    """Add what is missing at the end of the line, where it counts."""
    missing = [] if memory_limited(text) else [LIMITS]
    if load_module and not loads_module(text):
        missing.append(LOAD_MODULE)
    if not missing:
        return text
    lines = text.split("\n")
    place = next(number for number, line in enumerate(lines) if line.strip())
    lines[place] = " ".join([lines[place].rstrip(), *missing])
    return "\n".join(lines)


def without_words(text: str, original: str, changed: str) -> str:
    """Return a cmdline.txt without the words that this program added, where it was changed meanwhile."""
    added = Counter(changed.split()) - Counter(original.split())
    words = text.rstrip("\r\n").split(" ")
    end = text[len(text.rstrip("\r\n")) :]
    for word, times in added.items():
        for _ in range(times):
            if word in words:
                del words[len(words) - 1 - words[::-1].index(word)]
    return " ".join(words) + end
