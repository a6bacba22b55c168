"""The aggregation equal to a panel's, and the same values computed from the recorder's states.

An operation, a chart or an option of theirs that is not known here is an error: it has to be added here to be tested.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import Any

from .files import Json
from .kql import Condition, Fact, parse, query

HOUR = 3600
INTERVALS = {"1h": HOUR, "auto": 600}  # seconds; Kibana chooses the second by the width of the panel
CHARTS = {"metric", "xy", "data_table", "heatmap"}
DIMENSION_OPTIONS = {
    "operation",
    "label",
    "rank_by",
    "limit",
    "fields",
    "field",
    "suggested_interval",
    "include_empty_rows",
}
METRIC_OPTIONS = {"type", "operation", "label", "format", "filter", "field", "time_field"}

type Group = tuple[Any, ...]
type Cells = dict[tuple[Group, int], float | str | None]


@dataclass(frozen=True)
class Question:
    """Some metrics of groups of documents."""

    conditions: list[Condition]
    dimensions: list[Json]
    metrics: list[Json]

    def fields(self) -> Iterator[str]:
        """Return the fields that are asked for."""
        for part in (*self.dimensions, *self.metrics):
            yield from part.get("fields", [])
            yield from (part[name] for name in ("field", "time_field") if name in part)
            yield from (condition.field for condition in _filter(part))
        yield from (condition.field for condition in self.conditions)

    def search(self) -> Json:
        """Return the equal search."""
        aggregations = {str(index): _aggregation(metric) for index, metric in enumerate(self.metrics)}
        for dimension in reversed(self.dimensions):
            aggregations = {"groups": {**_bucket(dimension), "aggs": aggregations}}
        return {"size": 0, "query": query(self.conditions), "aggs": aggregations}

    def read(self, answer: Json) -> Cells:
        """Return what the search has found, without groups that have nothing."""
        return dict(self._cells(answer["aggregations"], len(self.dimensions), ()))

    def _cells(self, found: Json, depth: int, group: Group) -> Iterator[tuple[tuple[Group, int], float | str | None]]:
        if depth:
            for bucket in found["groups"]["buckets"]:
                if bucket["doc_count"]:
                    yield from self._cells(bucket, depth - 1, (*group, bucket["key"]))
            return
        for index, metric in enumerate(self.metrics):
            yield (group, index), _value(metric, found[str(index)])

    def compute(self, facts: Iterable[Fact]) -> Cells:
        """Return the same from what is known of the recorder's states."""
        groups: dict[Group, list[Fact]] = {}
        for fact in facts:
            if all(condition.holds(fact) for condition in self.conditions):
                for group in product(*(_groups_of(dimension, fact) for dimension in self.dimensions)):
                    groups.setdefault(group, []).append(fact)
        return {
            (group, index): _compute(metric, members)
            for group, members in groups.items()
            for index, metric in enumerate(self.metrics)
        }


def question(config: Json) -> Question:
    """Return what a panel that is no ES|QL asks."""
    kind = config["type"]
    assert kind in CHARTS, f"{kind} is not known"
    conditions = parse(config["query"]["expression"])
    match kind:
        case "metric":
            breakdown = config.get("breakdown_by")
            return Question(conditions, [breakdown] if breakdown else [], config["metrics"])
        case "xy":
            (layer,) = config["layers"]
            dimensions = [layer["x"], *([layer["breakdown_by"]] if "breakdown_by" in layer else [])]
            return Question(conditions, dimensions, layer["y"])
        case "heatmap":
            return Question(conditions, [config["x"], config["y"]], [config["metric"]])
        case _:
            return Question(conditions, config["rows"], config["metrics"])


def _filter(part: Json) -> list[Condition]:
    return parse(part["filter"]["expression"]) if "filter" in part else []


def _bucket(dimension: Json) -> Json:
    assert set(dimension) <= DIMENSION_OPTIONS, dimension
    if dimension["operation"] == "date_histogram":
        interval = INTERVALS[dimension["suggested_interval"]]
        return {"date_histogram": {"field": dimension["field"], "fixed_interval": f"{interval}s"}}
    assert dimension["operation"] == "terms"
    assert dimension["rank_by"] == {"type": "alphabetical", "direction": "asc"}
    (field,) = dimension["fields"]
    return {"terms": {"field": field, "size": dimension["limit"], "order": {"_key": "asc"}}}


def _groups_of(dimension: Json, fact: Fact) -> list[Any]:
    """Return the groups that a state belongs to: each of its flags is one."""
    if dimension["operation"] == "date_histogram":
        interval = INTERVALS[dimension["suggested_interval"]]
        return [int(fact[dimension["field"]] // interval * interval) * 1000]
    value = fact.get(dimension["fields"][0])
    return value if isinstance(value, list) else [] if value is None else [value]


def _aggregation(metric: Json) -> Json:
    assert set(metric) <= METRIC_OPTIONS, metric
    field = metric.get("field")
    conditions = _filter(metric)
    inner: Json
    match metric["operation"]:
        case "count":
            inner = {}
        case "unique_count":
            inner = {"value": {"cardinality": {"field": field}}}
        case "min" | "max" as name:
            inner = {"value": {name: {"field": field}}}
        case "average":
            inner = {"value": {"avg": {"field": field}}}
        case "last_value":
            assert metric["time_field"] == "@timestamp"
            conditions = [*conditions, Condition(str(field), None, negated=False)]
            newest = {"metrics": {"field": field}, "sort": {"@timestamp": "desc"}}
            inner = {"value": {"max": {"field": field}} if field == "@timestamp" else {"top_metrics": newest}}
        case unknown:
            raise ValueError(f"{unknown} is not known")
    return {"filter": query(conditions), "aggs": inner}


def _value(metric: Json, found: Json) -> float | str | None:
    if metric["operation"] == "count":
        return int(found["doc_count"])
    value = found["value"]
    if "top" in value:
        newest = value["top"]
        return newest[0]["metrics"][metric["field"]] if newest else None
    result: float | None = value["value"]
    return result / 1000 if result is not None and metric["field"] == "@timestamp" else result


def _compute(metric: Json, facts: list[Fact]) -> float | str | None:
    counted = [fact for fact in facts if all(condition.holds(fact) for condition in _filter(metric))]
    if metric["operation"] == "count":
        return len(counted)
    known = [fact for fact in counted if fact.get(metric["field"]) is not None]
    values: list[float] = [fact[metric["field"]] for fact in known]
    match metric["operation"]:
        case "unique_count":
            return len(set(values))
        case _ if not values:
            return None
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "average":
            return fmean(values)
        case _:
            newest: float | str = max(known, key=lambda fact: fact["@timestamp"])[metric["field"]]
            return newest
