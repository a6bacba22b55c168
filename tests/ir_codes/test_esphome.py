"""Tests of ESPHome's YAML."""

import pytest

from custom_components.anavi_weather.ir_codes import esphome, to_text
from custom_components.anavi_weather.ir_codes.esphome import is_esphome, parse_esphome
from custom_components.anavi_weather.ir_codes.remote_file import FileRemote

from .helpers import refused, strict

NEC = "remote_transmitter.transmit_nec: {address: 0xFB04, command: 0xF708}"


def one(text: str) -> FileRemote:
    """Return the one remote of a configuration."""
    (remote,) = parse_esphome(text, "TV").values()
    return remote


def texts(action: str) -> list[str]:
    """Return the texts of the only command."""
    (commands,) = strict(one(f"on_press:\n  - remote_transmitter.{action}\n")).values()
    return list(map(to_text, commands))


def test_names() -> None:
    text = f"""
substitutions:
  room: Den
  loop: ${{room}}
esphome:
  name: ${{room}}-remote
api:
  actions:
    - action: play
      then:
        - {NEC}
button:
  - platform: template
    name: "$room power"
    id: power
    on_press:
      - {NEC}
      - delay: !lambda "return 4;"
      - {NEC}
  - platform: template
    name: ${{loop}}
    on_press:
      then:
        - if:
            condition: {{lambda: 'return true;'}}
            then:
              - {NEC}
switch:
  - platform: template
    id: fan
    turn_on_action: [{{{NEC}}}]
    turn_off_action:
      {NEC}
interval:
  - interval: 5min
    then: [{{{NEC}}}]
"""
    remotes = parse_esphome(text)
    assert {name: list(strict(remote)) for name, remote in remotes.items()} == {
        "Den-remote": ["play", "Den power", "Den power 2", "${room}", "fan on", "fan off", "nec"]
    }


@pytest.mark.parametrize("key", esphome.NAMES)
def test_keys_that_name_an_action(key: str) -> None:
    assert list(one(f"{key}: power\nthen: {{{NEC}}}\n").commands) == ["power"]


@pytest.mark.parametrize(
    ("trigger", "name"),
    [
        ("turn_on_action", "Blind on"),
        ("turn_off_action", "Blind off"),
        ("open_action", "Blind open"),
        ("close_action", "Blind close"),
        ("stop_action", "Blind"),
    ],
)
def test_triggers_are_part_of_the_name(trigger: str, name: str) -> None:
    assert list(one(f"name: Blind\n{trigger}: {{{NEC}}}\n").commands) == [name]


@pytest.mark.parametrize(
    ("name", "command"),
    [("${missing}", "${missing}"), ("$missing", "$missing"), ("''", "tv"), ("!lambda return a;", "tv")],
)
def test_names_that_are_not_plain(name: str, command: str) -> None:
    assert list(one(f"id: tv\nname: {name}\nthen: {{{NEC}}}\n").commands) == [command]


def test_device() -> None:
    action = f"on_press: {{{NEC}}}\n"
    assert list(parse_esphome("esphome: {name: tv, friendly_name: My TV}\n" + action)) == ["My TV"]
    assert list(parse_esphome("esphome: {name: tv}\n" + action)) == ["tv"]
    assert list(parse_esphome("esphome: {name: tv}\n" + action, "Den")) == ["Den"]
    assert refused(parse_esphome, action) == "file_without_name"


@pytest.mark.parametrize(
    ("repeat", "found"),
    [
        ("1", "nec:0x04,0x08"),
        ("{times: 1, wait_time: 10ms}", "nec:0x04,0x08"),
        ("3", "raw:38000,repeat_count=2:/"),
        ("{times: 3, wait_time: 25ms}", "raw:38000,repeat_count=2:/"),
        ("{times: 3}", "raw:38000,repeat_count=2:/"),
    ],
)
def test_repeat(repeat: str, found: str) -> None:
    (text,) = texts(f"transmit_nec: {{address: 0xFB04, command: 0xF708, repeat: {repeat}}}")
    assert text.startswith(found)
    assert text == found or text.endswith(",-25000")


