"""Check a running user station, and print what works and what does not, ready to paste into an issue.

It reads the configuration of the Compose project. With the variable ELASTICSEARCH_PASSWORD, it reads the variables of the set-up
scripts instead (ELASTICSEARCH_URL, KIBANA_URL, ELASTICSEARCH_CA, …), and LOGS_ADDRESS for Logstash. It changes nothing: it only
sends one line to the stations' logs, if the profile logs is on. The report has no passwords, names or addresses.
"""

import argparse
import os
from pathlib import Path
import sys

from user_station_checks import drawing, elasticsearch, logs
from user_station_checks.client import ServiceError
from user_station_checks.findings import Report, failed, guarded, not_checked
from user_station_checks.kibana import Kibana
from user_station_checks.station import NoStationError, Station, from_compose, from_environment

FOLDER = Path(__file__).parents[2] / "docker" / "user_station"
PATIENCE_SECONDS = 120  # the first page loads all of Kibana


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="verify-user-station", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="the folder of compose.yaml (default: docker/user_station)"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="how long a rule may take to run, a dashboard to be drawn, and a line to arrive (default: %(default)s)",
    )
    return parser


def check(station: Station, patience: float, report: Report) -> None:
    """Check a station, and add to the report what was found."""
    report.add(station.services)
    report.versions.extend(station.versions)
    try:
        report.versions.append("Elasticsearch " + ".".join(map(str, elasticsearch.version(station))))
    except (ServiceError, KeyError, ValueError) as error:
        report.add([failed("Elasticsearch", str(error)), not_checked("everything else", "it needs Elasticsearch")])
        return
    report.add(elasticsearch.check(station))
    kibana = Kibana(station)
    report.add(kibana.check(patience))
    report.versions.append(f"Kibana {kibana.version or 'unknown'}")
    report.add(guarded("drawing of the dashboards", drawing.check(station, kibana.dashboards, patience)))
    report.add(logs.check(station, patience))


def main() -> int:
    """Run the command, and return its exit status."""
    options = arguments().parse_args()
    try:
        station = (
            from_environment(os.environ) if os.environ.get("ELASTICSEARCH_PASSWORD") else from_compose(options.folder)
        )
    except (NoStationError, OSError) as error:
        print(f"verify-user-station: {error}", file=sys.stderr)
        return 1
    report = Report(set(station.secrets))
    check(station, options.wait, report)
    print(*report.lines(), sep="\n")
    return int(report.has_failed)


if __name__ == "__main__":
    sys.exit(main())
