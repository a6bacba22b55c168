"""Tests of the selection of rows."""

from collections.abc import Collection

import pytest

from custom_components.anavi_weather.user_station.recorder_tables import ALL, Selected, Times

NAMES = ("sensor.a", "sensor.b", "light.a")


def is_sensor(entity_id: str) -> bool:
    return entity_id.startswith("sensor.")


def is_a(entity_id: str) -> bool:
    return entity_id.endswith(".a")


def names() -> Collection[str]:
    return NAMES


def unexpected() -> Collection[str]:
    raise AssertionError("without filters, the names are not read")


@pytest.mark.parametrize("selected", [ALL, Selected(frozenset({"sensor.a"}), (Times("sensor.b", 1, 2),))])
def test_without_filters_nothing_changes(selected: Selected) -> None:
    assert selected.resolve(unexpected) is selected


def test_filters_become_the_names_that_the_recorder_has() -> None:
    excluded = frozenset({"sensor.status"})
    assert ALL._replace(excluded=excluded, excludes=is_a).resolve(names) == Selected(
        None, excluded=excluded | {"sensor.a", "light.a"}
    )
    times = (Times("sensor.b", 1, 2), Times("switch.a", 1, 2))
    selected = Selected(frozenset({"sun.sun", "moon.a"}), times)
    assert selected._replace(includes=is_sensor).resolve(names) == Selected(
        frozenset({"sun.sun", "moon.a", "sensor.a", "sensor.b"}), times
    )


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        (ALL, NAMES),
        (ALL._replace(excluded=frozenset({"sensor.b"})), ("sensor.a", "light.a")),
        (ALL._replace(excludes=is_a), ("sensor.b",)),
        (ALL._replace(excludes=is_a, times=(Times("light.a", 1, 2),)), ("sensor.b", "light.a")),
        (Selected(frozenset({"sun.sun"}), (Times("sensor.b", 1, 2),)), ("sun.sun", "sensor.b")),
        (Selected(frozenset(), includes=is_sensor), ("sensor.a", "sensor.b")),
    ],
)
def test_names_of_which_rows_are_read(selected: Selected, expected: Collection[str]) -> None:
    assert selected.names(NAMES) == set(expected)


def test_filters_do_not_apply_to_entities_that_are_followed() -> None:
    times = (Times("sensor.b", 1, 2), Times("switch.a", 1, 2))
    selected = Selected(
        frozenset({"sun.sun", "moon.a"}),
        times,
        excluded=frozenset({"sensor.c"}),
        excluded_times=times,
        includes=is_sensor,
        excludes=is_a,
    )
    known = (*NAMES, "moon.a", "switch.a", "sensor.c")
    resolved = Selected(frozenset({"sun.sun", "moon.a", "sensor.b"}), times, frozenset({"sensor.c"}), times)
    assert selected.resolve(lambda: known) == resolved
    all_others = selected._replace(entity_ids=None, includes=None).resolve(lambda: known)
    assert all_others == Selected(
        None, times[1:], frozenset({"sensor.a", "light.a", "moon.a", "switch.a", "sensor.c"}), times
    ), "only the times of names that are excluded matter"
