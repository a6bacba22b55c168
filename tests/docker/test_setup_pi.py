"""Tests of setup-pi on a folder of files.

tests/kernel/guest_setup_pi.py tests `--check` with real devices.
"""

from pathlib import Path
import subprocess

import pytest

from .pi import BLOCK, CMDLINE, I2C, PLAIN, RECEIVER, RIGHT, SETUP_PI, TRANSMITTER, Pi


def test_bare_pi(pi: Pi) -> None:
    """A new Pi gets I2C, the overlays with the board's pins, memory limits and the module, and a hint to restart."""
    output = pi.run("--yes")
    assert pi.config.read_bytes() == PLAIN + "\n".join([*BLOCK, ""]).encode()
    assert pi.cmdline.read_bytes() == CMDLINE.rstrip() + b" cgroup_enable=memory\n"
    assert (pi.root / "etc/modules-load.d/anavi_weather.conf").read_text().splitlines()[1:] == ["i2c-dev"]
    assert "Restart the Pi now" in output


def test_older_layout(tmp_path: Path) -> None:
    """Where /boot is the firmware's folder."""
    pi = Pi(tmp_path, "boot")
    pi.run("--yes")
    assert pi.active()[-3:] == [I2C, RECEIVER, TRANSMITTER]


@pytest.mark.parametrize("options", [("--dry-run",), ()])
def test_it_shows_and_asks(pi: Pi, options: tuple[str, ...]) -> None:
    """All that would change is shown; without a yes, nothing is changed."""
    before = pi.files()
    output = pi.run(*options, status=0 if options else 1, answer="n\n")
    assert pi.files() == before
    for line in (*BLOCK, CMDLINE.decode().strip() + " cgroup_enable=memory", "i2c-dev"):
        assert f"  + {line}\n" in output


