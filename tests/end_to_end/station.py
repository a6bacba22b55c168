"""A remote station in a real Home Assistant process, which can be stopped and killed."""

import asyncio
from collections.abc import Iterable
import json
import math
import os
from pathlib import Path
import signal
import sys
import time
from typing import Any, override
from urllib.request import Request, urlopen

from sqlalchemy import create_engine, text

from .conftest import LIBRARY, STOP_SECONDS, WAIT_SECONDS
from .home_assistant_process import HomeAssistantProcess
from .server import Document, Server

sys.path.insert(0, str(LIBRARY))

from api import Login, connect
from instance import bind, prepare
from station_setup import set_up_station

COMPONENTS = Path(__file__).parent / "custom_components"
DATABASE = "home-assistant_v2.db"
START_SECONDS = 600  # a busy machine can be many times slower
COMMIT_SECONDS = 1.5  # a little more than the recorder's interval
# Of each row: what the recorder has, and how many rows of the same entity and time came before. The status of a user station is
# not sent, because each state sent would change it, and neither are the states of a fleet
ROWS = """
SELECT s.state_id, m.entity_id, s.state, s.last_updated_ts, s.last_changed_ts, a.shared_attrs,
  (SELECT count(*) FROM states e
   WHERE e.metadata_id = s.metadata_id AND e.last_updated_ts = s.last_updated_ts AND e.state_id < s.state_id)
FROM states s JOIN states_meta m USING (metadata_id) LEFT JOIN state_attributes a USING (attributes_id)
WHERE m.entity_id NOT LIKE '%.user!_station!_%' ESCAPE '!' AND m.entity_id NOT LIKE '%.fleet!_%' ESCAPE '!'
ORDER BY s.state_id
"""
COUNT = "SELECT count(*) FROM states JOIN states_meta m USING (metadata_id) WHERE m.entity_id LIKE :pattern ESCAPE '!'"


