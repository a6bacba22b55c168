"""Tests of setup-pi on a Debian's groups and packages."""

import os
import shutil
import subprocess

import pytest

from .pi import SETUP_PI

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
awk -v RS= -v ORS="\n\n" '!/^Package: (docker|containerd)/' /var/lib/dpkg/status > /mnt/status
cp /mnt/status /var/lib/dpkg/status
add() {
  printf 'Package: %s\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n\n' "$1" \
    >> /var/lib/dpkg/status
}
for package in $INSTALLED; do add "$package"; done
cat > /mnt/fake/apt-cache <<'APT'
#!/bin/sh
case "$2" in
  docker-compose) echo "  Candidate: $COMPOSE" ;;
  docker-compose-plugin) [ -e /etc/apt/sources.list.d/anavi_weather-docker.list ] && echo "  Candidate: 5:2.40.3" || echo "  Candidate: (none)" ;;
esac
exit 0
APT
cat > /mnt/fake/apt-get <<'APT'
#!/bin/sh
echo "apt-get $*" >> /mnt/asked
case "$*" in
  *--simulate*remove*) cat /mnt/needed-by-others 2>/dev/null ;;
  *--simulate*install*) cat /mnt/conflicts 2>/dev/null ;;
  *install*docker*)
    printf 'Package: %s\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n\n' \
      docker-of-the-tests >> /var/lib/dpkg/status ;;
esac
exit 0
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


TRIXIE, BOOKWORM = "2.26.1-4", "1.29.2-3"


def in_debian(script: str, compose: str = TRIXIE, installed: str = "") -> str:
    """Run a script where there is a Pi's layout, and return what it prints.

    Args:
        script: The script.
        compose: The version of Debian's docker-compose.
        installed: Packages of Docker that are installed already.
    """
    result = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "bash", "-c", SYSTEM + script],
        env=os.environ | {"COMPOSE": compose, "INSTALLED": installed, "SETUP_PI": str(SETUP_PI)}, capture_output=True, text=True, check=False,
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


LIMITS = "cgroup_enable=memory"
LIMITED = "root=1 cgroup_enable=memory"
NOT_LIMITED = "root=1 cgroup_enable=memory cgroup_disable=memory"
RUN = "Run: sudo ./setup-pi"


@on_debian
@pytest.mark.parametrize(
    ("docker", "cmdline", "line"),
    [
        ("echo true", LIMITED, "ok      Docker with Compose, and it can limit memory"),
        ("exit 1", LIMITED, "FAILED  Docker: not running. See: systemctl status docker"),
        ('[ "$1" = info ] && echo true', LIMITED, f"FAILED  Docker: has no Compose. {RUN}"),
        (
            "echo false",
            NOT_LIMITED,
            f"FAILED  Docker cannot limit memory: {LIMITS} is not in /boot/firmware/cmdline.txt, or a later word turns it off. {RUN}",
        ),
        (
            "echo false",
            LIMITED,
            "FAILED  Docker cannot limit memory: cmdline.txt is right, and takes effect with a restart: sudo reboot",
        ),
    ],
)
def test_check_of_docker(docker: str, cmdline: str, line: str) -> None:
    """Each cause has its own remedy."""
    output = in_debian(f"""
printf '#!/bin/sh\n%s\n' '{docker}' > /mnt/fake/docker
echo "{cmdline}" > /boot/firmware/cmdline.txt
$SETUP_PI --check || echo "status $?"
""")
    assert line in output.splitlines()


@on_debian
def test_check_without_docker() -> None:
    """The program is found nowhere: all that the check needs is in a folder of its own."""
    output = in_debian(r"""
mkdir /mnt/tools
ln -s "$(python3 -c 'import sys; print(sys.executable)')" /mnt/tools/python3
PATH=/mnt/tools $SETUP_PI --check || true
""")
    assert f"FAILED  Docker: not installed. {RUN}" in output.splitlines()


@on_debian
def test_check_of_a_kernel_that_ignores_cmdline() -> None:
    """The file is right and old, so a restart does not help."""
    output = in_debian(r"""
printf '#!/bin/sh\necho false\n' > /mnt/fake/docker
echo "root=1 cgroup_enable=memory" > /boot/firmware/cmdline.txt
touch --date=@1 /boot/firmware/*.txt
$SETUP_PI --check || true
""")
    assert "cmdline.txt is right, but the kernel did not get it. Compare: cat /proc/cmdline" in output


