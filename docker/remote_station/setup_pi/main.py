"""Command line of setup-pi."""

import argparse
import os
from pathlib import Path
import sys

from . import boot_choice
from .boot_files import BUS_ON, RECEIVER_LINE, TRANSMITTER_LINE, BootFileError
from .check import check, report
from .finding import Level
from .output import Failure, ask, complain, say
from .plan import Options, execute, make_plan, require_decision, show
from .target import Target, card_in, system_in
from .undo import is_prepared, undo

DESCRIPTION = """Prepares a Raspberry Pi for the board: Raspberry Pi OS (Bookworm or later, 64-bit), or Home Assistant OS on its card.

  sudo ./setup-pi               shows the changes, asks, and makes them
  sudo ./setup-pi --dry-run     only shows the changes
  sudo ./setup-pi --check       checks the bus, the chips, infrared, the clock and Docker, and gives reasons
  sudo ./setup-pi --undo        undoes the changes
  ./setup-pi --lines            prints the lines for editing a card by hand

It changes config.txt (I2C, infrared overlays with the board's pins), cmdline.txt (memory limits of containers), loaded
modules (i2c-dev, rc-core), and the groups i2c and video. It installs Docker if it is missing, and adds a systemd unit that
gives the container the infrared devices. Copies of the files stay in /var/lib/anavi_weather, or on the card."""
LINES = f"""Append to config.txt:

[all]
{BUS_ON}
{RECEIVER_LINE}
{TRANSMITTER_LINE}

Home Assistant OS: also create the text file CONFIG/modules/rpi-i2c.conf with the line:

i2c-dev

Then restart Home Assistant OS twice."""


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="setup-pi",
        usage="setup-pi [--dry-run | --check [--report] | --undo | --lines] [OPTIONS]",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    mode = parser.add_mutually_exclusive_group()
    for name in ("dry-run", "check", "undo", "lines"):
        mode.add_argument(
            f"--{name}", dest="mode", action="store_const", const=name, default="apply", help=argparse.SUPPRESS
        )
    parser.add_argument("--report", action="store_true", help="with --check: print the result for an issue")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--card",
        type=Path,
        metavar="FOLDER",
        help="prepare the memory card whose boot partition is mounted in this folder",
    )
    where.add_argument(
        "--root",
        type=Path,
        metavar="FOLDER",
        help="prepare the Raspberry Pi OS in this folder, without groups and Docker",
    )
    parser.add_argument(
        "--user",
        default=os.environ.get("SUDO_USER", ""),
        help="user to add to the groups (default: the one who called sudo)",
    )
    parser.add_argument("--no-docker", action="store_true", help="don't install Docker")
    parser.add_argument("--replace-docker", action="store_true", help="remove packages that conflict with Docker's own")
    pins = parser.add_mutually_exclusive_group()
    pins.add_argument(
        "--take-pins", action="store_true", help="turn lines that use the board's pins for something else into comments"
    )
    pins.add_argument("--keep-pins", action="store_true", help="keep such lines, and leave infrared out")
    return parser


def main() -> int:
    """Run the command, and return its exit status."""
    parser = arguments()
    options = parser.parse_args()
    if options.report and options.mode != "check":
        parser.error("--report needs --check")
    try:
        return _run(options)
    except (Failure, BootFileError) as error:
        nothing = "" if isinstance(error, Failure) or "No changes made" in str(error) else ". No changes made"
        complain(f"{error}{nothing}")
    except OSError as error:
        complain(f"{error.filename or ''}: {error.strerror}. Some changes are missing: run this again")
    except KeyboardInterrupt:
        complain("interrupted")
    return 1


def _run(options: argparse.Namespace) -> int:
    if options.mode == "lines":
        say(LINES)
        return 0
    target = card_in(options.card) if options.card else system_in(options.root or Path("/"))
    if options.mode != "dry-run" and target.is_live and os.geteuid() != 0:
        raise Failure("root needed. Run: sudo ./setup-pi")
    if options.mode == "check":
        return _check(target, options)
    return _undo(target, options) if options.mode == "undo" else _apply(target, options)


def _apply(target: Target, options: argparse.Namespace) -> int:
    _require_this_partition(target)
    decisions = Options(options.user or "root", not options.no_docker, options.take_pins, options.keep_pins)
    plan = make_plan(target, decisions)
    require_decision(plan, decisions)
    say(*(note.shown for note in boot_choice.notes(target)))
    if not plan:
        say("Everything is already prepared.")
        return 0
    show(plan, decisions, target)
    if options.mode == "dry-run":
        say("Dry run: no changes made.")
        return 0
    if not options.yes and not ask("Make these changes?"):
        raise Failure("no changes made")
    execute(
        plan,
        target,
        decisions,
        may_remove=lambda names: options.replace_docker or (not options.yes and ask(f"Remove {' '.join(names)}?")),
    )
    say("Done.", *_next_step(target, changed=bool(plan.changes or plan.created)))
    return 0


def _require_this_partition(target: Target) -> None:
    partitions = boot_choice.boot_partitions(target)
    if partitions and not target.config.is_file():
        raise Failure(
            f"{target.boot / 'autoboot.txt'}: the firmware starts from partition {partitions}. Mount that partition, and name it. "
            "No changes made"
        )


def _next_step(target: Target, *, changed: bool) -> list[str]:
    if not changed:
        return []
    if target.is_card:
        twice = (
            " When Home Assistant OS has started, restart it once more."
            if target.boot.joinpath("CONFIG").exists()
            else ""
        )
        return [f"Eject the card and start the Pi with it.{twice}"]
    return ["Restart the Pi now (sudo reboot), then run: sudo ./setup-pi --check"]


def _undo(target: Target, options: argparse.Namespace) -> int:
    if not is_prepared(target):
        say("Nothing to undo.")
        return 0
    say("This undoes the changes of setup-pi to config.txt, cmdline.txt, modules, groups and packages.")
    if not options.yes and not ask("Make these changes?"):
        raise Failure("no changes made")
    restart = undo(target)
    say("Done.")
    if restart:
        say("Eject the card and start the Pi with it." if target.is_card else "Restart the Pi now: sudo reboot")
    return 0


def _check(target: Target, options: argparse.Namespace) -> int:
    findings = check(target, docker=not options.no_docker)
    if options.report:
        report(target, findings)
    else:
        say(*(finding.shown for finding in findings))
    return int(any(finding.level is Level.FAILED for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
