"""Tests of the emitter and the receiver entities."""

from itertools import chain
from typing import override

from freezegun.api import FrozenDateTimeFactory
from infrared_protocols.codes.samsung.tv import SamsungTVCode
from infrared_protocols.commands import Command
from infrared_protocols.commands.nec import NECCommand
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_restore_cache

from custom_components.anavi_weather import transceiver
from custom_components.anavi_weather.const import CONF_BUS, CONF_CHIPS, DOMAIN
from custom_components.anavi_weather.ir_codes import parse
from custom_components.anavi_weather.ir_codes.decode import decode
from custom_components.anavi_weather.phat.simulated_lirc import SimulatedLirc
from custom_components.anavi_weather.phat.simulator import OFFICIAL_CHIPS
from homeassistant.components.infrared import (
    InfraredReceivedSignal,
    async_get_emitters,
    async_get_receivers,
    async_send_command,
    async_subscribe_receiver,
)
from homeassistant.config_entries import SOURCE_USER, ConfigEntryDisabler
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from .conftest import Machine, PassTime, entity_of, is_loaded, let_read, press, value

LOOK = 11  # seconds, within which missing devices are looked for


class LibraryCommand(Command):
    """A consumer's command, without a duty cycle."""

    @override
    def get_raw_timings(self) -> list[int]:
        """Return timings that end with a space."""
        return [889, -889, 1778, -889, 889, -40_000]


@pytest.fixture
def emitter(hass: HomeAssistant, station: MockConfigEntry) -> str:
    """Return the emitter of the simulated pHAT."""
    return entity_of(hass, "infrared", "emitter")


@pytest.fixture
def receiver(hass: HomeAssistant, station: MockConfigEntry) -> str:
    """Return the receiver of the simulated pHAT."""
    return entity_of(hass, "infrared", "receiver")


@pytest.fixture
def signals(hass: HomeAssistant, receiver: str) -> list[InfraredReceivedSignal]:
    """Return the signals that the receiver passes on."""
    signals: list[InfraredReceivedSignal] = []
    async_subscribe_receiver(hass, receiver, signals.append)
    return signals


def test_the_emitter_and_the_receiver_are_registered_with_core(
    hass: HomeAssistant, emitter: str, receiver: str
) -> None:
    assert async_get_emitters(hass) == [emitter]
    assert async_get_receivers(hass) == [receiver]
    assert value(hass, emitter) == value(hass, receiver) == STATE_UNKNOWN


@pytest.mark.parametrize(
    ("command", "timings", "carrier", "duty_cycle"),
    [
        (parse("nec:0x04,0x08"), NECCommand(address=4, command=8).get_raw_timings(), 38000, 50),
        (parse("raw:40000,duty_cycle=33:600,-500,600,-20000"), [600, -500, 600], 40000, 33),
        (parse("raw:0:100,-7000,100"), [100, -7000, 100], 0, 50),
        (LibraryCommand(modulation=36000), [889, -889, 1778, -889, 889], 36000, 50),
    ],
)
async def test_the_transmitter_sends_the_command(
    hass: HomeAssistant,
    pair: SimulatedLirc,
    emitter: str,
    command: Command,
    timings: list[int],
    carrier: int,
    duty_cycle: int,
) -> None:
    await async_send_command(hass, emitter, command)

    ((sent_timings, sent_carrier, sent_duty_cycle),) = pair.sent
    assert list(sent_timings) == (timings[:-1] if timings[-1] < 0 else timings)
    assert sent_carrier == carrier
    if carrier:  # an unmodulated command has no duty cycle
        assert sent_duty_cycle == duty_cycle
    assert value(hass, emitter) != STATE_UNKNOWN


async def test_a_long_command_is_split_at_its_pauses(hass: HomeAssistant, pair: SimulatedLirc, emitter: str) -> None:
    frame = [9000, -4500, *[560, -1690] * 20, 560]
    pause = 100_000

    await async_send_command(hass, emitter, parse("raw:38000:" + ",".join(map(str, [*frame, -pause] * 10))))

    assert len(pair.sent) > 1
    joined = [list(pair.sent[0].timings)]
    joined += [[-pause, *transmission.timings] for transmission in pair.sent[1:]]
    assert list(chain(*joined)) == ([*frame, -pause] * 10)[:-1]


@pytest.mark.parametrize(
    ("code", "key"), [("raw:38000:500000,-500,400000", "infrared_invalid"), ("raw:500000:500", "infrared_send_failed")]
)
async def test_an_invalid_command_raises_an_error(
    hass: HomeAssistant, pair: SimulatedLirc, emitter: str, monkeypatch: pytest.MonkeyPatch, code: str, key: str
) -> None:
    monkeypatch.setattr("custom_components.anavi_weather.phat.simulated_lirc.MAX_CARRIER", 100_000)

    with pytest.raises(HomeAssistantError) as raised:
        await async_send_command(hass, emitter, parse(code))

    assert (raised.value.translation_domain, raised.value.translation_key) == (DOMAIN, key)
    assert raised.value.translation_placeholders
    assert raised.value.translation_placeholders["error"]
    assert value(hass, emitter) == STATE_UNKNOWN  # available
    await async_send_command(hass, emitter, parse("nec:1,2"))
    assert len(pair.sent) == 1


