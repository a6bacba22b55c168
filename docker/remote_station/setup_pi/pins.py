"""Pins of the board's infrared, and who else takes them.

Names and default pins: arch/arm/boot/dts/overlays of the Raspberry Pi's kernel, its README, and the overlays whose pins that
does not name. The overlays tft35a and waveshare35a come with the displays.
"""

from dataclasses import dataclass
import re

from .firmware import ON, Configuration, Line, Overlay

RECEIVER_PIN, TRANSMITTER_PIN = 18, 17
PURPOSES = {RECEIVER_PIN: "infrared receiver", TRANSMITTER_PIN: "infrared transmitter"}
RECEIVER, TRANSMITTER, PWM_TRANSMITTER = "gpio-ir", "gpio-ir-tx", "pwm-ir-tx"
# By the parameter that changes the pin. Pins that no parameter changes have a name that is none.
DEFAULT_PINS = {
    RECEIVER: {"gpio_pin": 18},
    TRANSMITTER: {"gpio_pin": 18},
    PWM_TRANSMITTER: {"gpio_pin": 18},
    "adafruit-st7735r": {"led_pin": 18},
    "adafruit18": {"led_pin": 18},
    "gc9a01": {"(backlight)": 18},
    "goodix": {"interrupt": 4, "reset": 17},
    "hdmi-backlight-hwhack-gpio": {"gpio_pin": 17},
    "hy28a": {"(touch)": 17, "ledgpio": 18},
    "hy28b": {"(touch)": 17, "ledgpio": 18},
    "hy28b-2017": {"(touch)": 17, "ledgpio": 18},
    "lirc-rpi": {"gpio_out_pin": 17, "gpio_in_pin": 18},
    "mz61581": {"(backlight)": 18},
    "piscreen": {"(touch)": 17},
    "piscreen2r": {"(touch)": 17},
    "pisound": {"(button)": 17, "(clock)": 18},
    "pps-gpio": {"gpiopin": 18},
    "pwm": {"pin": 18},
    "pwm-2chan": {"pin": 18, "pin2": 19},
    "pwm-gpio-fan": {"fan_gpio": 18},
    "rotary-encoder": {"pin_a": 4, "pin_b": 17},
    "rpi-display": {"backlight": 18},
    "seeed-can-fd-hat-v1": {"(select)": 18},
    "si446x-spi0": {"int_pin": 17, "reset_pin": 27},
    "spi1-1cs": {"cs0_pin": 18},
    "spi1-2cs": {"cs0_pin": 18, "cs1_pin": 17},
    "spi1-3cs": {"cs0_pin": 18, "cs1_pin": 17, "cs2_pin": 16},
    "spi6-1cs": {"cs0_pin": 18},
    "spi6-2cs": {"cs0_pin": 18, "cs1_pin": 27},
    "tft35a": {"(touch)": 17},
    "tinylcd35": {"(backlight)": 18},
    "vc4-kms-dsi-lt070me05000": {"reset": 17, "enable": 4},
    "w1-gpio": {"gpiopin": 4},
    "w1-gpio-pullup": {"gpiopin": 4, "extpullup": 5},
    "watterott-display": {"backlight": 18},
    "waveshare35a": {"(touch)": 17},
    "wittypi": {"led_gpio": 17},
}
# The same, of an overlay with an option
OPTION_PINS = {
    ("audremap", "pins_18_19"): {"(sound)": 18},
    ("mipi-dbi-spi", "backlight-pwm"): {"backlight-pwm-gpio": 18},
    ("tinylcd35", "keypad"): {"(key)": 17},
    ("uart0-pi5", "ctsrts"): {"(rts)": 17},
}
# Overlays of I2S, which has its clock on GPIO 18
SOUND = re.compile(
    r"(3dlab-|adau|akkordion|allo-|aoide-|applepi-dac|audioinjector|audiosense|boomberry-|chipdip-|cirrus|dacberry|dionaudio|draws"
    r"|fe-pi|ghost-amp|googlevoicehat|hifiberry|i-sabre|i2s-(dac|master)|interludeaudio|iqaudio|justboom|max98357a|mbed-dac|merus-amp"
    r"|pibell|pifi-|proto-codec|rpi-(cirrus|codeczero|dac|digi|proto)|rra-digidac|sainsmart|superaudioboard|tas\d|tc358743-audio"
    r"|udrc|ugreen|wm8960)|-soundcard$"
)
DISPLAY = re.compile(r"(dpi\d|vc4-kms-(dpi|kippah|vga666)|vga666|smi$)")  # parallel displays take most pins
PADDED = re.compile(r"padhi$")  # but not GPIO 10, 11, 18 and 19, if they have 18 bits in this form
PIN_PARAMETER = re.compile(
    r"pin|gpio(?!_delay)|irq$|interrupt$|pullup$|^(backlight|reset|sleep|enable|xceiver_enable)$"
)


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
    if SOUND.search(overlay.name):
        return {RECEIVER_PIN}
    numbers = {name: str(number) for name, number in DEFAULT_PINS.get(overlay.name, {}).items()}
    for (name, option), pins in OPTION_PINS.items():
        if name == overlay.name and overlay.parameters.get(option) in ON:
            numbers |= {parameter: str(number) for parameter, number in pins.items()}
    parameters = overlay.parameters.items()
    numbers |= {name: value for name, value in parameters if name in numbers or PIN_PARAMETER.search(name)}
    found = {number for value in numbers.values() if (number := _number(value)) is not None}
    if DISPLAY.match(overlay.name):
        is_padded = any(PADDED.search(name) for name in (overlay.name, *overlay.parameters))
        found |= {TRANSMITTER_PIN} if is_padded else set(PURPOSES)
    return found


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
