"""Helpers for the tests of the remote."""

from collections.abc import Callable, Coroutine
from typing import Any

from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.decode import Decoded, decode
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc

NEC = "nec:0x04,0x08"
UNKNOWN = "raw:38000:4000,-2000,500,-1500,500,-500,500,-1500,1000,-500,500,-40000"

type Call = Callable[..., Coroutine[Any, Any, None]]


def sent(pair: SimulatedLirc) -> list[Decoded | None]:
    """Return the decoded transmissions."""
    return [decode(transmission.timings) for transmission in pair.sent]


def decoded(*codes: str) -> list[Decoded | None]:
    """Return decoded codes."""
    return [decode(parse(code).get_raw_timings()) for code in codes]
