"""Tests of setup-pi's reading of config.txt and cmdline.txt, which is that of the firmware and the kernel."""

import pytest

from .pi import CMDLINE, I2C, RECEIVER, RIGHT, TRANSMITTER, Pi

PREPARED = "Everything is already prepared."


def prepared(pi: Pi, config: str) -> bool:
    """Return whether nothing has to be changed in a config.txt."""
    pi.config.write_text(config)
    before = pi.config.read_bytes()
    pi.run("--yes")
    return pi.config.read_bytes() == before


@pytest.mark.parametrize(
    "config",
    [
        # The official form, with the pins on lines of their own
        f"{I2C}\ndtoverlay=gpio-ir\ndtparam=gpio_pin=18\ndtoverlay=gpio-ir-tx\ndtparam=gpio_pin=17\n",
        "dtoverlay=gpio-ir-tx\ndtparam=gpio_pin=23\ndtparam=gpio_pin=17\ndtoverlay=gpio-ir\ndtparam=i2c_arm=on\n",
        f"dtoverlay=gpio-ir-tx:gpio_pin=0x11\n{RECEIVER}\n{I2C}\n",
        # A parameter of the base below an overlay that does not have it
        f"{RECEIVER}\n{TRANSMITTER}\n{I2C}\n",
        f"{RECEIVER}\n{TRANSMITTER}\ndtparam=ant2\n{I2C}\n",
        f"{RECEIVER}\n{TRANSMITTER}\ndtoverlay=\n{I2C}\ndtparam=gpio_pin=4\n",
        f"[pi4]\narm_boost=1\n[ALL]\n{RIGHT.decode()}",
        f"{RIGHT.decode()}[none]\ndtoverlay=gpio-ir-tx\ndtparam=i2c_arm=off\ndtoverlay=w1-gpio,gpiopin=17\n",
        f"{RIGHT.decode()}[pi5]\ndtparam=i2c_arm_baudrate=400000\n",
        f"dtparam=i2c_arm=off\n{RIGHT.decode()}",
        f"{RIGHT.decode()}#dtparam=i2c_arm=off\n",
    ],
)
def test_right_forms(pi: Pi, config: str) -> None:
    """Each of these has I2C and both ends of the infrared on the board's pins."""
    assert prepared(pi, config)


@pytest.mark.parametrize(
    ("config", "active"),
    [
        # The end of an overlay: the pin is nobody's
        ("dtoverlay=gpio-ir-tx\ndtoverlay=\ndtparam=gpio_pin=17\n", ["dtoverlay=", "dtparam=gpio_pin=17", I2C, RECEIVER, TRANSMITTER]),
        # The last value counts
        (f"{RIGHT.decode()}dtparam=i2c_arm=off\n", [*RIGHT.decode().split(), "dtparam=i2c_arm=off", I2C]),
        (f"{I2C}\n{RECEIVER}\n{TRANSMITTER}\ndtparam=gpio_pin=23\n", [I2C, RECEIVER, TRANSMITTER]),
        # An overlay of one model, whose pin is that of all, and the other way round
        (f"{I2C}\n{RECEIVER}\n[pi4]\ndtoverlay=gpio-ir-tx\n[all]\ndtparam=gpio_pin=17\n", [I2C, RECEIVER, TRANSMITTER]),
        (f"{I2C}\n{RECEIVER}\ndtoverlay=gpio-ir-tx\n[pi4]\ndtparam=gpio_pin=17\n", [I2C, RECEIVER, TRANSMITTER]),
        # Filters add up until [all]
        (f"[pi4]\n[EDID=VSC-TD2220]\n{I2C}\n", [I2C, I2C, RECEIVER, TRANSMITTER]),
        # The firmware reads 98 characters of a line
        (f"{'dtparam=' + 'audio=on,' * 11},i2c_arm=on\n{RECEIVER}\n{TRANSMITTER}\n", ["dtparam=" + "audio=on," * 11 + ",i2c_arm=on", RECEIVER, TRANSMITTER, I2C]),
        ("dtoverlay=gpio-ir,gpio_pin=GPIO18\n", [I2C, RECEIVER, TRANSMITTER]),
        # A parameter of the Pi below a wrong overlay stays
        (f"{RECEIVER}\ndtoverlay=gpio-ir-tx\ndtparam=ant2\n{I2C}\n", [RECEIVER, "dtparam=ant2", I2C, TRANSMITTER]),
    ],
)  # fmt: skip
def test_wrong_forms(pi: Pi, config: str, active: list[str]) -> None:
    """What is missing is added, and what is wrong is put aside with its parameters."""
    before = config.encode()
    pi.config.write_bytes(before)
    pi.run("--yes")
    assert pi.active() == active
    assert PREPARED in pi.run("--yes")
    pi.run("--undo", "--yes")
    assert pi.config.read_bytes() == before


