"""Start Home Assistant with the integration, an account and the weather panel.

Stop it with Ctrl-C. The recorded history, the account, the station and the dashboard are kept for the next start.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
import os
from pathlib import Path
import signal
import sys
import tempfile
import time
from typing import NamedTuple

from api import ApiError, FlowError, HomeAssistant, Login, connect
from instance import DEFAULT_UNITS, LOG_FILE, RESTART_EXIT_CODE, UNITS, Instance, StartError, bind, prepare
from requirements import OURS
from smoke import Row, errors_of_ours, rows, table
from station_setup import (
    SIMULATED,
    TITLES,
    URL_PATH,
    enabled_entities,
    entry_problem,
    explain,
    set_up_dashboard,
    set_up_station,
)

DEFAULT_FOLDER = OURS.parents[1] / ".develop"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 18123
DEFAULT_LANGUAGE = "en"
DEFAULT_PAST_DAYS = 30
MAX_PAST_DAYS = 3650
SMOKE_SECONDS = 120
CLEAN_EXITS = {0, -signal.SIGTERM}  # SIGTERM if it is still starting
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Setup(NamedTuple):
    """Settings of a Home Assistant's station and dashboard."""

    bus: str
    past_days: int
    language: str


def say(message: str) -> None:
    """Print a message."""
    print(f"develop: {message}", flush=True)


def show(line: str) -> None:
    """Print a line of Home Assistant's log."""
    print(line, file=sys.stderr, flush=True)


def past_days(text: str) -> int:
    """Return a number of days.

    Raises:
        argparse.ArgumentTypeError: if the text is none, or they are too many.
    """
    if not (text.isdecimal() and int(text) <= MAX_PAST_DAYS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {MAX_PAST_DAYS}")
    return int(text)


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/develop", description=__doc__)
    parser.add_argument(
        "--bus", default=SIMULATED, help="I2C bus of a real board, such as /dev/i2c-1, instead of the simulated one"
    )
    parser.add_argument("--host", default=DEFAULT_HOST, help="address to listen on; 0.0.0.0 for the whole network")
    parser.add_argument(
        "--port",
        type=int,
        help=f"default: the variable SETUP_PORT, else {DEFAULT_PORT}; 0 and --smoke use a free port",
    )
    parser.add_argument(
        "--language", default=DEFAULT_LANGUAGE, choices=TITLES, help="language of Home Assistant (default: %(default)s)"
    )
    parser.add_argument(
        "--units", default=DEFAULT_UNITS, choices=UNITS, help="unit system of Home Assistant (default: %(default)s)"
    )
    parser.add_argument(
        "--past-days",
        type=past_days,
        default=DEFAULT_PAST_DAYS,
        metavar="DAYS",
        help="days of past weather that a new simulated station gets (default: %(default)s)",
    )
    folder = parser.add_mutually_exclusive_group()
    folder.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_FOLDER,
        metavar="FOLDER",
        help="Home Assistant's folder (default: .develop)",
    )
    folder.add_argument(
        "--smoke",
        action="store_true",
        help="start in a new folder, wait for all states, print them, and stop; fail if one is "
        "missing, or if the log has an error of the integration",
    )
    return parser.parse_args()


@asynccontextmanager
async def running(instance: Instance, setup: Setup) -> AsyncIterator[None]:
    """Start Home Assistant and set it up; stop it on exit."""
    started = time.monotonic()
    say(f"starting Home Assistant in {instance.folder}")
    try:
        await instance.start()
        # Home Assistant would wait for an open connection when it stops.
        async with signed_in(instance, setup.language) as home_assistant:
            await make_ready(home_assistant, instance.folder, setup)
        say(f"ready after {time.monotonic() - started:.1f} s")
        yield
    finally:
        if instance.exit_code is None:
            say("stopping Home Assistant")
            if (exit_code := await instance.stop()) not in CLEAN_EXITS:
                say(f"Home Assistant ended with exit code {exit_code}")


@asynccontextmanager
async def signed_in(instance: Instance, language: str) -> AsyncIterator[HomeAssistant]:
    """Sign in with the folder's account, and create it the first time."""
    login = Login.load(instance.folder, instance.url)
    login.save(instance.folder)
    async with connect(login, language) as home_assistant:
        # A Home Assistant that is stopped earlier may lose the account.
        await home_assistant.wait_until_running()
        login.save(instance.folder)
        yield home_assistant


