"""Remote controls from a `lircd.conf`, as lircd 0.10.1 reads it.

Files that lircd would refuse although a person can read them (a comment in an unusual place) are read; remotes that lircd
reads but cannot send are refused. `include` lines are skipped: no other file is ever read.
"""

from collections.abc import Iterator

from .command import CodeError, RawCommand
from .lircd_encode import LircdEncoder
from .lircd_parser import LircdParser
from .lircd_remote import LircdKey, LircdRemote
from .remote_file import FileRemote

MAX_FILE_TIMINGS = 1_000_000


def parse_lircd(text: str) -> dict[str, FileRemote]:
    """Return the remote controls of a file by name.

    A key has two commands if a toggle bit distinguishes the presses, else one. Names are unique regardless of case. The
    commands are those that lircd 0.10.1 was measured to send.

    Raises:
        CodeError: if the structure of the text is malformed, with the line. A malformed command, or one that lircd could
            not send either, is only unreadable.
    """
    timings_left = MAX_FILE_TIMINGS
    remotes: dict[str, FileRemote] = {}
    for remote in _unique(LircdParser().parse(text)):
        read = remotes[remote.name] = FileRemote()
        if remote.error is not None:
            for _, key in _unique_keys(remote):
                read.add_unreadable(key.name, remote.error)
            continue
        encoder = LircdEncoder(remote)
        for index, key in _unique_keys(remote):
            try:
                commands = _commands(encoder, key, index)
            except CodeError as err:
                read.add_unreadable(key.name, err)
                continue
            read.commands[key.name] = commands
            timings_left -= sum(len(press.once) + len(press.repeat) for press in commands)
            if timings_left < 0:
                raise CodeError("lircd_file_too_long", line=key.line)
    return remotes


def _unique_keys(remote: LircdRemote) -> Iterator[tuple[int, LircdKey]]:
    """Yield the keys with their indices, without those that lircd does not find because an earlier one has the name."""
    seen: set[str] = set()
    for index, key in enumerate(remote.keys):
        if key.name.lower() not in seen:
            seen.add(key.name.lower())
            yield index, key


def _commands(encoder: LircdEncoder, key: LircdKey, index: int) -> tuple[RawCommand, ...]:
    if key.error is not None:
        raise key.error
    return encoder.commands(index)


def _unique(remotes: list[LircdRemote]) -> list[LircdRemote]:
    """Return the remotes without those that lircd does not find because another has the same name."""
    # lircd searches the remotes that are quick to decode first
    order = remotes
    if not any(remote.manual_sort for remote in remotes):
        order = sorted(remotes, key=lambda remote: (remote.raw, len(remote.keys) if remote.raw else remote.all_bits))
    found: dict[str, LircdRemote] = {}
    for remote in order:
        found.setdefault(remote.name.lower(), remote)
    return [remote for remote in remotes if found[remote.name.lower()] is remote]
