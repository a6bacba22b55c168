"""Sets states as fast as it is asked to, odd ones among them. Shifts the temperature, and stands for a phone."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
import math
import time
from typing import Any

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulator import Weather
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers.typing import ConfigType

TRUE_TIME = time.time
TRUE_WEATHER: Callable[[Weather], Air] = Weather.__call__
PHONE = "sensor.phone"
ENTITIES = 20
ATTRIBUTES: dict[str, Any] = {
    "friendly_name": "Produced",
    "state_class": "measurement",
    "device_class": "temperature",
    "unit_of_measurement": "°C",
}
# States and attributes that others have trouble with
ODD: list[tuple[str, dict[str, Any]]] = [
    ("nan", {}),
    ("inf", {}),
    ("-1e999", {}),
    ("1e3", {"list": [3, 1, 1, 2], "nested": {"a.b": {"": None}}}),
    ("unknown", {"number": math.nan, "huge": 12345678901234567890123}),
    ("", {}),
    ("a\nb\u0000c", {"key\u0000": "value\u0000", ".": 1}),
    ("Ação ✓ 🌡", {"friendly_name": "Nome com “aspas” e \\ barra"}),
    ("on", {"text": "x" * 15_000}),
    ("off", {"text": "x" * 20_000}),
    ("12", {"not_json": object}),
    ("13", {"deep": [[[[[[[[[[[[[[[[[[[[[[["end"]]]]]]]]]]]]]]]]]]]]]]]}),
    ("1" * 255, {"friendly_name": 5, "unit_of_measurement": "y" * 2000}),
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the action."""
    numbers = count()

    async def produce(call: ServiceCall) -> None:
        """Set `count` states, with times that begin so many seconds `ago`, or `at` a time, if that is given."""
        start = time.time() - call.data["ago"] if "ago" in call.data else call.data.get("at")
        prefix = call.data.get("prefix", "produced")
        for index in range(call.data["count"]):
            hass.states.async_set(
                f"sensor.{prefix}_{index % ENTITIES}",
                str(next(numbers) / 10),
                ATTRIBUTES,
                timestamp=None if start is None else start + index // ENTITIES,
            )

    async def produce_odd(call: ServiceCall) -> None:
        for index, (state, attributes) in enumerate(ODD):
            hass.states.async_set(f"sensor.odd_{index}", state, attributes)
        hass.states.async_remove("sensor.odd_0")
        moment = time.time()
        for state in ("1", "2", "3"):  # of one entity, at one time
            hass.states.async_set("sensor.odd_twin", state, {}, timestamp=moment)

    async def set_clock(call: ServiceCall) -> None:
        """Set the clock that the times of states are from, in seconds from the true time."""
        time.time = lambda: TRUE_TIME() + call.data["seconds"]

    async def shift_temperature(call: ServiceCall) -> None:
        """Let the board be colder or warmer than the weather until the next start, and read it."""

        def weather(simulated: Weather) -> Air:
            air = TRUE_WEATHER(simulated)
            return replace(air, temperature=air.temperature + call.data["degrees"])

        Weather.__call__ = weather  # type: ignore[assignment, method-assign]
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await entry.runtime_data.coordinator.async_refresh()

    async def notify(call: ServiceCall) -> None:
        """Show the messages so far, like a phone."""
        shown = hass.states.get(PHONE)
        messages = shown.attributes["messages"] if shown else []
        hass.states.async_set(PHONE, str(len(messages) + 1), {"messages": [*messages, call.data["message"]]})

    hass.services.async_register("notify", "phone", notify)
    hass.services.async_register("state_source", "shift_temperature", shift_temperature)
    hass.services.async_register("state_source", "produce", produce)
    hass.services.async_register("state_source", "set_clock", set_clock)
    hass.services.async_register("state_source", "produce_odd", produce_odd)
    return True