@on_debian
def test_refused_packages() -> None:
    """What apt-get says is shown, and the next run tries again."""
    output = in_debian(r"""
sed -i '/^case/i case "$*" in *simulate*) ;; *install*docker*) echo "E: No space" >\&2; exit 100 ;; esac' /mnt/fake/apt-get
$SETUP_PI --user pi-of-the-tests --yes 2>&1 && exit 1
$SETUP_PI --user pi-of-the-tests --dry-run
""")
    assert "Docker not installed. Run this again, or read what apt-get says: E: No space" in output
    assert "Packages, with their dependencies: docker.io" in output.split("No space")[1]


@on_debian
def test_nobody_gets_the_groups() -> None:
    """Root has no need of them."""
    output = in_debian("$SETUP_PI --user root --no-docker --dry-run")
    assert "No user added to the groups. To add one: setup-pi --user NAME" in output
    assert "Groups for" not in output


@on_debian
def test_report_of_versions() -> None:
    """Whoever reads the issue knows with which Docker it was."""
    output = in_debian(r"""
printf '#!/bin/sh\ncase "$*" in version*) echo 20.10.24 ;; compose*short*) echo 2.40.3 ;; *) echo true ;; esac\n' > /mnt/fake/docker
$SETUP_PI --check --report || true
""")
    assert "- Docker: 20.10.24, Compose: 2.40.3\n" in output
    assert "ok      Docker with Compose, and it can limit memory\n" in output


INSTALL = "apt-get install -y -qq --no-install-recommends --no-remove "
DOCKERS_KEY = r"""
printf '#!/bin/sh\n: > "$4"\n' > /mnt/fake/curl
printf '#!/bin/sh\necho fpr:::::::::9DC858229FC7DD38854AE2D88D81803C0EBFCD88:\n' > /mnt/fake/gpg; chmod +x /mnt/fake/*
"""


@on_debian
def test_groups_and_packages() -> None:
    """Groups are added and Docker is installed once, and undone except for existing groups."""
    output = in_debian(r"""
$SETUP_PI --user pi-of-the-tests --yes
grep -v '#' /etc/modules-load.d/anavi_weather_container.conf | paste -s
grep -F 'remote_station/start" --boot' /etc/systemd/system/anavi_weather.service
readlink /etc/systemd/system/multi-user.target.wants/anavi_weather.service
id -nG pi-of-the-tests
echo ---; cat /mnt/asked
echo ---; cp /mnt/asked /mnt/asked-once; printf '#!/bin/sh\n' > /mnt/fake/docker
$SETUP_PI --user pi-of-the-tests --yes; cmp /mnt/asked /mnt/asked-once
echo ---; $SETUP_PI --undo --yes; tail -1 /mnt/asked
cmp /etc/group /mnt/group; diff -r /boot/firmware /mnt/before
[ ! -e /var/lib/anavi_weather ] && [ ! -e /etc/modules-load.d/anavi_weather.conf ]
[ -z "$(find /etc/systemd /etc/modules-load.d -name "anavi_weather*")" ]
""")
    first, asked, second, undone = output.split("---\n")
    assert "Groups for pi-of-the-tests: i2c\n" in first
    assert first.splitlines()[-4] == "i2c-dev\trc-core"
    assert first.splitlines()[-3] == f'ExecStart="{SETUP_PI.parent}/start" --boot'
    assert first.splitlines()[-2] == "/etc/systemd/system/anavi_weather.service"
    assert set(first.splitlines()[-1].split()) == {"pi-of-the-tests", "i2c", "video"}
    assert f"{INSTALL}docker.io docker-compose docker-buildx apparmor\n" in asked
    assert second == "Everything is already prepared.\n"
    assert undone.endswith("apt-get remove -y -qq docker-of-the-tests\n")


