"""Tests of Girr's XML files."""

import pytest

from custom_components.anavi_weather.ir_codes import RawCommand, girr, parse, to_text
from custom_components.anavi_weather.ir_codes.girr import is_girr, parse_girr
from custom_components.anavi_weather.ir_codes.remote_file import FileRemote

from .helpers import refused, strict, strict_all

PRONTO = "0000 006D 0001 0000 0156 00AC"
RAW = '<raw frequency="38400"><intro>+9024 -4512 +564 -40000</intro></raw>'
REMOTE = '<remote name="TV"><commandSet>{}</commandSet></remote>'


def one(commands: str) -> FileRemote:
    """Return the remote of a file with these commands."""
    (remote,) = parse_girr(
        f'<remotes xmlns="http://www.harctoolbox.org/Girr">{REMOTE.format(commands)}</remotes>'
    ).values()
    return remote


def texts(commands: str) -> dict[str, list[str]]:
    """Return the texts of the commands by name."""
    return {name: list(map(to_text, codes)) for name, codes in strict(one(commands)).items()}


def test_parameters_are_inherited() -> None:
    commands = """
        <parameters protocol="nec1"><parameter name="D" value="4"/></parameters>
        <command name="power" master="parameters" F="8"/>
        <command name="mute" displayName="Mute" comment="none"><parameters><parameter name="F" value="0x9"/></parameters></command>
        <command name="menu"><parameters protocol="Sony12"><parameter name="F" value="21"/></parameters></command>
        <command name="exit" protocol="sony12" F="22"/>
        <commandSet name="other"><parameters><parameter name="D" value="5"/></parameters><command name="up" F="1"/></commandSet>
        <command name="down" F="2"/>
    """
    assert texts(commands) == {
        "power": ["nec:0x04,0x08"],
        "mute": ["nec:0x04,0x09"],
        "menu": ["sony:0x04,0x15"],
        "exit": ["sony:0x04,0x16"],
        "up": ["nec:0x05,0x01"],
        "down": ["nec:0x04,0x02"],
    }


def test_raw() -> None:
    commands = """
        <command name="plain"><raw frequency="36000.5" dutyCycle="0.33">
            <intro>+100 -200</intro><repeat>+300
                -400</repeat></raw></command>
        <command name="fat"><raw><intro><flash>100</flash><gap> 200</gap></intro></raw></command>
        <command name="ending"><raw frequency="0"><intro>+1 -2</intro><repeat>+3 -4</repeat><ending>+5 -6</ending></raw></command>
        <command name="toggle"><raw T="0"><repeat>+100 -200</repeat></raw><raw T="1"><repeat>+200 -100</repeat></raw></command>
    """
    assert texts(commands) == {
        "plain": ["raw:36000,duty_cycle=33:100,-200/300,-400"],
        "fat": ["raw:38000:100,-200"],
        "ending": ["raw:0:1,-2,3,-4,5,-6"],
        "toggle": ["raw:38000:/100,-200", "raw:38000:/200,-100"],
    }


@pytest.mark.parametrize(("text", "percent"), [("0.001", 1), (".999", 99), ("1.0", 50), ("50 %", 50), ("", 50)])
def test_duty_cycle(text: str, percent: int) -> None:
    ((command,),) = strict(
        one(f'<command name="A"><raw dutyCycle="{text}"><intro>+1 -2</intro></raw></command>')
    ).values()
    assert isinstance(command, RawCommand)
    assert command.duty_cycle == percent


def test_pronto() -> None:
    commands = f'<command name="power"><ccf>\n{PRONTO.replace(" ", "  ")}\n</ccf></command>'
    assert texts(commands) == {"power": [to_text(parse(PRONTO))]}


