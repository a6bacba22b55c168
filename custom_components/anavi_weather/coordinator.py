"""Coordinator that reads the pHAT on schedule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import RLock
from typing import NamedTuple, override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from . import meteorology
from .calibration import Calibration
from .chip_issues import ChipIssues
from .code_store import CodeStore
from .command_sender import CommandSender
from .const import CONF_ALTITUDE, CONF_BUS, CONF_CHIPS, CONF_INTERVAL, DEFAULT_INTERVAL, LOGGER
from .exceptions import ReadingError, async_message
from .fleet_coordinator import FleetCoordinator
from .infrared_devices import InfraredDevices
from .installation import async_error_key
from .outdoor_temperature import OutdoorTemperature
from .phat import BusError, BusNotFoundError, ChipId, Measurement, Phat, Quantity, Reading, WrongChipError, board
from .phat.simulated_lirc import SimulatedLirc
from .phat.simulator import OFFICIAL_CHIPS, SPARE_CHIP, Simulator, Weather, is_simulated
from .pressure_history import HISTORY_PERIOD, PressureHistory
from .quality import HISTORY_PERIOD as QUALITY_PERIOD, Flags, QualityControl
from .rain import Predictors
from .rain_forecast import RainForecast
from .reading_failures import async_record_failure
from .received_keys import KeyReceiver
from .recorded_readings import async_recorded_readings
from .roles import best_chip, sources, value
from .transceiver import Transceiver
from .user_station.forwarder import Forwarder
from .user_station.statistics_forwarder import StatisticsForwarder

type AnaviWeatherConfigEntry = ConfigEntry[RemoteStation]


class Climate(NamedTuple):
    """The state of the air around the hygrometer."""

    temperature: float  # °C
    humidity: float  # %, relative
    pressure: float  # hPa, that of the standard atmosphere if no chip measures it


@dataclass(frozen=True, slots=True)
class StationData:
    """A reading and the values derived from it. A chip that failed has no measurement."""

    reading: Reading
    measurements: Mapping[ChipId, Measurement]
    """Measurements after the user's corrections."""
    sources: Mapping[Quantity, ChipId]
    """The chip that provides each quantity: the most accurate one that responded."""
    climate: Climate | None
    """The temperature and relative humidity of the same air: the hygrometer's own temperature, if it has one."""
    sea_level_pressure: float | None
    pressure_tendency: float | None
    forecast: meteorology.Forecast | None
    rain_probability: float | None
    """Probability of rain in the next 12 hours, from 0 to 1."""
    flags: Flags
    """The checks that each quantity of the station has failed."""
    errors: int
    """Count of failed chip readings since the entry was loaded."""

    def value(self, quantity: Quantity) -> float | None:
        """Return the station's value of a quantity, or None if it is above the range or no chip provides it."""
        return value(self.measurements, self.sources, quantity)


@dataclass(frozen=True, slots=True)
class RemoteStation:
    """Runtime data of a loaded config entry."""

    coordinator: AnaviWeatherCoordinator
    codes: CodeStore
    devices: InfraredDevices
    transceiver: Transceiver | None
    """None if another entry owns the machine's one infrared pair."""
    sender: CommandSender | None
    """Sender of commands by the transceiver."""
    keys: KeyReceiver | None
    """Receiver of keys by the transceiver."""
    simulated_pair: SimulatedLirc | None
    forwarders: Mapping[str, Forwarder]
    """Forwarders by the id of the user station's subentry."""
    statistics_forwarders: Mapping[str, StatisticsForwarder]
    """Forwarders of statistics, of the user stations that receive these."""
    fleets: Mapping[str, FleetCoordinator]
    """Coordinators by the id of the fleet's subentry."""


