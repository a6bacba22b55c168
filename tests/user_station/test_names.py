"""Tests of the names of entities, and of whose the recorder's rows are."""

from custom_components.anavi_weather.user_station.names import UNKNOWN, Name, Names, Span

ALWAYS, NEVER = None, None


def sent_as(names: Names, entity_id: str, timestamp: float) -> list[tuple[str, str]]:
    """Return whose a row of the recorder is, and the name that it is sent under."""
    return [(span.key, span.sent_as) for span in names.spans().get(entity_id, ()) if span.includes(timestamp)]


def renamed(*, moved: bool | None) -> Names:
    """Return the names of an entity `e` that was renamed from `s.old` to `s.new` at 10."""
    names = Names([Name("e", "s.old")])
    names.record_renamed("e", "s.old", "s.new", 10)
    if moved is not None and (name := names.unsettled()):
        names.record_moved(name, moved=moved)
    return names


def test_all_rows_of_a_name_that_was_not_known_belong_to_its_entity() -> None:
    names = Names()
    names.record_current("e", "s.a", 5)
    assert list(names) == [Name("e", "s.a")]
    assert names.current("e") == "s.a"
    assert names.current("f") is None
    assert names.keys == {"e"}
    assert names.spans() == {"s.a": (Span("s.a", ALWAYS, NEVER, "e", "s.a"),)}
    assert repr(names) == f"Names({[Name('e', 's.a')]})"
    names.record_current("e", "s.a", 6)
    assert names == Names([Name("e", "s.a")])
    assert names != list(names)


def test_a_name_that_was_known_belongs_to_a_new_entity_from_then_on() -> None:
    names = Names([Name("e", "s.a", until=3)])
    names.record_current("f", "s.a", 5)
    assert [sent_as(names, "s.a", at) for at in (2.9, 3, 4.9, 5)] == [[("e", "s.a")], [], [], [("f", "s.a")]]


def test_an_entity_that_returns_has_its_name_again() -> None:
    names = Names([Name("e", "s.a")])
    names.record_end("e", 3)
    names.record_end("e", 4)
    names.record_end("f", 4)
    names.record_current("e", "s.a", 5)
    assert list(names) == [Name("e", "s.a", until=3), Name("e", "s.a", 5)]


def test_a_past_name_counts_only_for_its_time() -> None:
    names = renamed(moved=False)
    assert [sent_as(names, "s.old", at) for at in (9.9, 10)] == [[("e", "s.old")], []]
    assert [sent_as(names, "s.new", at) for at in (9.9, 10)] == [[], [("e", "s.new")]]
    assert names.current("e") == "s.new"


def test_rows_that_the_recorder_moved_are_sent_under_the_old_name() -> None:
    names = renamed(moved=True)
    assert [sent_as(names, "s.new", at) for at in (9.9, 10)] == [[("e", "s.old")], [("e", "s.new")]]
    assert names.unsettled() is None


def test_rows_that_came_to_the_old_name_since_belong_to_nobody() -> None:
    """Another entity that takes the name brings its own rows."""
    assert sent_as(renamed(moved=True), "s.old", 9) == []


def test_until_it_is_known_rows_have_not_moved() -> None:
    names = renamed(moved=None)
    assert names.unsettled() == Name("e", "s.new", 10, before="s.old")
    assert sent_as(names, "s.new", 9) == []


def test_rows_that_moved_more_than_once_are_sent_under_their_first_name() -> None:
    names = renamed(moved=True)
    names.record_renamed("e", "s.new", "s.newest", 20)
    names.record_moved(Name("e", "s.newest", 20, before="s.new"), moved=True)
    assert [sent_as(names, "s.newest", at) for at in (9, 19, 20)] == [
        [("e", "s.old")],
        [("e", "s.new")],
        [("e", "s.newest")],
    ]


def test_rows_of_another_entity_that_moved_too_belong_to_nobody() -> None:
    """The recorder does not move rows to a name that has some, so those are mixed when the name changes again."""
    names = renamed(moved=False)
    names.record_renamed("e", "s.new", "s.newest", 20)
    names.record_moved(Name("e", "s.newest", 20, before="s.new"), moved=True)
    assert [sent_as(names, "s.newest", at) for at in (9, 19)] == [[], [("e", "s.new")]]


def test_an_entity_that_had_the_name_itself_comes_first() -> None:
    names = Names([Name("f", "s.new", until=5), *renamed(moved=True)])
    assert sent_as(names, "s.new", 4) == [("f", "s.new"), ("e", "s.old")]


def test_moved_rows_of_a_name_that_is_not_known_belong_to_nobody() -> None:
    assert sent_as(Names([Name("e", "s.new", 10, before="s.old", moved=True)]), "s.new", 9) == []


def test_an_entity_that_was_not_known_is_renamed() -> None:
    names = Names()
    names.record_renamed("e", "s.old", "s.new", 10)
    assert list(names) == [Name("e", "s.old", until=10), Name("e", "s.new", 10, before="s.old")]


def test_a_name_that_another_entity_took_has_ended() -> None:
    names = Names([Name("e", "s.a"), Name("e", "s.a", until=3), Name("f", "s.a"), Name("e", "s.b")])
    names.record_taken("f", "s.a", 5)
    assert list(names) == [
        Name("e", "s.a", until=5),
        Name("e", "s.a", until=3),
        Name("f", "s.a"),
        Name("e", "s.b"),
    ]


def test_times_in_the_future_are_corrected_when_the_clock_is_set_back() -> None:
    names = Names([Name("e", "s.a", 1, 20), Name("e", "s.b", 20), Name("f", "s.c")])
    names.record_clock(10)
    assert list(names) == [Name("e", "s.a", 1, 10), Name("e", "s.b", 10), Name("f", "s.c")]
    version = names.version
    names.record_clock(10)
    assert names.version == version


def test_rows_that_moved_are_wanted_if_those_of_their_name_are() -> None:
    names = renamed(moved=True)
    names.record_wanted(lambda name: name.entity_id == "s.old")
    assert [(span.sent_as, span.wanted) for span in names.spans()["s.new"]] == [("s.new", False), ("s.old", True)]
    version = names.version
    names.record_wanted(lambda name: name.entity_id == "s.old")
    assert names.version == version
    names.record_wanted(lambda _: True)
    assert names == renamed(moved=True)


def test_entities_are_forgotten() -> None:
    names = Names([Name("e", "s.a"), Name("f", "s.b"), Name("e", "s.c")])
    names.forget({"e"})
    assert list(names) == [Name("f", "s.b")]


def test_names_of_1_0_0_are_completed() -> None:
    names = Names(
        [Name("e", "s.a"), Name(UNKNOWN, "s.past"), Name(UNKNOWN, "s.owned"), Name(UNKNOWN, "s.end", until=3)]
    )
    names.adopt({"s.owned", "s.a"}, 10)
    assert list(names) == [Name(UNKNOWN, "s.past", until=10), Name("e", "s.a"), Name(UNKNOWN, "s.end", until=3)]
