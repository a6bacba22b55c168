"""Lookup of stored commands by received messages."""

from array import array
from collections.abc import Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from .const import LOGGER
from .ir_codes import CodeError, Command, parse, to_text
from .ir_codes.decode import Decoded, decode, decode_message
from .ir_codes.matching import MessageIndex, sent_messages

# Protocols of keys that some air conditioners use for states, which differ in the address too
STATE_PROTOCOLS = ("necext", "nec42ext")
MAX_ADDRESSES = 4  # of a device without states

type Codes = dict[str, dict[str, list[str]]]
"""Device → command → texts of the codes that successive presses send in turn."""


class Match(NamedTuple):
    """The stored command that a received message matches."""

    device: str
    name: str


class Recognizable(NamedTuple):
    """A command as it is received."""

    decoded: Decoded | None
    first: Decoded | None  # the message's first frame, if the message continues with something else
    messages: Sequence[array[int]]  # signed µs, with and without the command's repeats


@dataclass(frozen=True, slots=True)
class CodeIndex:
    """Index of stored commands."""

    recognizable: Mapping[str, Recognizable] = field(default_factory=dict)
    """Commands by text."""
    by_key: Mapping[tuple[object, ...], Sequence[Match]] = field(default_factory=dict)
    by_message: MessageIndex[Match] = field(default_factory=MessageIndex)
    first_keys: AbstractSet[tuple[object, ...]] = frozenset()
    """Keys of frames that are messages, with which longer messages begin."""
    state_devices: AbstractSet[str] = frozenset()

    def match(self, decoded: Decoded | None, timings: Sequence[int]) -> Match | None:
        """Return the stored command that a received message matches, or None if there is none, or it is uncertain which.

        Args:
            decoded: The contents of the whole message; None for an unknown protocol.
            timings: The message, in signed µs.
        """
        return next(iter(self.matches(decoded, timings)), None)

    def matches(self, decoded: Decoded | None, timings: Sequence[int]) -> Sequence[Match]:
        """Return the stored command that a received message matches in each device, the first under which it was stored.

        The arguments are those of `match`. Nothing is returned if it is uncertain which command is meant.
        """
        if not (found := self.find(decoded, timings)):
            return ()
        # A key with two names is either, but of two states that share a code it is unknown which is meant
        is_state = decoded is None or decoded.is_state or found[0].device in self.state_devices
        if is_state and not _have_one_name(found):
            return ()
        by_device: dict[str, Match] = {}
        for match in found:
            by_device.setdefault(match.device, match)
        return tuple(by_device.values())

    def find(self, decoded: Decoded | None, timings: Sequence[int]) -> Sequence[Match]:
        """Return all stored commands that a received message may be; the arguments are those of `match`."""
        found = self.by_key.get(decoded.key) if decoded is not None and not decoded.repeat else None
        return found or self.by_message.find(timings)

    def may_continue(self, timings: Sequence[int]) -> bool:
        """Return whether a key's message in signed µs may be the first part of a stored command's longer message."""
        if not self.first_keys:
            return False
        decoded = decode(timings)
        return decoded is not None and decoded.key in self.first_keys


def _have_one_name(matches: Sequence[Match]) -> bool:
    """Return whether commands that cannot be distinguished have one name in each device."""
    names = {match.device: match.name for match in matches}
    return all(match.name == names[match.device] for match in matches)


def encode(devices: Mapping[str, Mapping[str, Sequence[Command]]]) -> tuple[Codes, dict[str, Recognizable]]:
    """Return commands as texts, and as what they are received as, by the texts."""
    recognizable: dict[str, Recognizable] = {}

    def to_known_text(command: Command) -> str:
        text = to_text(command)
        recognizable[text] = _recognizable(command)
        return text

    codes = {
        device: {name: [to_known_text(command) for command in alternatives] for name, alternatives in commands.items()}
        for device, commands in devices.items()
    }
    return codes, recognizable


def build_index(codes: Codes, known: Mapping[str, Recognizable]) -> CodeIndex:
    """Return the index of codes. What is known is reused because decoding thousands of codes takes seconds."""
    recognizable: dict[str, Recognizable] = {}
    by_key: dict[tuple[object, ...], list[Match]] = {}
    messages: list[tuple[array[int], Match]] = []
    first_keys: set[tuple[object, ...]] = set()
    addresses: dict[str, set[int | None]] = {}
    for device, commands in codes.items():
        for name, texts in commands.items():
            match = Match(device, name)
            for text in texts:
                try:
                    command = recognizable[text] = known.get(text) or _recognizable(parse(text))
                except CodeError as err:
                    # The command stays stored: another version of Home Assistant may support its protocol
                    LOGGER.warning("Cannot read the command %s of %s: %s", name, device, err)
                    continue
                if command.decoded is not None and not command.decoded.repeat:
                    by_key.setdefault(command.decoded.key, []).append(match)
                    if command.decoded.protocol in STATE_PROTOCOLS:
                        addresses.setdefault(device, set()).add(command.decoded.address)
                if command.first is not None:
                    first_keys.add(command.first.key)
                messages += ((message, match) for message in command.messages)
    state_devices = {device for device, values in addresses.items() if len(values) > MAX_ADDRESSES}
    return CodeIndex(recognizable, by_key, MessageIndex(messages), first_keys, state_devices)


def _recognizable(command: Command) -> Recognizable:
    messages = [array("i", message) for message in sent_messages(command)]
    decoded = decode_message(messages[0])
    first = decode(messages[0]) if decoded is None else None
    is_message = first is not None and not first.is_state and not first.repeat
    return Recognizable(decoded, first if is_message else None, messages)
