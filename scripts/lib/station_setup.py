"""Steps that set up a new Home Assistant. Each leaves alone what already exists."""

import json
from pathlib import Path
from typing import Any

from api import FlowError, HomeAssistant
from instance import DOMAIN
from requirements import OURS
from smoke import Entity

SIMULATED = "simulated"
STATIONS_FILE = "stations.json"
DASHBOARD_FILE = "dashboard.json"
COMMANDS = Path(__file__).with_name("television.ir")

URL_PATH = "anavi-weather"
TELEVISIONS = {"en": "Television", "pt-BR": "Televisão"}
TITLES = {
    language: json.loads((OURS / "translations" / f"{language}.json").read_text(encoding="utf-8"))["common"][
        "weather_panel"
    ]
    for language in TELEVISIONS
}
ICON = "mdi:weather-partly-cloudy"
DASHBOARD = {"strategy": {"type": "custom:anavi-weather"}}


async def set_up_station(home_assistant: HomeAssistant, folder: Path, bus: str, *, past_days: int) -> str:
    """Add or enable the station on this bus, disable the others, and return what was done.

    A new simulated station gets so many days of past weather.
    """
    entries = {entry["entry_id"]: entry for entry in await home_assistant.call("config_entries/get", domain=DOMAIN)}
    stations = {b: id_ for b, id_ in _load(folder / STATIONS_FILE).items() if id_ in entries}
    done = "already exists"
    if bus not in stations:
        try:
            stations[bus] = await home_assistant.add_entry(DOMAIN, {"user": {"bus": bus}})
        except FlowError as error:
            if error.key == "already_configured":
                return "already exists, added by hand"
            raise
        _save(folder / STATIONS_FILE, stations)
        if bus == SIMULATED:
            await _import_commands(home_assistant, stations[bus])
        if bus == SIMULATED and past_days:
            # Imports the integration, which is slow.
            from past import import_past, record_day

            entities = await enabled_entities(home_assistant)
            await record_day(home_assistant, stations[bus], entities)
            # Keeps the recorder busy after it has answered.
            await import_past(home_assistant, stations[bus], entities, past_days)
        done = "added"
    elif entries[stations[bus]]["disabled_by"]:
        await _disable(home_assistant, stations[bus], None)
        done = "enabled"
    for other, entry_id in stations.items():
        if other != bus and not entries[entry_id]["disabled_by"]:
            await _disable(home_assistant, entry_id, "user")
    return done


async def _disable(home_assistant: HomeAssistant, entry_id: str, by: str | None) -> None:
    await home_assistant.call("config_entries/disable", entry_id=entry_id, disabled_by=by)


async def entry_problem(home_assistant: HomeAssistant) -> str | None:
    """Return why the station is not working, or None."""
    for entry in await home_assistant.call("config_entries/get", domain=DOMAIN):
        if not entry["disabled_by"] and entry["state"] != "loaded":
            return f"{entry['title']}: {entry['state']}: {entry['reason'] or 'see the log'}"
    return None


async def _import_commands(home_assistant: HomeAssistant, entry_id: str) -> None:
    """Import a television's commands, under a name in Home Assistant's language."""
    language = (await home_assistant.call("get_config"))["language"]
    await home_assistant.call(
        "call_service",
        domain=DOMAIN,
        service="import_codes",
        service_data={
            "config_entry_id": entry_id,
            "device": TELEVISIONS.get(language, TELEVISIONS["en"]),
            "text": COMMANDS.read_text(encoding="utf-8"),
        },
    )


async def set_up_dashboard(home_assistant: HomeAssistant, folder: Path, title: str) -> str:
    """Create or update the weather panel unless it was edited, and return what was done."""
    dashboards = await home_assistant.call("lovelace/dashboards/list")
    if all(d["url_path"] != URL_PATH for d in dashboards):
        await home_assistant.call("lovelace/dashboards/create", url_path=URL_PATH, title=title, icon=ICON)
        await home_assistant.call("frontend/set_system_data", key="core", value={"default_panel": URL_PATH})
        done = "created"
    else:
        existing = await home_assistant.call("lovelace/config", url_path=URL_PATH)
        if existing != _load(folder / DASHBOARD_FILE):
            return "was edited and is left alone"
        if existing == DASHBOARD:
            return "already exists"
        done = "updated"
    await home_assistant.call("lovelace/config/save", url_path=URL_PATH, config=DASHBOARD)
    _save(folder / DASHBOARD_FILE, DASHBOARD)
    return done


async def enabled_entities(home_assistant: HomeAssistant) -> list[Entity]:
    """Return the integration's enabled entities."""
    return [
        Entity(entry["entity_id"], entry["unique_id"])
        for entry in await home_assistant.call("config/entity_registry/list")
        if entry["platform"] == DOMAIN and not entry["disabled_by"]
    ]


def explain(error: FlowError) -> str:
    """Return the text that the config flow shows for this reason."""
    if error.hint:
        return error.hint
    translations = _load(OURS / "translations" / "en.json")
    text = translations.get("config", {}).get(error.kind, {}).get(error.key)
    return text.format_map(error.placeholders) if text else f"its form answers “{error.key}”"


def _load(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _save(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
