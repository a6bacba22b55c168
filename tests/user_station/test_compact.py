"""Tests of sequences that the garbage collector skips."""

import gc

from custom_components.anavi_weather.user_station.compact import Compact
from custom_components.anavi_weather.user_station.documents import Sent

ITEMS = [Sent(number, f"sensor.t{number}", number / 2) for number in range(4)]


def test_it_is_a_sequence_of_named_tuples() -> None:
    items = Compact(Sent, ITEMS[:2])
    items.append(ITEMS[2])
    items += Compact(Sent, ITEMS[3:])
    assert list(items) == ITEMS
    assert items == ITEMS
    assert items != ITEMS[1:]
    assert len(items) == 4
    assert items[-1].entity_id == "sensor.t3"
    assert items[1:3] == ITEMS[1:3]
    assert items
    assert [(type(item), item) for item in items.plain()] == [(tuple, item) for item in ITEMS]
    assert not Compact(Sent)


def test_the_garbage_collector_skips_the_items() -> None:
    items = Compact(Sent, (Sent(number, f"sensor.t{number}", number / 2) for number in range(100)))
    gc.collect()
    kept = gc.get_referents(items._plain)
    assert len(kept) == 100
    assert not any(map(gc.is_tracked, kept))
