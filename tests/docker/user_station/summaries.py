"""A fleet of three stations, and its summaries as a reader gets them."""

from datetime import timedelta
import time
from typing import Any

from aiohttp import ClientSession
import pytest
from yarl import URL

from custom_components.anavi_weather.user_station.elasticsearch import Destination
from custom_components.anavi_weather.user_station.fleet import Fleet
from custom_components.anavi_weather.user_station.fleet_index import FleetIndex
from homeassistant.util import dt as dt_util

from .server import Server

BEACH, FARM, SILENT = "b" * 32, "f" * 32, "s" * 32
LOCATION = {"lat": -23.5488, "lon": -46.6285}
PLACE = {"location": LOCATION, "elevation": 760.0}


def state(
    station: str, key: str, number: float, unit: str, minutes: float, *, place: Any = None, **more: Any
) -> dict[str, Any]:
    """Return the document of a reading from some minutes ago."""
    names = {BEACH: "Casa da praia", FARM: "Sítio", SILENT: "Farol"}
    return {
        "@timestamp": (dt_util.utcnow() - timedelta(minutes=minutes)).isoformat(),
        "station": {"id": station, "name": names[station], "version": "1.1.0", **(place or {})},
        "entity": {"id": f"sensor.{key}", "platform": "anavi_weather", "key": key, "unit": unit},
        "state": {"value": str(number), "number": number},
        **more,
    }


def states() -> list[dict[str, Any]]:
    """Return the documents of the fleet's newest states."""
    return [
        # Its temperature rises, after frost within the hour
        state(BEACH, "temperature", 36.5, "°F", 40, place=PLACE),
        state(BEACH, "temperature", 50, "°F", 2, place=PLACE | {"instance": "card"}),
        state(BEACH, "humidity", 55, "%", 3, quality={"flags": ["step"]}, place={"instance": "copy"}),
        state(BEACH, "pressure_tendency", -0.12, "inHg", 5),
        state(BEACH, "sea_level_pressure", 101_320, "Pa", 6),
        # Frost two hours ago, and under another name
        state(FARM, "temperature", 1, "°C", 120) | {"station": {"id": FARM, "name": "Old name", "version": "1.1.0"}},
        # Its card was replaced a while ago
        state(FARM, "temperature", 35.5, "°C", 20, place={"instance": "card"}),
        state(FARM, "pressure_tendency", -2.9, "hPa", 10, place={"instance": "new card"}),
        # Of another integration
        state(FARM, "temperature", -40, "°C", 2)
        | {"entity": {"id": "sensor.x", "platform": "mqtt", "key": "temperature"}},
        state(SILENT, "temperature", 2, "°C", 1500),
    ]


def wait_for_summaries(server: Server, count: int) -> None:
    """Wait until the transform has written summaries."""
    for _ in range(1200):
        server.good("POST", f"{server.fleet}/_refresh")
        if server.good("GET", f"{server.fleet}/_count")["count"] == count:
            return
        time.sleep(0.25)
    pytest.fail(str(server.good("GET", f"_transform/{server.transform}/_stats")))


async def read(server: Server, key: str, *stations: str) -> Fleet:
    """Return the fleet as a reader's Home Assistant sees it."""
    async with ClientSession() as session:
        destination = Destination(URL(server.url), key, server.namespace)
        return await FleetIndex(session, destination, trusted=True).async_fleet(stations)
