"""Tests of the certificates and passwords, made by Elasticsearch's own elasticsearch-certutil."""

from datetime import UTC, datetime, timedelta
import os
from pathlib import Path
import signal
import ssl
import stat
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
import pytest

from homeassistant.util.yaml import load_yaml_dict

from .conftest import Run
from .files import FOLDER, KIBANA

HOSTS = "192.168.1.10 station.example.org fd00::1"
NODES = ("elasticsearch", "elasticsearch2", "elasticsearch3")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of the container's script."""
    home = os.environ.get("ELASTICSEARCH_HOME", "")
    if not Path(home, "bin", "elasticsearch-certutil").exists():
        pytest.skip("ELASTICSEARCH_HOME names no Elasticsearch with its elasticsearch-certutil: no certificate is made")
    java = {"ES_JAVA_HOME": os.environ["ES_JAVA_HOME"]} if "ES_JAVA_HOME" in os.environ else {}
    return java | {
        "ELASTICSEARCH_HOME": home,
        "SECRETS": str(tmp_path / "secrets"),
        "SNAPSHOTS_MOUNT": str(tmp_path / "snapshots"),
        "OWNER": f"{os.getuid()}:{os.getgid()}",
        "HOSTS": HOSTS,
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files that do not change of themselves."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(certificate: Path) -> set[str]:
    """Return what a certificate is for."""
    decoded = ssl._ssl._test_decode_cert(str(certificate))  # type: ignore[attr-defined]
    return {value for _, value in decoded["subjectAltName"]}


def test_certificates_and_passwords_are_made_once(environment: dict[str, str], run: Run, tmp_path: Path) -> None:
    script = FOLDER / "setup"
    secrets = tmp_path / "secrets"
    done = run(script, "prepare", **environment)
    assert done.returncode == 0, done.stderr
    made = contents(secrets)
    for name in (*NODES, "kibana"):
        folder = secrets / name.rstrip("23")
        certificate = folder / f"{name}.crt"
        assert names(certificate) == {
            name,
            "localhost",
            "station.example.org",
            "127.0.0.1",
            "192.168.1.10",
            "FD00:0:0:0:0:0:0:1",
        }
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        assert context.get_ca_certs()
        verified = subprocess.run(
            ["openssl", "verify", "-CAfile", folder / "ca.crt", certificate], capture_output=True, check=False
        )
        assert verified.returncode == 0, verified.stderr
    passwords = [made[f"own/{name}"].strip() for name in ("elastic_password", "kibana_password", "encryption_key")]
    assert len(set(passwords)) == 3
    assert all(len(password) == 32 for password in passwords)
    for secret in (*passwords, made["own/ca.key"]):
        assert secret.decode() not in done.stdout + done.stderr

    # Each service can read its own files, and no others
    assert "elasticsearch/elastic_password" in made
    assert {path for path in made if path.startswith("logstash/")} == {"logstash/ca.crt"}
    for service in ("elasticsearch", "kibana"):
        for kind in ("crt", "key"):
            assert made[f"{service}/server.{kind}"] == made[f"{service}/{service}.{kind}"], "clients see our own"
    assert [path for path in made if path.endswith("ca.key")] == ["own/ca.key"]
    for path in made:
        assert stat.S_IMODE((secrets / path).stat().st_mode) & 0o077 == 0, path
    settings = load_yaml_dict(str(secrets / "kibana" / "kibana.yml"))
    assert settings["server.publicBaseUrl"] == "https://192.168.1.10:5601"
    assert settings["elasticsearch.password"] == passwords[1].decode()
    assert len(settings["xpack.encryptedSavedObjects.encryptionKey"]) >= 32

    assert run(script, "prepare", **environment).returncode == 0
    assert contents(secrets) == made

    # Another address: other certificates of the same authority, and the same passwords
    changed = run(script, "prepare", **(environment | {"HOSTS": "[::1]"}))
    assert changed.returncode == 1
    assert "not a name or an address" in changed.stderr
    assert contents(secrets) == made
    nodes = {"KIBANA_NODES": " ".join(NODES)}
    assert run(script, "prepare", **(environment | {"HOSTS": "other"} | nodes)).returncode == 0
    after = contents(secrets)
    different = {path for path in made if after[path] != made[path]}
    assert different == {
        *(f"elasticsearch/{name}.{kind}" for name in (*NODES, "server") for kind in ("crt", "key")),
        *(f"kibana/{name}.{kind}" for name in ("kibana", "server") for kind in ("crt", "key")),
        "kibana/kibana.yml",
        "own/kibana.yml",
        "own/instances.yml",
    }
    settings = load_yaml_dict(str(secrets / "kibana" / "kibana.yml"))
    assert settings["elasticsearch.hosts"] == [f"https://{node}:9200" for node in NODES]

    _check_renewal(environment, run, secrets)


def _end(certificate: Path) -> datetime:
    end = ssl._ssl._test_decode_cert(str(certificate))["notAfter"]  # type: ignore[attr-defined]
    return datetime.strptime(end, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)


def _check_renewal(environment: dict[str, str], run: Run, secrets: Path) -> None:
    """Check that certificates are renewed in time, for the same names and by the same authority."""
    script, kibana = FOLDER / "setup", secrets / "kibana" / "kibana.crt"
    before = contents(secrets)
    soon = datetime.now(UTC) + timedelta(days=100)
    assert _end(kibana) > datetime.now(UTC) + timedelta(days=800)
    assert run(script, "renew", **environment).returncode == 0
    assert contents(secrets) == before, "they are good for long"

    _sign(secrets, kibana, days=100)
    assert abs(_end(kibana) - soon) < timedelta(hours=1)
    # Whatever HOSTS the service was started with: those of the last preparation count
    done = run(script, "renew", **(environment | {"HOSTS": "former"}))
    assert done.returncode == 0, done.stderr
    assert f"valid until {_end(kibana):%Y-%m-%d}" in done.stderr
    assert "other" in names(kibana)
    after = contents(secrets)
    assert {path for path in before if after.get(path) != before[path]} == {
        *(f"elasticsearch/{name}.{kind}" for name in (*NODES, "server") for kind in ("crt", "key")),
        *(f"kibana/{name}.{kind}" for name in ("kibana", "server") for kind in ("crt", "key")),
    }
    assert after.keys() == before.keys(), "nothing is left behind"

    # A clock that was ahead has made a certificate that is not good yet
    _sign(secrets, kibana, days=1200)
    assert run(script, "renew", **environment).returncode == 0
    assert _end(kibana) < datetime.now(UTC) + timedelta(days=825)

    # The power fails between a certificate and its key
    (secrets / "own" / ".signing").touch()
    (secrets / "own" / ".certificates.abcde").mkdir()
    (secrets / "kibana" / "kibana.key").chmod(0o600)
    (secrets / "kibana" / "kibana.key").write_bytes(before["kibana/kibana.key"])
    assert run(script, "prepare", **(environment | {"HOSTS": "other"})).returncode == 0
    ssl.create_default_context().load_cert_chain(kibana, secrets / "kibana" / "kibana.key")
    assert contents(secrets).keys() == before.keys()


def _sign(secrets: Path, certificate: Path, days: int) -> None:
    """Replace a certificate by one that ends sooner, with Elasticsearch's own times."""
    own = secrets / "own"
    request = f"openssl req -new -key {certificate.with_suffix('.key')} -subj /CN=kibana"
    signed = f"openssl x509 -req -days {days} -CA {own / 'ca.crt'} -CAkey {own / 'ca.key'} -set_serial 9"
    asked = subprocess.run(request.split(), capture_output=True, check=True)
    made = subprocess.run(signed.split(), input=asked.stdout, capture_output=True, check=True)
    certificate.chmod(0o600)
    certificate.write_bytes(made.stdout)


def _write_authority(folder: Path, begin: datetime) -> None:
    """Write an authority like the one that Elasticsearch's tool makes when the clock says this."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin)
        .not_valid_after(begin + timedelta(days=7300))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    for file, text in (("ca.key", written), ("ca.crt", certificate.public_bytes(Encoding.PEM))):
        (folder / file).write_bytes(text)


TODAY = datetime.now(UTC).replace(tzinfo=None)
RELEASED = datetime(2024, 2, 19)  # 8.12.2


@pytest.mark.parametrize(
    ("begin", "built", "misdated"),
    [
        pytest.param(TODAY + timedelta(days=2), RELEASED, True, id="ahead"),
        pytest.param(datetime(2055, 1, 1), RELEASED, True, id="far-ahead"),
        pytest.param(datetime(2000, 1, 1), RELEASED, True, id="behind"),
        pytest.param(datetime(1970, 1, 1), RELEASED, True, id="no-battery"),
        pytest.param(TODAY - timedelta(days=7200), RELEASED, False, id="old"),
        pytest.param(TODAY + timedelta(hours=23), RELEASED, False, id="other-time-zone"),
        pytest.param(TODAY + timedelta(days=400), TODAY + timedelta(days=300), False, id="clock-behind-now"),
    ],
)
def test_an_authority_of_a_wrong_clock_is_reported(
    environment: dict[str, str], run: Run, tmp_path: Path, begin: datetime, built: datetime, misdated: bool
) -> None:
    """Stations trust it, so it is never replaced while the services run. Of the tool, only its date matters."""
    tool = tmp_path / "elasticsearch" / "bin" / "elasticsearch-certutil"
    tool.parent.mkdir(parents=True)
    tool.touch()
    os.utime(tool, (built.timestamp(), built.timestamp()))
    (tmp_path / "secrets" / "own").mkdir(parents=True)
    _write_authority(tmp_path / "secrets" / "own", begin)
    former = contents(tmp_path / "secrets")

    done = run(FOLDER / "setup", "renew", **(environment | {"ELASTICSEARCH_HOME": str(tmp_path / "elasticsearch")}))

    assert done.returncode != 0, "there are no certificates yet, and no tool to make them"
    valid = f"valid from {begin:%Y-%m-%d} to {begin + timedelta(days=7300):%Y-%m-%d}, and today is {TODAY:%Y-%m-%d}"
    assert (valid in done.stderr) is misdated
    assert ("replace the authority: docker compose up --detach --force-recreate" in done.stderr) is misdated
    assert not misdated or contents(tmp_path / "secrets") == former


def test_an_authority_of_a_wrong_clock_is_replaced(environment: dict[str, str], run: Run, tmp_path: Path) -> None:
    script, secrets = FOLDER / "setup", tmp_path / "secrets"
    (secrets / "own").mkdir(parents=True)
    _write_authority(secrets / "own", TODAY + timedelta(days=100))
    former = contents(secrets)

    done = run(script, "prepare", **environment)
    assert done.returncode == 0, done.stderr
    assert "the former authority was made while the clock was wrong" in done.stderr
    made = contents(secrets)
    assert made["own/ca.crt"] != former["own/ca.crt"]
    for service in ("elasticsearch", "kibana", "logstash"):
        assert made[f"{service}/ca.crt"] == made["own/ca.crt"]
    certificates = [secrets / "elasticsearch" / f"{name}.crt" for name in (*NODES, "server")]
    certificates.append(secrets / "kibana" / "server.crt")
    verified = subprocess.run(
        ["openssl", "verify", "-CAfile", secrets / "own" / "ca.crt", *certificates], capture_output=True, check=False
    )
    assert verified.returncode == 0, verified.stderr

    done = run(script, "prepare", **environment)
    assert "former authority" not in done.stderr
    assert contents(secrets) == made


def test_kibana_reads_its_certificate_again(tmp_path: Path, tools: Path) -> None:
    """Its process is told by a signal, which a stand-in for it notes."""
    noted = tmp_path / "noted"
    kibana = tmp_path / "kibana"
    kibana.write_text(
        f'#!/bin/bash\ntrap "echo HUP >> {noted}" HUP\necho "$@" > {noted}\nwhile :; do sleep 0.1; done\n',
        encoding="utf-8",
    )
    kibana.chmod(0o755)
    for kind in ("crt", "key"):
        (tmp_path / f"server.{kind}").touch()
    environment = {"PATH": str(tools), "SECRETS": str(tmp_path), "KIBANA": str(kibana)}
    environment |= {"WATCH_SECONDS": "0.1", "SETTLE_SECONDS": "0.2"}
    with subprocess.Popen([KIBANA / "start"], env=environment, start_new_session=True) as process:
        try:
            assert _lines(noted, 1) == [f"--config {tmp_path}/kibana.yml"]
            for kind in ("crt", "key"):
                (tmp_path / ".new").touch()
                (tmp_path / ".new").rename(tmp_path / f"server.{kind}")
            assert _lines(noted, 2)[1:] == ["HUP"], "once for both files"
            (tmp_path / "server.crt").touch()
            assert _lines(noted, 3)[1:] == ["HUP", "HUP"]
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _lines(file: Path, count: int) -> list[str]:
    """Wait until a file has as many lines."""
    end = time.monotonic() + 300
    lines: list[str] = []
    while len(lines) < count and time.monotonic() < end:
        time.sleep(0.1)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return lines


def test_maintenance_goes_on_after_an_error(tmp_path: Path, tools: Path) -> None:
    """Without an Elasticsearch's tools, nothing can be renewed. A round that succeeds is visible to the health check."""
    (tmp_path / "own").mkdir()
    log = tmp_path / "log"
    environment = {
        "PATH": str(tools),
        "SECRETS": str(tmp_path),
        "ROUND_SECONDS": "0.1",
        "ELASTICSEARCH_HOME": "/nowhere",
    }
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen([FOLDER / "setup", "maintain"], env=environment, stderr=output) as process,
    ):
        try:
            while log.read_text(encoding="utf-8").count("next attempt") < 2:
                assert process.poll() is None
                time.sleep(0.1)
        finally:
            process.terminate()
    assert process.wait() == 0
    assert not (tmp_path / "own" / ".maintained").exists()
    assert not (tmp_path / "own" / ".lock").exists()