CONFIGS = {
    "plain": PLAIN,
    "empty": b"",
    "no newline": PLAIN + b"start_x=1",
    "windows": PLAIN.replace(b"\n", b"\r\n"),
    "not utf-8": PLAIN + b"# caf\xe9\n",
    "I2C is on": PLAIN + b"dtparam=i2c_arm=on\n",
    "all is right": PLAIN + RIGHT,
    "all is right, no newline": PLAIN + RIGHT.rstrip(),
    "bare transmitter": PLAIN + b"dtoverlay=gpio-ir-tx\n",
    "other pin": PLAIN + b"dtoverlay=gpio-ir,gpio_pin=23\n",
    "for one model": b"[pi4]\ndtoverlay=gpio-ir,gpio_pin=18\ndtparam=i2c_arm=on\n",
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_twice_and_back(pi: Pi, config: bytes) -> None:
    """A second run changes nothing, and everything can be undone byte for byte."""
    pi.config.write_bytes(config)
    before = pi.files()
    pi.run("--yes")
    changed = pi.files()
    assert "Everything is already prepared." in pi.run("--yes")
    assert pi.files() == changed
    pi.run("--undo", "--yes")
    assert pi.files() == before
    assert "Nothing to undo." in pi.run("--undo", "--yes")


@pytest.mark.parametrize(
    ("lines", "active"),
    [
        (I2C, [I2C, RECEIVER, TRANSMITTER]),
        ("dtparam=audio=on,i2c_arm=on", ["dtparam=audio=on,i2c_arm=on", RECEIVER, TRANSMITTER]),
        ("dtparam=i2c_arm=off", ["dtparam=i2c_arm=off", I2C, RECEIVER, TRANSMITTER]),
        ("[pi4]\ndtparam=i2c_arm=on", [I2C, I2C, RECEIVER, TRANSMITTER]),
        ("#dtparam=i2c_arm=on", [I2C, RECEIVER, TRANSMITTER]),
        ("dtoverlay=gpio-ir-tx", [I2C, RECEIVER, TRANSMITTER]),
        ("dtoverlay=gpio-ir-tx,gpio_pin=18", [I2C, RECEIVER, TRANSMITTER]),
        ("dtoverlay=gpio-ir,gpio_pin=17\ndtoverlay=gpio-ir-tx,gpio_pin=18", [I2C, RECEIVER, TRANSMITTER]),
        ("dtoverlay=gpio-ir,gpio_pin=23", [I2C, RECEIVER, TRANSMITTER]),
        # Its pin is 18 by default, and a key map is the user's own business
        ("dtoverlay=gpio-ir", ["dtoverlay=gpio-ir", I2C, TRANSMITTER]),
        (f"{RECEIVER},rc-map-name=rc-lg", [f"{RECEIVER},rc-map-name=rc-lg", I2C, TRANSMITTER]),
        (f"{TRANSMITTER}\n{TRANSMITTER}", [TRANSMITTER, I2C, RECEIVER]),
        ("dtoverlay=pwm-ir-tx", [I2C, RECEIVER, TRANSMITTER]),
        ("dtoverlay=pwm-ir-tx,gpio_pin=12", ["dtoverlay=pwm-ir-tx,gpio_pin=12", I2C, RECEIVER, TRANSMITTER]),
        ("  dtoverlay=gpio-ir-tx  ", [I2C, RECEIVER, TRANSMITTER]),
        ("dtoverlay=gpio-ir-txt", ["dtoverlay=gpio-ir-txt", I2C, RECEIVER, TRANSMITTER]),
    ],
)
def test_lines_that_are_there(pi: Pi, lines: str, active: list[str]) -> None:
    """Correct lines stay; lines that use the pins otherwise are commented out, not deleted."""
    pi.config.write_text(f"{lines}\n")
    pi.run("--yes")
    assert pi.active() == active
    assert {line.strip() for line in lines.splitlines()} <= {
        line.removeprefix("#anavi_weather# ").strip() for line in pi.config.read_text().splitlines()
    }


def test_changed_since(pi: Pi) -> None:
    """The user's later changes survive a second run and an undo."""
    pi.config.write_bytes(PLAIN + b"dtoverlay=gpio-ir-tx\n")
    pi.run("--yes")
    pi.config.write_bytes(b"# mine\n" + pi.config.read_bytes() + b"dtoverlay=gpio-ir,gpio_pin=4\n")
    pi.cmdline.write_bytes(pi.cmdline.read_bytes().rstrip() + b" quiet\n")
    assert "gpio_pin=4" in pi.run("--yes")
    assert pi.active()[-3:] == [I2C, RECEIVER, TRANSMITTER]
    pi.config.write_bytes(pi.config.read_bytes() + b"# mine too\n")
    assert "config.txt: changed since" in pi.run("--undo", "--yes")
    mine = b"# mine\n" + PLAIN + b"dtoverlay=gpio-ir-tx\ndtoverlay=gpio-ir,gpio_pin=4\n# mine too\n"
    assert pi.config.read_bytes() == mine
    assert pi.cmdline.read_bytes() == CMDLINE.rstrip() + b" quiet\n"


def test_module_that_is_there(pi: Pi) -> None:
    """As raspi-config writes it."""
    (pi.root / "etc/modules").write_text("# modules\ni2c-dev\n")
    pi.run("--yes")
    assert not (pi.root / "etc/modules-load.d/anavi_weather.conf").exists()


def test_command_line_of_windows(pi: Pi) -> None:
    """Text after a carriage return would belong to the previous parameter."""
    pi.cmdline.write_bytes(CMDLINE.replace(b"\n", b"\r\n"))
    before = pi.files()
    pi.run("--yes")
    assert pi.cmdline.read_bytes() == CMDLINE.rstrip() + b" cgroup_enable=memory\n"
    assert "Everything is already prepared." in pi.run("--yes")
    pi.run("--undo", "--yes")
    assert pi.files() == before


@pytest.mark.parametrize("limit", ["cgroup_enable=memory", "cgroup_enable=memory quiet"])
def test_limit_that_is_there(pi: Pi, limit: str) -> None:
    """It is not written again, nor taken away."""
    pi.cmdline.write_text(f"root=/dev/mmcblk0p2 {limit}\n")
    before = pi.cmdline.read_bytes()
    pi.run("--yes")
    assert pi.cmdline.read_bytes() == before
    pi.run("--undo", "--yes")
    assert pi.cmdline.read_bytes() == before


def test_no_pi(tmp_path: Path) -> None:
    """Another system is not touched."""
    result = subprocess.run([SETUP_PI, "--root", tmp_path, "--yes"], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Is this Raspberry Pi OS?" in result.stderr
    assert "No changes made" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_boot_partition_is_not_mounted(tmp_path: Path) -> None:
    """The file that Bookworm leaves in the old place is not one that the firmware reads."""
    pi = Pi(tmp_path, "boot")
    pi.config.write_text(
        "DO NOT EDIT THIS FILE\n\nThe file you are looking for has moved to /boot/firmware/config.txt\n"
    )
    before = pi.files()
    assert "sudo mount /boot/firmware" in pi.run("--yes", status=1)
    assert pi.files() == before


@pytest.mark.parametrize("content", ["", "root=1\nquiet\n"])
def test_bad_cmdline(pi: Pi, content: str) -> None:
    """A Pi would not boot: that is not made worse."""
    pi.cmdline.write_text(content)
    before = pi.files()
    assert "must have one line" in pi.run("--yes", status=1)
    assert pi.files() == before


def test_bad_block(pi: Pi) -> None:
    """Without its end, more could be taken for ours than is."""
    pi.config.write_bytes(PLAIN + BLOCK[0].encode() + b"\nmine=1\n")
    before = pi.files()
    assert "Put it back where this part ends" in pi.run("--undo", "--yes", status=1)
    assert pi.files() == before


@pytest.mark.parametrize(
    "options",
    [
        ("--frobnicate",),
        ("--user",),
        ("--report",),
        ("--check", "--undo"),
        ("--take-pins", "--keep-pins"),
        ("--card", "/"),
    ],
)
def test_bad_options(pi: Pi, options: tuple[str, ...]) -> None:
    """They are refused."""
    before = pi.files()
    assert "setup-pi: error: " in pi.run(*options, status=2)
    assert pi.files() == before


def test_help(pi: Pi) -> None:
    """It has every mode and option."""
    output = pi.run("--help")
    for option in (
        "--dry-run",
        "--check",
        "--undo",
        "--lines",
        "--report",
        "--card FOLDER",
        "--take-pins",
        "--replace-docker",
    ):
        assert option in output
