"""Checks of Kibana: data views, dashboards, their queries, connectors and rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
import json
from pathlib import Path
import re
import time
from typing import Any

from .elasticsearch import RUN_SETUP
from .findings import Finding, failed, guarded, not_checked, note, ok
from .station import Station

FOLDER = Path(__file__).parents[3] / "docker" / "user_station" / "kibana"
MAP = "anavi_weather-map"
FIELD_KEYS = ("field", "field_name", "time_field")
POLL_SECONDS = 2
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LATE = timedelta(minutes=10)  # a busy Kibana runs rules later
WINDOW = timedelta(hours=1)  # of the ES|QL panels


@dataclass(frozen=True)
class Dashboard:
    """A dashboard as Kibana has it."""

    id: str
    panels: tuple[dict[str, Any], ...]


class Kibana:
    """Kibana of a user station, and what the set-up has put into it."""

    def __init__(self, station: Station, folder: Path = FOLDER) -> None:
        """Initialize with the folder of the files that the set-up installs."""
        self._station = station
        self._client = station.kibana
        self._folder = folder
        self.version = ""
        self.dashboards: list[Dashboard] = []
        """Those that were found, after the check."""

    def check(self, patience: float) -> Iterator[Finding]:
        """Yield what works and what does not. A rule that has never run gets some seconds for it."""
        yield from guarded("Kibana", self._check_status())
        if not self.version:
            yield not_checked("the rest of Kibana", "see the error above")
            return
        parts = {
            "data views": self._check_data_views(),
            "dashboards": self._check_dashboards(),
            "maps": self._check_maps(),
            "fields of the panels": self._check_fields(),
            "ES|QL of the panels": self._check_queries(),
            "connectors": self._check_connectors(),
            "rules": self._check_rules(patience),
        }
        for what, findings in parts.items():
            yield from guarded(what, findings)

    def _check_status(self) -> Iterator[Finding]:
        """Yield whether Kibana works."""
        status = self._client.get("/api/status")
        self.version = str(status["version"]["number"])
        parts = {**status["status"].get("core", {}), **status["status"].get("plugins", {})}
        bad = [f"{name} is {part['level']}" for name, part in parts.items() if part["level"] != "available"]
        overall = status["status"]["overall"]["level"]
        yield ok("Kibana", overall) if overall == "available" else failed("Kibana", f"{overall}: {', '.join(bad)}")

    def _files(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in sorted((self._folder / kind).glob("*.json")):
            yield path.stem, json.loads(path.read_text(encoding="utf-8"))

    def _find(self, what: str, path: str) -> tuple[Any, Finding | None]:
        """Return an object of Kibana, or what is wrong."""
        answer = self._client.ask("GET", path)
        return (answer.json, None) if answer.status == 200 else (None, failed(what, f"{answer.reason}. {RUN_SETUP}"))

    def _check_data_views(self) -> Iterator[Finding]:
        for name, file in self._files("data_views"):
            what, wanted = f"data view {name}", file["data_view"]
            found, problem = self._find(what, f"/api/data_views/data_view/{wanted['id']}")
            if problem:
                yield problem
            elif (title := found["data_view"]["title"]) != wanted["title"]:
                yield failed(what, f"it shows {title}, and not {wanted['title']}")
            else:
                yield ok(what)

    def _check_dashboards(self) -> Iterator[Finding]:
        for language in self._station.languages:
            for name, file in self._files("dashboards"):
                what, key = f"dashboard {name} ({language})", f"anavi_weather-{name}-{language.lower()}"
                found, problem = self._find(what, f"/api/dashboards/{key}")
                if problem:
                    yield problem
                    continue
                panels = found.get("data", found)["panels"]
                self.dashboards.append(Dashboard(key, tuple(panels)))
                if len(panels) == len(file["panels"]):
                    yield ok(what, f"{len(panels)} panels")
                else:
                    yield note(what, f"{len(panels)} panels, and {len(file['panels'])} as installed: it was changed")

    def _check_maps(self) -> Iterator[Finding]:
        """Yield whether the maps exist. No API of Kibana's reads one, but an export does."""
        for language in self._station.languages:
            wanted = {"objects": [{"type": "map", "id": f"{MAP}-{language.lower()}"}], "excludeExportDetails": True}
            answer = self._client.ask("POST", "/api/saved_objects/_export", wanted)
            what = f"map of the stations ({language})"
            yield ok(what) if answer.status == 200 else failed(what, f"{answer.reason}. {RUN_SETUP}")

    def _check_connectors(self) -> Iterator[Finding]:
        for stem, _ in self._files("connectors"):
            name, _, key = stem.partition(".")
            found, problem = self._find(f"connector {name}", f"/api/actions/connector/{key}")
            if problem:
                yield problem
            elif found.get("is_missing_secrets"):
                yield failed(f"connector {name}", "its secrets are missing. Delete it in Kibana. " + RUN_SETUP)
            else:
                yield ok(f"connector {name}")

    def _check_fields(self) -> Iterator[Finding]:
        """Yield the fields of panels that no document could have: such a panel shows an error."""
        titles = {file["data_view"]["id"]: file["data_view"]["title"] for _, file in self._files("data_views")}
        used: dict[str, set[str]] = {}
        for dashboard in self.dashboards:
            for panel in dashboard.panels:
                for part in _parts(panel["config"]):
                    used.setdefault(part["data_source"].get("ref_id", ""), set()).update(_fields(part))
        for view, fields in used.items():
            if not (title := titles.get(view)):
                continue  # of ES|QL, or of the user's own
            path = (
                f"/{title}/_field_caps?fields={','.join(sorted(fields))}&ignore_unavailable=true&allow_no_indices=true"
            )
            known = self._station.elasticsearch.get(path)["fields"]
            missing = sorted(fields - set(known))
            what = f"fields of the panels of {title}"
            yield (
                failed(what, f"{', '.join(missing)} not found. {RUN_SETUP}") if missing else ok(what, f"{len(fields)}")
            )

    def _check_queries(self) -> Iterator[Finding]:
        """Yield whether Elasticsearch runs the ES|QL of the panels.

        Kibana's parameters are written into the queries because Elasticsearch 8.12 knows no named ones.
        """
        end = datetime.now(UTC)
        times = {"?_tstart": end - WINDOW, "?_tend": end}
        for dashboard in self.dashboards:
            for panel in dashboard.panels:
                for part in _parts(panel["config"]):
                    if query := part["data_source"].get("query"):
                        what = f"ES|QL of {dashboard.id}/{panel.get('id', part.get('type'))}"
                        for name, value in times.items():
                            query = query.replace(name, f'"{value:%Y-%m-%dT%H:%M:%SZ}"')
                        yield self._run_query(what, query)

    def _run_query(self, what: str, query: str) -> Finding:
        answer = self._station.elasticsearch.ask("POST", "/_query", {"query": query})
        if answer.status != 200:
            return failed(what, answer.reason)
        rows = len(answer.json["values"])
        return ok(what, f"{rows} row{'' if rows == 1 else 's'}")

    def _check_rules(self, patience: float) -> Iterator[Finding]:
        end = time.monotonic() + patience
        for stem, _ in self._files("rules"):
            name, _, key = stem.partition(".")
            what, path = f"rule {name}", f"/api/alerting/rule/{key}"
            answer = self._client.ask("GET", path)
            while answer.status == 200 and _waits(answer.json) and time.monotonic() < end:
                time.sleep(POLL_SECONDS)
                answer = self._client.ask("GET", path)
            if answer.status != 200:
                yield failed(what, f"{answer.reason}. {RUN_SETUP}")
                continue
            yield _judge(what, answer.json, parsedate_to_datetime(answer.headers["date"]))


