"""Programs of the Pi's own system: users, groups and Debian's packages."""

from collections.abc import Iterable
import os
from pathlib import Path
import re
import subprocess
import tempfile

from .output import Failure, say

GROUPS = ("i2c", "video")
KEY = Path("/etc/apt/keyrings/anavi_weather-docker.asc")
SOURCE = Path("/etc/apt/sources.list.d/anavi_weather-docker.list")
KEY_URL = "https://download.docker.com/linux/debian/gpg"
FINGERPRINT = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
PLUGINS = ("docker-buildx-plugin", "docker-compose-plugin")
DOCKERS = ("docker-ce", "docker-ce-cli", "containerd.io", *PLUGINS, "apparmor")
DEBIANS = ("docker.io", "docker-compose", "docker-buildx", "apparmor")
# Programs of the system, not of a user's own folder, as this runs as root
QUIET = os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program, and return its result; exit status 127 if the program does not exist."""
    try:
        return subprocess.run(command, env=QUIET, capture_output=True, text=True, check=False)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]}: {error.strerror}")


def output(*command: str) -> str:
    """Return the output of a program, or an empty string if the program fails."""
    result = run(*command)
    return result.stdout if result.returncode == 0 else ""


def user_exists(user: str) -> bool:
    """Return whether a user exists."""
    return run("id", user).returncode == 0


def missing_groups(user: str) -> list[str]:
    """Return the groups for devices that exist, but that a user is not in."""
    has = output("id", "-nG", user).split()
    return [group for group in GROUPS if group not in has and run("getent", "group", group).returncode == 0]


def add_to_group(user: str, group: str) -> None:
    """Add a user to a group."""
    run("gpasswd", "--add", user, group)


def remove_from_group(user: str, group: str) -> None:
    """Remove a user from a group."""
    run("gpasswd", "--delete", user, group)


def has_compose() -> bool:
    """Return whether Docker has Compose 2."""
    return run("docker", "compose", "version").returncode == 0


def installed() -> set[str]:
    """Return the names of the installed packages."""
    lines = output("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n").splitlines()
    return {line.removesuffix(" installed") for line in lines if line.endswith(" installed")}


def _candidate(package: str) -> str:
    match = re.search(r"Candidate: (?:\d+:)?(\S+)", output("apt-cache", "policy", package))
    return match[1] if match and match[1] != "(none)" else ""


class Packages:
    """The packages that give this system Docker with Compose."""

    def __init__(self) -> None:
        """Choose the packages. What is installed stays, and gets only what it lacks.

        Debian's own packages are chosen where they have Compose 2, which is from Trixie on. Bookworm has Compose 1: there it
        is Docker's repository. Docker's plugins do not conflict with Debian's engine.
        """
        present = installed()
        has_debians, has_dockers = "docker.io" in present, "docker-ce" in present
        compose = re.match(r"\d+", _candidate("docker-compose"))
        debian_is_new = bool(compose and int(compose[0]) >= 2)
        if debian_is_new and not has_dockers:
            client = ("docker-cli",) if output("apt-cache", "show", "docker-cli") else ()
            self.names = ("docker-compose", "docker-buildx", *client) if has_debians else (*DEBIANS, *client)
        else:
            self.names = PLUGINS if has_debians or has_dockers else DOCKERS
        self.needs_repository = PLUGINS[0] in self.names and not _candidate("docker-compose-plugin")

    def removals(self) -> list[str]:
        """Return the packages that would be removed, as far as the package lists say."""
        lines = output("apt-get", "--simulate", "install", "--no-install-recommends", *self.names).splitlines()
        return sorted({line.split()[1] for line in lines if line.startswith("Remv ")})

    def install(self, *, may_remove: bool) -> None:
        """Install the packages.

        What they only recommend is not needed, but for AppArmor: where a kernel has it on, no container starts without it.

        Raises:
            Failure: if the packages cannot be installed.
        """
        careful = [] if may_remove else ["--no-remove"]
        result = run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *careful, *self.names)
        if result.returncode:
            raise Failure(f"Docker not installed. Run this again, or read what apt-get says: {_last(result)}")


def update_lists() -> None:
    """Update the package lists.

    Raises:
        Failure: if the Pi is not online.
    """
    result = run("apt-get", "update", "-qq")
    if result.returncode:
        raise Failure(
            "all is prepared but Docker: is the Pi online? Run this again when it is, then restart the Pi. "
            f"apt-get says: {_last(result)}"
        )


def _last(result: subprocess.CompletedProcess[str]) -> str:
    lines = (result.stderr or result.stdout).strip().splitlines()
    return lines[-1] if lines else f"exit status {result.returncode}"


def add_repository() -> None:
    """Add Docker's repository with its key, which is checked. Docker's own script would run as root unseen.

    Raises:
        Failure: if the key cannot be fetched, or is not Docker's.
    """
    run("apt-get", "install", "-y", "-qq", "ca-certificates", "curl", "gpg")
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "key")
        result = run("curl", "-fsSL", KEY_URL, "-o", str(key))
        if result.returncode:
            raise Failure(f"Docker's key: download failed: {_last(result)}")
        fields = [line.split(":") for line in output("gpg", "--show-keys", "--with-colons", str(key)).splitlines()]
        found = next((field[9] for field in fields if field[0] == "fpr"), "no key")
        if found != FINGERPRINT:
            raise Failure(f"the downloaded key is not Docker's but {found}. Nothing installed")
        KEY.parent.mkdir(parents=True, exist_ok=True)
        KEY.write_bytes(key.read_bytes())
    KEY.chmod(0o644)
    codename = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    architecture = output("dpkg", "--print-architecture").strip()
    SOURCE.write_text(
        f"deb [arch={architecture} signed-by={KEY}] https://download.docker.com/linux/debian {codename[1] if codename else ''} stable\n",
        encoding="utf-8",
    )
    update_lists()


def remove_repository() -> None:
    """Remove Docker's repository and its key."""
    KEY.unlink(missing_ok=True)
    SOURCE.unlink(missing_ok=True)


def remove_packages(packages: Iterable[str]) -> bool:
    """Remove packages, unless something else needs them by now: then the user decides, and this returns False."""
    names = sorted(set(packages) & installed())
    if not names:
        return True
    lines = output("apt-get", "--simulate", "remove", *names).splitlines()
    others = sorted({line.split()[1] for line in lines if line.startswith("Remv ")} - set(names))
    if others:
        say(
            f"Docker stays, because other packages need it: {' '.join(others)}. "
            f"To remove it anyway: sudo apt-get remove {' '.join(names)}"
        )
        return False
    run("apt-get", "remove", "-y", "-qq", *names)
    say(f"Removed: {' '.join(names)}. Docker's images are still in /var/lib/docker.")
    return True


def bring_back(packages: Iterable[str]) -> None:
    """Install packages that were removed for Docker's."""
    names = sorted(set(packages) - installed())
    if names and run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "--no-remove", *names).returncode:
        say(f"Packages not restored. Run: sudo apt-get install {' '.join(names)}")
    elif names:
        say(f"Restored: {' '.join(names)}")
