"""Files that a power failure leaves whole, and copies to undo changes with."""

from hashlib import sha256
import os
from pathlib import Path
import shutil

from .boot_files import without_block

CHECKSUMS = "checksums"


class DamagedCopyError(Exception):
    """A copy to undo a change with is missing, or is not what was written."""


def decode(content: bytes) -> str:
    """Return a file's text. Bytes that are not UTF-8 survive."""
    return content.decode(errors="surrogateescape")


def encode(text: str) -> bytes:
    """Return the content of a file with a text."""
    return text.encode(errors="surrogateescape")


def write(path: Path, content: bytes) -> None:
    """Write a file as one step, which is on disk when this returns.

    Raises:
        OSError: if the file cannot be written. The old one is still there then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, new)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class UndoCopies:
    """Copies of files before and after they were changed."""

    def __init__(self, folder: Path) -> None:
        """Initialize with the folder of the copies, which may not exist yet."""
        self.folder = folder

    def store(self, name: str, original: bytes, changed: bytes) -> None:
        """Keep copies of a file, on disk before the file itself is changed.

        Raises:
            OSError: if a copy cannot be written, or is not read back as it was written.
        """
        sums = self._checksums()
        for copy, content in ((f"{name}.original", original), (f"{name}.changed", changed)):
            write(self.folder / copy, content)
            sums[copy] = sha256(content).hexdigest()
        write(self.folder / CHECKSUMS, "".join(f"{value}  {copy}\n" for copy, value in sorted(sums.items())).encode())
        sync_folder(self.folder.parent)
        if self.load(name) != (original, changed):
            raise OSError(f"the copies in {self.folder} are not as they were written")

    def load(self, name: str) -> tuple[bytes, bytes] | None:
        """Return a file before and after it was changed, or None if it was not changed.

        Raises:
            DamagedCopyError: if a copy is missing, empty or damaged.
        """
        sums = self._checksums()
        copies = [self.folder / f"{name}.{kind}" for kind in ("original", "changed")]
        if not any(copy.exists() or copy.name in sums for copy in copies):
            return None
        contents = []
        for copy in copies:
            try:
                content = copy.read_bytes()
            except OSError as error:
                raise DamagedCopyError(f"{copy}: {error.strerror}") from error
            if copy.name in sums and sums[copy.name] != sha256(content).hexdigest():
                raise DamagedCopyError(f"{copy} is damaged")
            contents.append(content)
        original, changed = contents
        # Copies of 1.0.0 have no checksums. A file that was empty before has nothing but the lines that were added.
        if copies[0].name not in sums and not original and without_block(decode(changed)).strip():
            raise DamagedCopyError(f"{copies[0]} is empty")
        return original, changed

    def _checksums(self) -> dict[str, str]:
        try:
            lines = (self.folder / CHECKSUMS).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return {}
        return {name: value for value, _, name in (line.partition("  ") for line in lines)}
