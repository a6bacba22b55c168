"""Tests of the patience with a slow server."""

from custom_components.anavi_weather.user_station.patience import Patience


def test_a_client_waits_longer_for_a_server_whose_answers_all_take_longer() -> None:
    patience = Patience()
    assert patience.seconds(30) == 30
    waits = []
    for _ in range(3):
        patience.record_error(TimeoutError())
        waits.append(patience.seconds(30))
    assert waits == [60, 120, 120]
    patience.record_answer(30, 31)
    assert patience.seconds(30) == 120
    patience.record_answer(30, 29)
    assert patience.seconds(30) == 30


def test_a_connection_that_breaks_is_not_slow() -> None:
    patience = Patience()
    patience.record_error(ConnectionResetError())
    assert patience.seconds(30) == 30


def test_there_may_be_no_timeout() -> None:
    patience = Patience()
    patience.record_error(TimeoutError())
    assert patience.seconds(None) is None
    patience.record_answer(None, 1)
    assert patience.seconds(30) == 30
