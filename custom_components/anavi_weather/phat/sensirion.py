"""Protocol of Sensirion's SHT3x and SHT4x, which may have the same addresses."""

from functools import partial

from .checksum import crc8
from .chip import ChecksumError, ImplausibleError, NotFinishedError, Steps, until
from .i2c import MESSAGE_ATTEMPTS, Bus, NoAnswerError, TransferError, UnexplainedTransferError

# Commands by which the two are distinguished, with the count of words of their answers. An SHT3x waits for the second byte
# of the serial number's command, and an SHT4x does not know the status's. The first byte of other commands of an SHT3x, such
# as 0x24 of its measurement, would turn on the heater of an SHT4x.
READ_STATUS_SHT3X = (b"\xf3\x2d", 1)
READ_SERIAL_NUMBER_SHT4X = (b"\x89", 2)

COMMAND_TIME = (0.0, 0.001)  # seconds, of all commands without a measurement
WORD_LENGTH = 3  # with its checksum
NOTHING_SENT = b"\xff"


def words(data: bytes) -> list[int]:
    """Return the words of an answer.

    Raises:
        ChecksumError: if a word does not match its checksum.
    """
    found = []
    for place in range(0, len(data), WORD_LENGTH):
        *word, checksum = data[place : place + WORD_LENGTH]
        if crc8(bytes(word)) != checksum:
            raise ChecksumError(f"{data.hex()} has a wrong checksum")
        found.append(int.from_bytes(word))
    return found


def request(
    bus: Bus, address: int, command: tuple[bytes, int], times: tuple[float, float] = COMMAND_TIME
) -> Steps[list[int]]:
    """Return the words with which a chip answers a command.

    Raises:
        NoAnswerError: if the chip does not know the command, or is absent.
        NotFinishedError: if there is no answer in time, which can mean the same.
        ChecksumError: if a word does not match its checksum.
    """
    code, count = command
    bus.write(address, code)
    data = yield from until(partial(bus.read_when_ready, address, count * WORD_LENGTH), *times)
    return words(data)


def request_if_known(bus: Bus, address: int, command: tuple[bytes, int]) -> Steps[list[int] | None]:
    """Return the words with which a chip answers a command, or None if it does not know the command."""
    try:
        return (yield from request(bus, address, command))
    except ChecksumError, NoAnswerError, NotFinishedError, UnexplainedTransferError:
        return None


def measure(
    bus: Bus, address: int, command: tuple[bytes, int], times: tuple[float, float], serial_number: list[int] | None
) -> Steps[list[int]]:
    """Return the signals of a measurement.

    Raises:
        ImplausibleError: if the answer is the serial number, which another program requested at the same time.
    """
    signals = yield from request(bus, address, command, times)
    if signals == serial_number:
        raise ImplausibleError(f"0x{address:02x}: answers another command")
    return signals


def awaits_command(bus: Bus, address: int) -> bool:
    """Return whether a chip sends nothing before it receives a command, unlike most chips with registers.

    Such chips are not written to. An SHT3x or SHT4x may still have an answer that nobody has read.

    Raises:
        NoAnswerError: if the chip is absent.
    """
    try:
        present = bus.answers(address)
    except TransferError:
        present = True  # cannot be known with this adapter
    if not present:
        raise NoAnswerError(f"0x{address:02x}: no answer")
    answers = (bus.read_when_ready(address, 2 * WORD_LENGTH) for _ in range(MESSAGE_ATTEMPTS))
    data = next(filter(None, answers), None)
    if data is None:
        return True
    try:
        words(data)
    except ChecksumError:
        return data == NOTHING_SENT * len(data)
    return True
