"""Files of the kernel's drivers, as they are in sysfs."""

from pathlib import Path

BME280_FILES = {
    "in_temp_input": "21000",
    "in_pressure_input": "101.325000000",
    "in_humidityrelative_input": "55000",
}
BH1750_FILES = {"in_illuminance_raw": "360", "in_illuminance_scale": "0.833333"}
SHT21_FILES = {"temp1_input": "21000", "humidity1_input": "55000"}


class Sysfs:
    """The folder of an I2C adapter, in which drivers claim chips."""

    def __init__(self, adapter: Path) -> None:
        """Create the folder."""
        self.adapter = adapter
        adapter.mkdir(parents=True)
        self._devices = 0

    def client(self, address: int) -> Path:
        """Return the folder of a chip."""
        return self.adapter / f"{self.adapter.name.removeprefix('i2c-')}-{address:04x}"

    def bind(
        self, name: str, address: int, iio: dict[str, str] | None = None, hwmon: dict[str, str] | None = None
    ) -> None:
        """Let a driver claim a chip, and offer the files of an IIO device or a hwmon device."""
        client = self.client(address)
        client.mkdir(exist_ok=True)
        (client / "name").write_text(f"{name}\n", encoding="ascii")
        for pattern, files in (("iio:device{}", iio), ("hwmon/hwmon{}", hwmon)):
            if files is not None:
                folder = client / pattern.format(self._devices)
                self._devices += 1
                (folder / "power").mkdir(parents=True)
                for file, text in {"name": name, "uevent": "", **files}.items():
                    (folder / file).write_text(f"{text}\n", encoding="ascii")

    def device(self, address: int) -> Path:
        """Return the folder of the device of a chip."""
        client = self.client(address)
        (device,) = (*client.glob("iio:device*"), *client.glob("hwmon/hwmon*"))
        return device

    def unbind(self, address: int) -> None:
        """Unload the driver of a chip."""
        client = self.client(address)
        client.rename(client.with_name(f"unbound-{address:04x}"))
