"""Tests of the patience with a slow server."""

from custom_components.anavi_weather.user_station.patience import Patience


def test_a_client_waits_longer_for_a_server_whose_answers_all_take_longer() -> None:
    patience = Patience(30)
    assert patience.seconds == 30
    waits = []
    for _ in range(3):
        patience.record_error(TimeoutError())
        waits.append(patience.seconds)
    assert waits == [60, 120, 120]
    patience.record_answer(31)
    assert patience.seconds == 120
    patience.record_answer(29)
    assert patience.seconds == 30


def test_a_connection_that_breaks_is_not_slow() -> None:
    patience = Patience(30)
    patience.record_error(ConnectionResetError())
    assert patience.seconds == 30
