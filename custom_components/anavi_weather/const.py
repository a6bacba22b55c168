"""What is named in more than one place."""

from datetime import timedelta
import logging

DOMAIN = "anavi_weather"
LOGGER = logging.getLogger(__package__)

CONF_ALTITUDE = "altitude"
CONF_BUS = "bus"
CONF_CHIPS = "chips"
CONF_INTERVAL = "interval"
CONF_TEMPERATURE_OFFSET = "temperature_offset"

DEFAULT_INTERVAL = 30  # seconds
FAILURE_LASTS = timedelta(minutes=2)
