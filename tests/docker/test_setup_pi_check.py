"""Tests of `setup-pi --check`: why a device is missing, told apart by the files of /proc, /sys and /lib."""

import os
from pathlib import Path
import re
import shutil

import pytest

from .pi import I2C, RECEIVER, RIGHT, TRANSMITTER, Pi

KERNEL = "6.12.47+rpt-rpi-v8"
MODULES = ("i2c-dev", "gpio-ir-recv", "gpio-ir-tx")
NODES = {"receiver": ("ir-receiver@12", "gpio-ir-receiver"), "transmitter": ("gpio-ir-transmitter@11", "gpio-ir-tx")}
YEAR = 31_536_000  # seconds


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


class RunningPi:
    """A Pi that was prepared and restarted, and has no devices for a reason that a test adds."""

    def __init__(self, pi: Pi) -> None:
        """Write the files of a kernel with all modules loaded and all overlays applied."""
        self.pi = pi
        self.root = pi.root
        pi.config.write_bytes(RIGHT)
        write(self.root / "proc/sys/kernel/osrelease", f"{KERNEL}\n")
        write(self.root / "proc/sys/kernel/random/boot_id", "one\n")
        pi.run("--yes")
        self.restart()
        dependencies = "".join(f"kernel/drivers/{module}.ko.xz:\n" for module in MODULES)
        write(self.root / f"lib/modules/{KERNEL}/modules.dep", dependencies)
        for module in MODULES:
            (self.root / "sys/module" / module.replace("-", "_")).mkdir(parents=True)
        tree = self.root / "proc/device-tree"
        write(tree / "aliases/i2c1", "/soc/i2c@7e804000\0")
        write(tree / "soc/i2c@7e804000/status", "okay\0")
        for node, compatible in NODES.values():
            write(tree / node / "compatible", f"{compatible}\0")

    def restart(self) -> None:
        """Start the kernel again, a year after the files were written."""
        write(self.root / "proc/sys/kernel/random/boot_id", "two\n")
        write(self.root / "proc/stat", f"cpu 1\nbtime {int(self.pi.config.stat().st_mtime) + YEAR}\n")

    def unload(self, module: str) -> None:
        """Unload a module."""
        (self.root / "sys/module" / module.replace("-", "_")).rmdir()

    def reasons(self) -> dict[str, str]:
        """Return the advice for each missing device."""
        lines = self.pi.run("--check", status=1).replace(f"{self.root}/", "/").splitlines()
        return dict(re.findall(r"^FAILED  (I2C bus /dev/i2c-1|infrared \w+): (.*)$", "\n".join(lines), re.MULTILINE))


BUS, RECEIVING, SENDING = "I2C bus /dev/i2c-1", "infrared receiver", "infrared transmitter"


@pytest.fixture
def running(pi: Pi) -> RunningPi:
    """Return a Pi that was prepared and restarted."""
    return RunningPi(pi)


def test_nothing_explains_it(running: RunningPi) -> None:
    """All is in order, but no device appeared: the kernel's log may say why."""
    assert running.reasons() == {
        BUS: "the module i2c-dev is loaded, but no bus appeared. Look for errors in: sudo dmesg | grep i2c",
        RECEIVING: "the module gpio-ir-recv is loaded, but no device appeared. Look for errors in: sudo dmesg | grep gpio-ir",
        SENDING: "the module gpio-ir-tx is loaded, but no device appeared. Look for errors in: sudo dmesg | grep gpio-ir",
    }


def test_missing_lines(running: RunningPi) -> None:
    """Lines that are missing are added by setup-pi, and only then it is recommended."""
    running.pi.config.write_text("")
    run = "/boot/firmware/config.txt. Run: sudo ./setup-pi"
    assert running.reasons() == {BUS: f"I2C is off in {run}", RECEIVING: f"not in {run}", SENDING: f"not in {run}"}
    running.pi.config.write_text(f"{I2C}\ndtoverlay=gpio-ir-tx\n{RECEIVER}\n")
    assert running.reasons()[SENDING] == f"not in {run}"


