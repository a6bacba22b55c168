"""API key of a server. A server or a proxy may repeat it in an answer, which must not reach logs, repairs or diagnostics."""

from base64 import b64decode
from urllib.parse import quote

REDACTED = b"[API key]"
MIN_SECRET = 8  # characters of a secret that no other text has by chance. Elasticsearch's have 22


class ApiKey:
    """An API key in its encoded form, the base64 of `id:secret`."""

    def __init__(self, encoded: str) -> None:
        """Initialize the key, which may be damaged."""
        try:
            decoded = b64decode(encoded)
        except ValueError:
            decoded = b""
        key_id, _, secret = decoded.partition(b":")
        self.id = quote(key_id, safe="")
        """The id, for a query; nothing if the key is damaged."""
        forms = (encoded.rstrip("=").encode(), secret if len(secret) >= MIN_SECRET else decoded)
        self._forms = tuple(form for form in forms if len(form) >= MIN_SECRET)

    def redact(self, content: bytes) -> bytes:
        """Return the content of an answer without the key."""
        for form in self._forms:
            content = content.replace(form, REDACTED)
        return content

    def redact_text(self, text: str) -> str:
        """Return a text without the key."""
        return self.redact(text.encode(errors="replace")).decode()
