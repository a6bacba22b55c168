"""What `benchmarks/fleet.py` measures."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from _fleet_checks import Checks

QUANTILES = (0.5, 0.95, 0.99)


class Load(NamedTuple):
    """What a fleet's writing, and the queries meanwhile, came to."""

    documents: int
    rate: float
    """Documents per second."""
    bulk: Mapping[float, float]
    """Quantiles of a bulk's seconds."""
    bulks: int
    busy: int
    """Bulks that were rejected with 429, and sent again."""
    query: Mapping[float, float]
    """Quantiles of a query's seconds."""
    queries: int


class Result(NamedTuple):
    """What was measured with a number of stations."""

    stations: int
    catch_up: Load
    live: Load
    document: float
    """Bytes on disk, merged."""
    station_day: float
    """Bytes on disk for a station's day, merged."""
    checks: Checks


def calculate(results: Sequence[Result], stations: int) -> Checks:
    """Return the cost of the checks of more stations, from the slope between the two largest fleets."""
    former, last = results[-2:]
    reach = (stations - last.stations) / (last.stations - former.stations)
    pairs = zip(former.checks, last.checks, strict=True)
    more = Checks(*(max(after + (after - before) * reach, after) for before, after in pairs))
    # A request returns at most a thousand stations, and the states of each stay as many
    same = {name: getattr(last.checks, name) for name in ("states", "poll", "poll_bytes", "parse")}
    return more._replace(**same)


def quantiles(values: Sequence[float]) -> dict[float, float]:
    """Return the reported quantiles."""
    ordered = sorted(values)
    return {q: ordered[min(int(len(ordered) * q), len(ordered) - 1)] for q in QUANTILES}