def test_included_files(pi: Pi) -> None:
    """An included file is read, and never changed."""
    (pi.config.parent / "mine.txt").write_bytes(RIGHT)
    assert prepared(pi, "include mine.txt\n")
    assert prepared(pi, f"include missing.txt\n{RIGHT.decode()}")
    pi.config.write_text("include mine.txt\n")
    # One that includes itself, too
    (pi.config.parent / "mine.txt").write_text("include mine.txt\ndtoverlay=gpio-ir,gpio_pin=4\n")
    before = pi.files()
    output = pi.run("--yes", status=1)
    assert "mine.txt:2: dtoverlay=gpio-ir,gpio_pin=4 is in the way" in output
    assert "Put a # before this line. No changes made" in output
    assert pi.files() == before


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ("cmdline=mine.txt\n", "mine.txt"),
        ("os_prefix=slot/\n", "slot/cmdline.txt"),
        ("os_prefix=slot/\ncmdline=/mine.txt\n", "mine.txt"),
        ("[pi4]\ncmdline=mine.txt\n", "cmdline.txt"),
        ("cmdline=../../outside.txt\n", "cmdline.txt"),
    ],
)
def test_command_line_in_another_place(pi: Pi, config: str, name: str) -> None:
    """The file that the firmware reads is changed, and no other one, nor one outside the boot partition."""
    pi.config.write_text(config)
    (pi.config.parent / "slot").mkdir()
    outside = pi.root / "outside.txt"
    paths = [pi.cmdline, pi.config.parent / "mine.txt", pi.config.parent / "slot/cmdline.txt", outside]
    for path in paths:
        path.write_bytes(CMDLINE)
    before = pi.files()
    pi.run("--yes")
    changed = [path for path in paths if path.read_bytes() != CMDLINE]
    assert changed == [pi.config.parent / name]
    assert PREPARED in pi.run("--yes")
    pi.run("--undo", "--yes")
    assert pi.files() == before


def test_line_of_two_owners(pi: Pi) -> None:
    """A line with parameters of a wrong overlay and of the Pi can neither stay nor go."""
    pi.config.write_text("dtoverlay=gpio-ir\ndtparam=gpio_pin=4,audio=on\n")
    before = pi.files()
    output = pi.run("--yes", status=1)
    assert "config.txt:2: dtparam=gpio_pin=4,audio=on has parameters of gpio-ir and of the Pi itself" in output
    assert pi.files() == before


@pytest.mark.parametrize(
    ("line", "pins"),
    [
        ("dtoverlay=w1-gpio,gpiopin=17", [17]),
        ("dtoverlay=w1-gpio-pullup,extpullup=18", [18]),
        ("dtoverlay=lirc-rpi", [17, 18]),
        ("dtoverlay=lirc-rpi,gpio_out_pin=22,gpio_in_pin=23", []),
        ("dtoverlay=pwm", [18]),
        ("dtoverlay=pwm-2chan,pin=12,pin2=13", []),
        ("dtoverlay=hifiberry-dac", [18]),
        ("dtoverlay=googlevoicehat-soundcard", [18]),
        ("dtoverlay=audremap,pins_18_19", [18]),
        ("dtoverlay=audremap,pins_12_13", []),
        ("dtoverlay=spi1-2cs", [17, 18]),
        ("dtoverlay=spi1-1cs,cs0_pin=36", []),
        ("dtoverlay=dht11,gpiopin=17", [17]),
        ("dtoverlay=gpio-shutdown\ndtparam=gpio_pin=17", [17]),
        ("dtoverlay=mcp2515-can0,interrupt=18", [18]),
        ("dtoverlay=goodix", [17]),
        ("dtoverlay=goodix,reset=27", []),
        ("dtoverlay=vc4-kms-dpi-at056tn53v1", [17, 18]),
        ("dtoverlay=vc4-kms-vga666", [17, 18]),
        ("dtoverlay=dpi18cpadhi", [17]),
        ("dtoverlay=vc4-kms-dpi-generic,rgb666-padhi", [17]),
        ("dtoverlay=vc4-kms-dpi-generic,rgb666-padhi,backlight-gpio=18", [17, 18]),
        ("dtoverlay=wittypi", [17]),
        ("dtoverlay=wittypi,led_gpio=26", []),
        ("dtoverlay=hy28a", [17, 18]),
        ("dtoverlay=watterott-display", [18]),
        ("dtoverlay=media-center,backlight=18", [18]),
        ("dtoverlay=pisound", [17, 18]),
        ("dtoverlay=tinylcd35", [18]),
        ("dtoverlay=tinylcd35,touch,keypad", [17, 18]),
        ("dtoverlay=pwm-gpio-fan", [18]),
        ("dtoverlay=pwm-gpio-fan,fan_gpio=12", []),
        ("dtoverlay=tft35a:rotate=90", [17]),
        ("dtoverlay=waveshare35a", [17]),
        ("dtoverlay=uart0-pi5", []),
        ("dtoverlay=uart0-pi5,ctsrts", [17]),
        ("dtoverlay=spi6-1cs", [18]),
        ("dtoverlay=si446x-spi0", [17]),
        ("dtoverlay=tc358743-audio", [18]),
        ("dtoverlay=mipi-dbi-spi,spi0-0,backlight-pwm", [18]),
        ("dtoverlay=mipi-dbi-spi,spi0-0,backlight-pwm,backlight-pwm-gpio=12", []),
        ("dtoverlay=mcp251xfd,spi0-0,interrupt=25,rx_interrupt=17", [17]),
        ("dtoverlay=at86rf233,reset=17", [17]),
        ("dtoverlay=i2c-gpio,i2c_gpio_delay_us=18", []),
        ("dtoverlay=i2s-gpio28-31", []),
        ("dtparam=i2s=on", [18]),
        ("dtparam=audio=on,i2s=on", [18]),
        ("dtparam=i2s=on\ndtparam=i2s=off", []),
        ("[pi4]\ndtparam=i2s=on", [18]),
        ("dtoverlay=w1-gpio", []),
        ("dtoverlay=vc4-kms-v3d", []),
        ("dtoverlay=i2c-rtc,ds3231", []),
    ],
)  # fmt: skip
def test_other_uses_of_the_pins(pi: Pi, line: str, pins: list[int]) -> None:
    """They are shown with their line, and nothing is changed until the user decides."""
    pi.config.write_text(f"# mine\n{line}\n")
    before = pi.files()
    output = pi.run("--dry-run", status=1 if pins else 0)
    shown = line.splitlines()[line.startswith("[")]
    number = 3 if line.startswith("[") else 2
    uses = [text.strip() for text in output.splitlines() if "is also used by" in text]
    names = {18: "infrared receiver", 17: "infrared transmitter"}
    assert uses == [f"GPIO {pin} ({names[pin]}) is also used by config.txt:{number}: {shown}" for pin in pins]
    if pins:
        assert "No changes made" in pi.run("--yes", status=1)
        assert pi.files() == before


