"""Tests of `setup-pi --card` on boot partitions: files laid out like those of Home Assistant OS and Raspberry Pi OS."""

from pathlib import Path
import shutil
import subprocess

import pytest

from .compose import PROJECT
from .pi import BLOCK, CMDLINE, I2C, PLAIN, RECEIVER, RIGHT, SETUP_PI, TRANSMITTER

TOOLS = ("mkfs.vfat", "mcopy", "mdeltree")
MISSING = [tool for tool in TOOLS if not shutil.which(tool)]
# The settings of Home Assistant OS that matter, in its order
HOME_ASSISTANT_OS = b"""# HAOS - don't change it!
disable_splash=1
kernel=u-boot.bin
arm_64bit=1
#dtparam=i2c_arm=on
#dtoverlay=lirc-rpi
dtparam=audio=on

[pi4]
dtoverlay=vc4-fkms-v3d
max_framebuffers=2

[all]
"""
HOME_ASSISTANT_CMDLINE = b"dwc_otg.lpm_enable=0 console=tty0 cma=256M"
# On a Pi 5, which has two slots in place of U-Boot
SLOTS = (
    b"dtparam=audio=on\ndtoverlay=vc4-kms-v3d\nos_prefix=slot-A/\ncmdline=/cmdline.txt\n\n[cm4]\notg_mode=1\n\n[all]\n"
)
SLOTS_CMDLINE = (
    b"rootwait cgroup_enable=memory console=tty1 root=PARTUUID=8d3d53e3-6d49-4c38-8349-aff6859e82fd ro rauc.slot=A\n"
)


class Card:
    """A mounted boot partition."""

    def __init__(self, folder: Path, config: bytes, cmdline: bytes) -> None:
        """Write the files of the partition."""
        self.folder = folder
        (folder / "overlays").mkdir(parents=True)
        (folder / "overlays/gpio-ir.dtbo").write_bytes(b"\xd0\x0d\xfe\xed")
        (folder / "config.txt").write_bytes(config)
        (folder / "cmdline.txt").write_bytes(cmdline)

    def run(self, *options: str, status: int = 0, answer: str = "") -> str:
        """Run the script, and return what it says."""
        command = [str(SETUP_PI), "--card", str(self.folder), *options]
        result = subprocess.run(command, input=answer, capture_output=True, text=True, check=False)
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout + result.stderr

    def files(self) -> dict[str, bytes]:
        """Return all files."""
        return tree(self.folder)


def tree(folder: Path) -> dict[str, bytes]:
    paths = folder.rglob("*")
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in paths}


@pytest.fixture
def home_assistant(tmp_path: Path) -> Card:
    """Return a card with Home Assistant OS."""
    card = Card(tmp_path / "hassos-boot", HOME_ASSISTANT_OS, HOME_ASSISTANT_CMDLINE)
    (card.folder / "u-boot.bin").touch()
    return card


@pytest.fixture
def raspberry_pi(tmp_path: Path) -> Card:
    """Return a card with Raspberry Pi OS."""
    return Card(tmp_path / "bootfs", PLAIN, CMDLINE)


def test_home_assistant_os(home_assistant: Card) -> None:
    """I2C, the overlays and the module, whose folder Home Assistant OS imports. Its command line stays."""
    before = home_assistant.files()
    output = home_assistant.run("--yes")
    after = home_assistant.files()
    assert after["config.txt"] == HOME_ASSISTANT_OS + "\n".join([*BLOCK, ""]).encode()
    assert after["cmdline.txt"] == HOME_ASSISTANT_CMDLINE
    assert after["CONFIG/modules/rpi-i2c.conf"].splitlines()[1:] == [b"i2c-dev"]
    assert "removes the key for debugging over SSH" in output
    assert "restart it once more" in output
    assert home_assistant.run("--yes") == "Everything is already prepared.\n"
    assert "FAILED" not in home_assistant.run("--check")
    assert "Eject the card" in home_assistant.run("--undo", "--yes")
    assert home_assistant.files() == before
    assert home_assistant.run("--undo", "--yes") == "Nothing to undo.\n"


def test_home_assistant_os_on_a_pi_5(tmp_path: Path) -> None:
    """Its command line stays, too. An update of the system edits config.txt, which the undo survives."""
    card = Card(tmp_path / "hassos-boot", SLOTS, SLOTS_CMDLINE)
    before = card.files()
    card.run("--yes")
    after = card.files()
    assert after["config.txt"] == SLOTS + "\n".join([*BLOCK, ""]).encode()
    assert after["cmdline.txt"] == SLOTS_CMDLINE
    assert "CONFIG/modules/rpi-i2c.conf" in after
    (card.folder / "config.txt").write_bytes(after["config.txt"].replace(b"slot-A", b"slot-B"))
    assert card.run("--yes") == "Everything is already prepared.\n"
    card.run("--undo", "--yes")
    assert card.files() == before | {"config.txt": SLOTS.replace(b"slot-A", b"slot-B")}