async def make_ready(home_assistant: HomeAssistant, folder: Path, setup: Setup) -> None:
    """Set up the station and the dashboard."""
    done = await set_up_station(home_assistant, folder, setup.bus, past_days=setup.past_days)
    say(f"the pHAT ({setup.bus}) {done}")
    if problem := await entry_problem(home_assistant):
        say(f"the station is not working: {problem}")
    title = TITLES[setup.language]
    say(f"the dashboard “{title}” {await set_up_dashboard(home_assistant, folder, title)}")


async def serve(instance: Instance, setup: Setup) -> int | None:
    """Run Home Assistant until it ends, and restart it if it asks for that."""
    while True:
        async with running(instance, setup):
            login = Login.load(instance.folder, instance.url)
            say(f"open {login.url}/{URL_PATH} and log in as {login.username}, {login.password}")
            say(f"the log is in {instance.folder / LOG_FILE}; stop with Ctrl-C")
            await instance.wait()
        if instance.exit_code != RESTART_EXIT_CODE:
            say(f"Home Assistant ended with exit code {instance.exit_code}")
            return instance.exit_code


async def smoke(instance: Instance, setup: Setup) -> int:
    """Start Home Assistant, print the entities' states, stop it, and return 0 if nothing is wrong."""
    async with running(instance, setup), signed_in(instance, setup.language) as home_assistant:
        say("waiting for the state of every entity")
        content = await states(home_assistant)
    print(table(content), flush=True)
    problems = [f"{row.entity_id} is {row.problem}" for row in content if row.problem]
    if not content:
        problems.append("the integration has no entity")
    problems += [f"in the log: {record}" for record in errors_of_ours(instance.folder / LOG_FILE)]
    for problem in problems:
        say(problem)
    say("smoke test failed" if problems else f"smoke test passed: {len(content)} entities")
    return 1 if problems or instance.exit_code else 0


async def states(home_assistant: HomeAssistant) -> list[Row]:
    """Wait until every entity has a good state, for a limited time, and return all states."""
    end = time.monotonic() + SMOKE_SECONDS
    while True:
        entities = await enabled_entities(home_assistant)
        found = {state["entity_id"]: state for state in await home_assistant.call("get_states")}
        content = rows(entities, found)
        if (content and not any(row.problem for row in content)) or time.monotonic() > end:
            return content
        await asyncio.sleep(0.5)


async def until_stopped(work: Coroutine[None, None, int | None]) -> int | None:
    """Do the work and return its result, or None if a signal ended it cleanly."""
    task = asyncio.ensure_future(work)

    def stop() -> None:
        # A second signal would interrupt the clean shutdown.
        if not task.cancelling():
            task.cancel()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        return await task
    return None


def run(options: argparse.Namespace, folder: Path) -> int:
    """Run Home Assistant in this folder, and return the exit code."""
    try:
        port = choose_port(options)
        reset = Login.is_unfinished(folder)
        prepare(folder, options.host, port, options.language, units=options.units, reset=reset)
        instance = Instance(folder, address(options.host, port), None if options.smoke else show)
        setup = Setup(options.bus, options.past_days, options.language)
        work = (smoke if options.smoke else serve)(instance, setup)
        exit_code = asyncio.run(until_stopped(work))
    except FlowError as error:
        say(f"the pHAT ({options.bus}) could not be added: {explain(error)}")
        return 1
    except (ApiError, StartError) as error:
        say(str(error))
        return 1
    if exit_code is None:
        return 1 if options.smoke or instance.exit_code not in CLEAN_EXITS else 0
    return exit_code


def choose_port(options: argparse.Namespace) -> int:
    """Return the port to listen on.

    Raises:
        StartError: if the port cannot be used.
    """
    port = options.port
    if port is None:
        port = 0 if options.smoke else int(os.environ.get("SETUP_PORT", DEFAULT_PORT))
    try:
        return bind(options.host, port)
    except OSError as error:
        raise StartError(
            f"cannot listen on port {port} of {options.host}: {error.strerror}\n"
            "Is another scripts/develop running? Choose another port with --port."
        ) from None


def address(host: str, port: int) -> str:
    """Return the URL of a server that listens there, for a browser on this machine."""
    if host in {"0.0.0.0", "::"}:
        host = DEFAULT_HOST
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def main() -> int:
    """Run in the chosen folder, or in a temporary one for a smoke test."""
    options = arguments()
    if not options.smoke:
        return run(options, options.config.absolute())
    with tempfile.TemporaryDirectory(prefix="anavi_weather-") as folder:
        return run(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