async def test_a_disconnected_pair_is_unavailable_until_it_reconnects(
    hass: HomeAssistant, pair: SimulatedLirc, emitter: str, receiver: str, pass_time: PassTime
) -> None:
    pair.unplug()
    await let_read()
    assert value(hass, receiver) == STATE_UNAVAILABLE  # at once, because reading its device fails

    with pytest.raises(HomeAssistantError) as raised:
        await async_send_command(hass, emitter, parse("nec:1,2"))

    assert (raised.value.translation_domain, raised.value.translation_key) == (DOMAIN, "infrared_gone")
    assert value(hass, emitter) == STATE_UNAVAILABLE
    await pass_time(LOOK)
    assert value(hass, emitter) == value(hass, receiver) == STATE_UNAVAILABLE

    pair.plug()
    await pass_time(LOOK)
    assert value(hass, emitter) != STATE_UNAVAILABLE
    assert value(hass, receiver) != STATE_UNAVAILABLE
    await async_send_command(hass, emitter, parse("nec:1,2"))
    assert len(pair.sent) == 1
    await pass_time(1)
    await press(pair, "nec:1,2")
    assert value(hass, receiver) not in (STATE_UNAVAILABLE, STATE_UNKNOWN)


async def test_a_consumer_of_core_sends_through_the_emitter(
    hass: HomeAssistant, pair: SimulatedLirc, emitter: str, pass_time: PassTime
) -> None:
    form = await hass.config_entries.flow.async_init("samsung_infrared", context={"source": SOURCE_USER})
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"device_type": "tv", "infrared_emitter_entity_id": emitter}
    )
    await hass.async_block_till_done()
    television = result["result"]
    assert is_loaded(television)
    entities = er.async_entries_for_config_entry(er.async_get(hass), television.entry_id)
    (button,) = [entity.entity_id for entity in entities if entity.unique_id.endswith("_source")]
    (player,) = [entity.entity_id for entity in entities if entity.domain == "media_player"]

    await hass.services.async_call("button", "press", {ATTR_ENTITY_ID: button}, blocking=True)
    await hass.services.async_call("media_player", "volume_up", {ATTR_ENTITY_ID: player}, blocking=True)

    decoded = [decode(transmission.timings) for transmission in pair.sent]
    expected = [decode(code.to_command().get_raw_timings()) for code in (SamsungTVCode.SOURCE, SamsungTVCode.VOLUME_UP)]
    assert decoded == expected
    assert None not in decoded

    pair.unplug()
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call("button", "press", {ATTR_ENTITY_ID: button}, blocking=True)
    assert value(hass, button) == STATE_UNAVAILABLE
    pair.plug()
    await pass_time(LOOK)
    assert value(hass, button) != STATE_UNAVAILABLE


async def test_a_consumer_of_core_receives_through_the_receiver(
    hass: HomeAssistant, pair: SimulatedLirc, receiver: str
) -> None:
    flow = hass.config_entries.flow
    menu = await flow.async_init("lg_infrared", context={"source": SOURCE_USER})
    form = await flow.async_configure(menu["flow_id"], {"next_step_id": "tv"})
    result = await flow.async_configure(form["flow_id"], {"infrared_receiver_entity_id": receiver})
    await hass.async_block_till_done()
    entities = er.async_entries_for_config_entry(er.async_get(hass), result["result"].entry_id)
    (event,) = [entity.entity_id for entity in entities if entity.domain == "event"]

    await press(pair, "nec:0x04,0x08")

    state = hass.states.get(event)
    assert state
    assert state.attributes["event_type"] == "power"


async def test_the_receiver_passes_frames_on(
    hass: HomeAssistant, pair: SimulatedLirc, receiver: str, signals: list[InfraredReceivedSignal]
) -> None:
    sent = parse("nec:0x04,0x08").get_raw_timings()

    await press(pair, "nec:0x04,0x08")

    (signal,) = signals
    assert signal.timings == pytest.approx(sent[:-1] if sent[-1] < 0 else sent, abs=250)
    assert signal.timings != sent
    assert value(hass, receiver) != STATE_UNKNOWN


@pytest.mark.parametrize("pause", [20_000, 38_000, 150_000])
async def test_a_message_with_pauses_is_one_signal(
    pair: SimulatedLirc, signals: list[InfraredReceivedSignal], freezer: FrozenDateTimeFactory, pause: int
) -> None:
    sent = [3400, -1700, *(430, -1290) * 9, 430, -pause, 3400, -1700, *(430, -430) * 9, 430, -7900, 430]

    await press(pair, "raw:38000:" + ",".join(map(str, sent)))
    freezer.tick(0.2)
    await let_read()

    (signal,) = signals
    assert signal.timings == pytest.approx(sent, abs=250)


