"""API key of a server. A server or a proxy may repeat it in an answer, which must not reach logs, repairs or diagnostics."""

from base64 import b64decode
from http import HTTPStatus
from urllib.parse import quote

from .answers import Item
from .text import MAX_SHOWN

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
        self._parts = frozenset(
            form[start : start + MIN_SECRET].lower()
            for form in (forms[0], secret)
            if form.isascii()
            for start in range(len(form) - MIN_SECRET + 1)
        )

    def redact(self, content: bytes) -> bytes:
        """Return the content of an answer without the key."""
        for form in self._forms:
            content = content.replace(form, REDACTED)
        return content

    def redact_text(self, text: str) -> str:
        """Return a text without the key. What is shown of it has no part of the key either, as of a proxy that shortens texts."""
        whole = self.redact(text.encode(errors="replace")).decode()
        return self._redact_parts(whole[:MAX_SHOWN].encode()).decode() + whole[MAX_SHOWN:]

    def redact_item(self, item: Item) -> Item:
        """Return a result whose texts do not have the key, see `redact_text`."""
        # Nothing shows the texts of conflicts, and after a restart there may be thousands
        if item.status == HTTPStatus.CONFLICT or not (item.kind or item.reason):
            return item
        return item._replace(kind=self.redact_text(item.kind), reason=self.redact_text(item.reason))

    def _redact_parts(self, text: bytes) -> bytes:
        lower = text.lower()
        if not any(part in lower for part in self._parts):
            return text
        spans: list[tuple[int, int]] = []
        for start in range(len(lower) - MIN_SECRET + 1):
            if lower[start : start + MIN_SECRET] in self._parts:
                first = spans.pop()[0] if spans and start <= spans[-1][1] else start
                spans.append((first, start + MIN_SECRET))
        for first, end in reversed(spans):
            text = text[:first] + REDACTED + text[end:]
        return text
