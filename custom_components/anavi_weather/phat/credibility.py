"""Checks whether measurements can be those of the air, whatever chip they come from."""

from .chip import PLAUSIBLE, Chip, ImplausibleError, Measurement, Quantity, Steps
from .i2c import ChipError

# Changes within a cycle that are measured again: another program on the bus may have disturbed the measurement. Air changes
# that fast if a window is opened or the board is carried elsewhere.
JUMPS: dict[Quantity, float] = {Quantity.TEMPERATURE: 3.0, Quantity.HUMIDITY: 10.0, Quantity.PRESSURE: 3.0}
MEASUREMENTS = 3


def measure(chip: Chip) -> Steps[Measurement]:
    """Measure until the result agrees with the last cycle's, or with another one of this cycle.

    Raises:
        ImplausibleError: if no two measurements agree, or if no value is in its range.
        ChipError: if the chip fails.
    """
    others = [] if chip.last is None else [chip.last]
    for _ in range(MEASUREMENTS):
        measurement = yield from chip.measure()
        measurement = _without_implausible_values(chip, measurement)
        if not others or any(_agree(measurement, other) for other in others):
            chip.last = measurement
            return measurement
        others.append(measurement)
    raise ImplausibleError(f"{chip.id}: no two measurements agree")


def _agree(measurement: Measurement, other: Measurement) -> bool:
    """Return whether no value differs by more than its jump, and none is missing that the other measurement has."""
    common = measurement.values.keys() & other.values.keys() & JUMPS.keys()
    jumps = (abs(measurement.values[quantity] - other.values[quantity]) > JUMPS[quantity] for quantity in common)
    return measurement.errors.keys() <= other.errors.keys() and not any(jumps)


def _without_implausible_values(chip: Chip, measurement: Measurement) -> Measurement:
    """Replace values out of their ranges by errors.

    Raises:
        ChipError: if no value is left.
    """
    errors: dict[Quantity, ChipError] = dict(measurement.errors)
    for quantity, value in measurement.values.items():
        low, high = PLAUSIBLE[quantity]
        if not low <= value <= high:
            errors[quantity] = ImplausibleError(f"{chip.id}: {quantity} {value:.2f} is out of range")
    if Quantity.TEMPERATURE in errors and chip.compensates:
        raise errors[Quantity.TEMPERATURE]
    values = {quantity: value for quantity, value in measurement.values.items() if quantity not in errors}
    if errors and not values:
        raise next(iter(errors.values()))
    return Measurement(values, measurement.above_range, errors)
