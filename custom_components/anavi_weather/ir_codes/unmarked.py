"""Forms of codes without a mark, as other programs show them: hex with commas or `0x`, Broadlink's bytes, and bare base64."""

from collections.abc import Callable
from contextlib import suppress
import re
from statistics import median

from infrared_protocols.commands import Command

from .broadlink import INFRARED, RADIO, from_base64, parse_broadlink
from .command import CodeError
from .pronto import TYPES
from .tuya import parse_tuya

# What a word that happens to be base64 does not have
MIN_TUYA_TIMINGS = 6
MAX_TUYA_MEDIAN = 5000  # µs

_QUOTES = "\"'`\u201c\u201d"
_LIST_MARKS = re.compile(r"""^\[|\]$|["']""")
_WORDS = re.compile(r"(?:0x)?[0-9a-f]{4}(?:[\s,;]+(?:0x)?[0-9a-f]{4}){3,}[\s,;]*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;]+")
_JOINED = re.compile(r"(?:[0-9a-f]{4}){4,}", re.IGNORECASE)
_BYTES = re.compile(r"(?:0x)?(?:26|b2|b4|d7)(?:\s?[0-9a-f]{2}){5,}", re.IGNORECASE)
_LISTED_BYTES = re.compile(
    r"(?:0x)?(?:26|b2|b4|d7)(?:(?:\s*+[,:;]\s*+|\s++)(?:0x)?[0-9a-f]{2}){5,}[\s,;]*", re.IGNORECASE
)
# A buffer of JavaScript: 38 is 0x26
_BUFFER = re.compile(
    r'(?:\{\s*"type"\s*:\s*"Buffer"\s*,\s*"data"\s*:\s*)?\[\s*(38(?:\s*,\s*[0-9]{1,3}){8,})\s*\]\s*\}?'
)
_NO_DECIMAL = re.compile(r"[a-fx:]|\b0", re.IGNORECASE)
_BETWEEN_BYTES = re.compile(r"0x|[\s,:;]", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z][A-Za-z0-9+/_-]{15,}={0,2}")
# `uint16_t rawData[3] = {9000, 4500, 560};`, and what IRremoteESP8266 and Arduino-IRremote write before timings
_ARRAY = re.compile(r"(?:[\w\s]{1,80}\[\w{0,20}\]\s*=\s*)?\{([-+\w\s,]*)\}\s*;?\s*", re.ASCII)
_COMMENT = re.compile(r"//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?")
_HEADING = re.compile(r"raw\s*(?:timing|data)?\s*[\[(]\s*[0-9]{1,4}\s*[\])]\s*:\s*", re.IGNORECASE)
_PRONTO_TYPES = tuple(f"{kind:04X}" for kind in TYPES)


def unquoted(text: str) -> str:
    """Return a text without the quotes and the comma around it, as in a list of JSON or YAML."""
    return text.strip().removesuffix(",").strip(_QUOTES).strip()


def unbraced(text: str) -> str:
    """Return the numbers of an array of C, or of timings with a heading, and any other text as it is."""
    if found := _ARRAY.fullmatch(_COMMENT.sub(" ", text)):
        return found[1].strip()
    return _HEADING.sub("", text, count=1) if _HEADING.match(text) else text


def _unlisted(text: str) -> str:
    """Return the elements of a list without its brackets and the quotes around each of them."""
    return _LIST_MARKS.sub("", text).strip() if text.startswith("[") or '"' in text or "'" in text else text


def pronto_words(text: str) -> str | None:
    """Return the words of Pronto hex, separated by spaces, or None if the text is something else.

    Decimals of four digits are told from hex by the type, or by a digit that only hex has. With commas, a type that is
    also a usual duration does not count.
    """
    text = _unlisted(text)
    if not _WORDS.fullmatch(text):
        is_pronto = _JOINED.fullmatch(text) and (_is_hex(text) or text[:4].upper() in _PRONTO_TYPES or text.isdigit())
        return text if is_pronto else None
    words = [word.lower().removeprefix("0x").upper() for word in _SEPARATORS.split(text.strip(" ,;\t\r\n"))]
    has_commas = "," in text or ";" in text
    if "0x" in text.lower() or any(map(_is_hex, words)) or words[0].startswith("0"):
        return " ".join(words)
    return " ".join(words) if words[0] in _PRONTO_TYPES and not has_commas else None


def parse_unmarked(text: str) -> Command | None:
    """Return the command of Broadlink's hex, or of bare base64 of Broadlink or Tuya; None if it is neither.

    Raises:
        CodeError: if it is one of Broadlink's, but malformed or not infrared.
    """
    listed = _unlisted(text)
    if _BYTES.fullmatch(listed) or (_LISTED_BYTES.fullmatch(listed) and _NO_DECIMAL.search(listed)):
        return parse_broadlink(bytes.fromhex(_BETWEEN_BYTES.sub("", listed)))
    if (found := _BUFFER.fullmatch(text)) and (packet := _buffer(found[1])) is not None:
        return parse_broadlink(packet)
    if not _BASE64.fullmatch(text):
        return None
    try:
        packet = from_base64(text)
    except CodeError:
        return None
    if len(packet) > 4 and packet[0] in (INFRARED, *RADIO) and int.from_bytes(packet[2:4], "little") <= len(packet):
        return parse_broadlink(packet)
    return _tuya(packet)


def _buffer(text: str) -> bytes | None:
    """Return the bytes of decimals, or None if they are no Broadlink packet, whose length the third and fourth state."""
    values = [int(word) for word in text.split(",")]
    if max(values) > 0xFF or 0 not in values or not 0 < (values[2] | values[3] << 8) <= len(values):
        return None
    return bytes(values)


def _tuya(packet: bytes) -> Command | None:
    with suppress(CodeError):
        command = parse_tuya(packet)
        durations = list(map(abs, command.once))
        if len(durations) >= MIN_TUYA_TIMINGS and median(durations) <= MAX_TUYA_MEDIAN:
            return command
    return None


_is_hex: Callable[[str], re.Match[str] | None] = re.compile("[a-f]", re.IGNORECASE).search
