"""Choice of the chip that provides each quantity of a station."""

from collections.abc import Iterable, Mapping

from .phat import ChipId, Measurement, Quantity, accuracy, quantities


def best_chip(chips: Iterable[ChipId], quantity: Quantity) -> ChipId | None:
    """Return the chip that measures a quantity most accurately, or None if none measures it."""
    return min(
        (chip for chip in chips if quantity in quantities(chip)),
        key=lambda chip: (accuracy(chip, quantity), chip),
        default=None,
    )


def sources(measurements: Mapping[ChipId, Measurement]) -> dict[Quantity, ChipId]:
    """Return the best chip for each quantity that was measured. A quantity above the range of its chip counts too."""
    chosen: dict[Quantity, ChipId] = {}
    for quantity in Quantity:
        responding = (
            chip
            for chip, measurement in measurements.items()
            if quantity in measurement.values or quantity in measurement.above_range
        )
        if chip := best_chip(responding, quantity):
            chosen[quantity] = chip
    return chosen


def value(
    measurements: Mapping[ChipId, Measurement], chosen: Mapping[Quantity, ChipId], quantity: Quantity
) -> float | None:
    """Return the value of a quantity from its chosen chip, or None if it has none or is above the range."""
    chip = chosen.get(quantity)
    return measurements[chip].values.get(quantity) if chip else None
