"""Command line of setup-pi."""

import argparse
import os
from pathlib import Path
import sys

from .boot_files import BUS_ON, RECEIVER_LINE, TRANSMITTER_LINE, BootFileError
from .check import check, report
from .finding import Level
from .output import Failure, ask, complain, say
from .plan import Options, execute, make_plan, require_decision, show
from .target import Target, card_in, system_in
from .undo import is_prepared, undo

DESCRIPTION = """Prepares a Raspberry Pi for the board: Raspberry Pi OS (Bookworm or later, 64-bit), or Home Assistant OS on its card.

  sudo ./setup-pi               shows what it will change, asks, and changes it
  sudo ./setup-pi --dry-run     only shows it
  sudo ./setup-pi --check       finds out whether the bus, the chips, the infrared, the clock and Docker are ready, or why not
  sudo ./setup-pi --undo        undoes what it has changed
  ./setup-pi --lines            prints the lines, for those who edit a card by hand

It changes config.txt (I2C on, the infrared overlays with the board's pins), cmdline.txt (memory limits of containers), the
modules that are loaded (i2c-dev, rc-core), the groups i2c and video, and Docker where it is missing; and it adds a unit of
systemd that gives the container the infrared devices. What was there is kept in /var/lib/anavi_weather, or on the card."""
LINES = f"""Append to config.txt:

[all]
{BUS_ON}
{RECEIVER_LINE}
{TRANSMITTER_LINE}

Home Assistant OS: also make the folder CONFIG, in it the folder modules, and in it the text file rpi-i2c.conf with the line:

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
    parser.add_argument("--report", action="store_true", help="with --check: print it ready to paste into an issue")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--card", type=Path, metavar="FOLDER", help="prepare the memory card whose boot partition is mounted there"
    )
    where.add_argument(
        "--root", type=Path, metavar="FOLDER", help="prepare the Raspberry Pi OS there, without groups and Docker"
    )
    parser.add_argument(
        "--user", default=os.environ.get("SUDO_USER", ""), help="who gets the groups (default: who called sudo)"
    )
    parser.add_argument("--no-docker", action="store_true", help="leave Docker out")
    parser.add_argument("--replace-docker", action="store_true", help="remove packages that Docker's own conflict with")
    pins = parser.add_mutually_exclusive_group()
    pins.add_argument(
        "--take-pins", action="store_true", help="put lines aside that use the board's pins for something else"
    )
    pins.add_argument("--keep-pins", action="store_true", help="leave such lines, and the infrared out")
    return parser


def main() -> int:
    """Run the command, and return its exit status."""
    parser = arguments()
    options = parser.parse_args()
    if options.report and options.mode != "check":
        parser.error("--report goes with --check")
    try:
        return _run(options)
    except (Failure, BootFileError) as error:
        nothing = "" if isinstance(error, Failure) or "Nothing was changed" in str(error) else ". Nothing was changed"
        complain(f"{error}{nothing}")
    except OSError as error:
        complain(f"{error.filename or ''}: {error.strerror}. What is not done yet is left as it is; run this again")
    except KeyboardInterrupt:
        complain("interrupted")
    return 1


def _run(options: argparse.Namespace) -> int:
    if options.mode == "lines":
        say(LINES)
        return 0
    target = card_in(options.card) if options.card else system_in(options.root or Path("/"))
    if options.mode != "dry-run" and target.is_live and os.geteuid() != 0:
        raise Failure("this needs root: sudo ./setup-pi")
    if options.mode == "check":
        return _check(target, options)
    return _undo(target, options) if options.mode == "undo" else _apply(target, options)


def _apply(target: Target, options: argparse.Namespace) -> int:
    decisions = Options(options.user or "root", not options.no_docker, options.take_pins, options.keep_pins)
    plan = make_plan(target, decisions)
    require_decision(plan, decisions)
    if not plan:
        say("Everything is prepared already.")
        return 0
    show(plan, decisions, target)
    if options.mode == "dry-run":
        say("Dry run: no changes made.")
        return 0
    if not options.yes and not ask("Change this?"):
        raise Failure("nothing was changed")
    execute(
        plan,
        target,
        decisions,
        may_remove=lambda names: options.replace_docker or (not options.yes and ask(f"Remove {' '.join(names)}?")),
    )
    say("Done.", *_next_step(target, changed=bool(plan.changes or plan.created)))
    return 0


def _next_step(target: Target, *, changed: bool) -> list[str]:
    if not changed:
        return []
    if target.is_card:
        twice = (
            " Restart Home Assistant OS once more when it has started."
            if target.boot.joinpath("CONFIG").exists()
            else ""
        )
        return [f"Eject the card, and start the Pi with it.{twice}"]
    return ["Restart the Pi now (sudo reboot), then look: sudo ./setup-pi --check"]


def _undo(target: Target, options: argparse.Namespace) -> int:
    if not is_prepared(target):
        say("Nothing to undo.")
        return 0
    say("This undoes what setup-pi did to config.txt, cmdline.txt, modules, groups and packages.")
    if not options.yes and not ask("Change this?"):
        raise Failure("nothing was changed")
    restart = undo(target)
    say("Done.")
    if restart:
        say("Eject the card, and start the Pi with it." if target.is_card else "Restart the Pi now: sudo reboot")
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
