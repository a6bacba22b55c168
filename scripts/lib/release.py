"""Make the files of a release in a folder.

anavi_weather.zip has the integration, for HACS and the Marketplace. remote_station.tar has what a Raspberry Pi needs to run the
published image. The same commit gives the same bytes on every machine: names are sorted, times are the commit's, and nothing is
compressed, because implementations of zlib differ.
"""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
import io
from pathlib import Path
import subprocess
import tarfile
from typing import NamedTuple
import zipfile

ROOT = Path(__file__).parents[2]
INTEGRATION = "custom_components/anavi_weather"
REMOTE_STATION = "docker/remote_station"
# Neither the image's own files, nor pages whose links lead out of the folder
STATION_FILES = (".env.example", "compose.gelf.yaml", "compose.yaml", "setup-pi", "setup_pi", "start")
ZIP = "anavi_weather.zip"
TAR = "remote_station.tar"
MODE, EXECUTABLE_MODE = 0o644, 0o755


class File(NamedTuple):
    """A file of a release."""

    name: str
    content: bytes
    mode: int


def git(*arguments: str) -> str:
    """Return git's output."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def tracked(folder: str, *names: str) -> Iterator[File]:
    """Yield the files of a folder that git knows, sorted by their names in it."""
    paths = git("ls-files", "-z", "--", *(f"{folder}/{name}" for name in names or (".",)))
    for path in sorted(paths.rstrip("\0").split("\0")):
        file = ROOT / path
        mode = EXECUTABLE_MODE if file.stat().st_mode & 0o100 else MODE
        yield File(path.removeprefix(f"{folder}/"), file.read_bytes(), mode)


def write_zip(target: Path, time: datetime) -> None:
    """Write the integration, without a folder around it, because HACS unpacks it into the integration's own."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for file in tracked(INTEGRATION):
            entry = zipfile.ZipInfo(file.name, time.timetuple()[:6])
            entry.create_system = 3  # Unix, whatever this machine is
            entry.external_attr = file.mode << 16
            archive.writestr(entry, file.content)


def write_tar(target: Path, time: datetime) -> None:
    """Write the folder of a remote station."""
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        for file in tracked(REMOTE_STATION, *STATION_FILES):
            entry = tarfile.TarInfo(f"remote_station/{file.name}")
            entry.size, entry.mode, entry.mtime = len(file.content), file.mode, int(time.timestamp())
            archive.addfile(entry, io.BytesIO(file.content))


def main() -> None:
    """Make the files."""
    parser = argparse.ArgumentParser(
        prog="scripts/release", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where to write the files")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    time = datetime.fromtimestamp(int(git("log", "-1", "--format=%ct")), UTC)
    for name, write in ((ZIP, write_zip), (TAR, write_tar)):
        write(folder / name, time)
        print(folder / name)


if __name__ == "__main__":
    main()