def test_home_assistant_os_has_imported_the_folder(home_assistant: Card) -> None:
    """It has deleted the folder since: a second run makes no new one."""
    before = home_assistant.files()
    home_assistant.run("--yes")
    shutil.rmtree(home_assistant.folder / "CONFIG")
    assert home_assistant.run("--yes") == "Everything is already prepared.\n"
    assert "FAILED" not in home_assistant.run("--check")
    home_assistant.run("--undo", "--yes")
    assert home_assistant.files() == before


def test_home_assistant_os_was_updated(home_assistant: Card) -> None:
    """An update keeps the text files and nothing else: the marks are enough to undo."""
    home_assistant.run("--yes")
    shutil.rmtree(home_assistant.folder / "anavi_weather_undo")
    shutil.rmtree(home_assistant.folder / "CONFIG")
    home_assistant.run("--undo", "--yes")
    assert home_assistant.files()["config.txt"] == HOME_ASSISTANT_OS


@pytest.mark.parametrize(
    ("content", "new"),
    [("# mine\ni2c-dev\n", []), ("i2c-bcm2708\n", ["CONFIG/modules/anavi_weather.conf"])],
)
def test_own_folder_config(home_assistant: Card, content: str, new: list[str]) -> None:
    """What the user has there stays."""
    modules = home_assistant.folder / "CONFIG/modules"
    modules.mkdir(parents=True)
    (modules / "rpi-i2c.conf").write_text(content)
    before = home_assistant.files()
    home_assistant.run("--yes")
    after = home_assistant.files()
    assert [name for name in after if name.startswith("CONFIG") and name not in before] == new
    assert after["CONFIG/modules/rpi-i2c.conf"] == content.encode()
    home_assistant.run("--undo", "--yes")
    assert home_assistant.files() == before


def test_raspberry_pi_os(raspberry_pi: Card) -> None:
    """The module is loaded by the command line, because the root filesystem is on another partition."""
    before = raspberry_pi.files()
    raspberry_pi.run("--yes")
    after = raspberry_pi.files()
    assert after["cmdline.txt"] == CMDLINE.rstrip() + b" cgroup_enable=memory modules-load=i2c-dev\n"
    assert not any(name.startswith("CONFIG") for name in after)
    assert raspberry_pi.run("--yes") == "Everything is already prepared.\n"
    assert "FAILED" not in raspberry_pi.run("--check")
    (raspberry_pi.folder / "cmdline.txt").write_bytes(after["cmdline.txt"].rstrip() + b" quiet\n")
    raspberry_pi.run("--undo", "--yes")
    assert raspberry_pi.files() == before | {"cmdline.txt": CMDLINE.rstrip() + b" quiet\n"}


@pytest.mark.parametrize("word", ["modules-load=dwc2,i2c-dev", "modules_load=i2c_dev"])
def test_module_that_is_loaded(raspberry_pi: Card, word: str) -> None:
    cmdline = f"{CMDLINE.decode().strip()} cgroup_enable=memory {word}\n"
    (raspberry_pi.folder / "cmdline.txt").write_text(cmdline)
    raspberry_pi.run("--yes")
    assert raspberry_pi.files()["cmdline.txt"] == cmdline.encode()


@pytest.mark.parametrize(("options", "status"), [(("--dry-run",), 0), ((), 1)])
def test_it_shows_and_asks(home_assistant: Card, options: tuple[str, ...], status: int) -> None:
    """The plan is shown, and nothing is changed without a yes."""
    before = home_assistant.files()
    output = home_assistant.run(*options, status=status, answer="n\n")
    assert home_assistant.files() == before
    for line in (*BLOCK, "i2c-dev"):
        assert f"  + {line}\n" in output


def test_check_of_an_unprepared_card(raspberry_pi: Card) -> None:
    """Each line that is missing, and the command that adds it."""
    (raspberry_pi.folder / "config.txt").write_text("dtoverlay=w1-gpio,gpiopin=18\n")
    run = f"Run: ./setup-pi --card {raspberry_pi.folder}"
    assert raspberry_pi.run("--check", status=1).splitlines() == [
        f"FAILED  I2C in config.txt: off. {run}",
        f"FAILED  infrared receiver in config.txt: not found. {run}",
        f"FAILED  infrared transmitter in config.txt: not found. {run}",
        f"FAILED  module i2c-dev: not loaded. {run}",
        f"FAILED  memory limits in cmdline.txt: off. {run}",
        f"FAILED  GPIO 18 (infrared receiver) is also used by config.txt:1: dtoverlay=w1-gpio,gpiopin=18: {run} --take-pins",
    ]


