"""Tests of the compose files: Compose reads them, and what it makes of them is safe."""

import itertools
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
from typing import Any

import pytest

from .files import FOLDER

SINGLE = ("compose.yaml",)
CLUSTER = (*SINGLE, "compose.cluster.yaml")
PROFILES: tuple[tuple[str, ...], ...] = ((), ("logs",))
ALL = list(itertools.product((SINGLE, CLUSTER), PROFILES))
ONCE = {"prepare", "accounts", "setup"}
SET_UP = ONCE | {"maintenance"}


def config(files: tuple[str, ...], profiles: tuple[str, ...] = (), **environment: str) -> dict[str, Any]:
    """Return what Compose makes of files; without a .env of the developer's."""
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("docker compose not found: the compose files are not read")
    command = ["docker", "compose", "--env-file", os.devnull, "--project-directory", str(FOLDER)]
    for file in files:
        command += ["--file", str(FOLDER / file)]
    for profile in profiles:
        command += ["--profile", profile]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment}
    done = subprocess.run(
        [*command, "config", "--format", "json"], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "not set" not in done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@pytest.mark.parametrize(("files", "profiles"), ALL)
def test_every_service_is_limited(files: tuple[str, ...], profiles: tuple[str, ...]) -> None:
    services = config(files, profiles)["services"]
    expected = SET_UP | {"elasticsearch", "kibana"} | ({"logstash"} if profiles else set())
    if files == CLUSTER:
        expected |= {"elasticsearch2", "elasticsearch3"}
    assert set(services) == expected
    for name, service in services.items():
        assert int(service["mem_limit"]) > 0, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service.get("privileged"), name
        assert re.fullmatch(r"docker\.elastic\.co/\w+/\w+:9\.5\.\d+", service["image"]), name
        assert "healthcheck" in service or name in ONCE, name
        assert service["restart"] == ("no" if name in ONCE else "unless-stopped"), name
    assert len({service["image"].rpartition(":")[2] for service in services.values()}) == 1


def test_the_memory_of_each_profile_is_stated() -> None:
    """What runs all the time, and one of the containers that end."""
    stated = re.findall(r"(?m)^\|[^|]+\| (\d+) GB \|", (FOLDER / "README.md").read_text(encoding="utf-8"))
    needed = []
    for files, profiles in ALL:
        services = config(files, profiles)["services"]
        limits = {name: int(service["mem_limit"]) for name, service in services.items()}
        needed.append(sum(limits[name] for name in limits.keys() - ONCE) + max(limits[name] for name in ONCE))
    assert [int(number) << 30 for number in stated] == needed


@pytest.mark.parametrize(("files", "profiles"), ALL)
def test_only_this_machine_may_connect_unless_configured_otherwise(
    files: tuple[str, ...], profiles: tuple[str, ...]
) -> None:
    services = config(files, profiles)["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    opened = config(files, profiles, ELASTICSEARCH_BIND="0.0.0.0", KIBANA_BIND="0.0.0.0", LOGS_BIND="0.0.0.0")
    ports = [port for service in opened["services"].values() for port in service.get("ports", [])]
    assert {port["host_ip"] for port in ports} == {"0.0.0.0"}


@pytest.mark.parametrize(("files", "profiles"), ALL)
def test_no_secret_is_in_the_files(files: tuple[str, ...], profiles: tuple[str, ...]) -> None:
    for name, service in config(files, profiles)["services"].items():
        for variable in service.get("environment", {}):
            assert not re.search(r"password|secret|token|key", variable.lower()) or variable.endswith(
                ("_FILE", "ssl.key")
            ), f"{name}: {variable}"


@pytest.mark.parametrize(("files", "profiles"), ALL)
def test_everything_is_encrypted(files: tuple[str, ...], profiles: tuple[str, ...]) -> None:
    nodes = {
        name: service["environment"]
        for name, service in config(files, profiles)["services"].items()
        if name.startswith("elasticsearch")
    }
    for name, settings in nodes.items():
        assert settings["node.name"] == name
        for layer in ("http", "transport"):
            assert settings[f"xpack.security.{layer}.ssl.enabled"] == "true"
            pair = "server" if (name, layer) == ("elasticsearch", "http") else name
            assert settings[f"xpack.security.{layer}.ssl.key"] == f"secrets/{pair}.key"
            assert settings[f"xpack.security.{layer}.ssl.certificate"] == f"secrets/{pair}.crt"
            assert settings[f"xpack.security.{layer}.ssl.certificate_authorities"] == "secrets/ca.crt"
        assert settings["xpack.security.transport.ssl.verification_mode"] == "full"


def test_the_nodes_of_a_cluster_differ_in_nothing_but_their_name() -> None:
    services = config(CLUSTER)["services"]
    first, *others = (services[f"elasticsearch{number}"] for number in ("", 2, 3))
    only_first = {"ELASTIC_PASSWORD_FILE", "cluster.initial_master_nodes", "discovery.type"}
    for name, other in zip(("elasticsearch2", "elasticsearch3"), others, strict=True):
        assert set(first["environment"]) - set(other["environment"]) == only_first
        ours = json.dumps(first["environment"] | {"discovery.seed_hosts": ""}).replace("elasticsearch.", f"{name}.")
        ours = ours.replace("server.", f"{name}.").replace('"node.name": "elasticsearch"', f'"node.name": "{name}"')
        expected = {key: value for key, value in json.loads(ours).items() if key not in only_first}
        assert other["environment"] | {"discovery.seed_hosts": ""} == expected
        assert "ports" not in other
        for key in ("image", "mem_limit", "healthcheck", "restart", "logging"):
            assert other[key] == first[key]
    seeds = {service["environment"]["discovery.seed_hosts"] for service in (first, *others)}
    assert seeds == {"elasticsearch2,elasticsearch3", "elasticsearch,elasticsearch3", "elasticsearch,elasticsearch2"}
    assert services["prepare"]["environment"]["KIBANA_NODES"].split() == [
        "elasticsearch",
        "elasticsearch2",
        "elasticsearch3",
    ]
    assert set(services["kibana"]["depends_on"]) == {"accounts", "elasticsearch2", "elasticsearch3"}


@pytest.mark.parametrize(("files", "profiles"), ALL)
def test_a_service_sees_the_secrets_of_no_other(files: tuple[str, ...], profiles: tuple[str, ...]) -> None:
    for name, service in config(files, profiles)["services"].items():
        mounted = {
            volume["source"]: volume.get("read_only", False)
            for volume in service["volumes"]
            if volume["source"].endswith("-secrets")
        }
        if name not in SET_UP:
            assert mounted == {f"{name.rstrip('23')}-secrets": True}


def test_certificates_are_renewed_without_anybody() -> None:
    services = config(SINGLE)["services"]
    assert services["maintenance"]["command"] == ["maintain"]
    assert services["maintenance"]["volumes"] == services["prepare"]["volumes"]
    assert services["kibana"]["command"] == ["/bin/bash", "/station/start"], (
        "which has Kibana read the certificate again"
    )


def test_elasticsearch_is_known_by_the_name_in_its_certificate() -> None:
    for name in ("elasticsearch", "station.example.org"):
        services = config(SINGLE, ("logs",), **({} if name == "elasticsearch" else {"CERTIFICATE_NAME": name}))[
            "services"
        ]
        assert services["elasticsearch"]["networks"]["default"]["aliases"] == [name]
        assert services["logstash"]["environment"]["ELASTICSEARCH_NAME"] == name


def test_what_can_be_set_is_explained() -> None:
    used = set()
    for file in CLUSTER:
        used |= set(re.findall(r"\$\{(\w+)", (FOLDER / file).read_text(encoding="utf-8")))
    example = (FOLDER / ".env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    assert used == explained - {"COMPOSE_FILE", "COMPOSE_PROFILES"}


def test_the_files_that_are_mounted_are_there() -> None:
    for service in config(CLUSTER, ("logs",))["services"].values():
        for volume in service["volumes"]:
            if volume["type"] == "bind" and volume["target"] != "/snapshots":
                assert Path(volume["source"]).exists()