async def test_commands_that_the_board_sends_are_not_received(
    hass: HomeAssistant,
    pair: SimulatedLirc,
    emitter: str,
    signals: list[InfraredReceivedSignal],
    pass_time: PassTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transceiver, "HEARD_AFTER_SENDING", 10)  # longer than a busy machine takes
    await async_send_command(hass, emitter, parse("nec:0x04,0x08"))
    await let_read()
    await press(pair, "nec:0x04,0x09")  # the end of the transmission, received late
    assert not signals

    await async_send_command(hass, emitter, parse("nec:0x04,0x08"))
    await let_read()  # timers that are due run before pending reads
    await pass_time(11)
    await press(pair, "nec:0x04,0x0a")

    (signal,) = signals
    decoded = decode(signal.timings)
    assert decoded
    assert decoded.command == 0x0A


async def test_entities_are_added_once_a_pair_is_found(
    hass: HomeAssistant,
    machine: Machine,
    board_entry: MockConfigEntry,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    machine.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.async_all("sensor")
    domains = ("infrared", "remote", "event", "button")
    assert not hass.states.async_all(domains)

    machine.pair.plug()
    await pass_time(LOOK)

    assert {state.domain for state in hass.states.async_all(domains)} == {"infrared", "remote", "event"}
    assert all(state.state != STATE_UNAVAILABLE for state in hass.states.async_all(domains))
    await async_send_command(hass, entity_of(hass, "infrared", "emitter", "01BOARD"), parse("nec:1,2"))
    assert len(machine.pair.sent) == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"], "an entity is added only once"


async def test_entities_stay_when_the_pair_is_missing_after_a_restart(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry, pass_time: PassTime
) -> None:
    machine.plug()
    machine.pair.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()
    before = {state.entity_id for state in hass.states.async_all(("infrared", "remote", "event"))}
    assert len(before) == 4
    machine.pair.unplug()

    await hass.config_entries.async_reload(board_entry.entry_id)
    await hass.async_block_till_done()

    states = hass.states.async_all(("infrared", "remote", "event"))
    assert {state.entity_id for state in states} == before
    assert {state.state for state in states} == {STATE_UNAVAILABLE}
    machine.pair.plug()
    await pass_time(LOOK)
    assert STATE_UNAVAILABLE not in {value(hass, entity_id) for entity_id in before}


async def test_only_one_of_two_stations_owns_the_pair(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    other = MockConfigEntry(
        domain=DOMAIN,
        unique_id=machine.path(3),
        data={CONF_BUS: machine.path(3), CONF_CHIPS: [str(chip) for chip in OFFICIAL_CHIPS]},
        entry_id="02BOARD",
    )
    other.add_to_hass(hass)
    machine.plug()
    machine.plug(3)
    machine.pair.plug()
    await hass.config_entries.async_setup(board_entry.entry_id)
    await hass.async_block_till_done()

    assert is_loaded(board_entry)
    assert is_loaded(other)
    assert len(async_get_emitters(hass)) == len(async_get_receivers(hass)) == 1
    assert entity_of(hass, "infrared", "emitter", board_entry.entry_id)
    assert other.runtime_data.transceiver is None
    registry = er.async_get(hass)
    domains = {entity.domain for entity in er.async_entries_for_config_entry(registry, other.entry_id)}
    assert "sensor" in domains
    assert domains.isdisjoint(("infrared", "remote", "event", "button", "climate"))


async def test_a_disabled_station_does_not_own_the_pair(
    hass: HomeAssistant, machine: Machine, board_entry: MockConfigEntry
) -> None:
    other = MockConfigEntry(
        domain=DOMAIN,
        unique_id=machine.path(3),
        data={CONF_BUS: machine.path(3), CONF_CHIPS: [str(chip) for chip in OFFICIAL_CHIPS]},
        entry_id="02BOARD",
    )
    machine.plug(3)
    machine.pair.plug()
    await hass.config_entries.async_set_disabled_by(board_entry.entry_id, ConfigEntryDisabler.USER)
    other.add_to_hass(hass)

    await hass.config_entries.async_setup(other.entry_id)
    await hass.async_block_till_done()

    assert other.runtime_data.transceiver
    assert len(async_get_emitters(hass)) == 1


async def test_the_last_signal_is_restored(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: object, entity_registry: er.EntityRegistry
) -> None:
    entity = entity_registry.async_get_or_create("infrared", DOMAIN, "01STATION-receiver", config_entry=entry)
    mock_restore_cache(hass, [State(entity.entity_id, "2026-11-01T00:00:00.000+00:00")])

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert value(hass, entity.entity_id) == "2026-11-01T00:00:00.000+00:00"