@pytest.mark.parametrize("mode", ["--yes", "--undo"])
def test_no_boot_partition(tmp_path: Path, mode: str) -> None:
    """Another folder is not touched."""
    result = subprocess.run([SETUP_PI, "--card", tmp_path, mode], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "No changes made" in result.stderr
    assert list(tmp_path.iterdir()) == []


AUTOBOOT = "[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"


def test_partition_that_only_names_another(tmp_path: Path) -> None:
    """Like the first one of a system with two boot partitions, which have a config.txt each."""
    (tmp_path / "autoboot.txt").write_text(AUTOBOOT)
    result = subprocess.run([SETUP_PI, "--card", tmp_path, "--yes"], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    named = f"{tmp_path}/autoboot.txt: the firmware starts from partition 2 or 3. Mount that partition, and name it"
    assert named in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["autoboot.txt"]


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("autoboot.txt", AUTOBOOT, "autoboot.txt exists: the firmware starts from partition 2 or 3. Prepare"),
        ("tryboot.txt", RIGHT.decode(), "tryboot.txt exists: a system update may replace config.txt with it"),
    ],
)  # fmt: skip
def test_another_boot_file(raspberry_pi: Card, name: str, text: str, note: str) -> None:
    """It is reported, and not changed."""
    (raspberry_pi.folder / name).write_text(text)
    assert f"-       {note}" in raspberry_pi.run("--yes")
    assert f"-       {note}" in raspberry_pi.run("--check")
    assert (raspberry_pi.folder / name).read_text() == text


def test_default_boot_partition(raspberry_pi: Card) -> None:
    (raspberry_pi.folder / "autoboot.txt").write_text("boot_partition=0\n")
    assert "autoboot.txt" not in raspberry_pi.run("--yes")


def test_no_folder(tmp_path: Path) -> None:
    """A check names it."""
    result = subprocess.run([SETUP_PI, "--card", tmp_path, "--check"], capture_output=True, text=True, check=False)
    assert result.stdout == "FAILED  config.txt: not found. Is this a boot partition?\n"


def test_lines_for_those_who_edit_by_hand(home_assistant: Card) -> None:
    """They are those that the script writes."""
    output = subprocess.run([SETUP_PI, "--lines"], capture_output=True, text=True, check=True).stdout
    assert [line for line in output.splitlines() if line.startswith(("dt", "["))] == [
        "[all]",
        I2C,
        RECEIVER,
        TRANSMITTER,
    ]
    lines = "\n[all]\n" + RIGHT.decode()
    (home_assistant.folder / "config.txt").write_bytes(HOME_ASSISTANT_OS + lines.encode().replace(b"\n", b"\r\n"))
    modules = home_assistant.folder / "CONFIG/modules"
    modules.mkdir(parents=True)
    (modules / "rpi-i2c.conf").write_bytes(b"i2c-dev\r\n")
    assert home_assistant.run("--yes") == "Everything is already prepared.\n"


@pytest.mark.parametrize("page", ["docs/raspberry-pi.md", "docs/raspberry-pi.pt-BR.md"])
def test_documentation_has_the_same_lines(home_assistant: Card, page: str) -> None:
    """Whoever follows it by hand on Windows has nothing left to prepare."""
    section = (PROJECT / page).read_text(encoding="utf-8").split("## Home Assistant OS\n")[1].split("\n## ")[0]
    block = section.split("```ini\n")[1].split("```")[0]
    lines = "".join(f"{line.strip()}\r\n" for line in block.splitlines() if line.strip())
    (home_assistant.folder / "config.txt").write_bytes(HOME_ASSISTANT_OS + lines.encode())
    assert all(f"`{name}`" in section for name in ("hassos-boot", "CONFIG", "modules", "rpi-i2c.conf", "i2c-dev"))
    modules = home_assistant.folder / "CONFIG/modules"
    modules.mkdir(parents=True)
    (modules / "rpi-i2c.conf").write_bytes(b"i2c-dev")
    assert home_assistant.run("--yes") == "Everything is already prepared.\n"


@pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)} of Debian's dosfstools and mtools")
def test_fat_image(home_assistant: Card, tmp_path: Path) -> None:
    """All names and contents survive a FAT filesystem, there and back."""
    image, copy = tmp_path / "hassos-boot.img", tmp_path / "copy"
    before = home_assistant.files()
    subprocess.run(["mkfs.vfat", "-C", "-n", "hassos-boot", image, "32768"], check=True, capture_output=True)

    def to_image() -> dict[str, bytes]:
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        subprocess.run(["mdeltree", "-i", image, "::*"], check=False, capture_output=True)
        subprocess.run(["mcopy", "-s", "-i", image, *home_assistant.folder.iterdir(), "::"], check=True)
        subprocess.run(["mcopy", "-s", "-n", "-i", image, "::*", copy], check=True)
        return tree(copy)

    assert to_image() == before
    home_assistant.run("--yes")
    prepared = home_assistant.files()
    assert to_image() == prepared
    # On another PC, by what is on the card
    home_assistant.folder = copy
    assert home_assistant.run("--yes") == "Everything is already prepared.\n"
    home_assistant.run("--undo", "--yes")
    assert tree(copy) == before


def test_report(home_assistant: Card) -> None:
    """That of a card has nothing of the PC that reads it."""
    output = home_assistant.run("--check", "--report", status=1)
    assert "- Card: Home Assistant OS\n" in output
    assert "kernel=u-boot.bin\n" in output
    assert "### Kernel" not in output