def test_pending_restart(running: RunningPi) -> None:
    """The lines are there, but not in what the kernel was started with."""
    shutil.rmtree(running.root / "proc/device-tree")
    (running.root / "proc/device-tree/soc").mkdir(parents=True)
    write(running.root / "proc/device-tree/aliases/i2c1", "/soc/i2c@7e804000\0")
    restart = "config.txt is right, and takes effect with a restart: sudo reboot"
    firmware = "config.txt is right, but the firmware did not apply it. Look for errors in: sudo vclog --msg"
    assert set(running.reasons().values()) == {firmware}
    # Prepared in this session of the kernel, by a Pi whose clock stood still
    write(running.root / "proc/sys/kernel/random/boot_id", "one\n")
    assert set(running.reasons().values()) == {restart}
    # Edited by hand since the start
    write(running.root / "proc/sys/kernel/random/boot_id", "two\n")
    later = running.pi.config.stat().st_mtime + 2 * YEAR
    os.utime(running.pi.config, (later, later))
    assert set(running.reasons().values()) == {restart}


@pytest.mark.parametrize(("flag", "is_trial"), [(b"\0\0\0\1", True), (b"\0\0\0\0", False)])
def test_trial_start(running: RunningPi, flag: bytes, is_trial: bool) -> None:
    """The firmware reads tryboot.txt in place of config.txt, once."""
    write(running.root / "proc/device-tree/chosen/bootloader/tryboot", flag.decode())
    assert ("-       this start is a trial (tryboot): " in running.pi.run("--check", status=1)) is is_trial


def test_missing_module(running: RunningPi) -> None:
    """A module that is not loaded, is blocked, was updated away, or does not exist."""
    for module in MODULES:
        running.unload(module)
    assert running.reasons() == {
        BUS: "the module i2c-dev is not loaded: sudo modprobe i2c-dev",
        RECEIVING: "the module gpio-ir-recv is not loaded: sudo modprobe gpio-ir-recv",
        SENDING: "the module gpio-ir-tx is not loaded: sudo modprobe gpio-ir-tx",
    }
    write(
        running.root / "etc/modprobe.d/raspi-blacklist.conf",
        "# mine\nblacklist i2c_dev\ninstall gpio-ir-tx /bin/false\n",
    )
    blocked = (
        "the module {} is blocked by {}/etc/modprobe.d/raspi-blacklist.conf:{}: {}. Remove this line, then: sudo reboot"
    )
    reasons = running.reasons()
    assert reasons[BUS] == blocked.format("i2c-dev", "", 2, "blacklist i2c_dev")
    assert reasons[SENDING] == blocked.format("gpio-ir-tx", "", 3, "install gpio-ir-tx /bin/false")
    (running.root / "etc/modprobe.d/raspi-blacklist.conf").unlink()
    write(running.root / f"lib/modules/{KERNEL}/modules.dep", "")
    assert running.reasons()[RECEIVING].startswith("this kernel has no module gpio-ir-recv")
    shutil.rmtree(running.root / "lib/modules")
    assert running.reasons()[BUS] == "the module i2c-dev is not loaded, because the kernel was updated: sudo reboot"


def test_module_that_setup_loads(running: RunningPi) -> None:
    """It is missing in the files, so setup-pi helps."""
    running.unload("i2c-dev")
    (running.root / "etc/modules-load.d/anavi_weather.conf").unlink()
    assert running.reasons()[BUS] == "the module i2c-dev is not loaded. Run: sudo ./setup-pi"


def test_built_in_module(running: RunningPi) -> None:
    """A module in the kernel itself is not in /sys/module."""
    running.unload("i2c-dev")
    write(running.root / f"lib/modules/{KERNEL}/modules.builtin", "kernel/drivers/i2c/i2c-dev.ko\n")
    assert running.reasons()[BUS].startswith("the module i2c-dev is loaded, but no bus appeared")


LOG = "[    7.1] pinctrl-bcm2835 3f200000.gpio: pin gpio18 already requested by 3f203000.i2s; cannot claim for ir-receiver@12\n"
MUX = "pin 17 (gpio17): (MUX UNCLAIMED) (GPIO UNCLAIMED)\npin 18 (gpio18): 3f203000.i2s (GPIO UNCLAIMED) function alt0 group gpio18\n"
GPIO = " gpio-529 (GPIO17              |onewire@11          ) out hi\n gpio-530 (GPIO18              )\n"


@pytest.mark.parametrize(
    ("file", "content", "end", "reason"),
    [
        ("var/log/dmesg", LOG, RECEIVING, "GPIO 18 is in use by 3f203000.i2s"),
        ("sys/kernel/debug/pinctrl/3f200000.gpio-pinctrl-bcm2835/pinmux-pins", MUX, RECEIVING, "GPIO 18 is in use by 3f203000.i2s"),
        ("sys/kernel/debug/gpio", GPIO, SENDING, "GPIO 17 is in use by onewire@11"),
    ],
)  # fmt: skip
def test_pin_is_taken(running: RunningPi, file: str, content: str, end: str, reason: str) -> None:
    """The kernel's log and its tables have the name of who has the pin."""
    write(running.root / file, content)
    reasons = running.reasons()
    assert reasons[end] == reason
    assert sum("in use by" in text for text in reasons.values()) == 1


