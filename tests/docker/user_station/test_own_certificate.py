"""Tests of a certificate of the user's own, and of a proxy in front: the real Elasticsearch, behind a server with TLS."""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
import json
import os
from pathlib import Path
import re
import ssl
import subprocess
from threading import Thread
import time
from typing import override
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, Request, build_opener

import pytest

from homeassistant.util.yaml import load_yaml_dict

from .conftest import Run, key_of
from .files import FOLDER
from .server import Server, document
from .web import WebServer

NAME = "station.example.org"
SETUP = FOLDER / "setup"
EC = "ec -pkeyopt ec_paramgen_curve:P-256"
NODES = ("elasticsearch", "elasticsearch2", "elasticsearch3")

type Sign = Callable[..., None]


def openssl(*arguments: str | Path) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def authority(folder: Path) -> None:
    """Make an authority."""
    command = f"req -x509 -newkey {EC} -nodes -days 7300 -subj /CN=authority -keyout"
    openssl(*command.split(), folder / "ca.key", "-out", folder / "ca.crt")


def sign(folder: Path, name: str, *hosts: str, key: str = EC, by: Path | None = None, serial: str = "") -> None:
    """Make a key and its certificate, signed by the authority in a folder."""
    by = by or folder
    new = f"req -x509 -newkey {key} -nodes -subj /CN={name} -keyout {folder / name}.key -out {folder / name}.crt"
    signed = f"-CA {by / 'ca.crt'} -CAkey {by / 'ca.key'} -days 800"
    numbered = ["-set_serial", serial] if serial else []
    alternatives = ",".join(f"DNS:{host}" for host in hosts or [name])
    openssl(*new.split(), *signed.split(), *numbered, "-addext", f"subjectAltName={alternatives}")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Return the folder with the user's certificate, of an authority that no system knows."""
    theirs = tmp_path / "certificate"
    theirs.mkdir()
    authority(theirs)
    sign(theirs, "server", NAME)
    return theirs


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Return what a first start has made, long enough ago that nothing is renewed, and not yet served."""
    secrets = tmp_path / "secrets"
    for name in ("own", "elasticsearch", "kibana", "logstash"):
        (secrets / name).mkdir(parents=True)
    authority(secrets / "own")
    for node in NODES:
        sign(secrets / "elasticsearch", node, by=secrets / "own")
    sign(secrets / "kibana", "kibana", by=secrets / "own")
    return secrets


@pytest.fixture
def environment(secrets: Path, theirs: Path) -> dict[str, str]:
    """Return the environment of the container's script."""
    return {
        "SECRETS": str(secrets),
        "THEIRS": str(theirs),
        "OWNER": f"{os.getuid()}:{os.getgid()}",
        "CERTIFICATE_NAME": NAME,
        "SNAPSHOTS": "",
    }


def served(secrets: Path) -> list[bytes]:
    """Return the certificates and keys that clients see."""
    return [
        (secrets / name / f"server.{kind}").read_bytes()
        for name in ("elasticsearch", "kibana")
        for kind in ("crt", "key")
    ]


@pytest.mark.parametrize(
    "key",
    [
        "rsa:2048",
        "rsa:3072",
        "rsa:4096",
        EC,
        EC.replace("256", "384"),
        "ed25519",
    ],
)
def test_the_users_certificate_is_served(
    run: Run, environment: dict[str, str], secrets: Path, theirs: Path, key: str
) -> None:
    """The nodes go on knowing each other by our authority alone."""
    sign(theirs, "server", "other.example.org", "*.example.org", key=key)
    done = run(SETUP, "renew", **environment)
    assert done.returncode == 0, done.stderr
    pair = [(theirs / f"server.{kind}").read_bytes() for kind in ("crt", "key")]
    assert served(secrets) == pair * 2
    ours, authorities = (secrets / "own" / "ca.crt").read_bytes(), (theirs / "ca.crt").read_bytes()
    for service in ("kibana", "logstash"):
        assert (secrets / service / "ca.crt").read_bytes() == ours + authorities
    assert (secrets / "own" / "trusted.crt").read_bytes() == ours + authorities

    times = [path.stat().st_mtime_ns for path in secrets.rglob("*.crt")]
    assert run(SETUP, "renew", **environment).returncode == 0
    assert [path.stat().st_mtime_ns for path in secrets.rglob("*.crt")] == times, "nothing is written again"
    # The user's tool renews it
    sign(theirs, "server", NAME)
    assert run(SETUP, "renew", **environment).returncode == 0
    assert served(secrets)[0] == (theirs / "server.crt").read_bytes()
    # Back to ours
    assert run(SETUP, "renew", **(environment | {"CERTIFICATE_NAME": ""})).returncode == 0
    assert served(secrets)[0] == (secrets / "elasticsearch" / "elasticsearch.crt").read_bytes()
    assert (secrets / "kibana" / "ca.crt").read_bytes() == ours


