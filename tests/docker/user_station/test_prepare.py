"""Tests of the certificates and passwords, made by Elasticsearch's own elasticsearch-certutil."""

import os
from pathlib import Path
import ssl
import stat
import subprocess

import pytest

from homeassistant.util.yaml import load_yaml_dict

from .conftest import Run
from .files import FOLDER

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
    assert "neither a name nor an address" in changed.stderr
    assert contents(secrets) == made
    nodes = {"KIBANA_NODES": " ".join(NODES)}
    assert run(script, "prepare", **(environment | {"HOSTS": "other"} | nodes)).returncode == 0
    after = contents(secrets)
    different = {path for path in made if after[path] != made[path]}
    assert different == {
        *(f"elasticsearch/{name}.{kind}" for name in NODES for kind in ("crt", "key")),
        "kibana/kibana.crt",
        "kibana/kibana.key",
        "kibana/kibana.yml",
        "own/kibana.yml",
        "own/instances.yml",
    }
    settings = load_yaml_dict(str(secrets / "kibana" / "kibana.yml"))
    assert settings["elasticsearch.hosts"] == [f"https://{node}:9200" for node in NODES]
