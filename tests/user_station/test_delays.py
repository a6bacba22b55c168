"""Tests of the delays after failures."""

import pytest

from custom_components.anavi_weather.user_station.delays import delay_after


@pytest.mark.parametrize(
    ("failures", "delay"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (1_000_000, 60)]
)
def test_delays_double_up_to_a_minute(failures: int, delay: float) -> None:
    assert delay_after(failures) == delay