@pytest.mark.parametrize("before", ["", "01", "0101"])
def test_the_letters_of_the_last_line_may_be_in_the_certificate(
    run: Run, environment: dict[str, str], secrets: Path, theirs: Path, before: str
) -> None:
    """Base64 is free to spell END. For one of these serial numbers, it does so from its first line on."""
    sign(theirs, "server", NAME, serial=f"0x{before}{'10D0C0' * 5}")
    done = run(SETUP, "renew", **environment)
    assert done.returncode == 0, done.stderr
    assert served(secrets)[0] == (theirs / "server.crt").read_bytes()


def test_a_certificate_that_every_system_believes(
    run: Run, environment: dict[str, str], secrets: Path, theirs: Path, tmp_path: Path
) -> None:
    system = tmp_path / "bundle.crt"
    (theirs / "ca.crt").rename(system)
    assert run(SETUP, "renew", **environment, SYSTEM_CA=str(system)).returncode == 0
    assert (secrets / "kibana" / "ca.crt").read_bytes().endswith(system.read_bytes())
    missing = run(SETUP, "renew", **environment, SYSTEM_CA="/nowhere")
    assert missing.returncode == 1
    assert "certificate/ca.crt: not found" in missing.stderr


def _expire(certificate: Path) -> None:
    """Set the end of a certificate to the past. Its signature is wrong then, which is for its readers to see."""
    lines = certificate.read_text(encoding="utf-8").splitlines()
    content = base64.b64decode("".join(line for line in lines if "-----" not in line))
    end = re.findall(rb"\d{12}Z", content)[1]
    text = base64.encodebytes(content.replace(end, b"250101000000Z")).decode()
    certificate.write_text(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n", encoding="utf-8")


def _break(theirs: Path, fault: str) -> None:
    key = theirs / "server.key"
    if fault == "missing":
        key.unlink()
    elif fault == "other key":
        before = key.read_bytes()
        sign(theirs, "server", NAME)
        key.write_bytes(before)
    elif fault == "other point":
        sign(theirs, "server", NAME, key=EC)
        before = key.read_bytes()
        sign(theirs, "server", NAME, key=EC)
        key.write_bytes(before)
    elif fault == "password":
        key = key.rename(theirs / "plain.key")
        openssl("pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", theirs / "server.key")
    elif fault == "other name":
        sign(theirs, "server", f"my{NAME}", f"{NAME}.br", "*.other.org")
    elif fault == "expired":
        _expire(theirs / "server.crt")
    else:
        (theirs / f"server.{fault}").write_text("nonsense", encoding="utf-8")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", "certificate/server.key: not found"),
        ("other key", "does not belong to"),
        ("other point", "does not belong to"),
        ("password", "Remove its password"),
        ("other name", f"not valid for {NAME}"),
        ("expired", "expired"),
        ("crt", "no certificate in PEM"),
        ("key", "no key in PEM"),
    ],
)
def test_a_bad_certificate_is_reported_and_the_former_stays(
    run: Run, environment: dict[str, str], secrets: Path, theirs: Path, fault: str, message: str
) -> None:
    assert run(SETUP, "renew", **environment).returncode == 0
    before = served(secrets)
    _break(theirs, fault)
    done = run(SETUP, "renew", **environment)
    assert done.returncode == 1
    assert message in done.stderr
    assert served(secrets) == before
    assert not (secrets / "own" / ".lock").exists()


def test_a_lock_of_a_clock_that_was_ahead_is_removed(run: Run, environment: dict[str, str], secrets: Path) -> None:
    lock = secrets / "own" / ".lock"
    lock.mkdir()
    ahead = time.time() + 86400
    os.utime(lock, (ahead, ahead))
    done = run(SETUP, "renew", **environment)
    assert done.returncode == 0, done.stderr
    assert not lock.exists()


