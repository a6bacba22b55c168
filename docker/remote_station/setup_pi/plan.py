"""Plan of what changes, and its execution."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import unified_diff
import os
from pathlib import Path

from . import system, unit
from .boot_files import BootFileError, cmdline_txt, config_txt, has_marks, settings, without_block, without_words
from .files import DamagedCopyError, decode, encode, write
from .firmware import read
from .output import Failure, say
from .pins import Claim
from .target import IMPORTED, MODULES_FILE, Kind, Target, require_boot_files

BOOT_ID = Path("proc/sys/kernel/random/boot_id")
DECIDE = (
    "The board needs these pins. No changes made. To turn these lines into comments: setup-pi --take-pins. "
    "To keep them and leave infrared out: setup-pi --keep-pins"
)


IMPORT = (
    "Home Assistant OS imports the folder CONFIG once and deletes it. The import replaces modules that you imported before, and "
    "removes the key for debugging over SSH. If you use either, add it to CONFIG before you eject the card."
)


@dataclass
class Change:
    """A file that changes."""

    path: Path
    base: str
    """Its text without what setup-pi did before."""
    now: str
    new: str


@dataclass
class Options:
    """What the user decided."""

    user: str = "root"
    docker: bool = True
    take_pins: bool = False
    keep_pins: bool = False


@dataclass
class Plan:
    """What is missing on a system."""

    changes: list[Change] = field(default_factory=list)
    created: dict[Path, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    packages: system.Packages | None = None
    claims: Sequence[Claim] = ()

    def __bool__(self) -> bool:
        """Return whether something changes."""
        return bool(self.changes or self.created or self.groups or self.packages)


def base(target: Target, path: Path) -> tuple[str, str]:
    """Return a file's text without what setup-pi did to it, and a remark if that is not certain.

    Byte for byte, unless somebody has changed the file since.
    """
    now, remark = target.text(path), ""
    try:
        copies = target.copies.load(path.name)
    except DamagedCopyError as error:
        remark, copies = f"{error}: copy not used.", None
    if copies and encode(now) == copies[1]:
        return decode(copies[0]), remark
    if path == target.config:
        return (without_block(now) if has_marks(now) else now), remark
    return (without_words(now, *map(decode, copies)) if copies else now), remark


def make_plan(target: Target, options: Options) -> Plan:
    """Return what changes.

    Raises:
        Failure: if the system cannot be prepared.
        BootFileError: if a file cannot be prepared as it is.
    """
    require_boot_files(target)
    plan = Plan()
    config, remark = base(target, target.config)
    _say_if(remark)
    plan.claims = settings(read(config, target.included)).claims
    leave = {claim.pin for claim in plan.claims} if options.keep_pins else set()
    _add(
        plan,
        target,
        target.config,
        config,
        config_txt(config, target.included, take_pins=options.take_pins, leave=leave),
    )
    if target.kind is Kind.RASPBERRY_PI_OS:
        cmdline, remark = base(target, target.cmdline)
        _say_if(remark)
        _add(plan, target, target.cmdline, cmdline, cmdline_txt(cmdline, load_module=target.modules_file is None))
    if target.modules_file and not target.loads_module():
        plan.created[target.modules_file] = MODULES_FILE
    if target.is_live:
        _plan_system(plan, options)
    return plan


def _say_if(remark: str) -> None:
    if remark:
        say(remark)


def _add(plan: Plan, target: Target, path: Path, before: str, new: str) -> None:
    now = target.text(path)
    if now != new:
        plan.changes.append(Change(path, before, now, new))


def _plan_system(plan: Plan, options: Options) -> None:
    if os.sysconf("SC_LONG_BIT") != 64:
        raise Failure("this system is 32-bit, but Home Assistant's image is 64-bit. Install the 64-bit Raspberry Pi OS")
    if options.user != "root":
        if not system.user_exists(options.user):
            raise Failure(f"user {options.user}: not found. No changes made")
        plan.groups = system.missing_groups(options.user)
    if not options.docker:
        return
    if not system.has_compose():
        plan.packages = system.Packages()
    plan.created |= unit.missing()


def show(plan: Plan, options: Options, target: Target) -> None:
    """Print what changes."""
    for change in plan.changes:
        say(f"In {change.path}:", *difference(change.now, change.new))
    for path, content in plan.created.items():
        say(f"In {path}:", *(f"  + {line}" for line in content.splitlines() if not line.startswith("#")))
    if plan.created and target.kind is Kind.HOME_ASSISTANT_OS:
        say(IMPORT)
    if target.is_live and options.user == "root":
        say("No user added to the groups. To add one: setup-pi --user NAME")
    if plan.groups:
        say(f"Groups for {options.user}: {' '.join(plan.groups)}")
    if plan.packages:
        if plan.packages.needs_repository:
            say("Package source: download.docker.com")
        say(f"Packages, with their dependencies: {' '.join(plan.packages.names)}")
        if removals := plan.packages.removals():
            say(f"Packages to remove: {' '.join(removals)}")


def difference(before: str, after: str) -> list[str]:
    """Return the lines that differ."""
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [f"  {line[0]} {line[1:]}" for line in list(lines)[2:] if line[0] in "+-"]


def execute(plan: Plan, target: Target, options: Options, *, may_remove: Callable[[list[str]], bool]) -> None:
    """Make the changes. Copies to undo them with are on disk before.

    Raises:
        Failure: if something cannot be changed.
    """
    for change in plan.changes:
        target.copies.store(change.path.name, encode(change.base), encode(change.new))
    _note(target, "folders", [str(folder) for path in plan.created for folder in _new_folders(path, target)])
    if target.kind is Kind.HOME_ASSISTANT_OS:
        _note(target, IMPORTED, [str(path.relative_to(target.boot)) for path in plan.created])
    if plan.changes or plan.created:
        _note_boot(target)
    for change in plan.changes:
        write(change.path, encode(change.new))
    for path, content in plan.created.items():
        write(path, content.encode())
    if unit.UNIT in plan.created:
        unit.enable()
    for group in plan.groups:
        system.add_to_group(options.user, group)
        _note(target, "groups", [f"{options.user} {group}"])
    if plan.packages:
        _install(plan.packages, target, may_remove)


def _new_folders(path: Path, target: Target) -> list[Path]:
    return [folder.relative_to(target.boot) for folder in path.parents if target.is_card and not folder.exists()]


def _note_boot(target: Target) -> None:
    """Note in which session of the kernel the files changed, because a Pi may have no clock to compare times with."""
    if target.is_card:
        return
    with suppress(FileNotFoundError):  # in a folder
        write(target.state / "boot_id", (target.root / BOOT_ID).read_bytes())


def _note(target: Target, name: str, lines: list[str]) -> None:
    path = target.state / name
    old = path.read_bytes() if path.exists() else b""
    if lines:
        write(path, old + "".join(f"{line}\n" for line in lines).encode())


def _install(packages: system.Packages, target: Target, may_remove: Callable[[list[str]], bool]) -> None:
    say("Installing Docker. This takes some minutes.")
    system.update_lists()
    if packages.needs_repository:
        system.add_repository()
    removals = packages.removals()
    if removals and not may_remove(removals):
        if packages.needs_repository:
            system.remove_repository()
        raise Failure(
            f"Docker not installed, because that would remove packages: {' '.join(removals)}. Everything else is prepared. "
            "To remove them: setup-pi --replace-docker. To keep your Docker as it is: setup-pi --no-docker"
        )
    before = system.installed()
    _note(target, "removed", removals)
    try:
        packages.install(may_remove=bool(removals))
    finally:
        _note(target, "packages", sorted(system.installed() - before))


def require_decision(plan: Plan, options: Options) -> None:
    """Leave to the user what becomes of other uses of the pins.

    Raises:
        BootFileError: if the user has not decided.
    """
    if plan.claims and not options.take_pins and not options.keep_pins:
        raise BootFileError(
            "\n".join(["other devices use the board's pins:", *(f"  {claim.shown}" for claim in plan.claims), DECIDE])
        )
