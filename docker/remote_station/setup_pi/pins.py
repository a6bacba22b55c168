"""Pins of the board's infrared, and who else takes them.

Names and default pins: arch/arm/boot/dts/overlays/README of the Raspberry Pi's kernel.
"""

from dataclasses import dataclass
import re

from .firmware import Configuration, Line, Overlay

RECEIVER_PIN, TRANSMITTER_PIN = 18, 17
PURPOSES = {RECEIVER_PIN: "infrared receiver", TRANSMITTER_PIN: "infrared transmitter"}
RECEIVER, TRANSMITTER, PWM_TRANSMITTER = "gpio-ir", "gpio-ir-tx", "pwm-ir-tx"
DEFAULT_PINS = {
    RECEIVER: {"gpio_pin": 18},
    TRANSMITTER: {"gpio_pin": 18},
    PWM_TRANSMITTER: {"gpio_pin": 18},
    "goodix": {"interrupt": 4, "reset": 17},
    "hy28a": {"penirq": 17},
    "hy28b": {"penirq": 17, "ledgpio": 18},
    "lirc-rpi": {"gpio_out_pin": 17, "gpio_in_pin": 18},
    "piscreen": {"": 17},
    "piscreen2r": {"": 17},
    "pps-gpio": {"gpiopin": 18},
    "pwm": {"pin": 18},
    "pwm-2chan": {"pin": 18, "pin2": 19},
    "rotary-encoder": {"pin_a": 4, "pin_b": 17},
    "spi1-1cs": {"cs0_pin": 18},
    "spi1-2cs": {"cs0_pin": 18, "cs1_pin": 17},
    "spi1-3cs": {"cs0_pin": 18, "cs1_pin": 17, "cs2_pin": 16},
    "w1-gpio": {"gpiopin": 4},
    "w1-gpio-pullup": {"gpiopin": 4, "extpullup": 5},
}
# Overlays of I2S, which has its clock on GPIO 18
SOUND = re.compile(
    r"(adau|akkordion|allo-|applepi-dac|arducam-pivariety-i2s|audioinjector|audiosense|chipdip-dac|cirrus|dacberry|dionaudio|draws"
    r"|fe-pi|ghost-amp|googlevoicehat|hifiberry|i-sabre|i2s-|interludeaudio|iqaudio|justboom|max98357a|mbed-dac|merus-amp"
    r"|pibell|pifi-|pisound|proto-codec|rpi-(cirrus|codeczero|dac|digi|proto)|rra-digidac|sainsmart|superaudioboard|tas\d"
    r"|udrc|ugreen|wm8960)|-soundcard$"
)
DISPLAY = re.compile(r"(dpi\d|vc4-kms-dpi|vga666|smi$)")  # parallel displays take most pins
PIN_PARAMETER = re.compile(r"pin|gpio|irq$|^interrupt$|pullup$")


@dataclass(frozen=True)
class Claim:
    """A line that gives a pin of the infrared to something else."""

    pin: int
    overlay: Overlay | None
    """The overlay, or None for the I2S of the base."""
    line: Line

    @property
    def shown(self) -> str:
        """The claim as a line of output."""
        return f"GPIO {self.pin} ({PURPOSES[self.pin]}) is also used by {self.line.shown}"


def pin(overlay: Overlay) -> int | None:
    """Return the pin of an infrared overlay, or None if the pin is not a number."""
    return _number(overlay.parameters.get("gpio_pin", str(DEFAULT_PINS[overlay.name]["gpio_pin"])))


def claims(configuration: Configuration) -> list[Claim]:
    """Return what else takes the pins of the infrared."""
    found = [
        Claim(number, overlay, overlay.lines[0])
        for overlay in configuration.overlays
        if overlay.name not in (RECEIVER, TRANSMITTER, PWM_TRANSMITTER)
        for number in sorted(_pins(overlay) & set(PURPOSES))
    ]
    sound = configuration.parameter("i2s")
    filtered = [one for one in configuration.parameters if one.name == "i2s" and not one.everywhere and one.on]
    switches = [*filtered, *([sound] if sound and sound.on else [])]
    return found + [Claim(RECEIVER_PIN, None, parameter.line) for parameter in switches]


def _pins(overlay: Overlay) -> set[int]:
    if DISPLAY.match(overlay.name):
        return set(PURPOSES)
    if SOUND.search(overlay.name) or (overlay.name == "audremap" and "pins_18_19" in overlay.parameters):
        return {RECEIVER_PIN}
    numbers = {name: str(number) for name, number in DEFAULT_PINS.get(overlay.name, {}).items()}
    parameters = overlay.parameters.items()
    numbers |= {name: value for name, value in parameters if name in numbers or PIN_PARAMETER.search(name)}
    return {number for value in numbers.values() if (number := _number(value)) is not None}


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