def test_a_lock_that_cannot_be_made_is_reported(run: Run, environment: dict[str, str], secrets: Path) -> None:
    """As on a disk that is full."""
    (secrets / "own").rename(secrets / "elsewhere")
    done = run(SETUP, "renew", **environment)
    assert done.returncode == 1
    assert "cannot create directory" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CERTIFICATE_NAME", "*.example.org"),
        ("CERTIFICATE_NAME", "https://station.example.org"),
        ("ELASTICSEARCH_PUBLIC_URL", "http://station.example.org"),
        ("KIBANA_PUBLIC_URL", "https://example.org/kibana"),
    ],
)
def test_a_wrong_setting_is_named(run: Run, environment: dict[str, str], name: str, value: str) -> None:
    done = run(SETUP, "prepare", **(environment | {name: value}))
    assert done.returncode == 1
    assert f"{name}: {value} is not" in done.stderr


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on to the real Elasticsearch."""

    target = ""

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        headers = {name: value for name, value in self.headers.items() if name in ("Authorization", "Content-Type")}
        request = Request(self.target + self.path, body, headers, method=self.command)
        try:
            with build_opener().open(request, timeout=60) as response:
                status, answer = response.status, response.read()
        except HTTPError as err:
            status, answer = err.code, err.read()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(server: Server, folder: Path) -> Iterator[int]:
    """Serve the real Elasticsearch with the certificate in a folder, and yield the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    handler = type("Handler", (Proxy,), {"target": server.url})
    with WebServer(("127.0.0.1", 0), handler) as web:
        web.socket = context.wrap_socket(web.socket, server_side=True)
        thread = Thread(target=web.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield web.server_address[1]
        finally:
            web.shutdown()
            thread.join()


@pytest.fixture
def station(server: Server, setup: Run, environment: dict[str, str], secrets: Path) -> dict[str, str]:
    """Return the environment of a user station that is set up."""
    assert setup().returncode == 0
    for name in ("elastic_password", "kibana_password", "encryption_key"):
        (secrets / "own" / name).write_text(server.password, encoding="utf-8")
    return environment | {"NAMESPACE": server.namespace, "ELASTICSEARCH_USERNAME": server.username}


def test_the_setup_trusts_the_users_certificate_by_its_name(
    server: Server, run: Run, station: dict[str, str], secrets: Path, theirs: Path
) -> None:
    assert run(SETUP, "renew", **station).returncode == 0
    with ExitStack() as stack:
        port = stack.enter_context(serving(server, secrets / "elasticsearch"))
        station["CONNECT"] = f"{NAME}:9200:127.0.0.1:{port}"
        added = run(SETUP, "add-station", "Casa", **station)
        assert f"Address:    https://{NAME}:9200" in added.stdout, added.stderr
        assert (theirs / "ca.crt").read_text() in added.stdout
        login = run(SETUP, "login", **station).stdout
        assert f"Kibana:    https://{NAME}:5601" in login
        assert (theirs / "ca.crt").read_text() in login
        # Of a name that the certificate does not have
        refused = run(SETUP, "stations", **station, ELASTICSEARCH_URL=f"https://127.0.0.1:{port}")
        assert refused.returncode == 1


def test_a_station_sends_through_a_proxy(server: Server, run: Run, station: dict[str, str], theirs: Path) -> None:
    """Its certificate is of an authority that the user names, or of one that every system knows."""
    address = "https://station.example.org"
    station |= {"CERTIFICATE_NAME": "", "ELASTICSEARCH_URL": server.url, "ELASTICSEARCH_PUBLIC_URL": address}
    added = run(SETUP, "add-station", "Casa", "--id", "1", **station)
    assert f"Address:    {address}\n" in added.stdout, added.stderr
    assert (theirs / "ca.crt").read_text() in added.stdout
    context = ssl.create_default_context(cadata=added.stdout.partition("CA certificate:\n")[2])
    context.check_hostname = False  # the address is of this machine
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # openssl leaves out what this asks for
    with serving(server, theirs) as port:
        headers = {"Authorization": f"ApiKey {key_of(added)}", "Content-Type": "application/json"}
        body = json.dumps(document("1")).encode()
        request = Request(f"https://127.0.0.1:{port}/{server.stream}/_doc", body, headers, method="POST")
        with build_opener(HTTPSHandler(context=context)).open(request, timeout=60) as response:
            assert response.status == 201

    (theirs / "ca.crt").unlink()
    added = run(SETUP, "add-station", "Casa", **station)
    assert "Address:" in added.stdout
    assert "certificate" not in added.stdout
    kibana = "https://kibana.example.org"
    login = run(SETUP, "login", **station, KIBANA_PUBLIC_URL=kibana).stdout
    assert f"Kibana:    {kibana}\n" in login
    assert "CERTIFICATE" not in login


def test_kibana_knows_its_address_and_that_of_elasticsearch(
    run: Run, environment: dict[str, str], secrets: Path, tmp_path: Path
) -> None:
    """With a stand-in for elasticsearch-certutil, because all certificates are there."""
    environment |= {"SNAPSHOTS_MOUNT": str(tmp_path / "snapshots"), "KIBANA_NODES": " ".join(NODES)}
    instances = subprocess.run(
        ["bash", "-c", f". {FOLDER}/certificates; NODES=({' '.join(NODES)}) HOSTS=localhost; instances"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (secrets / "own" / "instances.yml").write_text(instances.stdout, encoding="utf-8")
    done = run(SETUP, "prepare", **environment)
    assert done.returncode == 0, done.stderr
    settings = load_yaml_dict(str(secrets / "kibana" / "kibana.yml"))
    assert settings["server.publicBaseUrl"] == f"https://{NAME}:5601"
    assert settings["elasticsearch.hosts"] == [f"https://{host}:9200" for host in (NAME, *NODES[1:])]
    assert settings["server.ssl.certificate"] == "/secrets/server.crt"
    done = run(SETUP, "prepare", **environment, KIBANA_PUBLIC_URL="https://kibana.example.org")
    assert done.returncode == 0, done.stderr
    settings = load_yaml_dict(str(secrets / "kibana" / "kibana.yml"))
    assert settings["server.publicBaseUrl"] == "https://kibana.example.org"
