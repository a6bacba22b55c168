"""Remote controls from a file of any supported form. Files are untrusted."""

from collections.abc import Mapping
import re

from .broadlink_storage import is_broadlink_storage, parse_broadlink_storage
from .command import CodeError
from .esphome import is_esphome, parse_esphome
from .flipper import parse_flipper
from .girr import is_girr, parse_girr
from .irdb import is_irdb, parse_irdb
from .lircd import parse_lircd
from .rc_keymap import is_rc_keymap, parse_rc_keymap
from .remote_file import FileRemote
from .smartir import parse_smartir

MAX_FILE_LENGTH = 4 << 20  # characters; the largest of SmartIR's files has 2.2 million

_LIRCD = re.compile(r"^[ \t]*(?:begin[ \t]+remote|include)\b", re.IGNORECASE | re.MULTILINE)
_FLIPPER = re.compile(r"(?:\s*+#[^\n]*+)*+\s*Filetype\s*:")  # which comments may precede


def parse_file(text: str, name: str | None = None) -> Mapping[str, FileRemote]:
    """Return the remote controls of a file by name.

    The forms are `lircd.conf`, SmartIR's JSON, the storage of Home Assistant's Broadlink integration, Girr, ESPHome's YAML, the kernel's keymaps,
    and Flipper's `.ir` and IRDB's csv, which do not name the remote: `name` does.

    Raises:
        CodeError: if the file has none of these forms, or is malformed other than in single commands; it has the line if
            one is to blame.
    """
    if len(text) > MAX_FILE_LENGTH:
        raise CodeError("file_too_large", maximum=str(MAX_FILE_LENGTH >> 20))
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise CodeError("file_empty")
    if text.lstrip().startswith("{"):
        return parse_broadlink_storage(text) if is_broadlink_storage(text) else parse_smartir(text)
    if text.lstrip().startswith("<") and is_girr(text):
        return parse_girr(text, name)
    for is_form, parse in ((_FLIPPER.match, parse_flipper), (is_irdb, parse_irdb)):
        if is_form(text):
            remote = parse(text)
            if name is None:
                raise CodeError("file_without_name")
            return {name: remote}
    if is_rc_keymap(text):
        return parse_rc_keymap(text)
    if _LIRCD.search(text):
        return parse_lircd(text)
    if is_esphome(text):
        return parse_esphome(text, name)
    raise CodeError("file_unknown")