class Station:
    """A config folder, and the Home Assistant that runs in it."""

    def __init__(self, folder: Path) -> None:
        """Initialize the folder, without starting Home Assistant."""
        self.folder = folder
        self.recorder: dict[str, Any] = {"commit_interval": 1}
        """The recorder's configuration at the next start."""
        self._port = bind("127.0.0.1", 0)
        self._process: HomeAssistantProcess | None = None
        self._entity_ids: dict[str, str] = {}
        self.known: dict[tuple[str, int], Document] = {}
        """Every row that the recorder ever had, by entity and time."""
        self.excused: set[tuple[str, int]] = set()
        """Rows without a document that are not lost, because they were refused and counted."""

    @property
    def url(self) -> str:
        """Return Home Assistant's address."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def database_url(self) -> str:
        """Return the recorder's database, where it is only read."""
        read_only = f"sqlite:///file:{self.folder / DATABASE}?mode=ro&uri=true&timeout=30"
        return str(self.recorder.get("db_url", read_only))

    def start(self) -> None:
        """Start Home Assistant, and wait until it is ready."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start Home Assistant. It ends with the thread that started it."""
        prepare(self.folder, "127.0.0.1", self._port, "en", reset=Login.is_unfinished(self.folder))
        configuration = self.folder / "configuration.yaml"
        recorder = "".join(f"  {key}: {value}\n" for key, value in self.recorder.items())
        content = configuration.read_text().replace("recorder:\n", f"recorder:\n{recorder}")
        configuration.write_text(f"{content}state_source:\n")
        link = self.folder / "custom_components" / "state_source"
        if not link.is_symlink():
            link.symlink_to(COMPONENTS / "state_source", target_is_directory=True)
        self._process = HomeAssistantProcess(self.folder)

    def wait_until_ready(self) -> None:
        """Wait until everything is set up."""
        assert self._process
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert not self._process.has_ended(), self.log
            assert time.monotonic() < end, self.log
            time.sleep(0.1)
        asyncio.run(self._make_ready())

    def stop(self) -> None:
        """Stop Home Assistant in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill Home Assistant, like a power cut."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process:
            self._process.end(number, STOP_SECONDS)

    @property
    def log(self) -> str:
        """Return Home Assistant's output so far."""
        return (self.folder / "output.txt").read_text(errors="replace")

    def get(self, path: str) -> Any:
        """Return the answer of the REST API."""
        return self._request("GET", path)

    def post(self, path: str, **data: object) -> Any:
        """Return the answer of the REST API."""
        return self._request("POST", path, data)

    def delete(self, path: str) -> Any:
        """Return the answer of the REST API."""
        return self._request("DELETE", path)

    def act(self, action: str, **data: object) -> None:
        """Call an action."""
        self.post(f"/api/services/{action.replace('.', '/')}", **data)

    def call(self, command: str, **data: object) -> Any:
        """Return the result of a websocket command."""

        async def call() -> Any:
            async with connect(Login.load(self.folder, self.url)) as home_assistant:
                return await home_assistant.call(command, **data)

        return asyncio.run(call())

    def issues(self) -> set[str]:
        """Return the translation keys of the integration's repair issues."""
        issues = self.call("repairs/list_issues")["issues"]
        return {issue["translation_key"] for issue in issues if issue["domain"] == "anavi_weather"}

    def issue(self, key: str) -> str:
        """Return the texts in a repair issue of the integration without Markdown's escapes, nothing if there is none."""
        found = [issue for issue in self.call("repairs/list_issues")["issues"] if issue["translation_key"] == key]
        return " ".join(text for issue in found for text in issue["translation_placeholders"].values()).replace(
            "\\", ""
        )

    def submit_repair(self, key: str) -> None:
        """Submit the form of a repair issue."""
        issues = self.call("repairs/list_issues")["issues"]
        (issue_id,) = (issue["issue_id"] for issue in issues if issue["translation_key"] == key)
        flow = "/api/repairs/issues/fix"
        form = self.post(flow, handler="anavi_weather", issue_id=issue_id)
        self.post(f"{flow}/{form['flow_id']}")

    def reload(self) -> None:
        """Set the station up again, so that it does at once what it does every few minutes."""
        entry_id, _ = self.user_stations()
        self.act("homeassistant.reload_config_entry", entry_id=entry_id)

    def status(self, key: str) -> str:
        """Return the state of an entity of the only user station."""
        state: str = self.get(f"/api/states/{self.entity(key)}")["state"]
        return state

    def entity(self, key: str) -> str:
        """Return an entity of the only user station, which no test renames."""
        if key not in self._entity_ids:
            (entity_id,) = (entry["entity_id"] for entry in self.entities() if entry["unique_id"].endswith(f"_{key}"))
            self._entity_ids[key] = entity_id
        return self._entity_ids[key]

    def entities(self) -> list[dict[str, Any]]:
        """Return the registry entries of the only user station."""
        _, (subentry,) = self.user_stations()
        entries = self.call("config/entity_registry/list")
        return [entry for entry in entries if entry["config_subentry_id"] == subentry["subentry_id"]]

    def user_stations(self) -> tuple[str, list[dict[str, Any]]]:
        """Return the entry, and the subentries that are user stations."""
        (entry,) = self.call("config_entries/get", domain="anavi_weather")
        subentries = self.call("config_entries/subentries/list", entry_id=entry["entry_id"])
        return entry["entry_id"], [one for one in subentries if one["subentry_type"] == "user_station"]

    def send_to(self, url: str, api_key: str, namespace: str, certificate: str = "", **states: object) -> None:
        """Add a user station as the UI does, or change the existing one."""
        entry_id, user_stations = self.user_stations()
        start: dict[str, object] = {"handler": [entry_id, "user_station"]}
        if user_stations:
            start["subentry_id"] = user_stations[0]["subentry_id"]
        flow = "/api/config/config_entries/subentries/flow"
        form = self.post(flow, **start)
        server = {"url": url, "api_key": api_key, "namespace": namespace, "ca_certificate": certificate}
        form = self.post(f"{flow}/{form['flow_id']}", **{key: value for key, value in server.items() if value})
        assert form["step_id"] == "states", form
        wanted = {"station_name": self.folder.name, "entities": "all", "send_history": True, **states}
        result = self.post(f"{flow}/{form['flow_id']}", **wanted)
        assert result["type"] == ("abort" if user_stations else "create_entry"), result

    def show_fleet(self, url: str, api_key: str, namespace: str) -> None:
        """Add a fleet as the UI does."""
        entry_id, _ = self.user_stations()
        flow = "/api/config/config_entries/subentries/flow"
        form = self.post(flow, handler=[entry_id, "fleet"])
        form = self.post(f"{flow}/{form['flow_id']}", url=url, api_key=api_key, namespace=namespace)
        assert form["step_id"] == "stations", form
        result = self.post(f"{flow}/{form['flow_id']}", stations=[], interval=60)
        assert result["type"] == "create_entry", result

    def automate(self, blueprint: str, **inputs: object) -> None:
        """Add an automation from one of the integration's blueprints."""
        use = {"path": f"anavi_weather/{blueprint}.yaml", "input": inputs}
        self.post(f"/api/config/automation/config/{blueprint}", alias=f"Blueprint {blueprint}", use_blueprint=use)

    def produce(self, count: int, prefix: str = "produced", **data: object) -> None:
        """Set states, and wait until the recorder has stored them all."""
        before = self._count(prefix)
        self.act("state_source.produce", count=count, prefix=prefix, **data)
        end = time.monotonic() + START_SECONDS
        while self._count(prefix) < before + count:
            assert time.monotonic() < end, self.log
            time.sleep(0.2)

    def _count(self, prefix: str) -> int:
        ((count,),) = self._query(COUNT, pattern=f"sensor.{prefix}!_%")
        return int(count)

    def _query(self, statement: str, **values: str) -> list[tuple[Any, ...]]:
        """Return what is in the recorder's database."""
        engine = create_engine(self.database_url)
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(statement), values)]
        engine.dispose()
        return rows

    def rows(self) -> list[Document]:
        """Return the documents that the recorder's rows must become."""
        rows = [expected(row) for row in self._query(ROWS)]
        self.known.update({(row.entity_id, row.timestamp): row for row in rows})
        return rows

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/manifest.json", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    async def _make_ready(self) -> None:
        login = Login.load(self.folder, self.url)
        login.save(self.folder)
        async with connect(login) as home_assistant:
            await home_assistant.wait_until_running()
            login.save(self.folder)
            await set_up_station(home_assistant, self.folder, "simulated", past_days=0)

    def _request(self, method: str, path: str, data: object = None) -> Any:
        headers = {
            "Authorization": f"Bearer {Login.load(self.folder, self.url).token}",
            "Content-Type": "application/json",
        }
        body = None if data is None else json.dumps(data).encode()
        with urlopen(Request(self.url + path, body, headers, method=method), timeout=WAIT_SECONDS) as response:
            return json.load(response)


