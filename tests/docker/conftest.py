"""Fixtures of the tests of containers and setup-pi."""

from pathlib import Path

import pytest

from .pi import Pi


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    """Return a Pi that has just been set up."""
    return Pi(tmp_path)
