"""A recorder's history of a station, and what a user station knows of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
import json
import math
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.anavi_weather.const import DOMAIN
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.phat.simulated_chips import Air
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.phat.simulator import Simulator
from custom_components.anavi_weather.user_station.documents import Encoder, Station
from custom_components.anavi_weather.user_station.entities import Entities, Selection
from custom_components.anavi_weather.user_station.names import Names
from custom_components.anavi_weather.user_station.recorder_log import RecorderLog
from custom_components.anavi_weather.user_station.recorder_tables import ALL
from homeassistant.components.infrared import async_send_command
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.db_schema import StateAttributes, States, StatesMeta
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from tests.conftest import PassTime, entity_of, press, store_codes

from .kql import Fact

STATIONS = (
    Station("1" * 32, "Sítio São João", "0.1.0", "2026.11.0", "first card"),
    Station("2" * 32, "Casa", "0.0.9", "2026.10.2", "only card"),
)
COPY = STATIONS[0]._replace(instance="copied card")
RENAMED = timedelta(hours=2)  # before the end, the first station is renamed. Before that, it had the name of the second
INTERVAL = 120  # seconds
SILENT_FOR = timedelta(minutes=45)
KEYS = ("nec:0x04,0x08", "samsung32:0x07,0x02", "rc5:0x05,0x0c,0")


@dataclass(frozen=True)
class History:
    """The documents of two stations, and the rows of their recorders."""

    bulk: bytes
    facts: list[Fact]


class Past:
    """Lets hours go by, in which there is weather and keys are pressed. It ends now: Elasticsearch takes no older times."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        air: Air,
        pass_time: PassTime,
        pair: SimulatedLirc,
        simulator: Simulator,
    ) -> None:
        """Initialize the changing values."""
        self._hass, self._freezer, self._air = hass, freezer, air
        self._pass_time, self._pair, self._simulator = pass_time, pair, simulator
        self._started = dt_util.utcnow()
        self.sent = 0

    async def live(self, entry: MockConfigEntry) -> None:
        """Live through six hours, with a gap of two."""
        self._freezer.tick(-timedelta(hours=6, minutes=2).total_seconds())
        self._started = dt_util.utcnow()
        assert await self._hass.config_entries.async_setup(entry.entry_id)
        await self._hass.async_block_till_done()
        await store_codes(entry.runtime_data.codes, {"television": {"power": [KEYS[0]], "mute": [KEYS[1]]}})
        self._pretend_to_forward(3)
        await self._weather(minutes=30)
        self._pretend_to_forward(7)
        await self._pass_time(2 * 3600)
        await self._weather(minutes=90)
        await async_wait_recording_done(self._hass)  # the reloaded station reads its pressures from there
        # An entity of an event keeps its state over a restart: that is no second press
        assert await self._hass.config_entries.async_reload(entry.entry_id)
        self._simulator.unplug(0x40)
        await self._weather(minutes=20)
        self._simulator.plug(0x40)
        await self._weather(minutes=100)
        await async_wait_recording_done(self._hass)

    async def _weather(self, minutes: int) -> None:
        for step in range(minutes * 60 // INTERVAL):
            phase = (dt_util.utcnow() - self._started).total_seconds() / 1200
            self._air.temperature = 18 + 20 * math.sin(phase)
            self._air.humidity = 60 + 20 * math.cos(phase)
            self._air.pressure -= 0.1
            self._air.illuminance = 20_000 + 10_000 * math.sin(phase)
            await self._pass_time(INTERVAL)
            if step % 4 == 0:
                await press(self._pair, KEYS[step // 4 % len(KEYS)])
                await self._pass_time(1)
            if step % 5 == 0:
                emitter = entity_of(self._hass, "infrared", "emitter")
                await async_send_command(self._hass, emitter, parse(KEYS[0]))
                self.sent += 1
            if step % 10 == 0:
                await press(self._pair, KEYS[0], KEYS[0], KEYS[0])
                await self._pass_time(1)

    def _pretend_to_forward(self, waiting: int) -> None:
        """Set states of entities that only forwarding has, and of one that is not the station's."""
        registry = er.async_get(self._hass)
        for key, value in (("backlog", waiting), ("refused", waiting + 1)):
            entity = registry.async_get_or_create("sensor", DOMAIN, f"user_station_{key}", translation_key=key)
            self._hass.states.async_set(entity.entity_id, str(value))
        self._hass.states.async_set("sensor.other", str(90 + waiting), {"device_class": "temperature"})


async def async_history(hass: HomeAssistant) -> History:
    """Return what is in the recorder: the second station has sent less of it, and nothing lately. The first is two."""
    entities = Entities(hass, "", Selection.ALL, (), Names())
    log = RecorderLog(hass)
    page = await log.async_run(log.read, None, ALL, None, 100_000, 100_000_000)
    assert page.reached_end
    end = dt_util.utcnow().timestamp()
    facts = await get_instance(hass).async_add_executor_job(_facts, hass)
    by_time = {(fact["entity.id"], fact["@timestamp"]) for fact in facts}
    assert by_time == {(row.entity_id, row.last_updated_ts) for row in page.rows}

    bulk = b""
    recorded: list[Fact] = []
    renamed = end - RENAMED.total_seconds()
    former = [row for row in page.rows if (row.last_updated_ts or 0) < renamed]
    for station, rows in (
        (STATIONS[0]._replace(name=STATIONS[1].name), former),
        (STATIONS[0], page.rows[len(former) :: 2]),
        (COPY, page.rows[len(former) + 1 :: 2]),
        (STATIONS[1], [row for row in page.rows if (row.last_updated_ts or 0) < end - SILENT_FOR.total_seconds()]),
    ):
        sent, lines = Encoder(station, entities.async_wanted().identities).encode(rows)
        assert len(sent) == len(lines)
        bulk += b"".join(lines)
        named = {f"station.{name}": value for name, value in station._asdict().items()}
        times = {(row.entity_id, row.last_updated_ts) for row in rows}
        recorded += [named | fact for fact in facts if (fact["entity.id"], fact["@timestamp"]) in times]
    return History(bulk, recorded)


def _facts(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return every state in the recorder's tables, with the field names of the index template."""
    session = get_instance(hass).get_session()
    try:
        rows = (
            session.query(StatesMeta.entity_id, States.state, States.last_updated_ts, StateAttributes.shared_attrs)
            .select_from(States)
            .join(StatesMeta, States.metadata_id == StatesMeta.metadata_id)
            .outerjoin(StateAttributes, States.attributes_id == StateAttributes.attributes_id)
            .all()
        )
    finally:
        session.close()
    registry = er.async_get(hass)
    return [
        dict(_fact(registry.async_get(entity_id), entity_id, state, updated, json.loads(attributes or "{}")))
        for entity_id, state, updated, attributes in rows
    ]


def _fact(
    known: er.RegistryEntry | None, entity_id: str, state: str | None, updated: float, attributes: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    domain = entity_id.split(".", maxsplit=1)[0]
    yield from {"@timestamp": updated, "entity.id": entity_id, "entity.domain": domain, "state.value": state}.items()
    yield "entity.unit", attributes.get("unit_of_measurement")
    if known:
        yield "entity.platform", known.platform
        yield "entity.key", known.translation_key or known.original_device_class
    try:
        yield "state.number", float(state or "")
    except ValueError:
        yield "state.number", None
    if known and known.platform == DOMAIN and (flags := attributes.get("quality_flags")):
        yield "quality.flags", flags
    if domain == "event":
        yield "event.type", attributes.get("event_type")
        yield from ((f"infrared.{name}", attributes.get(name)) for name in ("device", "name", "protocol", "code"))
