"""A temporary stream on a real user station."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
import os
from pathlib import Path
import re
import subprocess
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SETUP = Path(__file__).parents[2] / "docker" / "user_station" / "elasticsearch" / "setup"
VARIABLES = ("ELASTICSEARCH_URL", "ELASTICSEARCH_USERNAME", "ELASTICSEARCH_PASSWORD")
STATION = "pictures"
TIMEOUT_SECONDS = 120


class UserStationError(Exception):
    """The user station cannot be used."""


def missing() -> list[str]:
    """Return the missing variables of the server and its administrator."""
    return [name for name in VARIABLES if not os.environ.get(name)]


@contextmanager
def stream(namespace: str) -> Iterator[str]:
    """Create an empty stream on the environment's server, yield an API key for it, and delete both on exit.

    Raises:
        UserStationError: if the server refuses.
    """
    _delete(namespace)
    _setup(namespace)
    try:
        match = re.search(r"^API key: +(\S+)$", _setup(namespace, "add-station", STATION), re.MULTILINE)
        if match is None:
            raise UserStationError(f"{SETUP.name} add-station printed no API key")
        yield match[1]
    finally:
        with suppress(UserStationError):  # there may be no key
            _setup(namespace, "remove-station", STATION)
        _delete(namespace)


def _setup(namespace: str, *arguments: str) -> str:
    result = subprocess.run(
        [SETUP, *arguments],
        env={**os.environ, "NAMESPACE": namespace},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if result.returncode:
        raise UserStationError(result.stderr.strip())
    return result.stdout


def _delete(namespace: str) -> None:
    url, username, password = (os.environ[name] for name in VARIABLES)
    address = f"{url.rstrip('/')}/_data_stream/metrics-anavi_weather.state-{namespace}"
    credentials = b64encode(f"{username}:{password}".encode()).decode()
    request = Request(address, headers={"Authorization": f"Basic {credentials}"}, method="DELETE")
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS):
            pass
    except HTTPError as error:
        if error.code != HTTPStatus.NOT_FOUND:
            raise UserStationError(f"{address}: {error}") from None
    except OSError as error:
        raise UserStationError(f"{address}: {error}") from None
