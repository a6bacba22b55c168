"""Tests that every text is used and exists in every language."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components import anavi_weather
from custom_components.anavi_weather import exceptions, sensor
from custom_components.anavi_weather.air_conditioner_flow import PROTOCOL_SCHEMA, ROOM_SCHEMA
from custom_components.anavi_weather.calibration_flow import CONF_CORRECTION, SAME_UNIT, STATION, CalibrationFlow
from custom_components.anavi_weather.code_store import CodeStore
from custom_components.anavi_weather.common_keys import COMMON_KEYS, NAMED_KEYS
from custom_components.anavi_weather.config_flow import AnaviWeatherConfigFlow
from custom_components.anavi_weather.const import (
    CONF_BUS,
    CONF_RAIN,
    SUBENTRY_FLEET,
    SUBENTRY_INFRARED_DEVICE,
    SUBENTRY_USER_STATION,
)
from custom_components.anavi_weather.device_key_event import EVENT_HELD, EVENT_PRESSED
from custom_components.anavi_weather.event import UNKNOWN_KEY
from custom_components.anavi_weather.fleet_flow import FleetFlow, stations_schema
from custom_components.anavi_weather.infrared_device_commands import CONF_COMMAND, CONF_COMMANDS
from custom_components.anavi_weather.infrared_device_flow import MENUS, NAME_SCHEMA, NEW_SCHEMA, InfraredDeviceFlow
from custom_components.anavi_weather.infrared_device_learn import KEY_SCHEMA, KEYS_SCHEMA
from custom_components.anavi_weather.infrared_devices import Kind
from custom_components.anavi_weather.infrared_file_flow import CONF_FILE, CONF_REMOTE, UPLOAD_SCHEMA
from custom_components.anavi_weather.infrared_search_flow import SEARCH_SCHEMA
from custom_components.anavi_weather.installation import ACCESS_ERRORS, CONTAINER, HOME_ASSISTANT_OS, NO_RECEIVER
from custom_components.anavi_weather.meteorology import Forecast
from custom_components.anavi_weather.options_flow import AnaviWeatherOptionsFlow, options_schema
from custom_components.anavi_weather.phat import BusError, ChipId, Quantity
from custom_components.anavi_weather.phat.lirc import LircError
from custom_components.anavi_weather.quality import Check
from custom_components.anavi_weather.quality_sensor import QUALITY
from custom_components.anavi_weather.repairs import API_KEY_ERRORS
from custom_components.anavi_weather.send_again import SEND_AGAIN_SCHEMA
from custom_components.anavi_weather.server_flow import SERVER_SCHEMA, ServerFlow
from custom_components.anavi_weather.services import EXPORT_SCHEMA, IMPORT_SCHEMA, LIST_SCHEMA
from custom_components.anavi_weather.state_learning_flow import FANS, MODES, PLAN_SCHEMA, SWINGS
from custom_components.anavi_weather.system_health import system_health_info
from custom_components.anavi_weather.user_station.entities import Selection
from custom_components.anavi_weather.user_station.errors import (
    ClockBehindError,
    DefectError,
    ElasticsearchError,
    FleetMissingError,
    NotTimeSeriesError,
    OtherStationError,
    RejectedError,
    ServerBehindError,
    StatisticsIndexMissingError,
)
from custom_components.anavi_weather.user_station.statistics_status import REPORTED
from custom_components.anavi_weather.user_station_flow import STATES_SCHEMA, UserStationFlow
from custom_components.anavi_weather.user_station_issues import DESTINATION_ERRORS, FIXABLE
from custom_components.anavi_weather.user_units import altitude_unit, temperature_offset_unit
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.util.yaml import load_yaml_dict

from .conftest import store_codes
from .user_station.harness import until

FOLDER = Path(anavi_weather.__file__).parent
PACKAGE = anavi_weather.__name__
LANGUAGES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("translations/*.json")}
ENGLISH = LANGUAGES["en"]
ICONS = json.loads((FOLDER / "icons.json").read_text(encoding="utf-8"))
SERVICES = load_yaml_dict(str(FOLDER / "services.yaml"))
SCHEMAS = {
    "export_codes": EXPORT_SCHEMA,
    "import_codes": IMPORT_SCHEMA.validators[0],
    "list_commands": LIST_SCHEMA,
    "send_again": SEND_AGAIN_SCHEMA,
}
BUS_ERRORS = {error.key for error in BusError.__subclasses__()}
INSTALLATIONS = ("", CONTAINER, HOME_ASSISTANT_OS)

# Errors raised only for one code of a SmartIR file, to which the file's parser adds the command
SMARTIR_CODES = {
    "code_hex_invalid",
    "code_smartir_carriers",
    "code_smartir_code",
    "code_smartir_sequence",
    "code_tuya_stream",
    "code_xiaomi_code",
}

# Steps of an infrared device that show another step
SILENT_STEPS = {"finish", "import_commands", "learn_again", "next", "retry", "skip", "undo", SOURCE_RECONFIGURE}
SILENT_STEPS |= {"learn_state_again", "press_state", "skip_state", "to_air_conditioner", "to_remote_control"}
OF_INFRARED = {
    "bus_unavailable",
    "codes_damaged",
    "codes_unreadable",
    "infrared_device_deleted",
    "infrared_device_name",
    "infrared_unavailable",
}
CHOICES = ("chip_", "infrared_device_deleted")  # repairs with a menu
OTHER_FIXABLE = {
    "user_station_checkpoint_damaged",
    "user_station_states_sent_twice",
    "user_station_stream_recreated",
}
COMPARISON = {
    "changed",
    "difference",
    "hours",
    "maximum",
    "mean_difference",
    "minimum",
    "present",
    "reading",
    "reference",
}
PLACEHOLDERS = {
    "common.chip": {"address", "kind", "quantities"},
    "common.known": {"device", "name"},
    "common.learn_press": {"command", "presses"},
    "common.learn_title_several": {"count", "number"},
    "common.state_learned": {"state"},
    "config.create_entry": {"path"},
    "config.error": {"bus", "claimed", "foreign"},
    "config.step.confirm": {"bus", "chips", "claimed", "foreign"},
    "config.step.infrared": {"bus", "claimed", "foreign"},
    "config.step.reconfigure": {"hint"},
    "config.step.user": {"hint"},
    "config_subentries.user_station.error": {"detail", "example", "pattern", "stream"},
    "config_subentries.user_station.step": {"example"},
    "config_subentries.infrared_device.abort.saved": {"count", "device"},
    "config_subentries.infrared_device.error.failed": {"detail"},
    "config_subentries.infrared_device.progress.press_state": {"count", "note", "number", "state"},
    "config_subentries.infrared_device.step.states_paused": {"count", "note", "number", "state"},
    "config_subentries.infrared_device.step.confirm_import": {"count", "device", "failure", "replaced", "unreadable"},
    "config_subentries.infrared_device.step.found": {"count", "query"},
    "config_subentries.infrared_device.progress": {"count", "key", "number"},
    "config_subentries.infrared_device.step.export": {"file"},
    "config_subentries.infrared_device.step.last_key": {"code", "name", "time"},
    "config_subentries.infrared_device.step.learned": {"code", "count", "key", "note", "number"},
    "config_subentries.infrared_device.step.learn": {"stored"},
    "config_subentries.infrared_device.step.not_learned": {"count", "key", "number", "reason"},
    "config_subentries.infrared_device.step.sent": {"command"},
    "config_subentries.infrared_device.step.menu": {"count", "device"},
    "config_subentries.infrared_device.step.rename": {"device"},
    "config_subentries.infrared_device.step.search": {"folders"},
    "config_subentries.fleet.error.too_many_stations": {"maximum"},
    "config_subentries.fleet.error": {"detail", "example"},
    "config_subentries.fleet.step.stations": {"count", "maximum"},
    "config_subentries.fleet.step": {"example"},
    "device.fleet": {"title"},
    "device.user_station": {"title"},
    "exceptions.fleet_unavailable": {"detail", "fleet"},
    "entity.sensor.chip_": {"chip"},
    "entity.switch.slot": {"chip"},
    "issues.bus_unavailable": {"reason", "station"},
    "issues.codes_": {"error", "file", "station"},
    "issues.chip_": {"address", "chip", "error", "station"},
    "issues.fleet_key_rejected.fix_flow.error": {"detail"},
    "issues.fleet_key_rejected": {"fleet"},
    "issues.infrared_device_deleted.fix_flow.abort.failed": {"detail"},
    "issues.infrared_device_deleted": {"count", "device", "file", "station"},
    "issues.infrared_unavailable": {"reason", "station"},
    "issues.infrared_device_name": {"device", "name", "reason"},
    "issues.user_station_purge_near": {"backlog", "hours", "user_station"},
    "issues.user_station_states_dropped": {"count", "user_station"},
    "issues.user_station_states_foreign": {"count", "user_station"},
    "issues.user_station_states_sent_twice": {"count", "other", "user_station"},
    "issues.user_station_states_purged": {"count", "user_station"},
    "issues.user_station_states_maybe_purged": {"count", "user_station"},
    "issues.user_station_states_refused": {"count", "detail", "entity", "user_station"},
    "issues.user_station_": {"detail", "user_station"},
    "options.error.correction_out_of_range": {"maximum", "minimum"},
    "options.step.factor": COMPARISON,
    "options.step.offset": COMPARISON,
    "options.step.settings": {"altitude"},
}


def texts(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Return every text with its path."""
    for key, branch in tree.items():
        if isinstance(branch, dict):
            yield from texts(branch, f"{path}{key}.")
        else:
            yield f"{path}{key}", branch


