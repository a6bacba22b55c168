"""A client of Elasticsearch or Kibana that trusts the station's own authority."""

import base64
from contextlib import closing
from http.client import HTTPConnection, HTTPException
import json
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 60
LARGEST_ANSWER = 64 << 20  # bytes


class ServiceError(Exception):
    """A service does not answer, or not as it should. The message says which and why."""


class Answer(NamedTuple):
    """The answer of a server."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The content.

        Raises:
            ServiceError: if it is no JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ServiceError(f"the answer ({self.status}) is not JSON") from error

    @property
    def reason(self) -> str:
        """Why a request was refused, as far as the server says it."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return str(self.status)
        error = content.get("error") if isinstance(content, dict) else None
        if isinstance(error, dict):
            causes = error.get("root_cause") or [error]
            return f"{self.status} {causes[0].get('reason') or error.get('reason')}"
        message = content.get("message", error) if isinstance(content, dict) else content
        return f"{self.status} {message}"


class Client:
    """A server's API, as one user."""

    def __init__(self, url: str, user: str, password: str, authority: str = "", address: str = "") -> None:
        """Initialize.

        Args:
            url: the server's URL, with the name in its certificate.
            user: who asks.
            password: of the user.
            authority: the certificate (PEM) that the server's is signed by, if the system does not trust it.
            address: what to connect to, if that is not the name.
        """
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        is_encrypted = parts.scheme == "https"
        self._host = parts.netloc
        self._name = parts.hostname or ""
        self._port = parts.port or (443 if is_encrypted else 80)
        self._path = parts.path
        self._address = address or self._name
        self._authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._context = ssl.create_default_context(cadata=authority or None) if is_encrypted else None

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Return the answer to a request.

        Raises:
            ServiceError: if there is none.
        """
        # Kibana requires the first header of every change.
        given = {"kbn-xsrf": "true", **(headers or {}), "Authorization": self._authorization, "Host": self._host}
        try:
            with closing(self._connect()) as connection:
                connection.request(method, f"{self._path}{path}", body, given)
                response = connection.getresponse()
                content = response.read(LARGEST_ANSWER)
                return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        except ssl.SSLCertVerificationError as error:
            raise ServiceError(f"its certificate is not trusted: {error.verify_message}") from error
        except (OSError, HTTPException) as error:
            raise ServiceError(f"does not answer: {error}") from error

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the answer to a request with a JSON body.

        Raises:
            ServiceError: if there is none.
        """
        if body is None:
            return self.request(method, path)
        return self.request(method, path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def get(self, path: str) -> Any:
        """Return the content at a path.

        Raises:
            ServiceError: if the server does not give it.
        """
        answer = self.ask("GET", path)
        if answer.status != 200:
            raise ServiceError(answer.reason)
        return answer.json

    def _connect(self) -> HTTPConnection:
        """Return a connection, whose certificate has the name in the URL, whatever the address is."""
        connection = HTTPConnection(self._address, self._port, timeout=TIMEOUT_SECONDS)
        connection.connect()
        if self._context:
            connection.sock = self._context.wrap_socket(connection.sock, server_hostname=self._name)
        return connection
