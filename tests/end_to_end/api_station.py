"""A remote station as other programs see it, with every kind of user."""

import asyncio
import json
from pathlib import Path
import sys
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from .conftest import LIBRARY, Develop

sys.path.insert(0, str(LIBRARY))

from api import HomeAssistant, Login, connect
from instance import LOG_FILE
from smoke import errors_of_ours

PASSWORD = "only-for-tests"
AREA = "living_room"
REMOTE = "remote.simulated_phat"
READING = "sensor.simulated_phat_temperature"
HISTORY_SECONDS = 30


class ApiStation:
    """A running scripts/develop, prepared for the examples."""

    def __init__(self, develop: Develop, folder: Path) -> None:
        """Put the device into an area, make a light, and add users."""
        self.url = develop.login["url"]
        self.administrator = develop.login["token"]
        self._folder = folder
        [entry] = develop.get("/api/config/config_entries/entry?domain=anavi_weather")
        self.entry_id: str = entry["entry_id"]
        self.user, self.reader = asyncio.run(self._prepare())
        self._add_light()
        self._wait_for_history()

    def request(self, path: str, data: object = None, token: str = "") -> tuple[int, str]:
        """Return the status and the text of an answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = None if data is None else json.dumps(data).encode()
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            with urlopen(Request(self.url + path, body, headers), timeout=30) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def first_event(self, message: dict[str, Any]) -> Any:
        """Subscribe as the user does by websocket, and return the first event."""

        async def subscribe() -> Any:
            login = Login(self.url, "", "", self.user)
            async with connect(login) as home_assistant:
                websocket = home_assistant._websocket
                await websocket.send_json(message)
                async with asyncio.timeout(30):
                    assert (await websocket.receive_json())["success"]
                    return await websocket.receive_json()

        return asyncio.run(subscribe())

    def problems(self) -> list[str]:
        """Return what is wrong with the station."""
        [entry] = self._ask("/api/config/config_entries/entry?domain=anavi_weather")
        reasons = [] if entry["state"] == "loaded" else [str(entry)]
        return reasons + errors_of_ours(self._folder / LOG_FILE)

    def press_key(self) -> None:
        """Press a key of the simulated remote control."""
        key = {"entity_id": "button.simulated_phat_simulated_remote_power"}
        assert self.request("/api/services/button/press", key, self.administrator)[0] == 200

    def _ask(self, path: str, data: object = None) -> Any:
        status, text = self.request(path, data, self.administrator)
        assert status == 200, text
        return json.loads(text)

    async def _prepare(self) -> tuple[str, str]:
        async with connect(Login.load(self._folder, self.url)) as home_assistant:
            devices = await home_assistant.call("config/device_registry/list")
            [device] = [d for d in devices if ["anavi_weather", self.entry_id] in d["identifiers"]]
            await home_assistant.call("config/device_registry/update", device_id=device["id"], area_id=AREA)
            await self._add_user(home_assistant, "user", "system-users")
            await self._add_user(home_assistant, "reader", "system-read-only")
        return self._sign_in("user"), self._sign_in("reader")

    async def _add_user(self, home_assistant: HomeAssistant, name: str, group: str) -> None:
        result = await home_assistant.call("config/auth/create", name=name, group_ids=[group])
        account = {"user_id": result["user"]["id"], "username": name, "password": PASSWORD}
        await home_assistant.call("config/auth_provider/homeassistant/create", **account)

    def _sign_in(self, name: str) -> str:
        """Return a token that is good for half an hour."""
        client = f"{self.url}/"
        start = {"client_id": client, "handler": ["homeassistant", None], "redirect_uri": client}
        flow = self._ask("/auth/login_flow", start)["flow_id"]
        account = {"client_id": client, "username": name, "password": PASSWORD}
        code = self._ask(f"/auth/login_flow/{flow}", account)["result"]
        data = f"grant_type=authorization_code&code={code}&client_id={client}"
        with urlopen(f"{self.url}/auth/token", data.encode(), timeout=30) as response:
            token: str = json.load(response)["access_token"]
        return token

    def _add_light(self) -> None:
        """Create the lamp that the page describes."""
        address = "/api/config/config_entries/flow"
        flow = self._ask(address, {"handler": "template"})["flow_id"]
        self._ask(f"{address}/{flow}", {"next_step_id": "light"})
        actions = {
            f"turn_{what}": [
                {"action": "remote.send_command", "target": {"entity_id": REMOTE}, "data": {"command": code}}
            ]
            for what, code in (("on", "nec:0x00,0x03"), ("off", "nec:0x00,0x02"))
        }
        result = self._ask(f"{address}/{flow}", {"name": "LED strip", **actions})
        assert result["type"] == "create_entry", result

    def _wait_for_history(self) -> None:
        """Wait until the recorder has stored the first readings."""
        end = time.monotonic() + HISTORY_SECONDS
        while not self._ask(f"/api/history/period?filter_entity_id={READING}"):
            assert time.monotonic() < end
            time.sleep(0.2)
