"""Client of a running Home Assistant: its HTTP and websocket interfaces, like a browser."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
import json
from pathlib import Path
import secrets
from typing import Any, Self

import aiohttp

LOGIN_FILE = "login.json"
USERNAME = "anavi"
TOKEN_NAME = "scripts/develop"
TOKEN_DAYS = 3650

type Answers = Mapping[str, Mapping[str, object]]


class ApiError(Exception):
    """Home Assistant refused a request."""


class FlowError(Exception):
    """A config flow that ended without an entry."""

    hint = ""
    """What the form says about the reason, in Home Assistant's language."""

    def __init__(self, kind: str, key: str, placeholders: dict[str, str] | None = None) -> None:
        """Initialize the error with the reason's place in the translations.

        The kind is "error" or "abort"; "refused" has no translation.
        """
        super().__init__(f"{kind}: {key}")
        self.kind = kind
        self.key = key
        self.placeholders = placeholders or {}


@dataclass
class Login:
    """An account of the Home Assistant in a config folder."""

    url: str
    username: str
    password: str
    token: str = ""

    @classmethod
    def load(cls, folder: Path, url: str) -> Self:
        """Return the folder's account at this address, or a new one that Home Assistant does not have yet."""
        file = folder / LOGIN_FILE
        if not file.exists():
            return cls(url, USERNAME, secrets.token_urlsafe(9))
        return cls(**json.loads(file.read_text(encoding="utf-8")) | {"url": url})

    @staticmethod
    def is_unfinished(folder: Path) -> bool:
        """Return whether creating the account was interrupted."""
        return (folder / LOGIN_FILE).exists() and not Login.load(folder, "").token

    def save(self, folder: Path) -> None:
        """Write the account where only this user can read it."""
        file = folder / LOGIN_FILE
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


class HomeAssistant:
    """A session as the account's user."""

    def __init__(self, http: aiohttp.ClientSession, websocket: aiohttp.ClientWebSocketResponse, login: Login) -> None:
        """Initialize the session with an authenticated websocket."""
        self._http = http
        self._websocket = websocket
        self._login = login
        self._last_id = 0

    async def call(self, command: str, **data: Any) -> Any:
        """Send a websocket command and return its result."""
        self._last_id += 1
        await self._websocket.send_json({"id": self._last_id, "type": command, **data})
        while (answer := await self._websocket.receive_json())["id"] != self._last_id:
            pass
        if not answer["success"]:
            raise ApiError(f"{command}: {answer['error']['message']}")
        return answer["result"]

    async def wait_until_running(self) -> None:
        """Wait until every integration is set up."""
        while (await self.call("get_config"))["state"] != "RUNNING":
            await asyncio.sleep(0.1)

    async def add_entry(self, domain: str, answers: Answers) -> str:
        """Go through a config flow with the answers to its steps, and return the entry's id."""
        step = await self._flow("config/config_entries/flow", domain, answers)
        return str(step["result"]["entry_id"])

    async def add_subentry(self, entry_id: str, kind: str, answers: Answers) -> None:
        """Go through a subentry's config flow."""
        await self._flow("config/config_entries/subentries/flow", [entry_id, kind], answers)

    async def _flow(self, path: str, handler: str | list[str], answers: Answers) -> dict[str, Any]:
        address = f"{self._login.url}/api/{path}"
        step: dict[str, Any] = await self._post(address, {"handler": handler})
        while step["type"] in {"form", "menu"}:
            # The last option of a menu changes nothing more.
            default = {"next_step_id": step["menu_options"][-1]} if step["type"] == "menu" else {}
            answer = answers.get(step["step_id"], default)
            try:
                step = await self._post(f"{address}/{step['flow_id']}", answer)
            except FlowError as error:
                # The form itself may have given a better reason.
                error.hint = (step["description_placeholders"] or {}).get("hint", "")
                raise _error_of(step) or error from None
            if complaint := _error_of(step):
                raise complaint
        if step["type"] != "create_entry":
            raise FlowError("abort", step["reason"], step["description_placeholders"])
        return step

    async def _post(self, address: str, data: Mapping[str, object]) -> Any:
        headers = {"Authorization": f"Bearer {self._login.token}"}
        async with self._http.post(address, json=data, headers=headers) as response:
            if response.status == HTTPStatus.BAD_REQUEST:
                raise FlowError("refused", await response.text())
            return await _content(response)


def _error_of(step: dict[str, Any]) -> FlowError | None:
    if not step.get("errors"):
        return None
    return FlowError("error", next(iter(step["errors"].values())), step["description_placeholders"])


@asynccontextmanager
async def connect(login: Login, language: str = "en") -> AsyncIterator[HomeAssistant]:
    """Sign in, and create the account and the areas the first time, with names in this language."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{login.url}/api/websocket", max_msg_size=0) as websocket,
    ):
        await _authenticate(websocket, login.token or await _first_token(http, login, language))
        home_assistant = HomeAssistant(http, websocket, login)
        if not login.token:
            login.token = await home_assistant.call(
                "auth/long_lived_access_token", client_name=TOKEN_NAME, lifespan=TOKEN_DAYS
            )
        yield home_assistant


async def _authenticate(websocket: aiohttp.ClientWebSocketResponse, token: str) -> None:
    await websocket.receive_json()
    await websocket.send_json({"type": "auth", "access_token": token})
    answer = await websocket.receive_json()
    if answer["type"] != "auth_ok":
        raise ApiError(
            f"the token in {LOGIN_FILE} is not accepted ({answer['message']}): delete the folder to start over"
        )


async def _first_token(http: aiohttp.ClientSession, login: Login, language: str) -> str:
    """Create the account, and return a token that is valid for half an hour."""
    client = f"{login.url}/"
    account = {"name": "ANAVI", "username": login.username, "password": login.password}
    async with http.post(
        f"{login.url}/api/onboarding/users", json={**account, "client_id": client, "language": language}
    ) as response:
        if response.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            raise ApiError(f"an account exists, but {LOGIN_FILE} is missing: delete the folder to start over")
        code = (await _content(response))["auth_code"]
    data = {"grant_type": "authorization_code", "code": code, "client_id": client}
    async with http.post(f"{login.url}/auth/token", data=data) as response:
        return str((await _content(response))["access_token"])


async def _content(response: aiohttp.ClientResponse) -> Any:
    if not response.ok:
        raise ApiError(f"{response.url.path}: {response.status} {await response.text()}")
    return await response.json()
