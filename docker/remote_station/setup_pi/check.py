"""What setup-pi --check finds, and its report."""

from collections.abc import Iterable, Iterator
from pathlib import Path
import platform

from . import boot_choice, system
from .boot_files import LIMITS, loads_module, memory_limited
from .devices import find_chips, find_infrared
from .diagnosis import RESTART, RUN, Diagnosis, lines_of
from .files import decode
from .finding import Finding, Level
from .output import say
from .target import Kind, Target

LOG_LINES = 40  # of the kernel's messages in a report


def check(target: Target, *, docker: bool) -> list[Finding]:
    """Return what works and what does not."""
    notes = list(boot_choice.notes(target))
    if target.is_card:
        return [*_check_card(target), *notes]
    diagnosis = Diagnosis(target)
    findings = [*_check_bus(target, diagnosis), *_check_infrared(target, diagnosis), *_check_claims(diagnosis), *notes]
    if target.is_live:
        findings.append(_check_clock())
        if docker:
            findings.append(_check_docker(target, diagnosis))
    return findings


def _check_card(target: Target) -> Iterator[Finding]:
    settings = Diagnosis(target).settings
    run = f"Run: ./setup-pi --card {target.boot}"
    if settings is None:
        yield Finding(Level.FAILED, "config.txt", "not found. Is this a boot partition?")
        return
    yield _finding(settings.bus, "I2C in config.txt", f"off. {run}")
    for name, overlay in (("receiver", settings.receiver), ("transmitter", settings.transmitter)):
        yield _finding(bool(overlay), f"infrared {name} in config.txt", f"not found. {run}")
    module = target.loads_module() if target.modules_file else loads_module(target.text(target.cmdline))
    yield _finding(module, "module i2c-dev", f"not loaded. {run}")
    if target.kind is Kind.RASPBERRY_PI_OS:
        yield _finding(memory_limited(target.text(target.cmdline)), "memory limits in cmdline.txt", f"off. {run}")
    yield from (Finding(Level.FAILED, claim.shown, f"{run} --take-pins") for claim in settings.claims)


def _finding(good: bool, what: str, advice: str) -> Finding:
    return Finding(Level.OK, what) if good else Finding(Level.FAILED, what, advice)


def _check_bus(target: Target, diagnosis: Diagnosis) -> Iterator[Finding]:
    path = target.root / "dev/i2c-1"
    try:
        yield from find_chips(path)
    except FileNotFoundError:
        yield Finding(Level.FAILED, f"I2C bus {path}", diagnosis.why_no_bus())
    except OSError as error:
        yield Finding(Level.FAILED, f"I2C bus {path}", error.strerror or str(error))


def _check_infrared(target: Target, diagnosis: Diagnosis) -> Iterator[Finding]:
    pair, remarks = find_infrared(target.root / "dev")
    yield from remarks
    for name, paths in pair.items():
        what = " ".join([name, *map(str, paths)])
        yield Finding(Level.OK, what) if paths else Finding(Level.FAILED, what, diagnosis.why_no_infrared(name))


def _check_claims(diagnosis: Diagnosis) -> Iterator[Finding]:
    for claim in diagnosis.settings.claims if diagnosis.settings else ():
        yield Finding(Level.FAILED, claim.shown, "to put that line aside: sudo ./setup-pi --take-pins")


def _check_clock() -> Finding:
    """Check the clock. Most Pis have none with a battery, so times are wrong until a time server answers."""
    if system.output("timedatectl", "show", "--property=NTPSynchronized", "--value").strip() == "yes":
        return Finding(Level.OK, "clock, set by a time server")
    advice = "no time server has set it. Connect the Pi to the network, or see: timedatectl timesync-status"
    return Finding(Level.FAILED, "clock", advice)


def _check_docker(target: Target, diagnosis: Diagnosis) -> Finding:
    result = system.run("docker", "info", "--format", "{{.MemoryLimit}}")
    if result.returncode == 127:
        return Finding(Level.FAILED, "Docker", f"not installed. {RUN}")
    if result.returncode:
        return Finding(Level.FAILED, "Docker", "not running. See: systemctl status docker")
    if not system.has_compose():
        return Finding(Level.FAILED, "Docker", f"has no Compose. {RUN}")
    if result.stdout.strip() != "true":
        return Finding(Level.FAILED, "Docker cannot limit memory", _why_no_limits(target, diagnosis))
    return Finding(Level.OK, "Docker with Compose, and it can limit memory")


def _why_no_limits(target: Target, diagnosis: Diagnosis) -> str:
    if not target.cmdline.is_file():
        return f"start the kernel with {LIMITS}"
    if not memory_limited(target.text(target.cmdline)):
        return f"{LIMITS} is not in {target.cmdline}, or a later word turns it off. {RUN}"
    return (
        RESTART.replace("config.txt", "cmdline.txt")
        if diagnosis.is_pending
        else (f"{target.cmdline} is right, but the kernel did not get it. Compare: cat /proc/cmdline")
    )


def report(target: Target, findings: list[Finding]) -> None:
    """Print the findings and what explains them, ready to paste into an issue. Nothing in it is secret."""
    diagnosis = Diagnosis(target)
    say("## setup-pi --check --report", "", *_system(target, diagnosis))
    _block("Findings", (finding.shown for finding in findings))
    if target.config.is_file():
        active = (line.strip() for line in target.text(target.config).splitlines())
        _block("config.txt", (line for line in active if line and not line.startswith("#")))
    _block("cmdline.txt, as far as it concerns us", _words(target))
    if not target.is_card:
        _block(
            "Kernel",
            list(lines_of(diagnosis.kernel_log, r"i2c|lirc|gpio.ir|gpio-ir|rc rc\d|already requested"))[-LOG_LINES:],
        )


def _system(target: Target, diagnosis: Diagnosis) -> list[str]:
    """Return what is prepared, by its versions."""
    if target.is_card:
        return [f"- Card: {target.kind.value}"]
    release = dict(line.split("=", 1) for line in _lines(target.root, "etc/os-release") if "=" in line)
    engine = system.output("docker", "version", "--format", "{{.Server.Version}}").strip()
    compose = system.output("docker", "compose", "version", "--short").strip()
    return [
        f"- Model: {' '.join(_lines(target.root, 'proc/device-tree/model')) or 'unknown'}",
        f"- System: {release.get('PRETTY_NAME', 'unknown').strip(chr(34))}, kernel {platform.release()}, {platform.machine()}",
        f"- Docker: {engine or 'none'}, Compose: {compose or 'none'}",
        f"- Restart pending: {'yes' if diagnosis.is_pending else 'no'}",
    ]


def _words(target: Target) -> list[str]:
    """Return the words of the command line that matter. The others may name a network."""
    words = target.text(target.cmdline).split() if target.cmdline.is_file() else []
    return [word for word in words if word.startswith(("cgroup", "modules", "systemd.unified"))]


def _lines(root: Path, path: str) -> list[str]:
    try:
        return [line.strip("\0") for line in decode((root / path).read_bytes()).splitlines()]
    except OSError:
        return []


def _block(title: str, lines: Iterable[str]) -> None:
    say("", f"### {title}", "", "```text", *lines, "```")