def test_pin_is_taken_by_a_line(running: RunningPi) -> None:
    """The line of config.txt that takes the pin is shown, and how to put it aside."""
    running.pi.config.write_bytes(RIGHT + b"dtoverlay=w1-gpio,gpiopin=17\n")
    write(running.root / "sys/kernel/debug/gpio", GPIO)
    output = running.pi.run("--check", status=1)
    line = "config.txt:4: dtoverlay=w1-gpio,gpiopin=17"
    assert running.reasons()[SENDING] == (
        f"GPIO 17 is in use by onewire@11, by {line}. To turn this line into a comment: sudo ./setup-pi --take-pins"
    )
    assert f"FAILED  GPIO 17 (infrared transmitter) is also used by {line}" in output


def test_pin_was_left_to_something_else(running: RunningPi) -> None:
    """The infrared was left out for another use: the way back is named."""
    running.pi.config.write_text(f"{I2C}\n{RECEIVER}\ndtoverlay=w1-gpio,gpiopin=17\n")
    assert running.reasons()[SENDING] == (
        "GPIO 17 (infrared transmitter) is also used by config.txt:3: dtoverlay=w1-gpio,gpiopin=17. "
        "To turn this line into a comment: sudo ./setup-pi --take-pins"
    )


@pytest.mark.parametrize(
    "config",
    ["", I2C, f"{RECEIVER}\n{TRANSMITTER}\n", "dtoverlay=gpio-ir-tx\n", f"[pi4]\n{RIGHT.decode()}", f"{RIGHT.decode()}dtoverlay=gpio-ir,gpio_pin=4\n"],
)  # fmt: skip
def test_never_sent_to_a_command_that_does_nothing(running: RunningPi, config: str) -> None:
    """Whenever the check recommends setup-pi, that has something to change, and is not recommended again afterwards."""
    running.pi.config.write_text(config)
    assert any("Run: sudo ./setup-pi" in reason for reason in running.reasons().values())
    assert "Everything is already prepared." not in running.pi.run("--yes")
    running.restart()
    assert not any("Run: sudo ./setup-pi" in reason for reason in running.reasons().values())


def test_no_pi(pi: Pi) -> None:
    """Another machine is not sent to setup-pi, which could do nothing there."""
    shutil.rmtree(pi.root / "boot")
    output = pi.run("--check", status=1)
    assert output.count("FAILED") == 3
    assert "setup-pi" not in output
    assert f"I2C bus {pi.root}/dev/i2c-1: no config.txt of a Raspberry Pi" in output


def test_what_is_no_device(pi: Pi) -> None:
    """A file of that name is neither a bus nor a receiver, and a daemon's socket is not looked at."""
    for name in ("i2c-1", "lirc0", "lircd"):
        (pi.root / "dev" / name).touch()
    output = pi.run("--check", status=1)
    assert "FAILED  barometer" in output
    assert f"-       {pi.root}/dev/lirc0: Inappropriate ioctl for device" in output
    assert "lircd" not in output
    assert "FAILED  infrared receiver: not in" in output


def test_report(running: RunningPi) -> None:
    """It has the findings and what explains them, and nothing of the network or the user."""
    write(running.root / "proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
    write(running.root / "etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n')
    write(running.root / "var/log/dmesg", f"[    1.0] smsc95xx: MAC b8:27:eb:00:00:01\n{LOG}")
    running.pi.config.write_bytes(b"# secret\n" + RIGHT)
    running.pi.cmdline.write_text("root=PARTUUID=1 ip=192.0.2.7 cgroup_enable=memory cgroup_disable=memory\n")
    output = running.pi.run("--check", "--report", status=1)
    assert "- Model: Raspberry Pi 4 Model B Rev 1.5\n- System: Debian GNU/Linux 13 (trixie), kernel " in output
    for title, lines in {
        "config.txt": RIGHT.decode(),
        "cmdline.txt, as far as it concerns us": "cgroup_enable=memory\ncgroup_disable=memory\n",
        "Kernel": LOG,
    }.items():
        assert f"### {title}\n\n```text\n{lines}```\n" in output
    assert "FAILED  infrared receiver: GPIO 18 is in use by 3f203000.i2s\n" in output
    assert not {"secret", "192.0.2.7", "b8:27"} & set(re.findall(r"secret|192\.0\.2\.7|b8:27", output))
