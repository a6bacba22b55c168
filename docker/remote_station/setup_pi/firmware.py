"""config.txt, read as the Raspberry Pi's firmware reads it.

https://www.raspberrypi.com/documentation/computers/config_txt.html, and "Using Device Trees" in the same documentation.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

MAX_LINE = 98  # characters; the firmware ignores those beyond
MAX_INCLUDES = 8
ON = ("", "on", "yes", "y", "true", "1", "okay")
# Parameters of the base that no overlay of the board's pins has. Other parameters below an overlay belong to the overlay.
BASE = (
    "act_led", "ant1", "ant2", "audio", "axiperf", "bdaddr", "button_debounce", "cam0", "cam1", "cooling_fan", "drm_fb", "eee",
    "eth", "fan_temp", "hdmi", "i2c", "i2s", "krnbt", "noant", "nvme", "pcie", "pwr_led", "random", "rtc", "sd_", "sdio_overclock",
    "spi", "suspend", "tx_lpi_timer", "uart", "watchdog", "wifiaddr",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of a file."""

    file: str
    number: int
    text: str

    @property
    def shown(self) -> str:
        """The line with its place."""
        return f"{self.file}:{self.number}: {self.text}"


@dataclass
class Overlay:
    """An overlay with its parameters, also those on lines of their own."""

    name: str
    parameters: dict[str, str]
    lines: list[Line]
    everywhere: bool
    """Whether it is the same on every model: neither the overlay nor a parameter is below a filter such as [pi4]."""
    has_base_parameters: bool = False
    """Whether one of its lines also has parameters of the base."""


@dataclass
class BaseParameter:
    """A parameter that no overlay takes."""

    name: str
    value: str
    line: Line
    everywhere: bool

    @property
    def on(self) -> bool:
        """Return whether the value switches something on."""
        return self.value in ON


@dataclass
class Configuration:
    """What the firmware does by a config.txt."""

    overlays: list[Overlay] = field(default_factory=list)
    parameters: list[BaseParameter] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    """Other settings, of every model."""

    def parameter(self, *names: str) -> BaseParameter | None:
        """Return the parameter of every model that counts: the last one with one of these names."""
        found = [parameter for parameter in self.parameters if parameter.name in names and parameter.everywhere]
        return found[-1] if found else None


Include = Callable[[str], str | None]


def read(text: str, include: Include = lambda _: None, file: str = "config.txt") -> Configuration:
    """Return what the firmware does by a text. `include` returns the text of an included file, or None."""
    reader = _Reader()
    for line in _lines(text, include, file, MAX_INCLUDES):
        reader.add(line)
    return reader.configuration


def _lines(text: str, include: Include, file: str, depth: int) -> Iterator[Line]:
    for number, raw in enumerate(text.split("\n"), 1):
        content = raw.removesuffix("\r")[:MAX_LINE].strip(" \t")
        if content.startswith("include ") and depth:
            name = content.removeprefix("include ").strip()
            yield from _lines(include(name) or "", include, name, depth - 1)
        elif content and not content.startswith("#"):
            yield Line(file, number, content)


class _Reader:
    """State of the firmware while it reads."""

    def __init__(self) -> None:
        """Initialize the reader at the beginning of the file."""
        self.configuration = Configuration()
        self._filters: set[str] = set()
        self._open: Overlay | None = None

    def add(self, line: Line) -> None:
        """Read a line."""
        key, _, value = line.text.partition("=")
        if line.text.startswith("["):
            self._filter(line.text)
        elif "none" in self._filters:
            return
        elif key in ("dtoverlay", "device_tree_overlay"):
            self._overlay(line, value)
        elif key == "dtparam":
            self._parameters(line, value)
        elif not self._filters:
            self.configuration.values[key] = value

    def _filter(self, text: str) -> None:
        name = text[1:].partition("]")[0].lower()
        # Filters of different kinds add up until [all]. It is enough to know whether there is one.
        self._filters = set() if name == "all" else {*self._filters, name} - ({"none"} if name != "none" else set())

    def _overlay(self, line: Line, value: str) -> None:
        name, _, rest = value.replace(":", ",", 1).partition(",")
        self._open = Overlay(name, dict(_pairs(rest)), [line], not self._filters) if name else None
        if self._open:
            self.configuration.overlays.append(self._open)

    def _parameters(self, line: Line, value: str) -> None:
        base = []
        for name, content in _pairs(value):
            if self._open and not name.startswith(BASE):
                self._open.parameters[name] = content
                self._open.everywhere &= not self._filters
                if line not in self._open.lines:
                    self._open.lines.append(line)
            else:
                base.append(BaseParameter(name, content, line, not self._filters))
        if base and self._open and line in self._open.lines:
            self._open.has_base_parameters = True
        self.configuration.parameters += base


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    for pair in text.split(","):
        name, _, value = pair.strip().partition("=")
        if name:
            yield name, value
