"""Tests of setup-pi on a folder of files, and on a Debian's groups and packages.

tests/kernel/guest_setup_pi.py tests `--check` with real devices.
"""

import os
from pathlib import Path
import shutil
import subprocess

import pytest

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


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    """Return a Pi that has just been set up."""
    return Pi(tmp_path)


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
    assert "Everything is prepared already." in pi.run("--yes")
    assert pi.files() == changed
    pi.run("--undo", "--yes")
    assert pi.files() == before
    assert "There is nothing to take back." in pi.run("--undo", "--yes")


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
    assert "config.txt was changed since" in pi.run("--undo", "--yes")
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
    assert "Everything is prepared already." in pi.run("--yes")
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
    assert "is this Raspberry Pi OS? Nothing was changed" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "root=1\nquiet\n"])
def test_bad_cmdline(pi: Pi, content: str) -> None:
    """A Pi would not boot: that is not made worse."""
    pi.cmdline.write_text(content)
    before = pi.files()
    assert "should have one line" in pi.run("--yes", status=1)
    assert pi.files() == before


def test_bad_block(pi: Pi) -> None:
    """Without its end, more could be taken for ours than is."""
    pi.config.write_bytes(PLAIN + BLOCK[0].encode() + b"\nmine=1\n")
    before = pi.files()
    assert "put it back where that part ends" in pi.run("--undo", "--yes", status=1)
    assert pi.files() == before


@pytest.mark.parametrize("options", [("--frobnicate",), ("--user",)])
def test_bad_options(pi: Pi, options: tuple[str, ...]) -> None:
    """They are refused."""
    before = pi.files()
    pi.run(*options, status=1)
    assert pi.files() == before


def test_check_without_devices(pi: Pi) -> None:
    """The check names each missing device and the fix."""
    output = pi.run("--check", status=1)
    assert output.count("FAILED") == 3
    assert f"I2C bus {pi.root}/dev/i2c-1: No such file or directory. Run setup-pi, and restart the Pi" in output


def test_check_of_what_is_no_device(pi: Pi) -> None:
    """A file of that name is neither a bus nor a receiver."""
    for name in ("i2c-1", "lirc0"):
        (pi.root / "dev" / name).touch()
    output = pi.run("--check", status=1)
    assert "FAILED  barometer" in output
    assert f"-       {pi.root}/dev/lirc0: Inappropriate ioctl for device" in output
    assert "FAILED  infrared receiver: there is none" in output


# On this machine, of which these folders are covered for the while: the real gpasswd and dpkg. apt is one that has Trixie's
# packages, or Bookworm's, and notes what is asked.
SYSTEM = r"""
set -eu
mount -t tmpfs tmpfs /mnt
for folder in etc var/lib boot; do
  mkdir -p /mnt/upper/$folder /mnt/work/$folder
  mount -t overlay -o lowerdir=/$folder,upperdir=/mnt/upper/$folder,workdir=/mnt/work/$folder overlay /$folder
done
mkdir -p /boot/firmware /mnt/fake
echo "arm_64bit=1" > /boot/firmware/config.txt
echo "root=/dev/mmcblk0p2 rootwait" > /boot/firmware/cmdline.txt
cp -r /boot/firmware /mnt/before
useradd pi-of-the-tests
getent group i2c >/dev/null || groupadd i2c
gpasswd --add pi-of-the-tests video >/dev/null
cp /etc/group /mnt/group
export PATH=/mnt/fake:$PATH
cat > /mnt/fake/apt-cache <<APT
#!/bin/sh
[ "\$1" = policy ] && echo "  Candidate: $COMPOSE"
exit 0
APT
cat > /mnt/fake/apt-get <<'APT'
#!/bin/sh
echo "apt-get $*" >> /mnt/asked
case "$*" in
  *install*docker.io*)
    printf 'Package: %s\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n\n' \
      docker-of-the-tests >> /var/lib/dpkg/status ;;
esac
APT
printf '#!/bin/sh\nexit 1\n' > /mnt/fake/docker
chmod +x /mnt/fake/*
"""
TOOLS = ("unshare", "useradd", "gpasswd", "dpkg-query")
NO_DEBIAN = (
    "needs root, whose changes are covered"
    if os.geteuid()
    else "".join(f"{tool} is missing: is this Debian?" for tool in TOOLS if not shutil.which(tool))
)
on_debian = pytest.mark.skipif(bool(NO_DEBIAN), reason=NO_DEBIAN)