def test_master_is_preferred() -> None:
    parameters = (
        '<parameters protocol="nec1"><parameter name="D" value="4"/><parameter name="F" value="8"/></parameters>'
    )
    code = f"{parameters}{RAW}<ccf>{PRONTO}</ccf>"
    assert texts(f'<command name="A" master="raw">{code}</command>')["A"] == ["raw:38400:9024,-4512,564,-40000"]
    assert texts(f'<command name="A" master="ccf">{code}</command>')["A"][0].startswith("raw:38029:")
    assert texts(f'<command name="A" master="prontoHex">{code}</command>')["A"][0].startswith("raw:38029:")
    assert texts(f'<command name="A" master="parameters">{code}</command>')["A"] == ["nec:0x04,0x08"]
    assert texts(f'<command name="A">{code}</command>')["A"] == ["nec:0x04,0x08"]


def test_another_form_replaces_a_protocol_that_is_unknown() -> None:
    code = f'<parameters protocol="samsung36"/>{RAW}'
    assert texts(f'<command name="A" master="parameters">{code}</command>')["A"] == ["raw:38400:9024,-4512,564,-40000"]


def test_commands_that_cannot_be_read() -> None:
    remote = one("""
        <command name="fine" protocol="nec1" D="4" F="8"/>
        <command name="protocol" protocol="samsung36" D="4" F="8"><ccf>none</ccf></command>
        <command name="value" protocol="nec1" D="four" F="8"/>
        <command name="missing" protocol="nec1" D="4"/>
        <command name="none"/>
        <command name="frequency"><raw frequency="high"><intro>+1 -2</intro></raw></command>
        <command name="timings"><raw><intro>+1 -x</intro></raw></command>
        <command name="empty"><raw><intro> </intro></raw></command>
        <command name="uei"><format name="uei-learned">00 00 2F</format></command>
    """)
    assert list(remote.commands) == ["fine"]
    assert {name: error.key for name, error in remote.unreadable.items()} == {
        "protocol": "protocol_unknown",
        "value": "value_invalid",
        "missing": "field_missing",
        "none": "girr_no_code",
        "frequency": "number_invalid",
        "timings": "number_invalid",
        "empty": "empty",
        "uei": "girr_no_code",
    }


def test_names() -> None:
    command = f"<command>{RAW}</command>"
    remotes = parse_girr(
        f"""<?xml version="1.0"?><!-- <remotes> --><girr:remotes xmlns:girr="http://www.harctoolbox.org/Girr">
        <girr:remote name="TV" manufacturer="Sony" model="KDL  40"><girr:commandSet>
            <girr:command name=" Power
            on">{RAW.replace("<", "<girr:").replace("<girr:/", "</girr:")}</girr:command></girr:commandSet></girr:remote>
        <remote name="TV" manufacturer="Sony">{command}{command}</remote><remote name="TV">{command}</remote>
        <remote>{command}</remote><remote name="none"/>
        </girr:remotes>""",
        "Den",
    )
    assert {name: list(remote.commands) for name, remote in remotes.items()} == {
        "Sony KDL 40": ["Power on"],
        "TV": ["command", "command 2"],
        "TV 2": ["command"],
        "Den": ["command"],
    }


def test_file_whose_commands_cannot_be_read() -> None:
    (remote,) = parse_girr('<remote name="TV"><command name="A"/></remote>').values()
    assert remote.unreadable.keys() == {"A"}


def test_depth_is_that_of_each_element() -> None:
    deepest = "<a>" * (girr.MAX_DEPTH - 1) + "</a>" * (girr.MAX_DEPTH - 1)
    assert refused(parse_girr, f"<remotes>{deepest * 3}</remotes>") == "file_empty"
    assert refused(parse_girr, f"<remotes>{'<b/>' * 99}<a>{deepest}</a></remotes>") == "xml_too_deep"


@pytest.mark.parametrize("root", ["command", "commandSet", "remote"])
def test_file_of_one_remote(root: str) -> None:
    text = f'<{root} name="A" protocol="nec1" D="4" F="8"><command name="A" protocol="nec1" D="4" F="8"/></{root}>'
    (commands,) = strict_all(parse_girr(text, "TV")).values()
    assert to_text(commands["A"][0]) == "nec:0x04,0x08"


