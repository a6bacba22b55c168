"""Tests of the errors that keep states from being stored."""

import pytest

from custom_components.anavi_weather.user_station.errors import (
    BusyError,
    CannotConnectError,
    ElasticsearchError,
    KeyRefusedError,
    PrivilegeMissingError,
    StorageError,
    TooLargeError,
    error_for_status,
)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, KeyRefusedError),
        (403, PrivilegeMissingError),
        (408, CannotConnectError),
        (413, TooLargeError),
        (429, BusyError),
        (500, BusyError),
        (501, BusyError),
        (503, BusyError),
        (0, ElasticsearchError),
        (400, ElasticsearchError),
        (404, ElasticsearchError),
        (405, ElasticsearchError),
        (499, ElasticsearchError),
    ],
)
def test_error_for_status(status: int, error: type[ElasticsearchError]) -> None:
    assert error_for_status(status) is error


def test_each_error_has_a_key_of_its_own() -> None:
    errors = [*ElasticsearchError.__subclasses__(), *StorageError.__subclasses__()]
    # StorageError itself is never raised
    assert len({ElasticsearchError.key, *(error.key for error in errors)}) == len(errors) == 29
