"""The plot of `benchmarks/fleet.py`."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from _fleet_result import Load, Result
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

INK = "#333333"
CATCH_UP, LIVE, DISK = "#c8553d", "#2a6f97", "#588157"
DPI = 100
MS = 1000
MB = 1_000_000


def draw(results: Sequence[Result], file: Path, subtitle: str) -> None:
    """Draw the results of a run."""
    mpl.rcParams.update({"font.size": 10, "text.color": INK, "axes.edgecolor": "#999999", "axes.labelcolor": INK})
    figure, ((rate, bulk), (query, disk)) = plt.subplots(2, 2, figsize=(11, 8))
    figure.suptitle("One user station and its fleet", fontsize=15, fontweight="bold", x=0.045, y=0.985, ha="left")
    figure.text(0.045, 0.94, subtitle, fontsize=9.5, ha="left", va="top", linespacing=1.4)
    stations = [result.stations for result in results]
    catch_up = [result.catch_up for result in results]
    live = [result.live for result in results]

    _axes(rate, "Documents per second", "", stations, [load.rate for load in (*catch_up, *live)])
    _line(rate, stations, [load.rate for load in catch_up], CATCH_UP, "catch-up", form="{:,.0f}")
    _line(rate, stations, [load.rate for load in live], LIVE, "live", form="{:,.3g}")

    _latencies(bulk, "Time for a bulk: median, shaded up to 99 %", results, "bulk", 0.99)
    _latencies(query, "Time for a dashboard's query: median, shaded up to 95 %", results, "query", 0.95)

    sizes = [result.station_day / MB for result in results]
    _axes(disk, "Disk for the day of one station, merged", "MB", stations, sizes)
    disk.set_yscale("linear")
    disk.set_ylim(0, max(sizes) * 1.25)
    _line(disk, stations, sizes, DISK, "", form="{:.2f}")

    figure.tight_layout(rect=(0.02, 0.0, 1.0, 0.895), h_pad=2.5, w_pad=2.5)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=DPI)


def _latencies(axes: Axes, title: str, results: Sequence[Result], of: str, quantile: float) -> None:
    stations = [result.stations for result in results]

    def values(load: Load, wanted: float) -> float:
        return float(getattr(load, of)[wanted]) * MS

    both = [[getattr(result, phase) for result in results] for phase in ("catch_up", "live")]
    _axes(axes, title, "ms", stations, [values(load, q) for loads in both for load in loads for q in (0.5, quantile)])
    for loads, colour, label in zip(both, (CATCH_UP, LIVE), ("catch-up", "live"), strict=True):
        median = [values(load, 0.5) for load in loads]
        axes.fill_between(stations, median, [values(load, quantile) for load in loads], color=colour, alpha=0.12, lw=0)
        _line(axes, stations, median, colour, label, form="{:,.0f}")


def _axes(axes: Axes, title: str, unit: str, stations: Sequence[int], values: Sequence[float]) -> None:
    """Prepare a plot over the number of stations; both axes are logarithmic."""
    axes.set_title(title, loc="left", fontweight="bold", fontsize=11, pad=10)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(stations, [f"{number:,}" for number in stations])
    axes.minorticks_off()
    axes.set_xlim(stations[0] * 0.6, stations[-1] * 5)
    axes.set_ylim(min(values) / 4, max(values) * 2.5)
    axes.set_xlabel("stations")
    axes.set_ylabel(unit)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _line(axes: Axes, x: Sequence[int], y: Sequence[float], colour: str, label: str, *, form: str) -> None:
    axes.plot(x, y, marker="o", markersize=5, linewidth=1.8, color=colour)
    below = colour == LIVE
    for place, value in zip(x, y, strict=True):
        axes.annotate(
            form.format(value),
            (place, value),
            (0, -6 if below else 6),
            textcoords="offset points",
            ha="center",
            va="top" if below else "bottom",
            fontsize=9,
            color=colour,
        )
    axes.annotate(
        label,
        (x[-1], y[-1]),
        (14, -7 if below else 7),
        textcoords="offset points",
        va="center",
        color=colour,
        fontweight="bold",
    )
