"""Tests of the chips that a kernel driver reads."""

import errno
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from custom_components.anavi_weather.phat import (
    CHIPS,
    AddressClaimedError,
    ChipId,
    DriverMissingError,
    Measurement,
    NoAnswerError,
    Quantity,
    accuracy,
    kernel,
    kernel_kinds,
    quantities,
)
from custom_components.anavi_weather.phat.chip import ATTEMPTS, ImplausibleError, WrongChipError
from custom_components.anavi_weather.phat.i2c import ChipError, TransferError

from .bench import BH1750, BME280, BMP180, BMP280, HTU21D, Bench, deviations
from .foreign_chips import BME680
from .sysfs import BH1750_FILES, BME280_FILES, SHT21_FILES, Sysfs

T, H, P, L = Quantity.TEMPERATURE, Quantity.HUMIDITY, Quantity.PRESSURE, Quantity.ILLUMINANCE
VEML7700 = ChipId("VEML7700", 0x10)


@pytest.fixture
def chips() -> tuple[ChipId, ...]:
    """Return the chips that are plugged in."""
    return (BMP180, BH1750)


@pytest.fixture
def sysfs(tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Sysfs:
    """Return the folder of the bench's adapter."""
    sysfs = Sysfs(tmp_path / "i2c-1")
    folders = {"bench": sysfs.adapter}

    def adapter_folder(path: str) -> Path:
        if path not in folders:
            raise FileNotFoundError(path)
        return folders[path]

    monkeypatch.setattr(kernel, "adapter_folder", adapter_folder)
    return sysfs


def measure(bench: Bench, chip: ChipId) -> Measurement:
    """Read a cycle, and return the measurement of a chip."""
    reading = bench.read()
    measurement = reading.measurements[chip]
    assert measurement is not None, reading.errors[chip]
    return measurement


def error_of(bench: Bench, chip: ChipId) -> ChipError:
    """Read a cycle, and return the error of a chip."""
    return bench.read().errors[chip]


@pytest.mark.parametrize(
    ("name", "kind", "files", "values"),
    [
        # Values that are ready
        ("bme280", "BME280", BME280_FILES, {T: 21.0, P: 1013.25, H: 55.0}),
        ("bmp180", "BMP180", {"in_temp_input": "-12300", "in_pressure_input": "97.7"}, {T: -12.3, P: 977.0}),
        # Like the driver of the VEML6030, whose scale is the gain
        (
            "veml6030",
            "VEML6030",
            {
                "in_illuminance_input": "57.600000",
                "in_illuminance_raw": "1000",
                "in_illuminance_scale": "0.125000",
                "in_intensity_both_raw": "1200",
            },
            {L: 57.6},
        ),
        # Raw values with a scale, and with an offset that comes first
        ("veml7700", "VEML7700", {"in_illuminance_raw": "1000", "in_illuminance_scale": "0.0576"}, {L: 57.6}),
        (
            "hts221",
            "HTS221",
            {
                "in_temp_raw": "-300",
                "in_temp_scale": "10",
                "in_temp_offset": "2400.5",
                "in_humidityrelative_raw": "4000",
                "in_humidityrelative_scale": "15",
                "in_humidityrelative_offset": "-500",
            },
            {T: 21.005, H: 52.5},
        ),
        # A scale that channels share, and none
        ("tsl4531", "TSL4531", {"in_illuminance_raw": "120", "in_illuminance_scale": "4"}, {L: 480.0}),
        ("tsl2563", "TSL2563", {"in_illuminance0_input": "321"}, {L: 321.0}),
        ("al3320a", "AL3320A", {"in_illuminance0_raw": "100", "in_illuminance_scale": "0.5"}, {L: 50.0}),
        ("al3010", "AL3010", {"in_illuminance_raw": "100", "in_scale": "0.25"}, {L: 25.0}),
        ("bh1780", "BH1780", {"in_illuminance_raw": "77"}, {L: 77.0}),
        # Humidity in %, as in older kernels, and in thousandths, also when it is dry or condenses
        ("bme280", "BME280", {"in_humidityrelative_input": "47.312"}, {H: 47.312}),
        ("bme280", "BME280", {"in_humidityrelative_input": "100"}, {H: 100.0}),
        ("bme280", "BME280", {"in_humidityrelative_input": "1000"}, {H: 1.0}),
        ("bme280", "BME280", {"in_humidityrelative_input": "0"}, {H: 0.0}),
        ("si7020", "HTU21D", {"in_humidityrelative_input": "118890"}, {H: 100.0}),
        ("si7020", "HTU21D", {"in_humidityrelative_input": "-2000"}, {H: 0.0}),
        # Pressure in hPa, as older drivers of the BME680, which also give the humidity in %
        ("bme680", "BME680", {"in_pressure_input": "1013.250000000"}, {P: 1013.25}),
        ("bme680", "BME680", {"in_pressure_input": "31.000000000"}, {P: 310.0}),
        # The ambient temperature of an infrared thermometer or a thermocouple, and not that of what it measures
        (
            "mlx90614",
            "MLX90614",
            {
                "in_temp_ambient_raw": "14708",
                "in_temp_object_raw": "20000",
                "in_temp_ambient_scale": "20",
                "in_temp_ambient_offset": "-13657.500000",
            },
            {T: 21.01},
        ),
        (
            "mcp9600",
            "MCP9600",
            {"in_temp_raw": "1200", "in_temp_ambient_raw": "336", "in_temp_ambient_scale": "62.5"},
            {T: 21.0},
        ),
    ],
)
def test_iio_devices_are_read(
    bench: Bench, sysfs: Sysfs, name: str, kind: str, files: dict[str, str], values: dict[Quantity, float]
) -> None:
    sysfs.bind(name, 0x76, iio=files)
    assert measure(bench, ChipId(kind, 0x76)).values == pytest.approx(values)


@pytest.mark.parametrize(
    ("name", "kind", "files", "values"),
    [
        ("sht3x", "SHT3x", SHT21_FILES, {T: 21.0, H: 55.0}),
        ("tmp102", "TMP102", {"temp1_input": "-3250", "temp1_max": "80000"}, {T: -3.25}),
    ],
)
def test_hwmon_devices_are_read(
    bench: Bench, sysfs: Sysfs, name: str, kind: str, files: dict[str, str], values: dict[Quantity, float]
) -> None:
    sysfs.bind(name, 0x44, hwmon=files)
    assert measure(bench, ChipId(kind, 0x44)).values == pytest.approx(values)


def test_a_quantity_is_read_once_and_from_iio_if_possible(bench: Bench, sysfs: Sysfs) -> None:
    sysfs.bind("tmp117", 0x48, iio={"in_temp_raw": "2688", "in_temp_scale": "7.8125"}, hwmon={"temp1_input": "99000"})
    assert measure(bench, ChipId("TMP117", 0x48)).values == {T: 21.0}


@pytest.mark.parametrize(
    "files",
    [
        {"in_temp_raw": "1", "in_accel_x_raw": "1"},
        {"in_temp_raw": "1", "in_anglvel_x_raw": "1"},
        {"in_temp_raw": "1", "in_magn_x_raw": "1"},
        {"in_temp_raw": "1", "in_voltage0_raw": "1"},
        {"in_temp_raw": "1", "in_intensity_ir_raw": "1"},
        {"in_temp_object_raw": "1"},
        {"in_concentration_co2_raw": "1"},
        {"in_illuminance_sampling_frequency": "1"},
        {},
    ],
)
def test_temperatures_of_other_things_than_air_are_ignored(bench: Bench, sysfs: Sysfs, files: dict[str, str]) -> None:
    sysfs.bind("foreign", 0x68, iio=files)
    assert bench.read().measurements.keys() == {BMP180, BH1750}


@pytest.mark.parametrize("other", ["fan1_input", "in0_input", "curr1_input", "power1_input", "pwm1"])
def test_monitors_of_supplies_and_fans_are_ignored(bench: Bench, sysfs: Sysfs, other: str) -> None:
    sysfs.bind("emc2305", 0x2F, hwmon={"temp1_input": "45000", other: "1"})
    assert bench.read().measurements.keys() == {BMP180, BH1750}


def test_the_temperature_of_a_clock_is_ignored(bench: Bench, sysfs: Sysfs) -> None:
    sysfs.bind("ds3231", 0x68, hwmon={"temp1_input": "31000"})
    (sysfs.client(0x68) / "rtc").mkdir()
    assert bench.read().measurements.keys() == {BMP180, BH1750}


def test_only_chips_on_the_bus_are_read(bench: Bench, sysfs: Sysfs) -> None:
    """The processor and the chips of other buses have devices elsewhere."""
    for folder, name in (
        ("hwmon/hwmon0", "cpu_thermal"),
        ("i2c-2/2-0010/iio:device3", "veml7700"),
        ("1-a010", "tenbit"),
    ):
        (sysfs.adapter / folder).mkdir(parents=True)
        for file, text in {"name": name, "temp1_input": "55000", "in_illuminance_raw": "1"}.items():
            (sysfs.adapter / folder / file).write_text(text, encoding="ascii")
    assert bench.read().measurements.keys() == {BMP180, BH1750}


def test_claimed_chips_are_read_through_the_kernel(bench: Bench, sysfs: Sysfs) -> None:
    before = bench.read()
    sysfs.bind("bmp180", 0x77, iio={"in_temp_input": "22500", "in_pressure_input": "98.4"})
    bench.simulator.claimed.add(0x77)
    bench.wire.log.clear()

    reading = bench.read()

    assert reading.measurements.keys() == before.measurements.keys()
    measurement = reading.measurements[BMP180]
    assert measurement is not None
    assert measurement.values == pytest.approx({T: 22.5, P: 984.0})
    assert not reading.errors
    assert 0x77 not in {transfer.address for transfer in bench.wire.log}

    sysfs.unbind(0x77)
    bench.simulator.claimed.clear()
    assert deviations(bench.read(), bench.air, [BMP180, BH1750]) == []


def test_the_kernel_and_our_drivers_have_the_same_names(bench: Bench, sysfs: Sysfs) -> None:
    for name, address, iio, hwmon in (
        ("bh1750", 0x23, BH1750_FILES, None),
        ("htu21", 0x40, {"in_temp_input": "21000", "in_humidityrelative_input": "55000"}, None),
        ("bme280", 0x76, BME280_FILES, None),
        ("bmp085", 0x77, {"in_temp_input": "21000", "in_pressure_input": "101.325"}, None),
    ):
        sysfs.bind(name, address, iio, hwmon)
    reading = bench.read()
    assert deviations(reading, bench.air, [BH1750, HTU21D, BME280, BMP180]) == []


def test_detection_finds_the_kernels_chips_too(bench: Bench, sysfs: Sysfs) -> None:
    sysfs.bind("veml7700", 0x10, iio={"in_illuminance_raw": "1"})
    sysfs.bind("bh1750", 0x23, iio=BH1750_FILES)
    sysfs.bind("24c32", 0x50)
    bench.simulator.claimed |= {0x10, 0x23, 0x50}

    detection = bench.phat.detect()

    assert detection.chips == (BH1750, BMP180, VEML7700)
    assert detection.claimed == (0x50,)
    assert detection.foreign == ()


def test_a_claimed_chip_without_readings_is_an_error(bench: Bench, sysfs: Sysfs) -> None:
    bench.read()
    sysfs.bind("bmp180", 0x77)
    bench.simulator.claimed.add(0x77)
    assert isinstance(error_of(bench, BMP180), AddressClaimedError)


def test_another_chip_that_the_kernel_reads_is_a_wrong_chip(bench: Bench, sysfs: Sysfs) -> None:
    bench.read()
    sysfs.bind("bmp280", 0x77, iio={"in_temp_input": "21000", "in_pressure_input": "101.325"})
    bench.simulator.claimed.add(0x77)

    reading = bench.read()

    assert isinstance(reading.errors[BMP180], WrongChipError)
    assert deviations(reading, bench.air, [BMP280, BH1750]) == []


def test_a_chip_without_its_kernel_driver_is_an_error_until_the_driver_is_loaded(bench: Bench, sysfs: Sysfs) -> None:
    bench.expect(VEML7700, BMP180)
    assert isinstance(error_of(bench, VEML7700), DriverMissingError)

    sysfs.bind("veml7700", 0x10, iio={"in_illuminance_raw": "12"})
    assert measure(bench, VEML7700).values == {L: 12.0}
    sysfs.unbind(0x10)
    assert isinstance(error_of(bench, VEML7700), DriverMissingError)


def test_a_chip_of_ours_in_place_of_one_of_the_kernels_is_found(bench: Bench, sysfs: Sysfs) -> None:
    chip = ChipId("BME680", 0x76)
    bench.expect(chip)
    bench.replace(0x76, BME680)
    assert isinstance(error_of(bench, chip), DriverMissingError)
    bench.simulator.unplug(0x76)
    bench.read()

    bench.replace(0x76, "BME280")

    assert deviations(bench.read(), bench.air, [BME280]) == []


class Failing:
    """Replacement of Path.open that fails for the files of a name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, number: int, times: int = 99) -> None:
        """Let opening fail so many times."""
        original = Path.open
        self.calls = 0

        def open_or_fail(path: Path, mode: str) -> Any:
            if path.name == name:
                self.calls += 1
                if self.calls <= times:
                    raise OSError(number, "Not today")
            return original(path, mode)

        monkeypatch.setattr(Path, "open", open_or_fail)


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.EREMOTEIO, NoAnswerError),
        (errno.ENXIO, NoAnswerError),
        (errno.EIO, TransferError),
        (errno.ETIMEDOUT, TransferError),
        (errno.ENODEV, TransferError),
        (errno.ENODATA, TransferError),
        (errno.EBUSY, TransferError),
    ],
)
def test_an_error_of_the_driver_is_an_error_of_the_chip(
    bench: Bench, sysfs: Sysfs, monkeypatch: pytest.MonkeyPatch, number: int, error: type[ChipError]
) -> None:
    sysfs.bind("veml7700", 0x10, iio={"in_illuminance_raw": "12"})
    failing = Failing(monkeypatch, "in_illuminance_raw", number)

    failed = error_of(bench, VEML7700)

    assert type(failed) is error
    assert str(failed) == "VEML7700 0x10: Not today"
    assert failing.calls == ATTEMPTS


def test_a_transient_error_is_retried(bench: Bench, sysfs: Sysfs, monkeypatch: pytest.MonkeyPatch) -> None:
    sysfs.bind("bme280", 0x76, iio=BME280_FILES)
    Failing(monkeypatch, "in_pressure_input", errno.EIO, times=ATTEMPTS - 1)
    assert deviations(bench.read(), bench.air, [BME280]) == []


def test_a_quantity_that_fails_does_not_take_the_others_down(
    bench: Bench, sysfs: Sysfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    sysfs.bind("bme280", 0x76, iio=BME280_FILES)
    failing = Failing(monkeypatch, "in_pressure_input", errno.EIO)
    measurement = measure(bench, BME280)
    assert measurement.values == {T: 21.0, H: 55.0}
    assert {quantity: str(error) for quantity, error in measurement.errors.items()} == {P: "BME280 0x76: Not today"}
    assert failing.calls == ATTEMPTS


@pytest.mark.parametrize(
    "text",
    ["", "nan", "inf", "1e5", "0x10", "21 °C", "1,5", "--1", "1.2.3", "1" * 30, "\0", "true", "9" * 5000, "١٢"],
)
def test_what_is_no_number_is_an_error(bench: Bench, sysfs: Sysfs, text: str) -> None:
    sysfs.bind("veml7700", 0x10, iio={"in_illuminance_raw": "12"})
    (sysfs.device(0x10) / "in_illuminance_raw").write_text(text, encoding="utf-8")
    assert isinstance(error_of(bench, VEML7700), ImplausibleError)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("in_temp_input", "85501"),
        ("in_temp_input", "-40501"),
        ("in_pressure_input", "29.9"),
        ("in_pressure_input", "1101"),
        ("in_humidityrelative_input", "120001"),
        ("in_humidityrelative_input", "-5737"),
        ("in_illuminance_input", "-1"),
        ("in_illuminance_input", "130001"),
    ],
)
def test_a_value_out_of_range_is_an_error(bench: Bench, sysfs: Sysfs, file: str, text: str) -> None:
    sysfs.bind("odd", 0x10, iio={file: text})
    assert isinstance(error_of(bench, ChipId("ODD", 0x10)), ImplausibleError)


@pytest.mark.parametrize("files", [BH1750_FILES, {**BH1750_FILES, "in_illuminance_input": "3774.816"}])
def test_a_saturated_photometer_is_above_its_range(bench: Bench, sysfs: Sysfs, files: dict[str, str]) -> None:
    sysfs.bind("bh1750", 0x23, iio={**files, "in_illuminance_raw": "65535"})
    assert measure(bench, BH1750) == Measurement({}, frozenset({L}))


@pytest.mark.parametrize(
    "name", ["", "24c32", "a", "BME280", "bme280 0x76", "../../etc", "x" * 40, "bme280-", "bmé280"]
)
def test_odd_names_are_ignored(bench: Bench, sysfs: Sysfs, name: str) -> None:
    sysfs.bind("odd", 0x10, iio={"in_illuminance_raw": "12"})
    (sysfs.client(0x10) / "name").write_text(name, encoding="utf-8")
    assert bench.read().measurements.keys() == {BMP180, BH1750}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("lps25h-press", "LPS25H"), ("ms8607-humidity", "MS8607"), ("bmp085", "BMP180"), ("si7021", "HTU21D")],
)
def test_names_of_the_kernel_are_kinds(name: str, kind: str) -> None:
    assert kernel_kinds.kind_of(name) == kind


def test_a_chip_without_a_name_is_ignored(bench: Bench, sysfs: Sysfs) -> None:
    sysfs.bind("odd", 0x10, iio={"in_illuminance_raw": "12"})
    (sysfs.client(0x10) / "name").unlink()
    assert bench.read().measurements.keys() == {BMP180, BH1750}


def test_all_chips_that_the_kernel_knows_have_names(sysfs: Sysfs) -> None:
    sysfs.bind("bme280", 0x76, iio=BME280_FILES)
    sysfs.bind("ds3231", 0x68, hwmon={"temp1_input": "31000"})
    assert kernel.client_names("bench") == {0x68: "ds3231", 0x76: "bme280"}


def test_a_driver_that_is_unloaded_during_a_scan_offers_nothing(
    bench: Bench, sysfs: Sysfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    sysfs.bind("veml7700", 0x10, iio={"in_illuminance_raw": "12"})
    monkeypatch.setattr(Path, "iterdir", Mock(side_effect=FileNotFoundError))
    assert kernel.find("bench") == {}


def test_an_adapter_is_found_by_its_device_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a container, or by a link, the path may have another number than the adapter."""
    monkeypatch.setattr(kernel, "CHARACTER_DEVICES", tmp_path)
    (tmp_path / "i2c-1").symlink_to("/dev/null")
    assert kernel.adapter_folder(str(tmp_path / "i2c-1")) == tmp_path / "1:3/device"


def test_without_a_device_there_are_no_chips(tmp_path: Path) -> None:
    assert kernel.find(str(tmp_path / "i2c-1")) == {}


def test_accuracy_is_that_of_the_kind() -> None:
    """Our drivers' tables come first, then the kernel's, and any other kind is worse than both."""
    veml7700, unknown = accuracy(VEML7700, L), accuracy(ChipId("ODD", 0x10), L)
    assert accuracy(ChipId("BME280", 0x10), T) == CHIPS["BME280"].accuracy[T]
    assert veml7700 < accuracy(BH1750, L) < unknown
    assert accuracy(VEML7700, H) == accuracy(ChipId("ODD", 0x10), H)
    with pytest.raises(KeyError):
        accuracy(BH1750, H)


def test_chips_that_are_in_no_table_are_worse_than_the_boards_own() -> None:
    for chip in CHIPS.values():
        for quantity, ours in chip.accuracy.items():
            assert ours < kernel_kinds.MODEST[quantity]


def test_no_kind_is_in_two_tables() -> None:
    assert not CHIPS.keys() & kernel_kinds.ACCURACY.keys()


def test_quantities_are_those_that_the_driver_offers(bench: Bench, sysfs: Sysfs) -> None:
    odd = ChipId("RARE", 0x12)
    assert set(quantities(odd)) == set(Quantity)  # no entity may be removed before the driver is loaded
    sysfs.bind("rare", 0x12, iio={"in_temp_input": "1", "in_pressure_input": "99"})
    bench.read()
    assert set(quantities(odd)) == {T, P}
    assert set(quantities(ChipId("SCD30", 0x61))) == {T, H}
    assert set(quantities(BMP180)) == {T, P}
