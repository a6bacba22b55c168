"""Tests of the status of forwarding, and of its news for the log."""

import pytest

from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    CannotConnectError,
    DefectError,
    ElasticsearchError,
    KeyRefusedError,
)
from custom_components.anavi_weather.user_station.recorder_log import RecorderUnavailableError, RecorderUnexpectedError
from custom_components.anavi_weather.user_station.settle import RefusedState
from custom_components.anavi_weather.user_station.status import (
    BUSY_PATIENCE,
    RECORDER_PATIENCE,
    SAMPLES,
    Status,
    WaitingStates,
)

NOW = 1000.0
AWAY = CannotConnectError("away")
WAITING = WaitingStates(7, 864_000, 86_400)


class Listener:
    """Counts the changes of a status."""

    def __init__(self, status: Status) -> None:
        """Subscribe."""
        self.count = 0
        self.unsubscribe = status.async_subscribe(self._notify)

    def _notify(self) -> None:
        self.count += 1


@pytest.fixture
def status() -> Status:
    """Return the status of a new forwarder."""
    return Status()


@pytest.fixture
def listener(status: Status) -> Listener:
    """Return a listener."""
    return Listener(status)


def test_a_new_status(status: Status) -> None:
    assert (status.connected, status.problem, status.recorder_problem, status.backlog) == (None, None, None, None)


def test_a_listener_may_unsubscribe_when_it_is_notified(status: Status, listener: Listener) -> None:
    other = Listener(status)
    status.async_subscribe(listener.unsubscribe)
    status.async_notify_listeners()
    assert (listener.count, other.count) == (1, 1)


# The server


def test_a_first_success(status: Status, listener: Listener) -> None:
    assert not status.async_record_success(all_sent=True), "the first connection ends no outage"
    assert status.connected
    assert status.backlog == 0
    assert listener.count == 1
    status.async_record_success(all_sent=True)
    assert listener.count == 1, "nothing has changed"


def test_an_outage_is_news_once(status: Status, listener: Listener) -> None:
    assert status.async_record_failure(AWAY, NOW)
    assert not status.async_record_failure(AWAY, NOW)
    assert not status.async_record_failure(KeyRefusedError("401"), NOW)
    assert status.connected is False
    assert listener.count == 3
    assert status.async_record_success(all_sent=False)
    assert (status.connected, status.problem, status.failures) == (True, None, 0)
    assert listener.count == 4
    assert status.async_record_failure(AWAY, NOW)


@pytest.mark.parametrize(
    ("errors", "failures"),
    [
        ([AWAY, AWAY, AWAY], 3),
        ([AWAY, AWAY, BusyError("503")], 1),
        ([AWAY, AWAY, BusyError("503"), BusyError("503")], 2),
        ([KeyRefusedError("401"), KeyRefusedError("401"), AWAY], 3),
    ],
)
def test_failures_in_a_row(status: Status, errors: list[ElasticsearchError], failures: int) -> None:
    """A server that answers again is retried soon."""
    for error in errors:
        status.async_record_failure(error, NOW)
    assert status.failures == failures
    assert status.problem is errors[-1]


def test_a_busy_server_is_disconnected_only_if_it_stays_busy(status: Status, listener: Listener) -> None:
    assert not status.async_record_failure(BusyError("503"), NOW)
    assert not status.async_record_failure(BusyError("503"), NOW + BUSY_PATIENCE - 0.1)
    assert (status.connected, listener.count) == (None, 0)
    assert isinstance(status.problem, BusyError)
    assert status.async_record_failure(BusyError("503"), NOW + BUSY_PATIENCE)
    assert (status.connected, listener.count) == (False, 1)


def test_progress_makes_a_busy_server_patient_again(status: Status) -> None:
    status.async_record_failure(BusyError("503"), NOW)
    status.record_progress()
    assert status.failures == 0
    assert not status.async_record_failure(BusyError("503"), NOW + BUSY_PATIENCE)
    assert status.connected is None


def test_a_busy_server_that_recovers_is_no_outage(status: Status, listener: Listener) -> None:
    status.async_record_success(all_sent=True)
    status.async_record_failure(BusyError("503"), NOW)
    assert not status.async_record_success(all_sent=True)
    assert listener.count == 2, "failures have changed"


def test_a_defect_is_news_in_an_outage(status: Status) -> None:
    status.async_record_failure(AWAY, NOW)
    assert status.async_record_failure(DefectError("odd"), NOW)
    assert not status.async_record_failure(DefectError("odd"), NOW)


# States


def test_waiting_states(status: Status, listener: Listener) -> None:
    status.async_record_waiting(WAITING)
    assert status.backlog == 7
    assert listener.count == 1
    status.async_record_success(all_sent=False)
    assert status.backlog == 7
    status.async_record_success(all_sent=True)
    assert status.backlog == 0
    assert listener.count == 3


def test_the_newest_refused_states_are_kept_and_the_first_are_logged(status: Status) -> None:
    states = [RefusedState(number, "sensor.t", None, "odd") for number in range(2 * SAMPLES)]
    assert [status.record_refused(state) for state in states] == [True] * SAMPLES + [False] * SAMPLES
    assert status.refused == states[-SAMPLES:]


# The recorder


def test_a_recorder_may_be_unreachable_for_a_moment(status: Status, listener: Listener) -> None:
    error = RecorderUnavailableError("OperationalError")
    assert not status.async_record_recorder_failure(error, NOW)
    assert not status.async_record_recorder_failure(error, NOW + RECORDER_PATIENCE - 0.1)
    assert (status.recorder_problem, listener.count) == (None, 0)
    assert status.async_record_recorder_failure(error, NOW + RECORDER_PATIENCE)
    assert not status.async_record_recorder_failure(error, NOW + RECORDER_PATIENCE)
    assert (status.recorder_problem, listener.count) == ("OperationalError", 2)


def test_a_recorder_that_is_read_again(status: Status, listener: Listener) -> None:
    assert not status.async_record_recorder_read()
    assert status.async_record_recorder_failure(RecorderUnexpectedError("no table"), NOW), "at once"
    assert status.async_record_recorder_read()
    assert (status.recorder_problem, listener.count) == (None, 2)
    error = RecorderUnavailableError("OperationalError")
    assert not status.async_record_recorder_failure(error, NOW + RECORDER_PATIENCE), "an earlier moment does not count"
