"""Check whether Home Assistant answers."""

import sys
from urllib.request import urlopen

try:
    urlopen("http://127.0.0.1:8123/manifest.json", timeout=8).close()
except OSError as error:
    sys.exit(f"Home Assistant does not answer: {error}")
