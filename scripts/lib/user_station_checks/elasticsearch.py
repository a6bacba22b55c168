"""Checks of Elasticsearch: what the set-up has installed, and whether it works."""

from collections.abc import Iterator
from typing import Any

from .findings import Finding, failed, guarded, not_checked, note, ok
from .station import Station

RUN_SETUP = "Run: docker compose run --rm setup"
PAST = "data_stream.past_tsdb_index_creation_enabled"
FIRST_WITH_PAST = (9, 5)
HEALTH = "health-anavi_weather"
LATEST_REPORT_MINUTES = 20  # the service maintenance reports every five
TRANSFORMS = ("fleet", "fleet_comparison")


def check(station: Station) -> Iterator[Finding]:
    """Yield what works and what does not."""
    for part in (_health, _installed, _states, _past, _summaries, _snapshots, _maintenance):
        yield from guarded(f"Elasticsearch, {part.__name__.strip('_')}", part(station))


def version(station: Station) -> tuple[int, ...]:
    """Return the version of Elasticsearch.

    Raises:
        ServiceError: if it does not answer.
    """
    number = str(station.elasticsearch.get("/")["version"]["number"])
    return tuple(int(part) for part in number.partition("-")[0].split("."))


def _health(station: Station) -> Iterator[Finding]:
    health = station.elasticsearch.get("/_cluster/health")
    what, status, nodes = "Elasticsearch", health["status"], health["number_of_nodes"]
    detail = f"{status}, {nodes} node{'s' if nodes > 1 else ''}"
    if status == "red":
        yield failed(what, f"{detail}. See: GET _cluster/allocation/explain")
    elif status == "yellow" and nodes > 1:  # one node alone has no place for replicas
        yield note(what, f"{detail}, unassigned replicas: {health['unassigned_shards']}")
    else:
        yield ok(what, detail)


def _installed(station: Station) -> Iterator[Finding]:
    """Yield what the set-up installs for states, statistics, logs and alerts."""
    namespace = station.namespace
    parts = {
        "pipeline": "/_ingest/pipeline/anavi_weather.station",
        "index template of states": "/_index_template/metrics-anavi_weather.state",
        "index template of logs": "/_index_template/logs-anavi_weather",
        "stream of states": f"/_data_stream/metrics-anavi_weather.state-{namespace}",
        "index of statistics": f"/statistics-anavi_weather-{namespace}",
        "index of alerts": "/alerts-anavi_weather",
        "stream of the health": f"/_data_stream/{HEALTH}",
    }
    for what, path in parts.items():
        answer = station.elasticsearch.ask("GET", path)
        yield ok(what) if answer.status == 200 else failed(what, f"{answer.reason}. {RUN_SETUP}")


def _states(station: Station) -> Iterator[Finding]:
    """Yield whether states arrive. Without any, dashboards and rules have nothing to show."""
    aggregations: Any = {
        "stations": {"cardinality": {"field": "station.id"}},
        "newest": {"max": {"field": "@timestamp"}},
    }
    path = f"/metrics-anavi_weather.state-{station.namespace}/_search?size=0"
    answer = station.elasticsearch.ask("POST", path, {"aggs": aggregations})
    if answer.status != 200:
        yield not_checked("states", answer.reason)
        return
    found = answer.json["aggregations"]
    if stations := found["stations"]["value"]:
        yield ok(
            "states", f"of {stations} station{'s' if stations > 1 else ''}, newest {found['newest']['value_as_string']}"
        )
    else:
        yield note("states", "none has arrived: add a station, or dashboards and rules have nothing to show")


def _maintenance(station: Station) -> Iterator[Finding]:
    """Yield whether the station watches itself."""
    what = "reports of the health"
    recent: Any = {"filter": {"range": {"@timestamp": {"gte": f"now-{LATEST_REPORT_MINUTES}m"}}}}
    answer = station.elasticsearch.ask("POST", f"/{HEALTH}/_search?size=0", {"aggs": {"recent": recent}})
    if answer.status != 200 or not answer.json["hits"]["total"]["value"]:
        yield not_checked(what, "there is none. The service maintenance sends them")
    elif answer.json["aggregations"]["recent"]["doc_count"]:
        yield ok(what)
    else:
        yield failed(what, f"none for {LATEST_REPORT_MINUTES} minutes. See: docker compose logs maintenance")


def _past(station: Station) -> Iterator[Finding]:
    settings = station.elasticsearch.get("/_cluster/settings?flat_settings=true")
    if settings["persistent"].get(PAST) == "true":
        yield ok("states of any age", "accepted")
    elif version(station) < FIRST_WITH_PAST:
        yield note("states of any age", "this Elasticsearch refuses states from more than 7 days before now")
    else:
        yield failed("states of any age", f"{PAST} is not set. {RUN_SETUP}")


def _summaries(station: Station) -> Iterator[Finding]:
    """Yield whether the transforms run, which exist once there is a reader."""
    answer = station.elasticsearch.ask("GET", f"/_transform/anavi_weather-fleet*-{station.namespace}/_stats")
    found = {transform["id"]: transform for transform in answer.json["transforms"]} if answer.status == 200 else {}
    if not found:
        yield not_checked(
            "summaries of the fleet", "no reader was added: docker compose run --rm setup add-reader NAME"
        )
        return
    for name in TRANSFORMS:
        what = f"transform {name}"
        transform = found.get(f"anavi_weather-{name}-{station.namespace}")
        if transform is None:
            yield failed(what, f"not found. {RUN_SETUP}")
        elif transform["state"] in ("started", "indexing"):
            yield ok(what, transform["state"])
        else:
            yield failed(what, f"{transform['state']} {transform.get('reason', '')}. {RUN_SETUP}")


def _snapshots(station: Station) -> Iterator[Finding]:
    answer = station.elasticsearch.ask("POST", "/_snapshot/anavi_weather/_verify")
    if answer.status == 404:
        yield note("snapshots", "there is no repository")
        return
    yield ok("repository of snapshots") if answer.status == 200 else failed("repository of snapshots", answer.reason)
    policy = station.elasticsearch.get("/_slm/policy/anavi_weather")["anavi_weather"]
    success, failure = (policy.get(name) or {} for name in ("last_success", "last_failure"))
    if failure.get("time", 0) > success.get("time", 0):
        yield failed("last snapshot", str(failure.get("details", "has failed")))
    elif success:
        yield ok("last snapshot", str(success["snapshot_name"]))
    else:
        yield note("last snapshot", "none was made yet; they are made at night")