class AnaviWeatherCoordinator(DataUpdateCoordinator[StationData]):
    """Coordinator for the chips on one bus."""

    config_entry: AnaviWeatherConfigEntry

    def __init__(self, hass: HomeAssistant, entry: AnaviWeatherConfigEntry) -> None:
        """Initialize the coordinator from the entry's settings, without opening the bus."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=timedelta(seconds=entry.options.get(CONF_INTERVAL, DEFAULT_INTERVAL)),
        )
        self.chips = _chips(entry)
        self.simulator: Simulator | None = None
        if is_simulated(entry.data[CONF_BUS]):
            weather = Weather(entry.entry_id, self.altitude, longitude=hass.config.longitude)
            self.simulator = Simulator((*OFFICIAL_CHIPS, SPARE_CHIP), weather)
            for address in self.simulator.chips.keys() - {chip.address for chip in self.chips}:
                self.simulator.unplug(address)  # or a removed chip would be detected again at once
        self._phat: Phat | None = None
        self._phat_lock = RLock()  # a reading continues in its thread when unloading cancels the task that waits for it
        self._calibration = Calibration(entry.options)
        self._pressures = PressureHistory()
        self._quality = QualityControl()
        self._outdoor_temperature = OutdoorTemperature(hass, entry)
        self.rain = RainForecast(hass, entry)
        self._chip_issues = ChipIssues(hass, entry)
        self._errors = 0
        self._chip_listeners: list[Callable[[], None]] = []
        self._has_unsaved_chips = False

    @property
    def altitude(self) -> float:
        """The station's altitude, in m."""
        return float(self.config_entry.options.get(CONF_ALTITUDE, self.hass.config.elevation))

    @callback
    def async_subscribe_chips(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call a function after each change of the chips, and return a function that ends this."""
        self._chip_listeners.append(on_change)
        return partial(self._chip_listeners.remove, on_change)

    async def async_follow_entry(self) -> None:
        """Follow a change of the entry's chips."""
        chips = _chips(self.config_entry)
        if chips == self.chips:
            return
        self._chip_issues.async_forget(set(self.chips) - set(chips))
        self.chips = chips
        self._notify_chip_listeners()
        await self.async_refresh()

    async def async_scan(self) -> None:
        """Open the bus again, probe every address, and read."""
        await self.hass.async_add_executor_job(self._close)
        await self.async_refresh()

    @callback
    def continue_without_reading(self) -> None:
        """Continue after a first reading that failed, until one succeeds."""
        self.data = self._evaluate(Reading(dict.fromkeys(self.chips), {}, 0.0))

    @override
    async def _async_setup(self) -> None:
        """Load the readings of the last hours from the recorder, and what was learned about rain."""
        await self.rain.async_load()
        await self._outdoor_temperature.async_load()
        await self._async_load_pressures()
        await self._async_load_quality()

    async def _async_load_pressures(self) -> None:
        if (chip := best_chip(self.chips, Quantity.PRESSURE)) is None:
            return
        for reading in await async_recorded_readings(
            self.hass, self.config_entry, self._calibration, Quantity.PRESSURE, HISTORY_PERIOD
        ):
            source = reading.chip or str(chip)
            if reading.later_changes:
                source = f"{source} before {reading.later_changes} corrections"  # each has a scale of its own
            self._pressures.add(reading.timestamp, source, {source: reading.value})

    async def _async_load_quality(self) -> None:
        chips = {str(chip): chip for chip in self.chips}
        readings = [
            (reading.timestamp, quantity, chips[reading.chip], reading.value)
            for quantity in Quantity
            for reading in await async_recorded_readings(
                self.hass, self.config_entry, self._calibration, quantity, QUALITY_PERIOD, with_start=True
            )
            if reading.chip in chips and not reading.later_changes
        ]
        await self.hass.async_add_executor_job(self._quality.load, readings)

    @override
    async def _async_update_data(self) -> StationData:
        try:
            reading = await self._async_read()
            self._check_that_a_chip_responds(reading)
        except ReadingError as err:
            async_record_failure(self.hass, self.config_entry, err)
            raise
        self._count_errors(reading)
        self._follow_chips(reading)
        self._chip_issues.async_update(reading, self.chips)
        return self._evaluate(reading)

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        if self._has_unsaved_chips:
            self._has_unsaved_chips = False
            self.hass.config_entries.async_update_entry(
                self.config_entry, data={**self.config_entry.data, CONF_CHIPS: [str(chip) for chip in self.chips]}
            )
            self._notify_chip_listeners()

    @override
    async def async_shutdown(self) -> None:
        """Stop reading and close the bus."""
        await super().async_shutdown()
        await self.async_release_chips()
        await self.hass.async_add_executor_job(self._close)
        self._chip_issues.async_clear()

    async def async_release_chips(self, _: Event | None = None) -> None:
        """Leave the chips so that they are recognized at the next start."""
        await self.hass.async_add_executor_job(self._release)

    async def _async_read(self) -> Reading:
        try:
            return await self.hass.async_add_executor_job(self._read)
        except BusError as err:
            raise await self._async_bus_error(err) from err

    async def _async_bus_error(self, err: BusError) -> ReadingError:
        """Return the error of a bus. If only its number may have changed, the error names the other buses."""
        error = ReadingError(await async_error_key(self.hass, err.key), bus=self.config_entry.data[CONF_BUS])
        if not isinstance(err, BusNotFoundError):
            return error
        buses = await self.hass.async_add_executor_job(board.buses)
        if not buses:
            return error
        others = ", ".join(bus.label for bus in buses)
        return ReadingError("other_buses", reason=await async_message(self.hass, error), others=others)

    def _read(self) -> Reading:
        with self._phat_lock:
            if self._phat is None:
                bus = self.config_entry.data[CONF_BUS]
                self._phat = Phat(self.simulator.bus(bus)) if self.simulator else Phat.open(bus)
            self._phat.expect(self.chips)
            try:
                return self._phat.read()
            except BusError:
                self._close()
                raise

    def _release(self) -> None:
        with self._phat_lock:
            if self._phat is not None:
                self._phat.release()

    def _close(self) -> None:
        with self._phat_lock:
            if self._phat is not None:
                self._phat.close()
                self._phat = None

    def _check_that_a_chip_responds(self, reading: Reading) -> None:
        """Raise ReadingError if no chip of the station responds during setup.

        Home Assistant retries the setup then, unless the station has other parts that work.
        """
        in_setup = self.config_entry.state is ConfigEntryState.SETUP_IN_PROGRESS
        if in_setup and reading.errors and len(reading.errors) == len(reading.measurements):
            causes = list(reading.errors.values())
            raise ReadingError("no_chip_answers") from ExceptionGroup("all chips failed", causes)

    def _count_errors(self, reading: Reading) -> None:
        self._errors += len(reading.errors)

    def _follow_chips(self, reading: Reading) -> None:
        """Add the chips that were plugged in, and remove those that another chip replaced at their address."""
        responding = {chip.address for chip, measurement in reading.measurements.items() if measurement}
        replaced = {
            chip
            for chip, error in reading.errors.items()
            if isinstance(error, WrongChipError) and chip.address in responding
        }
        if replaced:
            LOGGER.info("%s: another chip replaced %s", self.name, ", ".join(map(str, sorted(replaced))))
            self._chip_issues.async_forget(replaced)
        if new := {chip for chip, measurement in reading.measurements.items() if measurement} - set(self.chips):
            LOGGER.info("%s: found %s", self.name, ", ".join(map(str, sorted(new))))
        if new or replaced:
            self.chips = (*(chip for chip in self.chips if chip not in replaced), *sorted(new))
            self._has_unsaved_chips = True

    @callback
    def _notify_chip_listeners(self) -> None:
        for on_change in tuple(self._chip_listeners):
            on_change()

    def _evaluate(self, reading: Reading) -> StationData:
        measurements = {chip: measurement for chip, measurement in reading.measurements.items() if measurement}
        chosen = sources(measurements)
        measurements = self._calibration.correct(measurements, chosen)
        pressure = value(measurements, chosen, Quantity.PRESSURE)
        temperature = self._outdoor_temperature.async_mean(value(measurements, chosen, Quantity.TEMPERATURE))
        sea_level_pressure = tendency = forecast = None
        if pressure is not None:
            self._add_pressures(measurements, chosen[Quantity.PRESSURE])
            tendency = self._pressures.tendency()
            if temperature is not None:
                sea_level_pressure = meteorology.sea_level_pressure(pressure, self.altitude, temperature)
        if sea_level_pressure is not None and tendency is not None:
            forecast = meteorology.forecast(
                sea_level_pressure, tendency, dt_util.now().month, self.hass.config.latitude < 0
            )
        climate = _climate(measurements, chosen)
        rain = self.rain.async_probability(_predictors(sea_level_pressure, tendency, climate))
        flags = self._quality.check(dt_util.utcnow().timestamp(), measurements, chosen)
        return StationData(
            reading, measurements, chosen, climate, sea_level_pressure, tendency, forecast, rain, flags, self._errors
        )

    def _add_pressures(self, measurements: Mapping[ChipId, Measurement], barometer: ChipId) -> None:
        pressures = {
            str(chip): measurement.values[Quantity.PRESSURE]
            for chip, measurement in measurements.items()
            if Quantity.PRESSURE in measurement.values
        }
        self._pressures.add(dt_util.utcnow().timestamp(), str(barometer), pressures)


def _chips(entry: ConfigEntry) -> tuple[ChipId, ...]:
    return tuple(ChipId.parse(chip) for chip in entry.data[CONF_CHIPS])


def _climate(measurements: Mapping[ChipId, Measurement], chosen: Mapping[Quantity, ChipId]) -> Climate | None:
    """Return the state of the air around the hygrometer that is in use."""
    humidity = value(measurements, chosen, Quantity.HUMIDITY)
    if humidity is None:
        return None
    hygrometer = measurements[chosen[Quantity.HUMIDITY]]
    temperature = hygrometer.values.get(Quantity.TEMPERATURE, value(measurements, chosen, Quantity.TEMPERATURE))
    if temperature is None:
        return None
    pressure = value(measurements, chosen, Quantity.PRESSURE)
    return Climate(temperature, humidity, pressure or meteorology.STANDARD_PRESSURE)


def _predictors(sea_level_pressure: float | None, tendency: float | None, climate: Climate | None) -> Predictors | None:
    """Return what rain is forecast from, or None if something is missing."""
    if sea_level_pressure is None or tendency is None or climate is None:
        return None
    if (dew_point := meteorology.dew_point(climate.temperature, climate.humidity)) is None:
        return None
    return Predictors(sea_level_pressure, tendency, climate.temperature - dew_point)
