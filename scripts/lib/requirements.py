"""Print the requirements of the integration and of the parts of Home Assistant it is used with."""

import json
from pathlib import Path

import homeassistant

# The parts of `default_config` that a remote station uses; the rest would only slow down the first start.
# `mobile_app` is missing because it imports the voice assistant. `isal`, which compresses, is set up without being named.
INTEGRATIONS = (
    "backup",
    "config",
    "energy",
    "frontend",
    "history",
    "image_upload",
    "infrared",
    "isal",
    "logbook",
    "recorder",
    "system_health",
)
# Home Assistant imports everything it sets up by default, to describe its actions. These packages of the voice assistant
# must be compiled, which not every machine can; scripts/develop works without them.
COMPILED = ("pymicro-vad", "pyspeex-noise")
CORE = Path(homeassistant.__file__).parent / "components"
OURS = Path(__file__).parents[2] / "custom_components" / "anavi_weather"


def requirements(*domains: str) -> set[str]:
    """Return the requirements of Home Assistant's integrations and of all their dependencies."""
    found, seen, waiting = set[str](), set[str](), list(domains)
    while waiting:
        domain = waiting.pop()
        if domain not in seen:
            seen.add(domain)
            manifest = read_manifest(CORE / domain)
            found.update(manifest.get("requirements", ()))
            waiting += manifest.get("dependencies", ())
    return found


def read_manifest(integration: Path) -> dict[str, list[str]]:
    """Return an integration's manifest."""
    content: dict[str, list[str]] = json.loads((integration / "manifest.json").read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    # Slow to import, and not needed by scripts/develop.
    from homeassistant.bootstrap import DEFAULT_INTEGRATIONS

    ours = read_manifest(OURS)
    needed = requirements(*INTEGRATIONS, *DEFAULT_INTEGRATIONS, *ours.get("dependencies", ()))
    needed.update(ours.get("requirements", ()))
    print(*sorted(package for package in needed if not package.startswith(COMPILED)), sep="\n")
