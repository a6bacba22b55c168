"""The configuration of a running user station, from the environment or from Compose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
import json
from pathlib import Path
import re
import subprocess
from typing import Any
from urllib.parse import urlsplit

from .client import Client
from .findings import Finding, failed, forms, not_checked, ok

COMPOSE_SECONDS = 120
EVERYWHERE = {"", "0.0.0.0", "::", "127.0.0.1", "::1"}
LOGIN = re.compile(r"^Password: +(.+)$", re.MULTILINE)
CERTIFICATES = re.compile(r"-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\n", re.DOTALL)
DEFAULT_LANGUAGES = "en pt-BR"


class NoStationError(Exception):
    """No user station is running here. The message says why, and what to do."""


@dataclass(frozen=True)
class Station:
    """How to reach a user station."""

    elasticsearch: Client
    kibana: Client
    namespace: str = "default"
    languages: tuple[str, ...] = ("en", "pt-BR")
    logs: tuple[str, int] | None = None
    """Where Logstash takes GELF by UDP, or None if it doesn't run."""
    secrets: frozenset[str] = frozenset()
    services: tuple[Finding, ...] = field(default=())
    versions: tuple[str, ...] = ()


def from_environment(environment: Mapping[str, str]) -> Station:
    """Return the station that the variables of the set-up scripts name."""
    user = environment.get("ELASTICSEARCH_USERNAME", "elastic")
    password = environment["ELASTICSEARCH_PASSWORD"]
    file = environment.get("ELASTICSEARCH_CA")
    authority = Path(file).read_text(encoding="utf-8") if file else ""
    urls = [
        environment.get(name, default)
        for name, default in (("ELASTICSEARCH_URL", "https://localhost:9200"), ("KIBANA_URL", "https://localhost:5601"))
    ]
    elasticsearch, kibana = (Client(url, user, password, authority) for url in urls)
    host, _, port = environment.get("LOGS_ADDRESS", "").rpartition(":")
    return Station(
        elasticsearch,
        kibana,
        environment.get("NAMESPACE", "default"),
        tuple(environment.get("LANGUAGES", DEFAULT_LANGUAGES).split()),
        (host, int(port)) if host else None,
        frozenset({password, *(urlsplit(url).hostname or "" for url in urls)} - {"localhost", "127.0.0.1"}),
        (not_checked("containers", "the station is named by variables, and not by Compose"),),
    )


class Compose:
    """The Compose project of a user station."""

    def __init__(self, folder: Path) -> None:
        """Initialize with the folder of compose.yaml."""
        self._folder = folder

    def run(self, *arguments: str) -> str:
        """Return a command's output.

        Raises:
            NoStationError: if it fails.
        """
        return run("docker", "compose", "--project-directory", str(self._folder), *arguments)


def run(*command: str) -> str:
    """Return a command's output.

    Raises:
        NoStationError: if it fails.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMPOSE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoStationError(f"docker: {error}") from error
    if done.returncode:
        raise NoStationError(f"{' '.join(command[:4])}: {done.stderr.strip()}")
    return done.stdout


def from_compose(folder: Path) -> Station:
    """Return the station that runs in a folder.

    Raises:
        NoStationError: if none does.
    """
    compose = Compose(folder)
    services = json.loads(compose.run("config", "--format", "json"))["services"]
    environment = services["setup"]["environment"]
    containers = _containers(compose)
    if not any(container["Service"] == "elasticsearch" and container["State"] == "running" for container in containers):
        raise NoStationError(f"the user station in {folder} is not running: docker compose up --detach")
    login = compose.run("run", "--rm", "--no-deps", "--no-TTY", "setup", "login")
    password = LOGIN.search(login)
    certificates = CERTIFICATES.search(login)
    if not password or not certificates:
        raise NoStationError("docker compose run --rm setup login: shows neither a password nor a certificate")
    names = environment["HOSTS"].split() or ["localhost"]

    def client(service: str, port: int) -> Client:
        address, published = _published(services[service], port)
        return Client(f"https://{_bracketed(names[0])}:{published}", "elastic", password[1], certificates[0], address)

    return Station(
        client("elasticsearch", 9200),
        client("kibana", 5601),
        environment["NAMESPACE"],
        tuple(environment["LANGUAGES"].split()),
        _published(services["logstash"], 12201) if "logstash" in services else None,
        frozenset({password[1], *names} - {"localhost"}),
        tuple(_services(containers, password[1])),
        (
            f"Docker {_version('version', '--format', '{{.Server.Version}}')}",
            f"Compose {_version('compose', 'version', '--short')}",
        ),
    )


def _containers(compose: Compose) -> list[dict[str, Any]]:
    """Return the containers; Compose prints one a line."""
    return [json.loads(line) for line in compose.run("ps", "--all", "--format", "json").splitlines() if line]


def _published(service: dict[str, Any], port: int) -> tuple[str, int]:
    """Return the address and the port on this machine where a service's port is published."""
    found = next(entry for entry in service["ports"] if entry["target"] == port)
    address = found.get("host_ip", "")
    return ("localhost" if address in EVERYWHERE else address), int(found["published"])


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _version(*arguments: str) -> str:
    return run("docker", *arguments).strip()


def _services(containers: list[dict[str, Any]], password: str) -> Iterator[Finding]:
    """Yield the state of each container, and whether it keeps the password to itself."""
    for container in sorted(containers, key=lambda container: str(container["Service"])):
        name, state = f"container {container['Service']}", container["State"]
        if state == "running" and container.get("Health", "") in ("", "healthy"):
            yield ok(name, container.get("Health") or state)
        elif state == "exited" and container["ExitCode"] == 0:
            yield ok(name, "has finished")
        else:
            status = f"{state} {container.get('Health', '')}".strip()
            yield failed(
                name, f"{status}, exit code {container['ExitCode']}. See: docker compose logs {container['Service']}"
            )
        inspected = run("docker", "inspect", container["ID"])
        if any(form in inspected for form in forms(password)):
            yield failed(name, "docker inspect shows the password")
