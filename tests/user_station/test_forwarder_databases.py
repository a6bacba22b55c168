"""Tests of forwarding while MariaDB or PostgreSQL is away."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url

from tests.end_to_end.proxy import Mode, Proxy

from .harness import Clock, Harness, Logged, recorder_problem
from .log import databases


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Allow the proxy's threads to outlive a test."""


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    """Return a proxy to the database's server."""
    url = make_url(database_url)
    assert url.host
    assert url.port
    with Proxy(url.host, url.port) as proxy:
        yield proxy


@pytest.fixture
def recorder_db_url(database_url: str, proxy: Proxy) -> str:
    """Return a database for this test's recorder, which can be away."""
    return make_url(database_url).set(port=proxy.port).render_as_string(hide_password=False)


@databases("mariadb", "postgresql")
async def test_a_server_that_is_away_for_a_moment(
    harness: Harness, proxy: Proxy, clock: Clock, logged: Logged, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 17."""
    await harness.record("1")
    await harness.start()
    await harness.stored("1")

    proxy.mode = Mode.REFUSE
    while clock.now < 1000 + 25:
        await clock.wake()
    await clock.asleep()
    proxy.mode = Mode.PASS
    await clock.wake()
    await harness.record("2", "3")
    await harness.stored("1", "2", "3")

    assert recorder_problem(harness) is None
    assert logged() == []
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "WARNING")] == []
