"""Measure the duration of a reading, which should be about that of the slowest chip's conversions, not the sum of all.

    python benchmarks/read_cycle.py [CYCLES]

Runs on the simulated board, with the data sheets' maximum conversion times and a bus of 100 kHz: in real time, and for
darkness and lost messages in simulated time. Needs smbus2 and RPi.bme280, but not Home Assistant.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
import sys
import time

# At the end, because a platform of Home Assistant and a module of Python are both named datetime
sys.path.append(str(Path(__file__).parent.parent / "custom_components/anavi_weather"))

from phat import CHIPS, ChipId, Phat  # type: ignore[import-not-found]
from phat.bh1750 import HIGH_RESOLUTION_TIME, RANGES  # type: ignore[import-not-found]
from phat.simulated_chips import Air  # type: ignore[import-not-found]
from phat.simulator import OFFICIAL_CHIPS, SIMULATED_CHIPS, Simulator, VirtualClock  # type: ignore[import-not-found]

MAX_RATIO = 1.15
CYCLES = 30
WARM_UP_CYCLES = 3  # the first one detects the chips and sets them up, the others select the range of the light

NIGHT = 100  # cycles
LOSSES = {
    0.01: 0.001,
    0.02: 0.002,
    0.03: 0.005,
    0.05: 0.01,
}  # part of messages → at most this part of cycles misses a chip
LOSS_CYCLES = 2000
LOSS_INTERVAL = 30.0  # seconds

ALL_CHIPS = (
    ChipId("BMP180", 0x77),
    ChipId("BME280", 0x76),
    ChipId("HTU21D", 0x40),
    ChipId("BH1750", 0x23),
    ChipId("BH1750", 0x5C),
)
CONVERSION_TIMES = {chip.kind: chip.conversion_time for chip in CHIPS.values()}


def measure(chips: Sequence[ChipId], cycles: int) -> tuple[list[float], float]:
    """Return the seconds of each cycle, and the average seconds of the messages of a cycle."""
    simulator = Simulator(chips, Air, time)
    phat = Phat(simulator.bus())
    for _ in range(WARM_UP_CYCLES):
        phat.read()
        time.sleep(
            RANGES[0].conversion_time
        )  # so that the light is measured in its range, as it is between everyday cycles
    durations = []
    busy = simulator.busy_time
    for _ in range(cycles):
        reading = phat.read()
        if reading.errors or len(reading.measurements) != len(chips):
            sys.exit(f"not all chips were read: {reading.errors}")
        durations.append(reading.duration)
    return durations, (simulator.busy_time - busy) / cycles


def report(name: str, chips: Sequence[ChipId], cycles: int) -> None:
    """Print the table of a board."""
    durations, busy = measure(chips, cycles)
    slowest = max(chips, key=lambda chip: CONVERSION_TIMES[chip.kind])
    conversion = CONVERSION_TIMES[slowest.kind]
    alone = sum(median(measure([chip], cycles // 3)[0]) for chip in chips)
    lights = sum(chip.kind == "BH1750" for chip in chips)

    def row(label: str, seconds: float, remark: str = "") -> None:
        print(f"  {label:<34}{seconds * 1000:8.1f} ms   {remark}".rstrip())

    print(f"{name}: {', '.join(map(str, chips))}")
    row(
        "a cycle, median",
        median(durations),
        f"of {cycles}; {min(durations) * 1000:.1f} to {max(durations) * 1000:.1f} ms",
    )
    row("  of which messages on the bus", busy, "at 100 kHz")
    row(
        "the slowest chip's conversions", conversion, f"{slowest.kind}; without the BH1750, which measures continuously"
    )
    print(f"  {'ratio':<34}{median(durations) / conversion:8.3f}      at most {MAX_RATIO}")
    row("one chip after another", alone, f"measured, each alone; {alone / median(durations):.1f} times a cycle")
    waiting = alone + lights * HIGH_RESOLUTION_TIME
    row("  and waiting for one-time light", waiting, f"computed, {lights} × {HIGH_RESOLUTION_TIME * 1000:.0f} ms more")
    print()


def report_darkness() -> None:
    """Print how long a cycle takes at night, when the BH1750 measures as long as it can."""
    clock = VirtualClock()
    phat = Phat(Simulator(OFFICIAL_CHIPS, lambda: Air(illuminance=0.0), clock).bus())
    for _ in range(WARM_UP_CYCLES):
        phat.read()
    durations = [phat.read().duration for _ in range(NIGHT)]
    needed = RANGES[0].conversion_time
    print("Darkness, without a pause between the cycles, in simulated time")
    print(
        f"  {'a cycle, median':<34}{median(durations) * 1000:8.1f} ms   of {NIGHT}; at most {max(durations) * 1000:.1f} ms"
    )
    print(f"  {'the measurement of the BH1750':<34}{needed * 1000:8.1f} ms")
    print(f"  {'ratio':<34}{max(durations) / needed:8.3f}      at most {MAX_RATIO}")
    print()


def report_lost_messages() -> None:
    """Print for each kind of chip in how many cycles it is missed if messages are lost."""
    print(f"Lost messages: cycles of {LOSS_CYCLES} that miss the chip, in simulated time")
    print(f"  {'chip':<16}" + "".join(f"{loss:>9.0%}" for loss in LOSSES))
    for kind in SIMULATED_CHIPS:
        chip = ChipId(kind, CHIPS[kind].addresses[0])
        missed = [cycles_that_miss(chip, loss) / LOSS_CYCLES for loss in LOSSES]
        print(f"  {chip!s:<16}" + "".join(f"{part:>9.2%}" for part in missed))
    print(f"  {'at most':<16}" + "".join(f"{most:>9.2%}" for most in LOSSES.values()))


def cycles_that_miss(chip: ChipId, loss: float) -> int:
    """Return the number of cycles that miss a chip if this part of all messages is not acknowledged."""
    clock = VirtualClock()
    simulator = Simulator([chip], Air, clock)
    phat = Phat(simulator.bus(), [chip])
    for _ in range(WARM_UP_CYCLES):
        phat.read()
    simulator.loss = loss
    missed = 0
    for _ in range(LOSS_CYCLES):
        clock.sleep(LOSS_INTERVAL)
        missed += bool(phat.read().errors)
    return missed


def main() -> None:
    """Measure a board with all chips, one with the official chips, a night, and lost messages."""
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES
    report("All chips", ALL_CHIPS, cycles)
    report("The board's official chips", OFFICIAL_CHIPS, cycles)
    report_darkness()
    report_lost_messages()


if __name__ == "__main__":
    main()
