"""A browser that several tests share; pages.py drives it in a separate process."""

import json
import os
from pathlib import Path
import subprocess
from threading import Timer
from typing import Any

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache" / "browser" / "bin" / "python"
DRIVER = Path(__file__).with_name("pages.py")
ANSWER_SECONDS = 600


class Browser:
    """Sends requests to pages.py."""

    def __init__(self) -> None:
        """Start the process."""
        subprocess.run([ROOT / "scripts" / "setup", "browser"], check=True, capture_output=True)
        self._process = subprocess.Popen(
            [PYTHON, DRIVER],
            env=os.environ | {"PYTHONPATH": str(ROOT / "scripts" / "lib")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=ANSWER_SECONDS)

    def ask(self, method: str, **arguments: object) -> Any:
        """Return the result of a method of Pages.

        Raises:
            AssertionError: if the page shows an error, or the browser fails.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        watchdog = Timer(ANSWER_SECONDS, self._process.kill)
        watchdog.start()
        try:
            stdin.write(json.dumps({"method": method, **arguments}) + "\n")
            stdin.flush()
            line = stdout.readline()
        finally:
            watchdog.cancel()
            watchdog.join()
        assert line, f"the browser has ended, or has not answered for {ANSWER_SECONDS} s"
        answer: dict[str, Any] = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]
