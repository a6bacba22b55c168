"""Measure the overhead of sending and receiving, the search among many commands, and the speed of importing files.

    python benchmarks/infrared.py [ROUNDS]

Runs in real time on the simulated pair, whose transmitter takes as long as the signal, like the kernel's. Needs
infrared_protocols, but not Home Assistant.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median
import struct
import sys
import time

# At the end, because a platform of Home Assistant and a module of Python are both named datetime
sys.path.append(str(Path(__file__).parent.parent / "custom_components/anavi_weather"))

from ir_codes import parse  # type: ignore[import-not-found]
from ir_codes.decode import decode_message, whole_message  # type: ignore[import-not-found]
from ir_codes.files import parse_file  # type: ignore[import-not-found]
from ir_codes.matching import MessageIndex  # type: ignore[import-not-found]
from ir_codes.message import frames  # type: ignore[import-not-found]
from phat.framer import RECEIVER_SILENCE_US, Framer, ItemType  # type: ignore[import-not-found]
from phat.lirc import MessageReceiver, Transmitter, split  # type: ignore[import-not-found]
from phat.simulated_lirc import SimulatedLirc, item  # type: ignore[import-not-found]

ROUNDS = 20
MAX_SEND_RATIO = 1.05
REMOTES = Path(__file__).parent.parent / "tests/ir_codes/remotes"

COMMANDS = (
    "nec:0x04,0x08",
    "nec:0x04,0x08,repeat_count=9",
    "rc5:0x05,0x35",
    "rc6:0x80,0x15",
    "sony:0x01,0x15",
    "samsung32:0x07,0x02",
    "gree_ac:mode=heat,temperature=21,fan=low,swing_v=true",
)
PASSES = 5
COMMANDS_STORED = 5_000
ITEMS_PER_READ = 1_024  # the kernel's whole buffer
MAX_STALL = 0.005  # seconds


def report_sending(rounds: int) -> None:
    """Print the duration of sending commands."""
    print(f"Sending, from the text of a command to its last edge. Maximum ratio to the air time: {MAX_SEND_RATIO}")
    print(f"  {'command':<55}{'writes':>7}{'air time':>12}{'took':>12}{'more':>11}{'ratio':>8}")
    for text in COMMANDS:
        pair = SimulatedLirc()
        transmitter = Transmitter(pair.ports)
        transmitter.open()
        durations = []
        timings = parse(text).get_raw_timings()
        air_time = sum(map(abs, timings[:-1] if timings[-1] < 0 else timings)) / 1_000_000
        for _ in range(max(3, min(rounds, round(rounds * 0.1 / air_time)))):
            begin = time.perf_counter()
            command = parse(text)
            transmitter.send(command.get_raw_timings(), command.modulation, 50)
            durations.append(time.perf_counter() - begin)
        transmitter.close()
        took = median(durations)
        print(
            f"  {text:<55}{len(split(timings)):7}{air_time * 1000:9.1f} ms{took * 1000:9.1f} ms"
            f"{(took - air_time) * 1000:8.2f} ms{took / air_time:8.3f}"
        )
    print()


async def measure_receiving(text: str, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds from the last edge to the frame, and from the kernel's time-out to the frame."""
    pair = SimulatedLirc()
    delivered: asyncio.Queue[float] = asyncio.Queue()

    def on_frame(frame: list[int]) -> None:
        found = decode_message(frame)
        if found is None or found.text != text:
            sys.exit(f"{text} was received as {found}")
        delivered.put_nowait(time.perf_counter())

    receiver = MessageReceiver(asyncio.get_running_loop(), on_frame, lambda: None, pair.ports, whole_message)
    receiver.open()
    receiver.start()
    timings = frames(parse(text).get_raw_timings())[0]

    def press() -> tuple[float, float]:
        """Deliver the edges of a frame, then the time-out, and return the times of both."""
        edges = pair.received(timings)
        edge = time.perf_counter()
        pair.deliver(edges)
        time.sleep(pair.timeout / 1_000_000)
        end = time.perf_counter()
        pair.deliver([item(ItemType.TIMEOUT, pair.timeout)])
        return edge, end

    since_edge, since_end = [], []
    for _ in range(rounds):
        edge, end = await asyncio.to_thread(press)
        arrived = await delivered.get()
        since_edge.append(arrived - edge)
        since_end.append(arrived - end)
    receiver.close()
    return since_edge, since_end