@on_debian
def test_bookworm_takes_dockers_packages() -> None:
    """Debian's Compose 1 would not do; a key that is not Docker's is refused before anything is installed."""
    output = in_debian(
        DOCKERS_KEY
        + r"""
printf '#!/bin/sh\necho fpr:::::::::0123456789ABCDEF:\n' > /mnt/fake/gpg
$SETUP_PI --user pi-of-the-tests --dry-run
echo ---; $SETUP_PI --user pi-of-the-tests --yes 2>&1 && exit 1
echo ---; cat /mnt/asked; ls /etc/apt/sources.list.d /etc/apt/keyrings 2>/dev/null | grep anavi || true
""",
        BOOKWORM,
    )
    shown, refused, asked = output.split("---\n")
    assert "Package source: download.docker.com\n" in shown
    assert "docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin" in shown
    assert "the downloaded key is not Docker's but 0123456789ABCDEF. Nothing installed" in refused
    assert "install -y -qq --no-install-recommends" not in asked
    assert "anavi" not in asked


@on_debian
@pytest.mark.parametrize(
    ("compose", "installed", "packages"),
    [
        (TRIXIE, "docker.io", "docker-compose docker-buildx"),
        (BOOKWORM, "docker.io", "docker-buildx-plugin docker-compose-plugin"),
        (TRIXIE, "docker-ce", "docker-buildx-plugin docker-compose-plugin"),
    ],
)
def test_existing_docker_only_gets_compose(compose: str, installed: str, packages: str) -> None:
    """The engine that runs the user's containers is neither replaced nor removed."""
    output = in_debian(
        DOCKERS_KEY + "$SETUP_PI --user pi-of-the-tests --yes; echo ---; grep -v simulate /mnt/asked",
        compose,
        installed,
    )
    assert output.splitlines()[-1] == INSTALL + packages


CONFLICT = (
    DOCKERS_KEY
    + r"""
echo 'Remv docker-compose [1.29.2-3] (1 Docker:bookworm [all])' > /mnt/conflicts
"""
)


@on_debian
def test_conflicting_package_is_not_removed_without_consent() -> None:
    """Bookworm's Compose 1 conflicts with Docker's. `--yes` alone does not agree to that, and the source is removed again."""
    output = in_debian(
        CONFLICT
        + "$SETUP_PI --user pi-of-the-tests --yes 2>&1 && exit 1; grep -v simulate /mnt/asked; ls /etc/apt/sources.list.d",
        BOOKWORM,
        "docker.io docker-compose",
    )
    assert "Packages to remove: docker-compose\n" in output
    assert "that would remove packages: docker-compose. Everything else is prepared" in output
    assert "setup-pi --replace-docker" in output
    assert INSTALL not in output
    assert "anavi" not in output.split("To remove them")[1]


@on_debian
@pytest.mark.parametrize(
    "agree", ["$SETUP_PI --user pi-of-the-tests --yes --replace-docker", "yes | $SETUP_PI --user pi-of-the-tests"]
)
def test_removed_package_is_brought_back(agree: str) -> None:
    """The undo installs what had to be removed."""
    output = in_debian(
        CONFLICT
        + agree
        + r"""
awk -v RS= -v ORS="\n\n" '!/^Package: docker-compose/' /var/lib/dpkg/status > /mnt/status; cp /mnt/status /var/lib/dpkg/status
cat /var/lib/anavi_weather/removed
$SETUP_PI --undo --yes; grep -v simulate /mnt/asked | tail -2""",
        BOOKWORM,
        "docker.io docker-compose",
    )
    assert "docker-compose\nThis undoes" in output
    assert "Restored: docker-compose\n" in output
    assert output.splitlines()[-2:] == ["apt-get remove -y -qq docker-of-the-tests", f"{INSTALL}docker-compose"]


@on_debian
def test_what_needs_docker_by_now_is_not_removed() -> None:
    """Packages that others need or that are already missing stay; the output says how to remove them."""
    output = in_debian(r"""
$SETUP_PI --user pi-of-the-tests --yes >/dev/null
echo gone-by-now >> /var/lib/anavi_weather/packages
printf 'Remv docker-of-the-tests [1]\nRemv portainer [2]\n' > /mnt/needed-by-others
$SETUP_PI --undo --yes; tail -1 /mnt/asked; [ ! -e /var/lib/anavi_weather ]
""")
    assert "other packages need it: portainer. To remove it anyway: sudo apt-get remove docker-of-the-tests\n" in output
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
    assert "user nobody-here: not found. No changes made" in output
    assert "asked" not in output.splitlines()