@pytest.mark.parametrize(
    ("line", "active"),
    [
        ("dtoverlay=w1-gpio,gpiopin=17", [I2C, RECEIVER, TRANSMITTER]),
        ("dtoverlay=gpio-shutdown\ndtparam=gpio_pin=17", [I2C, RECEIVER, TRANSMITTER]),
        # Other parameters of the line stay
        ("dtparam=audio=on,i2s=on", ["dtparam=audio=on,i2s=on", I2C, "dtparam=i2s=off", RECEIVER, TRANSMITTER]),
    ],
)
def test_taking_the_pins(pi: Pi, line: str, active: list[str]) -> None:
    """With consent, the board gets its pins, until the undo."""
    pi.config.write_text(f"{line}\n")
    before = pi.files()
    pi.run("--take-pins", "--yes")
    assert pi.active() == active
    assert PREPARED in pi.run("--take-pins", "--yes")
    pi.run("--undo", "--yes")
    assert pi.files() == before


def test_keeping_the_pins(pi: Pi) -> None:
    """The other use stays, and the end of the infrared on that pin is left out."""
    pi.config.write_text("dtoverlay=w1-gpio,gpiopin=17\n")
    pi.run("--keep-pins", "--yes")
    assert pi.active() == ["dtoverlay=w1-gpio,gpiopin=17", I2C, RECEIVER]


@pytest.mark.parametrize(
    ("words", "limited"),
    [
        ("cgroup_enable=memory", True),
        ("cgroup_enable=cpuset,memory", True),
        ("cgroup_disable=memory cgroup_enable=memory", True),
        ("cgroup_enable=memory cgroup_disable=memory", False),
        ("cgroup_enable=memory cgroup_disable=cpu,memory", False),
        ("cgroup_enable=memory cgroup_disable=cpu", True),
        ("cgroup_enable=cpuset", False),
        ("xcgroup_enable=memory", False),
    ],
)
def test_last_of_opposite_words_counts(pi: Pi, words: str, limited: bool) -> None:
    """The word is added at the end, where it counts, and the undo removes that one."""
    pi.cmdline.write_text(f"{CMDLINE.decode().strip()} {words}\n")
    before = pi.cmdline.read_text()
    pi.run("--yes")
    after = pi.cmdline.read_text()
    assert after == (before if limited else f"{before.strip()} cgroup_enable=memory\n")
    assert PREPARED in pi.run("--yes")
    pi.cmdline.write_text(f"{after.strip()} quiet\n")
    pi.run("--undo", "--yes")
    assert pi.cmdline.read_text() == f"{before.strip()} quiet\n"
