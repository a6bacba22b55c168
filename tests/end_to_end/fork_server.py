"""Starts the Home Assistants of the tests in little time: imports Home Assistant once, and forks for each of them.

Reads a config folder a line, and answers with the process id.
"""

from contextlib import suppress
import ctypes
import gc
from importlib import import_module
import os
from pathlib import Path
import runpy
import signal
import sys
import tempfile
import threading
import traceback
from typing import NoReturn

import launcher
from launcher import LEFT_OUT, PR_SET_PDEATHSIG
from requirements import INTEGRATIONS

from homeassistant.bootstrap import DEFAULT_INTEGRATIONS

OUTPUT = "output.txt"


def preload() -> None:
    """Import what every start imports."""
    for domain in sorted({*DEFAULT_INTEGRATIONS, *INTEGRATIONS} - LEFT_OUT):
        import_module(f"homeassistant.components.{domain}")
    # A thread would not survive the fork.
    assert threading.active_count() == 1
    # A collection would copy the pages that the processes share.
    gc.collect()
    gc.freeze()


def run(folder: Path) -> NoReturn:
    """Become the Home Assistant of a config folder, with a session of its own."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        log = os.open(folder / OUTPUT, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
            os.dup2(descriptor, target)
        # Each Home Assistant deletes the uploads of all others in the folder for temporary files when it takes its first one
        tempfile.tempdir = str(folder / "temporary")
        Path(tempfile.tempdir).mkdir(exist_ok=True)
        sys.argv = [launcher.__file__, "--config", str(folder), "--log-no-color"]
        with suppress(SystemExit):
            runpy.run_path(sys.argv[0], run_name="__main__")
    except BaseException:  # noqa: BLE001  # reported here because nothing else of this process may run
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    """Fork for each line."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes
    preload()
    for line in sys.stdin:
        process_id = os.fork()
        if not process_id:
            run(Path(line.rstrip("\n")))
        sys.stdout.write(f"{process_id}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
