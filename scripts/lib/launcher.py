"""Run Home Assistant like `hass`, but without the voice assistant and the cameras that it sets up by default.

A weather station does not need them, and they log errors on a machine without a C++ compiler or their libraries.
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
# Imported all the same, but not installed: see COMPILED in requirements.py
STAND_INS = {"pymicro_vad": "MicroVad", "pyspeex_noise": "AudioProcessor"}
PR_SET_PDEATHSIG = 1


def stand_in(name: str, attribute: str) -> ModuleType:
    """Return a module that can only be imported."""
    module = ModuleType(name)
    setattr(module, attribute, object)
    return module


if __name__ == "__main__":
    # If scripts/develop is killed, Home Assistant must not keep running and hold its port.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    sys.modules.update({name: stand_in(name, attribute) for name, attribute in STAND_INS.items()})
    DEFAULT_INTEGRATIONS.difference_update(LEFT_OUT)
    sys.exit(main())
