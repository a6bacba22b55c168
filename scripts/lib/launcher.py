"""Run Home Assistant as `hass` does, but without the voice assistant and the cameras that it sets up by default.

A weather station has no use for them, and on a machine which lacks a C++ compiler or libraries they only make errors.
"""

import ctypes
import signal
import sys
from types import ModuleType

from homeassistant.__main__ import main
from homeassistant.bootstrap import DEFAULT_INTEGRATIONS

LEFT_OUT = {
    "ai_task",
    "assist_satellite",
    "camera",
    "conversation",
    "image_processing",
    "stt",
    "tts",
    "wake_word",
}
# What is imported even so, and is missing: see COMPILED in requirements.py.
STAND_INS = {"pymicro_vad": "MicroVad", "pyspeex_noise": "AudioProcessor"}
PR_SET_PDEATHSIG = 1


def stand_in(name: str, attribute: str) -> ModuleType:
    """Return a module that can be imported, and nothing more."""
    module = ModuleType(name)
    setattr(module, attribute, object)
    return module


if __name__ == "__main__":
    # When scripts/develop is killed, Home Assistant must not stay behind and hold its port.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    sys.modules.update({name: stand_in(name, attribute) for name, attribute in STAND_INS.items()})
    DEFAULT_INTEGRATIONS.difference_update(LEFT_OUT)
    sys.exit(main())