def report_receiving(rounds: int) -> None:
    """Print the duration of receiving commands."""
    print(
        f"Receiving, from the last edge to the command. A known key ends after {RECEIVER_SILENCE_US / 1000:.0f} ms of silence"
    )
    print(f"  {'command':<55}{'after the edge':>19}{'of which ours':>16}{'at most':>11}")
    for text in COMMANDS:
        if "repeat_count" in text or text.startswith("gree"):  # several frames, not decoded
            continue
        since_edge, since_end = asyncio.run(measure_receiving(text, rounds))
        print(
            f"  {text:<55}{median(since_edge) * 1000:16.2f} ms{median(since_end) * 1000:13.2f} ms"
            f"{max(since_end) * 1000:8.2f} ms"
        )
    print()


def state_message(state: int) -> list[int]:
    """Return the message of an air conditioner in one of many states: two parts with a pause, and a mark at the end."""
    message = [3400, -1700]
    for bit in range(64):
        message += (430, -1290 if 0x5A0F_33C1_9669_F00F >> bit & 1 else -430)
    message += (430, -42_000, 3400, -1700)
    for bit in range(96):
        message += (430, -1290 if state * 0x1_0001_0003_0007 >> bit & 1 else -430)
    return [*message, 430, -7900, 430]


def report_matching() -> None:
    """Print how long the event loop waits for a received message, with many stored commands or much noise."""
    messages = [state_message(state) for state in range(COMMANDS_STORED)]
    begin = time.perf_counter()
    index = MessageIndex(enumerated(messages))
    print(
        f"Matching against {COMMANDS_STORED:,} commands of an air conditioner. Maximum stall: {MAX_STALL * 1000:.0f} ms"
    )
    print(f"  {'the index took, not on the event loop':<55}{(time.perf_counter() - begin) * 1000:26.1f} ms")
    pair = SimulatedLirc()
    noise = [9000, -4500, *[560, -560, 60, -1690] * 1023]
    received: list[tuple[str, list[list[int]]]] = [
        ("a stored state", [messages[number] for number in range(0, COMMANDS_STORED, 100)]),
        ("an unknown state", [state_message(COMMANDS_STORED + number) for number in range(50)]),
        ("a key", [parse("nec:0x04,0x08").get_raw_timings()] * 50),
        ("4,095 durations of noise", [noise[:4095]] * 10),
        ("4,095 pulses that stand alone", [[200, *(-9000, 200) * 2047]] * 10),
        ("seven equal frames", [[*messages[0][:131], *(-30_000, *messages[0][:131]) * 6]] * 10),
    ]
    for name, sent in received:
        stalls = [stall for timings in sent for stall in stalls_of(pair, timings, index)]
        print(f"  {name:<55}{median(stalls) * 1000:12.2f} ms{max(stalls) * 1000:11.2f} ms at most")
    print()


def enumerated(messages: Sequence[Sequence[int]]) -> list[tuple[Sequence[int], int]]:
    """Return messages with their numbers."""
    return [(message, number) for number, message in enumerate(messages)]


def stalls_of(pair: SimulatedLirc, timings: Sequence[int], index: MessageIndex[int]) -> list[float]:
    """Return the seconds of each uninterrupted piece of work for received timings: reads, then decoding and matching."""
    items = [*pair.received(timings), item(ItemType.TIMEOUT, RECEIVER_SILENCE_US)]
    framer = Framer(whole_message)
    stalls = []
    for start in range(0, len(items), ITEMS_PER_READ):
        data = struct.pack(f"{len(items[start : start + ITEMS_PER_READ])}I", *items[start : start + ITEMS_PER_READ])
        begin = time.perf_counter()
        messages = framer.feed(data)
        if start + ITEMS_PER_READ >= len(items):
            messages += framer.flush()
        for message in messages:
            decode_message(message)
            index.find(message)
        stalls.append(time.perf_counter() - begin)
    return stalls


def report_import(files: Sequence[Path]) -> None:
    """Print the speed of importing files."""
    print("Importing lircd.conf")
    print(f"  {'file':<35}{'lines':>7}{'keys':>6}{'took':>12}{'lines per second':>19}")
    lines, seconds = 0, 0.0
    for path in files:
        text = path.read_text(encoding="utf-8")
        durations = []
        for _ in range(PASSES):
            begin = time.perf_counter()
            remotes = parse_file(text, path.name)
            durations.append(time.perf_counter() - begin)
        count, took = len(text.splitlines()), median(durations)
        lines, seconds = lines + count, seconds + took
        keys = sum(len(remote.commands) for remote in remotes.values())
        print(f"  {path.name:<35}{count:7}{keys:6}{took * 1000:9.1f} ms{count / took:19,.0f}")
    print(f"  {'all':<35}{lines:7}{'':6}{seconds * 1000:9.1f} ms{lines / seconds:19,.0f}")


def main() -> None:
    """Measure everything."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    report_sending(rounds)
    report_receiving(rounds)
    report_matching()
    report_import(sorted(REMOTES.glob("*.conf")))


if __name__ == "__main__":
    main()