@pytest.mark.parametrize(
    ("wait", "pause"), [("0s", 1), ("17ms", 17_000), ("1500us", 1500), ("1.5 ms", 1500), ("2s", 2_000_000)]
)
def test_pause_between_repeats(wait: str, pause: int) -> None:
    (text,) = texts(f"transmit_nec: {{address: 1, command: 2, repeat: {{times: 2, wait_time: {wait}}}}}")
    assert text.endswith(f",-{pause}")


def test_list_of_timings() -> None:
    action = "transmit_raw: {carrier_frequency: 38kHz, code: [100, -200, 300], transmitter_id: ir}"
    assert texts(action) == ["raw:38000:100,-200,300,-40000"]


def test_repeats_that_the_protocol_has_anyway() -> None:
    # Sony's frames are sent three times
    assert texts("transmit_sony: {data: 0xA90, repeat: {times: 3, wait_time: 0s}}") == ["sony:0x01,0x15"]


@pytest.mark.parametrize("times", [1, 2, 3, 4, 6])
def test_each_repeat_of_dish_has_its_header_and_four_frames(times: int) -> None:
    action = (
        f"remote_transmitter.transmit_dish: {{address: 1, command: 5, repeat: {{times: {times}, wait_time: 30ms}}}}"
    )
    ((command,),) = strict(one(f"on_press:\n  - {action}\n")).values()
    ((single,),) = strict(one("on_press:\n  - remote_transmitter.transmit_dish: {command: 5}\n")).values()
    whole = single.get_raw_timings()
    assert len(whole) == 137
    assert command.get_raw_timings() == [*whole, -30_000] * (times - 1) + whole


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("transmit_nec: {address: !lambda return a;, command: 1}", "esphome_computed"),
        ("transmit_nec: {address: !secret a, command: 1}", "esphome_computed"),
        ("transmit_rc_switch_raw: {code: '0101', protocol: 1}", "broadlink_radio"),
        ("transmit_abbwelcome: {message_type: 1}", "protocol_unknown"),
        ("transmit_nec: {address: 1}", "field_missing"),
        ("transmit_nec: 1", "field_missing"),
        ("transmit_nec: {address: 1, command: 1, repeat: often}", "value_invalid"),
        ("transmit_nec: {address: 1, command: 1, repeat: 0}", "value_invalid"),
        ("transmit_nec: {address: 1, command: 1, repeat: 101}", "value_invalid"),
        ("transmit_nec: {address: 1, command: 1, repeat: {wait_time: 1s}}", "value_invalid"),
        ("transmit_nec: {address: 1, command: 1, repeat: {times: 2, wait_time: soon}}", "value_invalid"),
    ],
)
def test_actions_that_cannot_be_read(action: str, key: str) -> None:
    remote = one(f"name: A\non_press:\n  - remote_transmitter.{action}\n  - {NEC}\n")
    assert list(remote.commands) == ["A 2"]
    assert remote.unreadable["A"].key == key


def test_substituted_values() -> None:
    text = f"substitutions: {{address: 0xFB04, times: 1}}\non_press:\n  - {NEC}\n".replace("0xFB04}}", "${address}}")
    text = text.replace("address: 0xFB04, command", "address: $address, repeat: $times, command")
    (commands,) = strict(one(text)).values()
    assert to_text(commands[0]) == "nec:0x04,0x08"


@pytest.mark.parametrize(
    ("text", "key"), [("remote_transmitter: {}", "file_empty"), ("a: [", "yaml_invalid"), ("[" * 100, "yaml_too_large")]
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse_esphome, text) == key


def test_too_many_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(esphome, "MAX_COMMANDS", 2)
    assert len(one(f"then:\n{f'  - {NEC}\n' * 2}").commands) == 2
    assert refused(parse_esphome, f"then:\n{f'  - {NEC}\n' * 3}", "TV") == "too_many_commands"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"x:\n  - {NEC}", True),
        (f"x:\n    {NEC}", True),
        ("# uses remote_transmitter.transmit_nec", False),
        ("remote_transmitter:\n  pin: 4", False),
    ],
)
def test_recognized(text: str, found: bool) -> None:
    assert bool(is_esphome(text)) is found
