"""The part of Kibana's query language that the dashboards use: conditions on fields, joined by `and`."""

from collections.abc import Mapping
from dataclasses import dataclass
import re
from typing import Any

CONDITION = re.compile(r"(not )?([a-z_@.]+): (\*|[a-z_]+|\([a-z_]+(?: or [a-z_]+)*\))")

type Fact = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """A field has one of some values, or any."""

    field: str
    values: tuple[str, ...] | None
    negated: bool

    def query(self) -> dict[str, Any]:
        """Return it in Elasticsearch's query language."""
        found: dict[str, Any] = {"exists": {"field": self.field}}
        if self.values is not None:
            found = {"terms": {self.field: self.values}}
        return {"bool": {"must_not": found}} if self.negated else found

    def holds(self, fact: Fact) -> bool:
        """Return whether it holds of what is known of a state."""
        value = fact.get(self.field)
        found = value is not None if self.values is None else value in self.values
        return found is not self.negated


def parse(expression: str) -> list[Condition]:
    """Return the conditions of an expression; ValueError if it has something else."""
    conditions = []
    for part in expression.split(" and ") if expression else []:
        if not (match := CONDITION.fullmatch(part)):
            raise ValueError(f"not a condition: {part}")
        negated, field, value = match.groups()
        values = None if value == "*" else tuple(value.strip("()").split(" or "))
        conditions.append(Condition(field, values, bool(negated)))
    return conditions


def query(conditions: list[Condition]) -> dict[str, Any]:
    """Return conditions in Elasticsearch's query language."""
    return {"bool": {"filter": [condition.query() for condition in conditions]}}