def _parts(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a panel that ask for data: the panel itself, or its layers."""
    return [part for part in (config, *config.get("layers", [])) if "data_source" in part]


def _fields(part: Any) -> Iterator[str]:
    """Yield the fields that a panel names."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in FIELD_KEYS and isinstance(value, str):
                yield value
            elif key == "fields":
                yield from value
            else:
                yield from _fields(value)
    elif isinstance(part, list):
        for value in part:
            yield from _fields(value)


def _waits(rule: dict[str, Any]) -> bool:
    return rule["enabled"] and rule["execution_status"]["status"] in ("pending", "unknown")


def _judge(what: str, rule: dict[str, Any], now: datetime) -> Finding:
    """Return whether a rule runs, by its last run. Kibana's clock says how long ago that was."""
    status = rule["execution_status"]
    if not rule["enabled"]:
        return note(what, "it is disabled")
    if _waits(rule):
        return failed(what, "it has not run yet. See: docker compose logs kibana")
    if status["status"] == "error":
        error = status.get("error", {})
        return failed(what, f"{error.get('reason', 'error')}: {error.get('message', '')}")
    interval = re.fullmatch(r"(\d+)([smhd])", rule["schedule"]["interval"])
    last = datetime.fromisoformat(status["last_execution_date"])
    if interval and now - last > 2 * timedelta(**{UNITS[interval[2]]: int(interval[1])}) + LATE:
        return failed(what, f"it last ran at {last:%Y-%m-%d %H:%M} UTC, and should run every {interval[0]}")
    if status["status"] == "warning":
        return note(what, str(status.get("warning", {}).get("message", "warning")))
    return ok(what, str(status["status"]))
