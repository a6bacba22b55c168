"""A Raspberry Pi OS in a folder, and setup-pi."""

from pathlib import Path
import subprocess

from .compose import REMOTE_STATION

SETUP_PI = REMOTE_STATION / "setup-pi"
PLAIN = b"# For more options see\ndtparam=audio=on\n\n[cm4]\notg_mode=1\n\n[all]\nenable_uart=1\n"
CMDLINE = b"console=serial0,115200 console=tty1 root=PARTUUID=295ac2ff-02 rootfstype=ext4 rootwait\n"
BLOCK = [
    "# BEGIN anavi_weather: sudo setup-pi --undo takes this away",
    "[all]",
    "dtparam=i2c_arm=on",
    "dtoverlay=gpio-ir,gpio_pin=18",
    "dtoverlay=gpio-ir-tx,gpio_pin=17",
    "# END anavi_weather",
]
I2C, RECEIVER, TRANSMITTER = BLOCK[2:5]
RIGHT = b"dtparam=i2c_arm=on\ndtoverlay=gpio-ir,gpio_pin=18\ndtoverlay=gpio-ir-tx,gpio_pin=17\n"


class Pi:
    """A Raspberry Pi OS's files."""

    def __init__(self, root: Path, boot: str = "boot/firmware") -> None:
        """Put the files there that the script looks at."""
        self.root = root
        self.config = root / boot / "config.txt"
        self.cmdline = root / boot / "cmdline.txt"
        self.config.parent.mkdir(parents=True)
        self.config.write_bytes(PLAIN)
        self.cmdline.write_bytes(CMDLINE)
        (root / "etc/modules-load.d").mkdir(parents=True)
        (root / "dev").mkdir()

    def run(self, *options: str, status: int = 0, answer: str = "") -> str:
        """Run the script, and return what it says."""
        result = subprocess.run(
            [SETUP_PI, "--root", self.root, *options], input=answer, capture_output=True, text=True, check=False
        )
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout + result.stderr

    def files(self) -> dict[str, bytes]:
        """Return all files."""
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def active(self) -> list[str]:
        """Return the lines that the firmware takes notice of."""
        lines = [line.strip() for line in self.config.read_text().splitlines()]
        return [line for line in lines if line.startswith("dt")]
