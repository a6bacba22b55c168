"""Remote controls from a `lircd.conf`, as lircd 0.10.1 reads it.

Where lircd would refuse a file that a person can read (a comment in an unusual place), it is read; where lircd can read it
but not send it, it is refused. `include` lines are skipped: nothing but the text is ever read.
"""

from .command import CodeError, RawCommand
from .lircd_encode import LircdEncoder
from .lircd_parser import LircdParser
from .lircd_remote import LircdRemote

MAX_FILE_TIMINGS = 1_000_000


def parse_lircd(text: str) -> dict[str, dict[str, tuple[RawCommand, ...]]]:
    """Return the commands of each remote: remote → command → what successive presses of it send in turn.

    One command or, where a toggle bit tells the presses apart, two. Names are unique without regard to case. CodeError names
    the line. Source: lircd 0.10.1, which it was measured against.
    """
    left = MAX_FILE_TIMINGS
    remotes: dict[str, dict[str, tuple[RawCommand, ...]]] = {}
    for remote in _unique(LircdParser().parse(text)):
        encoder = LircdEncoder(remote)
        commands: dict[str, tuple[RawCommand, ...]] = {}
        seen: set[str] = set()
        for index, key in enumerate(remote.keys):
            if key.name.lower() in seen:
                continue
            seen.add(key.name.lower())
            commands[key.name] = encoder.commands(index)
            left -= sum(len(press.once) + len(press.repeat) for press in commands[key.name])
            if left < 0:
                raise CodeError("lircd_file_too_long", line=key.line)
        remotes[remote.name] = commands
    return remotes


def _unique(remotes: list[LircdRemote]) -> list[LircdRemote]:
    """Return the remotes that lircd finds by their names."""
    # It looks through the ones that are quick to decode first
    order = remotes
    if not any(remote.manual_sort for remote in remotes):
        order = sorted(remotes, key=lambda remote: (remote.raw, len(remote.keys) if remote.raw else remote.all_bits))
    found: dict[str, LircdRemote] = {}
    for remote in order:
        found.setdefault(remote.name.lower(), remote)
    return [remote for remote in remotes if found[remote.name.lower()] is remote]