def test_attributes_that_are_no_parameters() -> None:
    text = """<command xmlns="http://www.harctoolbox.org/Girr" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        girrVersion="1.2" title="Codes" xsi:schemaLocation="http://example.com/ a.xsd" xml:space="preserve"
        name="A" protocol="nec1" D="4" F="8"/>"""
    (commands,) = strict_all(parse_girr(text)).values()
    assert to_text(commands["A"][0]) == "nec:0x04,0x08"


def parameters(count: int) -> str:
    """Return this many parameters, of which NEC has two."""
    more = "".join(f'<parameter name="P{number}" value="1"/>' for number in range(count - 2))
    return (
        f'<parameters protocol="nec1"><parameter name="D" value="4"/><parameter name="F" value="8"/>{more}</parameters>'
    )


def test_too_many_parameters() -> None:
    most = parameters(girr.MAX_PARAMETERS)
    assert texts(f'{most}<command name="A" F="9"/>') == {"A": ["nec:0x04,0x09"]}
    assert refused(one, f'{most}<command name="A" G="9"/>') == "girr_parameters"
    assert refused(one, f"{parameters(2000)}{'<command/>' * 19_000}") == "girr_parameters"
    assert refused(one, f"<command>{parameters(33)}</command>") == "girr_parameters"


def test_name_for_a_file_without_one() -> None:
    text = f'<commandSet><command name="A">{RAW}</command></commandSet>'
    assert list(parse_girr(text, "TV")) == ["TV"]
    assert refused(parse_girr, text) == "file_without_name"


def test_declared_encoding_does_not_matter_for_a_text() -> None:
    text = f'<?xml version="1.0" encoding="WINDOWS-1252"?><remote name="Fernsehgerät"><command name="Lauter é">{RAW}</command></remote>'
    assert list(strict_all(parse_girr(text))["Fernsehgerät"]) == ["Lauter é"]


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><remotes>&b;</remotes>'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("<remotes>", "xml_invalid"),
        ("<remotes></remote>", "xml_invalid"),
        ("<remotes>&nbsp;</remotes>", "xml_invalid"),
        ("<remotes/>", "file_empty"),
        (REMOTE.format(""), "file_empty"),
        ("<remotes>" * 40 + "</remotes>" * 40, "xml_too_deep"),
        (BOMB, "xml_entity"),
        ('<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><remotes>&a;</remotes>', "xml_entity"),
        ('<!DOCTYPE r [<!ENTITY % a SYSTEM "http://example.com/"> %a;]><remotes/>', "xml_entity"),
    ],
)
def test_refused(text: str, key: str) -> None:
    assert refused(parse_girr, text) == key


def test_no_other_file_is_read() -> None:
    text = '<!DOCTYPE remotes SYSTEM "file:///etc/passwd"><remotes>' + REMOTE.format(
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/><command name="A">{RAW}</command>'
    )
    assert list(strict_all(parse_girr(text + "</remotes>"))["TV"]) == ["A"]


def test_too_many_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(girr, "MAX_COMMANDS", 3)
    remote = '<remote name="TV">' + f'<command name="A">{RAW}</command>' * 2 + "</remote>"
    assert refused(parse_girr, f"<remotes>{remote * 2}</remotes>") == "too_many_commands"
    assert refused(parse_girr, remote.replace("</remote>", f"<command>{RAW}</command>" * 5 + "</remote>")) == (
        "too_many_commands"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<?xml version="1.0"?>\n<!-- a > b -->\n<girr:remotes girrVersion="1.2">', True),
        ("<commandSet>", True),
        ("<html>", False),
        ("<remotesensing>", False),
    ],
)
def test_recognized(text: str, found: bool) -> None:
    assert bool(is_girr(text)) is found