def in_debian(script: str, compose: str = "2.26.1-4") -> str:
    """Run a script where there is a Pi's layout, and return what it prints."""
    result = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "bash", "-c", SYSTEM + script],
        env=os.environ | {"COMPOSE": compose, "SETUP_PI": str(SETUP_PI)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@on_debian
@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("yes", "ok      clock, set by a time server"),
        (
            "no",
            "FAILED  clock: no time server has set it. Connect the Pi to the network, or see: timedatectl timesync-status",
        ),
        (
            "",
            "FAILED  clock: no time server has set it. Connect the Pi to the network, or see: timedatectl timesync-status",
        ),
    ],
)
def test_check_of_the_clock(answer: str, line: str) -> None:
    output = in_debian(f"""
printf '#!/bin/sh\n[ "$*" = "show --property=NTPSynchronized --value" ] && echo {answer}\n' > /mnt/fake/timedatectl
chmod +x /mnt/fake/timedatectl
$SETUP_PI --check --no-docker || echo "status $?"
""")
    assert line in output.splitlines()
    assert output.splitlines()[-1] == "status 1", "there are no devices"


@on_debian
def test_groups_and_packages() -> None:
    """Groups are added and Docker is installed once, and undone except for existing groups."""
    output = in_debian(r"""
$SETUP_PI --user pi-of-the-tests --yes
id -nG pi-of-the-tests
echo ---; cat /mnt/asked
echo ---; cp /mnt/asked /mnt/asked-once; printf '#!/bin/sh\n' > /mnt/fake/docker
$SETUP_PI --user pi-of-the-tests --yes; cmp /mnt/asked /mnt/asked-once
echo ---; $SETUP_PI --undo --yes; tail -1 /mnt/asked
cmp /etc/group /mnt/group; diff -r /boot/firmware /mnt/before
[ ! -e /var/lib/anavi_weather ] && [ ! -e /etc/modules-load.d/anavi_weather.conf ]
""")
    first, asked, second, undone = output.split("---\n")
    assert "Groups that pi-of-the-tests gets: i2c\n" in first
    assert set(first.splitlines()[-1].split()) == {"pi-of-the-tests", "i2c", "video"}
    assert (
        "apt-get install -y -qq --no-install-recommends docker.io docker-compose docker-buildx apparmor docker-cli"
        in asked
    )
    assert second == "Everything is prepared already.\n"
    assert undone.endswith("apt-get remove -y -qq docker-of-the-tests\n")


@on_debian
def test_bookworm_takes_dockers_packages() -> None:
    """Debian's Compose 1 would not do; a key that is not Docker's is refused before anything is installed."""
    output = in_debian(
        r"""
printf '#!/bin/sh\necho "not a key" > "$4"\n' > /mnt/fake/curl
printf '#!/bin/sh\necho fpr:::::::::0123456789ABCDEF:\n' > /mnt/fake/gpg; chmod +x /mnt/fake/*
$SETUP_PI --user pi-of-the-tests --dry-run
echo ---; $SETUP_PI --user pi-of-the-tests --yes 2>&1 && exit 1
echo ---; cat /mnt/asked; ls /etc/apt/sources.list.d /etc/apt/keyrings 2>/dev/null | grep anavi || true
""",
        compose="1.29.2-3",
    )
    shown, refused, asked = output.split("---\n")
    assert "A source of packages: download.docker.com\n" in shown
    assert "docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin" in shown
    assert "not Docker's key but 0123456789ABCDEF: nothing was installed" in refused
    assert "docker-ce" not in asked
    assert "anavi" not in asked


@on_debian
def test_what_needs_docker_by_now_is_not_removed() -> None:
    """Packages that others need or that are already missing stay; the output says how to remove them."""
    output = in_debian(r"""
$SETUP_PI --user pi-of-the-tests --yes >/dev/null
echo gone-by-now >> /var/lib/anavi_weather/packages
sed -i '/^case/i [ "$1" = --simulate ] \&\& echo "Remv docker-of-the-tests [1]" \&\& echo "Remv portainer [2]"' /mnt/fake/apt-get
$SETUP_PI --undo --yes; tail -1 /mnt/asked; [ ! -e /var/lib/anavi_weather ]
""")
    assert "this would be removed with it: portainer. To do so: sudo apt-get remove docker-of-the-tests\n" in output
    assert output.endswith("apt-get --simulate remove docker-of-the-tests\n")


@on_debian
def test_without_a_network() -> None:
    """Everything but Docker is prepared, and the next run continues from there."""
    output = in_debian(r"""
sed -i '/^case/i [ "$1" != update ] || [ -e /mnt/online ] || exit 100' /mnt/fake/apt-get
$SETUP_PI --user pi-of-the-tests --yes 2>&1 && exit 1
echo ---; touch /mnt/online; $SETUP_PI --user pi-of-the-tests --yes
""")
    first, second = output.split("---\n")
    assert "all is prepared but Docker: is the Pi online?" in first
    assert "gpio-ir" in first
    assert "gpio-ir" not in second
    assert second.endswith("Done.\n")


@on_debian
def test_no_such_user() -> None:
    """It is refused before anything is changed."""
    output = in_debian("$SETUP_PI --user nobody-here --yes 2>&1 && exit 1; diff -r /boot/firmware /mnt/before; ls /mnt")
    assert "there is no user nobody-here. Nothing was changed" in output
    assert "asked" not in output.splitlines()