def microseconds(timestamp: float) -> int:
    """Return a time to the µs, as Home Assistant shows it."""
    fraction, whole = math.modf(timestamp)
    return int(whole) * 1_000_000 + round(fraction * 1_000_000)


def expected(row: tuple[Any, ...]) -> Document:
    """Return the document that a recorder's row must become, computed without the integration's code."""
    _, entity_id, state, updated, changed, attributes, twin = row
    timestamp = microseconds(updated) * 1000
    return Document(
        entity_id,
        timestamp + twin,
        timestamp if changed is None else microseconds(changed) * 1000,
        state or None,
        None if attributes in (None, "{}") else without_place(attributes),
        not state,
    )


def without_place(attributes: str) -> str:
    """Return attributes without the place of the home, which these stations do not send."""
    parsed = json.loads(attributes)
    rest = {name: value for name, value in parsed.items() if name not in {"latitude", "longitude", "Location"}}
    return attributes if rest == parsed else json.dumps(rest, separators=(",", ":"), ensure_ascii=False)


class Comparison:
    """A comparison of rows and documents."""

    def __init__(self, rows: Iterable[Document], known: Iterable[Document], documents: list[Document]) -> None:
        """Compare the required rows with the documents, and the documents with all rows ever seen."""
        by_key = {(document.entity_id, document.timestamp): document for document in documents}
        every = {(row.entity_id, row.timestamp): row for row in known}
        wanted = {(row.entity_id, row.timestamp): row for row in rows}
        self.rows = len(wanted)
        self.documents = len(documents)
        self.lost = [row for key, row in wanted.items() if key not in by_key]
        self.doubled = len(documents) - len(by_key)
        self.invented = [document for key, document in by_key.items() if key not in every]
        self.changed = [
            (every[key], document) for key, document in by_key.items() if key in every and every[key] != document
        ]

    @property
    def good(self) -> bool:
        """Return whether nothing was lost, doubled, changed or invented."""
        return not (self.lost or self.doubled or self.invented or self.changed)

    @override
    def __str__(self) -> str:
        """Return the counts, and examples of what is wrong."""
        text = (
            f"{self.rows} rows, {self.documents} documents, {len(self.lost)} lost, {self.doubled} doubled, "
            f"{len(self.changed)} changed, {len(self.invented)} invented"
        )
        return "\n".join([text, *(str(wrong) for wrong in (*self.lost[:3], *self.changed[:3], *self.invented[:3]))])


def settle(station: Station, server: Server, namespace: str, name: str) -> Comparison:
    """Wait until all present rows have become documents, and report the comparison under a name."""
    time.sleep(COMMIT_SECONDS)
    wanted = [row for row in station.rows() if (row.entity_id, row.timestamp) not in station.excused]
    end = time.monotonic() + WAIT_SECONDS
    # To count documents is much cheaper than to read them.
    while server.count(namespace) < len(wanted) and time.monotonic() < end:
        time.sleep(0.5)
    while True:
        documents = server.documents(namespace)
        station.rows()
        comparison = Comparison(wanted, station.known.values(), documents)
        if not comparison.lost or time.monotonic() > end:
            if report := os.environ.get("FAULT_REPORT"):
                with Path(report).open("a", encoding="utf-8") as file:
                    file.write(f"{name}: {comparison}\n")
            return comparison
        time.sleep(1)