def placeholders(text: str) -> set[str]:
    """Return the placeholders of a text."""
    return set(re.findall(r"{(\w+)}", text))


def constants(module: str, pattern: str) -> set[str]:
    """Return the strings that a module assigns to names, or passes as arguments, that match a pattern."""
    found = set()
    for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
        match node:
            case ast.Assign(targets=[target], value=value) if re.fullmatch(pattern, ast.unparse(target)):
                found |= {part.value for part in ast.walk(value) if isinstance(part, ast.Constant)}
            case ast.keyword(arg=str(name), value=value) if re.fullmatch(pattern, name):
                found |= {part.value for part in ast.walk(value) if isinstance(part, ast.Constant)}
    return {constant for constant in found if isinstance(constant, str)}


def called(node: ast.Call) -> str:
    """Return the name of the function or method that is called."""
    return ast.unparse(node.func).rpartition(".")[2]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Return all calls."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def given(call: ast.Call) -> frozenset[str]:
    """Return the names of the keyword arguments."""
    return frozenset(keyword.arg for keyword in call.keywords if keyword.arg)


def raised(module: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Return the translation key of each exception that a module raises, with the placeholders that it fills in."""
    errors = {
        name for name, value in vars(exceptions).items() if getattr(value, "__module__", "") == exceptions.__name__
    }
    for call in calls(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
        if called(call) in errors:
            for part in ast.walk(call.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value, given(call)


def lirc_errors(error: type[LircError] = LircError) -> set[str]:
    """Return the keys of all errors of the infrared devices."""
    return {kind.key for kind in error.__subclasses__()}.union(*map(lirc_errors, error.__subclasses__()))


def code_errors() -> Iterator[tuple[str, frozenset[str]]]:
    """Return the translation key of each CodeError that is raised, with the placeholders that it fills in."""
    raises: dict[str, set[tuple[str, frozenset[str]]]] = {}  # function or class → keys and what is filled in
    uses: dict[str, set[str]] = {}
    for path in (FOLDER / "ir_codes").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constructors = {
            id(part): node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            for part in node.body
            if isinstance(part, ast.FunctionDef) and part.name == "__init__"
        }
        functions = [
            (constructors.get(id(node), node.name), node)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        ]
        # Functions that get the key as an argument, like _error()
        raisers = {
            name: given(call)
            for name, function in functions
            for call in calls(function)
            if called(call) == "CodeError" and isinstance(call.args[0], ast.Name)
        }
        raisers["CodeError"] = frozenset()
        for name, function in functions:
            for call in calls(function):
                uses.setdefault(name, set()).add(called(call))
                match call:
                    case ast.Call(args=[ast.Constant(value=str(key)), *_]) if called(call) in raisers:
                        raises.setdefault(name, set()).add((key, raisers[called(call)] | given(call)))
    for errors in raises.values():
        for key, names in errors:
            yield f"code_{key}_line" if "line" in names else f"code_{key}", names

    # The parser of Flipper's files adds the line and the command to a code's error
    todo, seen = ["_parsed", "_raw"], set[str]()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += uses.get(name, ())
            for key, names in raises.get(name, ()):
                if "line" not in names:
                    yield f"code_{key}_line", names | {"command", "line"}


def steps(flow: type) -> set[str]:
    """Return the steps that a flow defines itself."""
    return {name.removeprefix("async_step_") for name in vars(flow) if name.startswith("async_step_")}


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"en"}))
def test_languages_have_the_same_texts_with_the_same_placeholders(language: str) -> None:
    english = {path: placeholders(text) for path, text in texts(ENGLISH)}
    assert {path: placeholders(text) for path, text in texts(LANGUAGES[language])} == english


def test_the_languages_are_english_and_brazilian_portuguese() -> None:
    assert LANGUAGES.keys() == {"en", "pt-BR"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_well_formed(language: str) -> None:
    for path, text in texts(LANGUAGES[language]):
        assert text, path
        assert text == text.strip(), path
        assert not re.search(r"https?://|<\w", text), f"{path}: links and HTML are not allowed here"


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_texts_have_no_markup(language: str) -> None:
    tree = LANGUAGES[language]
    flows = [tree["config"], *tree["config_subentries"].values()]
    plain = {"exceptions": tree["exceptions"]} | {
        f"{part}.{number}": flow[part] for number, flow in enumerate(flows) for part in ("abort", "error")
    }
    assert [path for path, text in texts(plain) if "`" in text or "**" in text] == []


def test_all_placeholders_are_filled_in() -> None:
    for path, text in texts({part: tree for part, tree in ENGLISH.items() if part != "exceptions"}):
        known = next((names for start, names in PLACEHOLDERS.items() if path.startswith(start)), set())
        assert placeholders(text) <= known, path


def test_all_sections_are_used() -> None:
    assert ENGLISH.keys() == {
        "common",
        "config",
        "config_subentries",
        "device",
        "entity",
        "exceptions",
        "issues",
        "options",
        "selector",
        "services",
        "system_health",
    }


def test_the_steps_of_adding_a_station() -> None:
    config = ENGLISH["config"]
    panel = config["step"]["panel"]["menu_options"].keys()
    assert config["step"].keys() == steps(AnaviWeatherConfigFlow) - panel
    assert config["create_entry"].keys() == {"no_panel", "panel_added", "panel_failed"}
    for step in ("user", "reconfigure"):
        assert config["step"][step]["data"].keys() == config["step"][step]["data_description"].keys() == {CONF_BUS}
    assert config["error"].keys() == {
        f"{key}{suffix}"
        for key in BUS_ERRORS | constants("config_flow", "error")
        for suffix in (INSTALLATIONS if key in ACCESS_ERRORS else ("",))
    }
    assert config["abort"].keys() == {"already_configured", "reconfigure_successful"}


def test_the_steps_of_adding_a_user_station() -> None:
    texts_of_flow = ENGLISH["config_subentries"][SUBENTRY_USER_STATION]
    assert texts_of_flow["initiate_flow"].keys() == {SOURCE_USER, SOURCE_RECONFIGURE}
    assert texts_of_flow["step"].keys() == steps(ServerFlow) | steps(UserStationFlow)
    server = {str(field) for field in SERVER_SCHEMA}
    form = {str(field): value for field, value in STATES_SCHEMA.schema.items()}
    sections = {name: value.schema for name, value in form.items() if isinstance(value, section)}
    states = form.keys() - sections.keys()
    for name, schema in sections.items():
        texts_of_section = texts_of_flow["step"]["states"]["sections"][name]
        inner = {str(field) for field in schema.schema}
        assert texts_of_section["data"].keys() == texts_of_section["data_description"].keys() == inner
    for step, fields in (("user", server), ("reconfigure", server), ("states", states)):
        texts_of_step = texts_of_flow["step"][step]
        assert texts_of_step["data"].keys() == texts_of_step["data_description"].keys() == fields
    errors = server_errors() - {FleetMissingError.key}
    assert texts_of_flow["error"].keys() == errors | set(invalid_inputs("server_flow", "user_station_flow"))
    assert texts_of_flow["abort"].keys() == {"already_configured"}
    assert ENGLISH["selector"]["user_station_entities"]["options"].keys() == set(Selection)


def server_errors() -> set[str]:
    """Return the keys of the errors of a server that a flow can show."""
    kinds: list[type[ElasticsearchError]] = [ElasticsearchError, *ElasticsearchError.__subclasses__()]
    return {kind.key for kind in kinds} - {
        DefectError.key,
        OtherStationError.key,
        RejectedError.key,
        ServerBehindError.key,
        StatisticsIndexMissingError.key,
    }  # only the forwarder raises these


def test_the_steps_of_adding_a_fleet() -> None:
    texts_of_flow = ENGLISH["config_subentries"][SUBENTRY_FLEET]
    assert texts_of_flow["initiate_flow"].keys() == {SOURCE_USER, SOURCE_RECONFIGURE}
    assert texts_of_flow["step"].keys() == steps(ServerFlow) | steps(FleetFlow)
    server = {str(field) for field in SERVER_SCHEMA}
    stations = {str(field) for field in stations_schema({}).schema}
    for step, fields in (("user", server), ("reconfigure", server), ("stations", stations)):
        texts_of_step = texts_of_flow["step"][step]
        assert texts_of_step["data"].keys() == texts_of_step["data_description"].keys() == fields
    writing = {NotTimeSeriesError.key, ClockBehindError.key}  # a reader is not affected
    assert texts_of_flow["error"].keys() == (server_errors() - writing) | set(
        invalid_inputs("server_flow", "fleet_flow")
    )
    assert texts_of_flow["abort"].keys() == {"already_configured"}


def test_the_steps_of_an_infrared_device() -> None:
    texts_of_flow = ENGLISH["config_subentries"][SUBENTRY_INFRARED_DEVICE]
    assert texts_of_flow["initiate_flow"].keys() == {SOURCE_USER, SOURCE_RECONFIGURE}
    all_steps = {
        step for part in InfraredDeviceFlow.__mro__ if part.__module__.startswith(PACKAGE) for step in steps(part)
    }
    assert texts_of_flow["step"].keys() == all_steps - SILENT_STEPS
    found = vol.Schema({CONF_FILE: str})
    schemas = {
        "user": NEW_SCHEMA,
        "rename": NAME_SCHEMA,
        "upload": UPLOAD_SCHEMA,
        "remote": vol.Schema({CONF_REMOTE: str}),
        "search": SEARCH_SCHEMA,
        "found": found,
        "found_some": found,
        "learn": KEYS_SCHEMA,
        "last_key": KEY_SCHEMA,
        "try": vol.Schema({CONF_COMMAND: str}),
        "rename_command": vol.Schema({CONF_COMMAND: str, CONF_NAME: str}),
        "delete_commands": vol.Schema({CONF_COMMANDS: str}),
        "learn_states": PLAN_SCHEMA,
        "protocol": PROTOCOL_SCHEMA,
        "room": ROOM_SCHEMA,
    }
    for step, schema in schemas.items():
        texts_of_step = texts_of_flow["step"][step]
        fields = set(map(str, schema.schema))
        assert texts_of_step["data"].keys() == texts_of_step["data_description"].keys() == fields
    assert texts_of_flow["step"]["menu"]["menu_options"].keys() == {step for menu in MENUS.values() for step in menu}
    assert texts_of_flow["abort"].keys() == {"device_deleted", "saved", "station_not_loaded"}
    paused = {"press_state", "skip_state", "learn_state_again", "menu"}
    assert texts_of_flow["step"]["states_paused"]["menu_options"].keys() == paused
    of_states = {"no_modes", "temperatures_invalid", "too_many_states"}
    assert texts_of_flow["error"].keys() == {"failed", "nothing_found", "search_stopped"} | of_states
    receive = {"press", "press_simulated", "verify", "verify_simulated"}
    assert texts_of_flow["progress"].keys() == {"press_state", "search_codes"} | receive
    options = {"climate_mode": MODES, "climate_fan_mode": FANS, "climate_swing_mode": SWINGS}
    assert {key: tuple(ENGLISH["selector"][key]["options"]) for key in options} == options
    assert ENGLISH["selector"]["infrared_device_kind"]["options"].keys() == set(Kind)


def invalid_inputs(*modules: str) -> Iterator[str]:
    """Return the keys of the errors shown at a field of a flow."""
    for module in modules:
        yield from constants(module, r"errors\[CONF_.*\]")
        for call in calls(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
            if called(call) == "InvalidInputError" and isinstance(key := call.args[1], ast.Constant):
                yield str(key.value)


def test_the_options(hass: HomeAssistant) -> None:
    assert ENGLISH["options"]["step"].keys() == steps(AnaviWeatherOptionsFlow) | steps(CalibrationFlow)
    assert ENGLISH["options"]["step"]["init"]["menu_options"].keys() == {"settings", "calibrate"}
    options = {str(option) for option in options_schema(temperature_offset_unit(hass), altitude_unit(hass)).schema}
    step = ENGLISH["options"]["step"]["settings"]
    assert step["data"].keys() == step["data_description"].keys() == options


async def test_the_calibration(hass: HomeAssistant, station: MockConfigEntry) -> None:
    texts_of_flow = ENGLISH["options"]
    menu = await hass.config_entries.options.async_init(station.entry_id)
    form = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "calibrate"})
    assert form["data_schema"]
    for step in ("calibrate", "offset", "factor"):
        texts_of_step = texts_of_flow["step"][step]
        names = set(map(str, form["data_schema"].schema)) if step == "calibrate" else {CONF_CORRECTION}
        assert texts_of_step["data"].keys() == texts_of_step["data_description"].keys() == names
    tree = ast.parse((FOLDER / "calibration_flow.py").read_text(encoding="utf-8"))
    errors = {ast.literal_eval(call.args[0]) for call in calls(tree) if called(call) == "CompareError"}
    assert texts_of_flow["error"].keys() == errors | {"correction_out_of_range"}
    assert texts_of_flow["abort"].keys() == {"not_loaded"}
    selectors = ENGLISH["selector"]
    assert selectors["calibration_quantity"]["options"].keys() == set(Quantity)
    assert selectors["calibration_chip"]["options"].keys() == {STATION}
    assert selectors["calibration_unit"]["options"].keys() == {SAME_UNIT}


def test_exceptions() -> None:
    filled = [(key, frozenset({"bus"})) for key in BUS_ERRORS]
    filled += [(key, frozenset({"error"})) for key in lirc_errors()]
    filled += [*raised("coordinator"), *raised("learning"), *raised("remote"), *raised("services"), *code_errors()]
    filled += [*raised("button"), *raised("code_store"), *raised("infrared_devices"), *raised("send_again")]
    filled += [*raised("infrared_file_flow"), *raised("infrared_search_flow")]
    filled += [*raised("infrared_device_commands"), *raised("infrared_device_learn")]
    filled += [*raised("fleet_coordinator")]
    filled += [*raised("storage"), ("command_exists", frozenset({"name"}))]
    filled.append((NO_RECEIVER, frozenset()))
    filled += [(f"{key}{suffix}", names) for key, names in filled if key in ACCESS_ERRORS for suffix in INSTALLATIONS]
    known: dict[str, frozenset[str]] = {}
    for key, names in filled:
        known[key] = known.get(key, names) & names  # placeholders that are filled in wherever the error is raised
    for key in SMARTIR_CODES:
        known[key] |= {"command"}

    assert ENGLISH["exceptions"].keys() == known.keys()
    for key, exception in ENGLISH["exceptions"].items():
        used = placeholders(exception["message"])
        assert exception.keys() == {"message"}
        assert used <= known[key], key
        assert not key.startswith("code_") or used >= known[key] & {"command", "line"}, key
        assert "{" not in re.sub(r"{\w+}", "", exception["message"]), key
    for language in LANGUAGES.values():
        assert list(language["exceptions"]) == sorted(language["exceptions"])


def test_errors_raised_by_helper_functions_are_found() -> None:
    keys = {key for key, _ in code_errors()}
    assert {"code_lircd_out_of_range_line", "code_lircd_gap_too_short_line", "code_flipper_value_line"} <= keys
    assert {"code_pause_too_long", "code_pause_too_long_line", "code_value_out_of_range_line"} <= keys
    assert "code_lircd_no_remote_line" not in keys


def test_services() -> None:
    assert ENGLISH["services"].keys() == SERVICES.keys() == SCHEMAS.keys() == ICONS["services"].keys()
    for name, service in ENGLISH["services"].items():
        assert service.keys() == {"name", "description", "fields"}
        fields = SERVICES[name]["fields"]
        schema = {str(field): isinstance(field, vol.Required) for field in SCHEMAS[name].schema}
        assert {field: options.get("required", False) for field, options in fields.items()} == schema
        assert service["fields"].keys() == fields.keys()
        for texts_of_field in service["fields"].values():
            assert texts_of_field.keys() == {"name", "description"}


def test_the_types_of_events() -> None:
    states = ENGLISH["entity"]["event"]["key"]["state_attributes"]["event_type"]["state"]
    icons = ICONS["entity"]["event"]["key"]["state_attributes"]["event_type"]["state"]
    assert states.keys() == icons.keys() == {EVENT_PRESSED, EVENT_HELD}


@pytest.mark.parametrize("language", LANGUAGES)
def test_common_keys_have_the_same_names_everywhere(language: str) -> None:
    tree = LANGUAGES[language]
    names = tree["selector"]["infrared_key"]["options"]
    assert names.keys() == set(NAMED_KEYS)
    assert len(set(names.values())) == len(names)
    assert {key: tree["entity"]["button"][key] for key in names} == {key: {"name": name} for key, name in names.items()}
    events = tree["entity"]["event"]
    for event in ("key_pressed", "key_held"):
        assert events[event]["state_attributes"]["event_type"]["state"] == names
    shown = events["key"]["state_attributes"]["key"]["state"]
    assert shown == {**names, UNKNOWN_KEY: shown[UNKNOWN_KEY]}


def test_issues() -> None:
    of_user_stations = {f"user_station_{key}" for key in user_station_issues()}
    of_user_stations |= {f"user_station_{error.key}" for error in REPORTED} | {"user_station_statistics_rejected"}
    others = constants("chip_issues", "translation_key") | constants("fleet_issue", "translation_key") | OF_INFRARED
    assert ENGLISH["issues"].keys() == others | of_user_stations
    fixable = {f"user_station_states_{kind}" for kind in FIXABLE} | OTHER_FIXABLE
    for key, issue in ENGLISH["issues"].items():
        if (
            key
            in (
                of_user_stations
                | {"bus_unavailable", "codes_unreadable", "infrared_device_name", "infrared_unavailable"}
            )
            - fixable
        ):
            assert issue.keys() == {"title", "description"}
        else:
            assert issue.keys() == {"title", "fix_flow"}
            assert issue["fix_flow"]["step"].keys() == {"init" if key.startswith(CHOICES) else "confirm"}


def test_the_repair_of_a_key() -> None:
    for tree in LANGUAGES.values():
        fix_flow = tree["issues"]["fleet_key_rejected"]["fix_flow"]
        assert fix_flow["error"].keys() == {error.key for error in API_KEY_ERRORS} | {"api_key_invalid", "failed"}


def test_the_choice_of_the_repair_of_a_chip() -> None:
    for key in constants("chip_issues", "translation_key"):
        fix_flow = ENGLISH["issues"][key]["fix_flow"]
        assert fix_flow["step"]["init"]["menu_options"].keys() == {"scan", "remove"}
        assert fix_flow["abort"].keys() == {"chip_still_fails"}


def user_station_issues() -> Iterator[str]:
    """Return the keys of the issues of a user station."""
    yield from (error.key for error in DESTINATION_ERRORS)
    for call in calls(ast.parse((FOLDER / "user_station_issues.py").read_text(encoding="utf-8"))):
        if called(call) == "_create" and isinstance(key := call.args[1], ast.Constant):
            yield str(key.value)


ALL_KINDS = ("BH1750 0x23", "BH1750 0x5c", "BME280 0x76", "BMP180 0x77", "HTU21D 0x40")


@pytest.mark.parametrize("chips", [tuple(ChipId.parse(chip) for chip in ALL_KINDS)])
@pytest.mark.parametrize("options", [{CONF_RAIN: "binary_sensor.rain"}])
@pytest.mark.usefixtures("user_station", "fleet")
async def test_entities(hass: HomeAssistant, codes: CodeStore, station: MockConfigEntry) -> None:
    await until(lambda: station.runtime_data.fleets["01FLEET"].last_update_success)
    await store_codes(
        codes, {"TV": {key: ["nec:4,8"] for key in COMMON_KEYS}, "Air conditioner": {"cool_24": ["nec:1,2"]}}
    )
    await hass.async_block_till_done()
    used: dict[str, set[str]] = {}
    for entry in er.async_get(hass).entities.values():
        if entry.translation_key:
            used.setdefault(entry.domain, set()).add(entry.translation_key)

    assert {platform: set(entities) for platform, entities in ENGLISH["entity"].items()} == used
    assert {platform: icons.keys() - used[platform] for platform, icons in ICONS["entity"].items()} == {
        platform: set() for platform in used.keys() - {"climate", "infrared"}
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_forecasts(language: str) -> None:
    states = LANGUAGES[language]["entity"]["sensor"]["forecast"]["state"]
    assert list(states) == list(Forecast)
    assert len(set(states.values())) == len(states)
    (description,) = (description for description in sensor.PRESSURE_SENSORS if description.key == "forecast")
    assert description.options == list(Forecast)


@pytest.mark.parametrize("language", LANGUAGES)
def test_checks_of_the_quality_control(language: str) -> None:
    states = LANGUAGES[language]["entity"]["sensor"]["quality"]["state"]
    assert list(states) == QUALITY.options
    assert len(set(states.values())) == len(states)
    assert ICONS["entity"]["sensor"]["quality"]["state"].keys() == set(Check)


async def test_system_health(hass: HomeAssistant) -> None:
    assert ENGLISH["system_health"]["info"].keys() == (await system_health_info(hass)).keys()


def test_icons_refer_to_existing_states() -> None:
    assert ICONS["entity"]["sensor"]["forecast"]["state"].keys() <= set(Forecast)
    for platform in ("binary_sensor", "switch"):
        for icons in ICONS["entity"][platform].values():
            assert icons["state"].keys() <= {"on", "off"}
    # A range would compare a number in hPa or °C with a state in the user's unit
    assert not any("range" in icons for icons in ICONS["entity"]["sensor"].values())
    assert all(re.fullmatch("mdi:[a-z0-9-]+", icon) for _, icon in texts(ICONS))
